package circle

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"tend/crdt"
)

// Said names a sentence apart from any language: Key finds it in a catalogue, and
// With is what goes into it, in order. Beside it stands the sentence in English,
// for whoever has no catalogue. What a thing is, nobody reads out of the English.
//
// The values of With are a string, which somebody wrote and is shown as it is; an int
// or a [Count]; a [Who] or [People]; an [OnDate] or what else has a Date; an
// [Until], a [Stamp] or a [DayOf]; and a [Sentence] or [Phrases], which are parts of this one.
type Said struct {
	Key  string
	With []any
}

// As names a sentence of the catalogues.
func As(key string, with ...any) Said { return Said{Key: key, With: with} }

// Sentence is a sentence in English with its name.
type Sentence struct {
	Said
	English string
}

// String returns the English.
func (s Sentence) String() string { return s.English }

// Sentencef names a sentence and says it in English, with a capital at its start.
func Sentencef(key, format string, with ...any) Sentence {
	return Sentence{Said: As(key, with...), English: capital(fmt.Sprintf(format, with...))}
}

// phrase names a word or two that stand within a sentence.
func phrase(key, english string) Sentence { return Sentence{Said: As(key), English: english} }

// Phrases are several within a sentence.
type Phrases []Sentence

// String lists them for English.
func (p Phrases) String() string {
	words := make([]string, len(p))
	for i, s := range p {
		words[i] = s.English
	}
	return strings.Join(words, "; ")
}

// Who is a person in a sentence.
type Who struct {
	ID   crdt.ID
	Name string // "" where it has not come yet
	Me   bool
}

// String returns the name for English.
func (w Who) String() string {
	switch {
	case w.Me:
		return "you"
	case w.Name == "":
		return "someone"
	}
	return w.Name
}

// People are several in a sentence.
type People []Who

// String lists them for English.
func (p People) String() string {
	words := make([]string, len(p))
	for i, w := range p {
		words[i] = w.String()
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// Count is a small number at the start of a sentence.
type Count int

// String says it in a word for English.
func (c Count) String() string {
	words := []string{"None", "One", "Two", "Three", "Four", "Five", "Six"}
	if int(c) < len(words) {
		return words[c]
	}
	return strconv.Itoa(int(c))
}

// OnDate is a date as it was written, within a sentence; "" is none.
type OnDate string

// String returns " on DATE" for English, or nothing.
func (d OnDate) String() string {
	w, err := parseWhen(string(d))
	if err != nil {
		return ""
	}
	form := "Monday, 2 January"
	if w.Timed {
		form = "Monday, 2 January, 15:04"
	}
	return " on " + w.Start.Format(form)
}

// untilDay is a day that something lasts to.
type untilDay string

// String returns " until DATE" for English.
func (d untilDay) String() string { return " until" + strings.TrimPrefix(OnDate(d).String(), " on") }

// Date returns the date as it was written.
func (d untilDay) Date() string { return string(d) }

// Until is a moment within a sentence.
type Until struct{ time.Time }

// String returns it for English.
func (u Until) String() string { return u.Format("2 January 15:04") }

// Stamp is a moment to the minute, with its year.
type Stamp struct{ time.Time }

// String returns it for English.
func (s Stamp) String() string { return s.Format("Mon 2 Jan 2006 15:04") }

// DayOf is the day of a moment, with its year where that matters.
type DayOf struct {
	time.Time
	Year bool
}

// String returns it for English.
func (d DayOf) String() string {
	if d.Year {
		return d.Format("2 Jan 2006")
	}
	return d.Format("2 Jan")
}

// who is a member for a sentence that is said to somebody else.
func (s *State) who(member crdt.ID) Who { return Who{ID: member, Name: s.Name(member)} }

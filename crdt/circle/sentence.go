package circle

import (
	"fmt"
	"strings"
	"time"

	"tend/crdt"
)

// Said names a sentence apart from any language: Key finds it in a catalogue, and
// With is what goes into it, in order. No English stands here: each interface has its
// catalogue.
//
// A key has the parts "FAMILY.NAME", and may be finer by a further one: a catalogue that
// has no word on "no.choice.presence" says "no.choice".
//
// The values of With are a string, which somebody wrote and is shown as it is; an int
// or a [Count]; a [Who] or [People]; an [OnDate], an [UntilDay] or a [SinceMonth]; an
// [Until], a [Stamp] or a [DayOf]; and a Said or [Phrases], which are parts of this one.
type Said struct {
	Key  string
	With []any
}

// As names a sentence of the catalogues.
func As(key string, with ...any) Said { return Said{Key: key, With: with} }

// Words is what a person wrote, as a part of a sentence or in place of one; "" is none.
func Words(text string) Said {
	if text == "" {
		return Said{}
	}
	return Said{With: []any{text}}
}

// Words returns what a person wrote, if it is that and no sentence of the catalogues.
func (s Said) Words() string {
	if s.Key != "" || len(s.With) == 0 {
		return ""
	}
	text, _ := s.With[0].(string)
	return text
}

// String returns the name and what goes into the sentence, for logs and tests.
func (s Said) String() string {
	var out strings.Builder
	out.WriteString(s.Key)
	for _, value := range s.With {
		fmt.Fprintf(&out, " %v", value)
	}
	return strings.TrimPrefix(out.String(), " ")
}

// Phrases are several within a sentence.
type Phrases []Said

// Who is a person in a sentence.
type Who struct {
	ID   crdt.ID
	Name string // "" where it has not come yet
	Me   bool
}

// String returns the name, if it has come, for logs and tests.
func (w Who) String() string {
	if w.Name == "" {
		return w.ID.Short()
	}
	return w.Name
}

// People are several in a sentence.
type People []Who

// Count is a small number at the start of a sentence, said in a word.
type Count int

// OnDate is a date as it was written, within a sentence; "" is none.
type OnDate string

// UntilDay is a day that something lasts to.
type UntilDay string

// Date returns the date as it was written.
func (d UntilDay) Date() string { return string(d) }

// SinceMonth is the month of a day within a sentence.
type SinceMonth struct{ time.Time }

// Date returns the day as it was written.
func (d SinceMonth) Date() string { return d.Format(dateForm) }

// Until is a moment within a sentence.
type Until struct{ time.Time }

// Stamp is a moment to the minute, with its year.
type Stamp struct{ time.Time }

// DayOf is the day of a moment, with its year where that matters.
type DayOf struct {
	time.Time
	Year bool
}

// who is a member for a sentence that is said to somebody else.
func (s *State) who(member crdt.ID) Who { return Who{ID: member, Name: s.Name(member)} }

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"tend/node/view"
)

// shortDigits is how much of an id people see; six would be enough to type.
const shortDigits = 8

// speaker writes answers: JSON for scripts, or words for people.
type speaker struct {
	w     io.Writer
	json  bool
	quiet bool
	now   time.Time
}

// answer writes v as JSON where that was asked for, and else calls words.
func (s *speaker) answer(v any, words func()) error {
	if !s.json {
		words()
		return nil
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	_, err = fmt.Fprintf(s.w, "%s\n", data)
	return err
}

// say writes a sentence of the catalogue on a line of its own.
func (s *speaker) say(key string, pairs ...any) { s.line("%s", sentence(key, pairs...)) }

// under is say for what belongs to the line above it.
func (s *speaker) under(key string, pairs ...any) { s.line("  %s", sentence(key, pairs...)) }

// line writes what is set out in columns, and what people wrote; sentences have a name.
func (s *speaker) line(format string, args ...any) { fmt.Fprintf(s.w, format+"\n", args...) }

// heading writes a title, with a blank line before all but the first.
func (s *speaker) heading(first *bool, key string) { s.title(first, sentence(key)) }

// title is heading for one that is no sentence of ours.
func (s *speaker) title(first *bool, title string) {
	if !*first {
		fmt.Fprintln(s.w)
	}
	*first = false
	fmt.Fprintln(s.w, title)
}

func short(id string) string { return id[:min(len(id), shortDigits)] }

// plain is text that other people wrote, made safe for a terminal: no control
// character, and nothing that turns the direction of what stands around it.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// paragraphs is plain for text that may have lines, each indented.
func paragraphs(text, indent string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = indent + plain(l)
	}
	return strings.Join(lines, "\n")
}

// name is what a person is called; one who gave no name yet is known by id.
func name(p view.Person) string {
	if p.Name == "" {
		return sentence("name.someone", "id", short(p.ID))
	}
	return plain(p.Name)
}

// names joins people as speech does: "Ann", "Ann and Ben", "Ann, Ben and Cai".
func names(people []view.Person) string {
	list := make([]string, len(people))
	for i, p := range people {
		list[i] = name(p)
	}
	return and(list)
}

func and(list []string) string {
	switch len(list) {
	case 0:
		return ""
	case 1:
		return list[0]
	}
	return sentence("list.and", "list", strings.Join(list[:len(list)-1], ", "), "last", list[len(list)-1])
}

// count writes a number with what it counts, by its name in the catalogue: "3 ops".
func count[N int | int64 | uint64](n N, key string) string { return sentence(key, "n", int(n)) }

// date writes a date, a slot or a range as people say it. What it cannot read it
// leaves as it is.
func (s *speaker) date(when string) string {
	from, to, ranged := strings.Cut(when, "/")
	first := s.moment(from)
	switch {
	case !ranged:
		return first
	case strings.HasPrefix(to, "T"):
		return first + "–" + to[1:]
	case len(to) == len("15:04"):
		return first + "–" + to
	}
	return first + " – " + s.moment(to)
}

func (s *speaker) moment(text string) string {
	for _, form := range []struct{ in, out string }{
		{"2006-01-02T15:04", "Mon 2 Jan 15:04"},
		{"2006-01-02", "Mon 2 Jan"},
	} {
		t, err := time.ParseInLocation(form.in, text, s.now.Location())
		if err != nil {
			continue
		}
		out := form.out
		if t.Year() != s.now.Year() {
			out = strings.Replace(out, "2 Jan", "2 Jan 2006", 1)
		}
		return t.Format(out)
	}
	return plain(text)
}

func (s *speaker) dates(when []string) string {
	list := make([]string, len(when))
	for i, w := range when {
		list[i] = s.date(w)
	}
	return and(list)
}

// ago says how long ago something was, as coarse as speech.
func (s *speaker) ago(t time.Time) string {
	d := s.now.Sub(t)
	switch {
	case d < 2*time.Minute:
		return sentence("ago.now")
	case d < 2*time.Hour:
		return sentence("ago.minutes", "n", int(d.Minutes()))
	case d < 48*time.Hour:
		return sentence("ago.hours", "n", int(d.Hours()))
	}
	return sentence("ago.days", "n", int(d.Hours()/24))
}

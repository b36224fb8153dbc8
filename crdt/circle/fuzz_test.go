package circle_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
)

// FuzzReadWhen reads a date and a rule as people type them. What is read can be
// written, and reads as the same again.
func FuzzReadWhen(f *testing.F) {
	for _, s := range []string{"2026-12-01", "2026-12-01T17:00/18:30", "tomorrow", "sat 18:00-19:30", "2026-12-01/2026-12-05", "weekly", "every 2 weeks mon,thu",
		"FREQ=MONTHLY;BYDAY=-1FR;COUNT=12", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;UNTIL=20271231T235959", "daily until 2027-01-01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if w, err := circle.ReadWhen(s, monday); err == nil {
			again, err := circle.ReadWhen(w.String(), monday)
			if err != nil || again.String() != w.String() {
				t.Fatalf("%q reads as %q, and that as %q, %v", s, w, again, err)
			}
		} else if !isProblem(err) {
			t.Fatalf("ReadWhen(%q) = %v, which has no words for people", s, err)
		}
		if r, err := circle.ReadRule(s, monday); err == nil {
			again, err := circle.ParseRule(r.String())
			if err != nil || again.String() != r.String() {
				t.Fatalf("%q reads as %q, and that as %q, %v", s, r, again, err)
			}
		} else if !isProblem(err) {
			t.Fatalf("ReadRule(%q) = %v, which has no words for people", s, err)
		}
		if r, err := circle.ParseRule(s); err == nil {
			again, err := circle.ParseRule(r.String())
			if err != nil || again.String() != r.String() {
				t.Fatalf("the rule %q is written %q, which reads as %q, %v", s, r, again, err)
			}
		}
	})
}

func isProblem(err error) bool {
	var p *circle.Problem
	return errors.As(err, &p) && told(p.Said) != ""
}

// FuzzParseCommand reads a verb with its words and flags: lines of a name and a
// value with a blank between. What is understood can be decided on, and whatever is
// written for it is within its own bounds.
func FuzzParseCommand(f *testing.F) {
	w := newWorld(f, "Ann", "Ben")
	ann := w.homes["Ann"]
	need := ann.do("ask", "text", "soup").String()
	for _, verb := range circle.Verbs() {
		f.Add(verb, "id "+need)
		f.Add(verb, "text soup\nwhen tomorrow 18:00\nevery weekly\npeople 3\nto Ben")
	}
	f.Add("edit", "id "+need+"\ntext bread\nwhen sat\ncategory food")
	f.Add("yes", "id "+need[:8]+"\nwhen 2026-12-01")
	f.Add("me", "name Ann\nlanguages de, en\narea north")
	f.Fuzz(func(t *testing.T, verb, lines string) {
		args := circle.Args{}
		for line := range strings.Lines(lines) {
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			args[name] = append(args[name], value)
		}
		cmd, err := circle.ParseCommand(ann.state, ann.env(), verb, args)
		if err != nil {
			if !isProblem(err) {
				t.Fatalf("ParseCommand = %v, which has no words for people", err)
			}
			return
		}
		if !slices.Contains(circle.Verbs(), verb) {
			t.Fatalf("the verb %q is understood, and not among those there are", verb)
		}
		drafts, _, err := circle.Decide(ann.state, ann.env(), cmd)
		if err != nil && !isProblem(err) {
			t.Fatalf("Decide(%#v) = %v, which has no words for people", cmd, err)
		}
		var made []crdt.ID
		for _, d := range drafts {
			made = append(made, crdt.ID{byte(len(made) + 1)})
			if d.Make == nil {
				continue
			}
			if err := circle.Check(d.Make(made[:len(made)-1])); err != nil {
				t.Fatalf("%#v would write what nobody takes: %v", cmd, err)
			}
		}
	})
}

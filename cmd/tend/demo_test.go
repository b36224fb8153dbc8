package main

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// TestStoryIsInOrder: a story goes forward in time, is over on the day before it is
// told, and names nobody and nothing that is not in it.
func TestStoryIsInOrder(t *testing.T) {
	today := time.Date(2026, 12, 1, 0, 5, 0, 0, time.UTC) // just after midnight
	made, last := map[string]string{"charter": "a file", "table": "a file", "homes.Rosa": "a folder"}, time.Time{}
	for _, w := range demoStory {
		for _, l := range w.lines {
			at, err := l.at(today)
			if err != nil || at.Before(last) || !at.Before(today.Truncate(24*time.Hour)) {
				t.Errorf("%s %s %q is at %v after %v: %v", l.who, l.hour, l.says, at, last, err)
			}
			last = at
			checkTyped(t, l.who, l.says, today, made)
			if l.as != "" {
				made[l.as], made[l.as+".text"], made[l.as+".words"] = "an id", "a text", "six words"
			}
		}
	}
	for _, w := range demoWalks {
		for _, s := range w.steps {
			checkTyped(t, s.who, s.does, today, made)
			if !slices.Contains(demoHomes, s.who) {
				t.Errorf("%q is at a home that does not stay", s.does)
			}
		}
	}
}

func checkTyped(t *testing.T, who, says string, today time.Time, made map[string]string) {
	t.Helper()
	text, err := filled(says, today, made)
	if err != nil {
		t.Errorf("%q: %v", says, err)
	}
	if !slices.Contains(demoCast, who) {
		t.Errorf("nobody is called %q", who)
	}
	if strings.Count(text, `"`)%2 != 0 || len(typedWords(text)) == 0 {
		t.Errorf("%q is no command line", text)
	}
}

func TestTypedWords(t *testing.T) {
	for _, test := range []struct {
		text string
		want []string
	}{
		{`yes ab`, []string{"yes", "ab"}},
		{`  note  ab "two words"`, []string{"note", "ab", "two words"}},
		{`card food ""`, []string{"card", "food", ""}},
		{`ask a"b c"d`, []string{"ask", "ab cd"}},
		{``, nil},
	} {
		if got := typedWords(test.text); !slices.Equal(got, test.want) {
			t.Errorf("typedWords(%q) = %q, want %q", test.text, got, test.want)
		}
	}
}

func TestFilled(t *testing.T) {
	today := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	got, err := filled("yes {meal} --slot {-1}T18:00 --when {+31}", today, map[string]string{"meal": "ab12"})
	if want := "yes ab12 --slot 2026-02-28T18:00 --when 2026-04-01"; got != want || err != nil {
		t.Errorf("filled = %q, %v, want %q", got, err, want)
	}
	if _, err := filled("yes {none}", today, nil); err == nil {
		t.Error("a name of nothing is filled")
	}
}

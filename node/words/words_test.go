package words_test

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tend/node/words"
)

// TestCataloguesAreWhole reads every catalogue: none is empty, no sentence is, and what
// has plural forms has those of its language.
func TestCataloguesAreWhole(t *testing.T) {
	forms := map[string][]string{"en": {"one", "other"}, "de": {"one", "other"}, "ar": {"few", "many", "one", "other", "two", "zero"}}
	for name, c := range map[string]*words.Catalogue{"en": words.English, "de": words.German, "ar": words.Arabic, "commands": words.Commands, "told": words.Told} {
		if len(c.Keys()) < 300 {
			t.Errorf("%s has %d sentences", name, len(c.Keys()))
		}
		for _, key := range c.Keys() {
			texts := c.Texts(key)
			for form, text := range texts {
				if text == "" && form != "zero" { // of none there may be nothing to say
					t.Errorf("%s: %s %s is empty", name, key, form)
				}
			}
			if _, plain := texts[""]; plain {
				continue
			}
			if got := slices.Sorted(maps.Keys(texts)); !slices.Equal(got, forms[c.Tag()]) && !(c.Tag() != "ar" && slices.Equal(got, []string{"other"})) {
				t.Errorf("%s: %s has the forms %q, want %q", name, key, got, forms[c.Tag()])
			}
		}
	}
}

// TestNames holds that names are plain, and a hint belongs to a sentence.
func TestNames(t *testing.T) {
	named := regexp.MustCompile(`^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)+$`)
	for _, key := range slices.Concat(words.Commands.Keys(), words.Told.Keys()) {
		if !named.MatchString(key) {
			t.Errorf("%q is no name of a sentence", key)
		}
	}
}

func TestFill(t *testing.T) {
	show := func(name string, value any) (string, error) {
		if value == nil {
			return "", errors.New("nothing")
		}
		return "<" + value.(string) + ">", nil
	}
	rows := []struct {
		text  string
		pairs []any
		want  string // "" where it fails
	}{
		{"{a} and {b}", []any{"a", "x", "b", "y"}, "<x> and <y>"},
		{"{a} and {a}", []any{"a", "{b}", "b", "y"}, "<{b}> and <{b}>"}, // what people wrote is not filled again
		{"{a} and {b}", []any{"a", "x"}, "<x> and {b}"},
		{"no braces", nil, "no braces"},
		{"{a}", []any{"a", nil}, ""},
		{"{a}", []any{7, "x"}, ""},
	}
	for _, row := range rows {
		got, err := words.Fill(row.text, row.pairs, show)
		if got != row.want || (err != nil) != (row.want == "") {
			t.Errorf("Fill(%q, %v) = %q, %v, want %q", row.text, row.pairs, got, err, row.want)
		}
	}
	if n := words.Counted([]any{"of", 3, "n", 5, "m", "n"}); n != 5 {
		t.Errorf("Counted = %d, want 5", n)
	}
}

// TestSay holds what a person meets where the code and the catalogue do not fit: the
// key, so that it can be told which.
func TestSay(t *testing.T) {
	if got := words.Commands.Say("help.version"); got != "which tend this is" {
		t.Errorf("Say = %q", got)
	}
	for _, bad := range [][]any{{"no.such_key"}, {"help.version", "a", 1.5}, {"help.version", "days", 3}} {
		if got := words.Commands.Say(bad[0].(string), bad[1:]...); got != bad[0] {
			t.Errorf("Say(%v) = %q, want the key", bad, got)
		}
	}
	if _, err := words.Commands.Sentence("no.such_key", 0); !errors.Is(err, words.ErrNone) {
		t.Errorf("Sentence: %v, want %v", err, words.ErrNone)
	}
	if !words.Numbered("{n} people") || words.Numbered("{name}") {
		t.Error("Numbered does not tell a number from a name")
	}
}

// TestSentencesAreCalm holds the words of the page and of the command line against those
// that people are not told here, and against raising one's voice.
func TestSentencesAreCalm(t *testing.T) {
	loud := regexp.MustCompile(`(?i)\b(must|overdue|pending|failed|error|invalid|user|volunteer|decline|reject|deadline|should have|forgot|neglect\w*|sorry|unfortunately|oops)\b|!`)
	for _, c := range []*words.Catalogue{words.English, words.Commands, words.Told} {
		for _, key := range c.Keys() {
			if strings.HasPrefix(key, "api.") {
				continue // what a program is told that sends something else, in the words of its standards
			}
			for _, text := range c.Texts(key) {
				if bad := loud.FindString(text); bad != "" {
					t.Errorf("%s says %q: %s", key, bad, text)
				}
			}
		}
	}
}

package words

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// numbers are the names under which a number may go into a sentence of [Catalogue.Say].
// So a sentence shows by itself that it says one, and a test holds what each counts.
var numbers = []string{"n", "of", "least", "most"}

// Numbered reports whether a text says a number.
func Numbered(text string) bool {
	return strings.Contains(text, " number}") || slices.ContainsFunc(numbers, func(name string) bool { return strings.Contains(text, "{"+name+"}") })
}

// Counted is the number among pairs of name and value that chooses the plural form.
func Counted(pairs []any) int {
	for i := 0; i+1 < len(pairs); i += 2 {
		if n, ok := pairs[i+1].(int); ok && pairs[i] == "n" {
			return n
		}
	}
	return 0
}

// Fill puts values into the braces of text. They come as name, value, name, value; show
// writes each as it stands in the text.
func Fill(text string, pairs []any, show func(name string, value any) (string, error)) (string, error) {
	if len(pairs) == 0 {
		return text, nil
	}
	replace := make([]string, 0, len(pairs))
	for i := 0; i+1 < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return "", fmt.Errorf("the name of a value is a %T", pairs[i])
		}
		value, err := show(name, pairs[i+1])
		if err != nil {
			return "", err
		}
		replace = append(replace, "{"+name+"}", value)
	}
	return strings.NewReplacer(replace...).Replace(text), nil
}

// Say is a sentence as text, with its values given as name, value, name, value: texts
// as they are to stand in it, and numbers. Where there is no such sentence, which a test
// keeps from happening, it is the key, so that whoever meets it can tell which.
func (c *Catalogue) Say(key string, pairs ...any) string {
	text, err := c.Sentence(key, Counted(pairs))
	if err == nil {
		text, err = Fill(text, pairs, plainly)
	}
	if err != nil {
		return key
	}
	return text
}

func plainly(name string, value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case int:
		if slices.Contains(numbers, name) {
			return strconv.Itoa(v), nil
		}
	}
	return "", fmt.Errorf("the value %s is a %T", name, value)
}

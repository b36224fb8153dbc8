package words

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"tend/crdt/circle"
)

// Hint is what ends the name of a hint: "no.date.hint" is what can be done about
// "no.date".
const Hint = ".hint"

// Tell is the sentence that was named below the interfaces, as text. What goes into it
// stands in braces as {a}, {b} and so on, in order: "{a quoted}" as a text in quotation
// marks, "{a capital}" with a capital, as at the start of a sentence, "{a listed}" people
// without a word before the last; and a number as {n}, which is the first one, or
// "{b number}". Where there is no such sentence, which a test keeps from happening, it is
// the name.
func (c *Catalogue) Tell(s circle.Said) string {
	if s.Key == "" {
		return s.Words()
	}
	var pairs []any
	counted := false
	for i, value := range s.With {
		name := string(rune('a' + i))
		if n, ok := value.(int); ok {
			if !counted {
				pairs, counted = append(pairs, "n", n), true
			}
			pairs = append(pairs, name+" number", strconv.Itoa(n))
			continue
		}
		text := c.value(value)
		pairs = append(pairs, name, text, name+" quoted", strconv.Quote(text), name+" capital", capital(text))
		if all, ok := value.(circle.People); ok {
			pairs = append(pairs, name+" listed", c.listed(all))
		}
	}
	return c.Say(s.Key, pairs...)
}

// HintOf is what can be done about a refusal, "" where nothing is said of it.
func (c *Catalogue) HintOf(s circle.Said) string {
	if s.Key += Hint; !c.Has(s.Key) {
		return ""
	}
	return c.Tell(s)
}

// value is what goes into a sentence, as text.
func (c *Catalogue) value(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case circle.Said:
		return c.Tell(v)
	case circle.Phrases:
		parts := make([]string, len(v))
		for i, one := range v {
			parts[i] = c.Tell(one)
		}
		return strings.Join(parts, "; ")
	case circle.Who:
		return c.who(v)
	case circle.People:
		return c.people(v)
	case circle.Count:
		if key := "count." + strconv.Itoa(int(v)); c.Has(key) {
			return c.Say(key)
		}
		return strconv.Itoa(int(v))
	case circle.OnDate:
		return c.dated("date.on", string(v))
	case circle.UntilDay:
		return c.dated("date.until", string(v))
	case circle.SinceMonth:
		return v.Format("January")
	case circle.Until:
		return v.Format("2 January 15:04")
	case circle.Stamp:
		return v.Format("Mon 2 Jan 2006 15:04")
	case circle.DayOf:
		if v.Year {
			return v.Format("2 Jan 2006")
		}
		return v.Format("2 Jan")
	}
	return fmt.Sprint(value)
}

func (c *Catalogue) who(w circle.Who) string {
	switch {
	case w.Me:
		return c.Say("person.you")
	case w.Name == "":
		return c.Say("person.someone")
	}
	return w.Name
}

// people lists several with a word before the last.
func (c *Catalogue) people(all circle.People) string {
	if len(all) == 0 {
		return ""
	}
	text := c.who(all[0])
	for i, w := range all[1:] {
		key := "list.more"
		if i == len(all)-2 {
			key = "list.last"
		}
		text = c.Say(key, "a", text, "b", c.who(w))
	}
	return text
}

// listed are people one after another, with more to come.
func (c *Catalogue) listed(all circle.People) string {
	names := make([]string, len(all))
	for i, w := range all {
		names[i] = c.who(w)
	}
	return strings.Join(names, ", ")
}

// dated is a date within a sentence, with the word that goes before it; "" for none.
func (c *Catalogue) dated(key, date string) string {
	w, err := circle.ParseWhen(date)
	if err != nil {
		return ""
	}
	form := "Monday, 2 January"
	if w.Timed {
		form += ", 15:04"
	}
	return c.Say(key, "day", w.Start.Format(form))
}

// capital gives a text a capital at its start.
func capital(text string) string {
	first, n := utf8.DecodeRuneInString(text)
	if n == 0 || !unicode.IsLower(first) {
		return text
	}
	return string(unicode.ToUpper(first)) + text[n:]
}

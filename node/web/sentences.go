package web

import (
	"fmt"
	"html/template"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/node/words"
)

// speaker says in a person's language what was named below the page.
type speaker struct {
	lang *language
	now  time.Time
	me   crdt.ID // zero outside of a circle
}

// say is a sentence of the catalogues with what goes into it as {a}, {b} and so on;
// its first number chooses the plural form. Where the page makes no such fine
// distinction it is the coarser one's, and where no catalogue knows it, which a test
// keeps from happening, what is given instead.
func (s speaker) say(said circle.Said, instead string) template.HTML {
	if said.Key = s.known(said.Key, ""); said.Key == "" {
		return escaped(instead)
	}
	return capital(s.part(said))
}

// known is the name, or the coarser one within it, under which the page has a sentence;
// "" for none.
func (s speaker) known(key, end string) string {
	for !s.lang.Has(key + end) {
		cut := strings.LastIndexByte(key, '.')
		if cut < 0 {
			return ""
		}
		key = key[:cut]
	}
	return key + end
}

// hint is what can be done about it, where the page has a word on that.
func (s speaker) hint(said circle.Said) template.HTML {
	if said.Key = s.known(said.Key, words.Hint); said.Key == "" {
		return ""
	}
	return capital(s.part(said))
}

func (s speaker) part(said circle.Said) template.HTML {
	var pairs []any
	counted := false
	for i, value := range said.With {
		v := s.value(value)
		if n, ok := v.(int); ok && !counted {
			pairs, counted = append(pairs, "n", n), true
		}
		pairs = append(pairs, string(rune('a'+i)), v)
	}
	return s.lang.say(said.Key, pairs...)
}

// value is one that [language.t] takes: people's words as a string, a number, or
// what was said already.
func (s speaker) value(value any) any {
	switch v := value.(type) {
	case int, string:
		return v
	case circle.Count:
		return int(v)
	case circle.Who:
		return s.name(v)
	case circle.People:
		names := make([]template.HTML, len(v))
		for i, who := range v {
			names[i] = s.name(who)
		}
		return s.lang.list(names)
	case circle.Said:
		return s.nested(v)
	case circle.Phrases:
		parts := make([]template.HTML, len(v))
		for i, one := range v {
			parts[i] = s.nested(one)
		}
		return s.lang.list(parts)
	case circle.OnDate:
		if v == "" {
			return template.HTML("")
		}
		return s.lang.say("date.within", "day", s.lang.when(string(v), s.now))
	case interface{ Date() string }:
		return s.lang.when(v.Date(), s.now)
	case circle.Until:
		return s.lang.say("date.at", "day", s.lang.day(v.Time, s.now), "time", v.Format("15:04"))
	case circle.Stamp:
		return s.lang.say("date.at", "day", s.lang.day(v.Time, s.now), "time", v.Format("15:04"))
	case circle.DayOf:
		return s.lang.day(v.Time, s.now)
	}
	return fmt.Sprint(value)
}

// nested is a part of a sentence. One without a name is what a person wrote.
func (s speaker) nested(part circle.Said) template.HTML {
	if part.Key != "" {
		part.Key = s.known(part.Key, "")
		return s.part(part)
	}
	if wrote := part.Words(); wrote != "" {
		return isolated(wrote)
	}
	return ""
}

func (s speaker) name(w circle.Who) template.HTML {
	switch {
	case w.Me, w.ID == s.me && s.me != crdt.ID{}:
		return s.lang.say("person.you")
	case w.Name == "":
		return s.lang.say("person.someone")
	}
	return isolated(w.Name)
}

// capital gives a sentence that begins with a small word of ours a capital; names
// stay as their people write them.
func capital(text template.HTML) template.HTML {
	first, n := utf8.DecodeRuneInString(string(text))
	if n == 0 || !unicode.IsLower(first) {
		return text
	}
	return template.HTML(strings.ToUpper(string(first))) + text[n:]
}

func (in *inside) speaker() speaker {
	return speaker{lang: in.lang, now: in.now, me: in.src.Env.Me}
}

package words

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

//go:embed *.json
var files embed.FS

// Catalogue holds every sentence of one voice in one language.
type Catalogue struct {
	tag   string // "en"
	match language.Tag
	read  func() map[string]message
}

// English, German and Arabic are what the page says. Commands is what the command line
// says by itself, and Told what it and the interface for programs say of what the layers
// below them name ([Catalogue.Tell]).
var (
	English  = open("en", "en.json")
	German   = open("de", "de.json")
	Arabic   = open("ar", "ar.json")
	Commands = open("en", "commands.en.json")
	Told     = open("en", "told.en.json")
)

// Of is what the page says in the first of some languages that it speaks, as tags like
// "de" or "de-AT"; in English where it speaks none of them.
func Of(spoken []string) *Catalogue {
	for _, tag := range spoken {
		base, _, _ := strings.Cut(strings.ToLower(tag), "-")
		for _, c := range []*Catalogue{English, German, Arabic} {
			if c.tag == base {
				return c
			}
		}
	}
	return English
}

// open makes the catalogue of a file, which is read when it is first needed.
func open(tag, file string) *Catalogue {
	return &Catalogue{tag: tag, match: language.MustParse(tag), read: sync.OnceValue(func() map[string]message {
		data, err := files.ReadFile(file)
		if err != nil {
			panic(err) // built in: a test reads them all
		}
		var all map[string]any // half the time that types of their own would take
		if err := json.Unmarshal(data, &all); err != nil {
			panic(fmt.Sprintf("%s: %v", file, err))
		}
		out := make(map[string]message, len(all))
		for key, value := range all {
			out[key] = messageOf(value)
		}
		return out
	})}
}

// message holds a text, or the texts by plural form.
type message struct {
	text  string
	forms map[string]string
}

// messageOf reads a string, or an object of strings. What is neither is empty, and a
// test finds it.
func messageOf(value any) message {
	switch v := value.(type) {
	case string:
		return message{text: v}
	case map[string]any:
		m := message{forms: make(map[string]string, len(v))}
		for form, text := range v {
			m.forms[form], _ = text.(string)
		}
		return m
	}
	return message{}
}

// ErrNone: a key without a sentence. Tests read every key that the code names, so
// people do not meet it.
var ErrNone = errors.New("no such sentence")

var pluralForms = map[plural.Form]string{plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: "other"}

// Sentence returns the text of key with its braces, in the plural form for n.
func (c *Catalogue) Sentence(key string, n int) (string, error) {
	m, ok := c.read()[key]
	if !ok {
		return "", fmt.Errorf("%w: %s in %s", ErrNone, key, c.tag)
	}
	if m.forms == nil {
		return m.text, nil
	}
	if text, ok := m.forms[pluralForms[plural.Cardinal.MatchPlural(c.match, n, 0, 0, 0, 0)]]; ok {
		return text, nil
	}
	return m.forms["other"], nil
}

// Has reports whether there is a sentence under key.
func (c *Catalogue) Has(key string) bool { _, ok := c.read()[key]; return ok }

// Tag names the language: "en".
func (c *Catalogue) Tag() string { return c.tag }

// Match is the language, to be compared with others.
func (c *Catalogue) Match() language.Tag { return c.match }

// Keys are the names of all sentences, sorted.
func (c *Catalogue) Keys() []string { return slices.Sorted(maps.Keys(c.read())) }

// Texts are the texts of key by plural form, under "" where it has none.
func (c *Catalogue) Texts(key string) map[string]string {
	m := c.read()[key]
	if m.forms == nil {
		return map[string]string{"": m.text}
	}
	return maps.Clone(m.forms)
}

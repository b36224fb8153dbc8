package web

import (
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"

	xlanguage "golang.org/x/text/language"

	"tend/node/words"
)

// language is a catalogue of package words, and what is the page's about it.
type language struct {
	*words.Catalogue
	dir  string // "ltr" or "rtl"
	name string // what the language calls itself
}

// languages are those the page speaks; the first is spoken where none fits.
var languages = []*language{{words.English, "ltr", "English"}, {words.German, "ltr", "Deutsch"}, {words.Arabic, "rtl", "العربية"}}

// t is a sentence with its parameters, given as name, value, name, value. What
// people wrote comes as a string: it is escaped and isolated, so that a name of
// another direction does not turn the sentence around. A template.HTML is one that
// went through here before.
func (l *language) t(key string, pairs ...any) (template.HTML, error) {
	text, err := l.Sentence(key, words.Counted(pairs))
	if err != nil {
		return "", err
	}
	text, err = words.Fill(template.HTMLEscapeString(text), pairs, shown)
	return template.HTML(text), err
}

// shown is what goes into a sentence, as markup.
func shown(name string, value any) (string, error) {
	switch v := value.(type) {
	case int:
		return strconv.Itoa(v), nil
	case template.HTML:
		return string(v), nil
	case string:
		return string(isolated(v)), nil
	}
	return "", fmt.Errorf("the value %s is a %T", name, value)
}

// say is t for code, which names only sentences that a test finds.
func (l *language) say(key string, pairs ...any) template.HTML {
	h, err := l.t(key, pairs...)
	if err != nil {
		return template.HTML(template.HTMLEscapeString(key))
	}
	return h
}

// plain is say for places that take no markup.
func (l *language) plain(key string) string {
	text, err := l.Sentence(key, 0)
	if err != nil {
		return key
	}
	return text
}

// list joins names or sentences as the language does.
func (l *language) list(parts []template.HTML) template.HTML {
	switch len(parts) {
	case 0:
		return ""
	case 1:
		return parts[0]
	}
	head := parts[0]
	for _, p := range parts[1 : len(parts)-1] {
		head = l.say("list.more", "a", head, "b", p)
	}
	return l.say("list.last", "a", head, "b", parts[len(parts)-1])
}

// names isolates names.
func isolated(name string) template.HTML {
	return template.HTML("<bdi>" + template.HTMLEscapeString(name) + "</bdi>")
}

const (
	langCookie    = "tend-lang"
	themeCookie   = "tend-theme"
	lettersCookie = "tend-letters"
)

// languageOf is that which this screen asked for, else the first of the member's
// own that the page speaks, else what the browser prefers.
func languageOf(r *http.Request, own []string) *language {
	if c, err := r.Cookie(langCookie); err == nil {
		if l := tagged(c.Value); l != nil {
			return l
		}
	}
	for _, tag := range own {
		if l := tagged(tag); l != nil {
			return l
		}
	}
	tags, _, err := xlanguage.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err == nil {
		for _, tag := range tags {
			base, _ := tag.Base()
			if l := tagged(base.String()); l != nil {
				return l
			}
		}
	}
	return languages[0]
}

func tagged(tag string) *language {
	base, _, _ := strings.Cut(strings.ToLower(tag), "-")
	if i := slices.IndexFunc(languages, func(l *language) bool { return l.Tag() == base }); i >= 0 {
		return languages[i]
	}
	return nil
}

// Dir and Name are for the templates.
func (l *language) Dir() string  { return l.dir }
func (l *language) Name() string { return l.name }

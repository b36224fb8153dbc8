package web

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/feature/plural"
	xlanguage "golang.org/x/text/language"
)

//go:embed lang/*.json
var langFS embed.FS

// language is one catalogue: every sentence of the page, whole, by its key. A
// sentence is a text, or one text for each plural form of the language (CLDR),
// chosen by the parameter "n". Parameters stand in braces.
type language struct {
	tag   string // "en"
	dir   string // "ltr" or "rtl"
	name  string // what the language calls itself
	match xlanguage.Tag
	words map[string]message
}

// message holds a text, or the texts by plural form.
type message struct {
	text  string
	forms map[string]string
}

// UnmarshalJSON reads a string, or an object of strings.
func (m *message) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &m.text) == nil {
		return nil
	}
	return json.Unmarshal(data, &m.forms)
}

// languages are those the page speaks; the first is spoken where none fits.
var languages = []*language{{tag: "en", dir: "ltr", name: "English"}, {tag: "de", dir: "ltr", name: "Deutsch"}, {tag: "ar", dir: "rtl", name: "العربية"}}

func init() {
	for _, l := range languages {
		data, err := langFS.ReadFile("lang/" + l.tag + ".json")
		if err != nil {
			panic(err) // built in: a build without it does not start
		}
		if err := json.Unmarshal(data, &l.words); err != nil {
			panic(fmt.Sprintf("lang/%s.json: %v", l.tag, err))
		}
		l.match = xlanguage.MustParse(l.tag)
	}
}

// errNoWords: a key without a sentence. A test executes every template in every
// language, so people do not meet it.
var errNoWords = errors.New("no such sentence")

var pluralForms = map[plural.Form]string{plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: "other"}

// sentence returns the text of key for n.
func (l *language) sentence(key string, n int) (string, error) {
	m, ok := l.words[key]
	if !ok {
		return "", fmt.Errorf("%w: %s in %s", errNoWords, key, l.tag)
	}
	if m.forms == nil {
		return m.text, nil
	}
	form := pluralForms[plural.Cardinal.MatchPlural(l.match, n, 0, 0, 0, 0)]
	if text, ok := m.forms[form]; ok {
		return text, nil
	}
	return m.forms["other"], nil
}

// t is a sentence with its parameters, given as name, value, name, value. What
// people wrote comes as a string: it is escaped and isolated, so that a name of
// another direction does not turn the sentence around. A template.HTML is one that
// went through here before.
func (l *language) t(key string, pairs ...any) (template.HTML, error) {
	n := 0
	for i := 0; i+1 < len(pairs); i += 2 {
		if v, ok := pairs[i+1].(int); ok && pairs[i] == "n" {
			n = v
		}
	}
	text, err := l.sentence(key, n)
	if err != nil {
		return "", err
	}
	replace := []string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		var v string
		switch p := pairs[i+1].(type) {
		case int:
			v = strconv.Itoa(p)
		case template.HTML:
			v = string(p)
		case string:
			v = "<bdi>" + template.HTMLEscapeString(p) + "</bdi>"
		default:
			return "", fmt.Errorf("parameter %v of %s is a %T", pairs[i], key, p)
		}
		replace = append(replace, "{"+fmt.Sprint(pairs[i])+"}", v)
	}
	return template.HTML(strings.NewReplacer(replace...).Replace(template.HTMLEscapeString(text))), nil
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
	text, err := l.sentence(key, 0)
	if err != nil {
		return key
	}
	return text
}

// has reports whether there is a sentence under key.
func (l *language) has(key string) bool { _, ok := l.words[key]; return ok }

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
	if i := slices.IndexFunc(languages, func(l *language) bool { return l.tag == base }); i >= 0 {
		return languages[i]
	}
	return nil
}

// InWords is a sentence of the catalogues without what goes into one, in the first of some
// languages that the page speaks.
func InWords(spoken []string, key string) string {
	for _, tag := range spoken {
		if l := tagged(tag); l != nil {
			return l.plain(key)
		}
	}
	return languages[0].plain(key)
}

// Tag, Dir and Name are for the templates.
func (l *language) Tag() string  { return l.tag }
func (l *language) Dir() string  { return l.dir }
func (l *language) Name() string { return l.name }

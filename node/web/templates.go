package web

import (
	"html/template"
	"io/fs"
	"path"
	"strings"
	"sync"
)

// partials are the templates that every screen may use.
var partials = []string{"templates/page.html", "templates/parts.html"}

// parsed are the templates of this program: parsed once, at the first page.
var parsed = sync.OnceValue(parseTemplates)

// parseTemplates parses every screen once for each language, so that t is that
// language's wherever a template is, also below a range.
func parseTemplates() map[string]map[string]*template.Template {
	names, err := fs.Glob(templateFS, "templates/*.html")
	if err != nil {
		panic(err)
	}
	out := map[string]map[string]*template.Template{}
	for _, l := range languages {
		base := template.Must(template.New("").Funcs(template.FuncMap{"t": l.t, "dict": dict, "dayOf": dayOf, "fromOf": fromOf, "toOf": toOf, "lastOf": lastOf, "assets": func() string { return assetsBase }}).ParseFS(templateFS, partials...))
		out[l.Tag()] = map[string]*template.Template{}
		for _, name := range names {
			screen := strings.TrimSuffix(path.Base(name), ".html")
			if screen == "page" || screen == "parts" {
				continue
			}
			out[l.Tag()][screen] = template.Must(template.Must(base.Clone()).ParseFS(templateFS, name))
		}
	}
	return out
}

// dict gives a partial several values.
func dict(pairs ...any) map[string]any {
	out := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		out[pairs[i].(string)] = pairs[i+1]
	}
	return out
}

// dayOf, fromOf, toOf and lastOf take a date as it is written apart, for the fields of a form.
func dayOf(when string) string {
	day, _, _ := strings.Cut(when, "T")
	day, _, _ = strings.Cut(day, "/")
	return day
}

func fromOf(when string) string {
	from, _, _ := strings.Cut(when, "/")
	_, hour, _ := strings.Cut(from, "T")
	return hour
}

func toOf(when string) string {
	_, to, _ := strings.Cut(when, "/")
	if !strings.Contains(to, "-") {
		return to
	}
	_, hour, _ := strings.Cut(to, "T")
	return hour
}

// lastOf is the last day of several; "" of one.
func lastOf(when string) string {
	_, to, _ := strings.Cut(when, "/")
	if !strings.Contains(to, "-") {
		return ""
	}
	return dayOf(to)
}

package api

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tend/node/view"
)

// TestDescription holds openapi.yaml to the tables of routes and verbs and to the
// types that are answered. go test ./node/api -update writes it anew.
func TestDescription(t *testing.T) {
	got := describe()
	if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
		if err := os.WriteFile("openapi.yaml", got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("openapi.yaml is not what the routes are; go test ./node/api -update writes it anew")
	}
}

// TestDescribedRoutesAnswer asks each path of openapi.yaml for its methods: none is
// unknown to the handler.
func TestDescribedRoutesAnswer(t *testing.T) {
	data, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	h := New(nil, nil, nil)
	path, found := "", 0
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\n")
		if line == "components:" {
			break
		}
		if p, ok := strings.CutPrefix(line, "  /v1/"); ok {
			path = "/v1/" + strings.NewReplacer("{name}", "usage", ":", "").Replace(p)
			continue
		}
		method := strings.ToUpper(strings.TrimSuffix(strings.TrimPrefix(line, "    "), ":"))
		if path == "" || method != http.MethodGet && method != http.MethodPost {
			continue
		}
		found++
		if _, pattern := h.mux.Handler(httptest.NewRequest(method, path, nil)); pattern == "/" || pattern == "" {
			t.Errorf("%s %s has no route", method, path)
		}
	}
	if want := len(routes) + len(verbs) + 1; found != want {
		t.Errorf("openapi.yaml has %d operations, want %d", found, want)
	}
}

// description writes YAML by indentation.
type description struct {
	bytes.Buffer
	schemas map[string]reflect.Type
}

func (d *description) line(depth int, format string, args ...any) {
	d.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(d, format, args...)
	d.WriteByte('\n')
}

func describe() []byte {
	d := &description{schemas: map[string]reflect.Type{}}
	d.line(0, "# Written from the table of routes: go test ./node/api -update")
	d.line(0, "openapi: 3.1.0")
	d.line(0, "info:")
	d.line(1, "title: Tend, local API")
	d.line(1, "version: v1")
	d.line(1, "summary: The verbs of the command line over the unix socket of a home.")
	d.line(0, "servers:")
	d.line(1, "- url: http://tend/")
	d.line(2, "description: the unix socket api.sock of the home, or what api.path there names")
	d.line(0, "paths:")
	all := append(slices.Clone(routes), route{method: http.MethodGet, path: "problems/{name}", summary: "What a type of problem means."})
	for _, v := range verbs {
		all = append(all, route{method: http.MethodPost, path: "do/" + v.name, summary: v.summary, params: v.params, answer: view.Done{}})
	}
	slices.SortStableFunc(all, func(a, b route) int {
		return strings.Compare(a.path+" "+a.method, b.path+" "+b.method)
	})
	last := ""
	for _, r := range all {
		if r.path != last {
			d.line(1, "/v1/%s:", r.path)
			last = r.path
		}
		d.operation(r)
	}
	d.components()
	return d.Bytes()
}

func (d *description) operation(r route) {
	d.line(2, "%s:", strings.ToLower(r.method))
	d.line(3, "summary: %q", r.summary)
	switch {
	case r.path == "problems/{name}":
		d.line(3, "parameters:")
		d.line(4, "- {name: name, in: path, required: true, schema: {type: string}}")
	case r.method == http.MethodGet || r.upload:
		d.query(r.params)
	default:
		d.body(r.params)
	}
	if r.upload {
		d.line(3, "requestBody:")
		d.line(4, "required: true")
		d.line(4, "content: {application/octet-stream: {}}")
	}
	d.line(3, "responses:")
	d.line(4, `"200":`)
	d.line(5, "description: done")
	switch {
	case r.answer != nil:
		d.line(5, "content: {application/json: {schema: %s}}", d.schema(reflect.TypeOf(r.answer)))
	case r.path == "events":
		d.line(5, "content: {text/event-stream: {}}")
	case r.path == "ical":
		d.line(5, "content: {text/calendar: {}}")
	case r.path == "print":
		d.line(5, "content: {text/html: {}}")
	case r.path == "export":
		d.line(5, "content: {application/x-ndjson: {}}")
	case r.path == "carry":
		d.line(5, "content: {application/octet-stream: {}}")
	default:
		d.line(5, "content: {application/json: {}}")
	}
	d.line(4, `default: {$ref: "#/components/responses/Problem"}`)
}

func (d *description) query(params []param) {
	if len(params) == 0 {
		return
	}
	d.line(3, "parameters:")
	for _, p := range params {
		d.line(4, "- {name: %s, in: query, schema: {type: string}}", p.name)
	}
}

func (d *description) body(params []param) {
	d.line(3, "requestBody:")
	d.line(4, "content:")
	d.line(5, "application/json:")
	d.line(6, "schema:")
	d.line(7, "type: object")
	d.line(7, "additionalProperties: false")
	d.line(7, "properties:")
	for _, p := range params {
		kind := "Word"
		if p.many {
			kind = "Words"
		}
		d.line(8, `%s: {$ref: "#/components/schemas/%s"}`, p.name, kind)
	}
}

// schema returns a type as flow YAML, and keeps the structs that it names.
func (d *description) schema(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return "{type: string, format: date-time}"
	case t == reflect.TypeFor[view.Audience]():
		return fmt.Sprintf("{oneOf: [{const: circle}, {type: array, items: %s}]}", d.schema(reflect.TypeFor[view.Person]()))
	case t == reflect.TypeFor[view.Readers]():
		return fmt.Sprintf("{oneOf: [{enum: [circle, pod]}, {type: array, items: %s}]}", d.schema(reflect.TypeFor[view.Person]()))
	case t == reflect.TypeFor[view.Item]():
		return fmt.Sprintf("{oneOf: [%s, %s, %s, %s]}", d.schema(reflect.TypeFor[view.Post]()), d.schema(reflect.TypeFor[view.Agreement]()),
			d.schema(reflect.TypeFor[view.Decision]()), d.schema(reflect.TypeFor[view.Member]()))
	}
	switch t.Kind() {
	case reflect.Pointer:
		return d.schema(t.Elem())
	case reflect.Slice:
		return fmt.Sprintf("{type: array, items: %s}", d.schema(t.Elem()))
	case reflect.Map:
		return fmt.Sprintf("{type: object, additionalProperties: %s}", d.schema(t.Elem()))
	case reflect.Bool:
		return "{type: boolean}"
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return "{type: integer}"
	case reflect.String:
		return "{type: string}"
	}
	d.schemas[t.Name()] = t
	return fmt.Sprintf(`{$ref: "#/components/schemas/%s"}`, t.Name())
}

func (d *description) components() {
	d.line(0, "components:")
	d.line(1, "responses:")
	d.line(2, "Problem:")
	d.line(3, "description: a refusal (RFC 9457)")
	d.line(3, "content: {application/problem+json: {schema: %s}}", d.schema(reflect.TypeFor[problem]()))
	d.line(1, "schemas:")
	d.line(2, "Word: {oneOf: [{type: string}, {type: integer}, {type: boolean}]}")
	d.line(2, `Words: {oneOf: [{$ref: "#/components/schemas/Word"}, {type: array, items: {$ref: "#/components/schemas/Word"}}]}`)
	for done := map[string]bool{}; len(done) < len(d.schemas); {
		for _, name := range slices.Sorted(maps.Keys(d.schemas)) {
			if !done[name] {
				done[name] = true
				d.fields(d.schemas[name]) // may name more
				break
			}
		}
	}
}

func (d *description) fields(t reflect.Type) {
	d.line(2, "%s:", t.Name())
	d.line(3, "type: object")
	var must []string
	type field struct{ name, schema string }
	var all []field
	for f := range fieldsOf(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if options == "" {
			must = append(must, name)
		}
		all = append(all, field{name, d.schema(f.Type)})
	}
	if len(must) > 0 {
		d.line(3, "required: [%s]", strings.Join(must, ", "))
	}
	d.line(3, "properties:")
	for _, f := range all {
		d.line(4, "%s: %s", f.name, f.schema)
	}
}

// fieldsOf are the fields that JSON has.
func fieldsOf(t reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if t.Field(i).Tag.Get("json") != "-" && !yield(t.Field(i)) {
				return
			}
		}
	}
}

package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	catalogue "tend/node/words"
)

// named are the functions that take the name of a sentence, and at which argument it
// stands; what goes into it follows, as name, value, name, value.
var named = map[string]int{"sentence": 0, "say": 0, "under": 0, "field": 0, "point": 0, "aside": 0, "heading": 1, "asks": 0, "confirms": 0, "ask": 0,
	"fail": 1, "usage": 0, "count": 1, "verified": 1}

// passing are those of them that hand a name on which their callers give.
var passing = []string{"sentence", "called", "say", "under", "field", "point", "aside", "heading", "asks", "confirms", "ask", "fail", "usage", "count", "verified", "passphrase", "describe"}

// use is one place in the code that says something: a name, or the beginning of one, and
// the names of what goes into it.
type use struct {
	key, prefix string
	pairs       []string
	hinted      bool // the hint is given the same
	by          string
}

// uses are all places of a file that say something. fault is told what cannot be read.
func uses(file *ast.File, at func(token.Pos) token.Position, fault func(string, ...any)) []use {
	var out []use
	for _, decl := range file.Decls {
		f, _ := decl.(*ast.FuncDecl)
		assigned, handed := map[string][]string{}, map[string]bool{}
		if f != nil {
			assigned, handed = assignments(f), parameters(f)
		}
		ast.Inspect(decl, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok {
				return true
			}
			by := calledFunc(call)
			if by == "called" && len(call.Args) > 1 {
				if group, ok := textOf(call.Args[0]); ok {
					out = append(out, use{prefix: group + ".", pairs: pairNames(call, 2), by: by})
				}
				return true
			}
			i, ok := named[by]
			if by == "passphrase" {
				i, ok = len(call.Args)-1, true
				if text, is := textOf(call.Args[0]); is && strings.HasPrefix(text, "ask.") {
					i = 0
				}
			}
			if !ok || len(call.Args) <= i {
				return true
			}
			one := use{pairs: pairNames(call, i+1), hinted: slices.Contains([]string{"fail", "usage"}, by), by: by}
			switch key := call.Args[i].(type) {
			case *ast.BasicLit:
				one.key, _ = textOf(key)
				out = append(out, one)
			case *ast.BinaryExpr:
				if one.prefix = beginning(key); one.prefix != "" {
					out = append(out, one)
				}
			case *ast.Ident:
				for _, text := range assigned[key.Name] {
					one.key = text
					out = append(out, one)
				}
				if len(assigned[key.Name]) == 0 && (f == nil || !slices.Contains(passing, f.Name.Name)) && !handed[key.Name] {
					fault("%s: %s is given a name that nobody can read", at(call.Pos()), by)
				}
			}
			return true
		})
	}
	return out
}

// calledFunc is the name of the function that is called.
func calledFunc(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// assignments are the texts that a function gives to each of its variables.
func assignments(f *ast.FuncDecl) map[string][]string {
	out := map[string][]string{}
	ast.Inspect(f, func(node ast.Node) bool {
		if a, ok := node.(*ast.AssignStmt); ok && len(a.Lhs) == len(a.Rhs) {
			for i := range a.Lhs {
				if name, ok := a.Lhs[i].(*ast.Ident); ok {
					if text, ok := textOf(a.Rhs[i]); ok {
						out[name.Name] = append(out[name.Name], text)
					}
				}
			}
		}
		return true
	})
	return out
}

// parameters are what the functions within a function are given.
func parameters(f *ast.FuncDecl) map[string]bool {
	out := map[string]bool{}
	ast.Inspect(f.Body, func(node ast.Node) bool {
		if inner, ok := node.(*ast.FuncLit); ok {
			for _, p := range inner.Type.Params.List {
				for _, name := range p.Names {
					out[name.Name] = true
				}
			}
		}
		return true
	})
	return out
}

func textOf(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

// beginning is what a sum of texts begins with.
func beginning(sum *ast.BinaryExpr) string {
	switch left := sum.X.(type) {
	case *ast.BinaryExpr:
		return beginning(left)
	case *ast.BasicLit:
		text, _ := textOf(left)
		return text
	}
	return ""
}

// pairNames are the names of what goes into a sentence, from argument i on.
func pairNames(call *ast.CallExpr, i int) []string {
	if call.Ellipsis.IsValid() {
		return nil
	}
	names := []string{}
	for ; i < len(call.Args); i += 2 {
		name, ok := textOf(call.Args[i])
		if !ok {
			return nil // the caller's
		}
		names = append(names, name)
	}
	return names
}

// braces are the names of what a sentence, with its forms and its hint, has room for.
func braces(keys ...string) []string {
	found := map[string]bool{}
	for _, key := range keys {
		if !catalogue.Commands.Has(key) {
			continue
		}
		texts := catalogue.Commands.Texts(key)
		if _, plain := texts[""]; !plain {
			found["n"] = true
		}
		for _, text := range texts {
			for _, p := range regexp.MustCompile(`\{([^}]*)\}`).FindAllStringSubmatch(text, -1) {
				found[p[1]] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// TestEverySentenceIsSaid holds the code and the catalogue to one another: what the code
// says is there and has room for just what it is given, and nothing in the catalogue is
// said by nobody.
func TestEverySentenceIsSaid(t *testing.T) {
	files, all := sources(t)
	said := map[string]bool{}
	for _, key := range described(t) {
		said[key] = true
	}
	keys := catalogue.Commands.Keys()
	n := 0
	for path, file := range all {
		for _, u := range uses(file, files.Position, t.Errorf) {
			n++
			for _, wrong := range faults(u, keys) {
				t.Errorf("%s: %s", path, wrong)
			}
			for _, key := range keys {
				if key == u.key || u.hinted && key == u.key+".hint" || u.prefix != "" && strings.HasPrefix(key, u.prefix) {
					said[key] = true
				}
			}
		}
		ast.Inspect(file, func(node ast.Node) bool {
			if lit, ok := node.(*ast.BasicLit); ok {
				text, _ := textOf(lit)
				said[text], said[text+".hint"] = true, true // in a table, or chosen from some
				if group, _, ok := strings.Cut(text, "."); ok && looksNamed.MatchString(text) && slices.ContainsFunc(keys, func(key string) bool { return strings.HasPrefix(key, group+".") }) &&
					!catalogue.Commands.Has(text) && !slices.ContainsFunc(keys, func(key string) bool { return strings.HasPrefix(key, text) }) && notNamed[text] == "" {
					t.Errorf("%s: there is no sentence %q", files.Position(lit.Pos()), text)
				}
			}
			return true
		})
	}
	if n < 500 {
		t.Fatalf("found only %d places that say something: the walk is blind", n)
	}
	for _, key := range keys {
		if !said[key] {
			t.Errorf("nothing says %s", key)
		}
	}
}

// looksNamed is what a name of a sentence looks like, and notNamed what looks so and is
// none.
var (
	looksNamed = regexp.MustCompile(`^[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)+$`)
	notNamed   = map[string]string{"charter.toml": "a file"}
)

// faults are what is wrong with a use.
func faults(u use, keys []string) []string {
	var out []string
	room := []string{u.key}
	switch {
	case u.prefix != "":
		room = slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return !strings.HasPrefix(key, u.prefix) })
		if len(room) == 0 {
			out = append(out, fmt.Sprintf("no sentence begins with %q", u.prefix))
		}
	case !catalogue.Commands.Has(u.key):
		return []string{fmt.Sprintf("there is no sentence %q", u.key)}
	case u.hinted:
		room = append(room, u.key+".hint")
	}
	given := slices.Sorted(slices.Values(u.pairs))
	switch {
	case u.pairs == nil:
	case u.by == "count":
		if want := []string{"n"}; !slices.Equal(braces(u.key), want) {
			out = append(out, fmt.Sprintf("%s has room for %q, and counts", u.key, braces(u.key)))
		}
	case u.by == "verified":
	case !slices.Equal(given, braces(room...)):
		out = append(out, fmt.Sprintf("%s%s is given %q, and has room for %q", u.key, u.prefix, given, braces(room...)))
	}
	return out
}

// TestTheWalkSeesUses shows that the walk above is not blind.
func TestTheWalkSeesUses(t *testing.T) {
	source := "package p\nfunc f() { s.say(\"today.still_until\", \"when\", x); key := \"fail.full\"; return fail(1, key, \"place\", d, \"home\", d) }\n" +
		"func g() { s.under(\"no.such_key\"); called(\"weekday\", x); s.say(name) }\n"
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "p.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	var wrong []string
	for _, u := range uses(file, files.Position, func(format string, args ...any) { told = append(told, fmt.Sprintf(format, args...)) }) {
		wrong = append(wrong, faults(u, catalogue.Commands.Keys())...)
	}
	if want := []string{`fail.full is given ["home" "place"], and has room for ["place"]`, `there is no sentence "no.such_key"`}; !slices.Equal(wrong, want) {
		t.Errorf("faults = %q, want %q", wrong, want)
	}
	if len(told) != 1 || !strings.Contains(told[0], "nobody can read") {
		t.Errorf("told %q, want that one name cannot be read", told)
	}
}

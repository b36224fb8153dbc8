package main

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	catalogue "tend/node/words"
)

// described are the keys under which the tree of commands finds its sentences.
func described(t *testing.T) []string {
	t.Helper()
	keys := []string{"help.--help"}
	eachCommand(func(cmd *cobra.Command) {
		keys = append(keys, helpKey(cmd))
		if long := helpKey(cmd) + ".long"; catalogue.Commands.Has(long) {
			keys = append(keys, long)
		}
		for _, set := range []*pflag.FlagSet{cmd.Flags(), cmd.PersistentFlags()} {
			set.VisitAll(func(f *pflag.Flag) { keys = append(keys, flagKey(cmd, f.Name)) })
		}
		for _, g := range cmd.Groups() {
			keys = append(keys, "groups."+g.ID)
		}
	})
	if len(keys) < 350 {
		t.Fatalf("found only %d commands and flags: the walk is blind", len(keys))
	}
	return keys
}

// eachCommand walks the tree of commands.
func eachCommand(do func(*cobra.Command)) {
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		do(cmd)
		for _, under := range cmd.Commands() {
			walk(under)
		}
	}
	walk((&app{}).root())
}

// TestEveryCommandIsDescribed holds the tree of commands and the catalogue to one
// another: every command and every flag has its sentence, and no sentence describes one
// that there is not, or tells that it is done.
func TestEveryCommandIsDescribed(t *testing.T) {
	keys := described(t)
	for _, key := range keys {
		if !catalogue.Commands.Has(key) {
			t.Errorf("the catalogue has no %s", key)
		}
	}
	for _, key := range catalogue.Commands.Keys() {
		if (strings.HasPrefix(key, "help.") || strings.HasPrefix(key, "groups.")) && !slices.Contains(keys, key) {
			t.Errorf("nothing is described by %s", key)
		}
	}
	_, all := sources(t)
	named := map[string]bool{}
	eachCommand(func(cmd *cobra.Command) { named["said"+strings.TrimPrefix(helpKey(cmd), "help")] = true })
	for _, file := range all {
		for _, u := range uses(file, (&token.FileSet{}).Position, func(string, ...any) {}) {
			named[u.key+u.prefix] = true
		}
	}
	for _, key := range catalogue.Commands.Keys() {
		if strings.HasPrefix(key, "said.") && !named[key] && !named[key[:strings.LastIndex(key, ".")+1]] {
			t.Errorf("nothing is done by %s", key)
		}
	}
	a := &app{}
	for _, cmd := range append(a.verbs(), a.deciding()...) {
		if !catalogue.Commands.Has("said." + cmd.Name()) {
			t.Errorf("the catalogue does not say that %s is done", cmd.Name())
		}
	}
	for _, group := range []*cobra.Command{a.talk(), a.pod(), a.vault(), a.consentInAdvance(), a.tenderDate()} {
		for _, cmd := range group.Commands() {
			key := "said." + group.Name() + "." + cmd.Name()
			if cmd.Name() != "list" && cmd.Name() != "check-ins" && !catalogue.Commands.Has(key) {
				t.Errorf("the catalogue has no %s", key)
			}
		}
	}
}

// TestEveryHelpIsWritten reads the help of every command: what it is for, how it is typed,
// and no name where a sentence should be.
func TestEveryHelpIsWritten(t *testing.T) {
	name := regexp.MustCompile(`\b(help|usage|groups)\.[a-z-]`)
	eachCommand(func(cmd *cobra.Command) {
		var out, err strings.Builder
		a := &app{out: &out, err: &err, getenv: func(string) string { return "" }}
		if code := a.main(t.Context(), append(strings.Fields(cmd.CommandPath())[1:], "--help")); code != exitDone {
			t.Errorf("%s --help = %d: %s", cmd.CommandPath(), code, err.String())
		}
		for _, want := range []string{strings.TrimSpace(cmp.Or(cmd.Long, cmd.Short)), sentence("usage.heading") + "\n  " + cmd.CommandPath(), "\n" + sentence("usage.flags") + "\n", sentence("help.--help", "command", cmd.Name())} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s --help does not say %q:\n%s", cmd.CommandPath(), want, out.String())
			}
		}
		if found := name.FindString(out.String()); found != "" {
			t.Errorf("%s --help says %q", cmd.CommandPath(), found)
		}
	})
}

// sources are the files of this package without its tests, and without the story of the
// demonstration, whose sentences are what its people say.
func sources(t *testing.T) (*token.FileSet, map[string]*ast.File) {
	t.Helper()
	files, out := token.NewFileSet(), map[string]*ast.File{}
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "demo_story") || path == "demo_walks.go" {
			continue
		}
		if out[path], err = parser.ParseFile(files, path, nil, parser.SkipObjectResolution); err != nil {
			t.Fatal(err)
		}
	}
	if len(out) < 50 {
		t.Fatalf("found only %d sources: the walk is blind", len(out))
	}
	return files, out
}

// notSentences are texts of more than one word in the sources that no person reads as a
// sentence. A new one needs a line here, and a reason.
var notSentences = map[string]string{
	"tend ": "the name of this program", "tend: ": "the name of this program", "tend --home ": "a line as it is typed",
	"To: ": "mail", "Subject: ": "mail", "Date: ": "mail", "Auto-Submitted: auto-generated": "mail", "MIME-Version: 1.0": "mail",
	"Content-Type: text/plain; charset=utf-8": "mail", "Content-Transfer-Encoding: quoted-printable": "mail",
	"on run words": "a script for macOS", "display notification (item 1 of words) with title \"Tend\"": "a script for macOS", "end run": "a script for macOS",
	"recovery seeds": "a name in the vault",
	"Rosa":           "somebody in the demonstration", "Tomasz": "somebody in the demonstration", "Ann": "somebody in the demonstration",
	"Tend": "the name of this program", "Local": "a time zone",
}

var (
	// grammar is how a verb is typed: its name, then what stands for its words, flags, and
	// what may be said instead of one another.
	grammar = regexp.MustCompile(`^([a-z-]+ )?(\[*([A-Z]+(\.csv)?|--[a-z-]+|-|\||[A-Za-z/…-]+(\|[A-Za-z-]+)+)(…|\])*( |$))+$`)
	// layout is how a date is written.
	layout = regexp.MustCompile(`^(Mon )?2 Jan( 2006)?( 15:04)?$|^2006-01-02 15:04$`)
	// verbsOfFormats are the values in a format.
	verbsOfFormats = regexp.MustCompile(`%[-+# 0-9*]*[a-z]`)
	// spoken is more than one word, or a word that begins a sentence.
	spoken = regexp.MustCompile(`(?s)\pL.*\s|\s.*\pL|^[A-Z][a-z]+[.:…]?$`)
)

// literals returns the texts of a file that could be sentences. What goes to the log, the
// name of a moment at which a test may have a home die, and what an error wraps in words for whoever helps, is for no person who reads here: a
// failure has its own sentence, and shows those with -v.
func literals(file *ast.File) map[token.Pos]string {
	out := map[token.Pos]string{}
	var look func(ast.Node) bool
	look = func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			ast.Inspect(node.Type, look)
			return false
		case *ast.CallExpr:
			if f, ok := node.Fun.(*ast.SelectorExpr); ok {
				if x, ok := f.X.(*ast.Ident); ok && (x.Name == "fmt" && f.Sel.Name == "Errorf" || x.Name == "errors" && f.Sel.Name == "New" || x.Name == "crashpoint") {
					return false
				}
				if x, ok := f.X.(*ast.SelectorExpr); ok && x.Sel.Name == "log" {
					return false
				}
			}
		case *ast.BasicLit:
			text, err := strconv.Unquote(node.Value)
			if err == nil && node.Kind == token.STRING && spoken.MatchString(verbsOfFormats.ReplaceAllString(text, "")) {
				out[node.Pos()] = text
			}
		}
		return true
	}
	ast.Inspect(file, look)
	return out
}

// TestNoSentenceInTheCode holds that every sentence stands in the catalogue: what is left
// in the sources is none.
func TestNoSentenceInTheCode(t *testing.T) {
	files, all := sources(t)
	seen := map[string]bool{}
	for _, path := range slices.Sorted(maps.Keys(all)) {
		for at, text := range literals(all[path]) {
			switch {
			case notSentences[text] != "":
				seen[text] = true
			case !layout.MatchString(text) && !grammar.MatchString(text):
				t.Errorf("%s: %q belongs into the catalogue", files.Position(at), text)
			}
		}
	}
	for text := range notSentences {
		if !seen[text] {
			t.Errorf("no source has %q", text)
		}
	}
}

// TestTheWalkSeesSentences shows that the walk above is not blind.
func TestTheWalkSeesSentences(t *testing.T) {
	source := "package p\nimport \"a b\"\nvar x = map[string]string{\"open\": \"has some room\"}\n" +
		"func f() { s.line(\"  %s  %s\", a); s.line(\"  %s said yes\", a); a.aside(\"Let in.\"); g(\"Soon\"); c.Find(`two\nlines`); m.log.Warn(\"it is so\"); _ = fmt.Errorf(\"read it: %w\", err) }\n" +
		"type t struct { a int `json:\"a b\"` }\n"
	file, err := parser.ParseFile(token.NewFileSet(), "p.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	got := slices.Sorted(maps.Values(literals(file)))
	if want := []string{"  %s said yes", "Let in.", "Soon", "has some room", "two\nlines"}; !slices.Equal(got, want) {
		t.Errorf("literals = %q, want %q", got, want)
	}
	for text, want := range map[string]bool{"ask [TEXT]": true, "add CODE | --image FILE": true, "Nothing here": false, "Say it": false, "list [needs|offers]": true, "ID nobody": false, "Let in.": false} {
		if got := grammar.MatchString(text); got != want {
			t.Errorf("%q is grammar: %v, want %v", text, got, want)
		}
	}
}

package tend_test

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tend/node/words"
)

// telling are the packages that name a sentence for the command line and for programs.
var telling = []string{"crdt/circle", "node", "node/api", "node/replica", "node/view", "node/words", "cmd/tend"}

// makers are the functions that name a sentence: at which argument the name stands, and
// from which on what goes into it; -1 where nothing does.
var makers = map[string][2]int{
	"tend/crdt/circle.As": {0, 1}, "tend/crdt/circle.Refuse": {1, 2}, "(tend/crdt/circle.Attention).Saying": {0, 1},
	"tend/crdt/circle.usage": {0, 1}, "tend/crdt/circle.notFound": {0, 1}, "tend/crdt/circle.kept": {0, 1}, "tend/crdt/circle.complain": {0, 1}, "tend/crdt/circle.flaw": {0, 1},
	"tend/crdt/circle.say": {0, -1}, "tend/node/api.refuse": {1, 2}, "tend/node/api.unfitTable": {0, 1}, "tend/node.noVoice": {0, -1}, "tend/node.finding": {0, 1},
}

// handingOn are functions beside them that are given the name, by name.
var handingOn = []string{"overBy"}

// typed is one package with its types.
type typed struct {
	files []*ast.File
	info  *types.Info
}

// typedPackages reads the packages that tell something.
func typedPackages(t *testing.T) (*token.FileSet, []typed) {
	t.Helper()
	args := []string{"list", "-export", "-deps", "-f", "{{.ImportPath}}|{{.Export}}|{{if not .DepOnly}}{{.Dir}}{{range .GoFiles}}|{{.}}{{end}}{{end}}"}
	for _, dir := range telling {
		args = append(args, "./"+dir)
	}
	listed, err := exec.Command("go", args...).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	fset, compiled := token.NewFileSet(), map[string]string{}
	imports := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(compiled[path]) })
	var out []typed
	for line := range strings.Lines(string(listed)) {
		fields := strings.Split(strings.TrimSpace(line), "|")
		compiled[fields[0]] = fields[1]
		if len(fields) < 4 {
			continue
		}
		var p typed
		for _, name := range fields[3:] {
			file, err := parser.ParseFile(fset, filepath.Join(fields[2], name), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			p.files = append(p.files, file)
		}
		p.info = &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
		config := types.Config{Importer: imports}
		if _, err := config.Check(fields[0], fset, p.files, p.info); err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	if len(out) != len(telling) {
		t.Fatalf("read %d packages, want %d", len(out), len(telling))
	}
	return fset, out
}

// calledIn is the full name of the function that a call calls; "" for a value.
func (p typed) calledIn(call *ast.CallExpr) string {
	var name *ast.Ident
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f
	case *ast.SelectorExpr:
		name = f.Sel
	}
	if f, ok := p.info.Uses[name].(*types.Func); ok {
		return f.FullName()
	}
	return ""
}

// constantText is the text of an expression that is one before the program runs.
func (p typed) constantText(e ast.Expr) (string, bool) {
	value := p.info.Types[e].Value
	if value == nil || value.Kind() != constant.String {
		return "", false
	}
	return constant.StringVal(value), true
}

// kinds are the types of what goes into a sentence, "int" for numbers.
func (p typed) kinds(values []ast.Expr) []string {
	out := []string{}
	for _, e := range values {
		out = append(out, types.Default(p.info.Types[e].Type).String())
	}
	return out
}

// brace is where something goes into a sentence.
var brace = regexp.MustCompile(`\{([a-z][a-z ]*)\}`)

// misfits are what is wrong with a sentence that is given values of some types.
func misfits(key string, kinds []string) []string {
	if !words.Told.Has(key) {
		return []string{"there is no sentence " + key}
	}
	var out []string
	used := map[int]bool{}
	first := slices.Index(kinds, "int")
	for _, key := range []string{key, key + words.Hint} {
		if !words.Told.Has(key) {
			continue
		}
		texts := words.Told.Texts(key)
		if _, plain := texts[""]; !plain && first < 0 {
			out = append(out, key+" has plural forms, and is given no number")
		}
		for _, text := range texts {
			for _, b := range brace.FindAllStringSubmatch(text, -1) {
				name, how, _ := strings.Cut(b[1], " ")
				i := int(name[0] - 'a')
				if name == "n" && how == "" {
					i, how = first, "number"
				}
				fits := len(name) == 1 && i >= 0 && i < len(kinds) && slices.Contains([]string{"", "quoted", "capital", "listed", "number"}, how) &&
					(how == "number") == (kinds[i] == "int") && (how != "listed" || kinds[i] == "tend/crdt/circle.People")
				if !fits {
					out = append(out, fmt.Sprintf("%s wants %s, and is given %q", key, b[0], kinds))
					continue
				}
				used[i] = true
			}
		}
	}
	for i, kind := range kinds {
		if !used[i] && !pageUses(key, i, i == first) {
			out = append(out, fmt.Sprintf("%s has no room for {%c}, a %s", key, 'a'+i, kind))
		}
	}
	return out
}

// pageUses reports whether the page says a value of a sentence, or of the coarser one
// that it has in its place.
func pageUses(key string, i int, counted bool) bool {
	for ; key != ""; key = key[:max(0, strings.LastIndexByte(key, '.'))] {
		for _, end := range []string{"", words.Hint} {
			for _, text := range words.English.Texts(key + end) {
				if strings.Contains(text, "{"+string(rune('a'+i))+"}") || counted && strings.Contains(text, "{n}") {
					return true
				}
			}
		}
	}
	return false
}

// TestEverySentenceBelowIsTold holds the layers below the interfaces and the catalogue to
// one another: what they name is there and has room for just what it is given, and
// nothing in the catalogue is named by nobody.
func TestEverySentenceBelowIsTold(t *testing.T) {
	fset, all := typedPackages(t)
	said, families, begun := map[string]bool{}, map[string]bool{}, []string{}
	for _, key := range words.Told.Keys() {
		family, _, _ := strings.Cut(key, ".")
		families[family] = true
	}
	n := 0
	for _, p := range all {
		for _, file := range p.files {
			for _, decl := range file.Decls {
				hands := false
				if f, ok := decl.(*ast.FuncDecl); ok {
					_, hands = makers[p.info.Defs[f.Name].(*types.Func).FullName()]
					hands = hands || slices.Contains(handingOn, f.Name.Name)
				}
				ast.Inspect(decl, func(node ast.Node) bool {
					switch node := node.(type) {
					case *ast.CallExpr:
						at, ok := makers[p.calledIn(node)]
						if !ok {
							return true
						}
						key, ok := p.constantText(node.Args[at[0]])
						switch {
						case !ok && !hands:
							t.Errorf("%s: this sentence has a name that nobody can read", fset.Position(node.Pos()))
						case ok && p.calledIn(node) == "tend/node.noVoice", !ok:
						default:
							n++
							var kinds []string
							if at[1] > 0 {
								kinds = p.kinds(node.Args[at[1]:])
							}
							for _, wrong := range misfits(key, kinds) {
								t.Errorf("%s: %s", fset.Position(node.Pos()), wrong)
							}
						}
					case *ast.BasicLit:
						text, ok := p.constantText(node)
						family, _, _ := strings.Cut(text, ".")
						switch {
						case !ok || !families[family] || !strings.Contains(text, "."):
						case strings.HasSuffix(text, "."):
							begun = append(begun, text)
						case named.MatchString(text):
							if said[text] = true; !words.Told.Has(text) && !words.Commands.Has(text) && notTold[text] == "" {
								t.Errorf("%s: there is no sentence %q", fset.Position(node.Pos()), text)
							}
						}
					}
					return true
				})
			}
		}
	}
	if n < 400 {
		t.Fatalf("found only %d sentences: the walk is blind", n)
	}
	for _, key := range words.Told.Keys() {
		if !said[strings.TrimSuffix(key, words.Hint)] && !slices.ContainsFunc(begun, func(group string) bool { return strings.HasPrefix(key, group) }) {
			t.Errorf("nothing says %s", key)
		}
	}
}

// named is what the name of a sentence looks like, and notTold what looks so and is none.
var (
	named   = regexp.MustCompile(`^[a-z]+(\.[a-z0-9_-]+)+$`)
	notTold = map[string]string{"api.sock": "a file", "api.path": "a file"}
)

// TestMisfitsAreFound shows that the walk above is not blind.
func TestMisfitsAreFound(t *testing.T) {
	for _, row := range []struct {
		key   string
		kinds []string
		want  string // "" where it fits
	}{
		{"no.own_post", nil, ""},
		{"no.no_such_key", nil, "there is no sentence"},
		{"no.member", []string{"string"}, ""},
		{"no.member", nil, "wants {a quoted}"},
		{"no.member", []string{"int"}, "wants {a quoted}"},
		{"no.own_post", []string{"string"}, "has no room for {a}"},
		{"no.too_few", []string{"int", "int"}, ""},
		{"no.too_few", []string{"int", "string"}, "wants {b number}"},
		{"span.days", nil, "has plural forms"},
		{"mirror.names_more", []string{"string"}, "wants {a listed}"},
	} {
		got := strings.Join(misfits(row.key, row.kinds), "; ")
		if (got == "") != (row.want == "") || !strings.Contains(got, row.want) {
			t.Errorf("misfits(%s, %q) = %q, want %q", row.key, row.kinds, got, row.want)
		}
	}
}

// silent are the packages of which no sentence stands in the sources.
var silent = []string{"crdt/circle", "node", "node/api", "node/replica", "node/view"}

// spoken is more than one word, or a word that begins a sentence.
var spoken = regexp.MustCompile(`(?s)\pL.*\s|\s.*\pL|^[A-Z][a-z]+[.:…]?$`)

// verbsOfFormats are the values in a format.
var verbsOfFormats = regexp.MustCompile(`%[-+# 0-9*]*[a-zA-Z]`)

// unread are the functions whose texts no person reads as a sentence.
var unread = map[string]string{
	"fmt.Errorf": "what an error wraps, for whoever helps", "errors.New": "what an error wraps, for whoever helps", "panic": "a mistake of ours",
	"crashpoint.At": "a place where a test ends the program", "Log": "for whoever helps", "Set": "a header", "HandleFunc": "a route", "Handle": "a route",
}

// listing are the sources that hold openapi.yaml's words on each route and verb, which a
// test compares; no answer has them.
var listing = []string{"node/api/routes.go", "node/api/verbs.go"}

var (
	// typedLine is a command as it is typed, or a part of one.
	typedLine = regexp.MustCompile(`^tend [a-z][a-z -]*( |$)| (TEXT|MEMBER)$`)
	// layout is how a date is written.
	layout = regexp.MustCompile(`^Mon 2 Jan 15:04$`)
)

// notSentences are further texts of more than one word in those sources. A new one needs
// a line here, and a reason.
var notSentences = map[string]string{
	"someone to talk to": "what a need for listening is called of which nobody said more: a text of theirs, kept in it",
	"Retracted":          "a kind of op", "note %d": "an unknown kind", "word %d": "an unknown kind",
	"newcomers ": "the beginning of a tag", "review ": "the beginning of a tag", "extra ": "the beginning of a tag", "link ": "the beginning of a name in the vault",
	"no answer": "kept for the log of a knocking", "Trailer": "a header",
	": hello\n\n": "a stream of events", ": still here\n\n": "a stream of events", "event: %s\ndata: %s\n\n": "a stream of events",
	"kind text details category when by people extra_ok repeat skip area costs sign_up tender fade listening newcomers": "names of columns",
}

// untold are the texts of a file that could be sentences for a person.
func untold(file *ast.File) map[token.Pos]string {
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
			name := ""
			switch f := node.Fun.(type) {
			case *ast.Ident:
				name = f.Name
			case *ast.SelectorExpr:
				name = f.Sel.Name
				switch x := f.X.(type) {
				case *ast.Ident:
					if name = x.Name + "." + name; x.Name == "log" {
						name = "Log"
					}
				case *ast.SelectorExpr:
					if x.Sel.Name == "log" {
						name = "Log"
					}
				}
			}
			return unread[name] == "" && unread[name[strings.LastIndexByte(name, '.')+1:]] == ""
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

// TestNoSentenceStandsBelow holds that the layers below the interfaces name what they
// say, and that no sentence stands in their sources.
func TestNoSentenceStandsBelow(t *testing.T) {
	seen := map[string]bool{}
	for _, path := range goFiles(t, silent...) {
		if slices.Contains(listing, path) {
			continue
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		texts := untold(file)
		for _, at := range slices.Sorted(maps.Keys(texts)) {
			switch text := texts[at]; {
			case notSentences[text] != "":
				seen[text] = true
			case typedLine.MatchString(text), layout.MatchString(text):
			default:
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

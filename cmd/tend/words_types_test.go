package main

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	catalogue "tend/node/words"
)

// typedSources are the sources of this package that build here, with their types.
func typedSources(t *testing.T) (*token.FileSet, []*ast.File, *types.Info) {
	t.Helper()
	listed, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}} {{if not .DepOnly}}{{range .GoFiles}} {{.}}{{end}}{{end}}", ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	compiled, names := map[string]string{}, []string(nil)
	for line := range strings.Lines(string(listed)) {
		fields := strings.Split(strings.TrimSpace(line), " ")
		if len(fields) > 1 {
			compiled[fields[0]] = fields[1]
		}
		names = fields[min(2, len(fields)):]
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range names {
		if name == "" {
			continue
		}
		file, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	config := types.Config{Importer: importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(compiled[path]) })}
	if _, err := config.Check("main", fset, files, info); err != nil {
		t.Fatal(err)
	}
	return fset, files, info
}

// TestWhatGoesIntoASentence holds the types of what goes into the sentences of the
// command line: a number under a name of numbers, so that the sentence shows it, and else
// a text. Anything else would be answered with the name of the sentence.
func TestWhatGoesIntoASentence(t *testing.T) {
	fset, files, info := typedSources(t)
	n := 0
	for _, file := range files {
		ast.Inspect(file, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok || call.Ellipsis.IsValid() {
				return true
			}
			at, ok := named[calledFunc(call)]
			if calledFunc(call) == "called" {
				at, ok = 1, true
			}
			if !ok || calledFunc(call) == "count" {
				return true
			}
			for i := at + 1; i+1 < len(call.Args); i += 2 {
				name, is := textOf(call.Args[i])
				if !is {
					continue
				}
				n++
				kind := types.Default(info.Types[call.Args[i+1]].Type)
				number, text := types.Identical(kind, types.Typ[types.Int]), types.Identical(kind, types.Typ[types.String])
				if counts := catalogue.Numbered("{" + name + "}"); counts && !number || !counts && !text {
					t.Errorf("%s: {%s} is a %s", fset.Position(call.Args[i+1].Pos()), name, kind)
				}
			}
			return true
		})
	}
	if n < 300 {
		t.Fatalf("found only %d values: the walk is blind", n)
	}
}

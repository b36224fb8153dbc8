package tend_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// told are the sentences that the domain and the node say to people, in English beside
// their names in the catalogue: what is given to the makers of a refusal or of a sentence,
// and what stands in the fields Say, Hint and English. Errors that are wrapped are none.
func told(t *testing.T) map[string]string {
	makers := []string{"usage", "notFound", "kept", "problem", "Sentencef", "phrase", "Saying"}
	fields := []string{"Say", "Hint", "English"}
	out := map[string]string{}
	for _, path := range goFiles(t, "crdt/circle", "node", "node/api", "node/view") {
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		take := func(e ast.Expr) {
			ast.Inspect(e, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && strings.Contains(lit.Value, " ") {
					text, err := strconv.Unquote(lit.Value)
					if err != nil {
						t.Fatal(err)
					}
					out[files.Position(lit.Pos()).String()] = text
				}
				return true
			})
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				name := ""
				switch f := n.Fun.(type) {
				case *ast.Ident:
					name = f.Name
				case *ast.SelectorExpr:
					name = f.Sel.Name
				}
				if slices.Contains(makers, name) {
					for _, arg := range n.Args {
						take(arg)
					}
				}
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && slices.Contains(fields, key.Name) {
					take(n.Value)
				}
			}
			return true
		})
	}
	if len(out) < 300 {
		t.Fatalf("found only %d sentences: the walk is blind", len(out))
	}
	return out
}

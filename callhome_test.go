package tend_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// nowhere are the hosts that an address in the sources may name: this machine, the socket
// of a home, and the name of a form of pictures.
var nowhere = []string{"", "tend", "127.0.0.1", "www.w3.org"}

// notIn are folders of what is no part of the program, and of what others wrote: the page
// loads that from itself alone (TestHeaders of node/web).
var notIn = []string{"bench", "examples", "node/web/static/lib", "node/web/internal/vendorweb", "storage/storagetest"}

var address = regexp.MustCompile(`https?://([A-Za-z0-9.-]*)`)

// callers are the ways to open a connection, and the packages that have a reason to: the
// client of one's own home, and the one package that knows other members'.
var callers = map[string][]string{
	"http.Get": nil, "http.Post": nil, "http.PostForm": nil, "http.Head": nil, "http.DefaultClient": nil, "http.DefaultTransport": nil,
	"http.Client": {"node/client"}, "http.Transport": {"node/client"},
	"net.Dial": nil, "net.DialTimeout": nil, "net.Dialer": {"node/client"}, "net.DialUDP": nil, "net.DialTCP": nil,
}

// TestNothingCallsHome holds that the program has no address of anybody to report to, to
// load from or to ask for money: no host stands in its sources, its screens and what they
// load, and only the client of one's own home and node/p2p open connections.
func TestNothingCallsHome(t *testing.T) {
	found := 0
	say := func(path, text string) {
		for _, m := range address.FindAllStringSubmatch(text, -1) {
			found++
			if !slices.Contains(nowhere, m[1]) {
				t.Errorf("%s names the host %q", path, m[1])
			}
		}
	}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (slices.Contains(notIn, filepath.ToSlash(path)) || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != "."):
			return fs.SkipDir
		case strings.HasSuffix(path, "_test.go"):
			return nil
		}
		switch filepath.Ext(path) {
		case ".html", ".css", ".js", ".json":
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			say(path, string(data))
		case ".go":
			return calls(t, path, say)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 4 {
		t.Errorf("found only %d addresses: the walk is blind", found)
	}
}

// calls looks at the strings and at the names of one file.
func calls(t *testing.T, path string, say func(path, text string)) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	pkg := filepath.ToSlash(filepath.Dir(path))
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
				say(path, text)
			}
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok {
				if by, known := callers[x.Name+"."+n.Sel.Name]; known && !slices.Contains(by, pkg) {
					t.Errorf("%s uses %s.%s", path, x.Name, n.Sel.Name)
				}
			}
		}
		return true
	})
	return nil
}

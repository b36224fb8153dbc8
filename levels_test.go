// Package tend_test holds the one rule of the layout (ARCHITECTURE.md): a
// package imports only packages of a lower level. The table below is the rule;
// a new package gets a row, and a build is never mended by moving a row.
package tend_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the path every package of this module begins with.
const module = "tend"

// levels gives each package its level. Packages of one level do not import one
// another, except where also says so.
var levels = []struct {
	level int
	path  string
	also  []string // packages of the same level that it may import
}{
	{0, "crdt/canon", nil},
	{0, "crdt/sig", []string{"crdt/canon"}},
	{0, "crdt", []string{"crdt/canon", "crdt/sig"}},
	{1, "crdt/membership", nil},
	{2, "crdt/membership/membertest", nil},
	{2, "crdt/circle", nil},
	{3, "protocol", nil},
	{4, "protocol/frontier", nil},
	{5, "node/replica", nil},
	{6, "node/view", []string{"node/words"}},
	{6, "node/qr", nil},
	{6, "node/words", nil},
	{6, "storage", nil},
	{6, "storage/crashpoint", nil},
	{7, "storage/agefile", nil},
	{7, "storage/badgerstore", nil},
	{7, "storage/storagetest", nil},
	{7, "storage/vault", nil},
	{7, "node", nil},
	{7, "node/ical", nil},
	{8, "node/api", nil},
	{8, "node/client", nil},
	{8, "node/p2p", nil},
	{8, "node/web", nil},
	{8, "node/web/internal/vendorweb", nil},
	{8, "node/sim", nil},
	{9, "cmd/tend", nil},
	{9, "node/sim/cmd/soak", nil},
	{9, "examples", nil},
	{9, "examples/bell", nil},
	{9, "examples/csvbridge", nil},
	{9, "examples/weeksheet", nil},
}

// pureBelow is the first level that may touch the world.
const pureBelow = 6

// worldly are the imports, and whole import trees, that no pure package has.
var worldly = []string{"context", "crypto/rand", "log", "math/rand", "net", "os", "sync", "syscall", "testing/cryptotest", "unsafe"}

// clocks are the functions of package time by which a pure package would look
// at a clock or wait for one.
var clocks = []string{"After", "AfterFunc", "NewTicker", "NewTimer", "Now", "Since", "Sleep", "Tick", "Until"}

// only names, for what has one home, the packages that may import it.
var only = []struct {
	tree string
	by   []string
}{
	{"filippo.io/age", []string{"storage/agefile"}},
	{"github.com/arran4/golang-ical", []string{"node/ical"}},
	{"github.com/dgraph-io/badger", []string{"storage/badgerstore"}},
	{"github.com/fxamacker/cbor", []string{"crdt/canon"}},
	{"github.com/libp2p", []string{"node/p2p"}},
	{"net/http", []string{"node/api", "node/client", "node/web", "cmd/tend"}},
	{"tend/storage/agefile", []string{"cmd/tend"}},
	{"tend/storage/badgerstore", []string{"cmd/tend"}},
	{"tend/storage/vault", []string{"cmd/tend"}},
}

// TestLevels walks all packages of the module and their non-test files, for
// every platform, and holds their imports against the tables above.
func TestLevels(t *testing.T) {
	for _, pkg := range packages(t) {
		level, also, ok := levelOf(pkg.path)
		if !ok {
			t.Errorf("package %s has no level: give it a row in the table of levels_test.go", pkg.path)
			continue
		}
		for _, file := range pkg.files {
			for _, spec := range file.tree.Imports {
				path, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					t.Fatalf("%s: import %s: %v", file.name, spec.Path.Value, err)
				}
				for _, fault := range importFaults(pkg.path, level, also, path) {
					t.Errorf("%s: imports %s: %s", file.name, path, fault)
				}
			}
			if level < pureBelow {
				for _, call := range clockCalls(file.tree) {
					t.Errorf("%s: uses time.%s: level %d has no clock", file.name, call, level)
				}
			}
		}
	}
}

// importFaults returns what is wrong with pkg, at level, importing path.
func importFaults(pkg string, level int, also []string, path string) []string {
	var faults []string
	if level < pureBelow && slices.ContainsFunc(worldly, func(tree string) bool { return within(path, tree) }) {
		faults = append(faults, "level "+strconv.Itoa(level)+" is pure")
	}
	for _, o := range only {
		if within(path, o.tree) && !slices.Contains(o.by, pkg) && !within(module+"/"+pkg, o.tree) {
			faults = append(faults, "only "+strings.Join(o.by, " and ")+" may")
		}
	}
	if own, inside := strings.CutPrefix(path, module+"/"); inside {
		switch theirs, _, ok := levelOf(own); {
		case !ok:
			faults = append(faults, "it has no level")
		case strings.HasPrefix(pkg, "examples/") && own != "node/client":
			faults = append(faults, "an example uses node/client alone")
		case theirs >= level && !slices.Contains(also, own):
			faults = append(faults, "its level "+strconv.Itoa(theirs)+" is not below "+strconv.Itoa(level))
		}
	}
	return faults
}

// TestLevelTableBites holds the rule itself against imports it must refuse, so
// that an empty walk or a mistyped table cannot pass for order.
func TestLevelTableBites(t *testing.T) {
	rows := []struct {
		pkg, path string
		ok        bool
	}{
		{"crdt", "tend/crdt/canon", true},
		{"crdt/canon", "tend/crdt", false},
		{"crdt/circle", "tend/protocol", false},
		{"crdt/circle", "time", true},
		{"crdt/circle", "sync/atomic", false},
		{"node/replica", "crypto/rand", false},
		{"node", "tend/node/p2p", false},
		{"node", "tend/storage/badgerstore", false},
		{"node", "net/http", false},
		{"node/api", "tend/node/client", false},
		{"node/web", "tend/node/api", false},
		{"examples/bell", "tend/node/client", true},
		{"examples/bell", "tend/node", false},
		{"cmd/tend", "tend/node/p2p", true},
		{"protocol", "github.com/libp2p/go-libp2p", false},
	}
	for _, row := range rows {
		level, also, ok := levelOf(row.pkg)
		if !ok {
			t.Errorf("levelOf(%q): no level", row.pkg)
			continue
		}
		if faults := importFaults(row.pkg, level, also, row.path); (len(faults) == 0) != row.ok {
			t.Errorf("importFaults(%s, %s) = %q, want ok = %v", row.pkg, row.path, faults, row.ok)
		}
	}
	src := "package p\nimport clock \"time\"\nvar _ = clock.Now\nvar _ = clock.Unix(0, 0)\n"
	tree, err := parser.ParseFile(token.NewFileSet(), "p.go", src, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := clockCalls(tree), []string{"Now"}; !slices.Equal(got, want) {
		t.Errorf("clockCalls = %q, want %q", got, want)
	}
}

// within reports whether path is tree or lies under it.
func within(path, tree string) bool { return path == tree || strings.HasPrefix(path, tree+"/") }

func levelOf(path string) (level int, also []string, ok bool) {
	for _, l := range levels {
		if l.path == path {
			return l.level, l.also, true
		}
	}
	return 0, nil, false
}

type source struct {
	name string
	tree *ast.File
}

type pkg struct {
	path  string
	files []source
}

// packages asks go list for every package and parses all their non-test files,
// those that build constraints leave out here as well.
func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,GoFiles,CgoFiles,IgnoredGoFiles", "./...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	var all []pkg
	fset := token.NewFileSet()
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var listed struct {
			ImportPath, Dir                   string
			GoFiles, CgoFiles, IgnoredGoFiles []string
		}
		if err := dec.Decode(&listed); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		path := strings.TrimPrefix(strings.TrimPrefix(listed.ImportPath, module), "/")
		if path == "" {
			continue // the root holds this test alone
		}
		p := pkg{path: path}
		if len(listed.CgoFiles) > 0 {
			t.Errorf("package %s uses cgo", path)
		}
		for _, name := range slices.Concat(listed.GoFiles, listed.IgnoredGoFiles) {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			tree, err := parser.ParseFile(fset, filepath.Join(listed.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Errorf("parse: %v", err)
				continue
			}
			p.files = append(p.files, source{name: path + "/" + name, tree: tree})
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		t.Fatal("go list found no package")
	}
	return all
}

// clockCalls returns the functions of clocks that a file names, in order.
func clockCalls(file *ast.File) []string {
	name := ""
	for _, spec := range file.Imports {
		if spec.Path.Value == `"time"` {
			name = "time"
			if spec.Name != nil {
				name = spec.Name.Name
			}
		}
	}
	if name == "" {
		return nil
	}
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == name && slices.Contains(clocks, sel.Sel.Name) {
				found = append(found, sel.Sel.Name)
			}
		}
		return true
	})
	return found
}

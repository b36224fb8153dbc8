package protocol_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tend/crdt/circle"
	"tend/crdt/membership"
)

func specText(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// specSections are the numbers that SPEC.md's headings have.
func specSections(t *testing.T) map[string]bool {
	t.Helper()
	have := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^##+ (\d+(?:\.\d+)?)\.? `).FindAllStringSubmatch(specText(t), -1) {
		if have[m[1]] {
			t.Errorf("SPEC.md has two sections %s", m[1])
		}
		have[m[1]] = true
	}
	return have
}

// TestSpecSectionsResolve holds the references to SPEC.md in the code, and those
// within SPEC.md, to its headings.
func TestSpecSectionsResolve(t *testing.T) {
	have := specSections(t)
	if len(have) < 40 {
		t.Fatalf("SPEC.md has %d numbered sections, want at least 40", len(have))
	}
	found := 0
	ref := regexp.MustCompile(`SPEC\.md §(\d+(?:\.\d+)?)`)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != ".." {
			return filepath.SkipDir
		}
		if filepath.Ext(path) != ".go" {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		// a reference may be broken at a line's end, behind the comment sign
		text := regexp.MustCompile(`\n\s*// `).ReplaceAllString(string(data), " ")
		for _, m := range ref.FindAllStringSubmatch(text, -1) {
			found++
			if !have[m[1]] {
				t.Errorf("%s: SPEC.md has no section %s", path, m[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 40 {
		t.Errorf("%d references to SPEC.md in the code, want at least 40: is the pattern right?", found)
	}
	within := regexp.MustCompile(`\((?:[^()]*[ ,;])?(\d\.\d+)(?:[ ,;:][^()]*)?\)`)
	for _, m := range within.FindAllStringSubmatch(specText(t), -1) {
		if !have[m[1]] && !strings.Contains(m[0], "TLS") {
			t.Errorf("SPEC.md speaks of its section %s in %q, and has none", m[1], m[0])
		}
	}
}

// TestEveryKindIsSpecified walks the two tables of kinds: each kind has a row in
// SPEC.md, a vector that is read, and one that is refused; and each control kind
// stands in a history.
func TestEveryKindIsSpecified(t *testing.T) {
	spec, histories := specText(t), kindsIn(t)
	for _, k := range circle.Kinds() {
		if !regexp.MustCompile(fmt.Sprintf("\\| [0-9, ]*\\b%d\\b[0-9, ]* \\|.*`%s`", k.Number, k.Name)).MatchString(spec) {
			t.Errorf("SPEC.md has no row for kind %d, %s", k.Number, k.Name)
		}
	}
	read, refused := kindVectors(t, "content")
	for _, k := range circle.Kinds() {
		if n := number(k.Number); !read[n] || !refused[n] {
			t.Errorf("content.json: kind %d, %s is read %v, refused %v; want both", k.Number, k.Name, read[n], refused[n])
		}
	}
	read, refused = kindVectors(t, "control")
	for kind := uint64(1); kind < 64; kind++ {
		name := membership.KindName(kind)
		if strings.HasPrefix(name, "kind ") {
			continue // not a kind of this version
		}
		if row := fmt.Sprintf("| %d | %s |", kind, name); !strings.Contains(spec, row) {
			t.Errorf("SPEC.md has no row %q", row)
		}
		if n := number(kind); !read[n] || (!refused[n] && kind != membership.KindBeat) {
			t.Errorf("control.json: kind %d, %s is read %v, refused %v; want both", kind, name, read[n], refused[n])
		}
		if !histories[name] {
			t.Errorf("no history has an op of kind %d, %s", kind, name)
		}
	}
}

// kindVectors returns the kinds of which a file has vectors that are read, and
// that are refused.
func kindVectors(t *testing.T, file string) (read, refused map[string]bool) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "vectors", file+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(data, &vectors); err != nil {
		t.Fatal(err)
	}
	read, refused = map[string]bool{}, map[string]bool{}
	for _, v := range vectors {
		if v.Reject == "" {
			read[v.In["kind"]] = true
		} else {
			refused[v.In["kind"]] = true
		}
	}
	return read, refused
}

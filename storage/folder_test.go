package storage_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"tend/storage"
)

// TestFilesIn looks in a folder whose name would be a pattern to some.
func TestFilesIn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "home[1]*")
	if names, err := storage.FilesIn(dir, "", ""); err != nil || len(names) > 0 {
		t.Errorf("in no folder: %q, %v", names, err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"b.mem", "a.mem", "a.sst", ".mem"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		beginning, ending string
		want              []string
	}{{"", ".mem", []string{".mem", "a.mem", "b.mem"}}, {"a.", "", []string{"a.mem", "a.sst"}}, {"c", "", nil}} {
		var want []string
		for _, name := range test.want {
			want = append(want, filepath.Join(dir, name))
		}
		if got, err := storage.FilesIn(dir, test.beginning, test.ending); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q…%q: %q, %v, want %q", test.beginning, test.ending, got, err, want)
		}
	}
	if _, err := storage.FilesIn(filepath.Join(dir, "a.mem"), "", ""); err == nil {
		t.Error("a file is taken for a folder")
	}
}

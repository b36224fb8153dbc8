package badgerstore_test

import (
	"os"
	"path/filepath"
	"testing"

	"tend/storage"
	"tend/storage/badgerstore"
	"tend/storage/storagetest"
)

var testKey = []byte("0123456789abcdef0123456789abcdef")

func open(t testing.TB, dir string) *badgerstore.Store {
	t.Helper()
	s, err := badgerstore.Open(dir, testKey, badgerstore.Options{Logf: func(format string, args ...any) { t.Logf(format, args...) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// copyDir copies a store that is open: what a killed process leaves behind, for
// what it wrote is with the kernel.
func copyDir(t testing.TB, from string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(to, "LOCK")); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return to
}

func TestSuite(t *testing.T) {
	storagetest.Run(t, storagetest.Maker{
		Open: func(t testing.TB) storage.Store { return open(t, t.TempDir()) },
		Reopen: func(t testing.TB, s storage.Store) storage.Store {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, s.(*badgerstore.Store).Dir())
		},
		Crash: func(t testing.TB, s storage.Store) storage.Store {
			to := copyDir(t, s.(*badgerstore.Store).Dir())
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, to)
		},
	})
}

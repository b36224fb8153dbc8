package badgerstore_test

import (
	"bytes"
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
// what it wrote is with the kernel. A copy during which Badger's list of tables
// changed is no moment's picture, and is made again.
func copyDir(t testing.TB, from string) string {
	t.Helper()
	list := func() []byte {
		data, err := os.ReadFile(filepath.Join(from, "MANIFEST"))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	for range 100 {
		before, to := list(), t.TempDir()
		err := os.CopyFS(to, os.DirFS(from))
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		if err != nil || !bytes.Equal(list(), before) {
			continue
		}
		if err := os.Remove(filepath.Join(to, "LOCK")); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		return to
	}
	t.Fatal("the store's tables never stood still")
	return ""
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

package storage_test

import (
	"testing"

	"tend/storage"
	"tend/storage/storagetest"
)

func TestMem(t *testing.T) {
	storagetest.Run(t, storagetest.Maker{
		Open: func(testing.TB) storage.Store { return storage.NewMem() },
		Reopen: func(t testing.TB, s storage.Store) storage.Store {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			return s.(*storage.Mem).Snapshot()
		},
		Crash: func(t testing.TB, s storage.Store) storage.Store {
			s.(*storage.Mem).Crash()
			return s
		},
	})
}

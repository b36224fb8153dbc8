package badgerstore_test

import (
	"errors"
	"fmt"
	"testing"

	"tend/storage"
	"tend/storage/badgerstore"
	"tend/storage/storagetest"
)

// TestFullDisk lets the disk fill up while a store is open: nothing is written and
// all can be read, until there is room again.
func TestFullDisk(t *testing.T) {
	left := uint64(1 << 30)
	options := badgerstore.Options{Room: func(_ string, reserve uint64) error {
		if left < reserve {
			return fmt.Errorf("%w: a test", storage.ErrFull)
		}
		return nil
	}}
	dir := t.TempDir()
	s, err := badgerstore.Open(dir, testKey, options)
	check(t, err)
	defer func() { s.Close() }()
	log, genesis := storagetest.NewLog(1)
	c := circle(t, s, log.Circle)
	check(t, c.Append(log.Batch(genesis)))
	batch := log.Batch(log.Content(1, 100))

	left = storage.WriteReserve - 1
	if err := c.Append(batch); !errors.Is(err, storage.ErrFull) {
		t.Errorf("Append on a full disk = %v, want %v", err, storage.ErrFull)
	}
	if err := c.Put(storage.Row{Key: []byte("wx"), Value: []byte("y")}); !errors.Is(err, storage.ErrFull) {
		t.Errorf("Put on a full disk = %v, want %v", err, storage.ErrFull)
	}
	if err := c.RebuildIndex(); !errors.Is(err, storage.ErrFull) {
		t.Errorf("RebuildIndex on a full disk = %v, want %v", err, storage.ErrFull)
	}
	if found := verify(t, c); c.Count() != 1 || len(found) > 0 {
		t.Errorf("%d ops with findings %q, want the one of before", c.Count(), found)
	}
	check(t, s.Close())

	left = storage.OpenReserve - 1
	if _, err := badgerstore.Open(dir, testKey, options); !errors.Is(err, storage.ErrFull) {
		t.Errorf("Open on a full disk = %v, want %v", err, storage.ErrFull)
	}
	left = 1 << 30
	s, err = badgerstore.Open(dir, testKey, options)
	check(t, err)
	c = circle(t, s, log.Circle)
	check(t, c.Append(batch))
	if c.Count() != 2 {
		t.Errorf("%d ops once there is room, want 2", c.Count())
	}
}

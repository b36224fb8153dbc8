package badgerstore_test

import (
	"errors"
	"fmt"
	"testing"

	"tend/crdt"
	"tend/storage"
	"tend/storage/badgerstore"
	"tend/storage/storagetest"
)

// TestMend mends a circle that cannot even be opened.
func TestMend(t *testing.T) {
	s, _, log := fill(t, 3)
	d := storagetest.Device(1)
	check(t, s.TestingRaw(func(_ func(uint32, string) []byte, set func(uint32, string, []byte)) {
		set(badgerstore.TestingNumber(0), "a"+string(d[:]), nil)
	}))
	check(t, s.Close())
	s = open(t, s.Dir())
	if _, err := s.Circle(log.Circle); !errors.Is(err, storage.ErrDamaged) {
		t.Fatalf("Circle = %v, want %v", err, storage.ErrDamaged)
	}
	if err := s.Mend(crdt.ID{1}); !errors.Is(err, storage.ErrUnknown) {
		t.Errorf("Mend of no circle = %v, want %v", err, storage.ErrUnknown)
	}
	check(t, s.Mend(log.Circle))
	c := circle(t, s, log.Circle)
	if findings := verify(t, c); len(findings) > 0 {
		t.Errorf("after Mend: %q", findings)
	}
	state, err := c.Log()
	check(t, err)
	if fmt.Sprint(state) != fmt.Sprint(*log.State()) {
		t.Errorf("state after Mend:\n%v\nwant\n%v", state, *log.State())
	}
	check(t, s.Mend(log.Circle)) // of an open one
	check(t, c.Append(log.Batch(log.Content(0, 10))))
}

package badgerstore_test

import (
	"bytes"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tend/storage"
	"tend/storage/badgerstore"
	"tend/storage/storagetest"
)

// compactors counts the goroutines of this process that look for something to compact.
func compactors(t *testing.T) int {
	t.Helper()
	var stacks bytes.Buffer
	check(t, pprof.Lookup("goroutine").WriteTo(&stacks, 2))
	return strings.Count(stacks.String(), "levelsController).runCompactor(")
}

// resting waits until a store rests: what is there to compact is compacted first.
func resting(t *testing.T, s *badgerstore.Store) {
	t.Helper()
	for range 6000 {
		if s.TestingTire() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("the store never rests; tables by level: %v", s.TestingTables())
}

// TestRest: nothing looks for work while nothing is written, all else goes on as ever,
// and what is written is compacted.
func TestRest(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	if s.TestingTire(); compactors(t) > 0 {
		t.Error("a new store does not rest")
	}
	log, genesis := storagetest.NewLog(1)
	c := circle(t, s, log.Circle)
	check(t, c.Append(log.Batch(genesis)))
	if compactors(t) == 0 {
		t.Error("a store that is written to is not compacted")
	}
	big := make([]byte, 60<<10)
	write := func(by int) {
		t.Helper()
		for i := range 500 {
			check(t, c.Append(log.Batch(log.Content(by, 100))))
			check(t, c.Put(storage.Row{Key: []byte{'p', byte(i), byte(i >> 8)}, Value: big}))
		}
	}
	for by := range 3 { // each time some 30 MB in four memtables
		write(by)
		resting(t, s)
		if n := compactors(t); n > 0 {
			t.Errorf("%d compactors while the store rests", n)
		}
		if n := s.TestingTables()[0]; n > 2 {
			t.Errorf("it rests with %d tables on the level that is to be compacted", n)
		}
		if !s.TestingTire() {
			t.Error("a store that rests gets up by itself")
		}
		if found := verify(t, c); len(found) > 0 {
			t.Errorf("findings while it rests: %q", found)
		}
	}

	var backup bytes.Buffer
	check(t, s.Backup(&backup))
	backed := c.Count()
	check(t, s.Sync())
	if compactors(t) > 0 {
		t.Error("reading and syncing ends the rest")
	}
	for _, one := range []struct {
		what string
		do   func() error
	}{{"RebuildIndex", c.RebuildIndex}, {"CollectGarbage", s.CollectGarbage}, {"Forget", s.Forget}} {
		resting(t, s)
		check(t, one.do())
		if found := verify(t, c); len(found) > 0 {
			t.Errorf("findings after %s of a store at rest: %q", one.what, found)
		}
	}
	check(t, c.Append(log.Batch(log.Content(3, 100)))) // will be in a table of its own
	want := c.Count()
	resting(t, s)
	check(t, s.Close())

	// So does one that was opened and not written to since, whose memtable is empty.
	s = open(t, dir)
	if s.TestingTables()[0] == 0 {
		t.Fatal("no table is left where Badger would begin to move them")
	}
	resting(t, s)
	if n := compactors(t); n > 0 {
		t.Errorf("%d compactors while an opened store rests", n)
	}
	if got := circle(t, s, log.Circle).Count(); got != want {
		t.Errorf("%d ops after opening, want %d", got, want)
	}
	check(t, s.Drop(log.Circle))
	resting(t, s)
	check(t, s.Close())

	other := open(t, t.TempDir())
	resting(t, other)
	check(t, other.Restore(&backup))
	if got := circle(t, other, log.Circle).Count(); got != backed {
		t.Errorf("%d ops after Restore into a store at rest, want %d", got, backed)
	}
}

// TestRestUnderWrites lets a store lie down again and again while it is written to and
// read, and closes it in the midst of that.
func TestRestUnderWrites(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	log, genesis := storagetest.NewLog(1)
	c := circle(t, s, log.Circle)
	check(t, c.Append(log.Batch(genesis)))
	var all sync.WaitGroup
	over := make(chan struct{})
	var rests atomic.Int64
	all.Go(func() {
		for {
			select {
			case <-over:
				return
			default:
				if s.TestingTire() {
					rests.Add(1)
				}
			}
		}
	})
	all.Go(func() {
		for {
			select {
			case <-over:
				return
			default:
				if _, ok, err := c.Fact(log.Circle); err != nil || !ok {
					t.Errorf("Fact = %v, %v", ok, err)
					return
				}
			}
		}
	})
	ops := uint64(0)
	for ; ops < 500 || rests.Load() == 0 && ops < 50_000; ops++ { // more where the other two are kept waiting
		check(t, c.Append(log.Batch(log.Content(0, 100))))
	}
	close(over)
	all.Wait()
	if rests.Load() == 0 {
		t.Error("the store never rested")
	}
	go s.TestingTire()
	check(t, s.Close())
	if s.TestingTire() {
		t.Error("a store that is closed lies down")
	}
	if got := circle(t, open(t, dir), log.Circle).Count(); got != ops+1 {
		t.Errorf("%d ops after opening, want %d", got, ops+1)
	}
}

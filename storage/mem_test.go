package storage_test

import (
	"fmt"
	"testing"

	"tend/storage"
	"tend/storage/storagetest"
)

func TestMem(t *testing.T) {
	storagetest.Run(t, storagetest.Maker{
		Open: func(testing.TB) storage.Store { return storage.NewMem() },
		Reopen: func(t testing.TB, s storage.Store) storage.Store {
			check(t, s.Close())
			return s.(*storage.Mem).Snapshot()
		},
		Crash: func(t testing.TB, s storage.Store) storage.Store {
			s.(*storage.Mem).Crash()
			return s
		},
	})
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestMemCrash takes back unsynced writes one by one.
func TestMemCrash(t *testing.T) {
	for keep := range 5 {
		m := storage.NewMem()
		log, genesis := storagetest.NewLog(1)
		c, err := m.Circle(log.Circle)
		check(t, err)
		b := log.Batch(genesis)
		b.Sync = true
		check(t, c.Append(b))
		var heads []string
		for i := range 4 {
			state := log.State()
			heads = append(heads, fmt.Sprint(state.Heads))
			check(t, c.Append(log.Batch(log.Content(i, 10))))
		}
		heads = append(heads, fmt.Sprint(log.State().Heads))
		if m.Unsynced() != 4 {
			t.Fatalf("Unsynced() = %d, want 4", m.Unsynced())
		}
		before := m.Snapshot()
		m.CrashKeeping(keep)
		state, err := c.Log()
		check(t, err)
		if c.Count() != uint64(1+keep) || fmt.Sprint(state.Heads) != heads[keep] {
			t.Errorf("after a crash that kept %d writes there are %d ops, heads %v", keep, c.Count(), state.Heads)
		}
		if m.Unsynced() != 0 {
			t.Errorf("Unsynced() = %d after a crash", m.Unsynced())
		}
		m.Crash()
		if c.Count() != uint64(1+keep) {
			t.Errorf("a second crash took %d ops more", uint64(1+keep)-c.Count())
		}
		old, err := before.Circle(log.Circle)
		check(t, err)
		if old.Count() != 5 {
			t.Errorf("a snapshot from before has %d ops, want 5", old.Count())
		}
	}
}

// TestMemGoesOnAfterCrash writes another history after a crash: nothing of the
// one that was lost may shine through.
func TestMemGoesOnAfterCrash(t *testing.T) {
	m := storage.NewMem()
	log, genesis := storagetest.NewLog(1)
	lost, _ := storagetest.NewLog(1)
	c, err := m.Circle(log.Circle)
	check(t, err)
	b := log.Batch(genesis)
	b.Sync = true
	check(t, c.Append(b))
	lost.Batch()
	for i := range 3 {
		check(t, c.Append(lost.Batch(lost.Control(i, 20), lost.Content(i, 20))))
	}
	m.Crash()
	for i := range 5 {
		check(t, c.Append(log.Batch(log.Control(i+1, 10), log.Content(1, 10))))
	}
	findings, err := c.Verify(t.Context())
	check(t, err)
	state, err := c.Log()
	check(t, err)
	if len(findings) > 0 || fmt.Sprint(state) != fmt.Sprint(*log.State()) {
		t.Errorf("after a crash and another history: %q\n%v\nwant\n%v", findings, state, *log.State())
	}
}

// TestMemForgetsOldRestorePoints checks that many unsynced writes do not pile up.
func TestMemForgetsOldRestorePoints(t *testing.T) {
	m := storage.NewMem()
	for i := range 1000 {
		check(t, m.Node().Put(storage.Row{Key: fmt.Appendf(nil, "x%d", i), Value: []byte("v")}))
	}
	if n := m.Unsynced(); n > 256 {
		t.Errorf("Unsynced() = %d, want at most 256", n)
	}
	m.Crash()
	for range m.Node().Scan([]byte("x")) {
		t.Fatal("an unsynced write survived")
	}
}

func BenchmarkMemAppend(b *testing.B) {
	m := storage.NewMem()
	log, genesis := storagetest.NewLog(1)
	c, err := m.Circle(log.Circle)
	check(b, err)
	check(b, c.Append(log.Batch(genesis)))
	var batches []storage.Batch
	for range b.N {
		batches = append(batches, log.Batch(log.Content(len(batches)/1500, 200)))
	}
	b.ResetTimer()
	for _, batch := range batches {
		check(b, c.Append(batch))
	}
}

package badgerstore_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"tend/crdt"
	"tend/storage"
	"tend/storage/badgerstore"
	"tend/storage/storagetest"
)

// older is a closed store of version 0, the id of its circle, and how many ops it holds.
func older(t *testing.T) (dir string, id crdt.ID, ops uint64) {
	t.Helper()
	dir, log, ops := olderOf(t, 0)
	return dir, log.Circle, ops
}

// olderOf is the same of any version.
func olderOf(t *testing.T, version byte) (dir string, log *storagetest.Log, ops uint64) {
	t.Helper()
	s, c, log := fill(t, 500)
	check(t, c.Append(log.Batch(log.Fork(1), log.Content(0, 20))))
	check(t, c.Put(storage.Row{Key: []byte("r"), Value: []byte("x")}))
	check(t, s.Node().Put(storage.Row{Key: []byte("B"), Value: []byte("y")}))
	ops = c.Count()
	check(t, s.Close())
	dir = filepath.Join(t.TempDir(), "home[1]", "store")
	check(t, os.CopyFS(dir, os.DirFS(s.Dir())))
	check(t, badgerstore.TestingMakeOld(dir, testKey, version))
	return dir, log, ops
}

// whole wants a store to hold all of an older one.
func whole(t *testing.T, dir string, id crdt.ID, ops uint64) {
	t.Helper()
	s := open(t, dir)
	ids, err := s.Circles()
	check(t, err)
	if len(ids) != 1 || ids[0] != id {
		t.Fatalf("circles %v, want %s", ids, id.Short())
	}
	c := circle(t, s, id)
	if found := verify(t, c); len(found) > 0 || c.Count() != ops {
		t.Fatalf("%d ops, want %d: %q", c.Count(), ops, found)
	}
	if v, _, _ := c.Get([]byte("r")); string(v) != "x" {
		t.Errorf("a row of the circle is %q", v)
	}
	if v, _, _ := s.Node().Get([]byte("B")); string(v) != "y" {
		t.Errorf("a row of the node is %q", v)
	}
	check(t, s.Close())
}

// TestMigratesTheIndex: what version 1 said of heads, tips and forks is said still, and
// the log goes on.
func TestMigratesTheIndex(t *testing.T) {
	dir, log, ops := olderOf(t, 1)
	whole(t, dir, log.Circle, ops)
	if kept := oldCopies(t, dir); len(kept) != 1 || filepath.Base(kept[0]) != "store.old-1" {
		t.Fatalf("kept %v, want store.old-1", kept)
	}
	c := circle(t, open(t, dir), log.Circle)
	state, err := c.Log()
	check(t, err)
	if fmt.Sprint(state) != fmt.Sprint(*log.State()) {
		t.Errorf("state\n%v\nwant\n%v", state, *log.State())
	}
	for s, err := range c.Arrivals(1) {
		check(t, err)
		op, fact, ok, err := c.Op(s.Op.ID)
		if err != nil || !ok || fact != s.Fact || op.ID != s.Op.ID {
			t.Fatalf("Op(%d) = %v, %v, %v", s.Fact.Arr, fact, ok, err)
		}
		if ids, err := c.At(s.Op.Dev, s.Op.Seq); err != nil || !slices.Contains(ids, s.Op.ID) {
			t.Fatalf("At(%d) = %v, %v", s.Fact.Arr, ids, err)
		}
	}
	check(t, c.Append(log.Batch(log.Content(2, 10))))
	if found := verify(t, c); len(found) > 0 {
		t.Errorf("after one more: %q", found)
	}
}

func TestMigrates(t *testing.T) {
	dir, id, ops := older(t)
	whole(t, dir, id, ops)
	kept := oldCopies(t, dir)
	if len(kept) != 1 || filepath.Base(kept[0]) != "store.old-0" {
		t.Fatalf("kept %v, want store.old-0", kept)
	}
	whole(t, dir, id, ops) // once is enough
	// What was kept is the old one as it was: it migrates just so.
	again := filepath.Join(t.TempDir(), "store")
	check(t, os.CopyFS(again, os.DirFS(kept[0])))
	whole(t, again, id, ops)

	// What is let go is let go there as well.
	s := open(t, dir)
	check(t, s.Forget())
	if kept := oldCopies(t, dir); len(kept) > 0 {
		t.Errorf("after Forget there is %v", kept)
	}
}

// TestMigrationCutShort ends a migration at each of its steps: afterwards it is
// done once more, or was done.
func TestMigrationCutShort(t *testing.T) {
	dead := errors.New("dead")
	for _, at := range []string{"copying", "copied"} {
		t.Run(at, func(t *testing.T) {
			dir, id, ops := older(t)
			back := badgerstore.TestingAtStep(func(step string) error {
				if step == at {
					return dead
				}
				return nil
			})
			for range 2 {
				if _, err := badgerstore.Open(dir, testKey, badgerstore.Options{}); !errors.Is(err, dead) {
					t.Fatalf("Open = %v, want it dead", err)
				}
			}
			back()
			whole(t, dir, id, ops)
			if left, _ := filepath.Glob(dir + ".new"); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// TestMigrationBetweenRenames: the old store is put aside and the new one is not in
// its place yet.
func TestMigrationBetweenRenames(t *testing.T) {
	dead := errors.New("dead")
	dir, id, ops := older(t)
	back := badgerstore.TestingAtStep(func(step string) error {
		if step == "renamed" {
			return dead
		}
		return nil
	})
	if _, err := badgerstore.Open(dir, testKey, badgerstore.Options{}); !errors.Is(err, dead) {
		t.Fatalf("Open = %v, want it dead", err)
	}
	back()
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Fatalf("the store is in its place: %v", err)
	}
	whole(t, dir, id, ops)
}

func TestMigrationOnAFullDisk(t *testing.T) {
	dir, id, ops := older(t)
	full := func(at string, reserve uint64) error {
		if reserve > storage.OpenReserve && at == filepath.Dir(dir) {
			return storage.ErrFull
		}
		return nil
	}
	if _, err := badgerstore.Open(dir, testKey, badgerstore.Options{Room: full}); !errors.Is(err, storage.ErrFull) {
		t.Fatalf("Open = %v, want %v", err, storage.ErrFull)
	}
	if kept := oldCopies(t, dir); len(kept) > 0 {
		t.Errorf("something was put aside: %v", kept)
	}
	whole(t, dir, id, ops)
}

func oldCopies(t testing.TB, dir string) []string {
	t.Helper()
	names, err := badgerstore.OldCopies(dir)
	check(t, err)
	return names
}

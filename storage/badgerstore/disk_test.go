package badgerstore_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tend/crdt"
	"tend/storage"
	"tend/storage/badgerstore"
	"tend/storage/storagetest"
)

// fill returns an open store with one circle of n batches of three ops, in a folder whose
// name would be a pattern to some.
func fill(t testing.TB, n int) (*badgerstore.Store, storage.Circle, *storagetest.Log) {
	t.Helper()
	s := open(t, filepath.Join(t.TempDir(), "store[1]*"))
	log, genesis := storagetest.NewLog(1)
	c := circle(t, s, log.Circle)
	check(t, c.Append(log.Batch(genesis)))
	for i := range n {
		check(t, c.Append(log.Batch(log.Content(i%3, 100), log.Control(i%4, 10), log.Content(1, 30))))
	}
	return s, c, log
}

func circle(t testing.TB, s storage.Store, id crdt.ID) storage.Circle {
	t.Helper()
	c, err := s.Circle(id)
	check(t, err)
	return c
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func verify(t testing.TB, c storage.Circle) []string {
	t.Helper()
	findings, err := c.Verify(context.Background())
	check(t, err)
	return findings
}

func TestOpenRefuses(t *testing.T) {
	s, _, _ := fill(t, 1)
	dir := s.Dir()
	if _, err := badgerstore.Open(dir, testKey, badgerstore.Options{}); !errors.Is(err, badgerstore.ErrInUse) {
		t.Errorf("Open of an open store = %v, want %v", err, badgerstore.ErrInUse)
	}
	check(t, s.Close())
	for _, key := range [][]byte{[]byte("another key of 32 bytes, another"), nil} {
		if _, err := badgerstore.Open(dir, key, badgerstore.Options{}); !errors.Is(err, badgerstore.ErrWrongKey) {
			t.Errorf("Open with the key %q = %v, want %v", key, err, badgerstore.ErrWrongKey)
		}
	}
	if _, err := badgerstore.Open(dir, []byte("short"), badgerstore.Options{}); err == nil {
		t.Error("Open took a key of 5 bytes")
	}
	s = open(t, dir)
	check(t, s.TestingRaw(func(_ func(uint32, string) []byte, set func(uint32, string, []byte)) {
		set(0, "vversion", []byte{badgerstore.Version + 1})
	}))
	check(t, s.Close())
	for range 2 { // refusing must not change anything, nor keep the folder locked
		if _, err := badgerstore.Open(dir, testKey, badgerstore.Options{}); !errors.Is(err, badgerstore.ErrNewerVersion) {
			t.Errorf("Open of a newer store = %v, want %v", err, badgerstore.ErrNewerVersion)
		}
	}
}

// TestNumbersAndLanesMissing: without the numbers of its devices, or without their lanes,
// a circle is not opened, for its devices would begin anew. It can be mended.
func TestNumbersAndLanesMissing(t *testing.T) {
	for _, letter := range []string{"a", "l"} {
		s, _, log := fill(t, 3)
		check(t, s.TestingDrop(badgerstore.TestingNumber(0), letter))
		check(t, s.Close())
		s = open(t, s.Dir())
		if _, err := s.Circle(log.Circle); !errors.Is(err, storage.ErrDamaged) {
			t.Errorf("without %s: %v, want %v", letter, err, storage.ErrDamaged)
		}
		check(t, s.Mend(log.Circle))
		if found := verify(t, circle(t, s, log.Circle)); len(found) > 0 {
			t.Errorf("mended: %q", found)
		}
	}
}

// TestDamage changes rows behind the store's back. Each change is found by
// Verify; a rebuild cures those that are not in the arrival log itself.
func TestDamage(t *testing.T) {
	type get = func(uint32, string) []byte
	type set = func(uint32, string, []byte)
	number := badgerstore.TestingNumber(0)
	arr := func(letter string, n uint64) string {
		return letter + string(binary.BigEndian.AppendUint64(nil, n))
	}
	u32 := func(n uint32) string { return string(binary.BigEndian.AppendUint32(nil, n)) }
	flip := func(b []byte, at int) []byte { b = bytes.Clone(b); b[at] ^= 1; return b }
	var id crdt.ID // of op number 5
	for _, test := range []struct {
		name  string
		cured bool
		do    func(get get, set set)
	}{
		{"index row missing", true, func(_ get, set set) { set(number, "i"+string(id[:20]), nil) }},
		{"index row of another op", true, func(get get, set set) { set(number, "i"+string(id[:20]), flip(get(number, "i"+string(id[:20])), 0)) }},
		{"index row unreadable", true, func(_ get, set set) { set(number, "i"+string(id[:20]), []byte{0x80}) }},
		{"index row too many", true, func(get get, set set) { set(number, "i"+strings.Repeat("x", 20), get(number, "i"+string(id[:20]))) }},
		{"lane row missing", true, func(_ get, set set) { set(number, "l"+u32(2)+"\x00\x00\x00\x00\x01\x04", nil) }},
		{"lane row too many", true, func(_ get, set set) { set(number, "l"+u32(2)+"\x00\x00\x00\x00\x01\x03", []byte{}) }},
		{"lane row unreadable", true, func(_ get, set set) { set(number, "l"+u32(2)+"\x00\x00\x00\x00\x09\x80", []byte{}) }},
		{"control row missing", true, func(_ get, set set) { set(number, arr("g", 1), nil) }},
		{"control row too many", true, func(_ get, set set) { set(number, arr("g", 2), []byte{}) }},
		{"tip of another op", true, func(get get, set set) { set(number, "t"+u32(2)+u32(0), flip(get(number, "t"+u32(2)+u32(0)), 3)) }},
		{"tip unreadable", true, func(_ get, set set) { set(number, "t"+u32(2)+u32(0), []byte("x")) }},
		{"tip too many", true, func(get get, set set) { set(number, "t"+u32(1)+u32(0), get(number, "t"+u32(2)+u32(0))) }},
		{"tip missing", true, func(_ get, set set) { set(number, "t"+u32(2)+u32(1), nil) }},
		{"device number missing", true, func(_ get, set set) { d := storagetest.Device(1); set(number, "a"+string(d[:]), nil) }},
		{"head that is not there", true, func(_ get, set set) { set(number, "e\x01"+u32(0), bytes.Repeat([]byte("x"), 32)) }},
		{"fact in the log", true, func(get get, set set) {
			o := get(number, arr("o", 5))
			o[6]++ // ops of that day
			set(number, arr("o", 5), o)
		}},
		{"header", false, func(get get, set set) { set(number, arr("o", 5), flip(get(number, arr("o", 5)), 60)) }},
		{"body", false, func(get get, set set) { o := get(number, arr("o", 5)); set(number, arr("o", 5), flip(o, len(o)-1)) }},
		{"body cut short", false, func(get get, set set) { o := get(number, arr("o", 5)); set(number, arr("o", 5), o[:len(o)-1]) }},
		{"op missing", false, func(_ get, set set) { set(number, arr("o", 5), nil) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, c, log := fill(t, 3)
			check(t, c.Append(log.Batch(log.Fork(1))))
			if findings := verify(t, c); len(findings) > 0 {
				t.Fatalf("before: %q", findings)
			}
			for op, err := range c.Arrivals(5) {
				check(t, err)
				id = op.Op.ID
				break
			}
			check(t, s.TestingRaw(func(get get, set set) { test.do(get, set) }))
			findings := verify(t, c)
			if len(findings) == 0 {
				t.Fatal("Verify found nothing")
			}
			for _, f := range findings {
				if !strings.HasSuffix(f, ".") {
					t.Errorf("no sentence: %q", f)
				}
			}
			err := c.RebuildIndex()
			if !test.cured {
				if body := test.name == "body"; !body && !errors.Is(err, storage.ErrDamaged) {
					t.Errorf("RebuildIndex = %v, want %v", err, storage.ErrDamaged)
				}
				return
			}
			check(t, err)
			if findings := verify(t, c); len(findings) > 0 {
				t.Errorf("after a rebuild: %q", findings)
			}
			check(t, s.Close())
			c = circle(t, open(t, s.Dir()), log.Circle)
			state, err := c.Log()
			check(t, err)
			if fmt.Sprint(state) != fmt.Sprint(*log.State()) {
				t.Errorf("state after a rebuild:\n%v\nwant\n%v", state, *log.State())
			}
			check(t, c.Append(log.Batch(log.Content(0, 10))))
		})
	}
}

// TestReadsShowDamage reads an op whose stored bytes were changed.
func TestReadsShowDamage(t *testing.T) {
	s, c, _ := fill(t, 2)
	var ids []crdt.ID
	for op, err := range c.Arrivals(0) {
		check(t, err)
		ids = append(ids, op.Op.ID)
	}
	number := badgerstore.TestingNumber(0)
	check(t, s.TestingRaw(func(get func(uint32, string) []byte, set func(uint32, string, []byte)) {
		key := "o" + string(binary.BigEndian.AppendUint64(nil, 3))
		o := get(number, key)
		set(number, "o"+string(binary.BigEndian.AppendUint64(nil, 4)), o) // op 3 twice
		o = bytes.Clone(o)
		o[70] ^= 1
		set(number, key, o)
	}))
	for _, n := range []int{3, 4} {
		if _, _, _, err := c.Op(ids[n-1]); !errors.Is(err, storage.ErrDamaged) {
			t.Errorf("Op number %d = %v, want %v", n, err, storage.ErrDamaged)
		}
	}
	seen := 0
	for _, err := range c.Arrivals(0) {
		if seen++; err != nil && !errors.Is(err, storage.ErrDamaged) {
			t.Errorf("Arrivals = %v, want %v", err, storage.ErrDamaged)
		}
	}
	if seen != 3 {
		t.Errorf("Arrivals went on to %d after damage at 3", seen)
	}
}

// TestRebuildInterrupted lets a rebuild fail at every write there is, and goes
// on after opening again.
func TestRebuildInterrupted(t *testing.T) {
	for n := 0; ; n++ {
		s, c, log := fill(t, 200)
		crash := errors.New("crash")
		writes := 0
		s.TestingOnCommit(func() error {
			if writes++; writes > n {
				return crash
			}
			return nil
		})
		err := c.RebuildIndex()
		if err != nil && !errors.Is(err, crash) {
			t.Fatal(err)
		}
		s.TestingOnCommit(nil)
		check(t, s.Close())
		c = circle(t, open(t, s.Dir()), log.Circle)
		if findings := verify(t, c); len(findings) > 0 {
			t.Fatalf("interrupted at write %d: %q", n, findings)
		}
		if err == nil {
			if n < 3 {
				t.Errorf("a rebuild of 601 ops took %d writes", n)
			}
			return
		}
	}
}

// TestRebuildHalfDeleted opens a circle whose rebuild was killed while Badger deleted the
// old rows, which it does table by table: some are gone and others are not.
func TestRebuildHalfDeleted(t *testing.T) {
	for _, letter := range "ailtkg" {
		s, c, log := fill(t, 3)
		check(t, c.Append(log.Batch(log.Fork(1), log.Content(0, 20))))
		number := badgerstore.TestingNumber(0)
		check(t, s.TestingRaw(func(_ func(uint32, string) []byte, set func(uint32, string, []byte)) {
			set(number, "vrebuild", []byte{})
		}))
		check(t, s.TestingDrop(number, string(letter)))
		check(t, s.Close())
		c = circle(t, open(t, s.Dir()), log.Circle)
		if found := verify(t, c); len(found) > 0 {
			t.Errorf("without %c: %q", letter, found)
		}
		state, err := c.Log()
		check(t, err)
		if fmt.Sprint(state) != fmt.Sprint(*log.State()) {
			t.Errorf("without %c: state\n%v\nwant\n%v", letter, state, *log.State())
		}
	}
}

// TestEmptyLogs opens what a kill leaves in the moment in which Badger makes or deletes a
// write-ahead file or a value log: the file is there, and empty.
func TestEmptyLogs(t *testing.T) {
	for _, name := range []string{"%05d.mem", "%06d.vlog"} {
		for _, number := range []int{1, 1000} { // before and behind those there are
			s, _, log := fill(t, 3)
			check(t, s.Close())
			name := fmt.Sprintf(name, number)
			check(t, os.WriteFile(filepath.Join(s.Dir(), name), nil, 0o600))
			c := circle(t, open(t, s.Dir()), log.Circle)
			if found := verify(t, c); len(found) > 0 {
				t.Errorf("with an empty %s: %q", name, found)
			}
			check(t, c.Append(log.Batch(log.Content(0, 10))))
		}
	}
}

// TestTablesNobodyNames opens what a kill leaves while Badger deletes tables at closing:
// no write-ahead file, and tables that the list of them names no more.
func TestTablesNobodyNames(t *testing.T) {
	s, _, log := fill(t, 3)
	check(t, s.Close())
	check(t, os.Remove(filepath.Join(s.Dir(), "SEAL")))
	tables, err := fs.Glob(os.DirFS(s.Dir()), "*.sst")
	if err != nil || len(tables) == 0 {
		t.Fatalf("tables %v, %v", tables, err)
	}
	data, err := os.ReadFile(filepath.Join(s.Dir(), tables[0]))
	check(t, err)
	check(t, os.WriteFile(filepath.Join(s.Dir(), "000900.sst"), data, 0o600))
	check(t, os.WriteFile(filepath.Join(s.Dir(), "000901.sst"), nil, 0o600))
	c := circle(t, open(t, s.Dir()), log.Circle)
	if found := verify(t, c); len(found) > 0 {
		t.Errorf("%q", found)
	}
}

// TestBodyOfAnotherStays: where the index leads to another op, that one keeps its body.
func TestBodyOfAnotherStays(t *testing.T) {
	s, c, _ := fill(t, 2)
	var ids []crdt.ID
	for op, err := range c.Arrivals(1) {
		check(t, err)
		ids = append(ids, op.Op.ID)
	}
	index := func(n int) string { return "i" + string(ids[n-1][:20]) }
	check(t, s.TestingRaw(func(get func(uint32, string) []byte, set func(uint32, string, []byte)) {
		set(badgerstore.TestingNumber(0), index(4), get(badgerstore.TestingNumber(0), index(2)))
	}))
	if err := c.Append(storage.Batch{Bodies: []storage.BodyChange{{ID: ids[3]}}}); !errors.Is(err, storage.ErrDamaged) {
		t.Errorf("Append = %v, want %v", err, storage.ErrDamaged)
	}
	if op, _, ok, err := c.Op(ids[1]); err != nil || !ok || op.Gone || len(op.Body) == 0 {
		t.Errorf("the other op has lost its body: %v, %v", ok, err)
	}
}

// TestDropInterrupted lets the program die between forgetting a circle and
// erasing its rows.
func TestDropInterrupted(t *testing.T) {
	s, c, log := fill(t, 3)
	check(t, c.Put(storage.Row{Key: []byte("r"), Value: []byte("x")}))
	crash := errors.New("crash")
	writes := 0
	s.TestingOnCommit(func() error {
		if writes++; writes > 1 {
			return crash
		}
		return nil
	})
	if err := s.Drop(log.Circle); !errors.Is(err, crash) {
		t.Fatalf("Drop = %v", err)
	}
	check(t, s.Close())
	s = open(t, s.Dir())
	if ids, err := s.Circles(); err != nil || len(ids) != 0 {
		t.Errorf("Circles() = %v, %v; want none", ids, err)
	}
	c = circle(t, s, log.Circle)
	if _, ok, _ := c.Get([]byte("r")); ok || c.Count() != 0 {
		t.Error("a dropped circle's rows came back")
	}
}

// TestJournal checks the rule that makes unsynced batches go from the end only:
// before the first write to a new write-ahead file, all before it was synced. It
// checks too that this seldom costs a sync.
func TestJournal(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 40 MB")
	}
	s, c, log := fill(t, 0)
	synced := false
	s.TestingOnSync(func(sync func() error) error { synced = true; return sync() })
	newest, files, writes, syncs := s.TestingNewestLog(), 0, 0, 0
	for files < 4 {
		synced = false
		var ops []storage.Entry
		for i := range 8 {
			ops = append(ops, log.Content(writes*8+i, 15_000))
		}
		check(t, c.Append(log.Batch(ops...)))
		writes++
		if synced {
			syncs++
		}
		if now := s.TestingNewestLog(); now != newest {
			newest = now
			files++
			if !synced {
				t.Fatalf("write %d began file %s, and what was before it was not synced", writes, filepath.Base(now))
			}
		}
	}
	if syncs > writes/4 {
		t.Errorf("%d of %d unsynced writes cost a sync", syncs, writes)
	}
	b := log.Batch(log.Content(1, 10))
	b.Sync, synced = true, false
	check(t, c.Append(b))
	if !synced {
		t.Error("a batch that asked for it was not synced")
	}
}

// TestSyncsTheNewestLog: what is synced by itself is the file that was written to, also
// after memtables were full, rows were deleted, and Badger began a file by itself.
func TestSyncsTheNewestLog(t *testing.T) {
	if !badgerstore.TestingSyncsAlone {
		t.Skip("the database is synced as a whole here")
	}
	s, c, log := fill(t, 0)
	files := map[string]bool{}
	for n := range 60 {
		switch {
		case n%20 == 7:
			check(t, s.Forget())
		case n%20 == 13:
			check(t, c.RebuildIndex())
		case n%20 == 19:
			s.TestingTire()
		}
		for range n % 7 { // without a sync
			check(t, c.Append(log.Batch(log.Content(n, 40_000))))
		}
		check(t, c.Append(log.Batch(log.Content(n, 15_000))))
		check(t, s.Sync())
		synced, err := s.TestingSyncedLog().Stat()
		check(t, err)
		newest, err := os.Stat(s.TestingNewestLog())
		check(t, err)
		if !os.SameFile(synced, newest) {
			t.Fatalf("write %d: %s was synced, and %s is the newest", n, s.TestingSyncedLog().Name(), newest.Name())
		}
		files[newest.Name()] = true
	}
	if len(files) < 6 {
		t.Errorf("only %d files were written to", len(files))
	}
}

// TestSyncFails checks that a store whose disk failed takes no more writes, and
// that an open again tells what is there.
func TestSyncFails(t *testing.T) {
	s, c, log := fill(t, 1)
	before := c.Count()
	broken := errors.New("input/output error")
	s.TestingOnSync(func(func() error) error { return broken })
	b := log.Batch(log.Content(0, 10))
	b.Sync = true
	if err := c.Append(b); !errors.Is(err, badgerstore.ErrBroken) || !errors.Is(err, broken) {
		t.Fatalf("Append = %v, want %v", err, badgerstore.ErrBroken)
	}
	if c.Count() != before {
		t.Error("an op that may not be durable is shown")
	}
	if _, ok, err := c.Fact(b.Ops[0].Op.ID); ok || err != nil {
		t.Errorf("Fact of an op that may not be durable = %v, %v", ok, err)
	}
	b.Sync = false
	if err := c.Append(b); !errors.Is(err, badgerstore.ErrBroken) {
		t.Errorf("Append afterwards = %v, want %v", err, badgerstore.ErrBroken)
	}
	if err := s.Sync(); !errors.Is(err, badgerstore.ErrBroken) {
		t.Errorf("Sync afterwards = %v, want %v", err, badgerstore.ErrBroken)
	}
	check(t, s.Close())
	c = circle(t, open(t, s.Dir()), log.Circle)
	check(t, c.Append(b)) // it is there, or not; both are fine
	if findings := verify(t, c); len(findings) > 0 {
		t.Errorf("after opening again: %q", findings)
	}
}

func TestBackup(t *testing.T) {
	s, c, log := fill(t, 50)
	check(t, c.Put(storage.Row{Key: []byte("r"), Value: []byte("x")}))
	check(t, s.CollectGarbage())
	var file bytes.Buffer
	check(t, s.Backup(&file))
	if err := s.Restore(bytes.NewReader(file.Bytes())); err == nil {
		t.Error("Restore into a store with circles worked")
	}
	other := open(t, t.TempDir())
	check(t, other.Restore(&file))
	again := circle(t, other, log.Circle)
	if findings := verify(t, again); len(findings) > 0 || again.Count() != c.Count() {
		t.Errorf("after restoring %d of %d ops: %q", again.Count(), c.Count(), findings)
	}
	if v, _, _ := again.Get([]byte("r")); string(v) != "x" {
		t.Errorf("a row of the backup is %q", v)
	}
	check(t, again.Append(log.Batch(log.Content(1, 10))))
	check(t, other.Close())
	if c := circle(t, open(t, other.Dir()), log.Circle); c.Count() != 152 {
		t.Errorf("%d ops after restoring, writing and opening, want 152", c.Count())
	}
}

// TestEncrypted looks for what was written in all files of the folder.
func TestEncrypted(t *testing.T) {
	s, c, log := fill(t, 1)
	canary := []byte("canary-in-the-coal-mine")
	check(t, c.Put(storage.Row{Key: canaryKey, Value: canary}))
	check(t, s.Sync())
	look := func() {
		t.Helper()
		err := fs.WalkDir(os.DirFS(s.Dir()), ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(filepath.Join(s.Dir(), name))
			for _, secret := range [][]byte{canary, log.Circle[:], canaryKey} {
				if bytes.Contains(data, secret) {
					t.Errorf("%s shows what was written", name)
				}
			}
			return err
		})
		check(t, err)
	}
	look()
	check(t, s.Close())
	look()
}

var canaryKey = []byte("r-canary-key-of-a-row")

func TestCloseWaitsForWalks(t *testing.T) {
	s, c, _ := fill(t, 100)
	closed := make(chan error)
	n := 0
	for _, err := range c.Arrivals(0) {
		if n++; n == 10 {
			go func() { closed <- s.Close() }()
		}
		check(t, err)
	}
	check(t, <-closed)
	if n != 301 {
		t.Errorf("a walk beside Close gave %d ops, want 301", n)
	}
	if _, err := c.Log(); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("Log afterwards = %v", err)
	}
}

// TestManyHeads writes more heads than a row holds, and then fewer.
func TestManyHeads(t *testing.T) {
	s, c, log := fill(t, 1)
	for _, n := range []int{2500, 1024, 1, 3000, 0} {
		state := *log.State()
		state.Heads = nil
		for i := range n {
			state.Heads = append(state.Heads, crdt.ID(storagetest.Device(i)))
		}
		slices.SortFunc(state.Heads, crdt.ID.Compare)
		check(t, c.Append(storage.Batch{State: &state}))
		check(t, s.Close())
		s = open(t, s.Dir())
		c = circle(t, s, log.Circle)
		if got, err := c.Log(); err != nil || !slices.Equal(got.Heads, state.Heads) {
			t.Fatalf("%d heads after opening again, want %d; %v", len(got.Heads), n, err)
		}
	}
}

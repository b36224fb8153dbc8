// Package storagetest is the suite that every [storage.Store] passes, and what
// tests of stores and of their callers need: a [Log] that makes ops, and a
// [Faulty] store that fails where it is told.
package storagetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tend/crdt"
	"tend/storage"
)

// Maker makes the stores that are tested.
type Maker struct {
	// Open returns an empty store, closed when the test ends.
	Open func(t testing.TB) storage.Store
	// Reopen closes the store and opens it again.
	Reopen func(t testing.TB, s storage.Store) storage.Store
	// Crash opens the store again as a crash would leave it: synced batches are
	// there, others may be, from the first on without a gap.
	Crash func(t testing.TB, s storage.Store) storage.Store
}

// Run runs the suite.
func Run(t *testing.T, m Maker) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Maker)
	}{
		{"empty", testEmpty},
		{"what was put is there", testContent},
		{"again", testIdempotent},
		{"what does not continue the log", testOrder},
		{"bodies", testBodies},
		{"rows", testRows},
		{"walks see one moment", testWalks},
		{"circles apart", testCircles},
		{"limits", testLimits},
		{"forks", testForks},
		{"reopen", testReopen},
		{"crash", testCrash},
		{"verify and rebuild", testVerify},
		{"closed", testClosed},
		{"readers beside a writer", testReaders},
		{"faults", testFaults},
		{"model", testModel},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, m) })
	}
}

// begin returns a store with one circle that holds its genesis, synced.
func begin(t testing.TB, m Maker) (storage.Store, storage.Circle, *Log) {
	t.Helper()
	s := m.Open(t)
	log, genesis := NewLog(1)
	c := circle(t, s, log.Circle)
	b := log.Batch(genesis)
	b.Sync = true
	check(t, c.Append(b))
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

// collect reads a walk to its end.
func collect[T any](t testing.TB, walk iter.Seq2[T, error]) []T {
	t.Helper()
	var out []T
	for v, err := range walk {
		check(t, err)
		out = append(out, v)
	}
	return out
}

// shot is all that can be read of a circle.
type shot struct {
	Ops      []crdt.Stored
	Controls []crdt.ID
	State    crdt.State
	Sets     [][]crdt.ID
	Rows     map[string]string
	Count    uint64
}

// shoot reads all of a circle, and compares its ways of reading with each other.
func shoot(t testing.TB, c storage.Circle) shot {
	t.Helper()
	s := shot{Ops: collect(t, c.Arrivals(0)), Rows: map[string]string{}, Count: c.Count()}
	for _, op := range collect(t, c.Controls()) {
		s.Controls = append(s.Controls, op.Op.ID)
	}
	var err error
	s.State, err = c.Log()
	check(t, err)
	s.Sets, err = c.KnownSets()
	check(t, err)
	for _, letter := range rowLetters {
		for _, r := range collect(t, c.Scan([]byte{byte(letter)})) {
			s.Rows[string(r.Key)] = string(r.Value)
		}
	}
	for _, want := range s.Ops {
		op, fact, ok, err := c.Op(want.Op.ID)
		if err != nil || !ok || fact != want.Fact || !reflect.DeepEqual(op, want.Op) {
			t.Fatalf("Op(%s) = %v, %v, %v, %v; want what Arrivals gave", want.Op.ID.Short(), op, fact, ok, err)
		}
		if f, ok, err := c.Fact(want.Op.ID); err != nil || !ok || f != want.Fact {
			t.Fatalf("Fact(%s) = %v, %v, %v; want %v", want.Op.ID.Short(), f, ok, err, want.Fact)
		}
	}
	return s
}

const rowLetters = "chjmpruwxyz"

func same(t testing.TB, what string, got, want shot) {
	t.Helper()
	if reflect.DeepEqual(got, want) {
		return // much faster than cmp
	}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Fatalf("%s (-want +got):\n%s", what, d)
	}
}

// healthy checks that Verify finds nothing.
func healthy(t testing.TB, c storage.Circle) {
	t.Helper()
	findings, err := c.Verify(context.Background())
	check(t, err)
	for _, f := range findings {
		t.Error("Verify:", f)
	}
}

func testEmpty(t *testing.T, m Maker) {
	s := m.Open(t)
	ids, err := s.Circles()
	if err != nil || len(ids) != 0 {
		t.Fatalf("Circles() = %v, %v; want none", ids, err)
	}
	log, _ := NewLog(1)
	c := circle(t, s, log.Circle)
	if c.ID() != log.Circle {
		t.Errorf("ID() = %s, want %s", c.ID(), log.Circle)
	}
	same(t, "an empty circle", shoot(t, c), shot{Rows: map[string]string{}})
	if op, f, ok, err := c.Op(log.Circle); ok || err != nil {
		t.Errorf("Op(nothing) = %v, %v, %v, %v", op, f, ok, err)
	}
	if ids, err := c.At(Device(0), 1); err != nil || len(ids) != 0 {
		t.Errorf("At(nothing) = %v, %v", ids, err)
	}
	if again := circle(t, s, log.Circle); again != c {
		t.Error("Circle gave another circle at the second call")
	}
	healthy(t, c)
}

func testContent(t *testing.T, m Maker) {
	_, c, log := begin(t, m)
	genesis, _ := c.At(Device(0), 1)
	want := []storage.Entry{log.ops[genesis[0]]}
	var batch []storage.Entry
	for i := range 40 {
		n := i % 3
		if i%10 == 0 {
			batch = append(batch, log.Control(n, 30))
		} else {
			batch = append(batch, log.Content(n, i*20))
		}
	}
	// What a store must keep apart: a body that is missing, one that is gone, an
	// op without signature. The log's own copy must not change.
	batch[5].Op.Body = nil
	batch[6].Op.Body, batch[6].Op.Gone = nil, true
	batch[7].Op.Sig = nil
	check(t, c.Append(log.Batch(batch...)))
	want = append(want, batch...)

	got := collect(t, c.Arrivals(1))
	if len(got) != len(want) {
		t.Fatalf("Arrivals gave %d ops, want %d", len(got), len(want))
	}
	for i := range want {
		if d := cmp.Diff(crdt.Stored{Op: want[i].Op, Fact: want[i].Fact}, got[i], cmpopts.EquateEmpty()); d != "" {
			t.Errorf("op %d (-want +got):\n%s", i, d)
		}
	}
	if !got[6].Op.BodyMissing() || got[7].Op.BodyMissing() {
		t.Error("a missing body and one that is gone are not told apart")
	}
	s := shoot(t, c)
	same(t, "state", shot{State: s.State}, shot{State: *log.State()})
	if from := collect(t, c.Arrivals(30)); len(from) != 12 || from[0].Fact.Arr != 30 {
		t.Errorf("Arrivals(30) gave %d ops, want 12 from number 30", len(from))
	}
	var controls []crdt.ID
	for _, e := range want {
		if e.Op.Class == crdt.Control {
			controls = append(controls, e.Op.ID)
		}
	}
	if !slices.Equal(s.Controls, controls) {
		t.Errorf("Controls() gave %d ops, want %d", len(s.Controls), len(controls))
	}
	lane := collect(t, c.Lane(Device(1), 3, 6))
	for i, e := range lane {
		f, _, _ := log.Fact(e.ID)
		if e.Seq != uint64(3+i) || f.Seq != e.Seq || f.Dev != Device(1) || f.Arr != e.Arr {
			t.Errorf("Lane entry %d = %v, and the op's fact is %v", i, e, f)
		}
	}
	if len(lane) != 4 {
		t.Errorf("Lane(3..6) gave %d entries, want 4", len(lane))
	}
	for _, none := range []iter.Seq2[crdt.LaneEntry, error]{c.Lane(Device(1), 6, 3), c.Lane(Device(9), 0, 100), c.Lane(Device(1), crdt.MaxSeq, crdt.MaxSeq+1)} {
		if e := collect(t, none); len(e) != 0 {
			t.Errorf("an empty stretch of a lane gave %v", e)
		}
	}
	healthy(t, c)
}

func testIdempotent(t *testing.T, m Maker) {
	_, c, log := begin(t, m)
	b := log.Batch(log.Content(0, 100), log.Content(1, 0), log.Control(2, 10))
	b.Rows = []storage.Row{{Key: []byte("r1"), Value: []byte("x")}}
	check(t, c.Append(b))
	want := shoot(t, c)
	check(t, c.Append(b))
	same(t, "the same batch again", shoot(t, c), want)

	overlap := log.Batch(append(slices.Clone(b.Ops), log.Content(1, 50))...)
	overlap.Sets, overlap.FirstSet = append(slices.Clone(b.Sets), overlap.Sets...), b.FirstSet
	check(t, c.Append(overlap))
	if c.Count() != want.Count+1 {
		t.Errorf("Count() = %d after a batch with one new op, want %d", c.Count(), want.Count+1)
	}
	twice := log.Content(1, 50)
	check(t, c.Append(log.Batch(twice, twice)))
	if c.Count() != want.Count+2 {
		t.Errorf("Count() = %d after one new op given twice, want %d", c.Count(), want.Count+2)
	}
	healthy(t, c)
}

func testOrder(t *testing.T, m Maker) {
	_, c, log := begin(t, m)
	stale := log.State()
	first := log.Batch(log.Content(0, 10), log.Content(0, 20))
	check(t, c.Append(first))
	next := log.Content(1, 10)
	good := log.Batch(next)
	far := log.Content(1, 20)
	far.Fact.Arr++
	gap := next
	gap.Fact.Arr++
	behind := next
	behind.Fact.Arr = 1
	strange := next
	strange.Fact.Seq = 7
	before := shoot(t, c)
	row := []storage.Row{{Key: []byte("r"), Value: []byte("must not stay")}}
	unknown := next
	unknown.Fact.Known = 1000
	for _, test := range []struct {
		name string
		b    storage.Batch
		want error
	}{
		{"gap in the arrivals", storage.Batch{Ops: []storage.Entry{gap}, Rows: row}, storage.ErrOrder},
		{"arrival number of another op", storage.Batch{Ops: []storage.Entry{behind}, Rows: row}, storage.ErrOrder},
		{"second op of the batch does not fit", storage.Batch{Ops: []storage.Entry{next, far}, Sets: good.Sets, FirstSet: good.FirstSet, Rows: row}, storage.ErrOrder},
		{"fact of another op", storage.Batch{Ops: []storage.Entry{strange}, Rows: row}, storage.ErrBatch},
		{"known set that is not there", storage.Batch{Ops: []storage.Entry{unknown}, Rows: row}, storage.ErrOrder},
		{"state of an older log", storage.Batch{State: stale, Rows: row}, storage.ErrOrder},
		{"gap in the sets", storage.Batch{Sets: [][]crdt.ID{{log.Circle}}, FirstSet: 900, Rows: row}, storage.ErrOrder},
		{"another set under a number", storage.Batch{Sets: [][]crdt.ID{{next.Op.ID}}, Rows: row}, storage.ErrOrder},
		{"empty set", storage.Batch{Sets: [][]crdt.ID{{}}, Rows: row}, storage.ErrBatch},
		{"body of an op that is not there", storage.Batch{Bodies: []storage.BodyChange{{ID: next.Op.ID}}, Rows: row}, storage.ErrUnknown},
		{"row with a letter of the store", storage.Batch{Rows: []storage.Row{row[0], {Key: []byte("i1"), Value: row[0].Value}}}, storage.ErrBatch},
		{"row without a key", storage.Batch{Rows: []storage.Row{row[0], {Value: row[0].Value}}}, storage.ErrBatch},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := c.Append(test.b)
			if !errors.Is(err, test.want) {
				t.Errorf("Append = %v, want %v", err, test.want)
			}
			same(t, "after a refused batch", shoot(t, c), before)
		})
	}
}

func testBodies(t *testing.T, m Maker) {
	_, c, log := begin(t, m)
	missing, gone, kept, bare := log.Content(0, 200), log.Content(0, 300), log.Content(0, 400), log.Content(0, 0)
	full := missing.Op.Body
	missing.Op.Body = nil
	check(t, c.Append(log.Batch(missing, gone, kept, bare)))
	read := func(e storage.Entry) crdt.Op {
		op, _, ok, err := c.Op(e.Op.ID)
		if err != nil || !ok {
			t.Fatalf("Op = %v, %v", ok, err)
		}
		return op
	}
	if op := read(missing); !op.BodyMissing() {
		t.Error("a body that never came is not missing")
	}
	wrong := slices.Clone(full)
	wrong[0]++
	for _, body := range [][]byte{wrong, full[1:], {}} {
		if err := c.Append(storage.Batch{Bodies: []storage.BodyChange{{ID: missing.Op.ID, Body: body}}}); !errors.Is(err, crdt.ErrBody) {
			t.Errorf("filling a wrong body of %d bytes = %v, want %v", len(body), err, crdt.ErrBody)
		}
	}
	change := storage.Batch{Bodies: []storage.BodyChange{{ID: missing.Op.ID, Body: full}, {ID: gone.Op.ID}, {ID: bare.Op.ID}}}
	for range 2 {
		check(t, c.Append(change))
		if op := read(missing); !slices.Equal(op.Body, full) || op.Gone {
			t.Error("a body that was filled is not there")
		}
		if op := read(gone); op.Body != nil || !op.Gone || op.BodyMissing() || !slices.Equal(op.Payload, gone.Op.Payload) || !slices.Equal(op.Sig, gone.Op.Sig) {
			t.Errorf("an op whose body went is %+v", op)
		}
		if op := read(bare); op.Gone {
			t.Error("an op that never had a body has lost it")
		}
		if op := read(kept); !slices.Equal(op.Body, kept.Op.Body) {
			t.Error("another op's body changed")
		}
	}
	check(t, c.Append(storage.Batch{Bodies: []storage.BodyChange{{ID: gone.Op.ID, Body: gone.Op.Body}}}))
	if op := read(gone); op.Body != nil || !op.Gone {
		t.Error("a body that was gone for good came back")
	}
	together := log.Content(0, 50)
	b := log.Batch(together)
	b.Bodies = []storage.BodyChange{{ID: together.Op.ID}}
	check(t, c.Append(b))
	if op := read(together); !op.Gone {
		t.Error("a body that went in the batch of its op is there")
	}
	healthy(t, c)
}

func testRows(t *testing.T, m Maker) {
	s, c, log := begin(t, m)
	for _, table := range []struct {
		name string
		rows storage.Rows
	}{{"circle", c}, {"node", s.Node()}} {
		t.Run(table.name, func(t *testing.T) {
			rows := table.rows
			put := func(r ...storage.Row) { t.Helper(); check(t, rows.Put(r...)) }
			scan := func(prefix string) (keys []string) {
				t.Helper()
				for _, r := range collect(t, rows.Scan([]byte(prefix))) {
					keys = append(keys, string(r.Key)+"="+string(r.Value))
				}
				return keys
			}
			if _, ok, err := rows.Get([]byte("x")); ok || err != nil {
				t.Errorf("Get of nothing = %v, %v", ok, err)
			}
			put(storage.Row{Key: []byte("x2"), Value: []byte("b")}, storage.Row{Key: []byte("x1"), Value: []byte("a")},
				storage.Row{Key: []byte("x"), Value: []byte{}}, storage.Row{Key: []byte("x\xff"), Value: []byte("e")},
				storage.Row{Key: []byte("w9"), Value: []byte("other")}, storage.Row{Key: []byte("y"), Value: []byte("other")})
			if got, want := scan("x"), []string{"x=", "x1=a", "x2=b", "x\xff=e"}; !slices.Equal(got, want) {
				t.Errorf("Scan(x) = %q, want %q", got, want)
			}
			if got, want := scan("x1"), []string{"x1=a"}; !slices.Equal(got, want) {
				t.Errorf("Scan(x1) = %q, want %q", got, want)
			}
			if v, ok, err := rows.Get([]byte("x")); err != nil || !ok || v == nil || len(v) != 0 {
				t.Errorf("Get of an empty value = %v, %v, %v", v, ok, err)
			}
			put(storage.Row{Key: []byte("x1"), Value: []byte("A")}, storage.Row{Key: []byte("x2")}, storage.Row{Key: []byte("x3")})
			if got, want := scan("x"), []string{"x=", "x1=A", "x\xff=e"}; !slices.Equal(got, want) {
				t.Errorf("Scan(x) after changes = %q, want %q", got, want)
			}
			put(storage.Row{Key: []byte("z"), Value: []byte("1")}, storage.Row{Key: []byte("z"), Value: []byte("2")})
			if got := scan("z"); !slices.Equal(got, []string{"z=2"}) {
				t.Errorf("the later of two rows with one key does not win: %q", got)
			}
			v, _, _ := rows.Get([]byte("x1"))
			v[0] = 'Z'
			if got, _, _ := rows.Get([]byte("x1")); string(got) != "A" {
				t.Error("changing what Get returned changed the store")
			}
			mine := []byte("mine")
			put(storage.Row{Key: []byte("u"), Value: mine})
			mine[0] = 'X'
			if got, _, _ := rows.Get([]byte("u")); string(got) != "mine" {
				t.Error("changing what was put changed the store")
			}
			for row, err := range rows.Scan(nil) {
				if !errors.Is(err, storage.ErrBatch) {
					t.Errorf("Scan of everything gave %v, %v", row, err)
				}
			}
			if err := rows.Put(storage.Row{Key: []byte("o1"), Value: []byte("x")}); !errors.Is(err, storage.ErrBatch) {
				t.Errorf("Put with a letter of the store = %v, want %v", err, storage.ErrBatch)
			}
		})
	}
	b := log.Batch(log.Content(0, 10))
	b.Rows = []storage.Row{{Key: []byte("r1"), Value: []byte("with the op")}, {Key: []byte("y")}}
	check(t, c.Append(b))
	if v, ok, _ := c.Get([]byte("r1")); !ok || string(v) != "with the op" {
		t.Errorf("a row of a batch is %q, %v", v, ok)
	}
	if _, ok, _ := c.Get([]byte("y")); ok {
		t.Error("a row deleted by a batch is there")
	}
	if _, ok, _ := s.Node().Get([]byte("y")); !ok {
		t.Error("a circle's batch deleted a row of the node")
	}
}

func testWalks(t *testing.T, m Maker) {
	_, c, log := begin(t, m)
	for i := range 100 {
		check(t, c.Append(log.Batch(log.Content(0, 10))))
		check(t, c.Put(storage.Row{Key: fmt.Appendf(nil, "x%03d", i), Value: []byte("old")}))
	}
	seen := 0
	for s, err := range c.Arrivals(1) {
		check(t, err)
		if seen++; seen < 20 {
			check(t, c.Append(log.Batch(log.Content(0, 10))))
		}
		if f, ok, err := c.Fact(s.Op.ID); err != nil || !ok || f != s.Fact {
			t.Fatalf("Fact inside a walk = %v, %v, %v", f, ok, err)
		}
	}
	if seen != 101 {
		t.Errorf("a walk that began with 101 ops gave %d", seen)
	}
	seen = 0
	for r, err := range c.Scan([]byte("x")) {
		check(t, err)
		if string(r.Value) != "old" {
			t.Fatalf("a walk sees row %q as it became later", r.Key)
		}
		seen++
		check(t, c.Put(storage.Row{Key: []byte("x099"), Value: []byte("new")}, storage.Row{Key: []byte("x098")}))
		if seen == 50 {
			break
		}
	}
	if seen != 50 {
		t.Errorf("a walk that was left gave %d rows", seen)
	}
}

func testCircles(t *testing.T, m Maker) {
	s := m.Open(t)
	var logs []*Log
	for seed := range uint64(3) {
		log, genesis := NewLog(seed)
		logs = append(logs, log)
		c := circle(t, s, log.Circle)
		check(t, c.Append(log.Batch(genesis)))
		check(t, c.Append(log.Batch(log.Content(0, int(seed)))))
		check(t, c.Put(storage.Row{Key: []byte("r"), Value: fmt.Append(nil, seed)}))
	}
	want := []crdt.ID{logs[0].Circle, logs[1].Circle, logs[2].Circle}
	slices.SortFunc(want, crdt.ID.Compare)
	if got, err := s.Circles(); err != nil || !slices.Equal(got, want) {
		t.Fatalf("Circles() = %v, %v; want %v", got, err, want)
	}
	for seed, log := range logs {
		if v, _, _ := circle(t, s, log.Circle).Get([]byte("r")); string(v) != fmt.Sprint(seed) {
			t.Errorf("circle %d has the row of another: %q", seed, v)
		}
	}
	left, kept := circle(t, s, logs[0].Circle), circle(t, s, logs[1].Circle)
	before := shoot(t, kept)
	check(t, s.Drop(logs[0].Circle))
	check(t, s.Drop(logs[0].Circle))
	if _, err := left.Log(); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("Log of a dropped circle = %v, want %v", err, storage.ErrClosed)
	}
	if err := left.Put(storage.Row{Key: []byte("r"), Value: []byte("x")}); !errors.Is(err, storage.ErrClosed) {
		t.Errorf("Put to a dropped circle = %v, want %v", err, storage.ErrClosed)
	}
	same(t, "the circle beside a dropped one", shoot(t, kept), before)
	if got, _ := s.Circles(); len(got) != 2 {
		t.Errorf("%d circles after one was dropped, want 2", len(got))
	}
	s = m.Reopen(t, s)
	same(t, "a circle made again", shoot(t, circle(t, s, logs[0].Circle)), shot{Rows: map[string]string{}})
	same(t, "the circle beside it", shoot(t, circle(t, s, logs[1].Circle)), before)
}

func testForks(t *testing.T, m Maker) {
	_, c, log := begin(t, m)
	check(t, c.Append(log.Batch(log.Content(1, 10), log.Content(1, 20), log.Content(2, 5), log.Content(2, 5))))
	same(t, "before the fork", shot{State: shoot(t, c).State}, shot{State: *log.State()})
	one := log.Fork(1)
	check(t, c.Append(log.Batch(one, log.Content(0, 10))))
	same(t, "after the fork", shot{State: shoot(t, c).State}, shot{State: *log.State()})
	if ids, err := c.At(Device(1), one.Op.Seq); err != nil || len(ids) != 2 || ids[0].Compare(ids[1]) >= 0 {
		t.Errorf("At the fork = %v, %v; want two ids ascending", ids, err)
	}
	a, b := log.Content(3, 1), log.Content(3, 2)
	check(t, c.Append(log.Batch(a, b, log.Fork(3)))) // all in one batch
	state := shoot(t, c).State
	same(t, "after a fork within a batch", shot{State: state}, shot{State: *log.State()})
	if len(state.Forks) != 2 {
		t.Errorf("%d forks are known, want 2", len(state.Forks))
	}
	healthy(t, c)
	check(t, c.RebuildIndex())
	same(t, "after a rebuild", shot{State: shoot(t, c).State}, shot{State: *log.State()})
}

func testReopen(t *testing.T, m Maker) {
	s, c, log := begin(t, m)
	for i := range 10 {
		b := log.Batch(log.Content(i%3, 100), log.Control(i%4, 10), log.Content(i%2, 30))
		b.Rows = []storage.Row{{Key: fmt.Appendf(nil, "c%d", i), Value: []byte("v")}}
		check(t, c.Append(b))
	}
	check(t, s.Node().Put(storage.Row{Key: []byte("config"), Value: []byte("v")}))
	want := shoot(t, c)
	s = m.Reopen(t, s)
	c = circle(t, s, log.Circle)
	same(t, "after closing and opening", shoot(t, c), want)
	if v, _, _ := s.Node().Get([]byte("config")); string(v) != "v" {
		t.Errorf("the node's row is %q", v)
	}
	check(t, c.Append(log.Batch(log.Content(2, 10), log.Content(7, 10))))
	same(t, "going on", shot{State: shoot(t, c).State}, shot{State: *log.State()})
	healthy(t, c)
}

func testCrash(t *testing.T, m Maker) {
	s, c, log := begin(t, m)
	var shots []shot
	synced := 0
	for i := range 12 {
		b := log.Batch(log.Content(i%3, 3000), log.Content(i%2, 100))
		b.Sync = i%5 == 4
		b.Rows = []storage.Row{{Key: []byte("c"), Value: fmt.Append(nil, i)}}
		check(t, c.Append(b))
		if shots = append(shots, shoot(t, c)); b.Sync {
			synced = i
		}
	}
	s = m.Crash(t, s)
	c = circle(t, s, log.Circle)
	got := shoot(t, c)
	at := slices.IndexFunc(shots, func(x shot) bool { return x.Count == got.Count })
	if at < synced {
		t.Fatalf("%d ops are left after a crash; batch %d was synced, with %d", got.Count, synced, shots[synced].Count)
	}
	same(t, "after a crash", got, shots[at])
	healthy(t, c)
	check(t, s.Sync())
	same(t, "after a sync and a crash", shoot(t, circle(t, m.Crash(t, s), log.Circle)), shots[at])
}

func testVerify(t *testing.T, m Maker) {
	s, c, log := begin(t, m)
	for i := range 30 {
		check(t, c.Append(log.Batch(log.Content(i%3, 100), log.Control(i%4, 10), log.Content(i%2, 30))))
	}
	check(t, c.Append(storage.Batch{Bodies: []storage.BodyChange{{ID: log.State().Heads[0]}}}))
	check(t, c.Put(storage.Row{Key: []byte("r"), Value: []byte("stays")}))
	healthy(t, c)
	want := shoot(t, c)
	check(t, c.RebuildIndex())
	same(t, "after a rebuild", shoot(t, c), want)
	healthy(t, c)
	s = m.Reopen(t, s)
	c = circle(t, s, log.Circle)
	same(t, "after a rebuild and opening again", shoot(t, c), want)
	check(t, c.Append(log.Batch(log.Content(5, 10))))
	healthy(t, c)
	meanwhile := &interrupted{Context: t.Context(), once: func() { check(t, c.Append(log.Batch(log.Content(1, 10), log.Control(1, 10)))) }}
	if findings, err := c.Verify(meanwhile); err != nil || len(findings) > 0 {
		t.Errorf("Verify while the log grows = %q, %v", findings, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Verify(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Verify that nobody waits for = %v, want %v", err, context.Canceled)
	}
}

// interrupted does something the first time it is asked whether it is over.
type interrupted struct {
	context.Context
	once func()
}

func (c *interrupted) Err() error {
	if once := c.once; once != nil {
		c.once = nil
		once()
	}
	return c.Context.Err()
}

func testClosed(t *testing.T, m Maker) {
	s, c, log := begin(t, m)
	check(t, s.Close())
	check(t, s.Close())
	calls := map[string]func() error{
		"Circles":   func() error { _, err := s.Circles(); return err },
		"Circle":    func() error { _, err := s.Circle(log.Circle); return err },
		"Drop":      func() error { return s.Drop(log.Circle) },
		"Sync":      s.Sync,
		"Node.Get":  func() error { _, _, err := s.Node().Get([]byte("x")); return err },
		"Append":    func() error { return c.Append(log.Batch()) },
		"Put":       func() error { return c.Put() },
		"Get":       func() error { _, _, err := c.Get([]byte("x")); return err },
		"Fact":      func() error { _, _, err := c.Fact(log.Circle); return err },
		"At":        func() error { _, err := c.At(Device(0), 1); return err },
		"Op":        func() error { _, _, _, err := c.Op(log.Circle); return err },
		"Log":       func() error { _, err := c.Log(); return err },
		"KnownSets": func() error { _, err := c.KnownSets(); return err },
		"Verify":    func() error { _, err := c.Verify(context.Background()); return err },
		"Rebuild":   c.RebuildIndex,
		"Lane":      func() error { return firstError(c.Lane(Device(0), 0, 9)) },
		"Arrivals":  func() error { return firstError(c.Arrivals(0)) },
		"Controls":  func() error { return firstError(c.Controls()) },
		"Scan":      func() error { return firstError(c.Scan([]byte("x"))) },
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, storage.ErrClosed) {
			t.Errorf("%s on a closed store = %v, want %v", name, err, storage.ErrClosed)
		}
	}
}

func firstError[T any](walk iter.Seq2[T, error]) error {
	for _, err := range walk {
		return err
	}
	return nil
}

// testReaders is for the race detector, and checks that what a reader sees is
// always whole: an op comes with its parents.
func testReaders(t *testing.T, m Maker) {
	_, c, log := begin(t, m)
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for {
				last := uint64(0)
				for s, err := range c.Arrivals(0) {
					if err != nil {
						t.Errorf("Arrivals beside a writer: %v", err)
						return
					}
					last++
					if s.Fact.Arr != last {
						t.Errorf("op number %d comes after %d", s.Fact.Arr, last-1)
						return
					}
					for id := range s.Op.Parents {
						if _, ok, err := c.Fact(id); !ok || err != nil {
							t.Errorf("a parent is not there: %v", err)
							return
						}
					}
				}
				for range c.Lane(Device(1), 0, 1000) {
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for i := range 60 {
		b := log.Batch(log.Content(i%4, 100), log.Control(i%5, 10))
		b.Sync = i%7 == 0
		b.Rows = []storage.Row{{Key: []byte("c"), Value: fmt.Append(nil, i)}}
		if err := c.Append(b); err != nil {
			t.Error(err)
			break
		}
	}
	close(done)
	readers.Wait()
}

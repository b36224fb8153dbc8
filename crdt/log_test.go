package crdt_test

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tend/crdt"
)

// TestCause goes through level 1 rule by rule. The log holds, besides the
// genesis g: c, a control op of device 1 that knows g; x, content of device 1
// that knows c; b, a beat of device 2 that knows only g.
func TestCause(t *testing.T) {
	r := founded(t)
	g := r.order[0]
	at := func(n int) crdt.HLC { return crdt.At(1000 + int64(n)) }
	c := signed(t, g.ID, 1, crdt.Header{Seq: 1, Ctl: []crdt.ID{g.ID}, HLC: at(1)}, []byte("c"))
	x := signed(t, g.ID, 1, crdt.Header{Seq: 2, Prev: c.ID, Ctl: []crdt.ID{c.ID}, HLC: at(2), Class: crdt.Content}, []byte("x"))
	b := signed(t, g.ID, 2, crdt.Header{Seq: 1, Ctl: []crdt.ID{g.ID}, HLC: at(1)}, nil)
	r.take(t, []crdt.Op{c, x, b})

	two := []crdt.ID{b.ID, c.ID}
	slices.SortFunc(two, crdt.ID.Compare)
	absent := crdt.ID{0xab}
	rows := []struct {
		name string
		h    crdt.Header
		want error
		miss int
	}{
		{"next content", crdt.Header{Dev: dev(1), Seq: 3, Prev: x.ID, Ctl: []crdt.ID{c.ID}, HLC: at(3), Class: crdt.Content}, nil, 0},
		{"next control", crdt.Header{Dev: dev(1), Seq: 3, Prev: x.ID, Ctl: []crdt.ID{c.ID}, HLC: at(3)}, nil, 0},
		{"knows more than it must", crdt.Header{Dev: dev(1), Seq: 3, Prev: x.ID, Ctl: two, HLC: at(3)}, nil, 0},
		{"first op", crdt.Header{Dev: dev(3), Seq: 1, Ctl: []crdt.ID{g.ID}, HLC: at(3)}, nil, 0},
		{"prev missing", crdt.Header{Dev: dev(1), Seq: 3, Prev: absent, Ctl: []crdt.ID{c.ID}, HLC: at(3)}, nil, 1},
		{"dep missing", crdt.Header{Dev: dev(3), Seq: 1, Deps: []crdt.ID{absent}, Ctl: []crdt.ID{c.ID}, HLC: at(3)}, nil, 1},
		{"ctl missing", crdt.Header{Dev: dev(3), Seq: 1, Ctl: []crdt.ID{absent}, HLC: at(3)}, nil, 1},
		{"one missing twice", crdt.Header{Dev: dev(3), Seq: 2, Prev: crdt.ID{0xac}, Deps: []crdt.ID{absent}, Ctl: []crdt.ID{absent}, HLC: at(3)}, nil, 2},
		{"as late as prev", crdt.Header{Dev: dev(1), Seq: 3, Prev: x.ID, Ctl: []crdt.ID{c.ID}, HLC: x.HLC, Class: crdt.Content}, crdt.ErrCause, 0},
		{"just later than prev", crdt.Header{Dev: dev(1), Seq: 3, Prev: x.ID, Ctl: []crdt.ID{c.ID}, HLC: x.HLC + 1, Class: crdt.Content}, nil, 0},
		{"as late as a dep", crdt.Header{Dev: dev(3), Seq: 1, Deps: []crdt.ID{x.ID}, Ctl: []crdt.ID{c.ID}, HLC: x.HLC, Class: crdt.Content}, crdt.ErrCause, 0},
		{"as late as a control head", crdt.Header{Dev: dev(3), Seq: 1, Ctl: []crdt.ID{c.ID}, HLC: c.HLC, Class: crdt.Content}, crdt.ErrCause, 0},
		{"content as control head", crdt.Header{Dev: dev(3), Seq: 1, Ctl: []crdt.ID{x.ID}, HLC: at(3)}, crdt.ErrCause, 0},
		{"prev of another device", crdt.Header{Dev: dev(2), Seq: 3, Prev: x.ID, Ctl: two, HLC: at(3), Class: crdt.Content}, crdt.ErrCause, 0},
		{"prev of another seq", crdt.Header{Dev: dev(1), Seq: 4, Prev: x.ID, Ctl: []crdt.ID{c.ID}, HLC: at(3), Class: crdt.Content}, crdt.ErrCause, 0},
		{"un-knows what prev knew", crdt.Header{Dev: dev(1), Seq: 3, Prev: x.ID, Ctl: []crdt.ID{b.ID}, HLC: at(3), Class: crdt.Content}, crdt.ErrCause, 0},
		{"un-knows its own control op", crdt.Header{Dev: dev(1), Seq: 2, Prev: c.ID, Ctl: []crdt.ID{g.ID}, HLC: at(3), Class: crdt.Content}, crdt.ErrCause, 0},
		{"un-knows what a content dep knew", crdt.Header{Dev: dev(3), Seq: 1, Deps: []crdt.ID{x.ID}, Ctl: []crdt.ID{g.ID}, HLC: at(3), Class: crdt.Content}, crdt.ErrCause, 0},
		{"un-knows a control dep", crdt.Header{Dev: dev(3), Seq: 1, Deps: []crdt.ID{b.ID}, Ctl: []crdt.ID{c.ID}, HLC: at(3)}, crdt.ErrCause, 0},
		{"knows a dep by its own control head", crdt.Header{Dev: dev(3), Seq: 1, Deps: []crdt.ID{x.ID}, Ctl: []crdt.ID{c.ID}, HLC: at(3)}, nil, 0},
	}
	before := r.Digest()
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			op := crdt.Op{ID: crdt.ID{0x99}, Header: row.h}
			_, err := r.Check(&op)
			missing := (*crdt.MissingError)(nil)
			switch {
			case row.miss > 0:
				if !errors.As(err, &missing) || len(missing.IDs) != row.miss {
					t.Errorf("Check = %v, want %d missing", err, row.miss)
				}
			case !errors.Is(err, row.want) || (row.want == nil && err != nil):
				t.Errorf("Check = %v, want %v", err, row.want)
			}
		})
	}
	if r.Digest() != before || r.Last() != 4 {
		t.Error("Check changed the log")
	}
}

// TestBudget fills a day to its last op, and to its last byte.
func TestBudget(t *testing.T) {
	r := founded(t)
	day := crdt.At(5 * crdt.DayMillis)
	for range crdt.MaxDayOps {
		r.write(t, 0, crdt.Content, day, nil)
	}
	h, _ := r.Draft(dev(0), crdt.Content, day)
	if _, err := r.Check(&crdt.Op{ID: crdt.ID{9}, Header: h}); !errors.Is(err, crdt.ErrBudget) {
		t.Errorf("op %d of a day: %v, want ErrBudget", crdt.MaxDayOps+1, err)
	}
	r.write(t, 0, crdt.Content, crdt.At(6*crdt.DayMillis), nil) // a new day

	r = founded(t)
	full := make([]byte, crdt.MaxBodySize)
	for range crdt.MaxDayBytes / crdt.MaxBodySize {
		r.write(t, 0, crdt.Content, day, full)
	}
	r.write(t, 0, crdt.Content, day, nil) // no byte more, and still an op
	h, _ = r.Draft(dev(0), crdt.Content, day)
	h.BodyLen, h.BodyHash = 1, crdt.ID{1}
	if _, err := r.Check(&crdt.Op{ID: crdt.ID{9}, Header: h}); !errors.Is(err, crdt.ErrBudget) {
		t.Errorf("byte %d of a day: %v, want ErrBudget", crdt.MaxDayBytes+1, err)
	}
}

func TestClone(t *testing.T) {
	r := founded(t)
	r.write(t, 1, crdt.Content, crdt.At(2000), []byte("a"))
	was, digest, heads := r.State(), r.Digest(), r.CtlHeads()

	c := r.Clone()
	sets := r.Pasts().KnownLen()
	for i := range 5 {
		class := crdt.Class(i % 2)
		h, ok := c.Draft(dev(1+i%3), class, crdt.At(3000))
		if !ok {
			t.Fatal("cannot draft on a copy")
		}
		op := signed(t, c.Circle(), 1+i%3, h, []byte("on the copy"))
		fact, err := c.Check(&op)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Add(&op, fact, false); err != nil {
			t.Fatal(err)
		}
	}
	now := r.State()
	if r.Digest() != digest || r.CtlHeads() != heads || !slices.Equal(now.Heads, was.Heads) ||
		!slices.Equal(now.Tips, was.Tips) || now.Last != was.Last {
		t.Errorf("a copy's ops reached the log: %+v, want %+v", now, was)
	}
	// What the dropped copy named stays numbered, in front of nothing that moved.
	if r.Pasts().KnownLen() < sets {
		t.Error("known sets were forgotten")
	}
	h, _ := r.Draft(dev(2), crdt.Content, crdt.At(4000))
	if h.Seq != 1 {
		t.Errorf("device 2 writes seq %d, want 1: it wrote only on the copy", h.Seq)
	}
	r.write(t, 2, crdt.Content, crdt.At(4000), []byte("after"))
}

// TestReopen: a log begun from State and the pasts is the log it was.
func TestReopen(t *testing.T) {
	r := founded(t)
	for i := range 30 {
		r.write(t, i%4, crdt.Class(min(i%3, 1)), crdt.At(2000+int64(i)), []byte{byte(i)})
	}
	r.take(t, []crdt.Op{branch(t, r, 7, crdt.ID{}, 1, "one"), branch(t, r, 7, crdt.ID{}, 1, "two")})
	pasts := crdt.NewPasts()
	for _, op := range r.order {
		if op.Class == crdt.Control {
			if _, err := pasts.Add(op.ID, op.Ctl); err != nil {
				t.Fatal(err)
			}
		}
	}
	l, err := crdt.NewLog(r.Circle(), r.store, pasts, r.State())
	if err != nil {
		t.Fatal(err)
	}
	got, want := l.State(), r.State()
	if l.Digest() != r.Digest() || !slices.Equal(got.Heads, want.Heads) || !slices.Equal(got.CtlHeads, want.CtlHeads) ||
		!slices.Equal(got.Tips, want.Tips) || !slices.Equal(got.Forks, want.Forks) {
		t.Errorf("reopened %+v, want %+v", got, want)
	}
	if _, err := crdt.NewLog(r.Circle(), newStore(), pasts, r.State()); err == nil {
		t.Error("a log opens over a store without its heads")
	}
}

// TestHeld: a held op is in the log, but nobody builds on it until its release.
func TestHeld(t *testing.T) {
	r := founded(t)
	far := signed(t, r.Circle(), 1, crdt.Header{Seq: 1, Ctl: []crdt.ID{r.Circle()}, HLC: crdt.At(9e6)}, []byte("far"))
	fact, err := r.Check(&far)
	if err != nil {
		t.Fatal(err)
	}
	added, err := r.Add(&far, fact, true)
	if err != nil {
		t.Fatal(err)
	}
	r.store.ops[far.ID], r.store.facts[far.ID] = far, added.Fact
	if h, _ := r.Draft(dev(2), crdt.Content, crdt.At(2000)); h.HLC >= far.HLC || len(h.Deps) > 0 {
		t.Errorf("device 2 builds on a held op: %+v", h)
	}
	// Its own author cannot but build on it, and must not un-know it.
	r.write(t, 1, crdt.Content, crdt.At(2000), nil)
	r.Release(&far)
	if h, _ := r.Draft(dev(2), crdt.Content, crdt.At(2000)); !slices.Contains(h.Ctl, far.ID) {
		t.Errorf("device 2 does not name the released op: %+v", h)
	}
}

// TestDigest: two logs have one digest exactly when they hold one set, whatever
// the order they met it in.
func TestDigest(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := founded(t)
		history(rt, t, r, 25)
		a, b := newReplica(t, crdt.ID{}), newReplica(t, crdt.ID{})
		a.take(t, rapid.Permutation(r.order).Draw(rt, "order"))
		n := rapid.IntRange(0, len(r.order)).Draw(rt, "n")
		b.take(t, r.order[:n])
		if got, want := b.Digest() == a.Digest(), n == len(r.order); got != want {
			rt.Fatalf("%d of %d ops: equal digests %v, want %v", n, len(r.order), got, want)
		}
		if !slices.Equal(a.State().Heads, r.State().Heads) || !slices.Equal(a.State().CtlHeads, r.State().CtlHeads) {
			rt.Fatal("heads depend on the order of arrival")
		}
	})
}

// history lets up to 6 devices write on and on, with forks.
func history(rt *rapid.T, t testing.TB, r *replica, n int) {
	clock := crdt.At(2000)
	for range n {
		d := rapid.IntRange(0, 5).Draw(rt, "device")
		clock += crdt.HLC(rapid.IntRange(0, 3).Draw(rt, "step")) << 16
		if tips := r.Tips(dev(d)); len(tips) > 0 && rapid.IntRange(0, 9).Draw(rt, "fork") == 0 {
			old := r.store.ops[tips[0].ID]
			twin := signed(t, r.Circle(), d, crdt.Header{Seq: old.Seq, Prev: old.Prev, Deps: old.Deps, Ctl: old.Ctl,
				HLC: old.HLC + 1, Class: old.Class}, []byte("a second self"))
			if len(twin.Ctl) > 0 {
				r.take(t, []crdt.Op{twin})
			}
			continue
		}
		if h, ok := r.Draft(dev(d), crdt.Class(rapid.IntRange(0, 1).Draw(rt, "class")), clock); ok {
			r.take(t, []crdt.Op{signed(t, r.Circle(), d, h, []byte{byte(d)})})
		}
	}
}

// TestFactOf asks for ops that are at hand: those that are here, one beyond the tip of its
// device, one of a device that wrote nothing, and another branch at a place that is
// taken.
func TestFactOf(t *testing.T) {
	r := founded(t)
	g := r.order[0]
	at := func(n int) crdt.HLC { return crdt.At(1000 + int64(n)) }
	c := signed(t, g.ID, 1, crdt.Header{Seq: 1, Ctl: []crdt.ID{g.ID}, HLC: at(1)}, []byte("c"))
	x := signed(t, g.ID, 1, crdt.Header{Seq: 2, Prev: c.ID, Ctl: []crdt.ID{c.ID}, HLC: at(2), Class: crdt.Content}, []byte("x"))
	beyond := signed(t, g.ID, 1, crdt.Header{Seq: 3, Prev: x.ID, Ctl: []crdt.ID{c.ID}, HLC: at(3), Class: crdt.Content}, []byte("y"))
	branch := signed(t, g.ID, 1, crdt.Header{Seq: 2, Prev: c.ID, Ctl: []crdt.ID{c.ID}, HLC: at(2), Class: crdt.Content}, []byte("z"))
	silent := signed(t, g.ID, 2, crdt.Header{Seq: 1, Ctl: []crdt.ID{g.ID}, HLC: at(1)}, nil)
	r.take(t, []crdt.Op{c, x})
	for _, row := range []struct {
		op   crdt.Op
		held bool
	}{{g, true}, {c, true}, {x, true}, {beyond, false}, {branch, false}, {silent, false}} {
		fact, held, err := r.FactOf(&row.op)
		if err != nil || held != row.held {
			t.Errorf("FactOf(%s) = %v, %v, want %v", row.op.ID.Short(), held, err, row.held)
		}
		if want, _, _ := r.Fact(row.op.ID); held && fact != want {
			t.Errorf("FactOf(%s) = %+v, want %+v", row.op.ID.Short(), fact, want)
		}
	}
	r.take(t, []crdt.Op{branch}) // a fork now: the other branch is held as well
	if _, held, err := r.FactOf(&branch); err != nil || !held {
		t.Errorf("FactOf the other branch = %v, %v, want true", held, err)
	}
}

package replica

import (
	"fmt"
	"testing"

	"tend/crdt"
	"tend/crdt/membership/membertest"
)

// orphans are n ops of a device that wait for parents which nobody has.
func (b *bench) orphans(d *membertest.Device, n, size int) []crdt.Op {
	out := make([]crdt.Op, n)
	for i := range out {
		out[i] = b.orphan(d, i, size)
	}
	return out
}

// count says how often each outcome is among verdicts.
func count(vs []Verdict) map[Outcome]int {
	n := map[Outcome]int{}
	for _, v := range vs {
		n[v.Outcome]++
	}
	return n
}

// waits counts what waits of a device.
func (b *bench) waits(d *membertest.Device) int { return b.r.pool.byDev[d.Key] }

// TestWhatOneMayLetWait: so much of one peer, whoever wrote it, and so much of one
// author, whoever brought it.
func TestWhatOneMayLetWait(t *testing.T) {
	b := newBench(t, 3)
	ann, ben, cem := b.people[0].Device(), b.people[1].Device(), b.people[2].Device()
	mixed := append(b.orphans(ann, MaxWaitingPerPeer/2, 40), b.orphans(ben, MaxWaitingPerPeer/2, 40)...)
	if got := count(b.giveAll(mixed, from(1))); got[Parked] != MaxWaitingPerPeer {
		t.Fatalf("%d of %d ops of one peer wait", got[Parked], MaxWaitingPerPeer)
	}
	more := b.orphan(cem, 0, 40)
	v := b.give(more, from(1))
	b.mustBe(Dropped, v)
	if len(v.Missing) != 1 || v.Missing[0] != more.Prev {
		t.Errorf("a dropped op says that %v are missing, want its parent", v.Missing)
	}
	b.mustBe(Parked, b.give(more, from(2)))
	b.mustBe(Parked, b.give(mixed[0], from(1))) // it waits already

	rest := b.orphans(ann, MaxWaitingPerAuthor+10, 40)[MaxWaitingPerPeer/2:]
	if got := count(b.giveAll(rest, from(3))); got[Parked] != MaxWaitingPerAuthor/2 || got[Dropped] != 10 {
		t.Errorf("of one author another %v wait, want %d", got, MaxWaitingPerAuthor/2)
	}
	b.reopen()
	if got := b.waits(ann); got != MaxWaitingPerAuthor {
		t.Errorf("%d of one author wait after a start, want %d", got, MaxWaitingPerAuthor)
	}
	b.mustBe(Dropped, b.give(b.orphan(ann, MaxWaitingPerAuthor+20, 40), from(4)))
	b.mustBe(Parked, b.give(b.orphan(cem, 1, 40), from(4)))
}

// TestAFullPool makes room from what the author with the most waiting has waiting
// for longest, and from nobody else.
func TestAFullPool(t *testing.T) {
	b := newBench(t, 6)
	var oldest crdt.Op
	for i := range 5 {
		n := MaxWaitingPerAuthor
		if i == 4 {
			n-- // one less, so that one of the first four is the heaviest
		}
		ops := b.orphans(b.people[i].Device(), n, 40)
		if i == 0 {
			oldest = ops[0]
			b.mustBe(Parked, b.give(oldest, from(1)))
			b.Pass(1000)
		}
		b.giveAll(ops, from(byte(i+1)))
	}
	late := b.people[5].Device()
	b.mustBe(Parked, b.give(b.orphan(late, 0, 40), from(6)))
	if n := len(b.r.pool.ops); n != MaxWaiting {
		t.Fatalf("%d ops wait, want %d", n, MaxWaiting)
	}
	heaviest := b.people[0].Device()
	for _, p := range b.people[1:4] {
		if p.Device().Key.Compare(heaviest.Key) < 0 {
			heaviest = p.Device()
		}
	}
	b.mustBe(Parked, b.give(b.orphan(late, 1, 40), from(6)))
	for i, p := range b.people[:5] {
		want := MaxWaitingPerAuthor
		if i == 4 || p.Device() == heaviest {
			want--
		}
		if got := b.waits(p.Device()); got != want {
			t.Errorf("%d of %s wait, want %d", got, p.Name, want)
		}
	}
	for i := range 10 { // by then each of the first four was the heaviest
		b.mustBe(Parked, b.give(b.orphan(late, 2+i, 40), from(6)))
	}
	if _, here := b.r.pool.ops[oldest.ID]; here {
		t.Error("what waited for longest is kept")
	}
	if got := b.waits(late); got != 12 {
		t.Errorf("%d of who came late wait, want 12", got)
	}
	if n := len(b.r.pool.ops); n != MaxWaiting {
		t.Errorf("%d ops wait, want %d", n, MaxWaiting)
	}
}

// TestAFloodLeavesOthersAlone: neither many ops nor large ones of one member put
// out what waits of another.
func TestAFloodLeavesOthersAlone(t *testing.T) {
	for _, tt := range []struct {
		name    string
		n, size int
	}{
		{"many", 3000, 40},
		{"large", 300, 60_000},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, 3)
			flood, other, late := b.people[0].Device(), b.people[1].Device(), b.people[2].Device()
			kept := b.orphans(other, 400, 40)
			b.giveAll(kept, from(1))
			b.giveAll(b.orphans(flood, tt.n, tt.size), from(2))
			if b.r.pool.bytes > MaxWaitingBytes {
				t.Errorf("%d bytes wait, limit %d", b.r.pool.bytes, MaxWaitingBytes)
			}
			if got := b.waits(other); got != len(kept) {
				t.Errorf("%d of another member's %d ops wait on", got, len(kept))
			}
			if got := count(b.giveAll(b.orphans(late, 400, 40), from(3))); got[Parked] != 400 {
				t.Errorf("of a third member's 400 ops only %d may wait", got[Parked])
			}
			if got := b.waits(other); got != len(kept) {
				t.Errorf("for a third member %d of another's ops went", len(kept)-got)
			}
			if b.waits(flood) == 0 {
				t.Error("and nothing of the flood waits at all")
			}
		})
	}
}

// TestHeldOpsAreBounded: of one device only so much of the future is kept, and
// that does not keep others from it; what is over comes again in its time.
func TestHeldOpsAreBounded(t *testing.T) {
	b := newBench(t, 3)
	d, other := b.people[1].Device(), b.people[2].Device()
	var ops []crdt.Op
	for i := range MaxHeldPerAuthor + 5 {
		h := b.next(d)
		h.HLC = crdt.At(b.now() + membertest.Day*int64(1+i/1500) + int64(i))
		h.Dev = d.Key
		ops = append(ops, b.sign(d, h, make([]byte, 40)))
		d.Seq, d.Prev, d.Clock = h.Seq, ops[i].ID, h.HLC.Millis()
	}
	got := b.giveAll(ops, from(1))
	for i, v := range got {
		want := New
		if i == MaxHeldPerAuthor {
			want = Dropped
		} else if i > MaxHeldPerAuthor {
			want = Parked // on the one before
		}
		if v.Outcome != want {
			t.Fatalf("op %d of the future: outcome %d (%v), want %d", i, v.Outcome, v.Reason, want)
		}
	}
	if len(b.r.held) != MaxHeldPerAuthor {
		t.Errorf("%d ops are held, limit %d", len(b.r.held), MaxHeldPerAuthor)
	}
	h := b.next(other)
	h.HLC = crdt.At(b.now() + membertest.Day)
	b.mustBe(New, b.give(b.need(other, h, "Soup"), from(1)))
	b.reopen()
	if len(b.r.held) != MaxHeldPerAuthor+1 {
		t.Errorf("%d ops are held after a start, want %d", len(b.r.held), MaxHeldPerAuthor+1)
	}
}

// TestSurplusBranches: of a device that forks on purpose no more branches are kept
// than anybody counts, but for one that another op builds on.
func TestSurplusBranches(t *testing.T) {
	const many = 4 * crdt.MaxFreeTips
	b := newBench(t, 3)
	d, other := b.people[1].Device(), b.people[2].Device()
	root := b.write(d, b.next(d), "Soup")
	b.mustBe(New, b.give(root, from(1)))
	var dropped []crdt.Op
	for i := range many {
		op := b.need(d, b.next(d), fmt.Sprint("branch ", i))
		v := b.give(op, from(1))
		if v.Outcome == Dropped {
			dropped = append(dropped, op)
			continue
		}
		b.mustBe(New, v)
		if i < crdt.MaxFreeTips {
			continue
		}
		counted := false // what is kept beyond the first is of those that count
		for _, tip := range b.r.log.Qualifying(d.Key) {
			counted = counted || tip.ID == op.ID
		}
		if !counted {
			t.Errorf("branch %d counts for nobody and is kept", i)
		}
	}
	if len(dropped) == 0 {
		t.Fatal("every branch is kept")
	}
	if kept := len(b.r.Tips(d.Key)); kept != many-len(dropped) {
		t.Errorf("%d branches are kept, want %d", kept, many-len(dropped))
	}
	b.mustBe(Dropped, b.give(dropped[0], from(2)))

	h := b.next(other) // somebody saw one of the others, and built on it
	h.Deps, h.HLC = []crdt.ID{dropped[0].ID}, dropped[0].HLC+1
	on := b.need(other, h, "Bread")
	b.mustBe(Parked, b.give(on, from(2)))
	b.mustBe(New, b.give(dropped[0], from(2)))
	for _, op := range []crdt.Op{dropped[0], on} {
		if !b.r.State().Has(op.ID) {
			t.Errorf("%s has no effect", op.ID.Short())
		}
	}
	if len(dropped) > 1 {
		b.mustBe(Dropped, b.give(dropped[1], from(2)))
	}

	tips := b.r.log.Qualifying(d.Key) // and a branch that counts grows
	h = b.next(d)
	h.Seq, h.Prev, h.HLC = tips[0].Seq+1, tips[0].ID, tips[0].HLC+1
	b.mustBe(New, b.give(b.need(d, h, "more"), from(1)))
}

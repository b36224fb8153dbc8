package replica

import (
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
)

// TestRebuild: a record is made again from the op that made it, which no row names, and
// from those that a row names; an op that made none is no record, whoever calls it one.
func TestRebuild(t *testing.T) {
	b := newBench(t, 2)
	d := b.people[1].Device()
	need := b.write(d, b.next(d), "Soup")
	kind, payload := circle.Encode(circle.Retracted{Op: need.ID})
	h := b.next(d)
	taken := b.sign(d, h, b.seal(b.epoch, b.ID, d.Key, h.Seq, kind, payload))
	other := b.need(b.people[0].Device(), b.next(b.people[0].Device()), "Bread")
	for _, op := range []crdt.Op{need, other} {
		b.mustBe(New, b.give(op, from(1)))
	}
	rows := func(record crdt.ID) (n int) {
		for _, err := range b.r.store.Rows(idKey(rowRecord, record)) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		return n
	}
	again := func(records ...crdt.ID) {
		t.Helper()
		want := b.r.State().Digest(0)
		b.reopen()
		w := b.r.Begin()
		for _, id := range records {
			if err := w.rebuild(id); err != nil {
				t.Fatal(err)
			}
		}
		if got := w.State().Digest(0); got != want {
			t.Errorf("the state is %s, want %s", got.Short(), want.Short())
		}
	}
	if n := rows(need.ID); n != 0 {
		t.Errorf("%d rows name the op that made its record", n)
	}
	again(need.ID, other.ID)
	b.mustBe(New, b.give(taken, from(1)))
	if n := rows(need.ID); n != 1 {
		t.Errorf("%d rows name what took it back, want 1", n)
	}
	again(need.ID, other.ID, taken.ID)
}

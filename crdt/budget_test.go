package crdt_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"tend/crdt"
)

// TestBudgetIsOfAncestorsAlone draws chains of devices that write much, fork, and
// go on the next day: an op is over its device's budget by the path of prev below
// it and by nothing else, whichever order the ops come in.
func TestBudgetIsOfAncestorsAlone(t *testing.T) {
	over, held := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		r := founded(t)
		genesis := r.order[0]
		type node struct {
			op    crdt.Op
			bytes map[uint64]int // by day, along its prev path
			ops   map[uint64]int
			over  bool
		}
		var all []*node
		made := map[crdt.ID]*node{}
		for n := range 12 {
			size := rapid.SampledFrom([]int{20_000, crdt.MaxBodySize, crdt.MaxBodySize, 0}).Draw(rt, "size")
			many := rapid.SampledFrom([]int{130, 60, 5, 1}).Draw(rt, "many")
			h := crdt.Header{Dev: dev(1), Seq: 1, Ctl: []crdt.ID{genesis.ID}, HLC: crdt.At(crdt.DayMillis), Class: crdt.Content}
			below := &node{bytes: map[uint64]int{}, ops: map[uint64]int{}}
			if len(all) > 0 && rapid.IntRange(0, 7).Draw(rt, "begins") < 7 {
				below = all[len(all)-1]
				if rapid.IntRange(0, 3).Draw(rt, "forks") == 3 {
					below = rapid.SampledFrom(all).Draw(rt, "from")
				}
			}
			for i := range many {
				if below.op.ID != (crdt.ID{}) {
					h.Prev, h.Seq, h.HLC = below.op.ID, below.op.Seq+1, below.op.HLC+1
				}
				if i == 0 && rapid.IntRange(0, 7).Draw(rt, "next day") == 7 {
					h.HLC = crdt.At(int64(h.HLC.Day()+1) * crdt.DayMillis)
				}
				h.BodyLen = uint32(size)
				h.BodyHash = crdt.ID{}
				if size > 0 {
					h.BodyHash = crdt.ID{1}
				}
				op := crdt.Op{ID: crdt.ID{byte(n), byte(i), byte(i >> 8), byte(len(all)), byte(len(all) >> 8), 1}, Header: h}
				day := op.HLC.Day()
				next := &node{op: op, bytes: map[uint64]int{day: below.bytes[day] + size}, ops: map[uint64]int{day: below.ops[day] + 1}}
				next.over = below.over || next.bytes[day] > crdt.MaxDayBytes || next.ops[day] > crdt.MaxDayOps
				all, made[op.ID] = append(all, next), next
				below = next
			}
		}
		waiting := all
		for len(waiting) > 0 {
			i := rapid.IntRange(0, min(len(waiting), 8)-1).Draw(rt, "next")
			x := waiting[i]
			fact, err := r.Check(&x.op)
			missing := (*crdt.MissingError)(nil)
			switch {
			case errors.As(err, &missing) && made[missing.IDs[0]].over, errors.Is(err, crdt.ErrBudget):
				// refused, or above one that is: nobody holds it, so nobody judges this
				if !x.over {
					rt.Fatalf("op %d of a day with %d bytes: %v", x.ops[x.op.HLC.Day()], x.bytes[x.op.HLC.Day()], err)
				}
				over++
			case errors.As(err, &missing):
				continue // its parent waits before it
			case err != nil:
				rt.Fatal(err)
			case x.over:
				rt.Fatalf("op %d of a day with %d bytes is let in", x.ops[x.op.HLC.Day()], x.bytes[x.op.HLC.Day()])
			default:
				if _, err := r.Add(&x.op, fact, false); err != nil {
					rt.Fatal(err)
				}
				held++
			}
			waiting = append(waiting[:i:i], waiting[i+1:]...)
		}
	})
	// A short run draws too few to be sure of it.
	if t.Logf("%d ops held, %d over the budget", held, over); over*400 < held && !testing.Short() {
		t.Errorf("%d ops of %d are over the budget: the draw seldom gets there", over, held+over)
	}
}

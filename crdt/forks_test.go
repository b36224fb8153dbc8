package crdt_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tend/crdt"
)

func TestForkProof(t *testing.T) {
	r := founded(t)
	one, two := branch(t, r, 1, crdt.ID{}, 1, "one"), branch(t, r, 1, crdt.ID{}, 1, "two")
	r.take(t, []crdt.Op{one})
	if _, forked := r.Fork(dev(1)); forked {
		t.Fatal("one op is a fork")
	}
	fact, err := r.Check(&two)
	if err != nil {
		t.Fatal(err)
	}
	added, err := r.Add(&two, fact, false)
	if err != nil {
		t.Fatal(err)
	}
	want := []crdt.ID{one.ID, two.ID}
	slices.SortFunc(want, crdt.ID.Compare)
	if added.Fork == nil || added.Fork.Seq != 1 || !slices.Equal(added.Fork.IDs[:], want) {
		t.Fatalf("Add = %+v, want a proof at seq 1 of %v", added.Fork, want)
	}
	if got := len(r.Tips(dev(1))); got != 2 {
		t.Errorf("%d tips, want 2", got)
	}
}

// tree grows a device's ops at random: on a tip, or from below it.
func tree(rt *rapid.T, t testing.TB, r *replica, n int) []crdt.Op {
	var ops []crdt.Op
	for i := range n {
		prev, seq := crdt.ID{}, uint64(1)
		if len(ops) > 0 && rapid.IntRange(0, 9).Draw(rt, "root") > 0 {
			p := ops[rapid.IntRange(0, len(ops)-1).Draw(rt, "on")]
			prev, seq = p.ID, p.Seq+1
		}
		ops = append(ops, branch(t, r, 1, prev, seq, fmt.Sprint(i)))
	}
	return ops
}

// TestQualifyingConverges: replicas that hold different parts of one storm of
// forks, and tell each other only what they count, come to count the same.
func TestQualifyingConverges(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := founded(t)
		ops := tree(rt, t, r, rapid.IntRange(1, 90).Draw(rt, "n"))
		byID := map[crdt.ID]crdt.Op{}
		for _, op := range ops {
			byID[op.ID] = op
		}
		past := func(of []crdt.ID) []crdt.Op {
			var out []crdt.Op
			seen := map[crdt.ID]bool{}
			for _, id := range of {
				for ; !id.IsZero() && !seen[id]; id = byID[id].Prev {
					seen[id] = true
					out = append(out, byID[id])
				}
			}
			return out
		}
		part := func(name string) *replica {
			var some []crdt.ID
			for _, op := range ops {
				if rapid.Bool().Draw(rt, name) {
					some = append(some, op.ID)
				}
			}
			p := newReplica(t, crdt.ID{})
			p.take(t, append([]crdt.Op{r.order[0]}, past(some)...))
			return p
		}
		counted := func(p *replica) []crdt.Op {
			var of []crdt.ID
			for _, tip := range p.Qualifying(dev(1)) {
				of = append(of, tip.ID)
			}
			return past(of)
		}
		a, b := part("a"), part("b")
		r.take(t, slices.Concat(a.order, b.order))
		fromA, fromB := counted(a), counted(b)
		a.take(t, fromB)
		b.take(t, fromA)
		if a.Digest() != b.Digest() || a.Digest() != r.Digest() {
			rt.Fatalf("digests %s and %s, want %s", a.Digest().Short(), b.Digest().Short(), r.Digest().Short())
		}
		if got := len(r.Qualifying(dev(1))); got != min(len(r.Tips(dev(1))), crdt.MaxFreeTips) {
			rt.Fatalf("%d of %d tips qualify", got, len(r.Tips(dev(1))))
		}
	})
}

// TestDisplaced: with 17, 16 and 32 branches the smallest first ops stay, also
// when the branches have grown, and nobody builds on the others.
func TestDisplaced(t *testing.T) {
	for _, n := range []int{1, 16, 17, 32} {
		r := founded(t)
		var first []crdt.Op
		for i := range n {
			first = append(first, branch(t, r, 1, crdt.ID{}, 1, fmt.Sprint(i)))
		}
		r.take(t, first)
		slices.SortFunc(first, func(a, b crdt.Op) int { return a.ID.Compare(b.ID) })
		var want []crdt.ID
		for i, op := range first {
			r.Digest() // so that the memo has something to forget
			next := branch(t, r, 1, op.ID, 2, fmt.Sprint("next ", i))
			r.take(t, []crdt.Op{next})
			if i < crdt.MaxFreeTips {
				want = append(want, next.ID)
			}
		}
		slices.SortFunc(want, crdt.ID.Compare)
		var got []crdt.ID
		for _, tip := range r.Qualifying(dev(1)) {
			got = append(got, tip.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d branches: %d qualify, want those of the %d smallest first ops", n, len(got), len(want))
		}
		h, ok := r.Draft(dev(2), crdt.Content, crdt.At(5000))
		if !ok {
			t.Fatal("no draft")
		}
		for _, id := range h.Deps {
			if !slices.Contains(want, id) {
				t.Errorf("%d branches: a draft names a displaced one", n)
			}
		}
	}
}

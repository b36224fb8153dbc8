package frontier_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"tend/crdt"
	"tend/protocol"
	"tend/protocol/frontier"
)

var (
	histories = flag.Int("histories", 120, "random histories to try")
	seedFlag  = flag.Uint64("seed", 1, "seed of the first history")
)

// TestHistories: three nodes write apart, some of their devices fork, sessions
// run in any order, are cut, and meet local writing. After each session that says
// it is complete both hold the same set; every prefix of a stream leaves a closed
// store with proven tips (the replica itself sees to that).
func TestHistories(t *testing.T) {
	n := *histories
	if testing.Short() {
		n /= 8
	}
	for seed := *seedFlag; seed < *seedFlag+uint64(n); seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { oneHistory(t, seed) })
		if t.Failed() {
			return
		}
	}
}

func oneHistory(t *testing.T, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 7))
	forks := 0
	if rnd.IntN(2) == 0 {
		forks = 3 + rnd.IntN(20)
	}
	nodes := []*replica{newReplica(t, "a").found(), newReplica(t, "b"), newReplica(t, "c")}
	for _, o := range nodes[1:] {
		nodes[0].copyTo(o)
	}
	roster := []crdt.Device{}
	for d := range 9 {
		if rnd.IntN(10) > 0 {
			roster = append(roster, dev(d))
		}
	}
	slices.SortFunc(roster, crdt.Device.Compare)
	for _, r := range nodes {
		r.roster = roster
		if rnd.IntN(5) == 0 {
			r.roster = nil // one that knows nobody
		}
	}
	for round := range 2 + rnd.IntN(4) {
		for i, r := range nodes {
			// With forks every node may write as any device; else each as its own.
			first, last := 3*i, 3*i+2
			if forks > 0 {
				first, last = 0, 8
			}
			r.random(rnd, rnd.IntN(30), first, last, forks)
		}
		for range 1 + rnd.IntN(3) {
			i := rnd.IntN(3)
			a, b := nodes[i], nodes[(i+1+rnd.IntN(2))%3]
			p := plan{check: true}
			if rnd.IntN(3) == 0 {
				p.cutAt = 1 + rnd.IntN(8000)
			}
			writes := rnd.IntN(3) == 0
			if writes {
				p.each = func(int) {
					if rnd.IntN(6) == 0 {
						a.random(rnd, 1, 3*i, 3*i+2, 0)
					}
				}
			}
			if rnd.IntN(3) > 0 {
				p.kind = frontier.HelloNow
			}
			tr := meet(t, a, b, byte(round), p)
			if tr.bad > 0 {
				t.Fatalf("%d ops of honest peers do not verify", tr.bad)
			}
			if tr.cut || writes {
				continue
			}
			if !tr.equal {
				t.Fatalf("session ended unequal after %d hellos: %v", tr.hellos, tr.order)
			}
			equalSets(t, a, b)
			if forks == 0 && tr.known > 0 {
				t.Fatalf("%d duplicates without a fork", tr.known)
			}
		}
	}
	// In the end all meet, and no order of meeting matters.
	for range 2 {
		for _, i := range rnd.Perm(3) {
			meet(t, nodes[i], nodes[(i+1)%3], 99, plan{kind: frontier.HelloNow})
		}
	}
	equalSets(t, nodes[0], nodes[1])
	equalSets(t, nodes[0], nodes[2])
	for _, r := range nodes {
		if len(r.wait) > 0 {
			t.Fatalf("%s: %d ops wait in the end", r.name, len(r.wait))
		}
	}
	if tr := meet(t, nodes[0], nodes[1], 5, plan{}); !tr.equal || tr.rows > 0 {
		t.Fatalf("equal nodes ship %d ops", tr.rows)
	}
}

// TestCuts breaks one recorded session after every byte of it; each time a whole
// session afterwards, with the same peer or another, mends it.
func TestCuts(t *testing.T) {
	make2 := func() (a, b *replica) {
		rnd := rand.New(rand.NewPCG(3, 3))
		a = newReplica(t, "a").found()
		b = a.copyTo(newReplica(t, "b"))
		a.random(rnd, 25, 1, 4, 6)
		b.random(rnd, 25, 3, 7, 6)
		return a, b
	}
	a, b := make2()
	whole := meet(t, a, b, 1, plan{kind: frontier.HelloNow})
	step := 1
	if testing.Short() {
		step = 37
	}
	for at := 1; at < whole.bytes[0]+whole.bytes[1]; at += step {
		a, b := make2()
		if tr := meet(t, a, b, 1, plan{kind: frontier.HelloNow, cutAt: at, check: true}); !tr.cut {
			t.Fatalf("not cut at byte %d", at)
		}
		if tr := meet(t, b, a, 2, plan{kind: frontier.HelloNow}); !tr.equal {
			t.Fatalf("after a cut at byte %d: unequal", at)
		}
		equalSets(t, a, b)
		step = max(step, at/40)
	}
}

// TestCost asserts the costs that are counts.
func TestCost(t *testing.T) {
	const devices = 300
	build := func() (a, b *replica) {
		a = newReplica(t, "a").found()
		for d := 1; d < devices; d++ {
			a.branch(d, crdt.ID{}, "first")
		}
		for d := range devices {
			a.roster = append(a.roster, dev(d))
		}
		slices.SortFunc(a.roster, crdt.Device.Compare)
		b = a.copyTo(newReplica(t, "b"))
		b.roster = a.roster
		return a, b
	}
	a, b := build()

	a.reads, b.reads = 0, 0
	tr := meet(t, a, b, 1, plan{kind: frontier.ProbeFirst})
	if sum := tr.bytes[0] + tr.bytes[1]; !tr.equal || sum > 200 || len(tr.order) != 2 || a.reads+b.reads > 0 {
		t.Errorf("equal peers: %d bytes, %d frames, %d reads; want ≤ 200, 2, 0", sum, len(tr.order), a.reads+b.reads)
	}
	tr = meet(t, a, b, 1, plan{kind: frontier.HelloNow})
	if out := tr.bytes[0]; !tr.equal || float64(out) > 11.2*devices+140 {
		t.Errorf("HELLO of %d lanes has %d bytes, want ≤ 11.2 a lane", devices, out)
	}
	t.Logf("HELLO of %d lanes: %d bytes", devices, tr.bytes[0])

	const changed, each = 40, 30
	for d := range changed {
		tip := a.log.Tips(dev(d + 1))[0].ID
		for i := range each {
			tip = a.branch(d+1, tip, fmt.Sprintf("%d %d %s", d, i, make([]byte, 200))).ID
		}
		tip = b.log.Tips(dev(d + 101))[0].ID
		for i := range each {
			tip = b.branch(d+101, tip, fmt.Sprintf("%d %d %s", d, i, make([]byte, 200))).ID
		}
	}
	tr = meet(t, a, b, 1, plan{kind: frontier.HelloNow})
	equalSets(t, a, b)
	if tr.rows != 2*changed*each || tr.known != 0 || tr.hellos != 1 {
		t.Errorf("%d rows, %d known, %d hellos; want %d, 0, 1", tr.rows, tr.known, tr.hellos, 2*changed*each)
	}
	talk := tr.bytes[0] + tr.bytes[1] - tr.opBytes
	if limit := 11.2*devices + 13*changed + 400; float64(talk) > limit {
		t.Errorf("finding the difference took %d bytes, want ≤ %.0f", talk, limit)
	}
	// T3: HELLO, and the first op comes back after one round trip.
	if i := slices.Index(tr.order, (&protocol.Ops{}).Number()); i > 2 {
		t.Errorf("the first OPS is frame %d of %v", i, tr.order)
	}
}

// TestRosters: rosters that differ cost one ERR 3 and the keys, once.
func TestRosters(t *testing.T) {
	a := newReplica(t, "a").found()
	for d := 1; d < 60; d++ {
		a.branch(d, crdt.ID{}, "x")
		a.roster = append(a.roster, dev(d))
	}
	slices.SortFunc(a.roster, crdt.Device.Compare)
	b := newReplica(t, "b")
	tr := meet(t, a, b, 1, plan{kind: frontier.HelloNow})
	if !tr.equal || tr.hellos != 2 || tr.order[1] != (&protocol.Err{}).Number() {
		t.Errorf("equal %v, %d hellos, frames %v", tr.equal, tr.hellos, tr.order)
	}
	equalSets(t, a, b)

	c := newReplica(t, "c")
	var book frontier.Rosters
	book.Add(a.roster)
	cc := c.config(9)
	cc.Rosters = book.Find
	tr = run(t, &side{r: a, s: frontier.NewInitiator(a.config(1))}, &side{r: c, s: frontier.NewResponder(cc)}, plan{kind: frontier.HelloNow})
	if !tr.equal || tr.hellos != 1 {
		t.Errorf("a remembered roster: equal %v, %d hellos", tr.equal, tr.hellos)
	}
}

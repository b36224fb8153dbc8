package frontier_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"tend/crdt"
	"tend/protocol"
	"tend/protocol/frontier"
)

// TestCases goes through meetings of every odd kind. setup gets two replicas that
// hold the genesis.
func TestCases(t *testing.T) {
	text := func(i int) string { return fmt.Sprint("op ", i) }
	chain := func(r *replica, d, n int) (tip crdt.ID) {
		if tips := r.log.Tips(dev(d)); len(tips) > 0 {
			tip = tips[0].ID
		}
		for i := range n {
			tip = r.branch(d, tip, r.name+text(i)).ID
		}
		return tip
	}
	rows := []struct {
		name  string
		setup func(a, b *replica)
		dups  int // most ops that may come though they are there
	}{
		{"equal", func(a, b *replica) {}, 0},
		{"one op", func(a, b *replica) { chain(a, 1, 1) }, 0},
		{"one op at the responder", func(a, b *replica) { chain(b, 1, 1) }, 0},
		{"one lane of 500 differs", func(a, b *replica) {
			for d := 1; d < 500; d++ {
				a.branch(d, crdt.ID{}, "x")
			}
			a.copyTo(b)
			chain(b, 77, 3)
		}, 0},
		{"each ahead in its lanes", func(a, b *replica) { chain(a, 1, 9); chain(a, 2, 3); chain(b, 3, 7); chain(b, 4, 1) }, 0},
		{"a tip that is known, but no tip", func(a, b *replica) { chain(a, 1, 5); a.copyTo(b); chain(b, 1, 20) }, 0},
		{"fork at the tip", func(a, b *replica) { chain(a, 1, 5); a.copyTo(b); chain(a, 1, 1); chain(b, 1, 1) }, 5},
		{"fork at seq 1", func(a, b *replica) { chain(a, 1, 5); chain(b, 1, 7) }, 0},
		{"deep fork", func(a, b *replica) {
			tip := chain(a, 1, 10)
			a.copyTo(b)
			for i := range 90 {
				tip = a.branch(1, tip, text(i)).ID
			}
			chain(b, 1, 60)
		}, 2 * 10},
		{"unknown tip of lower seq", func(a, b *replica) { chain(a, 1, 3); a.copyTo(b); chain(a, 1, 40); chain(b, 1, 2) }, 40},
		{"three branches, each knows two", func(a, b *replica) {
			root := chain(a, 1, 4)
			common := a.branch(1, root, "one")
			a.copyTo(b)
			a.branch(1, common.ID, "one more, of a")
			a.branch(1, root, "two")
			b.branch(1, root, "three")
		}, 4},
		{"three branches, one in common", func(a, b *replica) {
			a.branch(1, crdt.ID{}, "common")
			a.branch(1, crdt.ID{}, "a's")
			b.take(a.stored[1].Op)
			b.branch(1, crdt.ID{}, "b's")
		}, 2},
		{"a forked author is a parent", func(a, b *replica) {
			root := chain(a, 1, 3)
			a.copyTo(b)
			fork := a.branch(1, root, "this way")
			b.branch(1, root, "that way")
			a.branch(2, crdt.ID{}, "builds on a fork", fork.ID)
		}, 3},
		{"forked here only, and referred to", func(a, b *replica) {
			root := chain(a, 1, 3)
			a.copyTo(b)
			b.branch(1, root, "one")
			b.branch(1, root, "two")
			a.branch(2, crdt.ID{}, "knows only the trunk", root)
		}, 3},
		{"author outside the roster", func(a, b *replica) { a.roster = []crdt.Device{dev(1)}; chain(a, 7, 3); chain(b, 8, 3) }, 0},
		{"16 tips", func(a, b *replica) { crowd(a, b, 16) }, 16},
		{"100 ops a lane, 20 lanes", func(a, b *replica) {
			for d := 1; d < 20; d++ {
				chain(a, d, 100)
			}
		}, 0},
	}
	for _, row := range rows {
		for _, swap := range []bool{false, true} {
			t.Run(fmt.Sprint(row.name, " swapped ", swap), func(t *testing.T) {
				a := newReplica(t, "a").found()
				b := a.copyTo(newReplica(t, "b"))
				row.setup(a, b)
				if swap {
					a, b = b, a
				}
				tr := meet(t, a, b, 1, plan{kind: frontier.HelloNow, check: true})
				if !tr.equal {
					t.Fatalf("ended unequal: %v", tr.order)
				}
				equalSets(t, a, b)
				if tr.known > row.dups {
					t.Errorf("%d duplicates, want ≤ %d", tr.known, row.dups)
				}
				if tr.hellos > 2 {
					t.Errorf("%d hellos", tr.hellos)
				}
			})
		}
	}
}

// crowd lets device 1 fork into n branches, half of them known to each replica.
func crowd(a, b *replica, n int) (branches []crdt.Op) {
	for i := range n {
		r := a
		if i%2 == 1 {
			r = b
		}
		op := r.branch(1, crdt.ID{}, fmt.Sprint("branch ", i))
		branches = append(branches, r.branch(1, op.ID, fmt.Sprint("grown ", i)))
	}
	return branches
}

func TestEmpty(t *testing.T) {
	a, b := newReplica(t, "a"), newReplica(t, "b")
	if tr := meet(t, a, b, 1, plan{kind: frontier.HelloNow}); !tr.equal || len(tr.order) != 2 {
		t.Errorf("two empty logs: equal %v, frames %v", tr.equal, tr.order)
	}
	a.found().random(rand.New(rand.NewPCG(1, 1)), 600, 0, 20, 0)
	if tr := meet(t, b, a, 1, plan{kind: frontier.HelloNow}); !tr.equal || tr.known > 0 {
		t.Errorf("an empty initiator: equal %v, %d duplicates", tr.equal, tr.known)
	}
	equalSets(t, a, b)
	c := newReplica(t, "c")
	if tr := meet(t, a, c, 1, plan{}); !tr.equal || tr.known > 0 {
		t.Errorf("an empty responder: equal %v, %d duplicates", tr.equal, tr.known)
	}
	equalSets(t, a, c)
}

// TestCrowded: beyond 16 tips the replicas agree on which count, though not on all
// they hold; and a displaced branch that an op builds on goes along with that op.
func TestCrowded(t *testing.T) {
	for _, n := range []int{17, 32, 40} {
		a := newReplica(t, "a").found()
		b := a.copyTo(newReplica(t, "b"))
		branches := crowd(a, b, n)
		var held []crdt.Op
		for _, op := range branches {
			if _, ok := a.byID[op.ID]; ok {
				held = append(held, op)
			}
		}
		// A member names a branch that will be displaced: the one with the largest
		// first op, which a alone holds.
		first := func(op crdt.Op) crdt.ID { return op.Prev }
		slices.SortFunc(held, func(x, y crdt.Op) int { return first(x).Compare(first(y)) })
		last := held[len(held)-1]
		a.branch(2, crdt.ID{}, "this is worth building on", last.ID)
		tr := meet(t, a, b, 1, plan{kind: frontier.HelloNow, check: true})
		if !tr.equal || a.log.Digest() != b.log.Digest() {
			t.Fatalf("%d branches: unequal after %v", n, tr.order)
		}
		if _, ok := b.byID[last.ID]; !ok || len(b.wait) > 0 {
			t.Errorf("%d branches: the displaced one in an op's past did not come", n)
		}
		if len(a.log.Qualifying(dev(1))) != crdt.MaxFreeTips {
			t.Errorf("%d branches: %d tips count", n, len(a.log.Qualifying(dev(1))))
		}
		if tr := meet(t, b, a, 2, plan{}); !tr.equal || tr.rows > 0 {
			t.Errorf("%d branches: the next session ships %d ops", n, tr.rows)
		}
	}
}

func TestNoPull(t *testing.T) {
	build := func() (a, b *replica) {
		a = newReplica(t, "a").found()
		b = a.copyTo(newReplica(t, "b"))
		a.branch(1, crdt.ID{}, "a")
		b.branch(2, crdt.ID{}, "b")
		return a, b
	}
	a, b := build()
	ca, cb := a.config(1), b.config(2)
	ca.NoPull = true
	tr := run(t, &side{r: a, s: frontier.NewInitiator(ca)}, &side{r: b, s: frontier.NewResponder(cb)}, plan{kind: frontier.HelloNow})
	if len(a.stored) != 2 || len(b.stored) != 3 || tr.equal || tr.hellos != 1 {
		t.Errorf("initiator takes nothing: %d and %d ops, equal %v, %d hellos", len(a.stored), len(b.stored), tr.equal, tr.hellos)
	}
	a, b = build()
	ca, cb = a.config(1), b.config(2)
	cb.NoPull = true
	tr = run(t, &side{r: a, s: frontier.NewInitiator(ca)}, &side{r: b, s: frontier.NewResponder(cb)}, plan{kind: frontier.HelloNow})
	if len(a.stored) != 3 || len(b.stored) != 2 || tr.equal || tr.hellos > 2 {
		t.Errorf("responder takes nothing: %d and %d ops, equal %v, %d hellos", len(a.stored), len(b.stored), tr.equal, tr.hellos)
	}
}

// TestBothSayHello: on one stream the lower peer id keeps the initiator's role.
func TestBothSayHello(t *testing.T) {
	a := newReplica(t, "a").found()
	b := a.copyTo(newReplica(t, "b"))
	a.branch(1, crdt.ID{}, "a")
	b.branch(2, crdt.ID{}, "b")
	ca, cb := a.config(1), b.config(2)
	ca.Lower = true
	sa, sb := &side{r: a, s: frontier.NewInitiator(ca)}, &side{r: b, s: frontier.NewInitiator(cb)}
	for _, f := range sb.s.Start(frontier.HelloNow) {
		data, err := protocol.EncodeFrame(f)
		if err != nil {
			t.Fatal(err)
		}
		sa.inbox = append(sa.inbox, data)
	}
	if tr := run(t, sa, sb, plan{kind: frontier.HelloNow}); !tr.equal || tr.hellos != 1 || tr.known > 0 {
		t.Errorf("equal %v, %d hellos, %d duplicates", tr.equal, tr.hellos, tr.known)
	}
	equalSets(t, a, b)
}

// TestCoveredLogs ships on what came with covering signatures only, whole and in
// part, and finds every op of it proven.
func TestCoveredLogs(t *testing.T) {
	a := newReplica(t, "a").found()
	a.random(rand.New(rand.NewPCG(5, 5)), 900, 0, 12, 0)
	b := newReplica(t, "b")
	meet(t, b, a, 1, plan{kind: frontier.HelloNow, check: true})
	empty := 0
	for _, st := range b.stored {
		if len(st.Op.Sig) == 0 {
			empty++
		}
	}
	if empty < len(b.stored)/2 {
		t.Fatalf("%d of %d signatures are left out: the test shows nothing", empty, len(b.stored))
	}
	part := newReplica(t, "part")
	for _, st := range a.stored[:300] {
		part.take(st.Op)
	}
	for _, to := range []*replica{newReplica(t, "d"), part} {
		tr := meet(t, b, to, 2, plan{kind: frontier.HelloNow, check: true})
		if !tr.equal || tr.bad > 0 || tr.known > 0 {
			t.Errorf("%s: equal %v, %d bad, %d known", to.name, tr.equal, tr.bad, tr.known)
		}
		equalSets(t, b, to)
	}
}

// TestWhole writes a log as a carry file does, and reads it into a log that holds
// nothing, and into one that holds a part.
func TestWhole(t *testing.T) {
	a := newReplica(t, "a").found()
	a.random(rand.New(rand.NewPCG(6, 6)), 700, 0, 9, 40)
	b := newReplica(t, "b")
	for _, st := range a.stored[:200] {
		b.take(st.Op)
	}
	for _, to := range []*replica{newReplica(t, "c"), b} {
		reader := frontier.NewReader(to.config(0))
		for f, err := range frontier.Whole(a, a.snapshot()) {
			if err != nil {
				t.Fatal(err)
			}
			batches, dropped, err := reader.Read(f)
			if err != nil || len(dropped) > 0 {
				t.Fatalf("Read: %v, %d dropped", err, len(dropped))
			}
			for _, batch := range batches {
				to.commit(batch)
			}
		}
		equalSets(t, a, to)
	}
}

// TestBatches holds the covering rule against bad signatures, one place at a time.
func TestBatches(t *testing.T) {
	a := newReplica(t, "a").found()
	tip := crdt.ID{}
	for i := range 10 {
		tip = a.branch(1, tip, fmt.Sprint(i)).ID
	}
	other := a.branch(2, crdt.ID{}, "builds on op 5", a.stored[5].Op.ID)
	circle := a.log.Circle()
	ops := func(bad ...int) []crdt.Op {
		var out []crdt.Op
		for i, st := range a.stored {
			op := st.Op
			if slices.Contains(bad, i) {
				op.Sig = slices.Clone(op.Sig)
				op.Sig[7] ^= 1
			}
			out = append(out, op)
		}
		return out
	}
	count := func(batches []frontier.Batch) (n, signed int) {
		for _, b := range batches {
			for i := range b.Ops {
				if n++; len(b.Ops[i].Sig) > 0 {
					signed++
					if err := b.Ops[i].Verify(circle); err != nil {
						t.Errorf("a wrong signature is kept: %v", err)
					}
				}
			}
		}
		return n, signed
	}
	rows := []struct {
		name string
		bad  []int
		want int
	}{
		{"all good", nil, 12},
		{"middle of a run", []int{4}, 12},
		{"all but the last", []int{1, 2, 3, 4, 5, 6, 7, 8, 9}, 12},
		{"the last", []int{10}, 11},
		{"the last two", []int{9, 10}, 10},
		{"the last and the middle", []int{4, 10}, 11},
		{"all of the run, and what builds on it", []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 1},
		{"a control op, and all that knows it", []int{0}, 0},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			n, signed := count(frontier.Batches(circle, ops(row.bad...)))
			if n != row.want {
				t.Errorf("%d ops left, want %d", n, row.want)
			}
			if n > 0 && signed == 0 {
				t.Error("no signature is kept")
			}
		})
	}
	if other.Dev != dev(2) {
		t.Fatal("the test is not what it says")
	}

	// One that is covered can be proven later; one with a wrong signature cannot.
	b := frontier.Batches(circle, ops(4))[0]
	for i := range b.Ops {
		op := b.Ops[i]
		if got, want := b.Prove(circle, &op), i != 4; got != want {
			t.Errorf("Prove(op %d) = %v, want %v", i, got, want)
		}
	}
}

// TestBatchLimits: no batch has more than 256 ops or 512 KiB.
func TestBatchLimits(t *testing.T) {
	a := newReplica(t, "a").found()
	tip := crdt.ID{}
	for i := range 300 {
		tip = a.branch(1, tip, fmt.Sprint(i)).ID
	}
	for i := range 12 {
		tip = a.branch(1, tip, fmt.Sprint(i, string(make([]byte, 60_000)))).ID
	}
	var ops []crdt.Op
	for _, st := range a.stored {
		ops = append(ops, st.Op)
	}
	n := 0
	for _, b := range frontier.Batches(a.log.Circle(), ops) {
		size := 0
		for i := range b.Ops {
			size += b.Ops[i].Size()
		}
		if len(b.Ops) > protocol.MaxBatchOps || size > protocol.MaxBatchBytes {
			t.Errorf("batch of %d ops and %d bytes", len(b.Ops), size)
		}
		n += len(b.Ops)
	}
	if n != len(ops) {
		t.Errorf("%d of %d ops in batches", n, len(ops))
	}
}

// TestWrongPeer sends what no honest peer would.
func TestWrongPeer(t *testing.T) {
	hello := func(r *replica) *protocol.Hello {
		return frontier.NewInitiator(r.config(1)).Start(frontier.HelloNow)[0].(*protocol.Hello)
	}
	a := newReplica(t, "a").found()
	rows := []struct {
		name   string
		frames func() []protocol.Frame
	}{
		{"same, unasked", func() []protocol.Frame { return []protocol.Frame{&protocol.Same{}} }},
		{"reply, unasked", func() []protocol.Frame { return []protocol.Frame{&protocol.Reply{}} }},
		{"edge first", func() []protocol.Frame { return []protocol.Frame{&protocol.Edge{}} }},
		{"loc first", func() []protocol.Frame { return []protocol.Frame{&protocol.Loc{}} }},
		{"ops first", func() []protocol.Frame { return []protocol.Frame{&protocol.Ops{}} }},
		{"edge twice", func() []protocol.Frame { return []protocol.Frame{hello(a), &protocol.Edge{}, &protocol.Edge{}} }},
		{"last ack before the edge", func() []protocol.Frame { return []protocol.Frame{hello(a), &protocol.Ack{Digest: crdt.ID{1}}} }},
		{"probe in a session", func() []protocol.Frame { return []protocol.Frame{hello(a), &protocol.Probe{}} }},
		{"keys of another roster", func() []protocol.Frame {
			h := hello(a)
			h.Keys, h.Lanes = []crdt.Device{dev(3)}, make([]protocol.LaneTip, 1)
			return []protocol.Frame{h}
		}},
		{"tips of a device twice", func() []protocol.Frame {
			h := hello(a)
			h.Keys, h.Lanes, h.Roster = []crdt.Device{dev(3)}, []protocol.LaneTip{{Seq: 1}}, frontier.HashOf([]crdt.Device{dev(3)})
			h.Tips = append(h.Tips, protocol.DevTip{Dev: dev(3), Seq: 2})
			return []protocol.Frame{h}
		}},
		{"loc of a lane nobody asked for", func() []protocol.Frame {
			return []protocol.Frame{hello(a), &protocol.Loc{Lanes: []protocol.LocLane{{Lane: protocol.Lane{Dev: dev(5)}}}}}
		}},
		{"lane out of the roster", func() []protocol.Frame {
			return []protocol.Frame{hello(a), &protocol.Ops{Lanes: []protocol.LaneRef{{Lane: protocol.Lane{Index: 9}, First: 1}}, Rows: []protocol.Row{{}}}}
		}},
		{"no end of hellos", func() []protocol.Frame {
			var fs []protocol.Frame
			for range 20 {
				fs = append(fs, hello(a))
			}
			return fs
		}},
		{"busy", func() []protocol.Frame { return []protocol.Frame{&protocol.Err{Code: protocol.ErrBusy}} }},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			b := a.copyTo(newReplica(t, "b"))
			b.branch(1, crdt.ID{}, "more")
			s := frontier.NewResponder(b.config(2))
			var err error
			for _, f := range row.frames() {
				if _, err = s.Receive(f); err != nil {
					break
				}
			}
			if peer := (*frontier.PeerError)(nil); !errors.Is(err, frontier.ErrProtocol) && !errors.As(err, &peer) {
				t.Errorf("got %v, want a protocol error", err)
			}
			if done, _ := s.Over(); !done {
				t.Error("the session goes on")
			}
		})
	}
}

// TestLostReferences: rows that refer to what is not here are left out, with all
// that follows in their lane, and nothing else is.
func TestLostReferences(t *testing.T) {
	a := newReplica(t, "a").found()
	b := a.copyTo(newReplica(t, "b"))
	b.branch(9, crdt.ID{}, "so that they differ")
	s := frontier.NewResponder(b.config(2))
	if _, err := s.Receive(frontier.NewInitiator(a.config(1)).Start(frontier.HelloNow)[0]); err != nil {
		t.Fatal(err)
	}
	ctl := []protocol.Ref{{ID: a.log.Circle()}}
	row := func(lane uint64, deps ...protocol.Ref) protocol.Row {
		return protocol.Row{Lane: lane, Ctl: ctl, Deps: deps, Class: crdt.Content, HLCDelta: int64(crdt.At(2000)), Sig: make([]byte, 64)}
	}
	f := &protocol.Ops{
		Lanes: []protocol.LaneRef{{Lane: protocol.Lane{Dev: dev(1)}, First: 1}, {Lane: protocol.Lane{Dev: dev(2)}, First: 7}, {Lane: protocol.Lane{Dev: dev(3)}}},
		Rows:  []protocol.Row{row(1), row(0, protocol.Ref{Lane: 2, Seq: 1 << 39}), row(0), row(1)},
	}
	step, err := s.Receive(f)
	if err != nil || len(step.Batches) > 0 || len(step.Send) > 0 {
		t.Errorf("Receive = %+v, %v; want nothing", step, err)
	}
}

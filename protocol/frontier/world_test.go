package frontier_test

import (
	"cmp"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"tend/crdt"
	"tend/protocol"
	"tend/protocol/frontier"
)

// replica is a log in memory with a pending pool: all that a session needs of a
// node. It keeps what it must never do in check: an op without its past, or one
// that nothing proves, fails the test.
type replica struct {
	t      testing.TB
	name   string
	log    *crdt.Log
	stored []crdt.Stored // by arrival
	byID   map[crdt.ID]int
	at     map[crdt.Device]map[uint64][]crdt.ID
	lane   map[crdt.Device][]crdt.LaneEntry // ascending by (seq, id)
	wait   map[crdt.ID]crdt.Op
	ends   []uint64 // arrival numbers at which batches ended
	roster []crdt.Device

	reads   int // of the store
	dropped int // ops not parked or applied, as nothing proved them
}

func newReplica(t testing.TB, name string) *replica {
	t.Helper()
	r := &replica{t: t, name: name, byID: map[crdt.ID]int{}, at: map[crdt.Device]map[uint64][]crdt.ID{},
		lane: map[crdt.Device][]crdt.LaneEntry{}, wait: map[crdt.ID]crdt.Op{}}
	l, err := crdt.NewLog(genesis(t).ID, r, crdt.NewPasts(), crdt.State{})
	if err != nil {
		t.Fatal(err)
	}
	r.log = l
	return r
}

func (r *replica) Fact(id crdt.ID) (crdt.Fact, bool, error) {
	r.reads++
	i, ok := r.byID[id]
	if !ok {
		return crdt.Fact{}, false, nil
	}
	return r.stored[i].Fact, true, nil
}

func (r *replica) Op(id crdt.ID) (crdt.Op, crdt.Fact, bool, error) {
	r.reads++
	i, ok := r.byID[id]
	if !ok {
		return crdt.Op{}, crdt.Fact{}, false, nil
	}
	return r.stored[i].Op, r.stored[i].Fact, true, nil
}

func (r *replica) At(dev crdt.Device, seq uint64) ([]crdt.ID, error) {
	r.reads++
	return r.at[dev][seq], nil
}

func (r *replica) Lane(dev crdt.Device, from, to uint64) iter.Seq2[crdt.LaneEntry, error] {
	return func(yield func(crdt.LaneEntry, error) bool) {
		lane := r.lane[dev]
		i, _ := slices.BinarySearchFunc(lane, from, func(e crdt.LaneEntry, seq uint64) int { return cmp.Compare(e.Seq, seq) })
		for ; i < len(lane) && lane[i].Seq <= to; i++ {
			r.reads++
			if !yield(lane[i], nil) {
				return
			}
		}
	}
}

func (r *replica) Arrivals(from uint64) iter.Seq2[crdt.Stored, error] {
	return func(yield func(crdt.Stored, error) bool) {
		for i := max(from, 1) - 1; i < uint64(len(r.stored)); i++ {
			r.reads++
			if !yield(r.stored[i], nil) {
				return
			}
		}
	}
}

func (r *replica) snapshot() *frontier.Snapshot {
	s := &frontier.Snapshot{Circle: r.log.Circle(), Roster: r.roster, Tips: map[crdt.Device][]crdt.Tip{},
		Digest: r.log.Digest(), Last: r.log.Last(), Ops: uint64(len(r.stored)), Forked: map[crdt.Device]bool{}}
	for _, d := range r.log.Devices() {
		s.Tips[d] = slices.Clone(r.log.Qualifying(d))
		if _, forked := r.log.Fork(d); forked {
			s.Forked[d] = true
		}
	}
	return s
}

func (r *replica) config(nonce byte) frontier.Config {
	return frontier.Config{Snapshot: r.snapshot, Log: r, Nonce: [16]byte{nonce, 0x5a}}
}

// put adds an op that passed Check.
func (r *replica) put(op crdt.Op, fact crdt.Fact) {
	for p := range op.Parents {
		if _, ok := r.byID[p]; !ok {
			r.t.Fatalf("%s: op %s is stored without its parent %s", r.name, op.ID.Short(), p.Short())
		}
	}
	added, err := r.log.Add(&op, fact, false)
	if err != nil {
		r.t.Fatal(err)
	}
	r.byID[op.ID] = len(r.stored)
	r.stored = append(r.stored, crdt.Stored{Op: op, Fact: added.Fact})
	if r.at[op.Dev] == nil {
		r.at[op.Dev] = map[uint64][]crdt.ID{}
	}
	ids := append(slices.Clone(r.at[op.Dev][op.Seq]), op.ID)
	slices.SortFunc(ids, crdt.ID.Compare)
	r.at[op.Dev][op.Seq] = ids
	e := crdt.LaneEntry{Seq: op.Seq, ID: op.ID, Arr: added.Fact.Arr}
	i, _ := slices.BinarySearchFunc(r.lane[op.Dev], e, func(a, b crdt.LaneEntry) int {
		return cmp.Or(cmp.Compare(a.Seq, b.Seq), a.ID.Compare(b.ID))
	})
	r.lane[op.Dev] = slices.Insert(r.lane[op.Dev], i, e)
	r.log.Settled()
}

// commit takes a batch as a node does: all its ops on a working copy first, to
// learn which of them can be applied; what covers an op that cannot be proves
// nothing to the log.
func (r *replica) commit(b frontier.Batch) frontier.Result {
	var res frontier.Result
	if len(b.Ops) > protocol.MaxBatchOps {
		r.t.Fatalf("batch of %d ops", len(b.Ops))
	}
	lost := map[crdt.ID]bool{}
	ops := slices.Clone(b.Ops)
	for again := true; again; {
		again = false
		takes := map[crdt.ID]bool{} // applied, as far as it looks
		covers := map[crdt.ID]bool{}
		for i := range ops {
			op := &ops[i]
			if _, ok := r.byID[op.ID]; ok || lost[op.ID] {
				continue
			}
			here := true
			for p := range op.Parents {
				_, stored := r.byID[p]
				here = here && (stored || takes[p])
			}
			takes[op.ID] = here
		}
		for i := len(ops) - 1; i >= 0; i-- {
			op := &ops[i]
			if _, ok := r.byID[op.ID]; ok || lost[op.ID] {
				continue
			}
			if len(op.Sig) == 0 && !(covers[op.ID] && takes[op.ID]) && !b.Prove(r.log.Circle(), op) {
				lost[op.ID], again = true, true
				r.dropped++
				continue
			}
			if takes[op.ID] {
				covers[op.Prev] = true
			}
		}
	}
	for _, op := range ops {
		if _, ok := r.byID[op.ID]; ok {
			res.Known++
			continue
		}
		if lost[op.ID] {
			continue
		}
		r.offer(op, &res)
	}
	r.ends = append(r.ends, r.log.Last())
	// What waited and has its past now is a batch of its own, with signatures.
	for progress := true; progress; {
		progress = false
		for _, id := range slices.SortedFunc(maps.Keys(r.wait), crdt.ID.Compare) {
			op := r.wait[id]
			delete(r.wait, id)
			before := len(r.stored)
			r.offer(op, &frontier.Result{})
			progress = progress || len(r.stored) > before
		}
	}
	r.ends = append(r.ends, r.log.Last())
	return res
}

func (r *replica) offer(op crdt.Op, res *frontier.Result) {
	if op.IsGenesis() && len(r.stored) > 0 {
		r.t.Fatalf("%s: a second genesis", r.name)
	}
	fact, err := r.log.Check(&op)
	missing := (*crdt.MissingError)(nil)
	switch {
	case errors.As(err, &missing):
		if len(op.Sig) == 0 {
			r.t.Fatalf("%s: parks an op that nothing proves", r.name)
		}
		r.wait[op.ID] = op
		res.Waiting = append(res.Waiting, missing.IDs...)
	case err != nil:
		res.Refused = append(res.Refused, op.ID)
	default:
		delete(r.wait, op.ID)
		r.put(op, fact)
		res.Applied++
	}
}

// audit checks what must be true of a log between batches: every tip has its own
// signature, and it verifies.
func (r *replica) audit() {
	r.t.Helper()
	for _, d := range r.log.Devices() {
		for _, tip := range r.log.Tips(d) {
			op := r.stored[r.byID[tip.ID]].Op
			if string(op.Sig) == audited[op.ID] {
				continue
			}
			if err := op.Verify(r.log.Circle()); err != nil {
				r.t.Fatalf("%s: tip %s of %s: %v", r.name, tip.ID.Short(), d.Short(), err)
			}
			audited[op.ID] = string(op.Sig)
		}
	}
}

// audited are the signatures that were seen to verify.
var audited = map[crdt.ID]string{}

func (r *replica) ids() []crdt.ID { return slices.SortedFunc(maps.Keys(r.byID), crdt.ID.Compare) }

var keys = map[int]ed25519.PrivateKey{}

func key(n int) ed25519.PrivateKey {
	if k, ok := keys[n]; ok {
		return k
	}
	seed := sha256.Sum256(fmt.Appendf(nil, "device %d", n))
	keys[n] = ed25519.NewKeyFromSeed(seed[:])
	return keys[n]
}

func dev(n int) crdt.Device { return crdt.Device(key(n).Public().(ed25519.PublicKey)) }

func sign(t testing.TB, circle crdt.ID, n int, h crdt.Header, body []byte) crdt.Op {
	t.Helper()
	h.Dev = dev(n)
	op, err := crdt.Sign(circle, h, body, func(msg []byte) ([]byte, error) { return ed25519.Sign(key(n), msg), nil })
	if err != nil {
		t.Fatalf("sign: %v", err)
	}
	return op
}

// take commits an op that was made here or came by gossip, alone.
func (r *replica) take(op crdt.Op) { r.commit(frontier.Batch{Ops: []crdt.Op{op}}) }

// found gives a replica the genesis.
func (r *replica) found() *replica {
	r.take(genesis(r.t))
	return r
}

// genesis is the first op of the circle, by device 0.
func genesis(t testing.TB) crdt.Op {
	return sign(t, crdt.ID{}, 0, crdt.Header{Seq: 1, HLC: crdt.At(1000)}, []byte("genesis"))
}

// write lets device n write its next op here; false if it may not.
func (r *replica) write(n int, class crdt.Class, clock crdt.HLC, body []byte) bool {
	h, ok := r.log.Draft(dev(n), class, clock)
	if ok {
		r.take(sign(r.t, r.log.Circle(), n, h, body))
	}
	return ok
}

// branch puts an op of device n on prev (zero: a first op), whatever else it wrote.
func (r *replica) branch(n int, prev crdt.ID, text string, deps ...crdt.ID) crdt.Op {
	h := crdt.Header{Seq: 1, Prev: prev, Ctl: []crdt.ID{r.log.Circle()}, HLC: crdt.At(1000) + 1, Class: crdt.Content}
	if !prev.IsZero() {
		p := r.stored[r.byID[prev]].Op
		h.Seq, h.Ctl, h.HLC = p.Seq+1, p.Ctl, p.HLC+1
		if p.Class == crdt.Control {
			h.Ctl = []crdt.ID{p.ID}
		}
	}
	for _, d := range deps {
		h.Deps = append(h.Deps, d)
		h.HLC = max(h.HLC, r.stored[r.byID[d]].Op.HLC+1)
	}
	slices.SortFunc(h.Deps, crdt.ID.Compare)
	op := sign(r.t, r.log.Circle(), n, h, []byte(text))
	r.take(op)
	return op
}

// copyTo gives another replica everything, in order.
func (r *replica) copyTo(o *replica) *replica {
	for _, st := range r.stored {
		if _, ok := o.byID[st.Op.ID]; !ok {
			op := st.Op
			if len(op.Sig) == 0 {
				r.t.Fatal("copyTo of a log with covered ops")
			}
			o.take(op)
		}
	}
	return o
}

// traffic is what a session cost.
type traffic struct {
	frames  [2]int // by direction: from the initiator, from the responder
	bytes   [2]int
	opBytes int
	rows    int
	known   int // ops that came and were there
	hellos  int
	bad     int
	equal   bool // the initiator says so
	cut     bool
	order   []uint64 // numbers of all frames, by when they were sent
}

// plan says what goes wrong in a session.
type plan struct {
	kind  frontier.StartKind
	cutAt int // bytes after which the link breaks; 0: never
	each  func(frames int)
	check bool // audit after every frame
}

type side struct {
	r     *replica
	s     *frontier.Session
	inbox [][]byte
	over  frontier.Step
}

// meet runs a session between a, the initiator, and b, over two queues of bytes.
func meet(t testing.TB, a, b *replica, nonce byte, p plan) traffic {
	t.Helper()
	ca, cb := a.config(nonce), b.config(nonce+1)
	return run(t, &side{r: a, s: frontier.NewInitiator(ca)}, &side{r: b, s: frontier.NewResponder(cb)}, p)
}

var errStuck = errors.New("session does not end")

func run(t testing.TB, a, b *side, p plan) traffic {
	t.Helper()
	var tr traffic
	total := 0
	send := func(from int, f protocol.Frame) bool {
		data, err := protocol.EncodeFrame(f)
		if err != nil {
			t.Fatalf("frame %d: %v", f.Number(), err)
		}
		total += len(data) + 4
		if p.cutAt > 0 && total > p.cutAt {
			tr.cut = true
			return false
		}
		tr.frames[from]++
		tr.bytes[from] += len(data) + 4
		tr.order = append(tr.order, f.Number())
		switch f := f.(type) {
		case *protocol.Ops:
			tr.opBytes += len(data) + 4
			tr.rows += len(f.Rows)
			if len(f.Rows) > protocol.MaxOpsPerFrame {
				t.Fatalf("frame of %d rows", len(f.Rows))
			}
		case *protocol.Hello:
			tr.hellos++
		}
		to := b
		if from == 1 {
			to = a
		}
		to.inbox = append(to.inbox, data)
		return true
	}
	sides := []*side{a, b}
	for _, f := range a.s.Start(p.kind) {
		if !send(0, f) {
			return tr
		}
	}
	for n := 0; ; n++ {
		if n > 1_000_000 {
			t.Fatal(errStuck)
		}
		busy := false
		for i, me := range sides {
			if len(me.inbox) > 0 {
				busy = true
				f, err := protocol.DecodeFrame(me.inbox[0])
				if err != nil {
					t.Fatal(err)
				}
				me.inbox = me.inbox[1:]
				step, err := me.s.Receive(f)
				if err != nil {
					t.Fatalf("%s: %v", me.r.name, err)
				}
				tr.bad += len(step.Bad)
				for _, f := range step.Send {
					if !send(i, f) {
						return tr
					}
				}
				for _, batch := range step.Batches {
					res := me.r.commit(batch)
					tr.known += res.Known
					for _, f := range me.s.Applied(res) {
						if !send(i, f) {
							return tr
						}
					}
				}
				if step.Done {
					me.over = step
					if i == 0 {
						tr.equal = step.Equal
					}
				}
				if p.check {
					me.r.audit()
				}
				if p.each != nil {
					p.each(n)
				}
			}
			f, ok, err := me.s.Next()
			if err != nil {
				t.Fatal(err)
			}
			if ok {
				busy = true
				if !send(i, f) {
					return tr
				}
			}
		}
		if !busy {
			if !a.over.Done {
				t.Fatalf("session stands still; frames so far %v", tr.order)

			}
			return tr
		}
	}
}

// equalSets fails the test unless both hold the same ops.
func equalSets(t testing.TB, a, b *replica) {
	t.Helper()
	a.audit()
	b.audit()
	if !slices.Equal(a.ids(), b.ids()) {
		t.Fatalf("%s holds %d ops, %s %d, not the same", a.name, len(a.byID), b.name, len(b.byID))
	}
	if a.log.Digest() != b.log.Digest() {
		t.Fatal("equal sets, unequal digests")
	}
}

// random lets devices write at a replica: n ops, by the devices first to last, with
// forks where forks > 0 (one op in that many).
func (r *replica) random(rnd *rand.Rand, n, first, last, forks int) {
	clock := crdt.At(2000 + rnd.Int64N(5000))
	for range n {
		d := first + rnd.IntN(last-first+1)
		clock += crdt.HLC(rnd.IntN(3)) << 16
		if forks > 0 && rnd.IntN(forks) == 0 {
			if lane := r.lane[dev(d)]; len(lane) > 0 {
				on := lane[rnd.IntN(len(lane))]
				prev := r.stored[r.byID[on.ID]].Op
				if rnd.IntN(6) == 0 || prev.IsGenesis() {
					prev = crdt.Op{}
				}
				if d == 0 && prev.ID.IsZero() {
					continue // a second genesis is none of this circle
				}
				r.branch(d, prev.ID, fmt.Sprint("fork ", rnd.Uint64()))
				continue
			}
		}
		body := make([]byte, rnd.IntN(200))
		for i := range body {
			body[i] = byte(rnd.Uint32())
		}
		class := crdt.Content
		if rnd.IntN(8) == 0 {
			class = crdt.Control
			if len(body) == 0 {
				body = []byte{1}
			}
		}
		r.write(d, class, clock, body)
	}
}

package replica

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/membership"
)

// Bounds of the waiting pool (SPEC.md §7.8): what may wait for parents or for a
// body, in all, from one peer, of one author, and for how long.
const (
	MaxWaiting          = 10_000
	MaxWaitingBytes     = 16 << 20
	MaxWaitingPerPeer   = 2_000
	MaxWaitingPerAuthor = 2_000
	MaxWaitingMillis    = 3_600_000
)

// waiting is an op whose parents, or whose body, are not here yet. Its own
// signature verifies; its body is checked.
type waiting struct {
	op    crdt.Op
	from  membership.PeerKey
	since int64 // Unix milliseconds
	on    []crdt.ID
}

// waitingRow is a waiting op as kept in the store. The op's own id among On
// means that its body is what it waits for.
type waitingRow struct {
	_       struct{} `cbor:",toarray"`
	Payload []byte
	Sig     []byte
	Body    []byte
	From    membership.PeerKey
	Since   uint64
}

// pool holds the waiting ops. Working copies share it until they change it.
type pool struct {
	ops    map[crdt.ID]waiting
	byNeed map[crdt.ID][]crdt.ID // what is missing → who waits for it, ascending
	byPeer map[membership.PeerKey]int
	byDev  map[crdt.Device]int
	sizes  map[crdt.Device]int // bytes of each author
	bytes  int
	shared bool
}

func newPool() *pool {
	return &pool{ops: map[crdt.ID]waiting{}, byNeed: map[crdt.ID][]crdt.ID{},
		byPeer: map[membership.PeerKey]int{}, byDev: map[crdt.Device]int{}, sizes: map[crdt.Device]int{}}
}

// own returns a pool that may be changed without its other users noticing.
func (p *pool) own() *pool {
	if !p.shared {
		return p
	}
	return &pool{ops: maps.Clone(p.ops), byNeed: maps.Clone(p.byNeed), byPeer: maps.Clone(p.byPeer),
		byDev: maps.Clone(p.byDev), sizes: maps.Clone(p.sizes), bytes: p.bytes}
}

// within reports whether neither the peer nor the author of w has too much
// waiting. Whoever floods the pool loses their own ops, and nobody else's.
func (p *pool) within(w waiting) bool {
	return p.byPeer[w.from] < MaxWaitingPerPeer && p.byDev[w.op.Dev] < MaxWaitingPerAuthor
}

// full reports whether w has no room.
func (p *pool) full(w waiting) bool {
	return len(p.ops) >= MaxWaiting || p.bytes+w.op.Size() > MaxWaitingBytes
}

// victim returns the op that goes when w has no room: the one that waits longest
// of the author who has the most waiting, if that is more than the author of w.
// The most is that of what there is no room for, bytes or ops: few large ops of
// one author do not put out many small ones of another.
func (p *pool) victim(w waiting) (crdt.ID, bool) {
	shares := p.byDev
	if p.bytes+w.op.Size() > MaxWaitingBytes {
		shares = p.sizes
	}
	var greatest crdt.Device
	for dev, n := range shares {
		if most := shares[greatest]; n > most || n == most && dev.Compare(greatest) < 0 {
			greatest = dev
		}
	}
	if shares[greatest] <= shares[w.op.Dev] {
		return crdt.ID{}, false
	}
	var oldest waiting
	found := false
	for id, other := range p.ops {
		if other.op.Dev != greatest {
			continue
		}
		if !found || other.since < oldest.since || other.since == oldest.since && id.Compare(oldest.op.ID) < 0 {
			oldest, found = other, true
		}
	}
	return oldest.op.ID, found
}

func (p *pool) add(w waiting) {
	p.ops[w.op.ID] = w
	p.bytes += w.op.Size()
	p.byPeer[w.from]++
	p.byDev[w.op.Dev]++
	p.sizes[w.op.Dev] += w.op.Size()
	for _, id := range w.on {
		p.byNeed[id] = append(slices.Clip(p.byNeed[id]), w.op.ID)
	}
}

func (p *pool) remove(id crdt.ID) (waiting, bool) {
	w, ok := p.ops[id]
	if !ok {
		return waiting{}, false
	}
	delete(p.ops, id)
	p.bytes -= w.op.Size()
	if p.byPeer[w.from]--; p.byPeer[w.from] == 0 {
		delete(p.byPeer, w.from)
	}
	if p.byDev[w.op.Dev]--; p.byDev[w.op.Dev] == 0 {
		delete(p.byDev, w.op.Dev)
	}
	if p.sizes[w.op.Dev] -= w.op.Size(); p.sizes[w.op.Dev] == 0 {
		delete(p.sizes, w.op.Dev)
	}
	for _, need := range w.on {
		left := slices.DeleteFunc(slices.Clone(p.byNeed[need]), func(x crdt.ID) bool { return x == id })
		if len(left) == 0 {
			delete(p.byNeed, need)
		} else {
			p.byNeed[need] = left
		}
	}
	return w, true
}

// sorted returns the waiting ops in an order that a function of the set gives.
func (p *pool) sorted() []waiting {
	return slices.SortedFunc(maps.Values(p.ops), func(a, b waiting) int {
		return cmp.Or(cmp.Compare(a.op.HLC, b.op.HLC), a.op.ID.Compare(b.op.ID))
	})
}

// park keeps an op that waits for the ids in on, if there is room.
func (r *Replica) park(op crdt.Op, on []crdt.ID, src Source, now int64) Verdict {
	if _, here := r.pool.ops[op.ID]; here {
		return Verdict{Outcome: Parked, Missing: on}
	}
	w := waiting{op: op, from: src.Peer, since: now, on: on}
	if !r.pool.within(w) {
		return Verdict{Outcome: Dropped, Missing: on}
	}
	for r.pool.full(w) {
		id, ok := r.pool.victim(w)
		if !ok {
			return Verdict{Outcome: Dropped, Missing: on}
		}
		r.unpark(id)
	}
	r.pool = r.pool.own()
	r.pool.add(w)
	r.row(pairKey(rowWaiting, on[0], op.ID), canon.MustMarshal(waitingRow{Payload: op.Payload, Sig: op.Sig, Body: op.Body,
		From: src.Peer, Since: uint64(max(now, 0))}))
	return Verdict{Outcome: Parked, Missing: on}
}

// unpark takes an op out of the pool.
func (r *Replica) unpark(id crdt.ID) (waiting, bool) {
	if _, here := r.pool.ops[id]; !here {
		return waiting{}, false
	}
	r.pool = r.pool.own()
	w, ok := r.pool.remove(id)
	r.row(pairKey(rowWaiting, w.on[0], id), nil)
	return w, ok
}

// wake notes that id came, for what waits for it.
func (r *Replica) wake(id crdt.ID) {
	if len(r.pool.byNeed[id]) > 0 {
		r.ready = append(slices.Clip(r.ready), id)
	}
}

// release gives the ops that waited for what came another try, and those that
// waited for them in turn, as far as there is room. The rest keeps for another
// batch.
func (r *Replica) release(now int64) error {
	for len(r.ready) > 0 {
		waiters := r.pool.byNeed[r.ready[0]]
		if len(waiters) == 0 {
			r.ready = r.ready[1:]
			continue
		}
		waiter := r.pool.ops[waiters[0]]
		if size := waiter.op.Size(); r.spare.ops < 1 || r.spare.rows < 1 || r.spare.bytes < size {
			return nil
		}
		r.spare.ops, r.spare.rows, r.spare.bytes = r.spare.ops-1, r.spare.rows-1, r.spare.bytes-waiter.op.Size()
		w, _ := r.unpark(waiters[0])
		v, err := r.accept(w.op, Source{Peer: w.from, Way: Pool}, now)
		if err != nil {
			return err
		}
		if v.Outcome == New {
			r.wake(w.op.ID)
		}
	}
	return nil
}

// expire drops what has waited too long, as far as there is room.
func (r *Replica) expire(now int64) {
	for _, w := range r.pool.sorted() {
		if now-w.since > MaxWaitingMillis && r.spare.rows > 0 {
			r.spare.rows--
			r.unpark(w.op.ID)
		}
	}
}

// Needs returns what the waiting ops wait for, ascending, with one op that names
// it: the gaps a peer may be asked about.
func (r *Replica) Needs() []Need {
	var out []Need
	for _, id := range slices.SortedFunc(maps.Keys(r.pool.byNeed), crdt.ID.Compare) {
		if _, waits := r.pool.ops[id]; waits && !slices.Contains(r.pool.byNeed[id], id) {
			continue
		}
		w := r.pool.ops[r.pool.byNeed[id][0]]
		out = append(out, Need{ID: id, By: w.op.Dev, From: w.from, Since: w.since})
	}
	return out
}

// Need is an id that is asked for.
type Need struct {
	ID    crdt.ID
	By    crdt.Device        // the device whose op waits for it
	From  membership.PeerKey // who delivered that op
	Since int64              // Unix milliseconds
}

func (r *Replica) loadPool() error {
	r.pool = newPool()
	for row, err := range r.store.Rows([]byte{rowWaiting}) {
		if err != nil {
			return fmt.Errorf("load waiting ops: %w", err)
		}
		if len(row.Key) != 65 {
			continue
		}
		need, id := crdt.ID(row.Key[1:33]), crdt.ID(row.Key[33:65])
		var kept waitingRow
		if err := canon.Unmarshal(row.Value, &kept); err != nil {
			continue
		}
		op, err := crdt.Parse(r.circle, kept.Payload)
		if err != nil || op.ID != id {
			continue
		}
		op.Sig, op.Body = kept.Sig, nonEmpty(kept.Body)
		w := waiting{op: op, from: kept.From, since: int64(kept.Since), on: []crdt.ID{need}}
		if err := r.stillMissing(&w); err != nil {
			return err
		}
		r.pool.add(w)
	}
	return nil
}

// stillMissing completes what a waiting op waits for: its row names one. If that
// came already, the op is tried again soon.
func (r *Replica) stillMissing(w *waiting) error {
	need := w.on[0]
	for id := range w.op.Parents {
		_, here, err := r.log.Fact(id)
		if err != nil {
			return err
		}
		if !here && !slices.Contains(w.on, id) {
			w.on = append(w.on, id)
		}
	}
	_, here, err := r.log.Fact(need)
	if here {
		r.ready = append(r.ready, need)
	}
	return err
}

func nonEmpty(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

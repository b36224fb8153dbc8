package frontier

import (
	"cmp"
	"container/heap"
	"fmt"
	"slices"

	"tend/crdt"
	"tend/protocol"
)

const (
	// lookahead is how many places of a lane a cursor holds.
	lookahead = 64
	// closeBy is after how many ops a frame ends as soon as it can, so that it
	// never has more than protocol.MaxOpsPerFrame.
	closeBy = protocol.MaxOpsPerFrame - protocol.MaxBatchOps
	// rowOverhead is what a row takes beside body, signature and references.
	rowOverhead = 24
	// hardLimit is the plain size that no frame may reach; frames aim at a
	// quarter of it, and end within a batch (512 KiB) after that.
	hardLimit = protocol.MaxFrame - 128<<10
)

// shipment is what is to be sent in a round, and how far that has come. It goes
// in the order of arrival here, in which every op comes after its parents.
type shipment struct {
	spans   []span
	twigs   []twig // not yet begun
	planned uint64

	started bool
	scan    bool                 // read the whole log and leave out, rather than lane by lane
	want    map[crdt.Device]span // by scan
	picked  map[crdt.ID]bool     // by scan: ops of branches
	next    uint64               // by scan: arrival number to go on from
	cursors cursors              // else
	ready   []crdt.Stored        // read, and in the next frame
}

func (sh *shipment) add(sp span, twigs []twig) {
	if sp.from <= sp.to {
		sh.spans = append(sh.spans, sp)
		sh.planned += sp.to - sp.from + 1
	}
	sh.twigs = append(sh.twigs, twigs...)
	sh.planned += uint64(len(twigs))
}

// cursor stands in one lane's span, or in a list of twigs.
type cursor struct {
	dev      crdt.Device
	from, to uint64 // still to be looked up
	last     uint64 // arrival number after which nothing is shipped
	ahead    []twig // looked up, ascending by arr; never empty in the heap
}

type cursors []*cursor

func (c cursors) Len() int           { return len(c) }
func (c cursors) Less(i, j int) bool { return c[i].ahead[0].arr < c[j].ahead[0].arr }
func (c cursors) Swap(i, j int)      { c[i], c[j] = c[j], c[i] }
func (c *cursors) Push(x any)        { *c = append(*c, x.(*cursor)) }
func (c *cursors) Pop() any {
	last := (*c)[len(*c)-1]
	*c = (*c)[:len(*c)-1]
	return last
}

// fill looks up the next places of a span; false at its end.
func (c *cursor) fill(log Log) (bool, error) {
	if len(c.ahead) > 0 {
		return true, nil
	}
	if c.from > c.to {
		return false, nil
	}
	to := min(c.to, c.from+lookahead-1)
	for e, err := range log.Lane(c.dev, c.from, to) {
		if err != nil {
			return false, err
		}
		if e.Arr <= c.last { // else it came since, perhaps as another branch
			c.ahead = append(c.ahead, twig{e.Arr, e.ID})
		}
	}
	c.from = to + 1
	return c.fill(log)
}

// start takes up what was planned since the last time. Lanes planned later (after
// a locator) begin to be shipped then.
func (sh *shipment) start(log Log, snap *Snapshot) error {
	if len(sh.spans)+len(sh.twigs) == 0 {
		return nil
	}
	if !sh.started && 2*sh.planned > snap.Ops {
		sh.scan, sh.next = true, 1
		sh.want, sh.picked = map[crdt.Device]span{}, map[crdt.ID]bool{}
		for _, sp := range sh.spans {
			sh.want[sp.dev] = sp
		}
		for _, t := range sh.twigs {
			sh.picked[t.id] = true
		}
	} else {
		for _, sp := range sh.spans {
			if err := sh.push(log, &cursor{dev: sp.dev, from: sp.from, to: sp.to, last: snap.Last}); err != nil {
				return err
			}
		}
		slices.SortFunc(sh.twigs, func(a, b twig) int { return cmp.Compare(a.arr, b.arr) })
		if err := sh.push(log, &cursor{from: 1, ahead: sh.twigs}); err != nil {
			return err
		}
	}
	sh.started, sh.spans, sh.twigs = true, nil, nil
	return nil
}

func (sh *shipment) push(log Log, c *cursor) error {
	more, err := c.fill(log)
	if more {
		heap.Push(&sh.cursors, c)
	}
	return err
}

// takes reports whether a scanned op is to be shipped.
func (sh *shipment) takes(st *crdt.Stored) bool {
	sp, ok := sh.want[st.Op.Dev]
	return sh.picked[st.Op.ID] || (ok && sp.from <= st.Op.Seq && st.Op.Seq <= sp.to)
}

// walk yields the ops to ship, in order, from where it ended the last time.
func (sh *shipment) walk(log Log, last uint64, yield func(crdt.Stored) bool) error {
	if sh.scan && sh.next <= last {
		for st, err := range log.Arrivals(sh.next) {
			if err != nil {
				return err
			}
			if st.Fact.Arr > last {
				break
			}
			sh.next = st.Fact.Arr + 1
			if sh.takes(&st) && !yield(st) {
				return nil
			}
		}
		sh.next = last + 1
		sh.want, sh.picked = nil, nil
	}
	for len(sh.cursors) > 0 {
		c := sh.cursors[0]
		id := c.ahead[0].id
		op, f, ok, err := log.Op(id)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("op %s: not in the log", id.Short())
		}
		c.ahead = c.ahead[1:]
		more, err := c.fill(log)
		if err != nil {
			return err
		}
		if more {
			heap.Fix(&sh.cursors, 0)
		} else {
			heap.Pop(&sh.cursors)
		}
		if !yield(crdt.Stored{Op: op, Fact: f}) {
			return nil
		}
	}
	return nil
}

// frame returns the ops of the next frame; none at the end. It ends where no run
// is open: every op in it that has no signature has a signed successor in it.
func (sh *shipment) frame(log Log, crowd *crowd, aim int) ([]crdt.Stored, error) {
	var size int
	runs := newRuns()
	closed := 0 // ops up to the last place where no run was open
	full := false
	count := func(st *crdt.Stored) {
		size += rowSize(&st.Op)
		if runs.add(&st.Op); runs.closed() {
			closed = len(sh.ready)
			full = size >= aim || closed >= closeBy
		}
	}
	// What was read beyond the end of the frame before is here already.
	carried := sh.ready
	sh.ready = nil
	for i := range carried {
		sh.ready = append(sh.ready, carried[i])
		count(&carried[i])
	}
	if !full {
		var wrong error
		err := sh.walk(log, crowd.snap.Last, func(st crdt.Stored) bool {
			owed, err := crowd.owed(&st.Op)
			if err != nil {
				wrong = err
				return false
			}
			for _, st := range append(owed, st) {
				sh.ready = append(sh.ready, st)
				count(&st)
			}
			return !full && size < hardLimit && len(sh.ready) < protocol.MaxOpsPerFrame
		})
		if err := cmp.Or(err, wrong); err != nil {
			return nil, err
		}
	}
	if closed == 0 {
		// No store that keeps SPEC.md §3.2 comes here. The peer takes what is
		// covered and leaves the rest; the session goes on.
		closed = len(sh.ready)
	}
	closed = min(closed, protocol.MaxOpsPerFrame)
	out := sh.ready[:closed:closed]
	sh.ready = slices.Clone(sh.ready[closed:])
	return out, nil
}

func rowSize(op *crdt.Op) int {
	return rowOverhead + len(op.Body) + len(op.Sig) + 34*(len(op.Deps)+len(op.Ctl)) + 40
}

// runs knows which ops of a stretch still wait for a signature that covers them.
type runs struct{ open map[crdt.ID]bool }

func newRuns() runs { return runs{map[crdt.ID]bool{}} }

func (r runs) add(op *crdt.Op) {
	if len(r.open) > 0 {
		delete(r.open, op.Prev)
	}
	if len(op.Sig) == 0 {
		r.open[op.ID] = true
	}
}

func (r runs) closed() bool { return len(r.open) == 0 }

// Next returns the next frame to send: OPS, then EDGE, then the last ACK; false
// if there is none now. It reads the store, so it is called when the stream has
// room. An error ends the session.
func (s *Session) Next() (protocol.Frame, bool, error) {
	r := s.round
	if s.phase != open {
		return nil, false, nil
	}
	if r.edgeSent {
		f := s.lastAck()
		return f, f != nil, nil
	}
	if err := r.ship.start(s.cfg.Log, r.snap); err != nil {
		return nil, false, err
	}
	ops, err := r.ship.frame(s.cfg.Log, r.crowd, s.cfg.Aim)
	if err != nil {
		s.phase = over
		return nil, false, err
	}
	if len(ops) > 0 {
		r.sent += uint64(len(ops))
		f, err := s.pack(ops)
		return f, err == nil, err
	}
	if len(r.waiting) > 0 || !r.mayEnd {
		return nil, false, nil
	}
	r.edgeSent = true
	return &protocol.Edge{Digest: r.snap.Digest, Sent: r.sent}, true, nil
}

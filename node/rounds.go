package node

import (
	"context"
	"time"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/circle"
	"tend/crdt/sig"
	"tend/node/replica"
	"tend/node/words"
)

// How a running home looks its logs over by itself: a few ops at each tick of its
// loop, so that nobody notices, and all of them about once a week. Damage of a disk
// then shows while others still hold what was lost.
const (
	roundEvery = 7 * 24 * time.Hour
	// roundOps is how many ops one tick looks at: some milliseconds of work. A log of
	// a million takes under three days.
	roundOps = 256
	// maxRoundFindings bounds what is kept; tend verify names the rest.
	maxRoundFindings = 20
	// maxCover is how far ahead the signature that covers an op is looked for: a
	// batch is no longer.
	maxCover = replica.MaxBatchOps
)

// rowRound is where a circle's round stands: y|round.
var rowRound = []byte("y|round")

// round is how far the look at a log has come. It is kept after each step, so that
// it goes on after a start.
type round struct {
	_     struct{} `cbor:",toarray"`
	Next  uint64   // the arrival number to go on with; 0: no round is under way
	Found []string // in this round
	Done  int64    // when the last one ended, Unix milliseconds; 0: none has
	Last  []string // what that found
}

// Round says when a log was last looked over, and what was found.
type Round struct {
	Done     time.Time // zero if it never was
	Findings []string  // of the last whole look, and of the one under way
}

// Looked returns how the last look over a circle's log went.
func (n *Node) Looked(id crdt.ID) (Round, error) {
	x, err := n.runner(id)
	if err != nil {
		return Round{}, unknownCircle(id)
	}
	r, err := x.round()
	if err != nil {
		return Round{}, err
	}
	out := Round{Findings: append(append([]string{}, r.Last...), r.Found...)}
	if r.Done > 0 {
		out.Done = time.UnixMilli(r.Done)
	}
	return out, nil
}

// LookOver looks at the next part of a circle's log, if a round is due or under
// way, and reports whether one is still under way. A running node does so by itself.
func (n *Node) LookOver(ctx context.Context, id crdt.ID) (bool, error) {
	x, err := n.runner(id)
	if err != nil {
		return false, unknownCircle(id)
	}
	return heardFrom(ctx, x, job{}, func(*replica.Replica, time.Time) (bool, error) { return x.lookOver() })
}

func (x *runner) round() (round, error) {
	var r round
	value, ok, err := x.store.Get(rowRound)
	if err != nil || !ok {
		return r, err
	}
	if canon.Unmarshal(value, &r) != nil {
		return round{}, nil // begin anew
	}
	return r, nil
}

// looked notes what a look at the whole log found.
func (x *runner) looked(found []string) {
	r := round{Done: x.node.now().UnixMilli(), Last: found[:min(len(found), maxRoundFindings)]}
	if err := x.store.Put(row(rowRound, canon.MustMarshal(r))); err != nil {
		x.log.Warn("it could not be kept that the log was looked over", "err", err)
	}
}

// lookOver is one step of a round. It is called by the loop.
func (x *runner) lookOver() (more bool, err error) {
	r, err := x.round()
	if err != nil {
		return false, err
	}
	now := x.node.now()
	if r.Next == 0 {
		since := now.Sub(time.UnixMilli(r.Done))
		if r.Done > 0 && since >= 0 && since < roundEvery {
			return false, nil
		}
		r.Next = 1
	}
	last := x.store.Count()
	found := x.lookAt(r.Next, min(last, r.Next+roundOps-1))
	if len(found) > 0 {
		x.log.Warn("a look over the log found something", "from", r.Next, "findings", len(found))
	}
	r.Found = append(r.Found, found...)
	r.Found = r.Found[:min(len(r.Found), maxRoundFindings)]
	if r.Next += roundOps; r.Next > last {
		r = round{Done: now.UnixMilli(), Last: r.Found}
	}
	return r.Next > 0, x.store.Put(row(rowRound, canon.MustMarshal(r)))
}

// lookAt checks the ops from one arrival number to another: bytes, hash, body,
// signature, and what the index says of them.
func (x *runner) lookAt(from, to uint64) []string {
	var found []string
	var batch sig.Batch
	covered := map[crdt.ID]bool{}
	var signed []crdt.ID
	for next := from; next <= to && len(found) < maxRoundFindings; {
		for s, err := range x.store.Arrivals(next) {
			if s.Fact.Arr > to {
				next = to + 1
				break
			}
			if err != nil {
				found = append(found, finding("finding.unreadable", int(next)))
				break
			}
			for ; next < s.Fact.Arr; next++ {
				found = append(found, finding("finding.missing", int(next)))
			}
			next++
			if wrong := x.lookAtOp(&s, covered); wrong.Key != "" {
				found = append(found, finding("finding.op", s.Op.ID.Short(), wrong))
				continue
			}
			if len(s.Op.Sig) > 0 {
				batch.Add(s.Op.Dev, s.Op.Signed(x.id), s.Op.Sig)
				signed = append(signed, s.Op.ID)
			}
		}
		next++ // over what cannot be read, or is not there
	}
	for _, bad := range batch.Verify() {
		found = append(found, finding("finding.op", signed[bad].Short(), circle.As("finding.signature")))
	}
	return found
}

// finding is something about the store that does not check, in words.
func finding(key string, with ...any) string { return words.Told.Tell(circle.As(key, with...)) }

// lookAtOp says what is wrong with one op; nothing if nothing is. covered holds the unsigned
// ops whose signature was found already.
func (x *runner) lookAtOp(s *crdt.Stored, covered map[crdt.ID]bool) circle.Said {
	op := &s.Op
	again, err := crdt.Parse(x.id, op.Payload)
	if err != nil || again.ID != op.ID {
		return circle.As("finding.bytes")
	}
	if op.Body != nil && op.CheckBody(op.Body) != nil {
		return circle.As("finding.body")
	}
	if f, ok, err := x.store.Fact(op.ID); err != nil || !ok || f != s.Fact {
		return circle.As("finding.index")
	}
	in := false
	for e, err := range x.store.Lane(op.Dev, op.Seq, op.Seq) {
		in = in || err == nil && e.ID == op.ID
	}
	switch {
	case !in:
		return circle.As("finding.lane")
	case len(op.Sig) == 0 && !x.coveredBy(op, covered):
		return circle.As("finding.uncovered")
	}
	return circle.Said{}
}

// coveredBy reports whether a signed op of the device has op in its chain. All on the
// way to that op are covered too: a run is walked once.
func (x *runner) coveredBy(op *crdt.Op, covered map[crdt.ID]bool) bool {
	if covered[op.ID] {
		return true
	}
	prev := op.ID
	var way []crdt.ID
	for seq := op.Seq + 1; seq <= op.Seq+maxCover; seq++ {
		found := false
		for e, err := range x.store.Lane(op.Dev, seq, seq) {
			if err != nil {
				return false
			}
			next, _, ok, err := x.store.Op(e.ID)
			if err != nil || !ok || next.Prev != prev {
				continue
			}
			if len(next.Sig) > 0 || covered[next.ID] {
				for _, id := range way {
					covered[id] = true
				}
				return true
			}
			prev, found = next.ID, true
			way = append(way, next.ID)
			break
		}
		if !found {
			return false
		}
	}
	return false
}

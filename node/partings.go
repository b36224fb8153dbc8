package node

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node/replica"
	"tend/protocol"
)

// partings keeps what is owed to devices of those who left or were asked to go:
// each hears by GOODBYE what the circle knows of it, and again if it comes back after
// a while, as one does whose home was put back to a backup of before.
type partings struct {
	node *Node

	mu   sync.Mutex            // guards said
	said map[parting]time.Time // when
}

type parting struct {
	peer   membership.PeerKey
	circle crdt.ID
}

// Rows of the node's own: G|circle|peer → when a GOODBYE was said, in Unix seconds,
// 8 bytes, the highest first.
const rowSaid = 'G'

// saidFor is how long a GOODBYE need not be said again.
const saidFor = 24 * time.Hour

// rowGoodbye is a circle's row that holds the GOODBYE this home was told.
var rowGoodbye = []byte("y|goodbye")

func newPartings(n *Node) *partings { return &partings{node: n, said: map[parting]time.Time{}} }

func (p *partings) load() error {
	for row, err := range p.node.cfg.Store.Node().Scan([]byte{rowSaid}) {
		if err != nil {
			return fmt.Errorf("load goodbyes: %w", err)
		}
		if len(row.Key) == 65 && len(row.Value) == 8 {
			of := parting{circle: crdt.ID(row.Key[1:33]), peer: membership.PeerKey(row.Key[33:])}
			p.said[of] = time.Unix(int64(binary.BigEndian.Uint64(row.Value)), 0)
		}
	}
	return nil
}

// owed reports whether some circle owes the peer a GOODBYE.
func (p *partings) owed(peer membership.PeerKey) bool { _, ok := p.of(peer); return ok }

func (p *partings) of(peer membership.PeerKey) (*runner, bool) {
	for _, x := range p.node.runners() {
		s := x.snap.Load()
		if !s.In() || x.fellow(peer) || len(s.People.ByPeer(peer)) == 0 {
			continue
		}
		p.mu.Lock()
		at, said := p.said[parting{peer: peer, circle: x.id}]
		p.mu.Unlock()
		if !said || p.node.now().Sub(at).Abs() >= saidFor {
			return x, true
		}
	}
	return nil, false
}

// unsay forgets that peers were told who are in the circle again: another parting
// is another goodbye.
func (p *partings) unsay(x *runner) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for of := range p.said {
		if of.circle != x.id || !x.fellow(of.peer) {
			continue
		}
		if err := p.node.cfg.Store.Node().Put(row(of.key(), nil)); err != nil {
			p.node.log.Warn("a goodbye of before could not be forgotten yet", "err", err)
			continue
		}
		delete(p.said, of)
	}
}

func (p parting) key() []byte { return append(append([]byte{rowSaid}, p.circle[:]...), p.peer[:]...) }

// Goodbye is what a parted peer is owed, in frames: why, and the control ops up to
// its parting. The first one has the reasons.
func (n *Node) Goodbye(peer membership.PeerKey) (crdt.ID, []protocol.Goodbye, bool) {
	x, ok := n.partings.of(peer)
	if !ok {
		return crdt.ID{}, nil, false
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	ops, err := heardFrom(ctx, x, job{}, func(w *replica.Replica, _ time.Time) ([]crdt.Op, error) { return w.Parting(peer) })
	if err != nil || len(ops) == 0 {
		return crdt.ID{}, nil, false
	}
	var frames []protocol.Goodbye
	for part := range chunks(ops) {
		frames = append(frames, protocol.Goodbye{Table: *protocol.PackByID(part, func(*crdt.Op) bool { return true })})
	}
	return x.id, frames, true
}

// SaidGoodbye notes that a peer was told.
func (n *Node) SaidGoodbye(peer membership.PeerKey, circle crdt.ID) {
	p, of, now := n.partings, parting{peer: peer, circle: circle}, n.now()
	p.mu.Lock()
	p.said[of] = now
	p.mu.Unlock()
	if err := n.cfg.Store.Node().Put(row(of.key(), binary.BigEndian.AppendUint64(nil, uint64(now.Unix())))); err != nil {
		n.log.Warn("a goodbye could not be noted; it may be said again", "err", err)
	}
}

// Holds reports whether this home has a copy of a circle, also of one it left.
func (n *Node) Holds(id crdt.ID) bool { _, err := n.runner(id); return err == nil }

// TakeGoodbye keeps what this home was told of its own parting. Its control ops tell
// who decided, and what of this home's own has no effect; they are no part of the
// log. It ends the attempts to reach the circle.
func (n *Node) TakeGoodbye(ctx context.Context, id crdt.ID, from membership.PeerKey, frames []protocol.Goodbye) error {
	x, err := n.runner(id)
	if err != nil {
		return err
	}
	if len(frames) == 0 {
		return errors.New("an empty goodbye")
	}
	var ops []crdt.Op
	for i := range frames {
		part, err := protocol.UnpackByID(id, &frames[i].Table)
		if err != nil {
			return err
		}
		ops = append(ops, part...)
	}
	data, err := protocol.EncodeFrame(&frames[0]) // the reasons
	if err != nil {
		return err
	}
	return x.ask(ctx, job{do: func(w *replica.Replica, _ time.Time) error {
		if !w.PartedBy(ops) {
			return errors.New("a goodbye that shows no parting")
		}
		if w.Standing() == membership.Left && !speaksFor(w.People(), from) {
			return nil // the others still have to hear it from this home
		}
		control := slices.DeleteFunc(slices.Clone(ops), func(op crdt.Op) bool { return op.Class != crdt.Control })
		if err := w.TakeControl(control); err != nil {
			return err
		}
		w.KeepGoodbye(rowGoodbye, data)
		return nil
	}})
}

// speaksFor reports whether a peer's goodbye to somebody who left says that the circle
// knows. A newcomer without voice may be known to nobody else: what they heard, they
// can tell no one.
func speaksFor(v *membership.View, peer membership.PeerKey) bool {
	if len(v.Voices()) == 0 {
		return true
	}
	return slices.ContainsFunc(v.ByPeer(peer), func(d membership.Device) bool { return v.HasVoice(d.Member) })
}

// reasonTold is why this home's person was asked to go, as the goodbye has it.
func (x *runner) reasonTold() string {
	data, told, err := x.store.Get(rowGoodbye)
	if err != nil || !told {
		return ""
	}
	f, err := protocol.DecodeFrame(data)
	bye, ok := f.(*protocol.Goodbye)
	if err != nil || !ok {
		return ""
	}
	ops, err := protocol.UnpackByID(x.id, &bye.Table)
	if err != nil {
		return ""
	}
	return x.replica.ReasonIn(ops)
}

// Leave takes this member out of a circle, for good on their side: what they said of
// themselves is let go in every home, what else they have stays readable here, and the
// others are told. It returns once that is durable.
func (n *Node) Leave(ctx context.Context, id crdt.ID) error {
	x, err := n.runner(id)
	if err != nil {
		return unknownCircle(id)
	}
	for range 8 { // nobody says more of themselves, and to leave is what counts
		res, err := n.Do(ctx, id, circle.LetGoOfMine{})
		if err != nil {
			x.log.Warn("what was said of oneself could not be taken back", "err", err)
		}
		if err != nil || res.Unchanged {
			break
		}
	}
	return n.control(ctx, x, func(w *replica.Replica, clock crdt.HLC) error {
		_, err := w.Propose(&membership.Leave{Seen: w.Seen(x.me())}, clock)
		return err
	})
}

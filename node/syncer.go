package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"sync"
	"time"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/node/replica"
	"tend/protocol"
	"tend/protocol/frontier"
)

// ErrNotShared is returned to a session with a peer that shares no such circle
// with this home (any more).
var ErrNotShared = errors.New("not a circle of both")

// Open makes the configuration of a session with a peer.
func (n *Node) Open(id crdt.ID, peer membership.PeerKey) (frontier.Config, error) {
	x, err := n.runner(id)
	if err != nil || !x.fellow(peer) {
		return frontier.Config{}, fmt.Errorf("circle %s: %w", id.Short(), ErrNotShared)
	}
	self := membership.PeerKey(n.peerKey())
	c := frontier.Config{Snapshot: func() *frontier.Snapshot { return x.snap.Load().Frontier() }, Log: x.store,
		Rosters: x.rosters.find, Lower: bytes.Compare(self[:], peer[:]) < 0}
	if _, err := io.ReadFull(n.cfg.Rand, c.Nonce[:]); err != nil {
		return frontier.Config{}, err
	}
	return c, nil
}

// rosters are the rosters this home had lately, for peers that name one by its
// hash.
type rosters struct {
	mu   sync.Mutex // guards kept
	kept frontier.Rosters
}

func (r *rosters) add(roster []crdt.Device) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept.Add(roster)
}

func (r *rosters) find(h protocol.RosterHash) ([]crdt.Device, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.kept.Find(h)
}

// Commit makes one batch of a session durable and says what became of it.
func (n *Node) Commit(ctx context.Context, id crdt.ID, from membership.PeerKey, b frontier.Batch) (frontier.Result, error) {
	x, err := n.runner(id)
	if err != nil {
		return frontier.Result{}, err
	}
	return x.take(ctx, b, replica.Source{Peer: from, Way: replica.Session})
}

// errUncovered ends a try at a batch in which an op that covers others by its
// signature did not get into the log.
var errUncovered = errors.New("an op that covers others was not taken in")

// take puts a checked batch into the log, in one transaction. An op that came
// without its own verified signature is covered by a later one of the batch. If
// that one does not get in, each op has to stand on its own signature.
func (x *runner) take(ctx context.Context, b frontier.Batch, src replica.Source) (frontier.Result, error) {
	res, err := x.takeOnce(ctx, b, src)
	if !errors.Is(err, errUncovered) {
		return res, err
	}
	var proven []crdt.Op
	for _, op := range b.Ops {
		if b.Prove(x.id, &op) {
			proven = append(proven, op)
		}
	}
	b.Ops = proven
	return x.takeOnce(ctx, b, src)
}

func (x *runner) takeOnce(ctx context.Context, b frontier.Batch, src replica.Source) (frontier.Result, error) {
	size := 0
	for i := range b.Ops {
		size += b.Ops[i].Size()
	}
	return heardFrom(ctx, x, job{ops: len(b.Ops), bytes: size}, func(w *replica.Replica, now time.Time) (frontier.Result, error) {
		var res frontier.Result
		bare := map[crdt.Device]bool{} // devices of ops that wait for the one that covers them
		for _, op := range b.Ops {
			v, err := w.Receive(op, src, now.UnixMilli())
			if err != nil {
				return res, err
			}
			switch v.Outcome {
			case replica.New:
				res.Applied++
				bare[op.Dev] = len(op.Sig) == 0
				continue
			case replica.Known:
				res.Known++
				continue
			case replica.Parked, replica.Dropped:
				res.Waiting = append(res.Waiting, v.Missing...)
			case replica.Refused:
				res.Refused = append(res.Refused, op.ID)
				x.log.Debug("op refused", "op", op.ID.Short(), "why", v.Reason)
			}
			if bare[op.Dev] {
				return res, errUncovered
			}
		}
		return res, nil
	})
}

// Gossiped judges one gossip message and queues its ops.
func (n *Node) Gossiped(id crdt.ID, from membership.PeerKey, data []byte) Verdict {
	x, err := n.runner(id)
	if err != nil || !x.fellow(from) {
		return Ignore
	}
	f, err := protocol.DecodeFrame(data)
	if err != nil {
		return Reject
	}
	packed, ok := f.(*protocol.Ops)
	if !ok {
		return Reject
	}
	ops, err := protocol.UnpackByID(id, packed)
	if err != nil {
		return Reject
	}
	people, size := x.snap.Load().People, 0
	for i := range ops {
		if _, certified := people.Author(ops[i].Dev); !certified {
			return Ignore
		}
		if ops[i].Verify(id) != nil {
			return Reject
		}
		size += ops[i].Size()
	}
	src := replica.Source{Peer: from, Way: replica.Gossip}
	queued := x.offer(job{ops: len(ops), bytes: size, do: func(w *replica.Replica, now time.Time) error {
		for _, op := range ops {
			if _, err := w.Receive(op, src, now.UnixMilli()); err != nil {
				return err
			}
		}
		return nil
	}})
	if !queued {
		return Ignore
	}
	return Accept
}

// maxGossip is the size of a gossip message; a larger op goes without its body,
// which is then pulled.
const maxGossip = 32 << 10

// gossip packs own ops into messages; all is false if one of them did not fit.
func (x *runner) gossip(ops []crdt.Op) (out [][]byte, all bool) {
	all = true
	for len(ops) > 0 {
		n, size := 0, 0
		for n < len(ops) && (n == 0 || size+ops[n].Size() <= maxGossip-4096) && n < 64 {
			size += ops[n].Size()
			n++
		}
		carry := func(op *crdt.Op) bool { return op.Size() <= maxGossip-4096 }
		data, err := protocol.EncodeFrame(protocol.PackByID(ops[:n], carry))
		if err != nil {
			x.log.Error("own ops could not be packed for gossip; a session will carry them", "err", err)
		}
		if err != nil || len(data) > maxGossip {
			all = false
		} else {
			out = append(out, data)
		}
		ops = ops[n:]
	}
	return out, all
}

// supersededFor is how long the topic of an epoch that is no longer written with
// is still listened to.
const supersededFor = 24 * time.Hour

// Topics names the gossip topics of a circle.
func (n *Node) Topics(id crdt.ID) (write string, listen []string) {
	x, err := n.runner(id)
	if err != nil {
		return "", nil
	}
	s := x.snap.Load()
	if !s.In() {
		return "", nil
	}
	has := func(e membership.EpochID) bool { _, ok := x.ring.Key(e); return ok }
	current, ok := s.People.WriteEpoch(has)
	if ok {
		key, _ := x.ring.Key(current.Epoch.ID)
		write = key.Secret().Topic()
		listen = append(listen, write)
	}
	epochs := s.People.Epochs()
	for i, e := range epochs {
		if ok && e.Epoch.ID == current.Epoch.ID {
			continue
		}
		superseded := i+1 < len(epochs) && n.now().Sub(epochs[i+1].HLC.Time()) > supersededFor
		if key, held := x.ring.Key(e.Epoch.ID); held && !superseded {
			listen = append(listen, key.Secret().Topic())
		}
	}
	return write, listen
}

// Pulled answers a PULL with what is held of it.
func (n *Node) Pulled(id crdt.ID, peer membership.PeerKey, f protocol.Pull) ([]protocol.Frame, error) {
	x, err := n.runner(id)
	if err != nil || !x.fellow(peer) {
		return nil, ErrNotShared
	}
	var ops []crdt.Op
	size := 0
	for _, want := range f.Wants {
		for _, got := range x.pulled(want) {
			if size += got.Size(); size > maxPulled || len(ops) == protocol.MaxOpsPerFrame {
				break
			}
			ops = append(ops, got)
		}
	}
	if len(ops) == 0 {
		return nil, nil
	}
	var frames []protocol.Frame
	for part := range chunks(ops) {
		packed := protocol.PackByID(part, func(*crdt.Op) bool { return true })
		frames = append(frames, packed)
	}
	return frames, nil
}

// maxPulled bounds the answer to a PULL, in bytes.
const maxPulled = 2 << 20

// pulled returns the lane of one want above what the asker has, up to the op it
// wants; or just that op.
func (x *runner) pulled(want protocol.PullWant) []crdt.Op {
	op, _, ok, err := x.store.Op(want.Want)
	if err != nil || !ok {
		return nil
	}
	out := []crdt.Op{op}
	for len(out) < 256 && out[0].Dev == want.Author && out[0].Seq > want.HaveSeq+1 {
		before, _, ok, err := x.store.Op(out[0].Prev)
		if err != nil || !ok {
			break
		}
		out = slices.Insert(out, 0, before)
	}
	return x.covered(out)
}

// covered adds to the end of a run the ops after it, up to the one whose signature
// covers it: an op that came in a session may have none of its own here, and the
// asker could not tell that it is authentic.
func (x *runner) covered(run []crdt.Op) []crdt.Op {
	last := run[len(run)-1]
	if len(last.Sig) > 0 {
		return run
	}
	for e, err := range x.store.Lane(last.Dev, last.Seq+1, last.Seq+protocol.MaxOpsPerFrame) {
		if err != nil {
			return run
		}
		next, _, ok, err := x.store.Op(e.ID)
		if err != nil || !ok || next.Prev != last.ID {
			continue
		}
		run, last = append(run, next), next
		if len(last.Sig) > 0 {
			return run
		}
	}
	return run
}

// chunks cuts ops into parts that fit a frame.
func chunks(ops []crdt.Op) iter.Seq[[]crdt.Op] {
	return func(yield func([]crdt.Op) bool) {
		for len(ops) > 0 {
			n, size := 0, 0
			for n < len(ops) && n < 256 && (n == 0 || size+ops[n].Size() <= 256<<10) {
				size += ops[n].Size()
				n++
			}
			if !yield(ops[:n]) {
				return
			}
			ops = ops[n:]
		}
	}
}

// Gaps lists what is missing in a circle, oldest first.
func (n *Node) Gaps(id crdt.ID) []Gap {
	x, err := n.runner(id)
	if err != nil {
		return nil
	}
	return x.snap.Load().gaps()
}

// Moves yields what changed, for the network.
func (n *Node) Moves(ctx context.Context) iter.Seq[Move] { return n.moves.listen(ctx) }

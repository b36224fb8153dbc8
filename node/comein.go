package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/node/replica"
	"tend/protocol"
	"tend/protocol/frontier"
	"tend/storage/crashpoint"
)

// maxLogFrame bounds one frame of a control log, in bytes.
const maxLogFrame = 1 << 20

// ErrHave is returned for a circle that this home has a copy of already.
var ErrHave = errors.New("this home has a copy of that circle already")

func carriesBody(*crdt.Op) bool { return true }

func sendFrame(p Pipe, f protocol.Frame) error {
	data, err := protocol.EncodeFrame(f)
	if err != nil {
		return err
	}
	return p.Send(data)
}

func receiveFrame(p Pipe) (protocol.Frame, error) {
	data, err := p.Receive(maxLogFrame)
	if err != nil {
		return nil, err
	}
	return protocol.DecodeFrame(data)
}

// controlLog returns a circle's control ops in the order of causes.
func (x *runner) controlLog(ctx context.Context) ([]crdt.Op, error) {
	return heardFrom(ctx, x, job{}, func(w *replica.Replica, _ time.Time) ([]crdt.Op, error) { return w.ControlLog() })
}

// handed is what whoever lets a device in gives it of one circle.
type handed struct {
	boxes []protocol.Lockbox // the log key first; none where the secrets went over sealed
	ops   []crdt.Op          // the control log, in the order of causes
	pack  []protocol.PackedKey
}

// hand writes KEYS… OPS… PACK… EDGE.
func (h *handed) hand(p Pipe) error {
	for part := range slices.Chunk(h.boxes, maxWanted) {
		if err := sendFrame(p, &protocol.Keys{Boxes: part}); err != nil {
			return fmt.Errorf("hand the keys over: %w", err)
		}
	}
	for part := range chunks(h.ops) {
		if err := sendFrame(p, protocol.PackByID(part, carriesBody)); err != nil {
			return fmt.Errorf("hand the control log over: %w", err)
		}
	}
	for part := range slices.Chunk(h.pack, protocol.MaxPack) {
		if err := sendFrame(p, &protocol.Pack{Keys: part}); err != nil {
			return fmt.Errorf("hand single keys over: %w", err)
		}
	}
	return sendFrame(p, &protocol.Edge{Sent: uint64(len(h.ops))})
}

// readHanded reads what hand writes. io.EOF says that nothing at all came.
func readHanded(id crdt.ID, p Pipe) (handed, error) {
	nothing := true
	h, err := readWelcome(id, func(yield func(protocol.Frame, error) bool) {
		for {
			f, err := receiveFrame(p)
			if errors.Is(err, io.EOF) && !nothing {
				err = io.ErrUnexpectedEOF
			}
			nothing = false
			if !yield(f, err) || err != nil {
				return
			}
		}
	})
	if err != nil {
		return handed{}, fmt.Errorf("read the control log: %w", err)
	}
	return h, nil
}

// takeFirst takes the first op of a device in that was just let in: the peer could
// not sync before the circle knows it.
func (n *Node) takeFirst(ctx context.Context, id crdt.ID, p Pipe) error {
	f, err := receiveFrame(p)
	if err != nil {
		return fmt.Errorf("hear the device's first op: %w", err)
	}
	table, ok := f.(*protocol.Ops)
	if !ok {
		return fmt.Errorf("frame %d in place of the device's first op", f.Number())
	}
	ops, err := protocol.UnpackByID(id, table)
	if err != nil {
		return err
	}
	if len(ops) != 1 || ops[0].Seq != 1 {
		return errors.New("not the first op of a device")
	}
	x, err := n.runner(id)
	if err != nil {
		return err
	}
	for _, b := range frontier.Batches(id, ops) {
		if _, err := x.take(ctx, b, replica.Source{Way: replica.File}); err != nil {
			return err
		}
	}
	if d, ok := x.snap.Load().People.Device(ops[0].Dev); !ok || d.Revoked {
		return errors.New("the circle's rules do not let the device in")
	}
	return nil
}

// certified is the certificate of a device of this home, given the root's
// signature.
func (n *Node) certified(me *Identity, id, member crdt.ID, notBefore crdt.HLC, sigRoot []byte) membership.DeviceCert {
	box, err := protocol.ParseBoxKey(me.Boxes[0].Key)
	if err != nil {
		panic(fmt.Sprintf("a prekey of our own does not parse: %v", err))
	}
	c := membership.DeviceCert{V: 1, Circle: id, Member: member, Dev: me.Device(), Box: box.Public(), Peer: n.peerKey(), NotBefore: notBefore}
	c.SigRoot, c.SigDev, c.SigPeer = sigRoot, sign(me.DevSeed, c.Signed()), sign(n.cfg.Keys.TransportSeed(), c.Signed())
	return c
}

// comeIn makes a circle this home's, given its control log, and writes the op by
// which this device comes in: its first, which the log as held here cannot draft,
// since none of it is here yet. It is kept, and handed to whoever let the device
// in; it comes back with the log. A control log that does not let the device in
// leaves nothing behind.
func (n *Node) comeIn(ctx context.Context, id crdt.ID, keys CircleKeys, ops []crdt.Op, body membership.Body) (crdt.Op, error) {
	if _, err := n.runner(id); err == nil {
		return crdt.Op{}, ErrHave
	}
	op, err := n.firstOpOn(timely(ops, n.now()), id, &keys, ops, body)
	if err != nil { // what lets the device in is itself ahead of our clock
		op, err = n.firstOpOn(ops, id, &keys, ops, body)
	}
	if err != nil {
		return crdt.Op{}, err
	}
	ops = append(slices.Clip(ops), op)
	if err := n.cfg.Keys.SetCircle(id, keys); err != nil {
		return crdt.Op{}, fmt.Errorf("keep the circle's keys: %w", err)
	}
	crashpoint.At("come in, keys kept")
	x, err := n.add(id)
	if err != nil {
		return crdt.Op{}, err
	}
	if err := x.takeControl(ctx, ops); err != nil {
		return crdt.Op{}, err
	}
	crashpoint.At("come in, first op kept")
	n.moves.send(Move{Circle: id, People: true, Epoch: true, Knocking: true})
	n.revisions.send(Revision{Circle: id, N: x.snap.Load().Revision})
	return op, nil
}

// begun reports whether there is anything of the circle here. A crash may leave a
// device that was coming in with its keys alone; it is let in once more, then, as
// if it had not been before.
func (x *runner) begun() bool {
	s := x.snap.Load()
	return x.ring.held().First.IsZero() || s.Ops > 0 || s.Handed > 0
}

// firstOpOn writes the op by which a device comes in on top of some of the control
// log that was handed over, and holds that it lets the device in.
func (n *Node) firstOpOn(some []crdt.Op, id crdt.ID, keys *CircleKeys, ops []crdt.Op, body membership.Body) (crdt.Op, error) {
	op, err := n.firstDraft(id, keys, some, body)
	if err != nil {
		return crdt.Op{}, err
	}
	keys.First = op.ID
	v, err := n.tryControl(id, *keys, append(slices.Clip(ops), op))
	if err != nil {
		return crdt.Op{}, err
	}
	if d, ok := v.Device(op.Dev); !ok || d.Member != keys.Member() || !current(v, d) {
		return crdt.Op{}, errNotLetIn
	}
	return op, nil
}

// timely returns the part of a control log that is not held for its clocks (SPEC.md
// §3.4): nothing of one's own is built on the rest, or one clock that is a year ahead
// would hold a new device back for as long.
func timely(ops []crdt.Op, now time.Time) []crdt.Op {
	held := map[crdt.ID]bool{}
	return slices.DeleteFunc(slices.Clone(ops), func(op crdt.Op) bool {
		held[op.ID] = op.HLC.Millis() > now.UnixMilli()+replica.MaxAhead || slices.ContainsFunc(op.Ctl, func(id crdt.ID) bool { return held[id] })
		return held[op.ID]
	})
}

// firstDraft writes the op by which a device comes in, on top of a control log that
// was handed over.
func (n *Node) firstDraft(id crdt.ID, keys *CircleKeys, ops []crdt.Op, body membership.Body) (crdt.Op, error) {
	h := crdt.Header{Dev: keys.Device(), Seq: 1, Class: crdt.Control}
	h.Ctl, h.HLC = headsOf(ops, n.clock())
	kind, payload := membership.Encode(body)
	sealed, err := protocol.SealBody(n.cfg.Rand, keys.LogKey, id, h.Dev, 1, kind, payload)
	if err != nil {
		return crdt.Op{}, err
	}
	return crdt.Sign(id, h, sealed, signer(keys.DevSeed))
}

// headsOf returns the control heads of a control log, the newest if there are more
// than an op can name, and a clock after theirs.
func headsOf(ops []crdt.Op, clock crdt.HLC) ([]crdt.ID, crdt.HLC) {
	named := map[crdt.ID]bool{}
	for i := range ops {
		for _, id := range ops[i].Ctl {
			named[id] = true
		}
	}
	var heads []crdt.ID
	var latest crdt.HLC
	for i := len(ops) - 1; i >= 0 && len(heads) < crdt.MaxCtl; i-- {
		if !named[ops[i].ID] {
			heads = append(heads, ops[i].ID)
			latest = max(latest, ops[i].HLC)
		}
	}
	slices.SortFunc(heads, crdt.ID.Compare)
	return heads, crdt.Next(clock, latest)
}

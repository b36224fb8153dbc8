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
	var ops []crdt.Op
	err := x.ask(ctx, job{do: func(w *replica.Replica, _ time.Time) error {
		var err error
		ops, err = w.ControlLog()
		return err
	}})
	return ops, err
}

// handLog writes a control log: OPS… EDGE.
func (n *Node) handLog(p Pipe, ops []crdt.Op) error {
	for part := range chunks(ops) {
		if err := sendFrame(p, protocol.PackByID(part, carriesBody)); err != nil {
			return fmt.Errorf("hand the control log over: %w", err)
		}
	}
	return sendFrame(p, &protocol.Edge{Sent: uint64(len(ops))})
}

// readLog reads what handLog writes.
func readLog(id crdt.ID, p Pipe) ([]crdt.Op, error) {
	ops, _, err := readReturn(id, p)
	return ops, err
}

// readReturn reads lockboxes and a control log: KEYS… OPS… EDGE. io.EOF says that
// nothing at all came.
func readReturn(id crdt.ID, p Pipe) ([]crdt.Op, []protocol.Lockbox, error) {
	var ops []crdt.Op
	var boxes []protocol.Lockbox
	size := 0
	for len(ops) <= maxControlLog && len(boxes) <= maxControlLog && size <= maxControlBytes {
		f, err := receiveFrame(p)
		if errors.Is(err, io.EOF) && len(ops)+len(boxes) > 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, nil, fmt.Errorf("read the control log: %w", err)
		}
		switch f := f.(type) {
		case *protocol.Keys:
			boxes = append(boxes, f.Boxes...)
		case *protocol.Ops:
			more, err := protocol.UnpackByID(id, f)
			if err != nil {
				return nil, nil, err
			}
			for i := range more {
				size += more[i].Size()
			}
			ops = append(ops, more...)
		case *protocol.Edge:
			return ops, boxes, nil
		default:
			return nil, nil, fmt.Errorf("frame %d in a control log", f.Number())
		}
	}
	return nil, nil, errors.New("more was handed over than a circle can hold")
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
// in; it comes back with the log.
func (n *Node) comeIn(ctx context.Context, id crdt.ID, keys CircleKeys, ops []crdt.Op, body membership.Body) (crdt.Op, error) {
	if len(ops) == 0 || ops[0].ID != id {
		return crdt.Op{}, errors.New("the control log handed over is not this circle's")
	}
	if _, err := n.runner(id); err == nil {
		return crdt.Op{}, ErrHave
	}
	h := crdt.Header{Dev: keys.Device(), Seq: 1, Class: crdt.Control}
	h.Ctl, h.HLC = headsOf(ops, n.clock())
	kind, payload := membership.Encode(body)
	sealed, err := protocol.SealBody(n.cfg.Rand, keys.LogKey, id, h.Dev, 1, kind, payload)
	if err != nil {
		return crdt.Op{}, err
	}
	op, err := crdt.Sign(id, h, sealed, signer(keys.DevSeed))
	if err != nil {
		return crdt.Op{}, err
	}
	keys.First = op.ID
	if err := n.cfg.Keys.SetCircle(id, keys); err != nil {
		return crdt.Op{}, fmt.Errorf("keep the circle's keys: %w", err)
	}
	x, err := n.add(id)
	if err != nil {
		return crdt.Op{}, err
	}
	err = x.ask(ctx, job{do: func(w *replica.Replica, _ time.Time) error {
		if err := w.TakeControl(append(slices.Clip(ops), op)); err != nil {
			return err
		}
		if d, ok := w.People().Device(h.Dev); !ok || d.Revoked || w.Standing() != membership.In {
			return errors.New("the control log handed over does not let this device in")
		}
		return nil
	}})
	if err != nil {
		return crdt.Op{}, err
	}
	n.moves.send(Move{Circle: id, People: true, Epoch: true, Knocking: true})
	n.revisions.send(Revision{Circle: id, N: x.snap.Load().Revision})
	return op, nil
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

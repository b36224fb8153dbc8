package node

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node/replica"
	"tend/protocol"
	"tend/protocol/frontier"
)

// Carried says what a carry file holds, or what became of it.
type Carried struct {
	Circle                    crdt.ID
	Ops                       int
	OpsNew, OpsKnown, Waiting int
}

// CarryOut writes what a circle's log holds, or what the homes of one member are
// not known to hold, as a carry file: sync by a stick or a mail. With it go the
// keys that the members' devices may have.
func (n *Node) CarryOut(ctx context.Context, id crdt.ID, to *crdt.ID, out io.Writer) (Carried, error) {
	x, err := n.runner(id)
	if err != nil {
		return Carried{}, unknownCircle(id)
	}
	s := x.snap.Load()
	w, err := protocol.NewCarryWriter(out, id)
	if err != nil {
		return Carried{}, err
	}
	count := int(s.Frontier().Ops)
	if to == nil {
		err = x.carryAll(ctx, s, w)
	} else {
		count, err = x.carrySome(ctx, s, w, *to)
	}
	if err != nil {
		return Carried{}, err
	}
	if err := x.carryKeys(ctx, s, w, to); err != nil {
		return Carried{}, err
	}
	return Carried{Circle: id, Ops: count}, w.Close()
}

// carryAll writes the whole log, parents by their place.
func (x *runner) carryAll(ctx context.Context, s *Snapshot, w *protocol.CarryWriter) error {
	for f, err := range frontier.Whole(x.store, s.Frontier()) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if err := w.Frame(f); err != nil {
			return err
		}
	}
	return nil
}

// carrySome writes what no home of one member is known to hold, parents by id.
func (x *runner) carrySome(ctx context.Context, s *Snapshot, w *protocol.CarryWriter, to crdt.ID) (int, error) {
	m, ok := s.People.Member(to)
	if !ok {
		return 0, circle.Refuse(circle.NotFound, "no.not_here.name")
	}
	return x.carryOps(ctx, w, raise(x.heard.heldBy(m), ownSeqs(s.Frontier().Tips, m)))
}

// carryOps writes the ops above has, in the order of arrival, so that any reader
// can take them in as they come.
func (x *runner) carryOps(ctx context.Context, w *protocol.CarryWriter, has []laneAt) (int, error) {
	var batch []crdt.Op
	count, size := 0, 0
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		packed := protocol.PackByID(batch, func(*crdt.Op) bool { return true })
		batch, size = nil, 0
		return w.Frame(packed)
	}
	for s, err := range x.store.Arrivals(1) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return 0, err
		}
		at, found := slices.BinarySearchFunc(has, s.Op.Dev, func(l laneAt, d crdt.Device) int { return l.Dev.Compare(d) })
		if found && s.Op.Seq <= has[at].Seq {
			continue
		}
		batch = append(batch, s.Op)
		count++
		size += s.Op.Size()
		// A frame ends only where every op in it is covered by a signature.
		if full := size >= protocol.AimFrame || len(batch) >= protocol.MaxBatchOps; full && len(s.Op.Sig) > 0 && covered(batch) {
			if err := flush(); err != nil {
				return 0, err
			}
		}
	}
	return count, flush()
}

// covered reports whether every op of ops without a signature has a signed
// successor of its device among them.
func covered(ops []crdt.Op) bool {
	open := map[crdt.Device]bool{}
	for i := range ops {
		open[ops[i].Dev] = len(ops[i].Sig) == 0
	}
	for _, o := range open {
		if o {
			return false
		}
	}
	return true
}

// carryKeys writes lockboxes for every device of the members, or of one of them.
func (x *runner) carryKeys(ctx context.Context, s *Snapshot, w *protocol.CarryWriter, to *crdt.ID) error {
	for _, m := range s.People.Members() {
		if m.ID == s.Me || to != nil && m.ID != *to {
			continue
		}
		for _, d := range m.Devices {
			if d.Revoked {
				continue
			}
			boxes, err := x.newestKeys(ctx, d)
			if err != nil {
				return err
			}
			if len(boxes) > 0 {
				if err := w.Frame(&protocol.Keys{Boxes: boxes}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (x *runner) newestKeys(ctx context.Context, d membership.Device) ([]protocol.Lockbox, error) {
	return heardFrom(ctx, x, job{}, func(w *replica.Replica, _ time.Time) ([]protocol.Lockbox, error) {
		ids := w.Readable(d.Dev)
		return w.Entrust(d.Dev, ids[:min(len(ids), protocol.MaxWant)])
	})
}

// heldBy returns what every device of a member is known to hold.
func (h *hearing) heldBy(m membership.Member) []laneAt {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []laneAt
	for _, d := range m.Devices {
		if of, ok := h.known[d.Dev]; ok && !d.Revoked {
			out = raise(out, of.Seqs)
		}
	}
	return out
}

// CarryIn takes a carry file of size bytes in. It is read to its end, and its
// digest checked, before anything is stored; a file that is cut, changed or
// lengthened changes nothing.
func (n *Node) CarryIn(ctx context.Context, in io.ReaderAt, size int64) (Carried, error) {
	file, err := protocol.OpenCarry(in, size)
	if err != nil {
		return Carried{}, badCarry(err)
	}
	x, err := n.runner(file.Circle)
	if err != nil {
		return Carried{}, circle.Refuse(circle.NotFound, "no.carry_foreign")
	}
	config := frontier.Config{Snapshot: func() *frontier.Snapshot { return x.snap.Load().Frontier() }, Log: x.store}
	reader, out := frontier.NewReader(config), Carried{Circle: file.Circle}
	for f, err := range file.Frames() {
		if err != nil {
			return out, badCarry(err)
		}
		switch f := f.(type) {
		case *protocol.Ops:
			if err := x.carried(ctx, reader, f, &out); err != nil {
				return out, err
			}
		case *protocol.Keys:
			if err := x.takeKeys(ctx, f.Boxes); errors.Is(err, ErrClosed) {
				return out, err
			}
		}
	}
	return out, nil
}

// carried takes one frame's ops in, batch by batch.
func (x *runner) carried(ctx context.Context, reader *frontier.Reader, f *protocol.Ops, out *Carried) error {
	batches, _, err := reader.Read(f)
	if err != nil {
		return badCarry(err)
	}
	for _, b := range batches {
		r, err := x.take(ctx, b, replica.Source{Way: replica.File})
		if err != nil {
			return err
		}
		out.OpsNew, out.OpsKnown, out.Waiting = out.OpsNew+r.Applied, out.OpsKnown+r.Known, out.Waiting+len(r.Waiting)
	}
	out.Ops += len(f.Rows)
	return nil
}

func badCarry(err error) error {
	if errors.Is(err, ErrClosed) || errors.Is(err, context.Canceled) {
		return err
	}
	return circle.Refuse(circle.Failed, "no.carry_broken", err.Error())
}

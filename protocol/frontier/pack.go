package frontier

import (
	"fmt"
	"iter"
	"slices"

	"tend/crdt"
	"tend/protocol"
)

// maxAuthors bounds each half of the memory of [authors].
const maxAuthors = 4_096

// authors remembers the places of ops that are referred to. Control heads are the
// same in many ops, and parents are mostly young, so few are looked up.
type authors struct {
	ix       crdt.Index
	new, old map[crdt.ID]place
}

func newAuthors(ix crdt.Index) authors { return authors{ix: ix, new: map[crdt.ID]place{}} }

func (a *authors) put(id crdt.ID, p place) {
	if len(a.new) >= maxAuthors {
		a.old, a.new = a.new, make(map[crdt.ID]place, maxAuthors)
	}
	a.new[id] = p
}

func (a *authors) find(id crdt.ID) (place, error) {
	if p, ok := a.new[id]; ok {
		return p, nil
	}
	p, ok := a.old[id]
	if !ok {
		f, ok, err := a.ix.Fact(id)
		if err != nil {
			return place{}, err
		}
		if !ok {
			return place{}, fmt.Errorf("op %s: not in the log", id.Short())
		}
		p = place{f.Dev, f.Seq}
	}
	a.put(id, p)
	return p, nil
}

// packer makes tables whose rows name parents by (lane, seq), but those of
// authors that are named by id.
type packer struct {
	authors *authors
	lane    func(crdt.Device) protocol.Lane
	byID    func(crdt.Device) bool
}

// pack makes a table of ops, keeping their order.
func (p packer) pack(ops []crdt.Stored) (*protocol.Ops, error) {
	t := &protocol.Ops{Rows: make([]protocol.Row, len(ops))}
	rows := map[crdt.Device]uint64{} // the device's lane that rows now go to
	refs := map[crdt.Device]uint64{} // a lane of the device, for references
	last := map[crdt.Device]crdt.ID{}
	for i := range ops {
		op := &ops[i].Op
		before, ok := last[op.Dev]
		if !ok || before != op.Prev {
			l := protocol.LaneRef{Lane: p.lane(op.Dev), First: op.Seq}
			if p.byID(op.Dev) {
				l.Prev = op.Prev
			}
			rows[op.Dev] = uint64(len(t.Lanes))
			refs[op.Dev] = rows[op.Dev]
			t.Lanes = append(t.Lanes, l)
		}
		last[op.Dev] = op.ID
		t.Rows[i].Lane = rows[op.Dev]
		p.authors.put(op.ID, place{op.Dev, op.Seq})
	}
	var clock crdt.HLC
	for i := range ops {
		op, row := &ops[i].Op, &t.Rows[i]
		row.HLCDelta, clock = int64(op.HLC)-int64(clock), op.HLC
		row.Class, row.Body, row.Sig = op.Class, protocol.PartOf(op, true), op.Sig
		for _, to := range []struct {
			ids []crdt.ID
			out *[]protocol.Ref
		}{{op.Deps, &row.Deps}, {op.Ctl, &row.Ctl}} {
			for _, id := range to.ids {
				ref, err := p.ref(t, refs, id)
				if err != nil {
					return nil, err
				}
				*to.out = append(*to.out, ref)
			}
		}
	}
	return t, nil
}

func (p packer) ref(t *protocol.Ops, lanes map[crdt.Device]uint64, id crdt.ID) (protocol.Ref, error) {
	at, err := p.authors.find(id)
	if err != nil {
		return protocol.Ref{}, err
	}
	if p.byID(at.dev) {
		return protocol.Ref{ID: id}, nil
	}
	lane, ok := lanes[at.dev]
	if !ok {
		lane = uint64(len(t.Lanes))
		lanes[at.dev] = lane
		t.Lanes = append(t.Lanes, protocol.LaneRef{Lane: p.lane(at.dev)})
	}
	return protocol.Ref{Lane: lane, Seq: at.seq}, nil
}

func (s *Session) pack(ops []crdt.Stored) (*protocol.Ops, error) {
	r := s.round
	return packer{&s.authors, r.lanes.of, func(d crdt.Device) bool { return s.byID[d] || r.snap.Forked[d] || len(r.snap.Tips[d]) > 1 }}.pack(ops)
}

// Whole yields a whole log in frames, by arrival, with authors by key and parents
// by (author, seq) but where the author forked: a carry file's OPS. A reader that
// holds nothing, or a closed part of the log, takes them back with [Reader].
func Whole(log Log, snap *Snapshot) iter.Seq2[*protocol.Ops, error] {
	return func(yield func(*protocol.Ops, error) bool) {
		authors := newAuthors(log)
		p := packer{&authors, func(d crdt.Device) protocol.Lane { return protocol.Lane{Dev: d} },
			func(d crdt.Device) bool { return snap.Forked[d] || len(snap.Tips[d]) > 1 }}
		crowd := &crowd{snap: snap} // all branches are shipped, in their turn
		ship := shipment{started: true, scan: true, next: 1, want: map[crdt.Device]span{}}
		for dev := range snap.Tips {
			ship.want[dev] = span{dev, 1, crdt.MaxSeq}
		}
		for {
			ops, err := ship.frame(log, crowd, protocol.AimFrame)
			if err != nil {
				yield(nil, err)
				return
			}
			if len(ops) == 0 {
				return
			}
			f, err := p.pack(ops)
			if !yield(f, err) || err != nil {
				return
			}
		}
	}
}

// Reader takes the frames of [Whole] back, and tables by id. Batches must be
// committed before the next frame is read.
type Reader struct{ s *Session }

// NewReader returns a reader of frames that holds the log of c.
func NewReader(c Config) *Reader {
	s := NewResponder(c)
	s.round = s.newRound(c.Snapshot(), [16]byte{}, nil)
	return &Reader{s}
}

// Read returns the ops of a frame as verified batches, and those that were
// dropped: for bad signatures, or because the log holds a fork of an author that
// the table does not name by id. The error is as [Session.Receive]'s.
func (r *Reader) Read(f *protocol.Ops) (batches []Batch, dropped []crdt.ID, err error) {
	snap := r.s.cfg.Snapshot()
	ops, _, err := r.s.unpack(snap, f)
	if err != nil {
		return nil, nil, err
	}
	batches, dropped = cut(snap.Circle, ops, r.s.cfg.Verify)
	return batches, slices.Clip(dropped), nil
}

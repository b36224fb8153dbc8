package frontier

import (
	"errors"
	"fmt"
	"slices"

	"tend/crdt"
	"tend/protocol"
)

// maxRecent bounds each half of the memory of [recent].
const maxRecent = 4_096

// recent remembers where ops stand that came, or were looked up, a short while
// ago. They need not be in the log: one that waits for a parent may be referred
// to all the same.
type recent struct{ new, old map[place]crdt.ID }

func (r *recent) put(at place, id crdt.ID) {
	if r.new == nil || len(r.new) >= maxRecent {
		r.old, r.new = r.new, map[place]crdt.ID{} // grows: most sessions are short
	}
	r.new[at] = id
}

func (r *recent) find(at place) (crdt.ID, bool) {
	if id, ok := r.new[at]; ok {
		return id, true
	}
	id, ok := r.old[at]
	if ok {
		r.put(at, id)
	}
	return id, ok
}

// Why a reference is not taken; both cost the row, not the session.
var (
	errForkedHere = errors.New("reference by seq to an author who forked here")
	errNotHere    = errors.New("reference to an op that is not here")
)

// table is a frame that is being read.
type table struct {
	s     *Session
	snap  *Snapshot
	devs  []crdt.Device     // by lane of the table
	next  []crdt.ID         // by lane: prev of its next row; zero: to be found
	seq   []uint64          // by lane: seq of its next row
	lost  []bool            // by lane: a row of it was left out, so all later ones are
	here  map[place]crdt.ID // rows read so far; zero: two of them
	forks map[crdt.Device]bool
}

// unpack rebuilds the ops of a frame, in order. A row whose parents cannot be
// told is left out, with what follows in its lane; forked are the authors for whom
// that is the reason. The error is the peer's fault, or the store's.
func (s *Session) unpack(snap *Snapshot, f *protocol.Ops) (ops []crdt.Op, forked []crdt.Device, err error) {
	n := len(f.Lanes)
	t := &table{s: s, snap: snap, devs: make([]crdt.Device, n), next: make([]crdt.ID, n), seq: make([]uint64, n),
		lost: make([]bool, n), here: make(map[place]crdt.ID, len(f.Rows)), forks: map[crdt.Device]bool{}}
	for i, l := range f.Lanes {
		if t.devs[i], err = s.round.deviceOf(l.Lane); err != nil {
			return nil, nil, err
		}
		t.next[i], t.seq[i] = l.Prev, l.First
	}
	var clock crdt.HLC
	for i := range f.Rows {
		row := &f.Rows[i]
		if row.Lane >= uint64(n) {
			return nil, nil, fmt.Errorf("%w: row of lane %d of %d", ErrProtocol, row.Lane, n)
		}
		if clock, err = row.Clock(clock); err != nil {
			return nil, nil, err
		}
		if t.lost[row.Lane] {
			continue
		}
		op, err := t.row(row, clock)
		switch {
		case errors.Is(err, errForkedHere), errors.Is(err, errNotHere):
			t.lost[row.Lane] = true
		case err != nil:
			return nil, nil, fmt.Errorf("row %d: %w", i, err)
		default:
			ops = append(ops, op)
		}
	}
	for d := range t.forks {
		forked = append(forked, d)
	}
	slices.SortFunc(forked, crdt.Device.Compare)
	return ops, forked, nil
}

// deviceOf names the device of a lane, of a round or of none.
func (r *round) deviceOf(l protocol.Lane) (crdt.Device, error) {
	if r == nil && l.Dev.IsZero() {
		return crdt.Device{}, fmt.Errorf("%w: lane %d outside a session", ErrProtocol, l.Index)
	}
	if r == nil {
		return l.Dev, nil
	}
	return r.lanes.device(l)
}

// row rebuilds one op.
func (t *table) row(row *protocol.Row, clock crdt.HLC) (crdt.Op, error) {
	i := row.Lane
	h := crdt.Header{Dev: t.devs[i], Seq: t.seq[i], Prev: t.next[i], HLC: clock, Class: row.Class}
	var err error
	if h.Prev.IsZero() && h.Seq > 1 {
		if h.Prev, err = t.find(place{h.Dev, h.Seq - 1}); err != nil {
			return crdt.Op{}, err
		}
	}
	if h.Deps, err = t.parents(row.Deps); err != nil {
		return crdt.Op{}, err
	}
	if h.Ctl, err = t.parents(row.Ctl); err != nil {
		return crdt.Op{}, err
	}
	op, err := row.Rebuild(t.snap.Circle, h)
	if err != nil {
		return crdt.Op{}, err
	}
	at := place{op.Dev, op.Seq}
	if other, twice := t.here[at]; twice && other != op.ID {
		t.here[at] = crdt.ID{}
	} else {
		t.here[at] = op.ID
	}
	t.s.recent.put(at, t.here[at])
	t.next[i], t.seq[i] = op.ID, op.Seq+1
	return op, nil
}

// parents returns the ids that refs name, ascending.
func (t *table) parents(refs []protocol.Ref) ([]crdt.ID, error) {
	ids := make([]crdt.ID, len(refs))
	for i, ref := range refs {
		switch {
		case !ref.ID.IsZero():
			ids[i] = ref.ID
			continue
		case ref.Lane >= uint64(len(t.devs)):
			return nil, fmt.Errorf("%w: reference to lane %d of %d", ErrProtocol, ref.Lane, len(t.devs))
		}
		var err error
		if ids[i], err = t.find(place{t.devs[ref.Lane], ref.Seq}); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(ids, crdt.ID.Compare)
	return ids, nil
}

// find returns the op at a place of an author of whom only one branch is known
// here. It does not guess.
func (t *table) find(at place) (crdt.ID, error) {
	id, ok := t.here[at]
	if !ok && (t.snap.Forked[at.dev] || len(t.snap.Tips[at.dev]) > 1) {
		t.forks[at.dev] = true
		return crdt.ID{}, errForkedHere
	}
	if !ok {
		id, ok = t.s.recent.find(at)
	}
	if !ok {
		ids, err := t.s.cfg.Log.At(at.dev, at.seq)
		if err != nil {
			return crdt.ID{}, err
		}
		switch len(ids) {
		case 0:
			return crdt.ID{}, errNotHere
		case 1:
			id = ids[0]
			t.s.recent.put(at, id)
		}
	}
	if id.IsZero() {
		t.forks[at.dev] = true
		return crdt.ID{}, errForkedHere
	}
	return id, nil
}

package replica

import (
	"slices"

	"tend/crdt"
	"tend/protocol"
)

// DerivedKinds are the first bytes of the rows that [Replica.Derive] makes again
// from the log, or that a checkpoint does.
func DerivedKinds() []byte {
	return []byte{rowRecord, rowUnread, rowMissing, rowCheckpoint, rowAwaited, rowNewer}
}

// Derive walks the log and gives emit the rows that are derived from it, some
// hundred at a time: which ops a record has, which cannot be read yet, whose
// bodies are missing. All earlier ones must be gone.
func (r *Replica) Derive(emit func([]Row) error) error {
	r.out = &Commit{}
	defer func() { r.out = nil }()
	r.missing, r.awaited, r.marked = map[crdt.ID]uint64{}, map[crdt.ID][]uint64{}, 0
	for s, err := range r.store.Arrivals(1) {
		if err != nil {
			return err
		}
		if err := r.derive(&s.Op, s.Fact); err != nil {
			return err
		}
		if len(r.out.Rows) >= 256 {
			if err := emit(r.out.Rows); err != nil {
				return err
			}
			r.out.Rows = nil
		}
	}
	return emit(r.out.Rows)
}

func (r *Replica) derive(op *crdt.Op, fact crdt.Fact) error {
	switch {
	case op.Class == crdt.Control || op.BodyLen == 0 || op.Gone:
		return nil
	case op.Body == nil:
		r.missing[op.ID] = fact.Arr
		r.row(arrKey(rowMissing, fact.Arr), slices.Clone(op.ID[:]))
		return nil
	}
	epoch, err := protocol.BodyEpoch(op.Body)
	if err != nil {
		return nil
	}
	if !r.canOpen(op.ID, epoch) {
		r.row(append(unreadPrefix(epoch), arrKey(0, fact.Arr)[1:]...), []byte{})
		return nil
	}
	change, readable := r.open(op)
	if !readable {
		if r.isNewer(op) {
			r.setNewer(op.ID, fact.Arr)
		}
		return nil
	}
	fits, err := r.fits(change)
	if err != nil {
		return err
	}
	if fits {
		r.inRecord(&change, fact.Arr)
	}
	return r.awaitTarget(change, fact.Arr)
}

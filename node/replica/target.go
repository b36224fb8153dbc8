package replica

import (
	"fmt"
	"maps"
	"slices"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/circle"
)

// maxReread bounds how many ops that waited for one header are read again in the
// batch that brings it; the rest follow in the next ones.
const maxReread = 64

// targetOf returns the op whose header decides what a change may do: of a
// retraction the op taken back, of a record given to other readers the op that
// made it.
func targetOf(c circle.Change) (crdt.ID, bool) {
	switch b := c.Body.(type) {
	case circle.Retracted:
		return b.Op, true
	case circle.AudienceChanged:
		return b.Target, true
	}
	return crdt.ID{}, false
}

// fits reports whether a change is not passed over for what the header of its
// target says: a snapshot that gives a record to other readers names as its
// author whoever wrote the record. They cannot check that, who hold nothing but
// the header. While that is not here (an author of many heads names eight of
// them, so it may come later) the change waits for it.
func (r *Replica) fits(c circle.Change) (bool, error) {
	b, ok := c.Body.(circle.AudienceChanged)
	if !ok {
		return true, nil
	}
	op, _, here, err := r.lookup(b.Target)
	if err != nil || !here || op.Class != crdt.Content {
		return false, err
	}
	var s circle.Snapshot
	if err := canon.Unmarshal(b.Snapshot, &s); err != nil {
		return false, nil
	}
	author, ok := r.People().Author(op.Dev)
	return ok && s.Author == author, nil
}

// awaitTarget notes that the target of a change is not here.
func (r *Replica) awaitTarget(c circle.Change, arr uint64) error {
	target, ok := targetOf(c)
	if !ok {
		return nil
	}
	_, here, err := r.log.Fact(target)
	if err != nil || here || slices.Contains(r.awaited[target], arr) {
		return err
	}
	r.awaited = maps.Clone(r.awaited)
	r.awaited[target] = append(slices.Clip(r.awaited[target]), arr)
	r.row(awaitedKey(target, arr), []byte{})
	return nil
}

// targetCame reads again what spoke of an op that came.
func (r *Replica) targetCame(id crdt.ID) error {
	arrs := r.awaited[id]
	if len(arrs) == 0 {
		return nil
	}
	r.awaited = maps.Clone(r.awaited)
	delete(r.awaited, id)
	if len(arrs) > maxReread {
		r.awaited[id], arrs = arrs[maxReread:], arrs[:maxReread]
		r.came = append(slices.Clip(r.came), id)
	}
	for i, arr := range arrs {
		if r.crowded() {
			if len(r.awaited[id]) == 0 {
				r.came = append(slices.Clip(r.came), id)
			}
			r.awaited[id] = slices.Concat(arrs[i:], r.awaited[id])
			break
		}
		r.row(awaitedKey(id, arr), nil)
		s, ok, err := r.byArrival(arr)
		if err != nil {
			return err
		}
		if ok && s.Op.Body != nil {
			if err := r.read(&s.Op, s.Fact); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *Replica) loadAwaited() error {
	for row, err := range r.store.Rows([]byte{rowAwaited}) {
		if err != nil {
			return fmt.Errorf("load what waits for headers: %w", err)
		}
		if len(row.Key) == 41 {
			id := crdt.ID(row.Key[1:33])
			r.awaited[id] = append(r.awaited[id], arrOf(row.Key))
		}
	}
	for _, id := range slices.SortedFunc(maps.Keys(r.awaited), crdt.ID.Compare) {
		_, here, err := r.store.Fact(id)
		if err != nil {
			return err
		}
		if here {
			r.came = append(r.came, id)
		}
	}
	return nil
}

package replica

import (
	"tend/crdt"
	"tend/crdt/circle"
)

// dropCopies lets the bodies of snapshots go whose record was taken back. They are
// no part of the state any more, or never became one.
func (r *Replica) dropCopies(ids []crdt.ID) error {
	for _, id := range ids {
		op, fact, ok, err := r.lookup(id)
		if err != nil {
			return err
		}
		if !ok || op.Gone {
			continue
		}
		if change, readable := r.open(&op); readable {
			r.row(recordKey(change.Record(), fact.Arr), nil)
		}
		r.unsetMissing(id)
		r.out.Bodies = append(r.out.Bodies, BodyChange{ID: id})
	}
	return nil
}

// reaches reports whether a retraction may take a readable change from this home:
// one for a few takes nothing from the circle, since others could not follow.
func reaches(by, target *circle.Change) bool {
	return by.Audience.Whole() || !target.Audience.Whole()
}

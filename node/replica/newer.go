package replica

import (
	"fmt"
	"maps"
	"slices"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/protocol"
)

// Newer lists the ops held whose body is of a kind that this version does not know,
// ascending by id. They are kept and relayed, and take effect in a version that
// knows them (SPEC.md §1.3).
func (r *Replica) Newer() []crdt.ID { return slices.SortedFunc(maps.Keys(r.newer), crdt.ID.Compare) }

// Kinds are the numbers of all kinds of bodies that this version knows, ascending.
// A home that is opened by a version which knows others makes what is derived again.
func Kinds() []uint64 {
	kinds := membership.Kinds()
	for _, k := range circle.Kinds() {
		kinds = append(kinds, k.Number)
	}
	return kinds
}

// isNewer reports whether a content op's body opens, and says something that this
// version does not know.
func (r *Replica) isNewer(op *crdt.Op) bool {
	body, err := protocol.ParseBody(op.Body)
	if err != nil || body.Epoch() == r.cfg.LogKey {
		return false
	}
	opened, ok := r.unseal(op, body)
	if !ok || opened.Kind < circle.KindNeedPosted || circle.Knows(opened.Kind) {
		return false
	}
	_, ok = r.audience(body.Epoch())
	return ok
}

// setNewer notes a content op of a kind that is not known here.
func (r *Replica) setNewer(id crdt.ID, arr uint64) {
	r.noteNewer(id)
	r.row(arrKey(rowNewer, arr), slices.Clone(id[:]))
}

// noteNewer is setNewer without a row: of a control op, which is read at every start.
func (r *Replica) noteNewer(id crdt.ID) {
	r.newer = maps.Clone(r.newer)
	r.newer[id] = true
}

// noteControl notes a control op of a kind that is not known here.
func (r *Replica) noteControl(id crdt.ID, body membership.Body) {
	if _, unknown := body.(*membership.Unknown); unknown {
		r.noteNewer(id)
	}
}

// unsetNewer forgets one whose body goes.
func (r *Replica) unsetNewer(id crdt.ID, arr uint64) {
	if !r.newer[id] {
		return
	}
	r.newer = maps.Clone(r.newer)
	delete(r.newer, id)
	r.row(arrKey(rowNewer, arr), nil)
}

func (r *Replica) loadNewer() error {
	for row, err := range r.store.Rows([]byte{rowNewer}) {
		if err != nil {
			return fmt.Errorf("load what a newer version wrote: %w", err)
		}
		if len(row.Value) == 32 {
			r.newer[crdt.ID(row.Value)] = true
		}
	}
	return nil
}

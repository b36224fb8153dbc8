package replica

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"tend/crdt"
	"tend/crdt/membership"
)

// While somebody comes back who lost everything, their devices may be in other
// hands, and none of them is out before the circle has decided it. What the circle
// writes they read until then; what is written for a few need not be. So a person
// may leave those devices out: what this home writes for a few with that member in
// it is sealed anew, without them (SPEC.md §4.5).

// rowLeftOut is y|t|member → how many ops this device had written when its person
// left that member's devices out. It is no derived row, and a rebuild keeps it.
const rowLeftOut = "y|t|"

// LeaveOut leaves the devices of a member who comes back out of what is written here
// for a few, until they are back or nobody waits for it any more.
func (r *Replica) LeaveOut(member crdt.ID) {
	seq := uint64(0)
	for _, t := range r.log.Tips(r.cfg.Dev) {
		seq = max(seq, t.Seq)
	}
	r.leftOut = maps.Clone(r.leftOut)
	r.leftOut[member] = seq
	r.row(append([]byte(rowLeftOut), member[:]...), binary.BigEndian.AppendUint64(nil, seq))
	r.out.Visible = true
}

// LeftOut reports whether a member's devices are left out here; now is Unix
// milliseconds.
func (r *Replica) LeftOut(member crdt.ID, now int64) bool {
	_, asked := r.leftOut[member]
	return asked && r.comesBack(member, now)
}

// AllLeftOut lists the members whose devices are left out as of the newest op,
// ascending.
func (r *Replica) AllLeftOut() []crdt.ID {
	var out []crdt.ID
	for m := range r.leftOut {
		if r.LeftOut(m, r.Greatest().Millis()) {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, crdt.ID.Compare)
	return out
}

func (r *Replica) loadLeftOut() error {
	for row, err := range r.store.Rows([]byte(rowLeftOut)) {
		if err != nil {
			return fmt.Errorf("load who is left out: %w", err)
		}
		if len(row.Key) == len(rowLeftOut)+32 && len(row.Value) == 8 {
			r.leftOut[crdt.ID(row.Key[len(rowLeftOut):])] = binary.BigEndian.Uint64(row.Value)
		}
	}
	return nil
}

func (r *Replica) comesBack(member crdt.ID, now int64) bool {
	return slices.ContainsFunc(r.People().Recoveries(), func(i membership.RecoveryInfo) bool { return i.Target == member && i.Open(now) })
}

// fit reports whether a nook may be written with: no device of its members that is
// out can read it, and none of those who are left out.
func (r *Replica) fit(n nook, now int64) bool {
	if r.People().NookLeaks(n.id, n.ops, n.members) {
		return false
	}
	for _, m := range n.members {
		if r.LeftOut(m, now) && !r.madeSince(n, r.leftOut[m]) {
			return false
		}
	}
	return true
}

// madeSince reports whether a nook is this device's own, and made after its op of
// that number.
func (r *Replica) madeSince(n nook, seq uint64) bool {
	return slices.ContainsFunc(n.ops, func(op crdt.ID) bool {
		f, ok, err := r.log.Fact(op)
		info, _ := r.set.EpochOf(op)
		return err == nil && ok && info.By == r.cfg.Dev && f.Seq > seq
	})
}

// fitNook returns a nook of exactly these members, ascending, that may be written
// with and whose secret is held.
func (r *Replica) fitNook(members []crdt.ID, now int64) (nook, bool) {
	n, some := r.nooks[rosterKey(members)]
	if !some {
		return nook{}, false
	}
	if r.HasSecret(n.id) && r.fit(n, now) {
		return n, true
	}
	for _, e := range r.People().Nooks() {
		if n, ok := r.nookByID(e.Epoch.ID); ok && slices.Equal(n.members, members) && r.HasSecret(n.id) && r.fit(n, now) {
			return n, true
		}
	}
	return nook{}, false
}

// withheld reports whether a nook's secret is not handed to a device for now:
// somebody stands for its member, who may have lost it, and the nook's author knew.
func (r *Replica) withheld(v *membership.View, d membership.Device, id membership.EpochID) bool {
	n, _ := r.nookByID(id)
	return slices.ContainsFunc(v.Recoveries(), func(i membership.RecoveryInfo) bool {
		return i.Target == d.Member && i.Open(r.Greatest().Millis()) && v.NookKnows(id, n.ops, &i)
	})
}

package replica

import (
	"maps"
	"slices"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
)

// void reports whether a content op has no effect because its author was no
// longer there, as far as the settled view of who belongs can tell. What a batch
// changes in that view is caught up by revoid.
//
// A retraction always has its effect. A home that heard of it before it heard of
// the removal has dropped the body by then, and cannot take it up again; homes
// would differ for ever. And who takes a sentence back may, whatever became of
// them.
func (r *Replica) void(op *crdt.Op, fact crdt.Fact) bool {
	if !r.set.View().VoidContent(op.Dev, fact.Known, func(tip crdt.ID) bool { return r.atOrBelow(op, tip) }) {
		return false
	}
	change, readable := r.open(op)
	_, retracts := change.Body.(circle.Retracted)
	return !readable || !retracts
}

// seenTip notes that a tip arrived which a removal or leave had seen: what lies
// below it in its lane was taken for void until now.
func (r *Replica) seenTip(op *crdt.Op) {
	if slices.Contains(r.set.View().SeenOf(op.Dev), op.ID) {
		r.restudy = append(slices.Clip(r.restudy), op.Dev)
	}
}

// atOrBelow reports whether op is tip or below it by prev.
func (r *Replica) atOrBelow(op *crdt.Op, tip crdt.ID) bool {
	t, ok, err := r.log.Fact(tip)
	if err != nil || !ok || t.Dev != op.Dev || t.Seq < op.Seq {
		return false
	}
	ids, err := r.log.At(op.Dev, op.Seq)
	if err != nil {
		return false
	}
	if len(ids) == 1 {
		return ids[0] == op.ID
	}
	for id := tip; ; {
		if id == op.ID {
			return true
		}
		o, f, ok, err := r.lookup(id)
		if err != nil || !ok || f.Seq <= op.Seq {
			return false
		}
		id = o.Prev
	}
}

// revoid makes the state right again when what is void has changed: it rebuilds
// the records that the devices concerned wrote, and no others.
func (r *Replica) revoid() error {
	v, devices := r.set.View(), slices.Clone(r.restudy)
	if v.VoidDigest() != r.voids {
		devices = slices.Concat(devices, r.ended, v.Ended()) // an end may also cease to count
	}
	r.voids, r.ended, r.restudy = v.VoidDigest(), v.Ended(), nil
	slices.SortFunc(devices, crdt.Device.Compare)
	records := map[crdt.ID]bool{}
	for _, dev := range slices.Compact(devices) {
		lane, err := r.lane(dev)
		if err != nil {
			return err
		}
		for _, id := range lane {
			op, _, ok, err := r.lookup(id)
			if err != nil {
				return err
			}
			if !ok || op.Class != crdt.Content || op.Body == nil || r.isHeld(id) {
				continue
			}
			if change, readable := r.open(&op); readable {
				records[change.Record()] = true
			}
		}
	}
	for _, id := range slices.SortedFunc(maps.Keys(records), crdt.ID.Compare) {
		if err := r.rebuild(id); err != nil {
			return err
		}
	}
	if len(records) > 0 {
		r.out.Visible = true
		r.unmark()
	}
	return nil
}

// lane returns all ops of a device, those of this batch included.
func (r *Replica) lane(dev crdt.Device) ([]crdt.ID, error) {
	var ids []crdt.ID
	for e, err := range r.store.Lane(dev, 1, crdt.MaxSeq) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, e.ID)
	}
	for i := range r.out.Entries {
		if op := &r.out.Entries[i].Op; op.Dev == dev {
			ids = append(ids, op.ID)
		}
	}
	return ids, nil
}

// inRecord notes that an op's change belongs to a record. Of the op that made the record
// that is no news.
func (r *Replica) inRecord(change *circle.Change, arr uint64) {
	if record := change.Record(); record != change.ID {
		r.row(recordKey(record, arr), []byte{})
	}
}

// rebuild makes a record again from its ops, leaving out those that are void.
func (r *Replica) rebuild(record crdt.ID) error {
	var arrs []uint64
	_, made, ok, err := r.lookup(record)
	if err != nil {
		return err
	}
	if ok {
		arrs = append(arrs, made.Arr)
	}
	for row, err := range r.store.Rows(idKey(rowRecord, record)) {
		if err != nil {
			return err
		}
		arrs = append(arrs, arrOf(row.Key))
	}
	prefix := idKey(rowRecord, record)
	for _, row := range r.out.Rows {
		if row.Value != nil && len(row.Key) == len(prefix)+8 && slices.Equal(row.Key[:len(prefix)], prefix) {
			arrs = append(arrs, arrOf(row.Key))
		}
	}
	slices.Sort(arrs)
	var changes, void []circle.Change
	for _, arr := range slices.Compact(arrs) {
		s, ok, err := r.byArrival(arr)
		if err != nil {
			return err
		}
		if !ok || s.Op.Body == nil || r.isHeld(s.Op.ID) {
			continue
		}
		change, readable := r.open(&s.Op)
		if !readable || change.Record() != record { // an op that made none may be named as one
			continue
		}
		fits, err := r.fits(change)
		if err != nil {
			return err
		}
		switch {
		case !fits:
		case r.void(&s.Op, s.Fact):
			void = append(void, change)
		default:
			changes = append(changes, change)
		}
	}
	r.state.Rebuild(record, changes)
	for _, c := range void {
		r.state.Void(c)
	}
	return nil
}

func (r *Replica) isHeld(id crdt.ID) bool {
	return slices.ContainsFunc(r.held, func(h held) bool { return h.id == id })
}

// Departed reports whether a peer's device belongs to somebody who is out of the
// circle, or to nobody.
func Departed(v *membership.View, peer membership.PeerKey) bool {
	for _, d := range v.ByPeer(peer) {
		if m, ok := v.Member(d.Member); ok && m.Standing == membership.In && !d.Revoked {
			return false
		}
	}
	return true
}

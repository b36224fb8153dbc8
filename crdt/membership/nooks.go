package membership

import (
	"bytes"
	"slices"

	"tend/crdt"
)

// nookAt is a nook with what its author knew.
type nookAt struct {
	EpochInfo
	e *entry
}

// Nooks returns the epochs of nooks, ascending by id.
func (v *View) Nooks() []EpochInfo { return v.small }

// NooksClaiming returns the nooks that claim an id with this commitment, ascending
// by op: one, unless somebody claims it who may not even know its secret. Which have
// a roster, a holder knows (SPEC.md §4.5).
func (v *View) NooksClaiming(id EpochID, commit [32]byte) []EpochInfo {
	var out []EpochInfo
	for _, e := range v.small {
		if e.Epoch.ID == id && e.Epoch.Commit == commit {
			out = append(out, e)
		}
	}
	return out
}

// NooksToAsk returns the nooks that a device may be meant to read though none of
// the lockboxes inside can be for it, ascending by id: their author knew its
// member, and either knew no certificate of this device, or put no lockboxes in
// (SPEC.md §4.5). Whether the member is in the roster, a holder knows.
func (v *View) NooksToAsk(dev crdt.Device) []EpochInfo {
	me, ok := v.device[dev]
	if !ok || !me.in {
		return nil
	}
	var mine []*entry // certificates of all devices of this member
	for _, d := range v.device {
		if d.Member == me.Member {
			mine = append(mine, d.certs...)
		}
	}
	var out []EpochInfo
	for _, n := range v.nooks {
		knew := func(c *entry) bool { return n.e.past.Has(c.n) || c.n == n.e.n }
		if slices.ContainsFunc(mine, knew) && (len(n.Epoch.Boxes) == 0 || !slices.ContainsFunc(me.certs, knew)) {
			out = append(out, n.EpochInfo)
		}
	}
	return out
}

// Withheld reports whether no secret may be handed to a device any more: it is not
// in the circle, or a removal of its member was once certified that no admission
// answers, even if that removal counts no longer (SPEC.md §4.1).
func (v *View) Withheld(dev crdt.Device) bool {
	d, ok := v.device[dev]
	return !ok || !d.in || d.barred
}

// CircleEpoch reports whether some epoch of the whole circle has this id and this
// commitment.
func (v *View) CircleEpoch(id EpochID, commit [32]byte) bool {
	return slices.ContainsFunc(v.circle, func(e EpochInfo) bool { return e.Epoch.ID == id && e.Epoch.Commit == commit })
}

// ClaimsCircle reports whether some epoch of the whole circle has this id, whatever
// it commits to.
func (v *View) ClaimsCircle(id EpochID) bool {
	return slices.ContainsFunc(v.circle, func(e EpochInfo) bool { return e.Epoch.ID == id })
}

// NookLeaks reports whether a nook is not to be written with any more: a device of
// one of its members is out, and an author of the nook did not know that, so the
// device may have its secret. Given are its members, and the ops of those that claim
// it which have its roster.
func (v *View) NookLeaks(id EpochID, ops, members []crdt.ID) bool {
	for _, n := range v.nooksOf(id) {
		if !slices.Contains(ops, n.Op) {
			continue
		}
		for _, m := range members {
			i, ok := v.member[m]
			if !ok {
				continue
			}
			for _, d := range v.everyone[i].Devices {
				if d.Revoked && !slices.ContainsFunc(v.enders[d.Dev], func(e ender) bool { return n.e.past.Has(e.n) }) {
					return true
				}
			}
		}
	}
	return false
}

// NookKnows reports whether an author of a nook, by one of the ops given, knew that
// somebody comes back.
func (v *View) NookKnows(id EpochID, ops []crdt.ID, r *RecoveryInfo) bool {
	return slices.ContainsFunc(v.nooksOf(id), func(k nookAt) bool { return slices.Contains(ops, k.Op) && k.e.past.Has(r.n) })
}

// nooksOf returns the nooks that claim an id.
func (v *View) nooksOf(id EpochID) []nookAt {
	byID := func(n nookAt, id EpochID) int { return bytes.Compare(n.Epoch.ID[:], id[:]) }
	from, _ := slices.BinarySearchFunc(v.nooks, id, byID)
	to := from
	for to < len(v.nooks) && v.nooks[to].Epoch.ID == id {
		to++
	}
	return v.nooks[from:to]
}

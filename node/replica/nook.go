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

// nook is a small audience whose secret is held here.
type nook struct {
	id      membership.EpochID
	members []crdt.ID // ascending
}

// seeEpoch looks whether a control op makes an epoch whose secret is held, or a nook
// this device can open. Then it is known for whom what is sealed under it is.
func (r *Replica) seeEpoch(op crdt.ID) error {
	info, ok := r.set.EpochOf(op)
	switch {
	case !ok:
		return nil
	case info.Scope == membership.ScopeCircle:
		if _, held := r.secret(info.ID); !held {
			return nil
		}
		return r.readWaiting(info.ID)
	}
	if s, held := r.secret(info.ID); held {
		return r.addNook(info, s)
	}
	for _, box := range r.cfg.Keys.Boxes() {
		if s, opens := protocol.TryNook(box, r.circle, r.cfg.Dev, info); opens {
			r.keep(s)
			return r.addNook(info, s)
		}
	}
	return nil
}

// addNook learns the roster of a nook and reads what was sealed to it.
func (r *Replica) addNook(e membership.Epoch, s protocol.Secret) error {
	if !r.learnNook(e, s) {
		return nil
	}
	return r.readWaiting(e.ID)
}

// learnNook learns the roster of a nook; false if the roster does not open or
// names nobody, and such a nook is left alone. Whoever holds a nook's secret can
// write another op for it with another roster: then it is for those in both, so
// that nobody can be added to what others wrote for a few.
func (r *Replica) learnNook(e membership.Epoch, s protocol.Secret) bool {
	members, err := protocol.OpenNookRoster(s, r.circle, e)
	if err != nil {
		return false
	}
	r.nooks = maps.Clone(r.nooks)
	if before, twice := r.nooks[string(e.ID[:])]; twice {
		members = slices.DeleteFunc(members, func(m crdt.ID) bool { return !slices.Contains(before.members, m) })
		if named, ok := r.nooks[rosterKey(before.members)]; ok && named.id == e.ID {
			delete(r.nooks, rosterKey(before.members))
		}
	}
	n := nook{id: e.ID, members: members}
	r.nooks[string(e.ID[:])] = n
	if old, taken := r.nooks[rosterKey(members)]; !taken || slices.Compare(old.id[:], n.id[:]) > 0 {
		r.nooks[rosterKey(members)] = n
	}
	return true
}

// nookByID returns the nook of an id whose secret is held. An id that is also a
// circle epoch's is the circle's: nobody makes a nook of what all can read.
func (r *Replica) nookByID(id membership.EpochID) (nook, bool) {
	n, ok := r.nooks[string(id[:])]
	if !ok {
		return nook{}, false
	}
	if s, held := r.secret(id); held && r.People().CircleEpoch(id, s.Commit()) {
		return nook{}, false
	}
	return n, true
}

// audience says whom a body sealed under an epoch is for: as the control op says
// that made the epoch, whether or not the body's author names it. false while none
// is here; who kept keys and lost the log waits for it.
func (r *Replica) audience(id membership.EpochID) (circle.Audience, bool) {
	s, held := r.secret(id)
	if !held { // a key for this one body, as the circle's welcome packs hold
		return circle.Audience{}, r.People().ClaimsCircle(id)
	}
	if n, ok := r.nookByID(id); ok {
		return circle.Audience{Nook: id, Members: n.members}, true
	}
	return circle.Audience{}, r.People().CircleEpoch(id, s.Commit())
}

// nookFor returns the secret of a nook of exactly members that may be written with,
// making one if there is none. members holds this member.
func (r *Replica) nookFor(members []crdt.ID, now int64) (protocol.Secret, error) {
	members = slices.Clone(members)
	slices.SortFunc(members, crdt.ID.Compare)
	members = slices.Compact(members)
	if n, ok := r.fitNook(members, now); ok {
		s, _ := r.secret(n.id)
		return s, nil
	}
	s, err := protocol.NewSecret(r.cfg.Rand)
	if err != nil {
		return protocol.Secret{}, err
	}
	var boxes []membership.Device
	for _, m := range r.People().Members() {
		if slices.Contains(members, m.ID) && !r.LeftOut(m.ID, now) {
			for _, d := range m.Devices {
				if !d.Revoked {
					boxes = append(boxes, d)
				}
			}
		}
	}
	body, err := protocol.SealNook(r.cfg.Rand, s, r.circle, members, boxes)
	if err != nil {
		return protocol.Secret{}, fmt.Errorf("make a nook: %w", err)
	}
	r.keep(s)
	if _, err := r.writeControl(&body, now); err != nil {
		return protocol.Secret{}, err
	}
	r.out.Minted = append(r.out.Minted, body.ID)
	return s, nil
}

func rosterKey(members []crdt.ID) string {
	b := make([]byte, 0, 32*len(members))
	for _, m := range members {
		b = append(b, m[:]...)
	}
	return "r" + string(b)
}

func (r *Replica) loadNooks() error {
	for _, info := range r.set.View().Nooks() {
		s, held := r.secret(info.Epoch.ID)
		if !held {
			continue
		}
		r.learnNook(info.Epoch, s)
	}
	return nil
}

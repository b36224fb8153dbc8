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
	ops     []crdt.ID // that announce it
}

// seeEpoch looks whether a control op makes an epoch whose secret is held, or a nook
// this device can open. Then it is known for whom what is sealed under it is.
func (r *Replica) seeEpoch(op crdt.ID) error {
	info, ok := r.set.EpochOf(op)
	if !ok {
		return nil
	}
	id := info.Epoch.ID
	s, held := r.secret(id)
	switch {
	case info.Epoch.Scope == membership.ScopeCircle && held:
		return r.readWaiting(id)
	case info.Epoch.Scope == membership.ScopeCircle:
		return nil
	case held:
		return r.addNook(info, s)
	}
	for _, box := range r.cfg.Keys.Boxes() {
		if s, opens := protocol.TryNook(box, r.circle, r.cfg.Dev, info.Epoch); opens {
			r.keep(s)
			return r.addNook(info, s)
		}
	}
	return nil
}

// addNook learns the roster of a nook and reads what was sealed to it.
func (r *Replica) addNook(e membership.EpochInfo, s protocol.Secret) error {
	if !r.learnNook(e, s) {
		return nil
	}
	return r.readWaiting(e.Epoch.ID)
}

// learnNook learns the roster of a nook; false if it does not open, or its author is
// not in it, and such an op is left alone. All ops that pass name the same members,
// since the secret was made of them.
func (r *Replica) learnNook(e membership.EpochInfo, s protocol.Secret) bool {
	members, err := protocol.OpenNookRoster(s, r.circle, e.Epoch)
	if err != nil || !slices.Contains(members, e.Author) {
		return false
	}
	n := nook{id: e.Epoch.ID, members: members}
	n.ops = append(slices.Clone(r.nooks[string(n.id[:])].ops), e.Op)
	r.nooks = maps.Clone(r.nooks)
	r.nooks[string(n.id[:])] = n
	if old, taken := r.nooks[rosterKey(members)]; !taken || slices.Compare(old.id[:], n.id[:]) >= 0 {
		r.nooks[rosterKey(members)] = n
	}
	return true
}

// nookByID returns the nook of an id whose secret is held.
func (r *Replica) nookByID(id membership.EpochID) (nook, bool) {
	n, ok := r.nooks[string(id[:])]
	return n, ok
}

// holdsCircle reports whether the secret of a circle epoch is held: the id names it as
// such, and some op of the circle's commits to it.
func (r *Replica) holdsCircle(id membership.EpochID) bool {
	k, held := r.key(id)
	return held && k.OfCircle() && r.People().CircleEpoch(id, k.Commit())
}

// audience says whom a body sealed under an epoch is for: as the control op says
// that made the epoch, whether or not the body's author names it. false while none
// is here; who kept keys and lost the log waits for it.
func (r *Replica) audience(id membership.EpochID) (circle.Audience, bool) {
	if n, ok := r.nookByID(id); ok {
		return circle.Audience{Nook: id, Members: n.members}, true
	}
	if !r.HasSecret(id) { // a key for this one body, as the circle's welcome packs hold
		return circle.Audience{}, r.People().ClaimsCircle(id)
	}
	return circle.Audience{}, r.holdsCircle(id)
}

// nookFor returns the key of a nook of exactly members that may be written with,
// making one if there is none. members holds this member.
func (r *Replica) nookFor(members []crdt.ID, now int64) (*protocol.Key, error) {
	members = slices.Clone(members)
	slices.SortFunc(members, crdt.ID.Compare)
	members = slices.Compact(members)
	if n, ok := r.fitNook(members, now); ok {
		k, _ := r.key(n.id)
		return k, nil
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
	s, body, err := protocol.SealNook(r.cfg.Rand, r.circle, members, boxes)
	if err != nil {
		return nil, fmt.Errorf("make a nook: %w", err)
	}
	r.keep(s)
	if _, err := r.writeControl(&body, now); err != nil {
		return nil, err
	}
	r.out.Minted = append(r.out.Minted, body.ID)
	k, _ := r.key(body.ID)
	return k, nil
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
		r.learnNook(info, s)
	}
	return nil
}

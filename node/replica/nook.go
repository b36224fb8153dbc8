package replica

import (
	"fmt"
	"maps"
	"slices"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/protocol"
)

// nook is a small audience whose secret is held here.
type nook struct {
	id      membership.EpochID
	members []crdt.ID // ascending
}

// seeNook looks whether a control op is a nook this device can open, and takes
// its secret if so.
func (r *Replica) seeNook(op crdt.ID) error {
	info, ok := r.set.NookOf(op)
	if !ok {
		return nil
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

// addNook learns the roster of a nook and reads what was sealed to it. A nook
// whose roster does not open, or that names nobody, is left alone.
func (r *Replica) addNook(e membership.Epoch, s protocol.Secret) error {
	members, err := protocol.OpenNookRoster(s, r.circle, e)
	if err != nil || len(members) == 0 {
		return nil
	}
	r.nooks = maps.Clone(r.nooks)
	n := nook{id: e.ID, members: members}
	r.nooks[string(e.ID[:])] = n
	if old, taken := r.nooks[rosterKey(members)]; !taken || slices.Compare(old.id[:], n.id[:]) > 0 {
		r.nooks[rosterKey(members)] = n
	}
	return r.readWaiting(e.ID)
}

func (r *Replica) nookByID(id membership.EpochID) (nook, bool) {
	n, ok := r.nooks[string(id[:])]
	return n, ok
}

// nookFor returns the secret of a nook of exactly members, making one if there
// is none. members holds this member.
func (r *Replica) nookFor(members []crdt.ID, now int64) (protocol.Secret, error) {
	members = slices.Clone(members)
	slices.SortFunc(members, crdt.ID.Compare)
	members = slices.Compact(members)
	if n, ok := r.nooks[rosterKey(members)]; ok {
		if s, held := r.secret(n.id); held {
			return s, nil
		}
	}
	s, err := protocol.NewSecret(r.cfg.Rand)
	if err != nil {
		return protocol.Secret{}, err
	}
	var boxes []membership.Device
	for _, m := range r.People().Members() {
		if slices.Contains(members, m.ID) {
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
	r.out = &Commit{}
	defer func() { r.out = nil }()
	for _, info := range r.set.View().Nooks() {
		s, held := r.secret(info.Epoch.ID)
		if !held {
			continue
		}
		members, err := protocol.OpenNookRoster(s, r.circle, info.Epoch)
		if err != nil || len(members) == 0 {
			continue
		}
		n := nook{id: info.Epoch.ID, members: members}
		r.nooks[string(n.id[:])] = n
		if old, taken := r.nooks[rosterKey(members)]; !taken || slices.Compare(old.id[:], n.id[:]) > 0 {
			r.nooks[rosterKey(members)] = n
		}
	}
	return nil
}

package replica

import (
	"errors"
	"fmt"
	"slices"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/protocol"
)

// ErrNotItsSecret is returned by [Replica.AddKey] for a secret that is not the
// one the log committed to.
var ErrNotItsSecret = errors.New("not the secret the circle committed to")

// AddKey takes the secret of an epoch, whoever handed it over: it is checked
// against the commitment in the signed epoch op. What was sealed under it takes
// effect now.
func (r *Replica) AddKey(s protocol.Secret) error {
	id := s.EpochID()
	if _, held := r.secret(id); held {
		return nil
	}
	nooks := r.People().NooksClaiming(s.NookID(), s.NookCommit())
	if len(nooks) == 0 && !r.People().CircleEpoch(id, s.Commit()) {
		return fmt.Errorf("epoch %x: %w", id, ErrNotItsSecret)
	}
	r.keep(s)
	r.out.Epoch, r.out.Visible = true, true
	for _, info := range nooks {
		r.learnNook(info, s)
	}
	for _, id := range []membership.EpochID{id, s.NookID()} {
		if err := r.readWaiting(id); err != nil {
			return err
		}
	}
	return nil
}

// OpenLockbox opens a lockbox that was handed over for this device.
func (r *Replica) OpenLockbox(lb protocol.Lockbox) (protocol.Secret, error) {
	for _, box := range r.cfg.Keys.Boxes() {
		if s, err := protocol.OpenLockbox(box, r.circle, r.cfg.Dev, lb); err == nil {
			return s, nil
		}
	}
	return protocol.Secret{}, fmt.Errorf("epoch %x: no key of this device opens the lockbox", lb.Epoch)
}

// readWaiting applies what waited for the key of an epoch, by arrival.
func (r *Replica) readWaiting(e membership.EpochID) error {
	var arrs []uint64
	for row, err := range r.store.Rows(unreadPrefix(e)) {
		if err != nil {
			return err
		}
		arrs = append(arrs, arrOf(row.Key))
	}
	for _, row := range r.out.Rows {
		if prefix := unreadPrefix(e); row.Value != nil && len(row.Key) == len(prefix)+8 && slices.Equal(row.Key[:len(prefix)], prefix) {
			arrs = append(arrs, arrOf(row.Key))
		}
	}
	slices.Sort(arrs)
	for _, arr := range slices.Compact(arrs) {
		if r.spare.rows <= 0 || r.crowded() {
			r.unread = append(slices.Clip(r.unread), e)
			return nil
		}
		r.spare.rows--
		r.row(append(unreadPrefix(e), arrKey(0, arr)[1:]...), nil)
		s, ok, err := r.byArrival(arr)
		if err != nil {
			return err
		}
		if !ok || s.Op.Body == nil {
			continue
		}
		if err := r.read(&s.Op, s.Fact); err != nil {
			return err
		}
	}
	return nil
}

func (r *Replica) byArrival(arr uint64) (crdt.Stored, bool, error) {
	for i := range r.out.Entries {
		if e := &r.out.Entries[i]; e.Fact.Arr == arr {
			return crdt.Stored{Op: r.bodyNow(e.Op), Fact: e.Fact}, true, nil
		}
	}
	for s, err := range r.store.Arrivals(arr) {
		s.Op = r.bodyNow(s.Op)
		return s, err == nil && s.Fact.Arr == arr, err
	}
	return crdt.Stored{}, false, nil
}

// Entrust seals the asked-for secrets for one device of a member: those held
// here that the device is entitled to (SPEC.md §4.1). The log key goes to any
// device of a current member.
func (r *Replica) Entrust(dev crdt.Device, ids []membership.EpochID) ([]protocol.Lockbox, error) {
	v := r.People()
	d, ok := v.Device(dev)
	if !ok || d.Revoked || !r.current(d.Member) {
		return nil, nil
	}
	var out []protocol.Lockbox
	for _, id := range ids {
		s, held := r.secret(id)
		if !held || !r.mayRead(v, d, id) {
			continue
		}
		lb, err := r.sealLockbox(d.Box, id, s, dev)
		if err != nil {
			return nil, fmt.Errorf("seal epoch %x for %s: %w", id, dev.Short(), err)
		}
		out = append(out, lb)
	}
	return out, nil
}

// sealLockbox seals a secret by the one of its ids that is asked for.
func (r *Replica) sealLockbox(box []byte, id membership.EpochID, s protocol.Secret, dev crdt.Device) (protocol.Lockbox, error) {
	if id == s.NookID() {
		return protocol.SealNookLockbox(box, r.circle, s, dev)
	}
	return protocol.SealLockbox(box, r.circle, s, dev)
}

func (r *Replica) mayRead(v *membership.View, d membership.Device, id membership.EpochID) bool {
	if id == r.cfg.LogKey {
		return true
	}
	if n, ok := r.nookByID(id); ok {
		return slices.Contains(n.members, d.Member) && !v.Withheld(d.Dev) && !r.withheld(v, d, id)
	}
	return r.holdsCircle(id) && v.MayHold(d.Dev, id)
}

func (r *Replica) current(member crdt.ID) bool {
	m, ok := r.People().Member(member)
	return ok && m.Standing == membership.In
}

// Readable returns the ids of all circle epochs held here that dev may read, the
// newest first, the log key before them.
func (r *Replica) Readable(dev crdt.Device) []membership.EpochID {
	out := []membership.EpochID{r.cfg.LogKey}
	v := r.People()
	epochs := v.Epochs()
	for i := len(epochs) - 1; i >= 0; i-- {
		id := epochs[i].Epoch.ID
		if r.holdsCircle(id) && v.MayHold(dev, id) {
			out = append(out, id)
		}
	}
	return out
}

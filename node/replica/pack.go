package replica

import (
	"time"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/protocol"
)

// MaxPacked bounds the single body keys that a home keeps of a circle.
const MaxPacked = 16_384

// PackFor returns the keys of single bodies that a newcomer's device is handed
// where history is from joining, at most [MaxPacked]: of what [circle.State.Welcome]
// names, those under epochs that the device may not read. It is nil where history
// is all. now is the member's local time.
func (r *Replica) PackFor(dev crdt.Device, now time.Time, zone string) ([]protocol.PackedKey, error) {
	v := r.People()
	d, ok := v.Device(dev)
	if !ok || v.Charter().History != membership.HistoryFromJoining || !r.current(d.Member) || v.Withheld(dev) {
		return nil, nil
	}
	return r.pack(func(e membership.EpochID) bool { return !v.MayHold(dev, e) }, now, zone)
}

// pack returns the keys of what a newcomer needs to see, of the bodies under the
// circle epochs that lacks names.
func (r *Replica) pack(lacks func(membership.EpochID) bool, now time.Time, zone string) ([]protocol.PackedKey, error) {
	var out []protocol.PackedKey
	for _, id := range r.state.Welcome(r.Env(now, zone)) {
		if len(out) == MaxPacked {
			break
		}
		op, _, here, err := r.lookup(id)
		if err != nil {
			return nil, err
		}
		if !here || op.Body == nil {
			continue
		}
		if k, ok := r.bodyKey(&op, lacks); ok {
			out = append(out, k)
		}
	}
	return out, nil
}

// bodyKey returns the key of one body of the circle whose epoch lacks names.
func (r *Replica) bodyKey(op *crdt.Op, lacks func(membership.EpochID) bool) (protocol.PackedKey, bool) {
	epoch, err := protocol.BodyEpoch(op.Body)
	if err != nil || !lacks(epoch) {
		return protocol.PackedKey{}, false
	}
	if _, small := r.nookByID(epoch); small {
		return protocol.PackedKey{}, false
	}
	s, held := r.secret(epoch)
	if !held {
		return r.cfg.Keys.Packed(op.ID)
	}
	key, commit, err := protocol.BodyKey(s, op.Body)
	return protocol.PackedKey{Op: op.ID, Key: key, Commit: commit}, err == nil
}

// unseal opens a body: under its epoch's secret, or with the key that a welcome
// pack brought for this one body. false means that there is neither, or that the
// body opens under none.
func (r *Replica) unseal(op *crdt.Op, body protocol.SealedBody) (protocol.Opened, bool) {
	if r.wrote.op == op.ID {
		return r.wrote.body, true
	}
	if k, ok := r.key(body.Epoch()); ok {
		opened, err := k.Open(r.circle, op.Dev, op.Seq, body)
		return opened, err == nil
	}
	k, ok := r.cfg.Keys.Packed(op.ID)
	if !ok {
		return protocol.Opened{}, false
	}
	opened, err := protocol.OpenPacked(k.Key, k.Commit, r.circle, op.Dev, op.Seq, op.Body)
	return opened, err == nil
}

// canOpen reports whether there is a key for a body, and whom it is for is known.
func (r *Replica) canOpen(op crdt.ID, epoch membership.EpochID) bool {
	if epoch != r.cfg.LogKey { // what is sealed under that is nothing to read, now or ever
		if _, known := r.audience(epoch); !known {
			return false
		}
	}
	if _, ok := r.secret(epoch); ok {
		return true
	}
	_, ok := r.cfg.Keys.Packed(op)
	return ok
}

// ReadPacked reads the ops whose single keys were kept just now and that are in
// the log already. ids are at most as many as a batch has room for.
func (r *Replica) ReadPacked(ids []crdt.ID) error {
	for _, id := range ids {
		op, fact, here, err := r.lookup(id)
		if err != nil {
			return err
		}
		if !here || op.Body == nil || op.Class != crdt.Content || r.isHeld(id) {
			continue
		}
		epoch, err := protocol.BodyEpoch(op.Body)
		if err != nil {
			continue
		}
		r.row(append(unreadPrefix(epoch), arrKey(0, fact.Arr)[1:]...), nil)
		if err := r.read(&op, fact); err != nil {
			return err
		}
		r.out.Visible = true
	}
	return nil
}

package replica

import (
	"tend/crdt"
	"tend/crdt/membership"
)

// unproven returns the forks that are known here, of members' devices, and that
// nobody has shown to all yet, once it is this device's turn to. now is Unix
// milliseconds.
func (r *Replica) unproven(now int64) []crdt.Fork {
	v := r.People()
	var out []crdt.Fork
	for _, dev := range r.log.Forked() {
		fork, _ := r.log.Fork(dev)
		if from, shown := v.ForkedFrom(dev); shown && from <= fork.Seq {
			continue
		}
		if _, ok := v.Device(dev); !ok || !r.myTurn(v, fork, now) {
			continue
		}
		out = append(out, fork)
	}
	return out
}

// myTurn reports whether a fork was known long enough for this device to show it.
func (r *Replica) myTurn(v *membership.View, fork crdt.Fork, now int64) bool {
	newest := int64(0)
	for _, id := range fork.IDs {
		if f, ok, err := r.log.Fact(id); err == nil && ok {
			newest = max(newest, f.HLC.Millis())
		}
	}
	return now >= newest+r.turn(v, proofMillis)
}

// ShowForks writes the proof of each fork that nobody has shown yet. A fork of
// whose two ops one came without its own signature is shown by a later pair.
func (r *Replica) ShowForks(clock crdt.HLC) error {
	if err := r.MayWrite(); err != nil {
		return err
	}
	for _, fork := range r.unproven(clock.Millis()) {
		a, b, ok, err := r.signedPair(fork)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if from, shown := r.People().ForkedFrom(fork.Dev); shown && from <= a.Seq {
			continue
		}
		if _, err := r.writeControl(membership.NewForkProof(a, b), clock.Millis()); err != nil {
			return err
		}
	}
	return nil
}

// maxPairs bounds the places of a forked chain that are looked at for two ops with
// signatures of their own.
const maxPairs = 512

// signedPair returns two ops of one device at one place, both with their own
// signatures: those at which the fork begins, or the next above.
func (r *Replica) signedPair(fork crdt.Fork) (a, b *crdt.Op, ok bool, err error) {
	for seq := fork.Seq; seq < fork.Seq+maxPairs; seq++ {
		ids, err := r.log.At(fork.Dev, seq)
		if err != nil || len(ids) < 2 {
			return nil, nil, false, err
		}
		var signed []crdt.Op
		for _, id := range ids {
			op, _, here, err := r.lookup(id)
			if err != nil {
				return nil, nil, false, err
			}
			if here && len(op.Sig) > 0 {
				signed = append(signed, op)
			}
		}
		if len(signed) >= 2 {
			return &signed[0], &signed[1], true, nil
		}
	}
	return nil, nil, false, nil
}

package replica

import "tend/crdt"

// Become lets dev write here from now on, where nobody could: a home that came
// back from a backup has met its circle. first is the op by which dev came in, if
// it is not in the log yet.
func (r *Replica) Become(dev crdt.Device, first crdt.ID) {
	r.cfg.Dev, r.cfg.First = dev, first
	r.arrived = crdt.ID{}
}

// FirstOf returns the first op of a device, from the log or from the control log
// handed over; false if there is none.
func (r *Replica) FirstOf(dev crdt.Device) (crdt.Op, bool, error) {
	for e, err := range r.store.Lane(dev, 1, 1) {
		if err != nil {
			return crdt.Op{}, false, err
		}
		return r.HandedOp(e.ID)
	}
	for id := range r.joined {
		op, ok, err := r.HandedOp(id)
		if err != nil {
			return crdt.Op{}, false, err
		}
		if ok && op.Dev == dev && op.Seq == 1 {
			return op, true, nil
		}
	}
	return crdt.Op{}, false, nil
}

package replica

import (
	"cmp"
	"fmt"
	"slices"

	"tend/crdt"
)

// held is an op whose clock is far ahead of ours: in the log, without effect and
// never a parent of our own ops until that time comes.
type held struct {
	id  crdt.ID
	dev crdt.Device
	hlc crdt.HLC
	arr uint64
}

func (r *Replica) hold(op *crdt.Op, fact crdt.Fact) error {
	h := held{id: op.ID, dev: op.Dev, hlc: op.HLC, arr: fact.Arr}
	at, _ := slices.BinarySearchFunc(r.held, h, compareHeld)
	r.held = slices.Insert(slices.Clone(r.held), at, h)
	r.row(arrKey(rowHeld, fact.Arr), op.ID[:])
	r.set.Hold(op.ID)
	if op.BodyMissing() {
		r.setMissing(op.ID, fact.Arr)
	}
	return nil
}

// onHeld reports whether a parent of op is held. Its time may have come: then
// both wait for letGo, which keeps the order of clocks.
func (r *Replica) onHeld(op *crdt.Op) bool {
	if len(r.held) == 0 {
		return false
	}
	for id := range op.Parents {
		if r.isHeld(id) {
			return true
		}
	}
	return false
}

// letGo gives the held ops whose time has come their effect, in the order of
// their clocks.
func (r *Replica) letGo(now int64) error {
	for len(r.held) > 0 && r.held[0].hlc.Millis() <= now+MaxAhead && r.spare.rows > 0 && !r.crowded() {
		h := r.held[0]
		r.held = slices.Clone(r.held[1:])
		r.row(arrKey(rowHeld, h.arr), nil)
		r.spare.rows--
		op, fact, ok, err := r.lookup(h.id)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		r.log.Release(&op)
		r.set.Unhold(op.ID)
		s := r.log.State()
		r.out.State = &s
		if err := r.effect(&op, fact); err != nil {
			return err
		}
	}
	return nil
}

// NextHeld returns when the first held op's time comes, in Unix milliseconds;
// false if none is held.
func (r *Replica) NextHeld() (int64, bool) {
	if len(r.held) == 0 {
		return 0, false
	}
	return r.held[0].hlc.Millis() - MaxAhead, true
}

func compareHeld(a, b held) int { return cmp.Or(cmp.Compare(a.hlc, b.hlc), a.id.Compare(b.id)) }

func (r *Replica) loadHeld() error {
	for row, err := range r.store.Rows([]byte{rowHeld}) {
		if err != nil {
			return fmt.Errorf("load held ops: %w", err)
		}
		if len(row.Value) != 32 {
			continue
		}
		id := crdt.ID(row.Value)
		f, ok, err := r.store.Fact(id)
		if err != nil {
			return err
		}
		if ok {
			r.held = append(r.held, held{id: id, dev: f.Dev, hlc: f.HLC, arr: f.Arr})
			r.set.Hold(id)
		}
	}
	slices.SortFunc(r.held, compareHeld)
	return nil
}

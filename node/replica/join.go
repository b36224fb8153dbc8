package replica

import (
	"fmt"
	"maps"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/protocol"
)

// joinedRow is a control op handed over at joining, as kept until the log holds it.
type joinedRow struct {
	_       struct{} `cbor:",toarray"`
	Payload []byte
	Sig     []byte
	Body    []byte
}

// ControlLog yields the control ops of this log in an order in which each comes
// after all that its author knew: what a newcomer is handed (SPEC.md §6.3).
func (r *Replica) ControlLog() ([]crdt.Op, error) {
	var out []crdt.Op
	for s, err := range r.store.Controls() {
		if err != nil {
			return nil, err
		}
		out = append(out, s.Op)
	}
	return out, nil
}

// TakeControl takes control ops that a doorkeeper handed over. They tell who
// belongs, and with which keys, before the log itself arrives; they are no part
// of the log and are never served. Each must be authentic, and know only ops
// that came before it; a refused one spoils the whole.
func (r *Replica) TakeControl(ops []crdt.Op) error {
	joined := maps.Clone(r.joined)
	for i := range ops {
		op := &ops[i]
		if r.set.Has(op.ID) {
			continue
		}
		if op.Class != crdt.Control {
			return fmt.Errorf("%w: content op %s in a control log", crdt.ErrForm, op.ID.Short())
		}
		if err := op.Verify(r.circle); err != nil {
			return err
		}
		if err := op.CheckBody(op.Body); err != nil {
			return err
		}
		body, err := r.openControl(op)
		if err != nil {
			return err
		}
		if _, err := r.pasts.Add(op.ID, op.Ctl); err != nil {
			return fmt.Errorf("%w: %w", crdt.ErrCause, err)
		}
		if err := r.set.Judge(op, body); err != nil {
			return err
		}
		r.set.Add(op, body)
		r.noteControl(op.ID, body)
		joined[op.ID] = true
		r.row(idKey(rowJoined, op.ID), canon.MustMarshal(joinedRow{Payload: op.Payload, Sig: op.Sig, Body: op.Body}))
		if err := r.seeEpoch(op.ID); err != nil {
			return err
		}
	}
	r.joined = joined
	r.out.People = true
	return nil
}

// Handed returns how many control ops were handed over and are not in the log.
func (r *Replica) Handed() int { return len(r.joined) }

func (r *Replica) loadJoined() error {
	var waiting []crdt.Op
	for row, err := range r.store.Rows([]byte{rowJoined}) {
		if err != nil {
			return fmt.Errorf("load the control log handed over: %w", err)
		}
		var kept joinedRow
		if err := canon.Unmarshal(row.Value, &kept); err != nil {
			continue
		}
		op, err := crdt.Parse(r.circle, kept.Payload)
		if err != nil {
			continue
		}
		op.Sig, op.Body = kept.Sig, nonEmpty(kept.Body)
		waiting = append(waiting, op)
	}
	for before := -1; len(waiting) != before && len(waiting) > 0; {
		before = len(waiting)
		var left []crdt.Op
		for i := range waiting {
			op := &waiting[i]
			if _, err := r.pasts.Closure(op.Ctl); err != nil {
				left = append(left, *op)
				continue
			}
			if err := r.replay(op); err != nil {
				return err
			}
			r.joined[op.ID] = true
		}
		waiting = left
	}
	return nil
}

// ForDevice seals what a newcomer's device is handed: the log key first, then
// every circle epoch it may read, the newest first.
func (r *Replica) ForDevice(dev crdt.Device) ([]protocol.Lockbox, error) {
	return r.Entrust(dev, r.Readable(dev))
}

// HandedOp returns an op of the log, or of the control log handed over.
func (r *Replica) HandedOp(id crdt.ID) (crdt.Op, bool, error) {
	if op, _, ok, err := r.lookup(id); ok || err != nil {
		return op, ok, err
	}
	value, ok, err := r.store.Get(idKey(rowJoined, id))
	if err != nil || !ok {
		return crdt.Op{}, false, err
	}
	var kept joinedRow
	if err := canon.Unmarshal(value, &kept); err != nil {
		return crdt.Op{}, false, nil
	}
	op, err := crdt.Parse(r.circle, kept.Payload)
	if err != nil || op.ID != id {
		return crdt.Op{}, false, nil
	}
	op.Sig, op.Body = kept.Sig, nonEmpty(kept.Body)
	return op, true, nil
}

package replica

import (
	"fmt"

	"tend/crdt"
)

// rowFaded keeps what is left of a faded change: f|op id → its stub; or nothing,
// where its body was gone before this home could read it.
const rowFaded = 'f'

// MaxFade is how many bodies one batch lets fade.
const MaxFade = 64

// Greatest is the greatest clock reading in the log, ops that are held aside: what
// fading goes by, so that every home lets go of the same.
func (r *Replica) Greatest() crdt.HLC {
	var h crdt.HLC
	for _, dev := range r.log.Devices() {
		for _, t := range r.log.Tips(dev) {
			if !r.isHeld(t.ID) {
				h = max(h, t.HLC)
			}
		}
	}
	return h
}

// Fade lets go of up to [MaxFade] bodies of what closed and faded by now, and keeps
// a stub of each. The log verifies as before: headers and signatures stay. It
// returns how many went; at MaxFade there may be more.
func (r *Replica) Fade() (int, error) {
	n, now := 0, r.Greatest()
	for _, record := range r.state.Fading(now) {
		for _, id := range r.state.Fade(record, now, MaxFade-n) {
			_, fact, ok, err := r.lookup(id)
			if err != nil {
				return n, err
			}
			if !ok {
				return n, fmt.Errorf("faded op %s is not in the log", id.Short())
			}
			r.row(idKey(rowFaded, id), r.state.EncodeStub(record, id))
			r.row(recordKey(record, fact.Arr), nil)
			r.out.Bodies = append(r.out.Bodies, BodyChange{ID: id})
			n++
		}
		if n >= MaxFade {
			break
		}
	}
	if n > 0 {
		r.out.Visible = true
		r.unmark()
	}
	return n, nil
}

// lost notes a content op whose body went before it came here.
func (r *Replica) lost(id crdt.ID) {
	r.state.Lost(id)
	r.row(idKey(rowFaded, id), []byte{})
}

// loadFaded loads the stubs, which no checkpoint holds.
func (r *Replica) loadFaded() error {
	for row, err := range r.store.Rows([]byte{rowFaded}) {
		if err != nil {
			return fmt.Errorf("load what has faded: %w", err)
		}
		if len(row.Key) != 33 {
			continue
		}
		if len(row.Value) == 0 {
			r.state.Lost(crdt.ID(row.Key[1:]))
			continue
		}
		if err := r.state.LoadStub(row.Value); err != nil {
			return fmt.Errorf("load what has faded: %w", err)
		}
	}
	return nil
}

package frontier

import (
	"cmp"
	"fmt"
	"slices"

	"tend/crdt"
)

// span is a stretch of one device's lane, both ends included, on which no other
// branch stands.
type span struct {
	dev      crdt.Device
	from, to uint64
}

// twig is one op of a branch.
type twig struct {
	arr uint64
	id  crdt.ID
}

// plan adds to the shipment what the peer lacks of a device, if it holds the ops
// held and what is below them.
func (s *Session) plan(dev crdt.Device, held []crdt.ID) error {
	r := s.round
	mine := r.snap.Tips[dev]
	if r.quiet || len(mine) == 0 {
		return nil
	}
	if len(mine) == 1 {
		base := uint64(0)
		for _, id := range held {
			f, ok, err := s.cfg.Log.Fact(id)
			if err != nil {
				return err
			}
			if ok {
				base = max(base, f.Seq)
			}
		}
		r.ship.add(span{dev, base + 1, mine[0].Seq}, nil)
		return nil
	}
	trunk, twigs, err := s.branches(mine, held)
	if err != nil {
		return err
	}
	r.ship.add(span{dev, 1, trunk}, twigs)
	return nil
}

// mark says what is known of an op on the way down.
type mark struct {
	seq          uint64
	wanted, held bool // below a tip of mine; below an op that the peer holds
}

// branches walks down from my tips and from what the peer holds, and returns the
// ops that only the former reach. It ends where everything left is held, or where
// all branches have met: of a lane that the peer holds nothing of, trunk is the
// seq of that place, from which down there is one branch only. (Where tips were
// displaced, other branches may begin anywhere, so it walks to the end.)
func (s *Session) branches(mine []crdt.Tip, held []crdt.ID) (trunk uint64, twigs []twig, err error) {
	at := map[crdt.ID]mark{}
	for _, t := range mine {
		at[t.ID] = mark{seq: t.Seq, wanted: true}
	}
	for _, id := range held {
		f, ok, err := s.cfg.Log.Fact(id)
		if err != nil {
			return 0, nil, err
		}
		if ok && f.Dev == mine[0].Dev {
			at[id] = mark{seq: f.Seq, wanted: at[id].wanted, held: true}
		}
	}
	whole := len(mine) >= crdt.MaxFreeTips
	for {
		open := 0 // wanted, and not held
		top := uint64(0)
		for _, m := range at {
			top = max(top, m.seq)
			if m.wanted && !m.held {
				open++
			}
		}
		if open == 0 {
			break
		}
		if len(at) == 1 && !whole {
			trunk = top
			break
		}
		for id, m := range at { // the order does not show: twigs are sorted below
			if m.seq < top {
				continue
			}
			delete(at, id)
			op, f, ok, err := s.cfg.Log.Op(id)
			if err != nil {
				return 0, nil, err
			}
			if !ok {
				return 0, nil, fmt.Errorf("op %s: not in the log", id.Short())
			}
			if m.wanted && !m.held {
				twigs = append(twigs, twig{f.Arr, id})
			}
			if !op.Prev.IsZero() {
				p := at[op.Prev]
				at[op.Prev] = mark{m.seq - 1, p.wanted || m.wanted, p.held || m.held}
			}
		}
	}
	slices.SortFunc(twigs, func(a, b twig) int { return cmp.Compare(a.arr, b.arr) })
	return trunk, twigs, nil
}

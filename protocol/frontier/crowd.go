package frontier

import (
	"fmt"
	"slices"

	"tend/crdt"
)

// crowd finds what must be shipped of branches that no tip in HELLO stands for: of
// an author with more tips than count, a branch that some op was built on lies in
// the past of that op, and must come before it (SPEC.md §7.6). The peer may have
// it; that cannot be known, and costs at most the length of the branch.
type crowd struct {
	log   Log
	snap  *Snapshot
	any   bool                             // some author has so many tips
	count map[crdt.Device]map[crdt.ID]bool // ops of such an author below tips that count
	sent  map[crdt.ID]bool                 // shipped in this round
}

func newCrowd(log Log, snap *Snapshot) *crowd {
	c := &crowd{log: log, snap: snap, count: map[crdt.Device]map[crdt.ID]bool{}, sent: map[crdt.ID]bool{}}
	for _, tips := range snap.Tips {
		c.any = c.any || len(tips) >= crdt.MaxFreeTips
	}
	return c
}

// owed returns what has to be shipped before op, in causal order; mostly nothing.
func (c *crowd) owed(op *crdt.Op) ([]crdt.Stored, error) {
	if !c.any {
		return nil, nil
	}
	var out []crdt.Stored
	for id := range op.Parents {
		branch, err := c.branch(id)
		if err != nil {
			return nil, err
		}
		for i := range branch {
			before, err := c.owed(&branch[i].Op)
			if err != nil {
				return nil, err
			}
			out = append(append(out, before...), branch[i])
		}
	}
	return out, nil
}

// branch returns the branch that id stands on, from where it leaves those that
// count up to id, and on to the next op that has a signature; nothing if it counts
// or was shipped.
func (c *crowd) branch(id crdt.ID) ([]crdt.Stored, error) {
	var out []crdt.Stored
	for at := id; !at.IsZero() && !c.sent[at]; {
		op, f, ok, err := c.log.Op(at)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, fmt.Errorf("op %s: not in the log", at.Short())
		}
		counts, err := c.counts(op.Dev)
		if err != nil || counts == nil || counts[at] {
			return c.proven(out, err)
		}
		c.sent[at] = true
		out = append(out, crdt.Stored{Op: op, Fact: f})
		at = op.Prev
	}
	return c.proven(out, nil)
}

// proven turns a branch right way up and goes on to what covers its end.
func (c *crowd) proven(down []crdt.Stored, err error) ([]crdt.Stored, error) {
	if err != nil || len(down) == 0 {
		return nil, err
	}
	slices.Reverse(down)
	for end := &down[len(down)-1].Op; len(end.Sig) == 0; end = &down[len(down)-1].Op {
		ids, err := c.log.At(end.Dev, end.Seq+1)
		if err != nil {
			return nil, err
		}
		grown := false
		for _, id := range ids {
			op, f, ok, err := c.log.Op(id)
			if err != nil {
				return nil, err
			}
			if ok && op.Prev == end.ID {
				c.sent[id] = true
				down, grown = append(down, crdt.Stored{Op: op, Fact: f}), true
				break
			}
		}
		if !grown {
			break
		}
	}
	return down, nil
}

// counts returns the ops of an author that lie below tips that count; nil if all
// tips of that author do.
func (c *crowd) counts(dev crdt.Device) (map[crdt.ID]bool, error) {
	tips := c.snap.Tips[dev]
	if len(tips) < crdt.MaxFreeTips {
		return nil, nil
	}
	if known, ok := c.count[dev]; ok {
		return known, nil
	}
	below := map[crdt.ID]bool{}
	for _, t := range tips {
		for id := t.ID; !id.IsZero() && !below[id]; {
			below[id] = true
			op, _, ok, err := c.log.Op(id)
			if err != nil {
				return nil, err
			}
			if !ok {
				return nil, fmt.Errorf("op %s: not in the log", id.Short())
			}
			id = op.Prev
		}
	}
	c.count[dev] = below
	return below, nil
}

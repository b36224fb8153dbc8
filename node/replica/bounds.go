package replica

import (
	"slices"

	"tend/crdt"
)

// MaxHeldPerAuthor bounds the ops of one device whose clock is far ahead that are
// kept at once. A chain's budget counts days, and the future has any number of
// them. What is over comes again when its time has come.
const MaxHeldPerAuthor = 2 * crdt.MaxDayOps

// overheld reports whether a device has as many ops held as may be.
func (r *Replica) overheld(dev crdt.Device) bool {
	if len(r.held) < MaxHeldPerAuthor {
		return false
	}
	n := 0
	for _, h := range r.held {
		if h.dev == dev {
			n++
		}
	}
	return n >= MaxHeldPerAuthor
}

// surplus reports whether an op lies on a branch that a forked device has more of
// than anybody counts (SPEC.md §7.6), and that nobody built on as far as is known
// here: it is not kept. Should an op come that builds on it, that op waits, and
// what it waits for is taken.
func (r *Replica) surplus(op *crdt.Op, fact crdt.Fact) bool {
	if op.Class != crdt.Content || len(r.log.Tips(op.Dev)) < crdt.MaxFreeTips || len(r.pool.byNeed[op.ID]) > 0 {
		return false
	}
	is := func(id crdt.ID) func(crdt.Tip) bool { return func(t crdt.Tip) bool { return t.ID == id } }
	if slices.ContainsFunc(r.log.Qualifying(op.Dev), is(op.Prev)) {
		return false
	}
	trial := r.log.Clone()
	if _, err := trial.Add(op, fact, true); err != nil {
		return false
	}
	return !slices.ContainsFunc(trial.Qualifying(op.Dev), is(op.ID))
}

package crdt

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
)

// MaxFreeTips is how many tips of one device HELLO and the digest count
// (SPEC.md §7.6): it bounds what a device that forks on purpose costs the others.
const MaxFreeTips = 16

// Qualifying returns the tips of a device that HELLO and the digest count,
// ascending by id: all of them, or, of more than [MaxFreeTips], the first so many
// by the ids of the ops with which their branches part. (Of two branches that
// one goes first whose first own op has the smaller id.) A displaced branch that
// an op on a qualifying one builds on is held by everybody all the same: it lies
// in the past of that op, which the op's own tip stands for.
//
// The order of two branches is settled where they part and never changes as they
// grow; so what two logs count after telling each other what they count is what
// the union of both would count, and honest replicas agree.
func (l *Log) Qualifying(dev Device) []Tip {
	tips := l.tips[dev]
	if len(tips) <= MaxFreeTips {
		return tips
	}
	ranked, ok := l.ranked[dev]
	if !ok {
		var err error
		if ranked, err = l.rank(tips); err != nil {
			// The store cannot be read. The next op will say so; until then the
			// worst that comes of any order here is a session that ends unequal.
			ranked = tips
		} else {
			l.ranked[dev] = ranked
		}
	}
	out := slices.Clone(ranked[:MaxFreeTips])
	slices.SortFunc(out, func(a, b Tip) int { return a.ID.Compare(b.ID) })
	return out
}

// displaced reports whether id is a tip of dev that does not qualify.
func (l *Log) displaced(dev Device, id ID) bool {
	tips := l.tips[dev]
	if len(tips) <= MaxFreeTips || !slices.ContainsFunc(tips, func(t Tip) bool { return t.ID == id }) {
		return false
	}
	return !slices.ContainsFunc(l.Qualifying(dev), func(t Tip) bool { return t.ID == id })
}

// bough is an op on the way down from tips to the root of a device's tree, with
// the tips above it in their order.
type bough struct {
	id   ID
	seq  uint64
	tips []Tip
}

// rank puts the tips of one device in the order of their branches. It walks down
// from the highest; where branches meet, they are joined by the ids of the ops
// with which they part. It reads each op above the lowest fork once.
func (l *Log) rank(tips []Tip) ([]Tip, error) {
	boughs := make([]bough, len(tips))
	for i, t := range tips {
		boughs[i] = bough{t.ID, t.Seq, []Tip{t}}
	}
	for len(boughs) > 1 {
		top := slices.MaxFunc(boughs, func(a, b bough) int { return cmp.Compare(a.seq, b.seq) }).seq
		// Ascending by id, so that boughs with one prev are joined in order.
		slices.SortFunc(boughs, func(a, b bough) int { return bytes.Compare(a.id[:], b.id[:]) })
		below := map[ID]int{}
		var next []bough
		for _, b := range boughs {
			if b.seq == top {
				prev, err := l.prev(b.id)
				if err != nil {
					return nil, err
				}
				b.id, b.seq = prev, b.seq-1
			}
			// Tips are leaves: only boughs that went down can meet another.
			if at, met := below[b.id]; met {
				next[at].tips = append(next[at].tips, b.tips...)
				continue
			}
			below[b.id] = len(next)
			next = append(next, b)
		}
		boughs = next
	}
	return boughs[0].tips, nil
}

// prev returns the backlink of an op in the log; zero for a first op.
func (l *Log) prev(id ID) (ID, error) {
	if p, ok := l.prevs[id]; ok {
		return p, nil
	}
	op, _, ok, err := l.ix.Op(id)
	if err != nil {
		return ID{}, fmt.Errorf("backlink of op %s: %w", id.Short(), err)
	}
	if !ok {
		return ID{}, fmt.Errorf("backlink of op %s: not in the log", id.Short())
	}
	return op.Prev, nil
}

// rerank keeps the memo of [Log.Qualifying] right when tip arrives on prev: a
// branch that grows keeps its rank, a new branch forgets the memo.
func (l *Log) rerank(prev ID, tip Tip) {
	ranked, ok := l.ranked[tip.Dev]
	if !ok {
		return
	}
	at := slices.IndexFunc(ranked, func(t Tip) bool { return t.ID == prev })
	if at < 0 {
		delete(l.ranked, tip.Dev)
		return
	}
	ranked = slices.Clone(ranked)
	ranked[at] = tip
	l.ranked[tip.Dev] = ranked
}

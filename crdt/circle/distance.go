package circle

import (
	"slices"

	"tend/crdt"
)

// Distant returns those whom a person keeps at a distance, ascending. It is set by each
// alone, stands on their own home and is told to nobody: what they write goes to all as
// before, and their yeses and agreements stay as they are.
func (o Own) Distant() []crdt.ID {
	out := []crdt.ID{}
	for _, row := range o.rowsOf(ownDistance) {
		if len(row.Key) == len(ownDistance)+32 {
			out = append(out, crdt.ID([]byte(row.Key[len(ownDistance):])))
		}
	}
	return out
}

// far reports whether the person keeps a member at a distance. What such a one could
// use, or asks directly, does not come up by itself; it is found by who looks for it.
func (r *reader) far(member crdt.ID) bool {
	return remembered(&r.distant, member, func() bool {
		_, far := r.env.Own.rows[ownDistance+string(member[:])]
		return far
	})
}

// notFar leaves out whom the person keeps at a distance.
func (r *reader) notFar(of []crdt.ID) []crdt.ID { return slices.DeleteFunc(slices.Clone(of), r.far) }

// KeepDistance keeps a member at a distance, or with Not no longer.
type KeepDistance struct {
	Member crdt.ID
	Not    bool
}

func (c KeepDistance) decide(_ *State, env Env) (plan, error) {
	if c.Member == env.Me {
		return plan{}, kept("no.yourself")
	}
	if far := slices.Contains(env.Own.Distant(), c.Member); far != c.Not {
		return unchanged(c.Member), nil
	}
	row := OwnRow{Key: ownDistance + string(c.Member[:])}
	if !c.Not {
		row.Value = []byte{1}
	}
	return keptAlone(env, c.Member, row)
}

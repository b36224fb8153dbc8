package circle

import (
	"slices"

	"tend/crdt"
)

// Interrupt is one thing that may interrupt somebody: it asks them directly, or changed
// an agreement of theirs. Nothing else may.
type Interrupt struct {
	ID crdt.ID
	// Changes grows with each change by somebody else that is news.
	Changes uint64
	// Agreed says that it is an agreement that changed; else it is something asked.
	Agreed bool
}

// Interrupts returns what may interrupt this person now, newest first: nothing in their
// quiet hours, nor while they rest.
func (s *State) Interrupts(env Env) []Interrupt {
	if _, still := s.Still(env, env.Me); still {
		return nil
	}
	r, done := s.looking(env)
	defer done()
	var out []Interrupt
	for _, n := range r.news() {
		if n.followed {
			continue
		}
		i := Interrupt{ID: n.id, Changes: n.changes}
		if a := n.item.Agreement; a != nil {
			// Without a word of one's own yet, one is asked for it.
			i.Agreed = !slices.ContainsFunc(a.Parties, func(p Party) bool { return p.Member == env.Me && p.Word == WordNone })
		}
		out = append(out, i)
	}
	return out
}

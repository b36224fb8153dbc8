package circle

import (
	"slices"

	"tend/crdt"
)

// Part is parting from somebody: a few words for them alone, or none, and what the
// two still have agreed, to be walked through. No talk is needed before it, nothing is
// given back by it, and nobody else learns of it.
type Part struct {
	Member crdt.ID
	Text   string
}

func (c Part) decide(s *State, env Env) (plan, error) {
	if c.Member == env.Me {
		return plan{}, usage("no.whom.else")
	}
	open := s.shared(env, c.Member)
	done := func(id crdt.ID, same bool) func([]crdt.ID) Result {
		return func(made []crdt.ID) Result {
			if len(made) > 0 {
				id = made[0]
			}
			return Result{ID: id, Agreements: open, Unchanged: same}
		}
	}
	if c.Text == "" {
		return plan{result: done(c.Member, true)}, nil // nothing is written
	}
	b := NoteWritten{On: env.Me, What: NoteFarewell, Text: c.Text}
	if err := asked(b); err != nil {
		return plan{}, err
	}
	to := audienceWith([]crdt.ID{c.Member}, env.Me)
	for _, p := range s.record(env.Me).parts {
		if p.Author == env.Me && slices.Equal(p.Audience.Members, to) {
			if n, ok := p.Body.(NoteWritten); ok && n == b {
				return plan{result: done(p.ID, true)}, nil
			}
		}
	}
	return plan{drafts: []Draft{fixed(to, b)}, result: done(c.Member, false)}, nil
}

// shared returns the agreements that a person and another are both in and that may
// still come to something, the soonest first.
func (s *State) shared(env Env, member crdt.ID) []crdt.ID {
	r, done := s.looking(env)
	defer done()
	both := slices.DeleteFunc(r.myAgreements(), func(a *agreement) bool {
		return !a.live() || !a.has(env.Me) || !a.has(member)
	})
	slices.SortStableFunc(both, func(a, b *agreement) int { return r.day(a).Compare(r.day(b)) })
	var out []crdt.ID
	for _, a := range both {
		out = append(out, a.id)
	}
	return out
}

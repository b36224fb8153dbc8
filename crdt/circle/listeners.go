package circle

import (
	"slices"

	"tend/crdt"
)

// Listeners are who is asked for someone to talk to where nobody is named, as words of
// an audience: those who are open to listening now, else one's pod, else the circle. More
// can be asked later.
func Listeners(s *State, env Env) []string {
	var out []string
	for _, m := range listeners(s, env) {
		if m != env.Me {
			out = append(out, m.String())
		}
	}
	if out == nil {
		return []string{"circle"}
	}
	return out
}

// listeners are these, and the one who asks; nil for the circle.
func listeners(s *State, env Env) []crdt.ID {
	far := env.Own.Distant()
	var out []crdt.ID
	for _, m := range env.Members {
		_, open := s.Listening(m, env.Now)
		if open && m != env.Me && !slices.Contains(far, m) && s.MayAsk(env, m) && len(out) < MaxTo-1 {
			out = append(out, m)
		}
	}
	if len(out) == 0 {
		out = slices.DeleteFunc(slices.Clone(s.ownPod(env)), func(m crdt.ID) bool { return m == env.Me })
	}
	if len(out) == 0 {
		return nil
	}
	return audienceWith(out, env.Me)
}

package circle

import (
	"slices"

	"tend/crdt"
)

// LetGoOfMine takes back what this person said of themselves, but for their name, which
// stays with what they agreed, and whom they trust to stand for them, which nobody else
// reads. Whoever leaves does so first: how to reach and care for
// them is then in no home any more. It takes back a part of it at a time; Unchanged says
// that nothing is left.
type LetGoOfMine struct{}

// maxLetGo is how much is taken back at a time.
const maxLetGo = 64

func (LetGoOfMine) decide(s *State, env Env) (plan, error) {
	var drafts []Draft
	r := s.record(env.Me)
	for i := range r.parts {
		c := &r.parts[i].Change
		b, ok := c.Body.(MemberSectionSet)
		alone := slices.Equal(c.Audience.Members, []crdt.ID{env.Me})
		if !ok || c.Author != env.Me || b.Section == SectionName || b.Section == SectionTrustees || alone || len(drafts) == maxLetGo {
			continue
		}
		// To the whole circle: every home holds the sealed body, and lets it go.
		drafts = append(drafts, fixed(nil, Retracted{Op: c.ID}))
	}
	if len(drafts) == 0 {
		return unchanged(env.Me), nil
	}
	return about(env.Me, drafts...), nil
}

package circle

import (
	"slices"

	"tend/crdt"
)

// AskIntoPod asks members to be of the few one would turn to. Each answers for
// themselves; those who say yes see one another.
type AskIntoPod struct{ Members []crdt.ID }

func (c AskIntoPod) decide(s *State, env Env) (plan, error) {
	pairs := slices.DeleteFunc(s.podPairs(env, env.Me), func(p *podPair) bool { return p.owner != env.Me })
	var out plan
	var askedOf, ids []crdt.ID
	for _, m := range c.Members {
		switch {
		case m == env.Me:
			return plan{}, kept("no.pod_self")
		case !env.here(m):
			return plan{}, notFound("no.not_here")
		}
		if i := slices.IndexFunc(pairs, func(p *podPair) bool { return p.person == m }); i >= 0 {
			ids = append(ids, pairs[i].asked[0].id)
			continue
		}
		if err := s.mayAskAll(env, []crdt.ID{m}); err != nil {
			return plan{}, err
		}
		if len(pairs)+len(askedOf) >= MaxPod {
			return plan{}, usage("no.pod_full", MaxPod)
		}
		out.drafts = append(out.drafts, fixed([]crdt.ID{m}, PodAsked{Person: m}))
		askedOf = append(askedOf, m)
	}
	none := len(out.drafts) == 0
	out.result = func(made []crdt.ID) Result {
		res := Result{Unchanged: none, Asked: askedOf, IDs: append(slices.Clone(ids), made...)}
		if len(res.IDs) == 1 {
			res.ID, res.IDs = res.IDs[0], nil
		}
		return res
	}
	return out, nil
}

// AnswerPod is one's own word on being in somebody's pod: WordYes, WordNotNow, or
// WordReleased to leave it. Nobody else ever sees it.
type AnswerPod struct {
	Owner crdt.ID
	Word  WordValue
}

func (c AnswerPod) decide(s *State, env Env) (plan, error) {
	pair := s.podPair(env, c.Owner, env.Me)
	switch {
	case pair == nil:
		return plan{}, kept("no.pod_not_asked", s.who(c.Owner))
	case c.Word == WordReleased && pair.said() == PodAsk:
		c.Word = WordNotNow
	case c.Word == WordReleased && pair.said() == PodNotNow:
		return unchanged(pair.asked[0].id), nil
	case c.Word == WordNotNow && pair.said() == PodYes:
		c.Word = WordReleased
	}
	var drafts []Draft
	for _, r := range pair.asked {
		own := slices.DeleteFunc(r.words(), func(w word) bool { return w.by != env.Me })
		if len(own) == 1 && own[0].value == c.Word {
			continue
		}
		drafts = append(drafts, fixed([]crdt.ID{c.Owner}, WordGiven{On: r.id, Value: c.Word, Replaces: r.replacing(env.Me)}))
	}
	if len(drafts) == 0 {
		return unchanged(pair.asked[0].id), nil
	}
	return about(pair.asked[0].id, drafts...), nil
}

// DropFromPod lets somebody go from one's own pod. They are told nothing; what they
// have read they have.
type DropFromPod struct{ Member crdt.ID }

func (c DropFromPod) decide(s *State, env Env) (plan, error) {
	pair := s.podPair(env, env.Me, c.Member)
	if pair == nil {
		return plan{}, notFound("no.pod_not_in", s.who(c.Member))
	}
	var drafts []Draft
	for _, r := range pair.asked {
		drafts = append(drafts, fixed([]crdt.ID{c.Member}, WordGiven{On: r.id, Value: WordReleased, Replaces: r.replacing(env.Me)}))
	}
	return about(pair.asked[0].id, drafts...), nil
}

// FollowPod seals those sections of one's page that are for one's pod to the pod as
// it is now. A home does this by itself when somebody said yes, left or was let go.
type FollowPod struct{}

func (FollowPod) decide(s *State, env Env) (plan, error) {
	pod := s.ownPod(env)
	var drafts []Draft
	for _, section := range s.ownSections(env.Me) {
		old, _ := s.section(env.Me, section)
		was := old.Body.(MemberSectionSet)
		if section == SectionPod || len(was.Values) == 0 || !s.followsPod(env.Me, section, old) {
			continue
		}
		drafts = append(drafts, reseal(env, old, was.Values, audienceWith(append(slices.Clone(pod), alsoFor(env, section, was.Values)...), env.Me))...)
	}
	names := []string{}
	for _, m := range pod {
		if m != env.Me {
			names = append(names, m.String())
		}
	}
	if old, had := s.section(env.Me, SectionPod); had {
		drafts = append(drafts, reseal(env, old, names, pod)...)
	} else if len(names) > 0 {
		drafts = append(drafts, fixed(pod, MemberSectionSet{Member: env.Me, Section: SectionPod, Values: names}))
	}
	if len(drafts) == 0 {
		return unchanged(env.Me), nil
	}
	return about(env.Me, drafts...), nil
}

// reseal gives a section to other readers: empty to the old ones first, if one of
// them is not among the new. Nothing if nothing changes.
func reseal(env Env, old *Change, values []string, to []crdt.ID) []Draft {
	was := old.Body.(MemberSectionSet)
	next := MemberSectionSet{Member: env.Me, Section: was.Section, Values: values, Until: was.Until}
	readers := slices.DeleteFunc(slices.Clone(old.Audience.Members), func(m crdt.ID) bool { return !env.here(m) })
	if !old.Audience.Whole() && slices.Equal(readers, to) && slices.Equal(was.Values, values) {
		return nil
	}
	lost := old.Audience.Whole() || slices.ContainsFunc(readers, func(m crdt.ID) bool { return !slices.Contains(to, m) })
	var drafts []Draft
	if lost && len(was.Values) > 0 {
		drafts = append(drafts, fixed(old.Audience.Members, MemberSectionSet{Member: env.Me, Section: was.Section}))
	}
	return append(drafts, fixed(to, next))
}

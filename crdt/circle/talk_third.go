package circle

import (
	"slices"

	"tend/crdt"
)

// BringThird names somebody whom one would like along. They are asked once the other
// has named them as well, and are in it once they have said yes.
type BringThird struct {
	ID, Member crdt.ID
	// Earlier says that one's own words so far go along.
	Earlier bool
}

func (c BringThird) decide(s *State, env Env) (plan, error) {
	r := s.reader(env)
	t, err := r.talkGoingOn(c.ID)
	if err != nil {
		return plan{}, err
	}
	switch name := s.who(c.Member); {
	case !t.of(env.Me):
		return plan{}, kept("no.talk_third_two")
	case t.of(c.Member):
		return plan{}, kept("no.talk_in_already", name)
	case !env.here(c.Member):
		return plan{}, notFound("no.not_here")
	case !t.third.IsZero() && t.third != c.Member:
		return plan{}, kept("no.talk_third_is", s.who(t.third))
	case !t.asked().IsZero() && t.asked() != c.Member:
		return plan{}, kept("no.talk_third_asked", s.who(t.asked()))
	}
	if !t.wishesFor(t.other(env.Me), c.Member) && !s.MayAsk(env, c.Member) { // who names them first is who asks them
		return plan{}, kept("no.talk_third_through", s.who(c.Member))
	}
	var drafts []Draft
	if !t.wishesFor(env.Me, c.Member) {
		drafts = append(drafts, fixed(t.two[:], MarkAdded{On: t.id, What: MarkedParty, Value: c.Member.String()}))
	}
	if c.Earlier && !t.givesEarlier(env.Me) {
		drafts = append(drafts, fixed(t.two[:], MarkAdded{On: t.id, What: MarkedOpen}))
	}
	if len(drafts) == 0 {
		return unchanged(t.id), nil
	}
	both := t.wishesFor(t.other(env.Me), c.Member)
	if both && !r.toldThird(t, c.Member) {
		drafts = append(drafts, fixed(append([]crdt.ID{c.Member}, t.two[:]...), r.forThird(t, c.Earlier || t.givesEarlier(env.Me))))
	}
	return plan{drafts: drafts, result: func([]crdt.ID) Result {
		if both {
			return Result{ID: t.id, Asked: []crdt.ID{c.Member}}
		}
		return Result{ID: t.id}
	}}, nil
}

// givesEarlier reports whether one of the two lets their earlier words go along.
func (t *talk) givesEarlier(member crdt.ID) bool {
	return slices.ContainsFunc(t.rec.marks(MarkedOpen), func(m mark) bool { return m.by == member })
}

// FollowTalks does what one's own earlier words in talks have decided: it tells a
// third, whom both named, of the talk, and gives them one's earlier words, where one
// said so, once they are in it. A home does this by itself.
type FollowTalks struct{}

func (FollowTalks) decide(s *State, env Env) (plan, error) {
	r := s.reader(env)
	var drafts []Draft
	for _, t := range r.talks() {
		if r.settle(t); !t.of(env.Me) || t.over() || r.apart(t) {
			continue
		}
		if m := t.asked(); !m.IsZero() && env.here(m) && !r.toldThird(t, m) {
			drafts = append(drafts, fixed(append([]crdt.ID{m}, t.two[:]...), r.forThird(t, t.givesEarlier(env.Me))))
		}
		if !t.third.IsZero() && env.here(t.third) && t.givesEarlier(env.Me) {
			drafts = append(drafts, t.earlier(env.Me)...)
		}
	}
	if len(drafts) == 0 {
		return unchanged(env.Me), nil
	}
	return about(env.Me, drafts...), nil
}

// toldThird reports whether this person told a third of the talk.
func (r *reader) toldThird(t *talk, third crdt.ID) bool {
	return slices.ContainsFunc(r.s.record(t.id).parts, func(p part) bool {
		_, is := p.Body.(AudienceChanged)
		to, more := beside(&p.Change, t.two)
		return is && p.Author == r.env.Me && more && to == third
	})
}

// forThird is the talk as a third is told of it: with the shorter of the two times
// after which it fades, as they know one invitation of two that crossed. The sentence
// is its author's, and goes along only where they said so.
func (r *reader) forThird(t *talk, earlier bool) AudienceChanged {
	first := t.invitations[0]
	b := first.TalkOpened
	b.Fade = t.fade()
	if first.by != r.env.Me || !earlier {
		b.Sentence = Faded
	}
	return AudienceChanged{Target: t.id, Snapshot: snapshotOf(first.by, first.hlc, b)}
}

// earlier are one's own words of before a third came, as words beside the talk;
// nothing if they were given already.
func (t *talk) earlier(me crdt.ID) []Draft {
	var out []Draft
	for _, c := range t.rec.ordered(every) {
		b, ok := c.Body.(NoteWritten)
		if _, more := beside(c, t.two); !ok || c.Author != me {
			continue
		} else if more && b.What == NoteComment {
			return nil
		} else if !more && b.What != NoteFarewell {
			out = append(out, inTalk(t, NoteWritten{On: t.id, Text: b.Text}))
		}
	}
	return out
}

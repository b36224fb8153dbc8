package circle

import (
	"slices"
	"strings"

	"tend/crdt"
)

// OpenTalk invites somebody to a talk, about something or about nothing in
// particular. Only the two ever read it.
type OpenTalk struct {
	Member, About crdt.ID
	Sentence      string
	Fade          uint64 // days; 0: TalkFade
}

func (c OpenTalk) decide(s *State, env Env) (plan, error) {
	r := s.reader(env)
	switch {
	case c.Member == env.Me:
		return plan{}, kept("no.yourself")
	case !env.here(c.Member):
		return plan{}, notFound("no.not_here")
	}
	name := s.who(c.Member)
	for _, t := range r.talks() {
		if r.settle(t); !t.of(env.Me) || !t.of(c.Member) || t.over() {
			continue
		}
		switch {
		case !t.willing(env.Me):
			return plan{}, kept("no.talk_invited", name, cmdID(t.id))
		case !t.begun():
			return plan{}, kept("no.talk_asked", name, cmdID(t.id))
		}
		return plan{}, kept("no.talk_with", name, cmdID(t.id))
	}
	if !s.MayAsk(env, c.Member) {
		return plan{}, kept("no.talk_known", name)
	}
	if !c.About.IsZero() && !s.readableBy(env, c.About, c.Member) {
		return plan{}, kept("no.talk_about", name)
	}
	if c.Fade == 0 {
		c.Fade = TalkFade
	}
	b := TalkOpened{With: c.Member, About: c.About, Sentence: c.Sentence, Fade: c.Fade}
	if b.Sentence == "" {
		return plan{}, usage("no.talk_sentence")
	}
	if err := asked(b); err != nil {
		return plan{}, err
	}
	return plan{drafts: []Draft{fixed([]crdt.ID{c.Member}, b)}, result: func(made []crdt.ID) Result {
		return Result{ID: made[0], Asked: []crdt.ID{c.Member}}
	}}, nil
}

// readableBy reports whether a member reads a record, as far as is known here.
func (s *State) readableBy(env Env, id, member crdt.ID) bool {
	if p, ok := env.proposal(id); ok {
		return p.ID == id
	}
	if env.here(id) {
		return true
	}
	readers := s.record(id).audience()
	return readers == nil || slices.Contains(readers, member)
}

// theTalk finds a talk that one is in, for a wish about it.
func (r *reader) theTalk(id crdt.ID) (*talk, error) {
	t, ok := r.talk(id)
	if !ok {
		return nil, notFound("no.talk_none")
	}
	r.settle(t)
	return t, nil
}

// talkGoingOn is theTalk of one in which things are still said.
func (r *reader) talkGoingOn(id crdt.ID) (*talk, error) {
	t, err := r.theTalk(id)
	if err == nil {
		err = r.goesOn(t)
	}
	return t, err
}

// goesOn says why nothing is said in a talk any more, or nil.
func (r *reader) goesOn(t *talk) error {
	other := t.other(r.env.Me)
	switch {
	case t.over():
		return kept("no.talk_over")
	case r.apart(t) && t.of(r.env.Me):
		return kept("no.talk_apart", r.s.who(other))
	case r.apart(t):
		return kept("no.talk_apart_them")
	}
	return nil
}

// next is the hint that names what comes next for this person in a talk.
func (r *reader) next(t *talk) Said {
	v := r.viewTalk(t)
	if v.Next == "" {
		return As("typed.talk_theirs", r.s.who(t.other(r.env.Me)))
	}
	return As("typed.talk_next", strings.ReplaceAll(v.Next, "_", "-"), cmdID(t.id))
}

func inTalk(t *talk, b Body) Draft { return fixed(t.everyone(), b) }

// wordOn is one's own word on the talk, or on one note in it.
func (t *talk) wordOn(me crdt.ID, on Rev, value WordValue, note string) WordGiven {
	b := WordGiven{On: t.id, Rev: on, Value: value, Note: note, Replaces: []crdt.ID{}}
	for _, w := range t.words {
		if w.by == me && w.rev == on && len(b.Replaces) < MaxReplaces {
			b.Replaces = append(b.Replaces, w.id)
		}
	}
	slices.SortFunc(b.Replaces, crdt.ID.Compare)
	return b
}

// said reports whether a word is the only one that stands, and says the same.
func (t *talk) said(me crdt.ID, on Rev, value WordValue, note string) bool {
	n, same := 0, false
	for _, w := range t.words {
		if w.by == me && w.rev == on {
			n, same = n+1, w.value == value && (w.note == note || note == "")
		}
	}
	return n == 1 && same
}

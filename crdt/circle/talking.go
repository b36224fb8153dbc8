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
		return plan{}, kept("no.yourself", "", "That is yourself.")
	case !env.here(c.Member):
		return plan{}, notFound("no.not_here", "tend list members shows who is here.", "That person is not in this circle.")
	}
	name := s.who(c.Member)
	for _, t := range r.talks() {
		if r.settle(t); !t.of(env.Me) || !t.of(c.Member) || t.over() {
			continue
		}
		switch {
		case !t.willing(env.Me):
			return plan{}, kept("no.talk_invited", "tend talk yes "+cmdID(t.id)+" says yes to it.", "%s has invited you to a talk.", name)
		case !t.begun():
			return plan{}, kept("no.talk_asked", "tend talk end "+cmdID(t.id)+" takes it back.", "Your invitation lies with %s; later and not now are full answers too.", name)
		}
		return plan{}, kept("no.talk_with", "tend show "+cmdID(t.id)+" opens it.", "You are in a talk with %s.", name)
	}
	if !s.MayAsk(env, c.Member) {
		return plan{}, kept("no.talk_known", "A few words of parting need no talk:  tend part MEMBER", "%s is glad to be asked into a talk by people they know. Somebody you both trust may ask for you.", name)
	}
	if !c.About.IsZero() && !s.readableBy(env, c.About, c.Member) {
		return plan{}, kept("no.talk_about", "Say in your own words what it is about.", "%s does not read that.", name)
	}
	if c.Fade == 0 {
		c.Fade = TalkFade
	}
	b := TalkOpened{With: c.Member, About: c.About, Sentence: c.Sentence, Fade: c.Fade}
	if b.Sentence == "" {
		return plan{}, usage("no.talk_sentence", "One sentence is enough: what you would like to talk about.", "What is it about, in a sentence?")
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
		return nil, notFound("no.talk_none", "tend list talks shows those you are in.", "That is no talk.")
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
		return kept("no.talk_over", "tend talk with MEMBER invites to another one.", "That talk is over.")
	case r.apart(t) && t.of(r.env.Me):
		return kept("no.talk_apart", "What was said stays between you.", "%s is no longer in this circle.", r.s.who(other))
	case r.apart(t):
		return kept("no.talk_apart_them", "What was said stays among you.", "One of them is no longer in this circle.")
	}
	return nil
}

// next is the hint that names what comes next for this person in a talk.
func (r *reader) next(t *talk) string {
	v := r.viewTalk(t)
	if v.Next == "" {
		return "It is with " + r.s.who(t.other(r.env.Me)).String() + " now."
	}
	return "Next for you:  tend talk " + strings.ReplaceAll(v.Next, "_", "-") + " " + cmdID(t.id)
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

package circle

import (
	"slices"

	"tend/crdt"
)

// AnswerTalk is one's own word on a talk as a whole: WordYes, WordLater, WordNotNow,
// WordPause, WordEnd, or WordReleased to part.
type AnswerTalk struct {
	ID    crdt.ID
	Word  WordValue
	Text  string
	Until string // a date
}

func (c AnswerTalk) decide(s *State, env Env) (plan, error) {
	r := s.reader(env)
	t, err := r.theTalk(c.ID)
	if err != nil {
		return plan{}, err
	}
	if c.Until != "" && c.Until < r.now.Format(dateForm) {
		return plan{}, usage("no.date_past")
	}
	switch c.Word {
	case WordYes:
		return r.yesInTalk(t, c)
	case WordLater, WordNotNow:
		return r.notYetInTalk(t, c)
	case WordPause:
		return r.pauseTalk(t, c)
	}
	return r.endTalk(t, c)
}

func (r *reader) yesInTalk(t *talk, c AnswerTalk) (plan, error) {
	me := r.env.Me
	back := t.of(me) && t.gate == TalkEnded && t.standing(me).value == WordNotNow && !t.ended(WordEnd) && !t.ended(WordReleased)
	if err := r.goesOn(t); err != nil && (!back || r.apart(t)) {
		return plan{}, err
	}
	if !t.of(me) {
		return r.answerAsThird(t, WordYes, c)
	}
	if t.standing(me).value == WordYes && len(t.saidOf(me)) == 1 || t.willing(me) && t.standing(me).value == WordNone {
		if t.gate == TalkPartnering {
			return r.yesToDraft(t, c.Text)
		}
		return unchanged(t.id), nil
	}
	return r.speak(t, WordYes, noteUntil("", c.Text))
}

// saidOf are the words on the whole that stand of one person.
func (t *talk) saidOf(member crdt.ID) []word {
	return slices.DeleteFunc(slices.Clone(t.words), func(w word) bool { return w.by != member || w.rev != (Rev{}) })
}

// speak writes one's word on the whole.
func (r *reader) speak(t *talk, value WordValue, note string) (plan, error) {
	b := t.wordOn(r.env.Me, Rev{}, value, note)
	if err := asked(b); err != nil {
		return plan{}, err
	}
	return about(t.id, inTalk(t, b)), nil
}

// answerAsThird is the word of somebody whom the two would like along; it goes to
// the two of them.
func (r *reader) answerAsThird(t *talk, value WordValue, c AnswerTalk) (plan, error) {
	if t.said(r.env.Me, Rev{}, value, c.Text) {
		return unchanged(t.id), nil
	}
	if t.left(r.env.Me) {
		return plan{}, kept("no.talk_left")
	}
	b := t.wordOn(r.env.Me, Rev{}, value, noteUntil(c.Until, c.Text))
	if err := asked(b); err != nil {
		return plan{}, err
	}
	return about(t.id, fixed(t.two[:], b)), nil
}

// yesToDraft is a yes to the newest draft that waits for one.
func (r *reader) yesToDraft(t *talk, note string) (plan, error) {
	var waits *agreement
	for _, a := range t.drafts {
		word, current := a.word(r.env.Me)
		if a.state == StateProposed && !(word == WordYes && current) && (waits == nil || a.made.HLC >= waits.made.HLC) {
			waits = a
		}
	}
	if waits == nil {
		return unchanged(t.id), nil
	}
	drafts, err := r.yesOn(waits, note)
	if err != nil {
		return plan{}, err
	}
	return plan{drafts: drafts, result: func([]crdt.ID) Result {
		return Result{ID: t.id, IDs: nil, Agreements: []crdt.ID{waits.id}, Unchanged: len(drafts) == 0}
	}}, nil
}

func (r *reader) notYetInTalk(t *talk, c AnswerTalk) (plan, error) {
	me := r.env.Me
	invited := !t.of(me) && t.third != me || t.of(me) && !t.willing(me)
	switch {
	case t.said(me, Rev{}, c.Word, noteUntil(c.Until, c.Text)):
		return unchanged(t.id), nil
	case t.over() && t.standing(me).value != WordNotNow || r.apart(t):
		return plan{}, r.goesOn(t)
	case !invited && t.standing(me).value == WordNone:
		return plan{}, kept("no.talk_yours", cmdID(t.id))
	case !invited:
		return plan{}, kept("no.talk_in")
	case !t.of(me):
		return r.answerAsThird(t, c.Word, c)
	}
	return r.speak(t, c.Word, noteUntil(c.Until, c.Text))
}

func (r *reader) pauseTalk(t *talk, c AnswerTalk) (plan, error) {
	me := r.env.Me
	note := noteUntil(c.Until, c.Text)
	if err := r.goesOn(t); err != nil {
		return plan{}, err
	}
	switch {
	case !t.of(me):
		return plan{}, kept("no.talk_pause_third", cmdID(t.id))
	case !t.begun():
		return plan{}, kept("no.talk_not_begun")
	case t.said(me, Rev{}, WordPause, note):
		return unchanged(t.id), nil
	}
	return r.speak(t, WordPause, note)
}

// endTalk ends a talk, quietly or by parting, on every invitation that crossed; or
// it lets a third step out. One's own draft that nobody has said yes to goes with it.
func (r *reader) endTalk(t *talk, c AnswerTalk) (plan, error) {
	me := r.env.Me
	if !t.of(me) {
		if t.third != me && !t.left(me) {
			return r.notYetInTalk(t, AnswerTalk{ID: c.ID, Word: WordNotNow, Text: c.Text})
		}
		if t.left(me) {
			return unchanged(t.id), nil
		}
		b := t.wordOn(me, Rev{}, WordEnd, noteUntil("", c.Text))
		if err := asked(b); err != nil {
			return plan{}, err
		}
		return about(t.id, inTalk(t, b)), nil
	}
	if t.over() && slices.ContainsFunc(t.saidOf(me), func(w word) bool { return w.value == c.Word }) {
		return unchanged(t.id), nil
	}
	if t.over() {
		return plan{}, r.goesOn(t)
	}
	var drafts []Draft
	farewell := NoteWritten{On: t.id, What: NoteFarewell, Text: c.Text}
	if c.Text != "" {
		if err := asked(farewell); err != nil {
			return plan{}, err
		}
		drafts = append(drafts, fixed(t.two[:], farewell))
	}
	for _, v := range t.invitations {
		b := t.wordOn(me, Rev{}, c.Word, "")
		if b.On = v.id; v.id != t.id {
			b.Replaces = []crdt.ID{}
		}
		drafts = append(drafts, inTalk(t, b))
	}
	for _, a := range t.drafts {
		if a.state == StateProposed && a.made.Author == me {
			drafts = append(drafts, r.release(a)...)
		}
	}
	var shared []crdt.ID
	if c.Word == WordReleased {
		shared = r.sharedWith(t.other(me))
	}
	return plan{drafts: drafts, result: func([]crdt.ID) Result { return Result{ID: t.id, Agreements: shared} }}, nil
}

// sharedWith are the agreements that one has with somebody and that may still come
// to something, ascending: each is given back only by itself.
func (r *reader) sharedWith(member crdt.ID) []crdt.ID {
	var out []crdt.ID
	for _, a := range r.myAgreements() {
		if a.has(r.env.Me) && a.has(member) && a.state == StateAgreed {
			out = append(out, a.id)
		}
	}
	return out
}

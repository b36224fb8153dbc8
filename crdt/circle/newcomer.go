package circle

import (
	"slices"
	"time"

	"tend/crdt"
	"tend/crdt/membership"
)

// meanwhileFor is how long people are told of newcomers who were let in by somebody
// who had gone by then.
const meanwhileFor = 30 * 24 * time.Hour

// newcomer returns a member who is in, if that is what id names.
func (e *Env) newcomer(id crdt.ID) (membership.Member, bool) {
	if e.People == nil {
		return membership.Member{}, false
	}
	m, ok := e.People.Member(id)
	return m, ok && m.Standing == membership.In
}

// MayDoubt reports whether a concern about letting somebody in can be said by the one who
// asks: while the newcomer has no voice, by whoever has one.
func (e *Env) MayDoubt(id crdt.ID) bool {
	m, ok := e.newcomer(id)
	return ok && id != e.Me && !m.Voice && !m.Lapsed && e.mayDecide(e.Me)
}

// onNewcomer is a concern about letting somebody in. It is said while they have no
// voice, and enough of them keep the voice from coming (SPEC.md §5.4); it cannot be
// taken back, but letting them in anew begins anew.
func (c SayOnDecision) onNewcomer(s *State, env Env, m membership.Member) (plan, error) {
	switch {
	case c.Value != WordConcern:
		return plan{}, noDecision()
	case !env.mayDecide(env.Me):
		return plan{}, noVoice()
	case m.Voice || m.Lapsed:
		return plan{}, kept("no.voice_has_come", s.who(m.ID))
	}
	said := slices.ContainsFunc(env.People.Doubts(m.Admission), func(d membership.Doubt) bool { return d.By == env.Me })
	if said && c.Text == "" {
		return unchanged(m.ID), nil
	}
	var drafts []Draft
	if c.Text != "" {
		note := NoteWritten{On: m.ID, What: NoteReason, Text: c.Text}
		if err := asked(note); err != nil {
			return plan{}, err
		}
		drafts = append(drafts, fixed(nil, note))
	}
	return plan{drafts: append(drafts, Draft{Control: func(made []crdt.ID) membership.Body {
		o := &membership.Object{Target: m.Admission}
		if len(made) > 0 {
			o.Reason = made[len(made)-1]
		}
		return o
	}}), result: func([]crdt.ID) Result { return Result{ID: m.ID} }}, nil
}

// newcomerConcerns: some let a newcomer in, others have a concern about it. Both
// sides are shown to those who wrote them, until the newcomer has voice.
func (r *reader) newcomerConcerns() []Attention {
	var out []Attention
	if r.env.People == nil {
		return nil
	}
	for _, m := range r.env.People.Members() {
		doubts := r.env.People.Doubts(m.Admission)
		if len(doubts) == 0 || m.Voice || m.Lapsed {
			continue
		}
		welcomed := r.env.People.Welcomers(m)
		var by []crdt.ID
		var words Phrases
		for _, d := range doubts {
			if !slices.Contains(by, d.By) {
				by = append(by, d.By)
			}
			if n, ok := r.s.note(d.Reason); ok {
				words = append(words, As("looks.quoted", n.Text))
			}
		}
		if !slices.Contains(welcomed, r.env.Me) && !slices.Contains(by, r.env.Me) {
			continue
		}
		at := Attention{Kind: LookNewcomerConcern, About: []crdt.ID{m.ID}, Choices: []Choice{say("choice.show.them", "show", m.ID)}}
		if len(words) == 0 {
			at = at.Saying("looks.newcomer_concern", r.names(welcomed), r.s.who(m.ID), r.names(by))
		} else {
			at = at.Saying("looks.newcomer_concern_why", r.names(welcomed), r.s.who(m.ID), r.names(by), words)
		}
		out = append(out, at)
	}
	return out
}

// letInMeanwhile: people were let in by somebody who had gone by then, as far as
// those knew who decided that, or by an invitation that had been taken back; so they are
// not in. Who decides may let them in again, and they themselves hear of it.
func (r *reader) letInMeanwhile() []Attention {
	if r.env.People == nil {
		return nil
	}
	if me, ok := r.env.People.Member(r.env.Me); ok && me.Standing == membership.Stranger {
		return r.notIn(me)
	}
	if !r.env.mayDecide(r.env.Me) {
		return nil
	}
	var gone, takenBack []membership.Member
	for _, m := range r.env.People.Everyone() {
		switch {
		case m.Standing != membership.Stranger || r.now.Sub(m.Joined.Time()) > meanwhileFor:
		case r.env.People.VoidControl(m.Admission):
			gone = append(gone, m)
		case len(r.env.People.Unheld(m.ID)) > 0:
			takenBack = append(takenBack, m)
		}
	}
	var out []Attention
	if at, by := letIn(gone); len(gone) > 0 {
		out = append(out, at.Saying("looks.let_in_meanwhile", r.names(by), r.names(at.About)))
	}
	if at, by := letIn(takenBack); len(takenBack) > 0 {
		out = append(out, at.Saying("looks.taken_back", r.names(by), r.names(at.About)))
	}
	return out
}

// letIn is what those who decide may do about people who are not in, and who let them in.
func letIn(who []membership.Member) (at Attention, by []crdt.ID) {
	at = Attention{Kind: LookLetInMeanwhile, Choices: []Choice{Choose(As("choice.invite_again"), "tend invite")}}
	for _, m := range who {
		at.About = append(at.About, m.ID)
		if !slices.Contains(by, m.By) {
			by = append(by, m.By)
		}
	}
	return at, by
}

// notIn says to the one who asks why letting them in came to nothing.
func (r *reader) notIn(me membership.Member) []Attention {
	at := Attention{Kind: LookLetInMeanwhile, About: []crdt.ID{me.By}}
	switch {
	case r.env.People.VoidControl(me.Admission):
		return []Attention{at.Saying("looks.let_in_meanwhile_me", r.s.who(me.By))}
	case len(r.env.People.Unheld(me.ID)) > 0:
		return []Attention{at.Saying("looks.taken_back_me", r.s.who(me.By))}
	}
	return nil
}

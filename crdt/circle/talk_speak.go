package circle

import (
	"slices"

	"tend/crdt"
)

// SpeakInTalk is words of one's own in a talk, by the verb say, say-back or common.
// Before their turn they are kept on this home; without a text what was kept is said.
type SpeakInTalk struct {
	ID   crdt.ID
	Verb string
	Text string
}

func (c SpeakInTalk) decide(s *State, env Env) (plan, error) {
	r := s.reader(env)
	t, err := r.talkGoingOn(c.ID)
	if err != nil {
		return plan{}, err
	}
	if !t.of(env.Me) {
		return r.speakAsThird(t, c)
	}
	what, due := r.due(t, c.Verb)
	if due < 0 {
		return plan{}, kept("no.talk_past_turn", r.next(t))
	}
	text, waited := c.Text, false
	for _, k := range r.keptFor(t) {
		if k.Verb == c.Verb {
			waited = true
			if text == "" {
				text = k.Text
			}
		}
	}
	if text == "" {
		return plan{}, usage("no.talk_words", c.Verb, cmdID(t.id))
	}
	b := NoteWritten{On: t.id, What: what, Text: text}
	if err := asked(b); err != nil {
		return plan{}, err
	}
	if due == 0 || len(t.paused()) > 0 {
		return r.keep(t, c.Verb, text), nil
	}
	p := about(t.id, inTalk(t, b))
	if waited {
		p.result = func([]crdt.ID) Result { return Result{ID: t.id, Keep: r.letGo(t, c.Verb)} }
	}
	return p, nil
}

// due says what a verb writes, and whether it is its turn (1), still to come (0) or
// past (-1).
func (r *reader) due(t *talk, verb string) (what NoteKind, due int) {
	me, gate := r.env.Me, t.gate
	early := gate == TalkInvited
	own, theirs := &t.turns[0], &t.turns[1]
	if t.two[1] == me {
		own, theirs = theirs, own
	}
	listening := gate == TalkListening
	switch verb {
	case "say":
		switch {
		case early:
			return NoteSay, 0
		case listening && t.turnNow() == own:
			return NoteSay, 1
		case listening:
			return NoteSay, 0 // one's telling, or what one will feel, comes later
		case gate == TalkFeeling:
			return NoteFeeling, 1
		}
		return NoteSay, -1
	case "say-back":
		switch {
		case listening && t.turnNow() == theirs && len(theirs.says) > 0:
			return NoteSayBack, 1
		case early || listening && !theirs.heard:
			return NoteSayBack, 0
		}
		return NoteSayBack, -1
	}
	if gate == TalkCommon || gate == TalkPartnering {
		return NoteCommon, 1
	}
	return NoteCommon, 0
}

// speakAsThird is what somebody says who accompanies the two: it stands beside.
func (r *reader) speakAsThird(t *talk, c SpeakInTalk) (plan, error) {
	switch {
	case t.third != r.env.Me:
		return plan{}, kept("no.talk_third_not_in", cmdID(t.id))
	case c.Verb != "say":
		return plan{}, kept("no.talk_two", cmdID(t.id))
	}
	b := NoteWritten{On: t.id, Text: c.Text}
	if err := asked(b); err != nil {
		return plan{}, err
	}
	return about(t.id, inTalk(t, b)), nil
}

// keep is the plan of words whose turn has not come.
func (r *reader) keep(t *talk, verb, text string) plan {
	same := slices.Contains(r.keptFor(t), Waiting{Talk: t.id, Verb: verb, Text: text})
	return plan{result: func([]crdt.ID) Result {
		return Result{ID: t.id, Kept: true, Unchanged: same, Keep: []Waiting{{Talk: t.id, Verb: verb, Text: text}}}
	}}
}

// letGo forgets what was kept for a verb.
func (r *reader) letGo(t *talk, verb string) []Waiting {
	var out []Waiting
	for _, v := range t.invitations {
		out = append(out, Waiting{Talk: v.id, Verb: verb})
	}
	return out
}

package circle

import (
	"strings"

	"tend/crdt"
)

// MarkInTalk is one's own word on what the other wrote: WordHeard, WordNotQuite,
// WordFelt or WordOurs.
type MarkInTalk struct {
	ID   crdt.ID
	Word WordValue
	// Text names a sentence, by its id or its words, for WordOurs; else it is said
	// beside the mark.
	Text string
}

func (c MarkInTalk) decide(s *State, env Env) (plan, error) {
	r := s.reader(env)
	t, err := r.talkGoingOn(c.ID)
	if err != nil {
		return plan{}, err
	}
	switch {
	case !t.of(env.Me):
		return plan{}, kept("no.talk_two", cmdID(t.id))
	case len(t.paused()) > 0:
		return plan{}, kept("no.talk_paused", cmdID(t.id))
	}
	on, note, err := r.markable(t, c)
	if err != nil {
		return plan{}, err
	}
	if t.said(env.Me, Rev(on.ID), c.Word, note) {
		return unchanged(t.id), nil
	}
	b := t.wordOn(env.Me, Rev(on.ID), c.Word, note)
	if err := asked(b); err != nil {
		return plan{}, err
	}
	return about(t.id, inTalk(t, b)), nil
}

// markable finds what a mark is on, and what is said beside it.
func (r *reader) markable(t *talk, c MarkInTalk) (on *Change, note string, err error) {
	me, gate := r.env.Me, t.gate
	nothing := kept("no.talk_nothing", r.next(t))
	list := []Change{}
	switch turn := t.turnNow(); {
	case gate == TalkListening && turn.teller == me && (c.Word == WordHeard || c.Word == WordNotQuite):
		list = turn.backs
	case gate == TalkFeeling && (c.Word == WordFelt || c.Word == WordNotQuite):
		list = t.feelings
	case (gate == TalkCommon || gate == TalkPartnering) && (c.Word == WordOurs || c.Word == WordNotQuite):
		return r.sentence(t, c)
	}
	for i := range list {
		if list[i].Author != me && named(list[i].ID, c.Text) {
			return &list[i], "", nil
		}
	}
	if on, _ = t.unmarked(list, t.other(me)); on == nil {
		return nil, "", nothing
	}
	return on, c.Text, nil
}

// named reports whether a text is the beginning of an id, long enough to mean it.
func named(id crdt.ID, text string) bool {
	return len(text) >= MinPrefix && strings.HasPrefix(id.String(), strings.ToLower(text))
}

// sentence finds the sentence that a mark is on: by its id, by its words, or the only
// one that waits.
func (r *reader) sentence(t *talk, c MarkInTalk) (*Change, string, error) {
	var found []*Change
	for i := range t.common {
		s := &t.common[i]
		waits := s.Author != r.env.Me && t.mark(r.env.Me, Rev(s.ID)).value == WordNone
		if named(s.ID, c.Text) || fold(s.Body.(NoteWritten).Text) == fold(c.Text) || c.Text == "" && waits {
			found = append(found, s)
		}
	}
	if len(found) == 1 {
		return found[0], "", nil
	}
	p := notFound("no.talk_which", cmdID(t.id))
	if len(found) == 0 && len(t.common) == 0 {
		return nil, "", kept("no.talk_no_sentence", r.next(t))
	}
	for _, s := range found {
		p.IDs = append(p.IDs, s.ID)
	}
	return nil, "", p
}

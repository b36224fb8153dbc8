package circle

import (
	"slices"

	"tend/crdt"
)

// Note is a text on something, as its readers see it.
type Note struct {
	ID, On, Author crdt.ID
	Kind           NoteKind
	Text           string
	HLC            crdt.HLC
}

// Notes returns the notes on a record, a member or the circle that have reached
// this node, oldest first.
func (s *State) Notes(on crdt.ID) []Note { return s.record(on).notes() }

func (r *record) notes() []Note {
	out := []Note{}
	for _, c := range r.ordered(every) {
		if b, ok := c.Body.(NoteWritten); ok {
			out = append(out, Note{ID: c.ID, On: b.On, Author: c.Author, Kind: b.What, Text: b.Text, HLC: c.HLC})
		}
	}
	return out
}

// WriteNote puts a text on a record, a member or the circle, for those who may
// read it.
type WriteNote struct {
	On   crdt.ID
	Kind NoteKind
	Text string
	// To is whom it is for; nil is whoever reads On.
	To []crdt.ID
}

func (c WriteNote) decide(s *State, env Env) (plan, error) {
	if in, ok := s.where.get(c.On); ok { // an answer to a note, for those who read that
		rec := s.record(in)
		if i := rec.find(c.On); i >= 0 && c.To == nil {
			c.To = rec.parts[i].Audience.Members
		}
		c.On = in
	}
	b := NoteWritten{On: c.On, What: c.Kind, Text: c.Text}
	if err := asked(b); err != nil {
		return plan{}, err
	}
	if s.mayBeTalk(c.On) {
		return plan{}, kept("no.talk_turns", cmdID(c.On))
	}
	to := c.To
	if rec, ok := s.records.get(c.On); ok {
		if _, known := rec.maker(); known {
			readers := rec.audience()
			for _, m := range to {
				if readers != nil && !slices.Contains(readers, m) {
					return plan{}, kept("no.not_read_by", s.who(m))
				}
			}
			if to == nil {
				to = readers
			}
		}
	}
	return plan{drafts: []Draft{fixed(to, b)}, result: func(made []crdt.ID) Result { return Result{ID: made[0]} }}, nil
}

// GiveThanks thanks the others in an agreement, or the one whose post it is. Only
// they read it.
type GiveThanks struct {
	ID   crdt.ID
	Text string
}

func (c GiveThanks) decide(s *State, env Env) (plan, error) {
	r := s.reader(env)
	on, to := c.ID, []crdt.ID(nil)
	if p, ok := r.post(c.ID); ok && p.owner != env.Me && len(r.own(p, nil, thankable)) == 0 {
		to = []crdt.ID{p.owner}
	} else {
		a, err := r.oneOf(c.ID, nil, thankable)
		if err != nil {
			return plan{}, err
		}
		on, to = a.id, a.others(env.Me)
	}
	b := NoteWritten{On: on, What: NoteThanks, Text: c.Text}
	if err := asked(b); err != nil {
		return plan{}, err
	}
	return plan{drafts: []Draft{fixed(to, b)}, result: func([]crdt.ID) Result { return Result{ID: on, Thanked: to} }}, nil
}

// thankable leaves out agreements that never came to be.
func thankable(a *agreement) bool { return a.state != StateLapsed && a.state != StateReleased }

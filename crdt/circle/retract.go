package circle

import (
	"slices"

	"tend/crdt"
)

// takesBack reports whether a retraction counts against c: the op it names, or a
// snapshot of the record it names that stands for the same author. One that not
// everybody reads cannot take back what everybody does: homes would disagree.
func takesBack(by, c *Change) bool {
	if c.Body.kind() == KindRetracted || c.Audience.Whole() && !by.Audience.Whole() {
		return false
	}
	op := by.Body.(Retracted).Op
	if c.ID == op {
		return c.Author == by.Author
	}
	b, ok := c.Body.(AudienceChanged)
	if !ok || b.Target != op {
		return false
	}
	made, err := b.open(op)
	return err == nil && made.Author == by.Author
}

// retracted reports whether c was taken back.
func (s *State) retracted(c *Change) bool {
	in := []crdt.ID{c.ID}
	if b, ok := c.Body.(AudienceChanged); ok {
		in = append(in, b.Target)
	}
	for _, id := range in {
		r, ok := s.records.get(id)
		if ok && slices.ContainsFunc(r.parts, func(p part) bool {
			return p.Body.kind() == KindRetracted && takesBack(&p.Change, c)
		}) {
			return true
		}
	}
	return false
}

// takeBack removes what a retraction counts against.
func (s *State) takeBack(by *Change) {
	op := by.Body.(Retracted).Op
	in := []crdt.ID{op}
	if at, ok := s.where.get(op); ok {
		in = append(in, at)
	}
	for _, id := range in {
		s.takeBackVoids(by, id)
		r, ok := s.records.get(id)
		if !ok {
			continue
		}
		var left []part
		for i := range r.parts {
			if takesBack(by, &r.parts[i].Change) {
				s.forget(&r.parts[i].Change)
			} else {
				left = append(left, r.parts[i])
			}
		}
		if len(left) < len(r.parts) {
			s.put(id, left)
		}
	}
}

// Copies returns the snapshots whose bodies go with c: where c is a retraction,
// those held of what it takes back; where it is a snapshot of something that was
// taken back, itself. Ascending.
func (s *State) Copies(c Change) []crdt.ID {
	if c.Body.kind() != KindRetracted {
		if _, ok := c.Body.(AudienceChanged); ok && s.retracted(&c) {
			return []crdt.ID{c.ID}
		}
		return nil
	}
	op := c.Body.(Retracted).Op
	r := s.record(op)
	var out []crdt.ID
	for i := range r.parts {
		if p := &r.parts[i].Change; p.ID != op && takesBack(&c, p) {
			out = append(out, p.ID)
		}
	}
	return out
}

// Retraction is what is left of something that was taken back.
type Retraction struct {
	// ID is what was taken back, By who did, Op the op by which they did.
	ID, By, Op crdt.ID
	HLC        crdt.HLC
}

// Retraction returns what is known of something that was taken back; false if it
// was not, or nothing of it has arrived.
func (s *State) Retraction(id crdt.ID) (Retraction, bool) {
	if _, here := s.where.get(id); here {
		return Retraction{}, false
	}
	r := s.record(id)
	if _, known := r.maker(); known {
		return Retraction{}, false
	}
	for i := range r.parts {
		if c := &r.parts[i].Change; c.Body.kind() == KindRetracted {
			return Retraction{ID: id, By: c.Author, Op: c.ID, HLC: c.HLC}, true
		}
	}
	return Retraction{}, false
}

// Retract asks every home to let go of something one wrote.
type Retract struct{ ID crdt.ID }

func (c Retract) decide(s *State, env Env) (plan, error) {
	in := c.ID
	if at, ok := s.where.get(c.ID); ok {
		in = at
	}
	rec := s.record(in)
	i := rec.find(c.ID)
	if i < 0 {
		if gone, ok := s.Retraction(c.ID); ok && gone.By == env.Me {
			return plan{result: func([]crdt.ID) Result {
				return Result{ID: c.ID, Unchanged: true, Retraction: gone.Op}
			}}, nil
		}
		return plan{}, notFound("no.gone")
	}
	own := &rec.parts[i].Change
	if own.Author != env.Me {
		return plan{}, kept("no.not_yours", s.who(own.Author))
	}
	ops := []crdt.ID{c.ID}
	r := s.reader(env)
	switch own.Body.(type) {
	case NoteWritten:
	case *NeedPosted, *OfferPosted:
		p, ok := r.post(c.ID)
		if ok && slices.ContainsFunc(r.agreementsOn(p), (*agreement).live) {
			return plan{}, kept("no.others_yes")
		}
		ops = append(rec.wordings(env.Me), c.ID)
	default:
		return plan{}, kept("no.word_stays")
	}
	var out plan
	for _, op := range ops {
		// To the whole circle: every home holds the sealed body, and lets it go.
		out.drafts = append(out.drafts, fixed(nil, Retracted{Op: op}))
	}
	out.result = func(made []crdt.ID) Result { return Result{ID: c.ID, Retraction: made[len(made)-1]} }
	return out, nil
}

// wordings returns the ops of member on a post that hold its text beside the one
// that made it: edits, and snapshots for more or fewer readers. Ascending.
func (r *record) wordings(member crdt.ID) []crdt.ID {
	var out []crdt.ID
	for i := range r.parts {
		c := &r.parts[i].Change
		if c.Author != member || c.ID == r.id {
			continue
		}
		switch c.Body.(type) {
		case PostEdited, AudienceChanged:
			out = append(out, c.ID)
		}
	}
	return out
}

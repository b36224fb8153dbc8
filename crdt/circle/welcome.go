package circle

import (
	"cmp"
	"slices"

	"tend/crdt"
)

// Welcome returns the changes that a newcomer is shown where history is from
// joining (SPEC.md §7.3): of each member in env the newest of every section, of
// each open post and accord all that belongs to it, and what is written on the
// circle itself; each only as far as it is for the whole circle. They come in
// that order, so that the most needed of them stay where there is a limit.
func (s *State) Welcome(env Env) []crdt.ID {
	var out []crdt.ID
	for _, m := range env.Members {
		out = append(out, s.record(m).newestSections()...)
	}
	r := s.reader(env)
	for _, p := range r.allPosts() {
		if !p.closed() {
			out = append(out, s.record(p.id).open()...)
		}
	}
	for _, a := range r.allAgreements() {
		if a.state != StateReleased && a.state != StateLapsed && a.state != StateDone {
			out = append(out, s.record(a.id).open()...)
		}
	}
	s.records.all(func(_ crdt.ID, rec *record) bool {
		if rec.openDecision() {
			out = append(out, rec.open()...)
		}
		return true
	})
	out = append(out, r.openProposals()...)
	return once(append(out, s.record(s.circle).open()...))
}

// openProposals returns what was said about the open decisions about the circle
// itself, the reasons that their control ops name included.
func (r *reader) openProposals() []crdt.ID {
	if r.env.People == nil {
		return nil
	}
	var out []crdt.ID
	reason := func(id crdt.ID) {
		if in, ok := r.s.where.get(id); ok && slices.Contains(r.s.record(in).open(), id) {
			out = append(out, id)
		}
	}
	for _, p := range r.env.People.Proposals() {
		if state := r.proposalState(p); state != DecisionOpen && state != DecisionToReshape {
			continue
		}
		reason(p.Reason)
		for _, w := range p.Words {
			reason(w.Reason)
		}
		out = append(out, r.s.record(p.ID).open()...)
	}
	return out
}

// once leaves the first of equal ids.
func once(ids []crdt.ID) []crdt.ID {
	seen := make(map[crdt.ID]bool, len(ids))
	return slices.DeleteFunc(ids, func(id crdt.ID) bool {
		again := seen[id]
		seen[id] = true
		return again
	})
}

// open returns the parts of a record that the whole circle may read, ascending.
func (r *record) open() []crdt.ID {
	var out []crdt.ID
	for _, p := range r.parts {
		if p.Audience.Whole() {
			out = append(out, p.ID)
		}
	}
	return out
}

// newestSections returns the newest change of each section that a member, or who
// may act for them, wrote for the whole circle; by section.
func (r *record) newestSections() []crdt.ID {
	type section struct {
		name   string
		author crdt.ID
	}
	newest := map[section]*Change{}
	for i := range r.parts {
		c := &r.parts[i].Change
		b, ok := c.Body.(MemberSectionSet)
		if !ok || !c.Audience.Whole() {
			continue
		}
		key := section{b.Section, c.Author}
		if best := newest[key]; best == nil || later(c, best) {
			newest[key] = c
		}
	}
	var out []*Change
	for _, c := range newest {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b *Change) int {
		return cmp.Or(cmp.Compare(a.Body.(MemberSectionSet).Section, b.Body.(MemberSectionSet).Section), a.ID.Compare(b.ID))
	})
	ids := make([]crdt.ID, len(out))
	for i, c := range out {
		ids[i] = c.ID
	}
	return ids
}

// openDecision reports whether r is a decision that was not closed, or one that
// stands under a tag, as the rhythm of the circle does.
func (r *record) openDecision() bool {
	i := r.find(r.id)
	if i < 0 {
		return false
	}
	d, ok := r.parts[i].Body.(DecisionOpened)
	return ok && (d.Tag != "" || !slices.ContainsFunc(r.parts, func(p part) bool { return p.Body.kind() == KindDecisionClosed }))
}

package circle

import (
	"slices"

	"tend/crdt"
)

// Void takes in a change that has no effect since its author was no longer there.
// All that is kept of it, and without its words, is when a post closed or fades by
// what it says: a home that had not heard by then has let go of the post already,
// and cannot take it up again. So that counts for [State.Digest] as a retraction
// counts, whatever became of its author (SPEC.md §8.3).
func (s *State) Void(c Change) {
	if !c.Audience.Whole() || !c.saysFading() || s.retracted(&c) {
		return
	}
	id := c.Record()
	voids, _ := s.voids.get(id)
	i, found := slices.BinarySearchFunc(voids, c.ID, func(v Change, op crdt.ID) int { return v.ID.Compare(op) })
	if found {
		return
	}
	c.Body = redact(c.Body)
	s.touched[id] = true
	s.voids.set(id, slices.Insert(slices.Clone(voids), i, c))
}

// saysFading reports whether a change says when a post closes or fades.
func (c *Change) saysFading() bool {
	if _, closes := c.closes(); closes {
		return true
	}
	return c.fadeSaid() > 0
}

// closes returns when a change closes a post, if it does.
func (c *Change) closes() (crdt.HLC, bool) {
	b, ok := c.Body.(PostStatusSet)
	return c.HLC, ok && (b.Status == StatusMet || b.Status == StatusWithdrawn)
}

// fadeSaid is after how many days a post fades by what a change says; 0 if that is
// nothing.
func (c *Change) fadeSaid() uint64 {
	switch b := c.Body.(type) {
	case *NeedPosted, *OfferPosted:
		return fadeOf(b)
	case PostEdited:
		return b.fade()
	case AudienceChanged:
		if made, err := b.open(b.Target); err == nil {
			return fadeOf(made.Body)
		}
	}
	return 0
}

// takeBackVoids forgets what a retraction counts against.
func (s *State) takeBackVoids(by *Change, id crdt.ID) {
	s.dropVoids(id, func(c Change) bool { return takesBack(by, &c) })
}

// unvoid forgets a change that has its effect after all.
func (s *State) unvoid(id, op crdt.ID) {
	s.dropVoids(id, func(c Change) bool { return c.ID == op })
}

func (s *State) dropVoids(id crdt.ID, drop func(Change) bool) {
	voids, ok := s.voids.get(id)
	if !ok || !slices.ContainsFunc(voids, drop) {
		return
	}
	s.touched[id] = true
	left := slices.DeleteFunc(slices.Clone(voids), drop)
	if len(left) == 0 {
		s.voids.remove(id)
		return
	}
	s.voids.set(id, left)
}

package membership

import (
	"fmt"
	"slices"

	"tend/crdt"
)

// Set is the control ops a replica holds. It judges what its authors may write
// (level 2) and says what the whole means ([Set.View]).
//
// A Set belongs to one goroutine, as do all its clones together.
type Set struct {
	m    *memory
	all  crdt.Bits
	held crdt.Bits // accepted, but their clocks are far ahead: no effect yet
	view *View     // of all but held; nil when it must be made
}

// NewSet returns the empty set over the pasts of a log. p is shared: an op must
// have its number there before it is added here.
func NewSet(p *crdt.Pasts) *Set { return &Set{m: newMemory(p)} }

// Clone returns a working copy, which may be changed and dropped.
func (s *Set) Clone() *Set {
	c := *s
	return &c
}

// Has reports whether a control op is in the set.
func (s *Set) Has(id crdt.ID) bool {
	n, ok := s.m.pasts.Number(id)
	return ok && s.all.Has(n)
}

// Len is how many control ops are in the set, the held ones included.
func (s *Set) Len() int { return s.all.Count() }

// Add puts a judged op into the set; crdt.Pasts must have its number. Adding it
// again changes nothing.
func (s *Set) Add(op *crdt.Op, b Body) {
	e := s.m.add(op, b)
	if e == nil || s.all.Has(e.n) {
		return
	}
	s.all, s.view = s.all.With(e.n), nil
}

// Hold leaves an op out of the view until [Set.Unhold]: its clock is too far
// ahead for it to have effect.
func (s *Set) Hold(id crdt.ID) {
	if n, ok := s.m.pasts.Number(id); ok && !s.held.Has(n) {
		s.held, s.view = s.held.With(n), nil
	}
}

// Unhold gives an op the effect that [Set.Hold] kept back.
func (s *Set) Unhold(id crdt.ID) {
	if n, ok := s.m.pasts.Number(id); ok && s.held.Has(n) {
		s.held, s.view = without(s.held, n), nil
	}
}

// View returns what the set means. It is worked out once per change of the set.
func (s *Set) View() *View {
	if s.view == nil {
		s.view = newView(s.m, s.effective())
	}
	return s.view
}

// effective is the set without what is held, and without what knows a held op.
func (s *Set) effective() crdt.Bits {
	if s.held.Count() == 0 {
		return s.all
	}
	out := grow{}
	for n := range s.all.Each {
		if e := s.m.at[n]; !s.held.Has(n) && within(e.past, s.held) == nil {
			out.add(n)
		}
	}
	return out.bits
}

// EpochOf returns what an accepted op says that makes an epoch, of the circle or of
// a nook.
func (s *Set) EpochOf(op crdt.ID) (EpochInfo, bool) {
	if n, ok := s.m.pasts.Number(op); ok && s.all.Has(n) {
		if _, ok := s.m.at[n].body.(*Epoch); ok {
			return s.m.epochInfo(s.m.at[n]), true
		}
	}
	return EpochInfo{}, false
}

// NextGen returns the generation of a circle epoch by somebody who knows ctl: 1
// more than the greatest they know.
func (s *Set) NextGen(ctl []crdt.ID) uint64 {
	known, err := s.m.pasts.Closure(ctl)
	if err != nil {
		return 1
	}
	return s.m.nextGen(known)
}

func (m *memory) nextGen(known crdt.Bits) uint64 {
	gen := uint64(0)
	for _, e := range m.of[KindEpoch] {
		if b := e.body.(*Epoch); b.Scope == ScopeCircle && known.Has(e.n) {
			gen = max(gen, b.Gen)
		}
	}
	return gen + 1
}

// JudgeContent is level 2 of a content op: whether its author's device was
// certified, not revoked, and its member neither gone nor removed since the
// newest admission, as the author knew it. known is crdt.Fact.Known. The error
// wraps [ErrRefused].
func (s *Set) JudgeContent(dev crdt.Device, known uint32) error {
	may, done := s.m.content[known]
	if !done {
		set := s.m.pasts.KnownBits(known)
		if !s.all.Contains(set) {
			return fmt.Errorf("%w: content by %s names control ops that are not here", ErrRefused, dev.Short())
		}
		may = s.m.writers(set)
		s.m.content[known] = may
	}
	if n, ok := s.m.deviceNum[dev]; !ok || !may.Has(n) {
		return fmt.Errorf("%w: %s was no device of a member, as far as its author knew", ErrRefused, dev.Short())
	}
	return nil
}

// writers returns the devices that may write content knowing s.
func (m *memory) writers(s crdt.Bits) crdt.Bits {
	w := m.world(s, nil)
	out := grow{}
	for dev := range m.devices {
		member := m.author(s, dev)
		if member == nobody || m.revoked(w, s, member, dev) {
			continue
		}
		// any admission answers; whether it stands is an effect, judged on the set
		if slices.ContainsFunc(m.admitsOf[member], func(a *entry) bool {
			return s.Has(a.n) && knowsAll(a, w.removals[member]) && knowsAll(a, w.leaves[member])
		}) {
			out.add(dev)
		}
	}
	return out.bits
}

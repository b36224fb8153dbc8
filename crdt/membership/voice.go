package membership

import "tend/crdt"

// settleVoice is the end of S3: who may decide. A newcomer may once a majority of
// those who could decide, when they were let in, has shown that it knows.
func (m *memory) settleVoice(w *world, s crdt.Bits) {
	k := knowing{m: m, w: w, s: s}
	voice := grow{}
	for member := range w.members.Each {
		if w.lapsed.Has(member) {
			continue
		}
		if m.admission(w, member, func(a *entry) bool { return m.hasVoice(&k, a) }) != nil {
			voice.add(member)
		}
	}
	w.voice = voice.bits
}

// knowing answers, for one set, whether somebody has shown to know an op.
type knowing struct {
	m  *memory
	w  *world
	s  crdt.Bits
	by map[int]crdt.Bits // by member: what their ops that are not void know, and these
}

// knows reports whether member has an op, not void, that is x or knows it.
func (k *knowing) knows(member, x int) bool {
	known, done := k.by[member]
	if !done {
		g := grow{make(crdt.Bits, len(k.s))}
		ops := k.m.byMember[member]
		for i := len(ops) - 1; i >= 0; i-- {
			// what a later op knows need not be added again
			if o := ops[i]; k.s.Has(o.n) && !g.has(o.n) && !k.w.void.Has(o.n) {
				g.addAll(o.past)
				g.add(o.n)
			}
		}
		known = g.bits
		if k.by == nil {
			k.by = map[int]crdt.Bits{}
		}
		k.by[member] = known
	}
	return known.Has(x)
}

// hasVoice reports whether admission a, by which its target is a member, gives
// voice.
func (m *memory) hasVoice(k *knowing, a *entry) bool {
	if a.kind == KindGenesis {
		return true
	}
	if m.needsSponsor(k, a) && !m.sponsored(k, a) {
		return false
	}
	if m.accepted(k, a, a) {
		return true
	}
	for _, x := range m.naming[a.n] {
		if x.kind == KindSponsor && k.s.Has(x.n) && !k.w.void.Has(x.n) && m.accepted(k, a, x) {
			return true
		}
	}
	return false
}

// needsSponsor reports whether a alone is not enough: the circle is large, or the
// invite was used too often.
func (m *memory) needsSponsor(k *knowing, a *entry) bool {
	then := m.then(a, k.w.left)
	return uint64(then.size) >= then.charter.SponsorsFrom || m.overUse(k.w, k.s, a)
}

// sponsored reports whether somebody else than a's author sponsors it.
func (m *memory) sponsored(k *knowing, a *entry) bool {
	for _, x := range m.naming[a.n] {
		if x.kind == KindSponsor && x.member != a.member && k.s.Has(x.n) && !k.w.void.Has(x.n) {
			return true
		}
	}
	return false
}

// accepted reports whether, of those who could decide when x was written, a
// majority knows x and too few object to a.
func (m *memory) accepted(k *knowing, a, x *entry) bool {
	then := m.then(x, k.w.left)
	could := minus(then.voice, then.away)
	n := could.Count()
	return m.witnessed(k, x, could, n) && m.against(k, a, could) < then.charter.concerns(n)
}

// witnessed reports whether a majority of those who could decide knows x. Who
// did in one set does in every larger one, as long as none of what the first held
// became void.
func (m *memory) witnessed(k *knowing, x *entry, could crdt.Bits, n int) bool {
	plain := within(k.w.left, x.past) == nil // else could is not what it was
	if seen := m.witness[x.n]; plain && seen != nil && k.s.Contains(seen) && within(k.w.void, seen) == nil {
		return true
	}
	know := 0
	for member := range could.Each {
		if k.knows(member, x.n) {
			know++
		}
		if 2*know > n {
			if plain {
				m.witness[x.n] = minus(k.s, k.w.void)
			}
			return true
		}
	}
	return false
}

// against counts those among could who object to admission a and whose objection
// did not come after its target had voice.
func (m *memory) against(k *knowing, a *entry, could crdt.Bits) int {
	who := grow{}
	for _, o := range m.naming[a.n] {
		if o.kind == KindObject && k.s.Has(o.n) && o.member >= 0 && could.Has(o.member) &&
			!m.then(o, k.w.left).voice.Has(a.target) {
			who.add(o.member)
		}
	}
	return who.bits.Count()
}

// overUse reports whether, before admission a, its invite had been used by as
// many others as it is for. Before means that a knows it, or that neither knows
// the other and its id is smaller. Several admissions of one person are one use,
// dated by the first that was none too many.
func (m *memory) overUse(w *world, s crdt.Bits, a *entry) bool {
	if a.names < 0 {
		return false
	}
	uses := int(m.at[a.names].body.(*Invite).Uses)
	for _, own := range m.naming[a.names] {
		if own.kind == KindAdmit && own.target == a.target && s.Has(own.n) && !w.void.Has(own.n) && (own == a || before(own, a)) &&
			m.usesBefore(w, s, own) < uses {
			return false
		}
	}
	return true
}

func (m *memory) usesBefore(w *world, s crdt.Bits, a *entry) int {
	others := grow{}
	for _, b := range m.naming[a.names] {
		if b.kind == KindAdmit && b.target != a.target && s.Has(b.n) && !w.void.Has(b.n) && before(b, a) {
			others.add(b.target)
		}
	}
	return others.bits.Count()
}

// before is the order of twins: causal, then the smaller id.
func before(b, a *entry) bool {
	if a.past.Has(b.n) {
		return true
	}
	return !b.past.Has(a.n) && b.id.Compare(a.id) < 0
}

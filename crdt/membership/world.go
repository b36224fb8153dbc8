package membership

import (
	"crypto/sha256"
	"slices"

	"tend/crdt"
)

// world is what one set of control ops, closed under ctl, means: the strata S0
// to S3 of SPEC.md §5.2. Members and devices are numbers of the memory.
type world struct {
	left    crdt.Bits      // S0: stands and lapses that count for nothing here
	forks   map[int]uint64 // S0: devices that forked, and their least forked seq
	counted crdt.Bits      // S1: enacts that count
	charter *Charter       // in force
	since   crdt.HLC       // clock of the op that put it in force

	removals map[int][]*entry // S1: by member; counting
	lapses   map[int][]*entry
	recovers map[int][]*entry
	leaves   map[int][]*entry // by member
	revokes  map[int][]*entry // by device

	void     crdt.Bits // S2
	standing crdt.Bits // S3: admissions, the genesis among them
	members  crdt.Bits
	away     crdt.Bits
	lapsed   crdt.Bits
	voice    crdt.Bits
	size     int // how many members
}

// world returns what s means when left is left out: stands of forked devices and
// refuted lapses of some larger set on which this one is judged.
func (m *memory) world(s, left crdt.Bits) *world {
	left = within(left, s)
	key := sha256.Sum256(setKey(setKey(make([]byte, 0, 8*(len(s)+len(left))+8), s), left))
	if w := m.worlds[key]; w != nil {
		return w
	}
	w := &world{}
	if m.genesis != nil && s.Has(m.genesis.n) {
		m.settleForks(w, s, left)
		m.settleDecisions(w, s)
		m.settleVoid(w, s)
		m.settleMembers(w, s)
		m.settleVoice(w, s)
	} else {
		c := DefaultCharter("")
		w.charter = &c
	}
	w.share(m.newest)
	m.worlds[key], m.newest = w, w
	return w
}

// share lets go of sets that another world has just the same: most ops change
// nobody's standing, and a memory holds a world for each.
func (w *world) share(with *world) {
	if with == nil {
		return
	}
	for _, pair := range [][2]*crdt.Bits{{&w.left, &with.left}, {&w.counted, &with.counted}, {&w.void, &with.void},
		{&w.standing, &with.standing}, {&w.members, &with.members}, {&w.away, &with.away}, {&w.lapsed, &with.lapsed}, {&w.voice, &with.voice}} {
		if slices.Equal(*pair[0], *pair[1]) {
			*pair[0] = *pair[1]
		}
	}
}

// then returns what the past of e means when left is left out.
func (m *memory) then(e *entry, left crdt.Bits) *world {
	if left = within(left, e.past); left != nil {
		return m.world(e.past, left)
	}
	w := m.thens[e.n]
	if w == nil {
		w = m.world(e.past, nil)
		m.thens[e.n] = w
	}
	return w
}

// settleForks is S0.
func (m *memory) settleForks(w *world, s, left crdt.Bits) {
	for _, p := range m.of[KindForkProof] {
		if !s.Has(p.n) {
			continue
		}
		if w.forks == nil {
			w.forks = map[int]uint64{}
		}
		seq := p.body.(*ForkProof).fork.Seq
		if least, known := w.forks[p.forkDev]; !known || seq < least {
			w.forks[p.forkDev] = seq
		}
	}
	out := grow{}
	out.addAll(left)
	for dev, seq := range w.forks {
		for _, e := range m.byDevice[dev] {
			if s.Has(e.n) && e.seq >= seq && (e.kind == KindStand || e.kind == KindPropose) {
				out.add(e.n)
			}
		}
	}
	for _, e := range m.of[KindEnact] {
		if p := m.at[e.names]; s.Has(e.n) && p.body.(*Propose).What == Lapse && m.refuted(e, p.target, s) {
			out.add(e.n)
		}
	}
	w.left = out.bits
}

// refuted reports whether the lapse e of member was no silence: an op of theirs
// that e did not know is dated before it.
func (m *memory) refuted(e *entry, member int, s crdt.Bits) bool {
	for _, o := range m.byMember[member] {
		if s.Has(o.n) && o.hlc < e.hlc && !e.past.Has(o.n) {
			return true
		}
	}
	return false
}

// settleDecisions is S1.
func (m *memory) settleDecisions(w *world, s crdt.Bits) {
	w.charter, w.since = &m.genesis.body.(*Genesis).Charter, m.genesis.hlc
	var charters []*entry
	counted := grow{}
	for _, e := range m.of[KindEnact] {
		if !s.Has(e.n) {
			continue
		}
		p := m.at[e.names]
		b := p.body.(*Propose)
		if b.What == Lapse && w.left.Has(e.n) || !m.certified(e, w.left) {
			continue
		}
		counted.add(e.n)
		switch b.What {
		case Remove:
			note(&w.removals, p.target, e)
		case Lapse:
			note(&w.lapses, p.target, e)
		case Recover:
			note(&w.recovers, p.target, e)
		case ChangeTo:
			charters = append(charters, e)
		}
	}
	if last := lastOf(charters); last != nil {
		if c, err := m.at[last.names].body.(*Propose).charter(); err == nil {
			w.charter, w.since = c, last.hlc
		}
	}
	w.counted = counted.bits
	for _, e := range m.of[KindLeave] {
		if s.Has(e.n) {
			note(&w.leaves, e.member, e)
		}
	}
	for _, e := range m.of[KindDeviceRevoke] {
		if s.Has(e.n) {
			note(&w.revokes, e.endsDev, e)
		}
	}
}

func note(into *map[int][]*entry, key int, e *entry) {
	if *into == nil {
		*into = map[int][]*entry{}
	}
	(*into)[key] = append((*into)[key], e)
}

// settleVoid is S2.
func (m *memory) settleVoid(w *world, s crdt.Bits) {
	void := grow{}
	for dev, seq := range w.forks {
		for _, o := range m.byDevice[dev] {
			if s.Has(o.n) && o.seq >= seq && !o.evidence() {
				void.add(o.n)
			}
		}
	}
	for member := range m.ended(w) {
		for _, o := range m.byMember[member] {
			if s.Has(o.n) && !o.evidence() && m.tooLate(w, s, o) {
				void.add(o.n)
			}
		}
	}
	w.void = void.bits
}

// ended returns the members of whom something may be void.
func (m *memory) ended(w *world) map[int]bool {
	out := map[int]bool{}
	for _, by := range []map[int][]*entry{w.removals, w.lapses, w.recovers, w.leaves} {
		for member := range by {
			out[member] = true
		}
	}
	for dev := range w.revokes {
		for _, o := range m.byDevice[dev] {
			out[o.member] = true
		}
	}
	return out
}

// tooLate reports whether somebody had ended o's author or device who did not
// know o, while o did not know all of that.
func (m *memory) tooLate(w *world, s crdt.Bits, o *entry) bool {
	ended, unknown := false, false
	for _, e := range m.enders(w, s, o.member, o.dev, true) {
		if e == o {
			continue
		}
		if e.past.Has(o.n) {
			return false
		}
		ended = true
		unknown = unknown || !o.past.Has(e.n)
	}
	return ended && unknown
}

// enders returns E(o) for the ops of a member's device; lapses only where voice
// is concerned, which is control.
func (m *memory) enders(w *world, s crdt.Bits, member, dev int, control bool) []*entry {
	n := len(w.removals[member]) + len(w.lapses[member]) + len(w.leaves[member]) + len(w.recovers[member]) + len(w.revokes[dev])
	if n == 0 {
		return nil
	}
	out := make([]*entry, 0, n)
	out = append(out, w.removals[member]...)
	if control {
		out = append(out, w.lapses[member]...)
	}
	out = append(out, w.leaves[member]...)
	out = append(out, w.revokes[dev]...)
	for _, e := range w.recovers[member] {
		if !m.keeps(w, s, e, dev) {
			out = append(out, e)
		}
	}
	return out
}

// keeps reports whether the recovery e leaves a device of its target in force: in
// s its new root, or one that came after it, certified that device.
func (m *memory) keeps(w *world, s crdt.Bits, e *entry, dev int) bool {
	roots := m.rootsFrom(w, s, e)
	for _, c := range m.certsOf[dev] {
		if s.Has(c.n) && slices.Contains(roots, c.certRoot) {
			return true
		}
	}
	return false
}

// rootsFrom returns the root that the recovery e puts in force, and those that
// came after it in s: by a later recovery that counts and knew e, or by a rotation
// of a root that is among them.
func (m *memory) rootsFrom(w *world, s crdt.Bits, e *entry) [][32]byte {
	p := m.at[e.names]
	first, err := p.body.(*Propose).recovery()
	if err != nil {
		return nil
	}
	roots := [][32]byte{first.NewRoot}
	for _, r := range m.of[KindRotate] { // ascending: each comes after the one it replaces
		if r.member != p.target || !s.Has(r.n) || !r.past.Has(e.n) {
			continue
		}
		b := r.body.(*Rotate)
		after := false
		if b.Enact.IsZero() {
			after = slices.Contains(roots, m.root(r.past, r.member).key)
		} else {
			later := m.at[m.named(b.Enact, KindEnact)]
			after = later != nil && w.counted.Has(later.n) && later.past.Has(e.n)
		}
		if after {
			roots = append(roots, b.NewRoot)
		}
	}
	return roots
}

// revoked reports whether the device is out in s, by a revocation or a recovery.
func (m *memory) revoked(w *world, s crdt.Bits, member, dev int) bool {
	if len(w.revokes[dev]) > 0 {
		return true
	}
	for _, e := range w.recovers[member] {
		if !m.keeps(w, s, e, dev) {
			return true
		}
	}
	return false
}

// settleMembers is S3 but for voice.
func (m *memory) settleMembers(w *world, s crdt.Bits) {
	standing := grow{}
	standing.add(m.genesis.n)
	for _, a := range m.of[KindAdmit] { // ascending: whom a's author stands by came before
		if s.Has(a.n) && !w.void.Has(a.n) && m.stands(a, &standing) && m.inviteHeld(w, s, a) {
			standing.add(a.n)
		}
	}
	w.standing = standing.bits
	members, away, lapsed := grow{}, grow{}, grow{}
	for member := range m.admitsOf {
		if m.admission(w, member, func(*entry) bool { return true }) != nil {
			members.add(member)
			w.size++
		}
	}
	w.members = members.bits
	for _, a := range m.of[KindAway] {
		if a.member >= 0 && s.Has(a.n) && !w.void.Has(a.n) && !m.answered(w, s, a.member, []*entry{a}) {
			away.add(a.member)
		}
	}
	for member, lapses := range w.lapses {
		if !m.answered(w, s, member, lapses) {
			lapsed.add(member)
		}
	}
	w.away, w.lapsed = away.bits, lapsed.bits
}

// stands reports whether a's author stands by an admission that a knows.
func (m *memory) stands(a *entry, standing *grow) bool {
	for _, by := range m.admitsOf[a.member] {
		if standing.has(by.n) && a.past.Has(by.n) {
			return true
		}
	}
	return false
}

// inviteHeld reports whether a's invite was not revoked behind its back: an
// admission concurrent with a counting revocation stands once a sponsor knows both.
func (m *memory) inviteHeld(w *world, s crdt.Bits, a *entry) bool {
	if a.names < 0 || len(m.naming[a.names]) == 0 {
		return true
	}
	against := m.speaksAgainst(w, s, a)
	if !m.endsInvite(a.names, against) {
		return true
	}
	for _, sp := range m.naming[a.n] {
		if sp.kind == KindSponsor && s.Has(sp.n) && !w.void.Has(sp.n) &&
			m.endsInvite(a.names, func(o *entry) bool { return against(o) && sp.past.Has(o.n) }) {
			return true
		}
	}
	return false
}

// speaksAgainst tells of the ops in s that may speak against the admission a: they are not void,
// and did not know a when they were written.
func (m *memory) speaksAgainst(w *world, s crdt.Bits, a *entry) func(*entry) bool {
	return func(o *entry) bool { return s.Has(o.n) && !w.void.Has(o.n) && !o.past.Has(a.n) }
}

// endsInvite reports whether the revocations of an invite that are in the given
// set count: one by the inviter, or those of two others.
func (m *memory) endsInvite(invite int, in func(*entry) bool) bool {
	inviter, other := m.at[invite].member, nobody
	for _, r := range m.naming[invite] {
		switch {
		case r.kind != KindInviteRevoke || !in(r):
		case r.member == inviter, other != nobody && other != r.member:
			return true
		default:
			other = r.member
		}
	}
	return false
}

// admission returns the first admission by which member is a member, among those
// that want accepts; nil if there is none. Every removal and leave must lie
// before it.
func (m *memory) admission(w *world, member int, want func(*entry) bool) *entry {
	for _, a := range m.admitsOf[member] {
		if w.standing.Has(a.n) && knowsAll(a, w.removals[member]) && knowsAll(a, w.leaves[member]) && want(a) {
			return a
		}
	}
	return nil
}

func knowsAll(e *entry, all []*entry) bool {
	for _, o := range all {
		if !e.past.Has(o.n) {
			return false
		}
	}
	return true
}

// answered reports whether a back of member, not void, knows all of these.
func (m *memory) answered(w *world, s crdt.Bits, member int, these []*entry) bool {
	for _, b := range m.of[KindBack] {
		if b.member == member && s.Has(b.n) && !w.void.Has(b.n) && knowsAll(b, these) {
			return true
		}
	}
	return false
}

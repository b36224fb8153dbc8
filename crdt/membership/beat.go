package membership

import "tend/crdt"

// beats works out who should say that they know something: an admission or a
// proposal that still lacks its majority.
func (b *builder) beats() {
	for member := range b.w.members.Each {
		if b.w.voice.Has(member) || b.w.lapsed.Has(member) {
			continue
		}
		b.m.admission(b.w, member, func(a *entry) bool { b.beatFor(a); return false })
	}
	for _, p := range b.m.of[KindPropose] {
		if b.s.Has(p.n) && !b.enacted(p) {
			if p.body.(*Propose).What == Recover {
				b.beatToRipen(p)
				continue
			}
			b.beatOn(p)
		}
	}
}

// beatFor asks for a sign of those who could decide when a was written, unless a
// majority has given it.
func (b *builder) beatFor(a *entry) {
	asked := []*entry{a}
	for _, x := range b.m.naming[a.n] {
		if x.kind == KindSponsor && b.counts(x) {
			asked = append(asked, x)
		}
	}
	silent := grow{}
	for _, x := range asked {
		then := b.m.then(x, b.w.left)
		could := minus(then.voice, then.away)
		know := 0
		for member := range could.Each {
			if b.k.knows(member, x.n) {
				know++
			} else {
				silent.add(member)
			}
		}
		if 2*know > could.Count() {
			return
		}
	}
	for member := range silent.bits.Each {
		b.v.beats[b.m.members[member]] = 0
	}
}

func (b *builder) enacted(p *entry) bool {
	for _, e := range b.m.naming[p.n] {
		if e.kind == KindEnact && b.w.counted.Has(e.n) {
			return true
		}
	}
	return false
}

// beatOn asks everybody with voice for two signs that they know a proposal: one
// at once, one when the window has passed since.
func (b *builder) beatOn(p *entry) {
	window := crdt.HLC(b.w.charter.WindowDays) * dayHLC
	for member := range b.w.voice.Each {
		due := crdt.HLC(0)
		if first, last, knew := b.signs(member, p); knew {
			if due = first + window; last >= due {
				continue
			}
		}
		id := b.m.members[member]
		if old, asked := b.v.beats[id]; !asked || due < old {
			b.v.beats[id] = due
		}
	}
}

// signs returns the clocks of a member's first op that knows p, and of the last.
func (b *builder) signs(member int, p *entry) (first, last crdt.HLC, knew bool) {
	for _, o := range b.m.byMember[member] {
		if !b.s.Has(o.n) {
			continue
		}
		last = max(last, o.hlc)
		if o.past.Has(p.n) && (!knew || o.hlc < first) {
			first, knew = o.hlc, true
		}
	}
	return first, last, knew
}

// BeatWanted reports whether the circle waits for member to say, by any control
// op, that they know of an admission or a proposal.
func (v *View) BeatWanted(member crdt.ID) bool {
	due, asked := v.BeatAt(member)
	return asked && due == 0
}

// BeatAt returns the earliest clock reading at which an op of member would help a
// decision along; 0 is now. ok is false if none would.
func (v *View) BeatAt(member crdt.ID) (due crdt.HLC, ok bool) {
	due, ok = v.beats[member]
	return due, ok
}

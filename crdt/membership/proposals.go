package membership

import (
	"cmp"
	"slices"

	"tend/crdt"
)

// Proposal is a decision about the circle as its control ops have it.
type Proposal struct {
	ID   crdt.ID // the propose op
	By   crdt.ID
	HLC  crdt.HLC
	What uint64 // [Remove], [Lapse], [ChangeTo] or [Recover]
	// Target is the member concerned; of a charter the proposal it reshapes, or zero.
	Target  crdt.ID
	Reason  crdt.ID  // op of a note, or zero
	Charter *Charter // what a [ChangeTo] proposes
	// Words are those that stand, ascending by member: of one person's consent and
	// concern the one that counts.
	Words []Standpoint
	// Enacts are the enacts that count, ascending; EnactedBy their authors.
	Enacts    []crdt.ID
	EnactedBy []crdt.ID
	Enacted   crdt.HLC // clock of the first of them
	Window    uint64   // days the circle has to see it
	Tally     Tally    // how far it is, seen from the whole set
	// Crossed are, of a removal, those who let the member in or sponsored them while
	// neither that nor the proposal was known to the other's author; ascending.
	Crossed []crdt.ID
}

// Standpoint is one member's consent or concern on a proposal.
type Standpoint struct {
	Member  crdt.ID
	Concern bool
	// Torn: they consented too, on a device that did not know of the concern.
	Torn   bool
	Reason crdt.ID // op of a note on the concern, or zero
	HLC    crdt.HLC
}

// Tally is what the rule of SPEC.md §5.2 counts for a proposal.
type Tally struct {
	N       int // who may decide
	Support int // of them, who consent
	Witness int // of them, who have shown to know it for the window
	Against int // of them, who have a concern
	Needs   int // how many must stand up for it to go by consent: k(n)
	Stops   int // how many concerns stop that: b(n)
}

// AtOnce is how many must stand up for a removal or a lapse to be carried out
// without waiting: a plain majority, and of a removal at least two. Not reachable
// if it is more than N.
func (t Tally) AtOnce(what uint64) int {
	switch what {
	case Remove:
		return max(2, t.N/2+1)
	case ChangeTo:
		return t.N
	}
	return max(min(2, t.N), t.N/2+1)
}

// Certified reports whether the counts certify a decision of a kind that is no
// recovery.
func (t Tally) Certified(what uint64) bool {
	least := min(2, t.N)
	if what == Remove {
		least = 2
	}
	if t.N < 1 || t.Support < least {
		return false
	}
	if what == ChangeTo {
		return t.Against == 0 && (t.Support == t.N || t.Support >= t.Needs && 2*t.Witness > t.N)
	}
	return 2*t.Support > t.N || t.Support >= t.Needs && 2*t.Witness > t.N && t.Against < t.Stops
}

// tally counts who stands where, by the rules of the charter in force then.
func (c *decision) tally() Tally {
	could := c.electorate()
	t := TallyOf(*c.then.charter, could.Count())
	window := crdt.HLC(c.then.charter.WindowDays) * dayHLC
	for member := range could.Each {
		switch c.says(member) {
		case yes:
			t.Support++
		case concern:
			t.Against++
		}
		if c.waited(member, window) {
			t.Witness++
		}
	}
	return t
}

// proposals lists the decisions about the circle.
func (b *builder) proposals() {
	latest := crdt.HLC(0)
	for n := range b.s.Each {
		latest = max(latest, b.m.at[n].hlc)
	}
	for _, p := range b.m.of[KindPropose] {
		if b.s.Has(p.n) && p.member != nobody {
			b.v.proposals = append(b.v.proposals, b.proposal(p, latest))
		}
	}
	slices.SortFunc(b.v.proposals, func(x, y Proposal) int { return cmp.Or(cmp.Compare(y.HLC, x.HLC), x.ID.Compare(y.ID)) })
}

// proposal reads one, as somebody would who knew all of the set and carried it out now.
func (b *builder) proposal(p *entry, latest crdt.HLC) Proposal {
	body := p.body.(*Propose)
	out := Proposal{ID: p.id, By: b.m.members[p.member], HLC: p.hlc, What: body.What, Target: body.Target, Reason: body.Reason,
		Window: b.w.charter.WindowDays}
	if body.What == ChangeTo {
		out.Charter, _ = body.charter() // it was read when the op was
	}
	now := &entry{n: -1, hlc: latest, past: b.s, member: nobody}
	c := &decision{m: b.m, e: now, p: p, b: body, then: b.w, left: b.w.left}
	if body.What != Recover {
		out.Tally = c.tally()
	}
	if body.What == Remove {
		out.Crossed = b.crossed(p)
	}
	who := grow{}
	who.add(p.member)
	for _, o := range b.m.naming[p.n] {
		if (o.kind == KindStand || o.kind == KindObject) && b.s.Has(o.n) && o.member != nobody {
			who.add(o.member)
		}
	}
	for member := range who.bits.Each {
		if w, ok := c.standpoint(member); ok {
			out.Words = append(out.Words, w)
		}
	}
	slices.SortFunc(out.Words, func(x, y Standpoint) int { return x.Member.Compare(y.Member) })
	for _, e := range b.m.naming[p.n] {
		if e.kind != KindEnact || !b.s.Has(e.n) || !b.w.counted.Has(e.n) {
			continue
		}
		out.Enacts = append(out.Enacts, e.id)
		if by := b.m.members[e.member]; !slices.Contains(out.EnactedBy, by) {
			out.EnactedBy = append(out.EnactedBy, by)
		}
		if out.Enacted == 0 || e.hlc < out.Enacted {
			out.Enacted = e.hlc
		}
	}
	slices.SortFunc(out.Enacts, crdt.ID.Compare)
	slices.SortFunc(out.EnactedBy, crdt.ID.Compare)
	return out
}

// crossed are the members whose welcome and the proposal p to part did not know of each
// other.
func (b *builder) crossed(p *entry) []crdt.ID {
	var out []crdt.ID
	apart := func(e *entry) bool {
		return b.counts(e) && e.member != nobody && e.member != p.member && !e.past.Has(p.n) && !p.past.Has(e.n)
	}
	for _, a := range b.m.admitsOf[p.target] {
		if apart(a) {
			out = append(out, b.m.members[a.member])
		}
		for _, sp := range b.m.naming[a.n] {
			if sp.kind == KindSponsor && apart(sp) {
				out = append(out, b.m.members[sp.member])
			}
		}
	}
	slices.SortFunc(out, crdt.ID.Compare)
	return slices.Compact(out)
}

// torn reports whether a member who has a concern also consented where no concern of
// theirs knows of it.
func (c *decision) torn(member int) bool {
	return slices.ContainsFunc(c.stands(member), func(s *entry) bool {
		return !slices.ContainsFunc(c.objects(member), func(o *entry) bool { return o.past.Has(s.n) })
	})
}

func (c *decision) standpoint(member int) (Standpoint, bool) {
	out := Standpoint{Member: c.m.members[member]}
	switch c.says(member) {
	case yes:
		for _, s := range c.stands(member) {
			out.HLC = max(out.HLC, s.hlc)
		}
		return out, true
	case concern:
		for _, o := range c.objects(member) {
			if o.hlc >= out.HLC {
				out.HLC, out.Reason = o.hlc, o.body.(*Object).Reason
			}
		}
		out.Concern, out.Torn = true, c.torn(member)
		return out, true
	}
	return out, false
}

// Proposals returns the decisions about the circle, the newest first. A proposal
// without an enact that counts is open, whatever its age.
func (v *View) Proposals() []Proposal { return v.proposals }

// Proposal returns one of them.
func (v *View) Proposal(id crdt.ID) (Proposal, bool) {
	i := slices.IndexFunc(v.proposals, func(p Proposal) bool { return p.ID == id })
	if i < 0 {
		return Proposal{}, false
	}
	return v.proposals[i], true
}

// Voices returns who may decide and is not away, ascending.
func (v *View) Voices() []crdt.ID {
	var out []crdt.ID
	for i := range v.everyone {
		if m := &v.everyone[i]; m.Voice && !m.Away {
			out = append(out, m.ID)
		}
	}
	return out
}

// VoicesAt returns who could decide and was not away, as the author of a content
// op knew it; ascending. known is crdt.Fact.Known. It is the same on every node.
func (s *Set) VoicesAt(known uint32) []crdt.ID {
	w := s.m.world(s.m.pasts.KnownBits(known), nil)
	var out []crdt.ID
	for member := range minus(w.voice, w.away).Each {
		out = append(out, s.m.members[member])
	}
	slices.SortFunc(out, crdt.ID.Compare)
	return out
}

// DecodeCharter reads what [EncodeCharter] writes, and checks its limits.
func DecodeCharter(payload []byte) (Charter, error) {
	c, err := (&Propose{Payload: payload}).charter()
	if err != nil {
		return Charter{}, err
	}
	return *c, nil
}

// TallyOf is the empty tally of n who may decide by a charter's numbers.
func TallyOf(c Charter, n int) Tally { return Tally{N: n, Needs: c.stands(n), Stops: c.concerns(n)} }

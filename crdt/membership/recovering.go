package membership

import (
	"slices"

	"tend/crdt"
)

// RecoveryInfo is a proposal to bring a member back with a new root.
type RecoveryInfo struct {
	Proposal crdt.ID
	Target   crdt.ID
	Recovery Recovery
	Stood    []crdt.ID // of those who may, ascending: who stands for it
	Needs    int       // how many must
	// Ripe is the clock at which enough stands will have waited; 0 if too few stand.
	Ripe crdt.HLC
	// Ready says that an enact by somebody who knows all of the view would count.
	Ready bool
	Enact crdt.ID // the enact that counts; zero while there is none
}

// recoveries lists the proposals to recover somebody, the roots in force, and who
// named trustees.
func (b *builder) recoveries() {
	b.v.roots, b.v.trustees = map[crdt.ID]rootKey{}, map[crdt.ID]Trustees{}
	for id, n := range b.m.memberNum {
		b.v.roots[id] = b.m.root(b.s, n)
	}
	named := map[int][]*entry{}
	for _, t := range b.m.of[KindTrustees] {
		if t.member != nobody && b.s.Has(t.n) && !b.w.void.Has(t.n) {
			named[t.member] = append(named[t.member], t)
		}
	}
	for member, all := range named {
		b.v.trustees[b.m.members[member]] = *lastOf(all).body.(*Trustees)
	}
	latest := crdt.HLC(0)
	for n := range b.s.Each {
		latest = max(latest, b.m.at[n].hlc)
	}
	for _, p := range b.m.of[KindPropose] {
		body := p.body.(*Propose)
		if !b.s.Has(p.n) || p.member == nobody || body.What != Recover {
			continue
		}
		now := &entry{n: -1, hlc: latest, past: b.s, member: nobody}
		c := &decision{m: b.m, e: now, p: p, b: body, then: b.w, left: b.w.left}
		if r, err := body.recovery(); err == nil {
			b.v.recoveries = append(b.v.recoveries, b.recovering(c, r))
		}
	}
	slices.SortFunc(b.v.recoveries, func(x, y RecoveryInfo) int { return x.Proposal.Compare(y.Proposal) })
}

func (b *builder) recovering(c *decision, r *Recovery) RecoveryInfo {
	out := RecoveryInfo{Proposal: c.p.id, Target: c.b.Target, Recovery: *r, Ready: c.recovered()}
	could, n, k, ok := c.trustees(r)
	out.Needs = max(k, min(2, n))
	var ripe []crdt.HLC
	for member := range could.Each {
		if !ok || c.says(member) != yes {
			continue
		}
		out.Stood = append(out.Stood, b.m.members[member])
		stood := crdt.HLC(0)
		for _, s := range c.stands(member) {
			if stood == 0 || s.hlc < stood {
				stood = s.hlc
			}
		}
		ripe = append(ripe, stood+recoverHLC)
	}
	slices.SortFunc(out.Stood, crdt.ID.Compare)
	slices.Sort(ripe)
	if out.Needs > 0 && len(ripe) >= out.Needs {
		out.Ripe = ripe[out.Needs-1]
	}
	for _, e := range b.m.naming[c.p.n] {
		if e.kind == KindEnact && b.s.Has(e.n) && b.w.counted.Has(e.n) && (out.Enact.IsZero() || e.id.Compare(out.Enact) < 0) {
			out.Enact = e.id
		}
	}
	return out
}

// beatToRipen asks those who stand for a recovery for a sign of life once their
// stand is old enough: only then does it count.
func (b *builder) beatToRipen(p *entry) {
	now := &entry{n: -1, past: b.s, member: nobody}
	c := &decision{m: b.m, e: now, p: p, b: p.body.(*Propose), then: b.w, left: b.w.left}
	for member := range b.w.members.Each {
		if c.says(member) != yes || c.ripened(member) {
			continue
		}
		for _, s := range c.stands(member) {
			id, due := b.m.members[member], s.hlc+recoverHLC
			if old, asked := b.v.beats[id]; !asked || due < old {
				b.v.beats[id] = due
			}
		}
	}
}

// Recoveries returns the proposals to recover somebody, ascending by id.
func (v *View) Recoveries() []RecoveryInfo { return v.recoveries }

// Root returns the root in force of a member, and the hash of the one after it.
func (v *View) Root(member crdt.ID) (root, nextHash [32]byte) {
	r := v.roots[member]
	return r.key, r.next
}

// TrusteesOf returns the newest commitment of a member to their trustees; false if
// they named none.
func (v *View) TrusteesOf(member crdt.ID) (Trustees, bool) {
	t, ok := v.trustees[member]
	return t, ok
}

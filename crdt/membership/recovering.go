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
	Needs    int       // how many must: one more while a device of the target objects
	// Ripe is the clock at which enough stands will have waited; 0 if too few stand.
	Ripe crdt.HLC
	// Ready says that an enact by somebody who knows all of the view would count.
	Ready bool
	Enact crdt.ID  // the enact that counts; zero while there is none
	Made  crdt.HLC // the proposal's clock
	// Over says that the member came back by another proposal, whose enact knew
	// this one.
	Over bool

	n int // the proposal's number
}

// letGoMillis is after how long nobody waits for a recovery any more that was not
// carried out.
const letGoMillis = 30 * crdt.DayMillis

// Open reports whether somebody stands for the recovery and it is neither carried
// out nor let go; now is Unix milliseconds.
func (r *RecoveryInfo) Open(now int64) bool {
	return len(r.Stood) > 0 && r.Enact.IsZero() && !r.Over && now-r.Made.Millis() < letGoMillis
}

// recoveries lists the proposals to recover somebody, the roots in force, and who
// named trustees.
func (b *builder) recoveries() {
	b.v.roots, b.v.trustees = map[crdt.ID]rootKey{}, map[crdt.ID]Trustees{}
	b.v.returns = map[crdt.ID][]rootKey{}
	for id, n := range b.m.memberNum {
		b.v.roots[id] = b.m.root(b.s, n)
		if len(b.w.recovers[n]) > 0 {
			b.v.returns[id] = b.returning(n, b.v.roots[id])
		}
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
	out := RecoveryInfo{Proposal: c.p.id, Target: c.b.Target, Recovery: *r, Ready: c.recovered(), Made: c.p.hlc, n: c.p.n}
	could, n, k, ok := c.trustees(r)
	if c.disputed() {
		k++
	}
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
	for _, e := range b.w.recovers[c.p.target] {
		out.Over = out.Over || e.past.Has(c.p.n) && b.m.at[e.names] != c.p
	}
	for _, e := range b.m.naming[c.p.n] {
		if e.kind == KindEnact && b.s.Has(e.n) && b.w.counted.Has(e.n) && (out.Enact.IsZero() || e.id.Compare(out.Enact) < 0) {
			out.Enact = e.id
		}
	}
	return out
}

// returning lists the roots by which a member's new device would be let in: the
// one in force and those that recoveries put in force, but for those that a
// recovery ended. Between the enact and the returner's own rotation the root in
// force is still the lost one, and whoever found that is not to be let in by it.
func (b *builder) returning(member int, force rootKey) []rootKey {
	all := []rootKey{force}
	for _, e := range b.w.recovers[member] {
		if r, err := b.m.at[e.names].body.(*Propose).recovery(); err == nil {
			all = append(all, rootKey{r.NewRoot, r.NextRootHash})
		}
	}
	return slices.DeleteFunc(all, func(root rootKey) bool {
		return slices.ContainsFunc(b.w.recovers[member], func(e *entry) bool { return b.endsRoot(e, member, root.key) })
	})
}

// endsRoot reports whether the recovery e put a root out of force.
func (b *builder) endsRoot(e *entry, member int, root [32]byte) bool {
	if slices.Contains(b.m.rootsFrom(b.w, b.s, e), root) {
		return false
	}
	return !slices.ContainsFunc(b.w.recovers[member], func(later *entry) bool {
		r, err := b.m.at[later.names].body.(*Propose).recovery()
		return err == nil && r.NewRoot == root && later.past.Has(e.n)
	})
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

// MayReturn reports whether whoever has this root is let in again as the member:
// it is the root in force, or one that a recovery put there, with that next root;
// and no recovery ended it.
func (v *View) MayReturn(member crdt.ID, root, nextHash [32]byte) bool {
	force := v.roots[member]
	some, recovered := v.returns[member]
	if !recovered {
		some = []rootKey{force}
	}
	return slices.ContainsFunc(some, func(r rootKey) bool { return r.key == root && (r.next == nextHash || r.key == force.key) })
}

// TrusteesOf returns the newest commitment of a member to their trustees; false if
// they named none.
func (v *View) TrusteesOf(member crdt.ID) (Trustees, bool) {
	t, ok := v.trustees[member]
	return t, ok
}

package membership

import (
	"slices"

	"crypto/sha256"
	"encoding/binary"

	"tend/crdt"
)

// certified is Cert(e) of SPEC.md §5.2: whether what e's author knew certifies
// the decision that e carries out. left is what a larger set leaves out.
func (m *memory) certified(e *entry, left crdt.Bits) bool {
	left = within(left, e.past)
	key := sha256.Sum256(setKey(binary.BigEndian.AppendUint32(nil, uint32(e.n)), left))
	if valid, done := m.certain[key]; done {
		return valid
	}
	c := m.newCase(e, left)
	valid := c.valid()
	m.certain[key] = valid
	return valid
}

// decision is one certificate being judged, by those who knew e.
type decision struct {
	m    *memory
	e    *entry
	p    *entry   // the proposal
	b    *Propose // its body
	then *world   // what e's past means
	left crdt.Bits
}

func (m *memory) newCase(e *entry, left crdt.Bits) *decision {
	p := m.at[e.names]
	then := m.then(e, left)
	// what e's own past leaves out, every larger set does
	return &decision{m: m, e: e, p: p, b: p.body.(*Propose), then: then, left: then.left}
}

func (c *decision) valid() bool {
	if c.b.What == Recover {
		return c.recovered()
	}
	return c.tally().Certified(c.b.What)
}

// electorate is El: who may decide, seen from e. Of a lapse, all are left out
// who were silent as long.
func (c *decision) electorate() crdt.Bits {
	could := minus(c.then.voice, c.then.away)
	if c.b.What != ChangeTo {
		could = without(could, c.p.target)
	}
	if c.b.What == Lapse {
		for member := range could.Each {
			if c.lastSign(member)+silenceHLC <= c.e.hlc {
				could = without(could, member)
			}
		}
	}
	return could
}

// upTo reports whether o is e or known to it.
func (c *decision) upTo(o *entry) bool { return o == c.e || c.e.past.Has(o.n) }

// lastSign is the clock of the last control op of a member, or of their
// admission if that is later.
func (c *decision) lastSign(member int) crdt.HLC {
	var last crdt.HLC
	for _, o := range c.m.byMember[member] {
		if c.upTo(o) {
			last = max(last, o.hlc)
		}
	}
	for _, a := range c.m.admitsOf[member] {
		if c.upTo(a) {
			last = max(last, a.hlc)
		}
	}
	return last
}

type saying int

const (
	nothing saying = iota
	yes
	concern
)

// says returns which of a member's words on the proposal counts: the one that
// knows the others, and if none does, the concern.
func (c *decision) says(member int) saying {
	if len(c.stands(member)) == 0 && len(c.objects(member)) == 0 {
		return nothing
	}
	for _, s := range c.stands(member) {
		if knowsAll(s, c.objects(member)) {
			return yes
		}
	}
	return concern
}

// stands returns the stands of a member that count: the proposal is its author's.
func (c *decision) stands(member int) []*entry {
	var out []*entry
	ripe := crdt.HLC(0)
	if c.b.What == Lapse {
		ripe = c.lastSign(c.p.target) + silenceHLC
	}
	if c.p.member == member && !c.left.Has(c.p.n) && c.p.hlc >= ripe {
		out = append(out, c.p)
	}
	for _, s := range c.m.naming[c.p.n] {
		if s.kind == KindStand && s.member == member && c.e.past.Has(s.n) && !c.left.Has(s.n) && s.hlc >= ripe {
			out = append(out, s)
		}
	}
	return out
}

func (c *decision) objects(member int) []*entry {
	var out []*entry
	for _, o := range c.m.naming[c.p.n] {
		if o.kind == KindObject && o.member == member && c.e.past.Has(o.n) {
			out = append(out, o)
		}
	}
	return out
}

// waited reports whether a member has shown by its own clock that it knew the
// proposal for so long: an op that knows it, and one so much later.
func (c *decision) waited(member int, span crdt.HLC) bool {
	var first, last crdt.HLC
	known := false
	for _, o := range c.m.byMember[member] {
		if !c.upTo(o) {
			continue
		}
		last = max(last, o.hlc)
		if o.past.Has(c.p.n) && (!known || o.hlc < first) {
			first, known = o.hlc, true
		}
	}
	return known && last >= first+span
}

// recovered judges a recovery: by the trustees the member named, or by two with
// voice; never at once, and harder if a device of the member objects.
func (c *decision) recovered() bool {
	r, err := c.b.recovery()
	if err != nil {
		return false
	}
	could, n, k, ok := c.trustees(r)
	if !ok || n < 1 {
		return false
	}
	if c.disputed() {
		k++
	}
	support := 0
	for member := range could.Each {
		if c.says(member) == yes && c.ripened(member) {
			support++
		}
	}
	return support >= k && support >= min(2, n)
}

// disputed reports whether the target of a recovery objects, on a device that is
// theirs still: one more must stand then.
func (c *decision) disputed() bool {
	return slices.ContainsFunc(c.objects(c.p.target), func(o *entry) bool {
		return !c.m.revoked(c.then, c.e.past, c.p.target, o.dev) && !c.forked(o)
	})
}

func (c *decision) forked(o *entry) bool {
	seq, forked := c.then.forks[o.dev]
	return forked && o.seq >= seq
}

// ripened reports whether a stand of a member is followed by an op of theirs
// three days later.
func (c *decision) ripened(member int) bool {
	for _, s := range c.stands(member) {
		for _, o := range c.m.byMember[member] {
			if c.upTo(o) && o.hlc >= s.hlc+recoverHLC {
				return true
			}
		}
	}
	return false
}

// trustees returns who decides a recovery, how many they are, and how many of
// them must stand. It is not ok if the member named others than the proposal
// opens.
func (c *decision) trustees(r *Recovery) (could crdt.Bits, n, k int, ok bool) {
	then := c.m.then(c.p, c.left)
	var all []*entry
	for _, t := range c.m.of[KindTrustees] {
		if t.member == c.p.target && c.p.past.Has(t.n) && !then.void.Has(t.n) {
			all = append(all, t)
		}
	}
	named := lastOf(all)
	if named == nil {
		could = without(c.then.voice, c.p.target)
		n = could.Count()
		return could, n, min(2, n), true
	}
	b := named.body.(*Trustees)
	if TrusteesHash(r.Salt, r.List) != b.Hash {
		return nil, 0, 0, false
	}
	list := grow{}
	for _, id := range r.List {
		if member, known := c.m.memberNum[id]; known {
			list.add(member)
		}
	}
	return list.bits, len(r.List), int(b.K), true
}

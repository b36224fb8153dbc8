package replica

import (
	"slices"

	"tend/crdt"
	"tend/crdt/membership"
)

// maxSeen is how many tips a leave, revocation or enact names.
const maxSeen = 16

// Seen returns the tips this replica holds of a member's devices, for a leave.
func (r *Replica) Seen(member crdt.ID) []membership.Seen {
	m, ok := r.People().Member(member)
	if !ok {
		return nil
	}
	var out []membership.Seen
	for _, d := range m.Devices {
		for _, t := range r.log.Tips(d.Dev) {
			out = append(out, membership.Seen{Dev: d.Dev, Tip: t.ID})
		}
	}
	slices.SortFunc(out, func(a, b membership.Seen) int {
		if c := a.Dev.Compare(b.Dev); c != 0 {
			return c
		}
		return a.Tip.Compare(b.Tip)
	})
	return out[:min(len(out), maxSeen)]
}

// Parting returns what a parted peer is told: the notes that say why, then its
// ending (a leave, an enact, a revocation, also of the invite it came by), or that of who
// let it in and had gone by then, with what the authors of those knew, in an order in which each op comes after
// what it names. What the peer itself named, or knew when it did, is left out: it holds
// that. nil if it has not parted.
func (r *Replica) Parting(peer membership.PeerKey) ([]crdt.Op, error) {
	if !Departed(r.People(), peer) {
		return nil, nil
	}
	var ends, knew, held []crdt.Bits
	var out []crdt.Op
	for _, d := range r.People().ByPeer(peer) {
		for _, id := range r.endsFor(d) {
			if n, ok := r.pasts.Number(id); ok {
				ends, knew = append(ends, crdt.Bits{}.With(n)), append(knew, r.pasts.Of(n))
			}
		}
		bits, err := r.heldBy(d.Dev)
		if err != nil {
			return nil, err
		}
		held = append(held, bits)
		out = append(out, r.reasons(d)...)
	}
	ending, told, theirs := crdt.Union(ends...), crdt.Union(knew...), crdt.Union(held...)
	for s, err := range r.store.Controls() {
		if err != nil {
			return nil, err
		}
		if n, ok := r.pasts.Number(s.Op.ID); ok && told.Has(n) && (ending.Has(n) || !theirs.Has(n)) {
			out = append(out, s.Op)
		}
	}
	return out, nil
}

// maxLetIn bounds how many who let in one another are followed.
const maxLetIn = 32

// endsFor returns what counts against a device; and where its member was let in by an
// invite that was taken back, that, or by somebody who had gone by then, what counts
// against that one.
func (r *Replica) endsFor(d membership.Device) []crdt.ID {
	v := r.People()
	ends := v.EndsOf(d.Dev)
	m, known := v.Member(d.Member)
	for range maxLetIn {
		if !known || m.Standing != membership.Stranger || m.By.IsZero() {
			break
		}
		ends = append(ends, v.Unheld(m.ID)...)
		m, known = v.Member(m.By)
		for _, theirs := range m.Devices {
			ends = append(ends, v.EndsOf(theirs.Dev)...)
		}
	}
	return ends
}

// heldBy returns the control ops that a device must hold, since its own ops name them.
func (r *Replica) heldBy(dev crdt.Device) (crdt.Bits, error) {
	var held []crdt.Bits
	for _, t := range r.log.Tips(dev) {
		f, ok, err := r.log.Fact(t.ID)
		if err != nil {
			return nil, err
		}
		if n, numbered := r.pasts.Number(t.ID); numbered {
			held = append(held, r.pasts.Of(n))
		} else if ok && f.Class == crdt.Content {
			held = append(held, r.pasts.KnownBits(f.Known))
		}
	}
	return crdt.Union(held...), nil
}

// PartedBy reports whether control ops that a peer handed over, added to what is
// held here, show that this member has parted, or that this device was ended. It
// changes nothing.
func (r *Replica) PartedBy(ops []crdt.Op) bool {
	set, pasts := r.set.Clone(), r.pasts
	for i := range ops {
		op := &ops[i]
		if set.Has(op.ID) || op.Class != crdt.Control || op.Verify(r.circle) != nil || op.CheckBody(op.Body) != nil {
			continue
		}
		body, err := r.openControl(op)
		if err != nil {
			return false
		}
		if _, err := pasts.Add(op.ID, op.Ctl); err != nil {
			return false
		}
		if set.Judge(op, body) == nil {
			set.Add(op, body)
		}
	}
	v := set.View()
	m, ok := v.Member(r.cfg.Member)
	return ok && m.Standing != membership.In || out(v, r.cfg.Dev)
}

// KeepGoodbye puts what this home was told of its parting under a row of the
// owner's choice.
func (r *Replica) KeepGoodbye(key, value []byte) { r.row(key, value) }

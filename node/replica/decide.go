package replica

import (
	"maps"
	"slices"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
)

// writeDraft writes one draft of a wish; made are the ids of the earlier ones.
func (r *Replica) writeDraft(d circle.Draft, made []crdt.ID, clock crdt.HLC) (crdt.ID, error) {
	if d.Control == nil {
		return r.writeContent(d.Make(made), d.To, clock)
	}
	switch b := d.Control(made).(type) {
	case *membership.Beat:
		return r.Beat(clock)
	case *membership.Enact:
		return r.enact(b, clock)
	default:
		return r.Propose(b, clock)
	}
}

// enact carries a decision about the circle out, with a new epoch if it shuts
// somebody out. It is written only if it counts: whether it does is judged on what
// is known here, the op itself included, as every other home will.
func (r *Replica) enact(b *membership.Enact, clock crdt.HLC) (crdt.ID, error) {
	p, ok := r.People().Proposal(b.Proposal)
	if ok && (p.What == membership.Remove || p.What == membership.Recover) {
		b.Seen = r.Seen(p.Target)
	}
	id, err := r.Propose(b, clock)
	if err != nil {
		return crdt.ID{}, err
	}
	p, _ = r.People().Proposal(b.Proposal)
	if !slices.Contains(p.Enacts, id) {
		return crdt.ID{}, notCarried(p)
	}
	return id, nil
}

// notCarried says what a decision still lacks.
func notCarried(p membership.Proposal) error {
	t := p.Tally
	switch atOnce := t.AtOnce(p.What); {
	case p.What == membership.Recover:
		return circle.Refuse(circle.NotYet, "no.stood_three_days")
	case p.What == membership.Remove && t.N < 2:
		return circle.Refuse(circle.Kept, "no.two_part")
	case t.Support < min(t.Needs, atOnce):
		return circle.Refuse(circle.NotYet, "no.not_carried", t.Support, t.N, atOnce, t.Needs, int(p.Window))
	default:
		return circle.Refuse(circle.NotYet, "no.not_carried.shown", t.Support, t.N, atOnce, int(p.Window), t.Witness)
	}
}

// Opened says of each decision who could decide and was not away, as its author
// knew it when opening it. The map is never changed.
func (r *Replica) Opened() map[crdt.ID][]crdt.ID {
	fresh := false
	for _, id := range r.state.DecisionIDs() {
		if _, done := r.opened[id]; done {
			continue
		}
		_, fact, ok, err := r.lookup(id)
		if err != nil || !ok {
			continue // it is asked again the next time
		}
		if !fresh {
			r.opened, fresh = maps.Clone(r.opened), true
		}
		r.opened[id] = r.set.VoicesAt(fact.Known)
	}
	return r.opened
}

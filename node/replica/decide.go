package replica

import (
	"fmt"
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
	out := &circle.Problem{Code: circle.NotYet, Said: circle.As("no.not_carried"), Say: fmt.Sprintf("Not yet: %d of %d consent.", t.Support, t.N)}
	switch atOnce := t.AtOnce(p.What); {
	case p.What == membership.Recover:
		out.Said = circle.As("no.stood_three_days")
		out.Say = "Not yet: those who stand for it have not done so for three days."
		out.Hint = "Their homes show it by themselves; try again later."
	case p.What == membership.Remove && t.N < 2:
		out.Code, out.Said = circle.Kept, circle.As("no.two_part")
		out.Say, out.Hint = "Two people cannot part one from the other.", "Each may leave:  tend leave"
	case t.Support < min(t.Needs, atOnce):
		out.Hint = fmt.Sprintf("With %d it goes at once; with %d once more than half have had %d days to see it.", atOnce, t.Needs, p.Window)
	default:
		out.Hint = fmt.Sprintf("With %d it goes at once. Else more than half must have had %d days to see it; so far that is shown of %d.", atOnce, p.Window, t.Witness)
	}
	return out
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

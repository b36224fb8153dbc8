package circle

import (
	"slices"

	"tend/crdt"
	"tend/crdt/membership"
)

// ownTwoOnDecisions are decisions that are still open on which two devices of this
// person said different things. The more careful word counts until they have answered.
func (r *reader) ownTwoOnDecisions() []Attention {
	out := []Attention{}
	for _, id := range r.s.DecisionIDs() {
		d, ok := r.decision(id)
		if !ok {
			continue
		}
		if said := d.saidBy(r.env.Me); len(said) > 1 && undecided(r.decisionState(d)) {
			out = append(out, twoOnDecision(d.id, d.newestText(), said))
		}
	}
	if r.env.People == nil {
		return out
	}
	for _, p := range r.env.People.Proposals() {
		torn := slices.ContainsFunc(p.Words, func(w membership.Standpoint) bool { return w.Member == r.env.Me && w.Torn })
		if torn && undecided(r.proposalState(p)) {
			out = append(out, twoOnDecision(p.ID, r.proposalText(p), []WordValue{WordConsent, WordConcern}))
		}
	}
	return out
}

// undecided reports whether a word on a decision can still matter. What met a concern
// is: the concern may be the word that does not hold.
func undecided(state string) bool { return state == DecisionOpen || state == DecisionToReshape }

// saidBy returns the different words of a member that stand on the newest text,
// ascending; nil for somebody who gave one at most.
func (d *decision) saidBy(member crdt.ID) []WordValue {
	given := 0
	for i := range d.rec.parts {
		if c := &d.rec.parts[i].Change; c.Author == member && c.Body.kind() == KindWordGiven {
			given++
		}
	}
	if given < 2 {
		return nil
	}
	var said []WordValue
	for _, w := range d.rec.words() {
		if w.by == member && w.rev == d.newest().rev && decides(w.value) {
			said = append(said, w.value)
		}
	}
	slices.Sort(said)
	return slices.Compact(said)
}

func twoOnDecision(id crdt.ID, text any, said []WordValue) Attention {
	at := Attention{Kind: LookOwnTwo, About: []crdt.ID{id}}.Saying("looks.own_two", text)
	for _, w := range said {
		switch w {
		case WordConsent:
			at.Choices = append(at.Choices, say("choice.consent", "consent", id))
		case WordStandAside:
			at.Choices = append(at.Choices, say("choice.aside", "stand-aside", id))
		case WordConcern:
			at.Choices = append(at.Choices, say("choice.concern", "concern", id))
		}
	}
	return at
}

package circle

import (
	"slices"

	"tend/crdt"
)

// PartnerInTalk drafts the agreement that a talk may end in; of the other's draft,
// or with its words, it is a yes.
type PartnerInTalk struct {
	ID   crdt.ID
	Text string
	// Until is the day on which the two look at it again, "" for none.
	Until string
}

func (c PartnerInTalk) decide(s *State, env Env) (plan, error) {
	r := s.reader(env)
	t, err := r.talkGoingOn(c.ID)
	if err != nil {
		return plan{}, err
	}
	if !t.of(env.Me) {
		return plan{}, kept("no.talk_two", cmdID(t.id))
	}
	text, waited := c.Text, false
	for _, k := range r.keptFor(t) {
		if k.Verb == "partner" {
			waited = true
			if text == "" {
				text = k.Text
			}
		}
	}
	open := slices.IndexFunc(t.drafts, (*agreement).live)
	switch {
	case text == "" && t.gate == TalkPartnering && open >= 0:
		return r.yesToDraft(t, "")
	case text == "":
		return plan{}, usage("no.talk_try", cmdID(t.id))
	}
	b := AgreementMade{About: []crdt.ID{}, Terms: Terms{What: text, When: c.Until}}
	for _, v := range t.invitations {
		b.About = append(b.About, v.id)
	}
	b.About = b.About[:min(len(b.About), MaxAbout)]
	if err := asked(b); err != nil {
		return plan{}, err
	}
	if t.gate != TalkPartnering || len(t.paused()) > 0 {
		return r.keep(t, "partner", text), nil
	}
	var p plan
	if open >= 0 {
		p, err = r.redraft(t.drafts[open], b.Terms)
	} else {
		p = plan{drafts: []Draft{inTalk(t, b)}, result: func(made []crdt.ID) Result { return Result{Agreements: made} }}
	}
	if err != nil {
		return plan{}, err
	}
	result := p.result
	p.result = func(made []crdt.ID) Result {
		res := result(made)
		if res.ID = t.id; waited {
			res.Keep = r.letGo(t, "partner")
		}
		return res
	}
	return p, nil
}

// redraft is a yes to a draft of the same words, or another text of it.
func (r *reader) redraft(a *agreement, terms Terms) (plan, error) {
	newest := a.newest()
	if fold(newest.terms.What) == fold(terms.What) && (terms.When == "" || terms.When == newest.terms.When) {
		drafts, err := r.yesOn(a, "")
		return plan{drafts: drafts, result: func([]crdt.ID) Result {
			return Result{Agreements: []crdt.ID{a.id}, Unchanged: len(drafts) == 0}
		}}, err
	}
	b := TermsChanged{Accord: a.id, Terms: terms, Parents: []Rev{}}
	for _, h := range a.heads {
		if len(b.Parents) < MaxParents {
			b.Parents = append(b.Parents, h.rev)
		}
	}
	slices.SortFunc(b.Parents, func(x, y Rev) int { return crdt.ID(x).Compare(crdt.ID(y)) })
	if err := asked(b); err != nil {
		return plan{}, err
	}
	return plan{drafts: []Draft{fixed(a.readers, b)}, result: func([]crdt.ID) Result {
		return Result{Agreements: []crdt.ID{a.id}}
	}}, nil
}

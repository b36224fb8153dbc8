package view

import (
	"encoding/hex"

	"tend/crdt/circle"
)

// Posts returns the needs or the offers that a filter takes, newest first.
func (s Source) Posts(kind string, f Filter) []Post {
	return s.posts(s.State.Posts(s.Env, f.of(kind)))
}

func (s Source) posts(all []circle.Post) []Post {
	out := make([]Post, len(all))
	for i := range all {
		out[i] = s.post(&all[i])
	}
	return out
}

var signUps = map[uint64]string{circle.SignUpOpen: "open", circle.SignUpAskFirst: "ask-first"}

var hows = map[uint64]string{circle.HowCall: "call", circle.HowText: "text", circle.HowSit: "sit"}

func (s Source) post(p *circle.Post) Post {
	v := Post{
		ID: p.ID.String(), Kind: KindOffer, Circle: s.Circle.String(), Title: p.Title, Details: p.Details,
		Category: p.Category, Author: s.Person(p.Author), Status: p.Status, Stale: p.Stale, Newcomers: p.Kept, When: p.When, By: p.By,
		People: int(p.People), ExtraOK: p.ExtraOK, Repeat: p.Rule, Skips: p.Skips, Area: p.Area, Costs: p.Costs,
		Tender: p.Tender, Under: int(p.Under), FadesOn: p.FadesOn, Faded: p.Faded, SignUp: signUps[p.SignUp],
		Audience: s.audience(p.Audience), NotNow: s.people(p.NotNow), Made: s.at(p.Made), Agreements: hexes(p.Agreements),
	}
	if p.Need {
		v.Kind = KindNeed
	}
	if p.Owner != p.Author {
		whom := s.Person(p.Owner)
		v.For = &whom
	}
	for _, how := range p.How {
		v.How = append(v.How, hows[how])
	}
	if p.Edited > 0 {
		edited := s.at(p.Edited)
		v.Edited = &edited
	}
	v.Slots = make([]Slot, len(p.Slots))
	for i, slot := range p.Slots {
		v.Slots[i] = s.slot(slot)
	}
	return v
}

func (s Source) slot(slot circle.Slot) Slot {
	v := Slot{Slot: slot.Slot, Wanted: slot.Wanted, Yes: s.people(slot.Yes), Kept: slot.Kept, Over: slot.Over}
	if len(slot.StandBy) > 0 {
		v.StandBy = s.people(slot.StandBy)
	}
	for _, member := range slot.Yes {
		if at, behind, ok := s.heardFrom(member); ok {
			v.Heard = append(v.Heard, Heard{Member: s.Person(member), At: at, Behind: behind})
		}
	}
	return v
}

// Agreements returns the agreements that a filter takes, newest first.
func (s Source) Agreements(f Filter) []Agreement {
	all := s.State.Agreements(s.Env, f.of(""))
	out := make([]Agreement, len(all))
	for i, a := range all {
		out[i] = s.agreement(a)
	}
	return out
}

func (s Source) agreement(a circle.Agreement) Agreement {
	v := Agreement{
		ID: a.ID.String(), Kind: KindAgreement, Circle: s.Circle.String(), About: hexes(a.About),
		What: a.Terms.What, When: a.Terms.When, Area: a.Terms.Area, Costs: a.Terms.Costs, Slot: a.Slot,
		Parties: make([]Party, len(a.Parties)), State: a.State, Rev: hex.EncodeToString(a.Rev[:]),
		Versions: len(a.Texts), Made: s.at(a.Made), Tender: a.Tender, ReviewOn: a.ReviewOn, Audience: s.audience(a.Audience),
	}
	if a.Place != nil {
		v.Place = &Place{Where: a.Place.Where, Code: a.Place.Code, Phone: a.Place.Phone}
	}
	for i, p := range a.Parties {
		v.Parties[i] = Party{Member: s.Person(p.Member), Word: p.Word.String(), Current: p.Current}
	}
	return v
}

// texts are the versions of an agreement, oldest first.
func (s Source) texts(a circle.Agreement) []Text {
	var out []Text
	for _, t := range a.Texts {
		by, made := s.Person(t.By), s.at(t.HLC)
		out = append(out, Text{Rev: hex.EncodeToString(t.Rev[:]), What: t.Terms.What, When: t.Terms.When, Area: t.Terms.Area,
			Costs: t.Terms.Costs, Slot: a.Slot, Newest: t.Newest, By: &by, Made: &made})
	}
	return out
}

package view

import (
	"slices"

	"tend/crdt"
	"tend/crdt/circle"
)

// consents are a member's standing consents that the reader may see; nil for none.
func (s Source) consents(member crdt.ID) []Consent {
	var out []Consent
	for _, c := range s.State.Consents(s.Env, member) {
		v := Consent{N: c.N, If: c.If, Then: c.Then, Until: c.Until, Pod: c.Pod, Audience: s.ownAudience(member, c.To)}
		for _, m := range c.Who {
			v.Who = append(v.Who, s.Person(m))
		}
		out = append(out, v)
	}
	return out
}

// tenderDates are a member's tender dates that the reader may see; nil for none.
func (s Source) tenderDates(member crdt.ID) []TenderDate {
	var out []TenderDate
	for _, d := range s.State.TenderDates(s.Env, member) {
		out = append(out, TenderDate{N: d.N, Date: d.Date, Text: d.Text, Welcome: d.Welcome, Yearly: d.Yearly, FollowUps: d.After,
			Next: d.Next, Audience: s.ownAudience(member, d.To)})
	}
	return out
}

// ownAudience says who else reads what is the reader's own; nil of another's, where it
// is not theirs to know.
func (s Source) ownAudience(member crdt.ID, to []crdt.ID) *Audience {
	if member != s.Env.Me {
		return nil
	}
	a := s.audience(to)
	a.People = slices.DeleteFunc(a.People, func(p Person) bool { return p.ID == member.String() })
	return &a
}

func (s Source) hardDays(all []circle.HardDay) []HardDay {
	var out []HardDay
	for _, d := range all {
		out = append(out, HardDay{Member: s.Person(d.Member), Date: d.Date, After: d.After, Welcome: d.Welcome})
	}
	return out
}

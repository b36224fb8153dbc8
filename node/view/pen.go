package view

import (
	"encoding/hex"
	"strings"

	"tend/crdt"
	"tend/crdt/circle"
)

// pen writes the lines of one list. What many lines say alike, as the names of people, it
// works out once, and what they hold it takes from a few large pieces rather than from
// many small ones: lists are long, and are let go as a whole.
type pen struct {
	Source
	circle string
	named  map[crdt.ID]Person
	ids    strings.Builder
	texts  pieces[string]
	people pieces[Person]
	slots  pieces[Slot]
	inside pieces[Party]
}

// pen returns a pen for a list.
func (s Source) pen() *pen {
	return &pen{Source: s, circle: s.Circle.String(), named: map[crdt.ID]Person{}}
}

// piece is how many things a pen takes at once at most: the first time few, for a pen that
// writes a line or two, and then twice as many each time.
const piece = 256

// pieces hands out slices of one piece after the other.
type pieces[T any] struct {
	rest []T
	took int
}

// take returns n zero values, which nobody else holds; never nil.
func (p *pieces[T]) take(n int) []T {
	if n == 0 {
		return []T{}
	}
	if n > len(p.rest) {
		if n > piece/4 {
			return make([]T, n)
		}
		p.took = min(max(2*p.took, 2*n), piece)
		p.rest = make([]T, p.took)
	}
	out := p.rest[:n:n]
	p.rest = p.rest[n:]
	return out
}

// id writes an id.
func (w *pen) id(id crdt.ID) string {
	const long = 2 * len(id)
	if w.ids.Cap()-w.ids.Len() < long {
		size := min(max(2*w.ids.Cap(), 4*long), piece/4*long)
		w.ids = strings.Builder{}
		w.ids.Grow(size)
	}
	var text [long]byte
	hex.Encode(text[:], id[:])
	at := w.ids.Len()
	w.ids.Write(text[:])
	return w.ids.String()[at:]
}

// hexes writes ids; nil for none.
func (w *pen) hexes(ids []crdt.ID) []string {
	out := w.texts.take(len(ids))
	for i, id := range ids {
		out[i] = w.id(id)
	}
	return out
}

// person names a member.
func (w *pen) person(id crdt.ID) Person {
	p, known := w.named[id]
	if !known {
		p = w.Person(id)
		w.named[id] = p
	}
	return p
}

// persons names members, in the order given; never nil.
func (w *pen) persons(ids []crdt.ID) []Person {
	out := w.people.take(len(ids))
	for i, id := range ids {
		out[i] = w.person(id)
	}
	return out
}

// audience names who may read a record; nil is the circle.
func (w *pen) audience(members []crdt.ID) Audience {
	if members == nil {
		return Audience{}
	}
	return Audience{People: w.persons(members)}
}

// post writes a need or an offer.
func (w *pen) post(v *Post, p *circle.Post) {
	*v = Post{
		ID: w.id(p.ID), Kind: KindOffer, Circle: w.circle, Title: p.Title, Details: p.Details,
		Category: p.Category, Author: w.person(p.Author), Status: p.Status, Stale: p.Stale, Newcomers: p.Kept, When: p.When, By: p.By,
		People: int(p.People), ExtraOK: p.ExtraOK, Repeat: p.Rule, Skips: p.Skips, Area: p.Area, Costs: p.Costs,
		Tender: p.Tender, Under: int(p.Under), FadesOn: p.FadesOn, Faded: p.Faded, SignUp: signUps[p.SignUp],
		Audience: w.audience(p.Audience), NotNow: w.persons(p.NotNow), Made: w.at(p.Made), Agreements: w.hexes(p.Agreements),
	}
	if p.Need {
		v.Kind = KindNeed
	}
	if p.Owner != p.Author {
		whom := w.person(p.Owner)
		v.For = &whom
	}
	for _, how := range p.How {
		v.How = append(v.How, hows[how])
	}
	if p.Edited > 0 {
		edited := w.at(p.Edited)
		v.Edited = &edited
	}
	v.Slots = w.slots.take(len(p.Slots))
	for i := range p.Slots {
		w.slot(&v.Slots[i], &p.Slots[i])
	}
}

func (w *pen) slot(v *Slot, slot *circle.Slot) {
	*v = Slot{Slot: slot.Slot, Wanted: slot.Wanted, Yes: w.persons(slot.Yes), Kept: slot.Kept, Over: slot.Over}
	if len(slot.StandBy) > 0 {
		v.StandBy = w.persons(slot.StandBy)
	}
	for _, member := range slot.Yes {
		if at, behind, ok := w.heardFrom(member); ok {
			v.Heard = append(v.Heard, Heard{Member: w.person(member), At: at, Behind: behind})
		}
	}
}

// agreement writes an agreement.
func (w *pen) agreement(v *Agreement, a *circle.Agreement) {
	*v = Agreement{
		ID: w.id(a.ID), Kind: KindAgreement, Circle: w.circle, About: w.hexes(a.About),
		What: a.Terms.What, When: a.Terms.When, Area: a.Terms.Area, Costs: a.Terms.Costs, Slot: a.Slot,
		Parties: w.inside.take(len(a.Parties)), State: a.State, Rev: w.id(crdt.ID(a.Rev)),
		Versions: len(a.Texts), Made: w.at(a.Made), Tender: a.Tender, ReviewOn: a.ReviewOn, Audience: w.audience(a.Audience),
	}
	if a.Place != nil {
		v.Place = &Place{Where: a.Place.Where, Code: a.Place.Code, Phone: a.Place.Phone}
	}
	for i, p := range a.Parties {
		v.Parties[i] = Party{Member: w.person(p.Member), Word: p.Word.String(), Current: p.Current}
	}
}

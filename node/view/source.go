package view

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
)

// Source is one circle as one member sees it at one time: what the functions of
// this package read. State and People are published values, never changed.
type Source struct {
	Circle crdt.ID
	State  *circle.State
	People People
	Env    circle.Env
	// Heard says when a member's home was last heard from, and how many ops it is
	// known to lack; false if never. It may be nil where nobody knows.
	Heard func(member crdt.ID) (at time.Time, behind int, ok bool)
	// Void are ops of this member's own without effect; Told is why they were asked
	// to go, where another home said so.
	Void []Void
	Told string
	// LeftOut are the members who come back and whose devices are left out of what
	// this home writes for a few. Asking are those who ask at its door.
	LeftOut []crdt.ID
	Asking  []Asking
	// Newer are ops of kinds that this version does not know, ascending.
	Newer []crdt.ID
	// Ahead is by how much the last thing this device wrote is dated ahead of its
	// clock. It may be nil where nobody knows.
	Ahead func() time.Duration
	// Busy are the members of whom a device has written, today, almost what a device
	// may write in a day, ascending.
	Busy []crdt.ID
	// Forgotten says how many devices of members are known to have an op, and how
	// many there are; false if it is not here. It may be nil where nobody knows.
	Forgotten func(op crdt.ID) (confirmed, devices int, ok bool)
	// MayHold returns the records of State that may hold all the words, as
	// [circle.Index.May]. It may be nil; then search reads every record.
	MayHold func(words string) []crdt.ID
}

// People is who belongs to the circle. A [*membership.View] is one.
type People interface {
	// Members are those in the circle, Everyone also those who left, both ascending.
	Members() []membership.Member
	Everyone() []membership.Member
	Member(id crdt.ID) (membership.Member, bool)
	Charter() membership.Charter
}

// Filter narrows a list. The zero Filter takes what is alive, of everyone.
type Filter struct {
	All, Mine bool
	Listening bool
	Category  string
	Text      string
	Limit     int // 0: no limit
}

// of is the filter as the circle's state takes it.
func (f Filter) of(kind string) circle.Filter {
	return circle.Filter{Needs: kind == KindNeed, Offers: kind == KindOffer, All: f.All, Mine: f.Mine,
		Category: f.Category, Text: f.Text, Listening: f.Listening, Limit: f.Limit}
}

// limited cuts a list to what the filter wants.
func limited[T any](all []T, limit int) []T {
	if limit > 0 && len(all) > limit {
		return all[:limit]
	}
	return all
}

// Person names a member.
func (s Source) Person(id crdt.ID) Person {
	return Person{ID: id.String(), Name: s.State.Name(id)}
}

// people names members, in the order given; never nil.
func (s Source) people(ids []crdt.ID) []Person {
	out := make([]Person, len(ids))
	for i, id := range ids {
		out[i] = s.Person(id)
	}
	return out
}

// byName names members, ordered for people; never nil.
func (s Source) byName(ids []crdt.ID) []Person {
	out := s.people(ids)
	slices.SortFunc(out, byName)
	return out
}

// hexes writes ids; nil for none.
func hexes(ids []crdt.ID) []string {
	out := []string{}
	for _, id := range ids {
		out = append(out, id.String())
	}
	return out
}

// at is the wall time of a clock reading, in the reader's zone and whole seconds.
func (s Source) at(h crdt.HLC) time.Time {
	return h.Time().In(s.Env.Now.Location()).Truncate(time.Second)
}

// audience names who may read a record; nil is the circle.
func (s Source) audience(members []crdt.ID) Audience {
	if members == nil {
		return Audience{}
	}
	return Audience{People: s.byName(members)}
}

// List returns needs, then offers, then agreements, each newest first.
func (s Source) List(f Filter) []Item {
	out := []Item{}
	for _, kind := range []string{KindNeed, KindOffer} {
		posts := s.Posts(kind, f)
		for i := range posts {
			out = append(out, Item{Post: &posts[i]})
		}
	}
	agreements := s.Agreements(f)
	for i := range agreements {
		out = append(out, Item{Agreement: &agreements[i]})
	}
	return limited(out, f.Limit)
}

// Search returns members, posts and agreements that hold all the words, and of a
// note that does, what it is on. Nothing is there twice.
func (s Source) Search(words string, limit int) []Item {
	out := []Item{}
	seen := map[string]bool{}
	var found []circle.Found
	if s.MayHold != nil {
		found = s.State.SearchIn(s.Env, words, s.MayHold(words), limit)
	} else {
		found = s.State.Search(s.Env, words)
	}
	w := s.pen()
	for _, f := range found {
		item, ok := w.found(f)
		if ok && !seen[item.ID()] {
			seen[item.ID()] = true
			if out = append(out, item); len(out) == limit {
				break
			}
		}
	}
	return out
}

func (w *pen) found(f circle.Found) (Item, bool) {
	switch {
	case f.Post != nil:
		p := new(Post)
		w.post(p, f.Post)
		return Item{Post: p}, true
	case f.Agreement != nil:
		a := new(Agreement)
		w.agreement(a, f.Agreement)
		return Item{Agreement: a}, true
	case f.Note != nil:
		return w.item(f.Note.On, false)
	}
	return w.item(f.Member, false)
}

// item reads whatever id names; false if it is nothing that has a page.
func (s Source) item(id crdt.ID, all bool) (Item, bool) {
	if p, ok := s.State.Post(s.Env, id); ok {
		if all {
			p.Slots = s.State.Slots(s.Env, id, time.Time{}, time.Time{})
		}
		v := s.post(&p)
		return Item{Post: &v}, true
	}
	if a, ok := s.State.Agreement(s.Env, id); ok {
		v := s.agreement(a)
		return Item{Agreement: &v}, true
	}
	if d, ok := s.State.Decision(s.Env, id); ok {
		v := s.decision(d)
		return Item{Decision: &v}, true
	}
	if t, ok := s.State.Talk(s.Env, id); ok {
		v := s.talk(t)
		return Item{Talk: &v}, true
	}
	if m, ok := s.People.Member(id); ok {
		v := s.member(m)
		return Item{Member: &v}, true
	}
	return Item{}, false
}

// Show returns what word names, an id's prefix or a member's name, with its notes
// and texts; with all every slot there is. The error is a [*circle.Problem].
func (s Source) Show(word string, all bool) (Item, error) {
	if s.isNewer(word) {
		return Item{}, circle.Refuse(circle.NotYet, "no.newer")
	}
	id, err := s.resolve(word)
	if err != nil {
		return Item{}, err
	}
	if gone, taken := s.State.Retraction(id); taken {
		return Item{Retracted: s.retracted(gone)}, nil
	}
	item, ok := s.item(id, all)
	if !ok {
		return Item{}, circle.Refuse(circle.NotFound, "no.nothing_shown", id.Short())
	}
	return s.withNotes(item, id), nil
}

// withNotes lays beside an item, whose id it is, what was said on it and the texts it
// had.
func (s Source) withNotes(item Item, id crdt.ID) Item {
	notes := s.notes(id)
	switch {
	case item.Post != nil:
		item.Post.Notes = notes
	case item.Agreement != nil:
		item.Agreement.Notes = notes
		a, _ := s.State.Agreement(s.Env, id)
		item.Agreement.Texts = s.texts(a)
	case item.Member != nil:
		item.Member.Notes = notes
		item.Member.MyNotes = s.pairNotes(s.Env.Own.PairNotes(id))
	case item.Decision != nil:
		item.Decision.Notes = notes
	}
	return item
}

// resolve finds a record, or else a member. A word that is neither gets the
// sentence about records if it looks like an id.
func (s Source) resolve(word string) (crdt.ID, error) {
	id, err := s.State.ResolveIn(s.Env, word)
	if err == nil {
		return id, nil
	}
	// Departed members keep their page.
	env := s.Env
	env.Members = nil
	for _, m := range s.People.Everyone() {
		env.Members = append(env.Members, m.ID)
	}
	member, asMember := s.State.ResolveMember(env, word)
	if asMember == nil {
		return member, nil
	}
	if looksLikeID(word) {
		return crdt.ID{}, err
	}
	return crdt.ID{}, asMember
}

func looksLikeID(word string) bool {
	for _, c := range word {
		if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
			return false
		}
	}
	return true
}

// notes returns the notes on a record that have reached this node, oldest first.
func (s Source) notes(on crdt.ID) []Note {
	var out []Note
	for _, n := range s.State.Notes(on) {
		out = append(out, Note{ID: n.ID.String(), Kind: n.Kind.String(), Author: s.Person(n.Author), Text: n.Text, Made: s.at(n.HLC)})
	}
	return out
}

// byName orders people for people: by name without case, then id.
func byName(a, b Person) int {
	return cmp.Or(cmp.Compare(folded(a.Name), folded(b.Name)), cmp.Compare(a.ID, b.ID))
}

// Handover returns what leaving would hand over: the ids of this member's offers, and
// of their agreements that are still to come or about something that was lent,
// ascending.
func (s Source) Handover() []string {
	var out []string
	for _, a := range s.State.Agreements(s.Env, circle.Filter{Mine: true}) {
		if a.State != circle.StatePassed || s.lent(a) {
			out = append(out, a.ID.String())
		}
	}
	for _, p := range s.State.Posts(s.Env, circle.Filter{Mine: true, Offers: true}) {
		out = append(out, p.ID.String())
	}
	slices.Sort(out)
	return out
}

// lent reports whether an agreement is about an offer for several days: it may not be
// home yet when these are over.
func (s Source) lent(a circle.Agreement) bool {
	p, ok := s.State.Post(s.Env, a.About[0])
	return ok && !p.Need && strings.Contains(a.Terms.When, "/")
}

// sortedKeys are the keys of m, ascending.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

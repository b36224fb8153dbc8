package view_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node/view"
)

// village is a circle of 300 members and 20,000 posts over two years, as one of them
// sees it: half of the posts are over, every second need has a helper, every tenth is a
// rota, every twentieth is tender, every fiftieth is for somebody else. They opened 200
// decisions, thanked one another, and each has a hard day; that one invited twenty to talks,
// and keeps for themselves what they follow, whom they keep at a distance and a ceiling.
func village(tb testing.TB, members, posts int) view.Source {
	now := time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	s := circle.NewState(sha256.Sum256([]byte("village")))
	n := 0
	addTo := func(to circle.Audience, at time.Time, author crdt.ID, b circle.Body) crdt.ID {
		n++
		id := crdt.ID(sha256.Sum256(fmt.Append(nil, "op", n)))
		s.Apply(circle.Change{Meta: circle.Meta{ID: id, Author: author, HLC: crdt.At(at.UnixMilli()) + crdt.HLC(n%1000)<<4, Audience: to}, Body: b})
		return id
	}
	add := func(at time.Time, author crdt.ID, b circle.Body) crdt.ID {
		return addTo(circle.Audience{}, at, author, b)
	}
	people := make(crowd, members)
	for i := range people {
		people[i] = membership.Member{ID: sha256.Sum256(fmt.Append(nil, "member", i)), Standing: membership.In, Voice: true}
		add(now.AddDate(-2, 0, 0), people[i].ID, circle.MemberSectionSet{Section: circle.SectionName, Values: []string{fmt.Sprintf("Member %d", i)}})
		add(now.AddDate(-1, 0, 0), people[i].ID, circle.MemberSectionSet{Section: "dates.1", Values: []string{now.AddDate(0, 0, i-100).Format(time.DateOnly), "the day he died", "yearly"}})
		add(now.AddDate(-1, 0, 0), people[i].ID, circle.MemberSectionSet{Section: circle.SectionFree, Values: []string{now.AddDate(0, 0, i%20).Format(time.DateOnly)}})
	}
	things := []string{"A warm meal after the operation", "A lift to the clinic", "Someone to walk the dog", "A drill to borrow", "Help with the papers", "Company on Sunday"}
	categories := []string{"meals", "lifts", "pets", "things to borrow", "papers", "company"}
	for i := range posts {
		by := people[i*7%members].ID
		at := now.AddDate(0, 0, -i*730/posts)
		soon := at.AddDate(0, 0, 3+i%40)
		p := circle.Posted{Title: fmt.Sprintf("%s (%d)", things[i%6], i), Category: categories[i%6], People: 1, Zone: "Europe/Berlin",
			Details: "Anything without nuts. We are on the second floor, the bell says Miller, and there is a lift. Thank you for thinking of us in these weeks."}
		if i%3 == 2 {
			add(at, by, (*circle.OfferPosted)(&p))
			continue
		}
		if i%50 == 1 {
			p.For = people[(i+1)*7%members].ID
		}
		p.When, p.Tender = []string{soon.Format("2006-01-02T15:04")}, i%20 == 0
		if i%10 == 1 {
			p.Rule = "FREQ=WEEKLY;COUNT=12"
		}
		need := add(at, by, (*circle.NeedPosted)(&p))
		if i%2 == 0 {
			a := add(at.Add(time.Hour), people[i*13%members].ID, circle.AgreementMade{About: []crdt.ID{need}, Slot: p.When[0],
				Terms: circle.Terms{What: p.Title, When: p.When[0]}})
			add(at.Add(2*time.Hour), by, circle.NoteWritten{On: a, Text: "See you on the stairs, bring the blue pot."})
			if i%6 == 0 {
				add(soon, by, circle.NoteWritten{On: a, What: circle.NoteThanks, Text: "It was good."})
			}
		}
		if i > posts/2 {
			add(soon, by, circle.PostStatusSet{Post: need, Status: circle.StatusMet})
		}
	}
	for i := range 200 {
		at := now.AddDate(0, 0, -i*730/200)
		d := add(at, people[i*7%members].ID, circle.DecisionOpened{Text: fmt.Sprintf("We meet in the small hall (%d).", i), Closes: uint64(at.AddDate(0, 0, 9).Unix())})
		for j := range 20 {
			add(at.Add(time.Hour), people[(i+j*13)%members].ID, circle.WordGiven{On: d, Value: circle.WordConsent})
		}
	}
	for i := range 20 {
		two := []crdt.ID{people[0].ID, people[1+i].ID}
		slices.SortFunc(two, crdt.ID.Compare)
		nook := circle.Audience{Nook: membership.EpochID{1, byte(i)}, Members: two}
		addTo(nook, now.AddDate(0, 0, -1-i), people[0].ID, circle.TalkOpened{With: people[1+i].ID, Sentence: "I should like to hear how it was for you."})
	}
	env := circle.Env{Me: people[0].ID, Now: now, Zone: "Europe/Berlin"}
	for _, m := range people {
		env.Members = append(env.Members, m.ID)
	}
	env.Own = circle.OwnOf(keepAlone(tb, s, env, "follow", circle.Args{"text": {"meals"}}), keepAlone(tb, s, env, "ceiling", circle.Args{"text": {"2/week"}}),
		keepAlone(tb, s, env, "distance", circle.Args{"member": {people[7].ID.String()}}), keepAlone(tb, s, env, "remind", circle.Args{"before": {"2d"}}))
	published := s.Fork().With(circle.NewReadings(&sync.Mutex{}))
	var index circle.Index
	return view.Source{Circle: s.Circle(), State: published, People: people, Env: env, MayHold: func(words string) []crdt.ID {
		index.Follow(published)
		return index.May(words)
	}}
}

// keepAlone is what one keeps for oneself by a verb.
func keepAlone(tb testing.TB, s *circle.State, env circle.Env, verb string, args circle.Args) circle.OwnRow {
	cmd, err := circle.ParseCommand(s, env, verb, args)
	if err != nil {
		tb.Fatal(err)
	}
	_, result, err := circle.Decide(s, env, cmd)
	if err != nil {
		tb.Fatal(err)
	}
	return result(nil).Own[0]
}

// crowd is the people of a village.
type crowd []membership.Member

func (c crowd) Members() []membership.Member  { return c }
func (c crowd) Everyone() []membership.Member { return c }
func (c crowd) Charter() membership.Charter   { return membership.DefaultCharter("Village") }
func (c crowd) Member(id crdt.ID) (membership.Member, bool) {
	for i := range c {
		if c[i].ID == id {
			return c[i], true
		}
	}
	return membership.Member{}, false
}

// BenchmarkLooks is every look of one member of a village of 300 with 20,000 posts.
func BenchmarkLooks(b *testing.B) {
	s := village(b, 300, 20_000)
	need := s.Posts(view.KindNeed, view.Filter{Limit: 1})[0].ID
	agreement := s.Agreements(view.Filter{Mine: true, All: true, Limit: 1})[0].ID
	decision, talk := s.Decisions(view.Filter{All: true})[0].ID, s.Talks(view.Filter{})[0].ID
	other := s.Env.Members[1].String()
	all := view.Filter{All: true}
	for _, look := range []struct {
		name string
		read func()
	}{
		{"today", func() { s.Today() }},
		{"look", func() { s.Look() }},
		{"week", func() { s.Week() }},
		{"map", func() { s.Map() }},
		{"needs", func() { s.Posts(view.KindNeed, view.Filter{}) }},
		{"needs-at-once", func() { s.Posts(view.KindNeed, view.Filter{Limit: 40}) }},
		{"needs-of-a-category", func() { s.Posts(view.KindNeed, view.Filter{Category: "meals"}) }},
		{"needs-of-a-category-at-once", func() { s.Posts(view.KindNeed, view.Filter{Category: "meals", Limit: 40}) }},
		{"needs-with-words", func() { s.Posts(view.KindNeed, view.Filter{Text: "dogs"}) }},
		{"my-needs", func() { s.Posts(view.KindNeed, view.Filter{Mine: true, All: true}) }},
		{"offers", func() { s.Posts(view.KindOffer, view.Filter{}) }},
		{"agreements", func() { s.Agreements(view.Filter{}) }},
		{"agreements-at-once", func() { s.Agreements(view.Filter{Limit: 40}) }},
		{"my-agreements", func() { s.Agreements(view.Filter{Mine: true, All: true}) }},
		{"list-at-once", func() { s.List(view.Filter{Limit: 40}) }},
		{"decisions", func() { s.Decisions(view.Filter{}) }},
		{"all-decisions", func() { s.Decisions(all) }},
		{"talks", func() { s.Talks(all) }},
		{"members", func() { s.Members(view.Filter{}) }},
		{"who", func() { _, _ = s.Who(need) }},
		{"need", func() { _, _ = s.Show(need, true) }},
		{"agreement", func() { _, _ = s.Show(agreement, false) }},
		{"decision", func() { _, _ = s.Show(decision, false) }},
		{"talk", func() { _, _ = s.Show(talk, false) }},
		{"person", func() { _, _ = s.Show(other, false) }},
		{"first-search", func() { var ix circle.Index; ix.Follow(s.State); ix.May("warm meals 1234") }},
		{"search", func() { s.Search("warm meals 1234", 0) }},
		{"search-many", func() { s.Search("clinic", 20) }},
		{"search-all", func() { s.Search("clinic", 0) }},
		{"calendar", func() { s.Calendar(false) }},
		{"calendar-of-all", func() { s.Calendar(true) }},
		{"mirror", func() { s.Mirror() }},
		{"digest", func() { s.Digest() }},
		{"interrupts", func() { s.State.Interrupts(s.Env) }},
		{"charter", func() { s.Charter() }},
		{"pod", func() { s.Pod() }},
		{"groups", func() { s.Groups() }},
		{"own", func() {
			s.Ceiling()
			s.Reflections()
			s.Followed()
			s.Remind()
			s.Distances()
			_, _ = s.PairNotes(other)
		}},
		{"asked", func() { s.Asked(s.Env.Members[1]) }},
		{"handover", func() { s.Handover() }},
		{"readers", func() { _, _ = s.Faces([]string{"circle"}) }},
	} {
		b.Run(look.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				look.read()
			}
		})
	}
}

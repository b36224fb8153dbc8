package circle_test

import (
	"slices"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership/membertest"
)

// TestOffersAskWhetherTheyAreStillSo: an offer of which nobody says anything stays where
// it is, and asks its owner; a word of theirs is enough for a while.
func TestOffersAskWhetherTheyAreStillSo(t *testing.T) {
	w := newWorld(t, "Ann", "Bea")
	ann, bea := w.homes["Ann"], w.homes["Bea"]
	bread := ann.do("offer", "text", "Bread")
	drive := ann.do("offer", "text", "A lift to the market", "when", "2026-12-03")
	need := ann.do("ask", "text", "Soup")
	want := func(day string, stale ...crdt.ID) {
		t.Helper()
		for _, h := range []*home{ann, bea} {
			for _, id := range []crdt.ID{bread, drive, need} {
				if got := h.post(id).Stale; got != slices.Contains(stale, id) {
					t.Errorf("%s, %s reads stale = %v of %q", day, h.name, got, h.post(id).Title)
				}
			}
			if got := len(h.state.Posts(h.env(), circle.Filter{Offers: true, All: true})); got != 2 {
				t.Errorf("%s, %s has %d offers, want both", day, h.name, got)
			}
		}
	}
	w.meet()
	want("at once")
	w.pass(4)
	want("after its date", drive)
	ann.do("still-true", "id", drive.Short())
	w.meet()
	want("after her word")
	w.pass(58)
	want("two months on", bread)
	bea.refuses(circle.Kept, "still-true", "id", bread.Short())
	ann.do("still-true", "id", bread.Short())
	ann.do("edit", "id", drive.Short(), "details", "on Saturdays")
	w.meet()
	want("after her words")
	w.pass(61)
	ann.do("rest", "id", bread.Short())
	w.meet()
	want("resting asks nothing", drive)
}

// TestALoanIsAskedAboutOnce: what was lent until a day is asked about after it, to its
// keeper alone; home again, it is there for the next, and longer is a new text.
func TestALoanIsAskedAboutOnce(t *testing.T) {
	for _, tt := range []struct {
		choice int
		want   string
	}{{0, circle.StateDone}, {1, circle.StateProposed}} {
		w := newWorld(t, "Ann", "Bea", "Cem")
		ann, bea, cem := w.homes["Ann"], w.homes["Bea"], w.homes["Cem"]
		drill := ann.do("offer", "text", "A drill to borrow")
		w.meet()
		loan := bea.do("yes", "id", drill.Short(), "when", "2026-12-01/2026-12-05")
		w.meet()
		ann.do("yes", "id", loan.Short())
		w.meet()
		w.pass(5)
		ann.wantLooks()
		w.pass(1)
		bea.wantState(loan, circle.StatePassed)
		cem.refuses(circle.Kept, "yes", "id", drill.Short()) // it is not home yet
		bea.wantLooks()
		cem.wantLooks()
		ann.wantLooks(circle.LookHomeAgain)
		ann.settle(tt.choice)
		ann.wantLooks()
		w.meet()
		bea.wantState(loan, tt.want)
		if tt.choice == 1 {
			bea.wantLooks(circle.LookTermsMoved)
			bea.settle(0)
			w.meet()
			ann.wantState(loan, circle.StateAgreed)
			continue
		}
		cem.do("yes", "id", drill.Short())
	}
}

// TestWhatGoesOnIsLookedAtAgain: an agreement without a date, or one whose people named a
// day, comes up again then to those in it. Nothing ends by that, and nobody is asked for
// a new yes.
func TestWhatGoesOnIsLookedAtAgain(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Cem")
	ann, bea, cem := w.homes["Ann"], w.homes["Bea"], w.homes["Cem"]
	need := ann.do("ask", "text", "Somebody to walk the dog now and then")
	w.meet()
	walk := bea.do("yes", "id", need.Short())
	w.meet()
	if got := ann.agreement(walk).ReviewOn; got != "2027-02-28" {
		t.Errorf("it is looked at again on %q, want ninety days on", got)
	}
	bea.do("change", "id", walk.Short(), "review", "2027-01-15")
	bea.again("change", "id", walk.Short(), "review", "2027-01-15")
	cem.refuses(circle.Kept, "change", "id", walk.Short(), "review", "2027-01-15")
	bea.refuses(circle.Usage, "change", "id", walk.Short(), "review", "soonish")
	w.meet()
	ann.wantState(walk, circle.StateAgreed)
	w.pass(45)
	ann.wantLooks()
	w.pass(1)
	cem.wantLooks()
	bea.wantLooks(circle.LookReviewDue)
	ann.wantLooks(circle.LookReviewDue)
	ann.wantState(walk, circle.StateAgreed)
	ann.settle(0) // it suits as it is
	w.meet()
	ann.wantLooks()
	bea.wantLooks()
	w.pass(90)
	bea.wantLooks(circle.LookReviewDue)
	bea.settle(2) // she gives it back
	w.meet()
	ann.wantLooks()
	ann.wantState(walk, circle.StateReleased)
}

// TestSomeoneToTalkTo: it goes to those who are open to listening now, else to my pod,
// else to the circle; it is tender; and whom I name is whom I ask.
func TestSomeoneToTalkTo(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Cem", "Dan")
	ann, bea, cem := w.homes["Ann"], w.homes["Bea"], w.homes["Cem"]
	asked := func(want []crdt.ID, words ...string) circle.Post {
		t.Helper()
		p := ann.post(ann.do("ask", append([]string{"listening", "call", "listening", "sit"}, words...)...))
		slices.SortFunc(want, crdt.ID.Compare)
		if !slices.Equal(p.Audience, want) {
			t.Errorf("%v reads it, want %v", p.Audience, want)
		}
		if !p.Tender || p.Title == "" || p.Fade == 0 {
			t.Errorf("it is %+v, want a tender one with a title", p)
		}
		return p
	}
	asked(nil)
	ann.do("pod", "text", "add", "member", "Cem")
	w.meet()
	cem.do("pod", "text", "yes", "member", "Ann")
	w.meet()
	asked([]crdt.ID{ann.id, cem.id})
	bea.do("listen", "text", "yes")
	w.meet()
	p := asked([]crdt.ID{ann.id, bea.id})
	asked(nil, "to", "circle")
	asked([]crdt.ID{ann.id, cem.id}, "to", "Cem")
	w.meet()
	if _, ok := w.homes["Dan"].state.Post(w.homes["Dan"].env(), p.ID); ok {
		t.Error("Dan reads what was for those who listen")
	}
	bea.do("yes", "id", p.ID.Short())
	w.now = w.now.AddDate(0, 0, 1) // four hours are over
	asked([]crdt.ID{ann.id, cem.id})
}

// TestTenderKinds: what is asked of some kinds is tender unless one says otherwise.
func TestTenderKinds(t *testing.T) {
	w := newWorld(t, "Ann", "Bea")
	ann := w.homes["Ann"]
	for _, tt := range []struct {
		words []string
		want  bool
	}{
		{[]string{"category", "Grief"}, true},
		{[]string{"category", "meals"}, false},
		{[]string{"category", "of our own"}, false},
		{[]string{"category", "money", "tender", "false"}, false},
		{[]string{"tender", "true"}, true},
	} {
		if p := ann.post(ann.do("ask", append([]string{"text", "x"}, tt.words...)...)); p.Tender != tt.want || p.Category != get(tt.words, "category") {
			t.Errorf("%q is %+v, want tender = %v", tt.words, p.Posted, tt.want)
		}
	}
}

func get(words []string, name string) string {
	for i := 0; i+1 < len(words); i += 2 {
		if words[i] == name {
			return words[i+1]
		}
	}
	return ""
}

// TestByTodayIsSaidToBeNoEmergencyLine: a need that is wanted by today says so, and no
// other does.
func TestByTodayIsSaidToBeNoEmergencyLine(t *testing.T) {
	w := newWorld(t, "Ann", "Bea")
	ann := w.homes["Ann"]
	urgent := func(verb string, words ...string) bool {
		t.Helper()
		res, err := ann.try(verb, words...)
		if err != nil {
			t.Fatal(err)
		}
		return res.Urgent
	}
	need := ann.do("ask", "text", "Milk", "by", "2026-12-05")
	for _, tt := range []struct {
		want  bool
		verb  string
		words []string
	}{
		{false, "ask", []string{"text", "Milk"}},
		{false, "ask", []string{"text", "Milk", "by", "tomorrow"}},
		{true, "ask", []string{"text", "Milk", "by", "today"}},
		{false, "offer", []string{"text", "Milk", "by", "today"}},
		{false, "edit", []string{"id", need.Short(), "details", "two"}},
		{true, "edit", []string{"id", need.Short(), "by", "today"}},
	} {
		if got := urgent(tt.verb, tt.words...); got != tt.want {
			t.Errorf("%s %q: urgent = %v", tt.verb, tt.words, got)
		}
	}
}

// TestPlacesKeptForNewcomers: of a rota's places some are kept for who is new here, until
// the day before; two who took them unknown to each other settle it as ever.
func TestPlacesKeptForNewcomers(t *testing.T) {
	c, people := membertest.Grown(4)
	fresh := c.Join(people[0], "fresh")
	names := []string{"Ann", "Bea", "Cem", "Dan", "Eva"}
	w := newWorld(t, names...)
	for i, p := range append(slices.Clone(people), fresh) {
		w.homes[names[i]].id = p.ID
	}
	w.people = c.Set.View()
	ann, bea, cem, eva := w.homes["Ann"], w.homes["Bea"], w.homes["Cem"], w.homes["Eva"]
	ann.refuses(circle.Usage, "ask", "text", "Lunch", "people", "2", "newcomers", "3")
	rota := ann.do("ask", "text", "Cook together", "when", "2026-12-01T18:00", "repeat", "daily x4", "people", "2", "newcomers", "1")
	w.meet()
	if p := bea.post(rota); p.Kept != 1 || p.Slots[0].Kept != 0 || p.Slots[2].Kept != 1 {
		t.Errorf("places kept: %d, on the days %+v; want one from Wednesday on", p.Kept, p.Slots)
	}
	bea.do("yes", "id", rota.Short(), "slot", "2026-12-03T18:00")
	bea.do("yes", "id", rota.Short(), "slot", "2026-12-01T18:00")
	w.meet()
	cem.refuses(circle.Kept, "yes", "id", rota.Short(), "slot", "2026-12-03T18:00")
	cem.do("yes", "id", rota.Short(), "slot", "2026-12-01T18:00") // tomorrow it is anybody's
	if res, err := cem.try("yes", "id", rota.Short(), "every", "all"); err != nil || len(res.IDs) != 2 {
		t.Errorf("yes to all that is open = %+v, %v, want two dates", res, err)
	}
	eva.do("yes", "id", rota.Short(), "slot", "2026-12-03T18:00")
	w.meet()
	if s := ann.post(rota).Slots[2]; len(s.Yes) != 2 || s.Kept != 0 || s.Over {
		t.Errorf("that day is %+v, want both and nothing kept", s)
	}
	bea.refuses(circle.Kept, "edit", "id", rota.Short(), "newcomers", "0")
	if could := bea.state.Today(bea.env()).ICould; len(could) != 0 {
		t.Errorf("Bea could %+v, want nothing: what is open is kept", could)
	}
	ann.do("edit", "id", rota.Short(), "newcomers", "0")
	ann.again("edit", "id", rota.Short(), "newcomers", "0")
	w.meet()
	bea.do("yes", "id", rota.Short(), "slot", "2026-12-04T18:00")

	// Who reads it later reads that as well, whether it was widened or waited for leave.
	few := ann.do("ask", "text", "Sort seeds", "when", "2026-12-07", "people", "2", "newcomers", "1", "to", bea.id.String())
	waits := ann.do("ask", "text", "Meals for Bea", "for", bea.id.String(), "when", "2026-12-08", "people", "2", "newcomers", "2")
	w.meet()
	ann.do("widen", "id", few.Short(), "to", "circle")
	bea.do("yes", "id", waits.Short())
	w.meet()
	for id, want := range map[crdt.ID]int{few: 1, waits: 2} {
		if got := cem.post(id).Kept; got != want {
			t.Errorf("Cem reads %d places kept on %q, want %d", got, cem.post(id).Title, want)
		}
	}
}

// TestLaterReadersKnowOfExtraPlaces: who reads a need only after it was widened finds the
// places that were added before as well as those that are added then, and nobody counts
// one twice.
func TestLaterReadersKnowOfExtraPlaces(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Cem", "Dan")
	ann, bea := w.homes["Ann"], w.homes["Bea"]
	need := ann.do("ask", "text", "Carry boxes", "when", "2026-12-05T10:00", "when", "2026-12-06T10:00",
		"to", bea.id.String(), "to", w.homes["Dan"].id.String())
	w.meet()
	yes := func(n, slot string) { w.homes[n].do("yes", "id", need.Short(), "slot", slot) }
	yes("Bea", "2026-12-05T10:00")
	yes("Dan", "2026-12-05T10:00")
	w.meet()
	ann.do("both", "id", need.Short(), "slot", "2026-12-05T10:00")
	w.meet()
	ann.do("widen", "id", need.Short(), "to", "circle")
	w.meet()
	wanted := func(first, second int) {
		t.Helper()
		for _, n := range w.order {
			slots := w.homes[n].post(need).Slots
			if len(slots) != 2 || slots[0].Wanted != first || slots[1].Wanted != second {
				t.Errorf("%s reads %+v, want %d and %d places", n, slots, first, second)
			}
		}
	}
	wanted(2, 1)
	yes("Bea", "2026-12-06T10:00")
	yes("Cem", "2026-12-06T10:00")
	w.meet()
	ann.do("both", "id", need.Short(), "slot", "2026-12-06T10:00")
	w.meet()
	wanted(2, 2)
}

// TestWhatWasCaredForAsksForNothing: a need whose time is over is no more among what asks
// for its owner once somebody came; one to which nobody came stays, and so does one
// without a date.
func TestWhatWasCaredForAsksForNothing(t *testing.T) {
	w := newWorld(t, "Ann", "Bea")
	ann, bea := w.homes["Ann"], w.homes["Bea"]
	ask := func(words ...string) crdt.ID { return ann.do("ask", append([]string{"text"}, words...)...) }
	came, alone := ask("Soup", "when", "2026-12-01T18:00"), ask("A lift", "when", "2026-12-01T10:00")
	by, whenever := ask("A ladder", "by", "2026-12-01"), ask("Company")
	two := ask("Two evenings", "when", "2026-12-01", "when", "2026-12-06")
	w.meet()
	for _, id := range []crdt.ID{came, by, whenever} {
		bea.do("yes", "id", id.Short())
	}
	bea.do("yes", "id", two.Short(), "slot", "2026-12-01")
	w.meet()
	forMe := func(want ...string) {
		t.Helper()
		got := []string{}
		for _, i := range ann.state.Today(ann.env()).ForMe {
			got = append(got, i.Post.Title)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("for Ann: %q, want %q", got, want)
		}
	}
	forMe("A ladder", "A lift", "Company", "Soup", "Two evenings")
	w.pass(3)
	forMe("A lift", "Company", "Two evenings")
	w.pass(4)
	forMe("A lift", "Company")
	if ann.post(came).Status != "open" || ann.post(alone).Status != "open" {
		t.Error("time closed a need")
	}
}

// TestLateOpeningsReachWhoMayStandIn: a place that is given back the day before its date
// asks those who offer or follow that kind of thing and do not rest; earlier it asks
// nobody but who stands by.
func TestLateOpeningsReachWhoMayStandIn(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Cem", "Dan", "Eva")
	ann, bea := w.homes["Ann"], w.homes["Bea"]
	w.homes["Cem"].do("offer", "text", "I can drive", "category", "lifts")
	w.homes["Dan"].do("offer", "text", "Me too", "category", "Lifts")
	w.homes["Dan"].do("room", "text", "resting")
	need := ann.do("ask", "text", "To the station", "category", "lifts", "when", "2026-12-03T08:00")
	w.meet()
	yes := bea.do("yes", "id", need.Short())
	w.meet()
	follows := w.homes["Eva"].keepAlone(circle.Own{}, "follow", "text", "lifts")
	asked := func(h *home, own circle.Own) bool {
		env := h.env()
		env.Own = own
		return slices.ContainsFunc(h.state.Today(env).ForMe, func(i circle.Item) bool { return i.Post != nil && i.Post.ID == need })
	}
	bea.do("cannot", "id", yes.Short())
	w.meet()
	for _, tt := range []struct {
		now              string
		cem, dan, eva, b bool
	}{{"three days before", false, false, false, false}, {"the day before", true, false, true, false}} {
		if c, d, e, b := asked(w.homes["Cem"], circle.Own{}), asked(w.homes["Dan"], circle.Own{}), asked(w.homes["Eva"], follows), asked(bea, follows); c != tt.cem || d != tt.dan || e != tt.eva || b != tt.b {
			t.Errorf("%s it asks Cem: %v, Dan, who rests: %v, Eva: %v, Bea, who gave it back: %v", tt.now, c, d, e, b)
		}
		w.pass(2)
	}
	w.pass(-2)
	w.homes["Cem"].wantTold(circle.Own{}, []string{"To the station"}, nil, nil)
	told := w.homes["Cem"].keepAlone(circle.Own{}, "digest", "told", "true")
	w.homes["Cem"].wantTold(told, nil, nil, nil)
}

package circle_test

import (
	"slices"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
)

func TestAskYesDoneThanks(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Cem")
	ann, bea, cem := w.homes["Ann"], w.homes["Bea"], w.homes["Cem"]
	need := ann.do("ask", "text", "Dishes", "when", "tomorrow 17:00")
	w.meet()
	if today := bea.state.Today(bea.env()); len(today.ICould) != 1 || today.ICould[0].Post.ID != need {
		t.Fatalf("Bea could %+v, want the need", today.ICould)
	}
	yes := bea.do("yes", "id", need.Short())
	bea.again("yes", "id", need.Short())
	bea.again("yes", "id", yes.Short())
	w.meet()
	ann.wantState(yes, circle.StateAgreed)
	slots := ann.post(need).Slots
	if len(slots) != 1 || slots[0].Slot != "2026-12-01T17:00" || !slices.Equal(slots[0].Yes, []crdt.ID{bea.id}) {
		t.Fatalf("slots = %+v, want one, with Bea's yes", slots)
	}
	if today := cem.state.Today(cem.env()); len(today.ICould) != 0 {
		t.Errorf("Cem could %+v, want nothing: it is covered", today.ICould)
	}
	cem.refuses(circle.Kept, "yes", "id", need.Short())
	ann.refuses(circle.Kept, "yes", "id", need.Short())
	ann.do("place", "id", yes.Short(), "where", "3rd floor", "code", "1234")
	ann.again("place", "id", yes.Short(), "where", "3rd floor")
	bea.do("done", "id", need.Short())
	bea.again("done", "id", yes.Short())
	w.meet()
	cem.wantState(yes, circle.StateDone)
	if got := ann.do("thank", "id", yes.Short(), "text", "That was kind."); got != yes {
		t.Errorf("thank prints %s, want the agreement", got.Short())
	}
	w.meet()
	if got := bea.state.Notes(yes); len(got) != 1 || got[0].Kind != circle.NoteThanks {
		t.Errorf("Bea's notes = %+v, want the thanks", got)
	}
	if got := cem.state.Notes(yes); len(got) != 0 {
		t.Errorf("Cem reads %+v, want nothing", got)
	}
	if p := bea.agreement(yes).Place; p == nil || p.Code != "1234" || p.Where != "3rd floor" {
		t.Errorf("Bea's place = %+v, want what Ann said", p)
	}
	if p := cem.agreement(yes).Place; p != nil {
		t.Errorf("Cem's place = %+v, want none", p)
	}
	ann.do("met", "id", need.Short())
	ann.again("met", "id", need.Short())
	w.meet()
	if got := bea.post(need).Status; got != "met" {
		t.Errorf("status = %s, want met", got)
	}
}

func TestTwoYesesForOnePlace(t *testing.T) {
	for _, tt := range []struct {
		name   string
		settle func(w *world)
		yes    int
	}{
		{"both come", func(w *world) { w.homes["Ann"].settle(0) }, 2},
		{"one steps back", func(w *world) { w.homes["Bea"].settle(1) }, 1},
		{"one takes another slot", func(w *world) { w.homes["Bea"].settle(0) }, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, "Ann", "Bea", "Cem", "Dan")
			need := w.homes["Ann"].do("ask", "text", "Dishes", "when", "2026-12-01T17:00", "when", "2026-12-02T17:00")
			w.meet()
			for _, n := range []string{"Bea", "Cem"} {
				w.homes[n].do("yes", "id", need.Short(), "slot", "2026-12-01T17:00")
			}
			w.meet()
			if s := w.homes["Dan"].post(need).Slots[0]; !s.Over || len(s.Yes) != 2 {
				t.Errorf("slot = %+v, want two yeses, over", s)
			}
			w.homes["Dan"].wantLooks()
			for _, n := range []string{"Ann", "Bea", "Cem"} {
				w.homes[n].wantLooks(circle.LookTwoYeses)
			}
			tt.settle(w)
			w.meet()
			for _, n := range w.order {
				w.homes[n].wantLooks()
			}
			if s := w.homes["Ann"].post(need).Slots[0]; s.Over || len(s.Yes) != tt.yes {
				t.Errorf("slot = %+v, want %d yeses, not over", s, tt.yes)
			}
		})
	}
	t.Run("extra hands are welcome", func(t *testing.T) {
		w := newWorld(t, "Ann", "Bea", "Cem")
		need := w.homes["Ann"].do("ask", "text", "Move a sofa", "extra_ok", "true")
		w.meet()
		w.homes["Bea"].do("yes", "id", need.Short())
		w.homes["Cem"].do("yes", "id", need.Short())
		w.meet()
		w.homes["Ann"].wantLooks()
	})
}

func TestTermsMovedAfterMyYes(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Cem")
	ann, bea := w.homes["Ann"], w.homes["Bea"]
	need := ann.do("ask", "text", "Soup", "area", "Hill Street")
	w.meet()
	ann.do("edit", "id", need.Short(), "area", "Mill Lane") // Bea is away meanwhile
	yes := bea.do("yes", "id", need.Short())
	w.meet()
	ann.wantState(yes, circle.StateProposed)
	ann.wantLooks()
	w.homes["Cem"].wantLooks()
	bea.wantLooks(circle.LookTermsMoved)
	bea.settle(0)
	w.meet()
	bea.wantLooks()
	ann.wantState(yes, circle.StateAgreed)
	if a := ann.agreement(yes); a.Terms.Area != "Mill Lane" || len(a.Texts) != 2 {
		t.Errorf("agreement = %+v, want the new area, two texts", a)
	}
	ann.do("edit", "id", need.Short(), "details", "no onions please")
	w.meet()
	ann.wantState(yes, circle.StateAgreed) // details ask nobody again
}

func TestTheEditTookTheSlotAway(t *testing.T) {
	w := newWorld(t, "Ann", "Bea")
	ann, bea := w.homes["Ann"], w.homes["Bea"]
	need := ann.do("ask", "text", "Soup", "when", "2026-12-01T18:00")
	w.meet()
	ann.do("edit", "id", need.Short(), "when", "2026-12-02T18:00")
	old := bea.do("yes", "id", need.Short())
	w.meet()
	bea.wantLooks(circle.LookTermsMoved)
	bea.settle(0) // "I come on Wednesday instead"
	w.meet()
	bea.wantLooks()
	ann.wantLooks()
	ann.wantState(old, circle.StateReleased)
	if s := ann.post(need).Slots; len(s) != 1 || !slices.Equal(s[0].Yes, []crdt.ID{bea.id}) {
		t.Errorf("slots = %+v, want Wednesday with Bea", s)
	}
}

func TestDoneAndCannotCrossed(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Cem")
	ann, bea := w.homes["Ann"], w.homes["Bea"]
	need := ann.do("ask", "text", "Lift")
	w.meet()
	yes := bea.do("yes", "id", need.Short())
	w.meet()
	ann.do("done", "id", yes.Short())
	bea.do("cannot", "id", yes.Short())
	w.meet()
	ann.wantLooks(circle.LookCrossed)
	bea.wantLooks(circle.LookCrossed)
	w.homes["Cem"].wantLooks()
	bea.settle(0) // it happened
	w.meet()
	ann.wantLooks()
	bea.do("done", "id", yes.Short(), "not", "true")
	w.meet()
	ann.wantState(yes, circle.StateReleased)
	ann.refuses(circle.Kept, "retract", "id", yes.Short())
}

func TestDoneIsTakenBackAndDoubted(t *testing.T) {
	w := newWorld(t, "Ann", "Bea")
	ann, bea := w.homes["Ann"], w.homes["Bea"]
	need := ann.do("ask", "text", "Lift")
	w.meet()
	yes := bea.do("yes", "id", need.Short())
	bea.do("done", "id", yes.Short())
	bea.do("done", "id", yes.Short(), "not", "true") // one's own mark is taken back
	bea.again("done", "id", yes.Short(), "not", "true")
	w.meet()
	ann.wantState(yes, circle.StateAgreed)
	bea.do("done", "id", yes.Short())
	w.meet()
	ann.do("done", "id", yes.Short(), "not", "true") // another's stays beside it
	w.meet()
	bea.wantState(yes, circle.StateAgreed)
	ann.do("done", "id", yes.Short())
	w.meet()
	bea.wantState(yes, circle.StateDone)
}

func TestNeedClosedWhileISaidYes(t *testing.T) {
	for _, tt := range []struct {
		choice int
		want   string
	}{{0, circle.StateAgreed}, {1, circle.StateReleased}} {
		w := newWorld(t, "Ann", "Bea")
		ann, bea := w.homes["Ann"], w.homes["Bea"]
		need := ann.do("ask", "text", "Lift", "when", "2026-12-04")
		w.meet()
		yes := bea.do("yes", "id", need.Short())
		ann.do("met", "id", need.Short())
		w.meet()
		ann.wantLooks()
		bea.wantLooks(circle.LookClosedMeanwhile)
		bea.settle(tt.choice)
		w.meet()
		bea.wantLooks()
		ann.wantState(yes, tt.want)
	}
}

func TestTwoTextsAtOnce(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Cem")
	ann, bea := w.homes["Ann"], w.homes["Bea"]
	need := ann.do("ask", "text", "Walk", "when", "2026-12-04T10:00")
	w.meet()
	yes := bea.do("yes", "id", need.Short())
	w.meet()
	bea.do("change", "id", yes.Short(), "area", "the park")
	ann.do("change", "id", yes.Short(), "area", "the river")
	w.meet()
	ann.wantLooks(circle.LookTwoTexts)
	bea.wantLooks(circle.LookTwoTexts)
	w.homes["Cem"].wantLooks()
	ann.wantState(yes, circle.StateProposed)
	ann.settle(0) // Bea's text
	w.meet()
	ann.wantLooks()
	bea.wantState(yes, circle.StateAgreed) // Bea stands by her own words
	if got := bea.agreement(yes).Terms.Area; got != "the park" {
		t.Errorf("area = %q, want the park", got)
	}
}

func TestChangedTermsAskAgain(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Cem")
	ann, bea, cem := w.homes["Ann"], w.homes["Bea"], w.homes["Cem"]
	need := ann.do("ask", "text", "Walk", "when", "2026-12-04T10:00")
	w.meet()
	yes := bea.do("yes", "id", need.Short())
	w.meet()
	bea.do("change", "id", yes.Short(), "when", "2026-12-04T11:00", "with", "Cem")
	bea.again("change", "id", yes.Short(), "when", "2026-12-04T11:00")
	w.meet()
	ann.wantLooks(circle.LookTermsMoved)
	ann.do("yes", "id", yes.Short())
	w.meet()
	cem.wantState(yes, circle.StateProposed)
	cem.do("yes", "id", yes.Short())
	w.meet()
	ann.wantState(yes, circle.StateAgreed)
	if a := ann.agreement(yes); len(a.Parties) != 3 || a.Terms.When != "2026-12-04T11:00" {
		t.Errorf("agreement = %+v, want three parties at eleven", a)
	}
}

// A change within a day of the date is one that the others should hear soon.
func TestWhoShouldHearSoon(t *testing.T) {
	for _, tt := range []struct {
		when string
		want int
	}{{"2026-12-01T08:59", 1}, {"2026-12-01T09:00", 0}, {"2026-12-09", 0}} {
		w := newWorld(t, "Ann", "Bea")
		need := w.homes["Ann"].do("ask", "text", "Lift", "when", tt.when)
		w.meet()
		yes := w.homes["Bea"].do("yes", "id", need.Short())
		if res, err := w.homes["Bea"].try("change", "id", yes.Short(), "area", "the station"); err != nil || len(res.Tell) != tt.want {
			t.Errorf("change before %s = %+v, %v, want %d to tell", tt.when, res, err, tt.want)
		}
	}
}

func TestReleasedAndTakenUpAgain(t *testing.T) {
	w := newWorld(t, "Ann", "Bea")
	ann, bea := w.homes["Ann"], w.homes["Bea"]
	need := ann.do("ask", "text", "Walk the dog", "repeat", "daily x5", "when", "2026-12-01")
	w.meet()
	p := bea.refuses(circle.NotFound, "yes", "id", need.Short())
	if hint(p) == "" {
		t.Errorf("no hint with the open dates")
	}
	res, err := bea.try("yes", "id", need.Short(), "every", "all")
	if err != nil || len(res.IDs) != 5 {
		t.Fatalf("yes --every = %+v, %v, want five ids", res, err)
	}
	bea.again("yes", "id", need.Short(), "every", "all")
	bea.refuses(circle.NotFound, "cannot", "id", need.Short())
	bea.do("cannot", "id", need.Short(), "slot", "2026-12-03")
	bea.again("cannot", "id", need.Short(), "slot", "2026-12-03")
	w.meet()
	ann.wantState(res.IDs[2], circle.StateReleased)
	if got := bea.do("yes", "id", need.Short(), "slot", "2026-12-03"); got != res.IDs[2] {
		t.Errorf("a second yes made %s, want the same agreement", got.Short())
	}
	w.meet()
	ann.wantState(res.IDs[2], circle.StateAgreed)
	if res, err := bea.try("cannot", "id", need.Short(), "every", "true"); err != nil || len(res.IDs) != 5 || len(res.Tell) != 1 {
		t.Errorf("cannot --every = %+v, %v, want five and Ann to tell", res, err)
	}
}

func TestAskFirstAndOwnTerms(t *testing.T) {
	w := newWorld(t, "Ann", "Bea")
	ann, bea := w.homes["Ann"], w.homes["Bea"]
	offer := ann.do("offer", "text", "A drill to borrow", "sign_up", "ask-first")
	w.meet()
	yes := bea.do("yes", "id", offer.Short(), "when", "2026-12-01/2026-12-05")
	w.meet()
	ann.wantState(yes, circle.StateProposed)
	if fm := ann.state.Today(ann.env()).ForMe; len(fm) != 2 {
		t.Errorf("for Ann: %+v, want her offer and the question", fm)
	}
	if got := ann.do("yes", "id", offer.Short()); got != yes {
		t.Errorf("a yes to what was proposed prints %s, want the agreement", got.Short())
	}
	ann.refuses(circle.Kept, "yes", "id", offer.Short())
	w.meet()
	bea.wantState(yes, circle.StateAgreed)
	bea.do("done", "id", yes.Short())
	w.meet()
	if s := ann.post(offer).Slots; len(s) != 1 || len(s[0].Yes) != 0 {
		t.Errorf("slots = %+v, want the drill free again", s)
	}
	if next := bea.do("yes", "id", offer.Short()); next == yes {
		t.Errorf("a new loan is the old agreement")
	}
}

func TestNotNowStaysBetweenTheTwo(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Cem")
	ann, bea, cem := w.homes["Ann"], w.homes["Bea"], w.homes["Cem"]
	need := ann.do("ask", "text", "Lift")
	w.meet()
	if got := bea.do("not-now", "id", need.Short()); got != need {
		t.Errorf("not-now prints %s, want the post", got.Short())
	}
	bea.again("not-now", "id", need.Short())
	w.meet()
	if got := ann.post(need).NotNow; !slices.Equal(got, []crdt.ID{bea.id}) {
		t.Errorf("Ann reads %v, want Bea", got)
	}
	if got := cem.post(need).NotNow; got != nil {
		t.Errorf("Cem reads %v, want nothing", got)
	}
	if got := bea.state.Today(bea.env()).ICould; len(got) != 0 {
		t.Errorf("Bea is asked again: %+v", got)
	}
	clock := w.clock
	if a, b := ann.state.Digest(clock), cem.state.Digest(clock); a != b {
		t.Errorf("digests differ by what only two may read")
	}
	bea.do("yes", "id", need.Short())
}

func TestMayIAndOpening(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Cem")
	ann, bea, cem := w.homes["Ann"], w.homes["Bea"], w.homes["Cem"]
	ask := ann.do("may-i", "member", "bea", "text", "bring you soup", "when", "2026-12-03T18:00")
	w.meet()
	if _, ok := cem.state.Agreement(cem.env(), ask); ok {
		t.Fatalf("Cem reads what is between two")
	}
	bea.do("room", "text", "resting", "until", "2026-12-06")
	w.meet()
	ann.wantLooks(circle.LookRestingMeanwhile)
	bea.wantLooks()
	bea.do("yes", "id", ask.Short())
	w.meet()
	ann.wantState(ask, circle.StateAgreed)
	ann.wantLooks()
	ann.do("widen", "id", ask.Short(), "to", "circle")
	ann.again("widen", "id", ask.Short(), "to", "circle")
	w.meet()
	if _, ok := cem.state.Agreement(cem.env(), ask); ok {
		t.Fatalf("one of two opened it")
	}
	bea.do("widen", "id", ask.Short(), "to", "circle")
	bea.again("widen", "id", ask.Short(), "to", "circle")
	w.meet()
	if _, ok := cem.state.Agreement(cem.env(), ask); ok {
		t.Fatalf("Bea speaks for Ann")
	}
	ann.wantLooks(circle.LookOpenedToo)
	bea.wantLooks()
	ann.settle(0)
	ann.again("widen", "id", ask.Short(), "to", "circle")
	ann.wantLooks()
	w.meet()
	cem.wantState(ask, circle.StateAgreed)
	if a := cem.agreement(ask); len(a.Parties) != 2 || a.Terms.What != "bring you soup" {
		t.Errorf("Cem reads %+v, want the two and the soup", a)
	}
	other := ann.do("may-i", "member", "Cem", "text", "water your plants")
	w.meet()
	cem.do("not-now", "id", other.Short())
	w.meet()
	ann.wantState(other, circle.StateLapsed)
}

func TestForSomebodyElse(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Cem")
	ann, bea, cem := w.homes["Ann"], w.homes["Bea"], w.homes["Cem"]
	need := ann.do("ask", "text", "Meals for Bea", "for", "Bea")
	w.meet()
	if _, ok := cem.state.Post(cem.env(), need); ok {
		t.Fatalf("Cem reads a waiting need")
	}
	if got := bea.post(need).Status; got != "waiting" {
		t.Fatalf("status = %s, want waiting", got)
	}
	bea.do("yes", "id", need.Short())
	w.meet()
	for _, h := range []*home{ann, bea, cem} {
		by := ann.id
		if h == cem {
			by = bea.id // what Cem reads is what she gave to the circle
		}
		if p := h.post(need); p.Status != "open" || p.Author != by || p.Owner != bea.id || p.Audience != nil {
			t.Errorf("%s reads %+v, want it open to the circle", h.name, p)
		}
	}
	yes := cem.do("yes", "id", need.Short())
	w.meet()
	bea.wantState(yes, circle.StateAgreed)
	ann.do("edit", "id", need.Short(), "people", "2")
	w.meet()
	if got := cem.post(need).People; got != 2 {
		t.Errorf("Cem reads %d people, want Ann's edit", got)
	}
	later := ann.do("ask", "text", "Lift for Bea", "for", "Bea")
	w.meet()
	bea.do("not-now", "id", later.Short())
	w.meet()
	if got := ann.post(later).Status; got != "withdrawn" {
		t.Errorf("status = %s, want withdrawn", got)
	}
}

func TestWiden(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Cem")
	ann, bea, cem := w.homes["Ann"], w.homes["Bea"], w.homes["Cem"]
	need := ann.do("ask", "text", "Hospital on Friday", "details", "the long story", "to", "Bea")
	w.meet()
	ann.do("note", "id", need.Short(), "text", "only for Bea")
	bea.refuses(circle.Kept, "widen", "id", need.Short(), "to", "circle")
	ann.do("widen", "id", need.Short(), "to", "circle", "text", "A lift on Friday", "details", "")
	ann.again("widen", "id", need.Short(), "to", "circle")
	w.meet()
	if p := cem.post(need); p.Title != "A lift on Friday" || p.Details != "" || p.Author != ann.id {
		t.Errorf("Cem reads %+v, want the text for the circle", p)
	}
	if p := bea.post(need); p.Title != "Hospital on Friday" {
		t.Errorf("Bea reads %q, want the first text", p.Title)
	}
	if n := cem.state.Notes(need); len(n) != 0 {
		t.Errorf("Cem reads %+v, want no earlier notes", n)
	}
	if c := w.clock; ann.state.Digest(c) != cem.state.Digest(c) {
		t.Errorf("digests differ by what only two may read")
	}
}

// TestAYesToAWidenedTextIsAgreed: whoever was let in later says yes to what they were
// told, and the asker, who told them so, has said it too; until the asker changes it.
func TestAYesToAWidenedTextIsAgreed(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Cem")
	ann, bea, cem := w.homes["Ann"], w.homes["Bea"], w.homes["Cem"]
	need := ann.do("ask", "text", "Hospital on Friday", "to", "Bea")
	w.meet()
	ann.do("widen", "id", need.Short(), "to", "circle", "text", "A lift on Friday")
	w.meet()
	yes := cem.do("yes", "id", need.Short())
	w.meet()
	for name, h := range w.homes {
		if got := h.agreement(yes).State; got != circle.StateAgreed {
			t.Errorf("%s sees %s, want agreed", name, got)
		}
	}
	ann.do("edit", "id", need.Short(), "text", "A lift on Saturday")
	w.meet()
	for _, h := range []*home{ann, bea, cem} {
		if got := h.agreement(yes).State; got != circle.StateProposed {
			t.Errorf("after another text: %s, want proposed", got)
		}
	}
	other := bea.do("yes", "id", need.Short())
	cem.do("yes", "id", yes.Short())
	w.meet()
	for _, id := range []crdt.ID{yes, other} {
		if got := ann.agreement(id).State; got != circle.StateAgreed {
			t.Errorf("to the other text: %s, want agreed", got)
		}
	}
}

func TestNotesAndRetraction(t *testing.T) {
	w := newWorld(t, "Ann", "Bea")
	ann, bea := w.homes["Ann"], w.homes["Bea"]
	need := ann.do("ask", "text", "Lift")
	w.meet()
	note := bea.do("note", "id", need.Short(), "text", "I know the way")
	w.meet()
	ann.refuses(circle.Kept, "retract", "id", note.Short())
	bea.do("retract", "id", note.Short())
	w.meet()
	if got := ann.state.Notes(need); len(got) != 0 {
		t.Errorf("notes = %+v, want none", got)
	}
	bea.again("retract", "id", note.Short())
	ann.do("retract", "id", need.Short())
	w.meet()
	if _, ok := bea.state.Post(bea.env(), need); ok {
		t.Errorf("Bea still reads the need")
	}
}

func TestOthersRecordsAreTheirs(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Cem")
	ann, bea, cem := w.homes["Ann"], w.homes["Bea"], w.homes["Cem"]
	need := ann.do("ask", "text", "Lift")
	w.meet()
	yes := bea.do("yes", "id", need.Short())
	w.meet()
	for _, words := range [][]string{
		{"edit", "id", need.Short(), "text", "x"}, {"met", "id", need.Short()}, {"both", "id", need.Short()},
		{"done", "id", yes.Short()}, {"cannot", "id", yes.Short()}, {"change", "id", yes.Short(), "what", "x"},
		{"place", "id", yes.Short(), "where", "x"}, {"retract", "id", need.Short()},
	} {
		cem.refuses(circle.Kept, words[0], words[1:]...)
	}
	// A home that writes them all the same changes nothing that anybody reads.
	before, next := ann.agreement(yes), ann.state.Fork()
	for i, b := range []circle.Body{
		circle.PostStatusSet{Post: need, Status: circle.StatusMet},
		circle.WordGiven{On: yes, Rev: before.Rev, Value: circle.WordReleased},
		circle.TermsChanged{Accord: yes, Terms: circle.Terms{What: "x"}, Parents: []circle.Rev{before.Rev}},
		circle.MarkAdded{On: yes, What: circle.MarkedDone},
		circle.AgreementPlace{Agreement: yes, Where: "x"},
		circle.MemberSectionSet{Member: ann.id, Section: "name", Values: []string{"x"}},
		circle.Retracted{Op: need},
	} {
		next.Apply(circle.Change{Meta: circle.Meta{ID: crdt.ID{byte(i), 1}, Author: cem.id, HLC: w.clock + 99}, Body: b})
	}
	ann.state = next
	if got := ann.agreement(yes); got.State != before.State || got.Rev != before.Rev || got.Place != nil {
		t.Errorf("agreement = %+v, want %+v", got, before)
	}
	if p := ann.post(need); p.Status != "open" || ann.state.Name(ann.id) != "Ann" {
		t.Errorf("post = %+v, name %q, want nothing changed", p, ann.state.Name(ann.id))
	}
}

func TestTwoOwnDevices(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Bea's phone")
	w.homes["Bea's phone"].id = w.homes["Bea"].id
	w.order = []string{"Ann", "Bea", "Bea's phone"}
	ann, bea, phone := w.homes["Ann"], w.homes["Bea"], w.homes["Bea's phone"]
	need := ann.do("ask", "text", "Lift", "when", "2026-12-03")
	w.meet()
	yes := bea.do("yes", "id", need.Short())
	w.meet()
	phone.do("cannot", "id", yes.Short())
	bea.do("note", "id", yes.Short(), "text", "on my way")
	bea.do("cannot", "id", yes.Short())
	bea.do("yes", "id", yes.Short())
	w.meet()
	ann.wantState(yes, circle.StateReleased) // the careful word counts
	ann.wantLooks()
	bea.wantLooks(circle.LookOwnTwo)
	phone.settle(0)
	w.meet()
	bea.wantLooks()
	ann.wantState(yes, circle.StateAgreed)
}

func TestMyYesesOverlap(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Cem")
	a := w.homes["Ann"].do("ask", "text", "Lift", "when", "2026-12-03T10:00/12:00")
	c := w.homes["Cem"].do("ask", "text", "Shopping", "when", "2026-12-03T11:00")
	w.meet()
	bea := w.homes["Bea"]
	bea.do("yes", "id", a.Short())
	bea.do("yes", "id", c.Short())
	w.meet()
	bea.wantLooks(circle.LookOwnTwo)
	w.homes["Ann"].wantLooks()
	bea.settle(1)
	bea.wantLooks()
}

// TestWhatOthersDoMeanwhileIsNoOverlap: somebody waters Ann's plants while she is at
// Cem's, and two come to her at once.
func TestWhatOthersDoMeanwhileIsNoOverlap(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Cem")
	ann, bea, cem := w.homes["Ann"], w.homes["Bea"], w.homes["Cem"]
	plants := ann.do("ask", "text", "Water the plants", "when", "2026-12-03T10:00/12:00")
	cat := ann.do("ask", "text", "Feed the cat", "when", "2026-12-03T10:00/11:00")
	help := cem.do("ask", "text", "Carry a shelf", "when", "2026-12-03T11:00")
	w.meet()
	bea.do("yes", "id", plants.Short())
	cem.do("yes", "id", cat.Short())
	ann.do("yes", "id", help.Short())
	w.meet()
	for _, n := range w.order {
		w.homes[n].wantLooks()
	}
}

func TestPassedAndLapsed(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Cem")
	need := w.homes["Ann"].do("ask", "text", "Lift", "when", "tomorrow 10:00")
	other := w.homes["Ann"].do("ask", "text", "Lift", "when", "tomorrow", "sign_up", "ask-first")
	w.meet()
	yes := w.homes["Bea"].do("yes", "id", need.Short())
	maybe := w.homes["Bea"].do("yes", "id", other.Short())
	w.meet()
	w.now = w.now.AddDate(0, 0, 3)
	w.homes["Ann"].wantState(yes, circle.StatePassed)
	w.homes["Ann"].wantState(maybe, circle.StateLapsed)
	w.homes["Cem"].refuses(circle.Kept, "yes", "id", need.Short())
}

func TestFading(t *testing.T) {
	w := newWorld(t, "Ann", "Bea")
	ann := w.homes["Ann"]
	before := ann.state.Digest(w.clock)
	need := ann.do("ask", "text", "A hard week", "tender", "true")
	ann.do("withdraw", "id", need.Short())
	if ann.state.Digest(w.clock) == before {
		t.Fatalf("the need is not in the digest")
	}
	if got := ann.post(need).FadesOn; got != "2026-12-30" {
		t.Errorf("fades on %q, want 30 days on", got)
	}
	w.now = w.now.AddDate(0, 0, 31)
	if got := ann.state.Digest(crdt.At(w.now.UnixMilli())); got != before {
		t.Errorf("the need is in the digest after it faded")
	}
	if got := ann.state.Posts(ann.env(), circle.Filter{All: true}); len(got) != 0 {
		t.Errorf("posts = %+v, want none", got)
	}
}

func TestListsWeekMapSearch(t *testing.T) {
	w := newWorld(t, "Ann", "Bea")
	ann, bea := w.homes["Ann"], w.homes["Bea"]
	need := ann.do("ask", "text", "Dishes", "category", "House", "when", "tomorrow 17:00")
	ann.do("ask", "text", "A hard day", "when", "wed", "tender", "true")
	offer := bea.do("offer", "text", "Fresh bread", "category", "Meals", "area", "Mill Lane")
	w.meet()
	yes := bea.do("yes", "id", need.Short())
	w.meet()
	env := ann.env()
	for _, tt := range []struct {
		name string
		f    circle.Filter
		want int
	}{
		{"alive", circle.Filter{}, 3}, {"needs", circle.Filter{Needs: true}, 2}, {"mine", circle.Filter{Mine: true}, 2},
		{"category", circle.Filter{Category: "meals"}, 1}, {"text", circle.Filter{Text: "mill BREAD"}, 1}, {"listening", circle.Filter{Listening: true}, 0},
	} {
		if got := ann.state.Posts(env, tt.f); len(got) != tt.want {
			t.Errorf("%s: %d posts, want %d", tt.name, len(got), tt.want)
		}
	}
	week := ann.state.Week(env)
	if len(week) != 7 || len(week[1].Entries) != 1 || week[1].Entries[0].Post != need || len(week[1].Entries[0].Yes) != 1 {
		t.Errorf("week = %+v, want the dishes tomorrow", week)
	}
	if e := week[2].Entries[0]; e.What != "" || !e.Tender {
		t.Errorf("week shows %q of a tender post", week[2].Entries[0].What)
	}
	if m := ann.state.Map(env); len(m) != 3 || m[2].Category != "Meals" || m[2].Offers[0].ID != offer {
		t.Errorf("map = %+v, want three categories, bread last", m)
	}
	if got := ann.state.Search(env, "dish"); len(got) != 2 || got[0].Post.ID != need || got[1].Agreement.ID != yes {
		t.Errorf("search = %+v, want the need and the agreement", got)
	}
	if got := ann.state.Search(env, "bea"); len(got) != 1 || got[0].Member != bea.id {
		t.Errorf("search = %+v, want Bea", got)
	}
	bea.do("room", "text", "resting")
	w.meet()
	if got := ann.post(offer).Status; got != "resting" {
		t.Errorf("offer of a resting author is %s", got)
	}
}

func TestSectionsOfMyPage(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Cem")
	ann, bea, cem := w.homes["Ann"], w.homes["Bea"], w.homes["Cem"]
	ann.again("me", "name", "Ann")
	ann.do("me", "contact", "call 0123", "to", "Bea")
	ann.do("card", "text", "lands", "text", "tea")
	ann.do("room", "text", "little", "until", "2026-12-02")
	ann.do("listen", "text", "yes")
	w.meet()
	if s, ok := bea.state.Section(ann.id, circle.SectionContact); !ok || s.Values[0] != "call 0123" {
		t.Errorf("Bea reads %+v, want the phone", s)
	}
	if _, ok := cem.state.Section(ann.id, circle.SectionContact); ok {
		t.Errorf("Cem reads the phone")
	}
	if got := cem.state.Card(ann.id); got["lands"] != "tea" {
		t.Errorf("card = %v, want tea", got)
	}
	if level, _, ok := cem.state.Room(ann.id, w.now); !ok || level != circle.RoomLittle {
		t.Errorf("room = %q, %v, want little", level, ok)
	}
	if _, _, ok := cem.state.Room(ann.id, w.now.AddDate(0, 0, 5)); ok {
		t.Errorf("room is still said after its time")
	}
	if until, ok := cem.state.Listening(ann.id, w.now); !ok || until != "2026-11-30T13:00" {
		t.Errorf("listening until %q, %v, want four hours", until, ok)
	}
	ann.do("me", "contact", "call 0123", "to", "Cem")
	w.meet()
	if _, ok := bea.state.Section(ann.id, circle.SectionContact); ok {
		t.Errorf("Bea still reads the phone after its audience changed")
	}
	ann.do("card", "text", "lands", "text", "")
	w.meet()
	if got := cem.state.Card(ann.id); len(got) != 0 {
		t.Errorf("card = %v, want none", got)
	}
}

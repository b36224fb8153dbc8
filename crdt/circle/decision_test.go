package circle_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
)

func (h *home) decision(id crdt.ID) circle.Decision {
	h.w.t.Helper()
	d, ok := h.state.Decision(h.env(), id)
	if !ok {
		h.w.t.Fatalf("%s has no decision %s", h.name, id.Short())
	}
	return d
}

func (h *home) wantDecision(id crdt.ID, want string) {
	h.w.t.Helper()
	if got := h.decision(id); got.State != want {
		h.w.t.Errorf("%s reads decision %s as %s, want %s: %+v", h.name, id.Short(), got.State, want, got)
	}
}

// pass lets days go by.
func (w *world) pass(days int) {
	w.now = w.now.AddDate(0, 0, days)
	w.clock = max(w.clock, crdt.At(w.now.UnixMilli()))
}

func TestNeededOf(t *testing.T) {
	for n, want := range map[int]int{1: 1, 2: 2, 3: 2, 4: 3, 5: 4, 6: 4, 7: 5, 8: 5, 15: 5, 16: 6, 36: 12, 300: 12} {
		if got := circle.NeededOf(n); got != want {
			t.Errorf("NeededOf(%d) = %d, want %d", n, got, want)
		}
	}
}

func TestDecisionBeforeItCloses(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cai")
	ann, ben, cai := w.homes["Ann"], w.homes["Ben"], w.homes["Cai"]
	id := ann.do("propose", "text", "We meet on Sundays.", "as", "rhythm")
	w.meet()
	ann.wantDecision(id, circle.DecisionOpen)
	if d := ann.decision(id); d.Heard != 1 || d.Needed != 2 || len(d.Words) != 1 || d.Tag != "rhythm" || d.ReviewOn != "2027-12-07" {
		t.Errorf("the proposer reads %+v, want their own consent", d)
	}
	if got := ben.state.Today(ben.env()).ForMe; len(got) != 1 || got[0].Decision == nil {
		t.Errorf("Ben's day has %+v, want the decision", got)
	}
	ann.refuses(circle.NotYet, "enact", "id", id.String())
	ben.do("consent", "id", id.String(), "text", "gladly")
	ben.again("consent", "id", id.String())
	w.meet()
	ben.wantDecision(id, circle.DecisionOpen) // enough, but not all, and it is open
	cai.do("concern", "id", id.String(), "text", "I work on Sundays")
	w.meet()
	ann.wantDecision(id, circle.DecisionToReshape)
	if p := ann.refuses(circle.Kept, "enact", "id", id.String()); !strings.Contains(told(p.Said), "I work on Sundays") {
		t.Errorf("enact is refused with %q, want the concern's words", told(p.Said))
	}
	ben.refuses(circle.Kept, "reshape", "id", id.String(), "text", "We meet on Mondays.")
	ann.do("reshape", "id", id.String(), "text", "We meet on Mondays.")
	w.meet()
	d := ben.decision(id)
	if d.State != circle.DecisionOpen || len(d.Texts) != 2 || len(d.Words) != 1 || d.Text != "We meet on Mondays." {
		t.Errorf("after a new text: %+v, want it open, with the proposer's word alone", d)
	}
	if first := d.Texts[0].Words; len(first) != 3 || !slices.ContainsFunc(first, func(w circle.DecisionWord) bool { return w.Text == "I work on Sundays" }) ||
		len(d.Texts[1].Words) != 0 {
		t.Errorf("the words on the earlier text are %+v, want those three, also the concern", first)
	}
	ben.do("consent", "id", id.String())
	cai.do("stand-aside", "id", id.String())
	w.meet()
	for _, h := range []*home{ann, ben, cai} {
		h.wantDecision(id, circle.DecisionAdopted)
	}
	ben.again("enact", "id", id.String())
	ann.do("enact", "id", id.String())
	ann.again("enact", "id", id.String())
}

func TestDecisionAfterItClosed(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cai", "Dee")
	ann, ben, cai, dee := w.homes["Ann"], w.homes["Ben"], w.homes["Cai"], w.homes["Dee"]
	few := ann.do("propose", "text", "few are heard")
	enough := ann.do("propose", "text", "enough are heard")
	w.meet()
	ben.do("consent", "id", enough.String())
	cai.do("stand-aside", "id", enough.String())
	ben.do("consent", "id", few.String())
	dee.do("concern", "id", enough.String(), "text", "not in winter") // it does not travel yet
	for _, c := range [][]circle.Change{ben.wrote, cai.wrote} {
		next := ann.state.Fork()
		for _, one := range c {
			next.Apply(one)
		}
		ann.state = next
	}
	w.pass(8)
	ann.wantDecision(few, circle.DecisionLetGo)
	ann.refuses(circle.Kept, "enact", "id", few.String())
	ann.wantDecision(enough, circle.DecisionOpen)
	ann.do("enact", "id", enough.String())
	ann.wantDecision(enough, circle.DecisionAdopted)
	w.meet()
	for _, h := range []*home{ann, ben, cai, dee} {
		h.wantDecision(enough, circle.DecisionAdopted)
		h.wantLooks(circle.LookHeardLate)
	}
	look := ben.state.Look(ben.env())[0]
	if text := told(look.Choices[0].Laid); !strings.Contains(text, "not in winter") || !strings.HasPrefix(text, "enough are heard") || !strings.HasPrefix(look.Choices[0].Do, "tend propose TEXT ") {
		t.Errorf("one tap is %q with %q, want the text again with the concern quoted", look.Choices[0].Do, text)
	}
	cai.do("enact", "id", enough.String())
	w.meet()
	dee.wantLooks()
	dee.wantDecision(enough, circle.DecisionAdopted)
}

func TestReviewAndRenewal(t *testing.T) {
	w := newWorld(t, "Ann", "Ben")
	ann, ben := w.homes["Ann"], w.homes["Ben"]
	id := ann.do("propose", "text", "The shed key hangs at Ben's.", "review", "2027-01-10", "as", "outside-help")
	w.meet()
	ben.do("consent", "id", id.String())
	w.meet()
	ann.wantDecision(id, circle.DecisionAdopted)
	w.pass(60)
	ann.wantDecision(id, circle.DecisionReviewDue)
	for _, h := range []*home{ann, ben} { // it comes back by itself, to all with voice
		h.wantLooks(circle.LookReviewDue)
	}
	next := ben.do("propose", "renew", id.String())
	w.meet()
	for _, h := range []*home{ann, ben} {
		h.wantLooks()
	}
	ann.wantDecision(id, circle.DecisionReviewDue)
	ann.do("consent", "id", next.String())
	w.meet()
	ann.wantDecision(id, circle.DecisionAdopted)
	if d := ann.decision(next); d.Text != "The shed key hangs at Ben's." || d.Tag != "outside-help" || d.About != id {
		t.Errorf("the renewal is %+v, want text and tag of the old", d)
	}
}

// A closing does not count before its time, nor one that leaves people out.
func TestClosingsThatDoNotCount(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cai")
	ann := w.homes["Ann"]
	id := ann.do("propose", "text", "a text")
	d := ann.decision(id)
	close := func(by string, heard ...crdt.ID) {
		w.clock += 1 << 16
		w.writes++
		h := w.homes[by]
		m := circle.Meta{ID: crdt.ID{byte(w.writes), 1}, Author: h.id, HLC: w.clock}
		h.wrote = append(h.wrote, circle.Change{Meta: m, Body: circle.DecisionClosed{Decision: id, Rev: d.Texts[0].Rev, Heard: heard}})
		w.meet()
	}
	close("Ann", id)
	ann.wantDecision(id, circle.DecisionOpen)
	close("Ben", id)
	w.pass(9)
	ann.wantDecision(id, circle.DecisionLetGo)
	close("Ben", id)
	ann.wantDecision(id, circle.DecisionLetGo) // one of three is not enough
}

func TestProposeRefusals(t *testing.T) {
	w := newWorld(t, "Ann", "Ben")
	ann := w.homes["Ann"]
	ann.refuses(circle.Usage, "propose")
	ann.refuses(circle.Usage, "propose", "text", "a", "closes", "2026-11-01")
	ann.refuses(circle.Usage, "propose", "text", "a", "as", "poll")
	ann.refuses(circle.Usage, "propose", "text", "a", "remove", "Ben", "lapse", "Ben")
	ann.refuses(circle.Usage, "propose", "text", "a", "remove", "Ben", "closes", "2026-12-24")
	ann.refuses(circle.Usage, "propose", "text", "a", "charter", "00")
	ann.refuses(circle.NotFound, "propose", "text", "a", "remove", "Zoe")
	ann.refuses(circle.Kept, "propose", "text", "a", "remove", "me")
	ann.refuses(circle.NotFound, "consent", "id", "abcdef01")
	id := ann.do("propose", "text", "a", "closes", "2026-12-24")
	want := time.Date(2026, 12, 25, 0, 0, 0, 0, time.UTC)
	if got := ann.decision(id).Closes; !got.Equal(want) {
		t.Errorf("it closes at %v, want %v", got, want)
	}
}

// TestTwoOwnWordsOnADecision: two devices of one person say different things. The
// careful word counts, she alone is asked, and her answer settles it.
func TestTwoOwnWordsOnADecision(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Bea's phone", "Cem")
	w.homes["Bea's phone"].id = w.homes["Bea"].id
	ann, bea, phone := w.homes["Ann"], w.homes["Bea"], w.homes["Bea's phone"]
	w.order = []string{"Ann", "Bea", "Bea's phone", "Cem"}
	id := ann.do("propose", "text", "We lock the shed")
	w.meet()
	bea.do("consent", "id", id.String())
	phone.do("concern", "id", id.String(), "text", "not at night")
	w.meet()
	ann.wantDecision(id, circle.DecisionToReshape)
	ann.wantLooks()
	bea.wantLooks(circle.LookOwnTwo)
	phone.wantLooks(circle.LookOwnTwo)
	bea.settle(0)
	w.meet()
	bea.wantLooks()
	phone.wantLooks()
	ann.wantDecision(id, circle.DecisionOpen)
}

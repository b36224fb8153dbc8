package circle_test

import (
	"slices"
	"testing"

	"tend/crdt/circle"
)

// conflicts are things that people write apart from one another, and then meet with. Each
// is looked at by exactly those concerned.
var conflicts = []struct {
	name, kind string
	apart      func(w *world)
	concerned  []string
}{
	{"two yeses for one place", circle.LookTwoYeses, func(w *world) {
		need := w.homes["Ann"].do("ask", "text", "Dishes", "when", "2026-12-01T17:00", "when", "2026-12-02T17:00")
		w.meet()
		w.homes["Bea"].do("yes", "id", need.Short(), "slot", "2026-12-01T17:00")
		w.homes["Cem"].do("yes", "id", need.Short(), "slot", "2026-12-01T17:00")
	}, []string{"Ann", "Bea", "Cem"}},
	{"two yeses for what has no date", circle.LookTwoYeses, func(w *world) {
		need := w.homes["Ann"].do("ask", "text", "Move a sofa")
		w.meet()
		w.homes["Bea"].do("yes", "id", need.Short())
		w.homes["Cem"].do("yes", "id", need.Short())
	}, []string{"Ann", "Bea", "Cem"}},
	{"terms moved after my yes", circle.LookTermsMoved, func(w *world) {
		need := w.homes["Ann"].do("ask", "text", "Soup", "area", "Hill Street", "when", "2026-12-04")
		w.meet()
		w.homes["Ann"].do("edit", "id", need.Short(), "area", "Mill Lane")
		w.homes["Bea"].do("yes", "id", need.Short())
	}, []string{"Bea"}},
	{"the edit took the slot away", circle.LookTermsMoved, func(w *world) {
		need := w.homes["Ann"].do("ask", "text", "Soup", "when", "2026-12-01T18:00")
		w.meet()
		w.homes["Ann"].do("edit", "id", need.Short(), "when", "2026-12-02T18:00", "when", "2026-12-03T18:00")
		w.homes["Bea"].do("yes", "id", need.Short())
	}, []string{"Bea"}},
	{"done and cannot crossed", circle.LookCrossed, func(w *world) {
		need := w.homes["Ann"].do("ask", "text", "Lift")
		w.meet()
		yes := w.homes["Bea"].do("yes", "id", need.Short())
		w.meet()
		w.homes["Ann"].do("done", "id", yes.Short())
		w.homes["Bea"].do("cannot", "id", yes.Short())
	}, []string{"Ann", "Bea"}},
	{"closed while I said yes", circle.LookClosedMeanwhile, func(w *world) {
		need := w.homes["Ann"].do("ask", "text", "Lift", "when", "2026-12-04")
		w.meet()
		w.homes["Bea"].do("yes", "id", need.Short())
		w.homes["Ann"].do("met", "id", need.Short())
	}, []string{"Bea"}},
	{"asked somebody who had just gone to rest", circle.LookRestingMeanwhile, func(w *world) {
		w.homes["Bea"].do("room", "text", "resting", "until", "2026-12-06")
		w.homes["Ann"].do("may-i", "member", "Bea", "text", "bring you soup")
	}, []string{"Ann"}},
	{"a concern heard late", circle.LookHeardLate, func(w *world) {
		text := w.homes["Ann"].do("propose", "text", "We meet on Sundays", "closes", "2026-12-02")
		w.meet()
		w.homes["Bea"].do("consent", "id", text.Short())
		w.homes["Cem"].do("consent", "id", text.Short())
		w.meet()
		w.homes["Dan"].do("concern", "id", text.Short(), "text", "not in winter")
		w.pass(5)
		w.homes["Ann"].do("enact", "id", text.Short())
	}, []string{"Ann", "Bea", "Cem", "Dan"}},
	{"two texts at once", circle.LookTwoTexts, func(w *world) {
		need := w.homes["Ann"].do("ask", "text", "Walk", "when", "2026-12-04T10:00")
		w.meet()
		yes := w.homes["Bea"].do("yes", "id", need.Short())
		w.meet()
		w.homes["Bea"].do("change", "id", yes.Short(), "area", "the park, Bea's way")
		w.homes["Ann"].do("change", "id", yes.Short(), "area", "the river")
	}, []string{"Ann", "Bea"}},
	{"my two devices disagree", circle.LookOwnTwo, func(w *world) {
		w.homes["Dan"].id = w.homes["Bea"].id // her telephone
		need := w.homes["Ann"].do("ask", "text", "Lift", "when", "2026-12-03")
		w.meet()
		yes := w.homes["Bea"].do("yes", "id", need.Short())
		w.meet()
		w.homes["Dan"].do("cannot", "id", yes.Short())
		w.homes["Bea"].do("cannot", "id", yes.Short())
		w.homes["Bea"].do("yes", "id", yes.Short())
	}, []string{"Bea", "Dan"}},
	{"my two yeses overlap", circle.LookOwnTwo, func(w *world) {
		one := w.homes["Ann"].do("ask", "text", "Lift", "when", "2026-12-03T10:00/12:00")
		two := w.homes["Cem"].do("ask", "text", "Shopping", "when", "2026-12-03T11:00")
		w.meet()
		w.homes["Bea"].do("yes", "id", one.Short())
		w.homes["Bea"].do("yes", "id", two.Short())
	}, []string{"Bea"}},
	{"narrowed after sharing", circle.LookNarrowed, func(w *world) {
		need := w.homes["Ann"].do("ask", "text", "a hard letter")
		w.meet()
		w.homes["Ann"].do("edit", "id", need.Short(), "to", "Bea")
	}, []string{"Ann"}},
	{"a loan that may be home again", circle.LookHomeAgain, func(w *world) {
		drill := w.homes["Ann"].do("offer", "text", "A drill", "when", "2026-12-01/2026-12-02")
		w.meet()
		w.homes["Bea"].do("yes", "id", drill.Short())
		w.pass(4)
	}, []string{"Ann"}},
	{"something that goes on", circle.LookReviewDue, func(w *world) {
		need := w.homes["Ann"].do("ask", "text", "Walk the dog")
		w.meet()
		w.homes["Bea"].do("yes", "id", need.Short())
		w.pass(91)
	}, []string{"Ann", "Bea"}},
}

// TestEveryChoiceSettles writes each conflict apart, lets the homes meet, and runs each
// choice of each person concerned as they would: it is settled by that for all of them.
// (What two ask for a third is in TestEveryChoiceSettlesTheSameNeed, a welcome and a
// parting that crossed in TestEveryChoiceSettlesAWelcomeAndAParting, and what was done
// under a wish in TestAWishChangedWhileSomebodyActedOnIt.)
func TestEveryChoiceSettles(t *testing.T) {
	for _, c := range conflicts {
		t.Run(c.name, func(t *testing.T) {
			begin := func() *world {
				w := newWorld(t, "Ann", "Bea", "Cem", "Dan")
				c.apart(w)
				w.meet()
				return w
			}
			w := begin()
			for _, name := range w.order {
				want := []string{}
				if slices.Contains(c.concerned, name) {
					want = append(want, c.kind)
				}
				w.homes[name].wantLooks(want...)
			}
			for _, name := range c.concerned {
				look := w.homes[name].state.Look(w.homes[name].env())
				if len(look) != 1 || len(look[0].Choices) == 0 {
					t.Fatalf("%s has %+v to look at, want one thing with choices", name, look)
				}
				for n, choice := range look[0].Choices {
					again := begin()
					if words := splitLine(choice.Do); words[1] == "reshape" { // with the text to write over
						again.homes[name].do("reshape", "id", words[2], "text", words[3]+", but not in winter")
					} else {
						again.homes[name].settle(n)
					}
					again.meet()
					for _, other := range again.order {
						if slices.Contains(again.homes[other].looks(), c.kind) {
							t.Errorf("%s chose %q (%s), and %s still looks at it", name, told(choice.Said), choice.Do, other)
						}
					}
				}
			}
		})
	}
}

package circle_test

import (
	"testing"

	"tend/crdt/circle"
)

// TestSameNeedWrittenTwice: two people who care ask the same for a third, apart.
func TestSameNeedWrittenTwice(t *testing.T) {
	apart := func(t *testing.T) (w *world, one, two string) {
		w = newWorld(t, "Ann", "Bea", "Cem", "Dan")
		one = w.homes["Ann"].do("ask", "text", "Warm meals for Bea", "for", "Bea", "when", "2026-12-01").String()
		two = w.homes["Cem"].do("ask", "text", "A warm meal", "for", "Bea").String()
		w.homes["Dan"].do("ask", "text", "A lift for Bea", "for", "Bea", "when", "2026-12-01")
		w.homes["Ann"].wantLooks() // each knows their own alone
		w.meet()
		return w, one, two
	}
	t.Run("she wants one of them", func(t *testing.T) {
		w, one, _ := apart(t)
		bea := w.homes["Bea"]
		bea.wantLooks(circle.LookSameNeed)
		for _, n := range []string{"Ann", "Cem", "Dan"} {
			w.homes[n].wantLooks() // what waits is seen by its two alone
		}
		bea.do("yes", "id", one)
		w.meet()
		bea.wantLooks(circle.LookSameNeed)
		w.homes["Cem"].wantLooks(circle.LookSameNeed) // he reads both now
		w.homes["Ann"].wantLooks()
		w.homes["Dan"].wantLooks()
		w.homes["Cem"].settle(0)
		w.meet()
		for _, n := range w.order {
			w.homes[n].wantLooks()
		}
		if got := bea.state.Posts(bea.env(), circle.Filter{Text: "meals"}); len(got) != 1 || got[0].Status != "open" {
			t.Errorf("Bea reads %+v, want one open wish for meals", got)
		}
	})
	t.Run("she says not now to one", func(t *testing.T) {
		w, _, _ := apart(t)
		bea := w.homes["Bea"]
		look := bea.state.Look(bea.env())
		if len(look) != 1 || len(look[0].Choices) != 4 {
			t.Fatalf("Bea looks at %+v, want one thing with four choices", look)
		}
		bea.settle(1)
		w.meet()
		for _, n := range w.order {
			w.homes[n].wantLooks()
		}
	})
	t.Run("both stand", func(t *testing.T) {
		w, one, two := apart(t)
		w.homes["Bea"].do("yes", "id", one)
		w.homes["Bea"].do("yes", "id", two)
		w.meet()
		for _, n := range w.order {
			w.homes[n].wantLooks()
		}
	})
	t.Run("beside her own", func(t *testing.T) {
		w := newWorld(t, "Ann", "Bea", "Cem")
		ann, bea := w.homes["Ann"], w.homes["Bea"]
		bea.do("ask", "text", "Someone to walk the dog", "when", "2026-12-02")
		theirs := ann.do("ask", "text", "Walks for Bea's dog", "for", "Bea", "when", "2026-12-02T08:00")
		w.meet()
		bea.wantLooks(circle.LookSameNeed)
		ann.wantLooks(circle.LookSameNeed)
		w.homes["Cem"].wantLooks()
		bea.do("not-now", "id", theirs.String())
		w.meet()
		bea.wantLooks()
		ann.wantLooks()
	})
	t.Run("other days", func(t *testing.T) {
		w := newWorld(t, "Ann", "Bea")
		w.homes["Bea"].do("ask", "text", "Someone to walk the dog", "when", "2026-12-02")
		w.homes["Ann"].do("ask", "text", "Walks for the dog", "for", "Bea", "when", "2026-12-09")
		w.meet()
		w.homes["Bea"].wantLooks()
	})
}

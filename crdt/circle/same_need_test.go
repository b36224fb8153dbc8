package circle_test

import (
	"fmt"
	"slices"
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

// TestEveryChoiceSettlesTheSameNeed runs each choice of each person concerned, and after
// one that leaves the other need to be answered, each that is still offered to anyone:
// every way ends with nobody looking at it, after no more words than there are needs; and
// what somebody chose is not offered again.
func TestEveryChoiceSettlesTheSameNeed(t *testing.T) {
	scenes := map[string]struct {
		apart     func(w *world)
		concerned map[string]int // with how many choices each begins
		ways      int            // how many there are to an end
	}{
		"two ask for a third": {func(w *world) {
			w.homes["Ann"].do("ask", "text", "Warm meals for Bea", "for", "Bea", "when", "2026-12-01")
			w.homes["Cem"].do("ask", "text", "A warm meal", "for", "Bea")
		}, map[string]int{"Bea": 4}, 10},
		"beside her own": {func(w *world) {
			w.homes["Bea"].do("ask", "text", "Someone to walk the dog", "when", "2026-12-02")
			w.homes["Ann"].do("ask", "text", "Walks for Bea's dog", "for", "Bea", "when", "2026-12-02T08:00")
		}, map[string]int{"Ann": 1, "Bea": 3}, 4},
	}
	type step struct {
		name, do string
		nth      int
	}
	for name, scene := range scenes {
		t.Run(name, func(t *testing.T) {
			after := func(way []step) *world {
				w := newWorld(t, "Ann", "Bea", "Cem", "Dan")
				scene.apart(w)
				w.meet()
				for _, s := range way {
					w.homes[s.name].settle(s.nth)
					w.meet()
				}
				return w
			}
			offered := func(w *world) (all []step, each map[string]int) {
				each = map[string]int{}
				for _, n := range w.order {
					for _, at := range w.homes[n].state.Look(w.homes[n].env()) {
						if at.Kind != circle.LookSameNeed {
							t.Errorf("%s looks at %s", n, at.Kind)
						}
						for i, c := range at.Choices {
							all = append(all, step{n, c.Do, i})
							each[n]++
						}
					}
				}
				return all, each
			}
			ends := 0
			var walk func(way []step)
			walk = func(way []step) {
				choices, each := offered(after(way))
				if len(way) == 0 && fmt.Sprint(each) != fmt.Sprint(scene.concerned) {
					t.Errorf("choices of %v, want %v", each, scene.concerned)
				}
				if len(choices) == 0 {
					ends++
					return
				}
				if len(way) == 2 {
					t.Errorf("after %v there is still %v", way, choices)
					return
				}
				for _, s := range choices {
					if slices.ContainsFunc(way, func(o step) bool { return o.name == s.name && o.do == s.do }) {
						t.Errorf("after %v it is offered again", way)
						continue
					}
					walk(append(slices.Clone(way), s))
				}
			}
			walk(nil)
			if ends != scene.ways {
				t.Errorf("%d ways lead to an end, want %d", ends, scene.ways)
			}
		})
	}
}

package care1_test

import (
	"testing"

	"tend/bench/care1"
)

// The shares are those that are promised, nobody says yes twice or to themselves, and
// whatever is answered was posted before anybody answered.
func TestChanges(t *testing.T) {
	const n = 20_000
	var kinds [4]int
	var made [n]care1.Change
	said := map[[2]int]bool{}
	for c := range care1.Changes(n) {
		kinds[c.Kind]++
		made[c.Number] = c
		switch on := made[c.On]; c.Kind {
		case care1.Word:
			if on.Author == c.Author || on.Kind != care1.Need || c.On >= care1.Before(n) || said[[2]int{c.On, c.Author}] {
				t.Fatalf("change %d is a yes of %d to %+v", c.Number, c.Author, on)
			}
			said[[2]int{c.On, c.Author}] = true
		case care1.Edit:
			if on.Author != c.Author || c.On >= c.Number {
				t.Fatalf("change %d edits %+v", c.Number, on)
			}
		}
	}
	for kind, want := range []int{40, 20, 20, 20} {
		if got := float64(kinds[kind]) / n * 100; got < float64(want)-2 || got > float64(want)+2 {
			t.Errorf("%.1f %% are of kind %d, want %d", got, kind, want)
		}
	}
	again := 0
	for c := range care1.Changes(n) {
		if c != made[c.Number] {
			t.Fatal("a second drawing differs")
		}
		again++
	}
	if again != n {
		t.Errorf("%d changes, want %d", again, n)
	}
}

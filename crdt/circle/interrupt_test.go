package circle_test

import (
	"slices"
	"testing"

	"tend/crdt/circle"
)

// interrupted is what may interrupt h now: "asked" or "agreed" for each, newest first.
func (h *home) interrupted(own circle.Own) []string {
	env := h.env()
	env.Own = own
	out := []string{}
	for _, i := range h.state.Interrupts(env) {
		if i.Changes == 0 {
			h.w.t.Errorf("%s is interrupted by what nobody changed: %+v", h.name, i)
		}
		out = append(out, map[bool]string{true: "agreed", false: "asked"}[i.Agreed])
	}
	return out
}

// TestOnlyDirectAsksAndMyAgreementsInterrupt: not the circle's needs, also of kinds that
// one follows; not notes and thanks; not one's own words; and nothing in quiet hours.
func TestOnlyDirectAsksAndMyAgreementsInterrupt(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Cem")
	ann, bea, cem := w.homes["Ann"], w.homes["Bea"], w.homes["Cem"]
	follows := bea.keepAlone(circle.Own{}, "follow", "text", "meals")
	want := func(what string, words ...string) {
		t.Helper()
		if got := bea.interrupted(follows); !slices.Equal(got, words) {
			t.Errorf("%s: Bea is interrupted by %q, want %q", what, got, words)
		}
		if got := cem.interrupted(circle.Own{}); len(got) != 0 {
			t.Errorf("%s: Cem is interrupted by %q", what, got)
		}
	}
	ann.do("ask", "text", "Soup", "category", "meals")
	need := bea.do("ask", "text", "A lift", "when", "2026-12-03")
	w.meet()
	want("a need of a kind she follows")
	ann.do("note", "id", need.Short(), "text", "which way?")
	w.meet()
	want("a note")
	ann.do("may-i", "member", "Bea", "text", "bring you soup")
	w.meet()
	want("May I", "asked")
	yes := ann.do("yes", "id", need.Short())
	w.meet()
	want("a yes to her need", "agreed", "asked")
	bea.do("bounds", "text", "quiet", "text", "00:00-23:59")
	want("quiet hours")
	bea.do("bounds", "text", "quiet", "text", "")
	ann.do("cannot", "id", yes.Short())
	w.meet()
	want("given back", "agreed", "asked")
	ann.do("ask", "text", "Only for you", "to", "Bea")
	w.meet()
	want("an ask of her alone", "asked", "agreed", "asked")
}

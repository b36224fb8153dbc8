package circle_test

import (
	"slices"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
)

// TestStandingBy: who stands by for a place is known to those who read the need, is
// asked first once it opens, and by no other way; who takes it back is not.
func TestStandingBy(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Cleo", "Dora")
	ann, bea, cleo, dora := w.homes["Ann"], w.homes["Bea"], w.homes["Cleo"], w.homes["Dora"]
	need := ann.do("ask", "text", "soup", "when", "2026-12-02")
	w.meet()
	agreed := bea.do("yes", "id", need.String())
	w.meet()
	dora.do("stand-by", "id", need.String(), "slot", "2026-12-02")
	w.meet()
	cleo.do("stand-by", "id", need.String(), "slot", "2026-12-02")
	w.meet()
	standing := func(h *home) []crdt.ID {
		t.Helper()
		p, ok := h.state.Post(h.env(), need)
		if !ok || len(p.Slots) != 1 {
			t.Fatalf("the need is %+v", p)
		}
		return p.Slots[0].StandBy
	}
	forMe := func(h *home) bool {
		return slices.ContainsFunc(h.state.Today(h.env()).ForMe, func(i circle.Item) bool { return i.Post != nil && i.Post.ID == need })
	}
	if got, want := standing(ann), []crdt.ID{dora.id, cleo.id}; !slices.Equal(got, want) {
		t.Errorf("standing by are %v, want %v, in the order in which they asked", got, want)
	}
	if forMe(cleo) || forMe(dora) {
		t.Error("somebody is asked while the place is taken")
	}
	dora.do("stand-by", "id", need.String(), "slot", "2026-12-02", "not", "true")
	bea.do("cannot", "id", agreed.String())
	w.meet()
	if got := standing(ann); !slices.Equal(got, []crdt.ID{cleo.id}) {
		t.Errorf("after one took it back standing by are %v", got)
	}
	if !forMe(cleo) || forMe(dora) || forMe(bea) {
		t.Errorf("asked first: Cleo %v, Dora %v, Bea %v; want Cleo alone", forMe(cleo), forMe(dora), forMe(bea))
	}
	cleo.do("yes", "id", need.String())
	w.meet()
	if forMe(cleo) || len(standing(ann)) != 0 {
		t.Error("who said yes still stands by")
	}
}

package node_test

import (
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
)

// TestWelcomedHereAndPartedThere lets one member welcome a newcomer while another, who
// hears nothing of it, proposes to part from them. The two see both sides, until the one
// who welcomed has said how they see it; the others are not troubled.
func TestWelcomedHereAndPartedThere(t *testing.T) { unhurried(t, welcomedHereAndPartedThere) }

func welcomedHereAndPartedThere(t *testing.T) {
	var homes []*home
	for _, name := range []string{"Ann", "Ben", "Cem", "Dora", "Eve"} {
		homes = append(homes, newHome(t, name))
	}
	ann, ben, cem, eve := homes[0], homes[1], homes[2], homes[4]
	id := ann.begin("Elm Street")
	for _, h := range homes[1:] {
		join(h, ann, id)
	}
	round := func() {
		for range 2 {
			for _, h := range homes[1:] {
				meet(h, ann, id)
			}
		}
	}
	for _, h := range homes { // what is due is done soon after a start
		h.shut()
		h.start()
	}
	waitFor(t, func() bool { round(); return len(ann.view(id).People.Voices()) == len(homes) })

	p := cem.do(id, circle.ProposeForCircle{What: membership.Remove, Target: eve.view(id).Me, Reason: "It is too much."}).ID
	if _, err := ben.Welcome(t.Context(), id, eve.view(id).Me); err != nil {
		t.Fatal(err)
	}
	crossed := func(h *home) (found []circle.Attention) {
		for _, at := range h.view(id).State.Look(h.env(id)) {
			if at.Kind == circle.LookWelcomed {
				found = append(found, at)
			}
		}
		return found
	}
	if len(crossed(ben))+len(crossed(cem)) > 0 {
		t.Fatal("somebody sees both sides before they met")
	}
	round()
	for h, want := range map[*home]int{ann: 0, ben: 1, cem: 1, homes[3]: 0, eve: 0} {
		if got := crossed(h); len(got) != want || want > 0 && (got[0].About[0] != p || len(got[0].Choices) == 0) {
			t.Errorf("%s looks at %+v, want %d", h.view(id).State.Name(h.view(id).Me), got, want)
		}
	}
	ben.do(id, circle.SayOnDecision{ID: p, Value: circle.WordConcern, Text: "I know her well."})
	round()
	if len(crossed(ben))+len(crossed(cem)) > 0 {
		t.Error("it is still to be looked at after Ben said how he sees it")
	}
	if got, _ := cem.view(id).People.Proposal(p); len(got.Crossed) != 1 || got.Crossed[0] != (crdt.ID)(ben.view(id).Me) {
		t.Errorf("crossed by %v, want Ben", got.Crossed)
	}
}

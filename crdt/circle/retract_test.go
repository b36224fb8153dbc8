package circle_test

import (
	"bytes"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
)

// TestWhatIsTakenBackIsGoneFromEveryCopy: the wider and the narrower texts of a
// post go with it, at those who read the first one and at those who never did.
func TestWhatIsTakenBackIsGoneFromEveryCopy(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo")
	ann, ben, cleo := w.homes["Ann"], w.homes["Ben"], w.homes["Cleo"]
	need := ann.do("ask", "text", "canary letter", "to", "Ben")
	ann.do("edit", "id", need.String(), "details", "canary details")
	ann.do("widen", "id", need.String(), "to", "circle", "text", "canary help")
	w.meet()
	ben.do("note", "id", need.String(), "text", "I could")
	w.meet()
	cleo.post(need)
	ann.do("retract", "id", need.String())
	w.meet()
	ann.again("retract", "id", need.String())
	for _, h := range []*home{ann, ben, cleo} {
		if _, ok := h.state.Post(h.env(), need); ok {
			t.Errorf("%s still reads it", h.name)
		}
		if bytes.Contains(h.state.EncodeRecord(need), []byte("canary")) {
			t.Errorf("%s still holds the text", h.name)
		}
		if got, ok := h.state.Retraction(need); !ok || got.By != ann.id {
			t.Errorf("%s knows of %+v, %v; want Ann's retraction", h.name, got, ok)
		}
		if a, b := h.state.Digest(w.clock), ann.state.Digest(w.clock); a != b {
			t.Errorf("%s has another digest than Ann", h.name)
		}
	}
}

// TestARetractionForAFewTakesNothingFromTheCircle: else those who cannot read it
// would keep what the others let go, and homes would never be equal again.
func TestARetractionForAFewTakesNothingFromTheCircle(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo")
	ann, ben, cleo := w.homes["Ann"], w.homes["Ben"], w.homes["Cleo"]
	need := ann.do("ask", "text", "soup")
	ann.write([]circle.Draft{{To: sorted(ann.id, ben.id), Make: func([]crdt.ID) circle.Body { return circle.Retracted{Op: need} }}})
	w.meet()
	for _, h := range []*home{ann, ben, cleo} {
		h.post(need)
	}
	if ben.state.Digest(w.clock) != cleo.state.Digest(w.clock) {
		t.Error("Ben and Cleo have different digests")
	}
}

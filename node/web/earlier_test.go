package web_test

import (
	"strings"
	"testing"

	"tend/crdt/circle"
)

// TestWhatWasSaidToAnEarlierText: the screen of a decision has the texts that others
// followed, each with the words that were given to it; and speaks to its reader.
func TestWhatWasSaidToAnEarlierText(t *testing.T) {
	h := newHome(t)
	id := h.as(t, ann, circle.Propose{Text: "A bench at the gate."}).ID
	h.as(t, bela, circle.SayOnDecision{ID: id, Value: circle.WordConcern, Text: "It is in the way there."})
	b := newBrowser(t, site(h))
	if page := bare(b.get(base + "/show/" + id.String())); strings.Contains(page, "An earlier text") || !strings.Contains(page, "You consent") {
		t.Errorf("of one text there is no earlier one, and the reader's own word is theirs: %s", page)
	}
	h.as(t, ann, circle.Reshape{ID: id, Text: "A bench by the water."})
	page := bare(b.get(base + "/show/" + id.String()))
	for _, want := range []string{"An earlier text, and what was said to it", "A bench at the gate.", "It is in the way there.", "A bench by the water."} {
		if !strings.Contains(page, want) {
			t.Errorf("the screen lacks %q", want)
		}
	}
}

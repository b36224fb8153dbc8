package circle_test

import (
	"slices"
	"strings"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
)

func (h *home) wantCharterWords(want ...circle.CharterWord) {
	h.w.t.Helper()
	slices.SortFunc(want, func(a, b circle.CharterWord) int { return a.Member.Compare(b.Member) })
	if got := h.state.CharterWords(h.env()); !slices.Equal(got, want) {
		h.w.t.Errorf("%s reads on the charter %v, want %v", h.name, got, want)
	}
}

// TestEachHasTheirOwnWordOnTheCharter holds that a word is its member's alone, that
// the newest stands wherever it was given, and that an empty one takes it back.
func TestEachHasTheirOwnWordOnTheCharter(t *testing.T) {
	w := newWorld(t, "Ann", "Ben")
	ann, ben := w.homes["Ann"], w.homes["Ben"]
	ann.again("charter", "text", "word", "text", "")
	ann.do("charter", "text", "word", "text", "I am not alone with it.")
	ben.do("charter", "text", "word", "text", "Soup.")
	w.meet()
	bens := circle.CharterWord{Member: ben.id, Text: "Soup."}
	ben.wantCharterWords(circle.CharterWord{Member: ann.id, Text: "I am not alone with it."}, bens)
	ann.do("charter", "text", "word", "text", " Somebody hears it. ")
	ann.again("charter", "text", "word", "text", "Somebody hears it.")
	w.meet()
	ben.wantCharterWords(circle.CharterWord{Member: ann.id, Text: "Somebody hears it."}, bens)
	ann.do("charter", "text", "word", "text", "")
	w.meet()
	ben.wantCharterWords(bens)
	ann.wantCharterWords(bens)
	for _, bad := range [][]string{{"text", "word"}, {"text", "words", "text", "x"}, {"text", "word", "text", strings.Repeat("x", circle.MaxWordNote+1)}} {
		ann.refuses(circle.Usage, "charter", bad...)
	}
	env := ann.env()
	env.Members = []crdt.ID{ann.id}
	if got := ann.state.CharterWords(env); len(got) != 0 {
		t.Errorf("the word of somebody who left stands on: %v", got)
	}
}

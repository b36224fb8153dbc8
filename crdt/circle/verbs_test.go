package circle_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
)

func TestWordsThatCannotBeRead(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Beatrix", "Bert")
	ann, bea := w.homes["Ann"], w.homes["Bea"]
	need := ann.do("ask", "text", "Dishes", "when", "2026-12-01", "when", "2026-12-02", "people", "2")
	offer := ann.do("offer", "text", "Bread")
	w.meet()
	n, o := need.Short(), offer.Short()
	for _, tt := range []struct {
		code  circle.Code
		line  string
		words []string
	}{
		{circle.Usage, "fly", nil},
		{circle.Usage, "ask", nil},
		{circle.Usage, "ask", []string{"text", "x", "when", "2026-02-30"}},
		{circle.Usage, "ask", []string{"text", "x", "when", "someday"}},
		{circle.Usage, "ask", []string{"text", "x", "people", "0"}},
		{circle.Usage, "ask", []string{"text", "x", "people", "many"}},
		{circle.Usage, "ask", []string{"text", "x", "repeat", "often"}},
		{circle.Usage, "ask", []string{"text", "x", "sign_up", "maybe"}},
		{circle.Usage, "ask", []string{"text", "x", "fade", "long"}},
		{circle.Usage, "ask", []string{"text", "x", "listening", "sing"}},
		{circle.Usage, "ask", []string{"text", "x", "by", "soon"}},
		{circle.Usage, "ask", []string{"text", "x", "under", "1"}},
		{circle.Usage, "ask", []string{"text", "x", "colour", "red"}},
		{circle.Usage, "ask", []string{"text", "x", "text", "y"}},
		{circle.Usage, "ask", []string{"text", "x", "extra_ok", "perhaps"}},
		{circle.Usage, "ask", []string{"text", strings.Repeat("x", circle.MaxTitle+1)}},
		{circle.Usage, "ask", []string{"text", "a\x00b"}},
		{circle.Usage, "ask", []string{"text", "x", "when", "2026-12-01", "repeat", "daily x1", "skip", "2026-12-01"}},
		{circle.NotFound, "ask", []string{"text", "x", "for", "Zoe"}},
		{circle.NotFound, "ask", []string{"text", "x", "to", "Zoe"}},
		{circle.Usage, "yes", []string{"id", "abc"}},
		{circle.Usage, "yes", []string{"id", "zzzzzz"}},
		{circle.NotFound, "yes", []string{"id", "ffffff"}},
		{circle.NotFound, "yes", []string{"id", n}},
		{circle.NotFound, "yes", []string{"id", n, "slot", "2026-12-03"}},
		{circle.Usage, "yes", []string{"id", n, "slot", "noon"}},
		{circle.Usage, "yes", []string{"id", n, "every", "someday"}},
		{circle.NotFound, "cannot", []string{"id", n}},
		{circle.NotFound, "done", []string{"id", n}},
		{circle.Kept, "edit", []string{"id", n, "text", "x"}},
		{circle.Usage, "note", []string{"id", n, "text", ""}},
		{circle.Usage, "widen", []string{"id", n}},
		{circle.Usage, "may-i", []string{"member", "Bert", "text", ""}},
		{circle.NotFound, "may-i", []string{"member", "be", "text", "x"}},
		{circle.NotFound, "may-i", []string{"member", "Zoe", "text", "x"}},
		{circle.Kept, "may-i", []string{"member", "me", "text", "x"}},
		{circle.Kept, "met", []string{"id", o}},
		{circle.Usage, "me", nil},
		{circle.Usage, "me", []string{"name", " "}},
		{circle.Usage, "me", []string{"name", strings.Repeat("x", circle.MaxName+1)}},
		{circle.Usage, "me", []string{"listed", "maybe"}},
		{circle.Usage, "room", []string{"text", "huge"}},
		{circle.Usage, "listen", []string{"text", "maybe"}},
		{circle.Usage, "away", []string{"until", "soon"}},
		{circle.Usage, "away", []string{"until", "2026-11-29"}},
		{circle.Usage, "away", []string{"until", "2026-12-29T10:00"}},
		{circle.Usage, "card", []string{"text", "shoes", "text", "x"}},
		{circle.Usage, "bounds", []string{"text", "quiet"}},
		{circle.Usage, "free", nil},
	} {
		t.Run(fmt.Sprint(tt.line, tt.words), func(t *testing.T) {
			before := bea.state.Digest(w.clock)
			bea.refuses(tt.code, tt.line, tt.words...)
			if bea.state.Digest(w.clock) != before {
				t.Errorf("a refused wish changed something")
			}
		})
	}
	ann.refuses(circle.Kept, "rest", "id", n)
	ann.refuses(circle.Usage, "edit", "id", n)
	ann.refuses(circle.Usage, "edit", "id", n, "text", "")
	ann.again("edit", "id", n, "people", "2")
	ann.do("enough", "id", n)
	w.meet()
	bea.refuses(circle.Kept, "yes", "id", n, "slot", "2026-12-01")
	if got, err := bea.state.ResolveMember(bea.env(), "bea"); err != nil || got != bea.id {
		t.Errorf("a whole name is not found beside a longer one: %v", err)
	}
}

// TestUnlisted: who asks not to stand on printed lists is known to everyone, for
// everyone has to honour it, and can ask otherwise later.
func TestUnlisted(t *testing.T) {
	w := newWorld(t, "Ann", "Bea")
	ann, bea := w.homes["Ann"], w.homes["Bea"]
	for _, tt := range []struct {
		says string
		want bool
	}{{"no", true}, {"yes", false}, {"no", true}} {
		ann.do("me", "listed", tt.says)
		w.meet()
		if got := bea.state.Unlisted(ann.id); got != tt.want {
			t.Errorf("after --listed %s Unlisted = %v, want %v", tt.says, got, tt.want)
		}
	}
	if bea.state.Unlisted(bea.id) {
		t.Error("who said nothing is unlisted")
	}
}

func TestAnAmbiguousPrefixNamesItsCandidates(t *testing.T) {
	s := circle.NewState(circleID)
	for i := range byte(3) {
		id := crdt.ID{0xab, 0xcd, 0xef, i << 4}
		s.Apply(circle.Change{Meta: circle.Meta{ID: id, Author: people[0]}, Body: &circle.NeedPosted{Title: "x", People: 1}})
	}
	_, err := s.Resolve("ABCDEF")
	var p *circle.Problem
	if !errors.As(err, &p) || p.Code != circle.NotFound || len(p.IDs) != 3 || !strings.Contains(hint(p), "abcdef10") {
		t.Errorf("Resolve = %+v, want three candidates", err)
	}
	if id, err := s.Resolve("abcdef1"); err != nil || id != (crdt.ID{0xab, 0xcd, 0xef, 0x10}) {
		t.Errorf("Resolve(abcdef1) = %s, %v", id, err)
	}
	if id, err := s.Resolve("abcdef20" + strings.Repeat("0", 56)); err != nil || id[3] != 0x20 {
		t.Errorf("Resolve(whole id) = %s, %v", id, err)
	}
}

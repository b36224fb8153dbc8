package circle_test

import (
	"testing"

	"tend/crdt"
)

// TestTheCardIsReadWhenSomebodyOffersOrSaysYes: whoever offers something to somebody, or
// says yes to carry something for them, is given their card to read at that moment; who
// receives is given nobody's.
func TestTheCardIsReadWhenSomebodyOffersOrSaysYes(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo")
	ann, ben, cleo := w.homes["Ann"], w.homes["Ben"], w.homes["Cleo"]
	none := &home{}
	reads := func(by *home, whose *home, verb string, words ...string) crdt.ID {
		t.Helper()
		res, err := by.try(verb, words...)
		if err != nil || res.CardOf != whose.id {
			t.Errorf("%s: %s %q gives the card of %s, %v; want %q", by.name, verb, words, res.CardOf.Short(), err, whose.name)
		}
		w.meet()
		return res.ID
	}
	soup := reads(ann, none, "ask", "text", "soup")
	lift := reads(ann, none, "ask", "text", "a lift", "sign_up", "ask-first", "when", "2026-12-03")
	reads(ben, ann, "yes", "id", soup.String())
	proposed := reads(cleo, ann, "yes", "id", lift.String(), "when", "2026-12-04")
	reads(ann, none, "yes", "id", proposed.String())
	walk := reads(ben, ann, "may-i", "member", "Ann", "text", "a walk")
	reads(ann, none, "yes", "id", walk.String())
	reads(ben, ann, "yes", "id", walk.String())
	drill := reads(ben, none, "offer", "text", "a drill", "sign_up", "ask-first")
	loan := reads(ann, none, "yes", "id", drill.String())
	reads(ben, ann, "yes", "id", loan.String())
	reads(ben, cleo, "offer", "text", "company", "to", "Cleo")
	reads(ben, none, "offer", "text", "company", "to", "Cleo", "to", "Ann")
	reads(ben, none, "ask", "text", "company", "to", "Cleo")
}

package web_test

import (
	"fmt"
	"strings"
	"testing"

	"tend/crdt/circle"
)

// TestManyNeedsAndOffers: a screen shows the newest of a long list and the way to all of
// it, and nobody has to turn pages to see what a kind of thing holds.
func TestManyNeedsAndOffers(t *testing.T) {
	h := newHome(t)
	for i := range 300 {
		p := circle.Posted{Title: fmt.Sprintf("thing %03d", i), Category: "garden & house", People: 1}
		if i%2 == 0 {
			h.as(t, bela, circle.PostNeed{Posted: p})
		} else {
			h.as(t, bela, circle.PostOffer{Posted: p})
		}
	}
	b := newBrowser(t, site(h))
	shown := func(page string) int { return strings.Count(page, `<article class="card`) }
	home := b.get(base)
	if n := shown(home); n > 100 {
		t.Errorf("home shows %d cards", n)
	}
	if n := strings.Count(home, `href="`+base+`/offers"`); n < 3 { // the bar, and below both lists
		t.Errorf("home has %d ways to all of it", n)
	}
	offers := b.get(base + "/offers")
	all := base + "/offers?kind=garden+%26+house"
	if !strings.Contains(offers, `href="`+strings.ReplaceAll(all, "+", "&#43;")+`"`) {
		t.Error("the map does not say where there is more")
	}
	if n := shown(b.get(all)); n != 300 {
		t.Errorf("all of a kind are %d cards, want 300", n)
	}
}

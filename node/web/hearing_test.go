package web_test

import (
	"net/url"
	"strings"
	"testing"

	"tend/crdt/circle"
)

// TestADigestIsReadOnThePage follows a kind with the form, reads what came with its
// links, and says that it was read: each thing is told once, and no op tells the circle
// what somebody follows or read.
func TestADigestIsReadOnThePage(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	const nothing, could = "There is nothing to tell just now.", "<h2>I could</h2>"
	if page := b.get(base + "/digest"); !strings.Contains(page, nothing) {
		t.Fatalf("before anything came:\n%s", page)
	}
	before := h.made
	if at := b.post(base+"/me/follow", url.Values{"kinds": {"goats", " ", "meals"}}); !strings.HasPrefix(at, base+"/digest") {
		t.Errorf("following leads to %s", at)
	}
	page := b.get(base + "/digest")
	for _, kind := range []string{"goats", "meals"} {
		if !strings.Contains(page, `name="kinds" value="`+kind+`"`) {
			t.Errorf("the form does not hold %s:\n%s", kind, page)
		}
	}
	if h.made != before {
		t.Errorf("%d ops tell the circle what she follows", h.made-before)
	}

	soup := h.as(t, bela, circle.PostNeed{Posted: circle.Posted{Title: "Soup on Thursday", Category: "Meals", People: 1}}).ID
	h.as(t, bela, circle.PostNeed{Posted: circle.Posted{Title: "A shelf put up", Category: "repairs", People: 1}})
	walk := h.as(t, farid, circle.AskMayI{Member: ann, Text: "A walk by the river"}).ID
	page = b.get(base + "/digest")
	asked, followed, two := strings.Cut(page, could)
	if !two || !strings.Contains(asked, "A walk by the river") || !strings.Contains(asked, "/show/"+walk.String()) {
		t.Errorf("what was asked of her is not told:\n%s", page)
	}
	if !strings.Contains(followed, "Soup on Thursday") || !strings.Contains(followed, `href="`+base+"/show/"+soup.String()) {
		t.Errorf("a need of a kind that she follows is not told:\n%s", page)
	}
	if strings.Contains(page, "A shelf put up") || strings.Contains(page, nothing) {
		t.Errorf("what nobody follows is told:\n%s", page)
	}

	before = h.made
	if at := b.post(base+"/me/digest", url.Values{}); !strings.HasPrefix(at, base+"/digest") {
		t.Errorf("having read it leads to %s", at)
	}
	page = b.get(base + "/digest")
	if !strings.Contains(page, nothing) || strings.Contains(page, "Soup on Thursday") || strings.Contains(page, "A walk by the river") {
		t.Errorf("what was read is told again:\n%s", page)
	}
	if h.made != before {
		t.Errorf("%d ops tell the circle that she read it", h.made-before)
	}
	if page := b.get(base); !strings.Contains(page, "A walk by the river") {
		t.Error("what she read is gone from her home, where it still waits for her")
	}

	h.as(t, bela, circle.PostNeed{Posted: circle.Posted{Title: "Bread as well", Category: "meals", People: 1}})
	if page := b.get(base + "/digest"); !strings.Contains(page, "Bread as well") || strings.Contains(page, "Soup on Thursday") {
		t.Errorf("what came since then:\n%s", page)
	}
	b.post(base+"/me/follow", url.Values{"kinds": {"", ""}})
	if page := b.get(base + "/digest"); strings.Contains(page, "Bread as well") || !strings.Contains(page, nothing) {
		t.Errorf("who follows nothing is told of\n%s", page)
	}
}

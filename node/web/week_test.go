package web_test

import (
	"net/url"
	"strings"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
)

// TestSearchOnThePage finds what holds the words, with a link to it, in any case and
// form; and nothing that its reader may not see.
func TestSearchOnThePage(t *testing.T) {
	h := newHome(t)
	need := h.as(t, bela, circle.PostNeed{Posted: circle.Posted{Title: "Crème brûlée for twelve", People: 1}}).ID
	few := h.as(t, bela, circle.PostNeed{Posted: circle.Posted{Title: "A letter to write", People: 1, To: []crdt.ID{ann}}}).ID
	h.as(t, ann, circle.PostOffer{Posted: circle.Posted{Title: "A drill", People: 1}})
	search := func(h *home, words string) string {
		t.Helper()
		return newBrowser(t, site(h)).get(base + "/search?words=" + url.QueryEscape(words))
	}
	const none = "Nothing holds these words."
	link := func(id crdt.ID) string { return `href="` + base + "/show/" + id.String() }
	for _, words := range []string{"brûlée", "BRULEE twelve", "brul"} {
		page := search(h, words)
		if !strings.Contains(page, "Crème brûlée for twelve") || !strings.Contains(page, link(need)) || strings.Contains(page, none) {
			t.Errorf("searching for %q:\n%s", words, page)
		}
		if strings.Contains(page, "A drill") || strings.Contains(page, link(few)) {
			t.Errorf("searching for %q finds something else:\n%s", words, page)
		}
	}
	if page := search(h, "sailing"); !strings.Contains(page, none) || !strings.Contains(page, `value="sailing"`) {
		t.Errorf("searching for what is nowhere:\n%s", page)
	}
	if page := search(h, "letter"); !strings.Contains(page, link(few)) {
		t.Errorf("she does not find what is for her:\n%s", page)
	}
	if page := search(h.of(farid), "letter"); !strings.Contains(page, none) || strings.Contains(page, link(few)) {
		t.Errorf("he finds what is not for him:\n%s", page)
	}
	if page := search(h.of(farid), "twelve"); !strings.Contains(page, link(need)) {
		t.Errorf("he does not find what is for all:\n%s", page)
	}
}

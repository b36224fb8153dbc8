package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tend/crdt/circle"
)

// TestThePlaceIsReadInTheAgreementAlone tells address, door code and phone with the form
// of an agreement: the other in it reads them there, and nobody else does anywhere.
func TestThePlaceIsReadInTheAgreementAlone(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	need := h.as(t, ann, circle.PostNeed{Posted: circle.Posted{Title: "Hang a lamp", Area: "near the mill", People: 1, When: []string{"2026-12-03T10:00"}}}).ID
	yes := h.as(t, bela, circle.SayYes{ID: need, Slots: []string{"2026-12-03T10:00"}}).ID
	at, on := base+"/show/"+yes.String(), base+"/on/"+yes.String()+"/place"
	if page := b.get(at); !strings.Contains(page, `action="`+on+`"`) {
		t.Fatalf("nothing to tell the place with:\n%s", page)
	}
	if got := b.post(on, url.Values{"where": {"Mill Lane 9, second floor"}, "code": {"7431#"}, "phone": {"0151 2345"}}); !strings.HasPrefix(got, at) {
		t.Errorf("telling it leads to %s", got)
	}
	all := []string{"Mill Lane 9, second floor", "7431#", "0151 2345"}
	reads := func(who string, of *home, path string, want ...string) {
		t.Helper()
		page := newBrowser(t, site(of)).get(path)
		for _, word := range all {
			if strings.Contains(page, word) != (len(want) > 0) {
				t.Errorf("%s reads %q at %s: %t\n%s", who, word, path, len(want) == 0, page)
			}
		}
	}
	reads("Ann", h, at, all...)
	reads("Béla", h.of(bela), at, all...)
	theirs := h.of(farid)
	for _, path := range []string{base, at, base + "/show/" + need.String(), base + "/show/" + ann.String(), base + "/week", base + "/offers", base + "/search?words=mill", base + "/search?words=7431"} {
		reads("Farid", theirs, path)
	}
	h.mu.Lock()
	theirs.state = h.state // also with an op that is not for him, no page of his shows it
	h.mu.Unlock()
	reads("Farid, with all of it,", theirs, at)
	if w := newBrowser(t, site(theirs)).ask(http.MethodPost, on, url.Values{"where": {"Elsewhere"}}); w.Code == http.StatusSeeOther {
		t.Error("somebody who is not in it says where it is")
	}

	b.post(on, url.Values{"where": {""}, "code": {"8812#"}, "phone": {""}}) // what is left empty stays
	page := newBrowser(t, site(h.of(bela))).get(at)
	for word, want := range map[string]bool{all[0]: true, "7431#": false, "8812#": true, all[2]: true} {
		if strings.Contains(page, word) != want {
			t.Errorf("with another code he reads %q: %t\n%s", word, !want, page)
		}
	}
}

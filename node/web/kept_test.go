package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tend/crdt/circle"
)

// TestKeptForMyselfAlone keeps a ceiling, notes about somebody and an answer on the
// page, finds each where it was written, lets go of it, and holds that none of it is in
// an op: the circle is told nothing.
func TestKeptForMyselfAlone(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	person, before := base+"/show/"+bela.String(), h.made
	on := base + "/on/" + bela.String() + "/pair-note"
	wants := func(path string, all ...string) {
		t.Helper()
		page := bare(b.get(path))
		for _, want := range all {
			if !strings.Contains(page, want) {
				t.Errorf("%s does not say %q:\n%s", path, want, page)
			}
		}
	}
	if got := b.post(on, url.Values{"kept": {"Takes no sugar"}}); got != person+"?said=pair-note" {
		t.Errorf("a note leads to %s", got)
	}
	b.post(on, url.Values{"kept": {"Her mother died"}, "on": {"2020-11-30"}, "yearly": {"true"}})
	wants(person, "For your eyes only", "Takes no sugar", "Monday 30 November 2020, every year")
	wants(base, "You wrote yourself", "Her mother died")
	b.post(on, url.Values{"drop": {"1"}})
	if page := b.get(person); strings.Contains(page, "Takes no sugar") || !strings.Contains(page, "Her mother died") {
		t.Error("the wrong note was let go")
	}
	w := b.ask(http.MethodPost, on, url.Values{"kept": {"Sings on Sundays"}, "yearly": {"true"}})
	if page := w.Body.String(); w.Code != http.StatusUnprocessableEntity || !strings.Contains(page, ">Sings on Sundays</textarea>") {
		t.Errorf("a note of every year without a day = %d, or its words are lost", w.Code)
	}

	b.post(base+"/me/reflect", url.Values{"answer": {"Yes, since the soup."}})
	wants(base+"/me", "Yes, since the soup.")
	b.post(base+"/me/ceiling", url.Values{"week": {"1"}, "tell_room": {"true"}})
	if page := b.get(base + "/me"); !strings.Contains(page, `name="week" min="1" max="100" value="1"`) || !strings.Contains(page, `name="tell_room" value="true" checked`) {
		t.Error("the ceiling is not in its form")
	}
	if w := b.ask(http.MethodPost, base+"/me/ceiling", url.Values{"week": {"1000"}}); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `value="1000"`) {
		t.Errorf("a ceiling of a thousand = %d, or is not in the form again", w.Code)
	}
	if h.made != before {
		t.Errorf("%d ops tell the circle what one keeps for oneself", h.made-before)
	}

	yes := func(day string) string {
		need := h.as(t, bela, circle.PostNeed{Posted: circle.Posted{Title: "Soup", People: 1, When: []string{day}}}).ID
		return b.post(base+"/on/"+need.String()+"/yes", url.Values{"slot": {day}})
	}
	if got := yes("2026-12-02"); !strings.HasSuffix(got, "?said=yes") {
		t.Errorf("a yes below the ceiling leads to %s", got)
	}
	if got := yes("2026-12-03"); !strings.HasSuffix(got, "?said=above_ceiling") {
		t.Errorf("a yes above the ceiling leads to %s", got)
	}
	b.post(base+"/me/ceiling", url.Values{"week": {""}, "tell_room": {"true"}})
	if got := yes("2026-12-04"); !strings.HasSuffix(got, "?said=yes") {
		t.Errorf("a yes without a ceiling leads to %s", got)
	}
}

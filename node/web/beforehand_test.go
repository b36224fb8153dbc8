package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
)

// TestBeforehandOnThePage keeps a wish and a hard day on the page and lets them go,
// asks for somebody who wished it, and closes with one tap what was opened by a wish.
func TestBeforehandOnThePage(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	at := base + "/beforehand"
	says := func(path string, all ...string) {
		t.Helper()
		page := bare(b.get(path))
		for _, want := range all {
			if !strings.Contains(page, want) {
				t.Errorf("%s does not say %q:\n%s", path, want, page)
			}
		}
	}
	silent := func(path string, all ...string) {
		t.Helper()
		page := b.get(path)
		for _, never := range all {
			if strings.Contains(page, never) {
				t.Errorf("%s says %q", path, never)
			}
		}
	}
	says(base+"/me", "For hard times")
	if got := b.post(base+"/me/consent-in-advance", url.Values{"if": {"I am in hospital"}, "then": {"Feed the cat"}, "who": {farid.String()}, "until": {"2026-12-24"}}); got != at+"?said=me" {
		t.Errorf("a wish leads to %s", got)
	}
	says(at, "I am in hospital", "Feed the cat", "For فريد", "Until Thursday 24 December", "Open to فريد.")
	w := b.ask(http.MethodPost, base+"/me/consent-in-advance", url.Values{"if": {"It rains"}, "then": {""}})
	if page := w.Body.String(); w.Code != http.StatusUnprocessableEntity || !strings.Contains(page, ">It rains</textarea>") || !strings.Contains(bare(page), "what to do then") {
		t.Errorf("half a wish = %d, or its words are lost", w.Code)
	}
	b.post(base+"/me/tender-date", url.Values{"day": {"2020-12-04"}, "what": {"Her birthday"}, "welcome": {"A call"}, "yearly": {"true"}, "follow_up": {""}, "to": {"circle"}})
	says(at, "Her birthday", "A call", "every year", "Open to everyone in the circle.")
	w = b.ask(http.MethodPost, base+"/me/tender-date", url.Values{"day": {""}, "what": {"A trial"}})
	if page := w.Body.String(); w.Code != http.StatusUnprocessableEntity || !strings.Contains(page, ">A trial</textarea>") {
		t.Errorf("a hard day without a day = %d, or its words are lost", w.Code)
	}

	// Somebody acts by the wish: its owner hears first, and closes it with one tap.
	cat := h.as(t, farid, circle.PostNeed{Posted: circle.Posted{Title: "The cat", People: 1, For: ann, Under: 1}}).ID
	says(base, "Opened for you, as you wished", "فريد opened “The cat” for you", "Good, thank you", "Close it")
	b.post(base+"/on/"+cat.String()+"/withdraw", url.Values{"from": {"home"}})
	silent(base, "Opened for you")
	milk := h.as(t, farid, circle.PostNeed{Posted: circle.Posted{Title: "Milk for her", People: 1, For: ann, Under: 1}}).ID
	if got := b.post(base+"/me/consent-in-advance", url.Values{"drop": {"1"}}); got != at+"?said=let_go" {
		t.Errorf("letting a wish go leads to %s", got)
	}
	silent(at, "Feed the cat")
	says(base, "A wish has changed meanwhile", "Thanks to فريد", "Let it stay")
	b.post(base+"/on/"+milk.String()+"/yes", url.Values{"from": {"home"}})
	silent(base, "A wish has changed")
	b.post(base+"/me/tender-date", url.Values{"drop": {"1"}})
	silent(at, "Her birthday")

	// What another wished: their page, and the form for somebody else.
	h.as(t, bela, circle.AddConsent{If: "The river rises", Then: "Carry my books upstairs", Who: []crdt.ID{ann}})
	h.as(t, bela, circle.AddConsent{If: "Not for Ann", Then: "Nothing", Who: []crdt.ID{farid}, Circle: true})
	h.as(t, bela, circle.AddTenderDate{Date: "2026-12-01", Text: "Lost at sea", Welcome: "Soup at the door", Circle: true})
	person, form := base+"/show/"+bela.String(), base+"/ask?kind=need"
	says(person, "What Béla wished beforehand", "The river rises", "Carry my books upstairs", "Ask for it now", "Lost at sea")
	if page := b.get(person); strings.Count(page, "Ask for it now") != 1 {
		t.Error("a wish that is for others has a button, too")
	}
	says(form, "as wished beforehand: The river rises", "it opens at once", "They hear of it first and can close it")
	silent(form, "Not for Ann")
	chosen := bela.String() + ":1"
	if page := b.get(form + "&for=" + url.QueryEscape(chosen)); !strings.Contains(page, `value="`+chosen+`" selected`) {
		t.Error("the link from a wish does not choose it in the form")
	}
	made := b.post(base+"/ask", url.Values{"kind": {"need"}, "text": {"Books"}, "for": {chosen}, "to": {"circle"}})
	id, err := crdt.ParseID(strings.TrimSuffix(strings.TrimPrefix(made, base+"/show/"), "?said=ask"))
	if err != nil {
		t.Fatalf("asking for Béla leads to %s", made)
	}
	if p, ok := h.state.Post(h.env(), id); !ok || p.Under != 1 || p.Owner != bela || p.Status != "open" {
		t.Errorf("what was asked for Bela is %+v", p)
	}

	// A hard day of another's, on the day: what would be welcome, and never what it is.
	says(base, "A hard day for Béla", "Soup at the door")
	says(base+"/week", "A hard day for Béla")
	for _, screen := range []string{base, base + "/week", base + "/digest"} {
		silent(screen, "Lost at sea")
	}
	for _, paper := range []string{base + "/print/week", base + "/print/people", base + "/print/card/" + bela.String()} {
		silent(paper, "Lost at sea", "A hard day", "Soup at the door", "books upstairs")
	}
}

// TestFirstStepsOnThePage: where nothing is yet, one small ask and one small offer, each
// a link into a form that is filled in; once taken they are gone.
func TestFirstStepsOnThePage(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	page := b.get(base)
	for _, want := range []string{"A small beginning, if you like", "One small ask", "One small offer", "kind=need&amp;text=Could&#43;someone"} {
		if !strings.Contains(page, want) {
			t.Errorf("an empty circle does not say %q", want)
		}
	}
	if form := b.get(base + "/ask?kind=need&text=Could+someone+water+my+plants%3F"); !strings.Contains(form, `value="Could someone water my plants?"`) {
		t.Error("the small ask is not in the form")
	}
	h.as(t, ann, circle.PostNeed{Posted: circle.Posted{Title: "Plants", People: 1}})
	if page := b.get(base); strings.Contains(page, "One small ask") {
		t.Error("Ann is still met with a first ask")
	}
}

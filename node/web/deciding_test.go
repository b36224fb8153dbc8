package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
)

// TestPodOnThePage asks somebody to be one of the few, who answers for themselves; what
// is for the pod reads only who said yes, and each may give it back.
func TestPodOnThePage(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	says := func(want string, there bool) {
		t.Helper()
		if page := bare(b.get(base + "/pod")); strings.Contains(page, want) != there {
			t.Errorf("the pod says %q: %t\n%s", want, !there, page)
		}
	}
	says("Nobody yet.", true)
	b.post(base+"/pod", url.Values{"text": {"add"}, "member": {bela.String()}})
	says("</strong>said yes", false)
	says("</strong>asked", true)
	h.as(t, bela, circle.AnswerPod{Owner: ann, Word: circle.WordYes})
	says("</strong>said yes", true)
	at := b.post(base+"/ask", url.Values{"kind": {"need"}, "text": {"A word"}, "people": {"1"}, "to": {"pod"}})
	if page := bare(b.get(at)); !strings.Contains(page, "Only Béla") && !strings.Contains(page, "Only Ann and Béla") && !strings.Contains(page, "can read this.") || strings.Contains(page, "Everyone in the circle can read this.") {
		t.Errorf("what is for the pod reads\n%s", page)
	}
	b.post(base+"/pod", url.Values{"text": {"remove"}, "member": {bela.String()}})
	says("Nobody yet.", true)
	h.as(t, farid, circle.AskIntoPod{Members: []crdt.ID{ann}})
	says("Would like to turn to you", true)
	if page := bare(b.get(base)); !strings.Contains(page, "one of the few they turn to") {
		t.Errorf("home does not say that somebody asks\n%s", page)
	}
	b.post(base+"/pod", url.Values{"text": {"yes"}, "member": {farid.String()}})
	says("I am there for", true)
	b.post(base+"/pod", url.Values{"text": {"leave"}, "member": {farid.String()}})
	says("I am there for", false)
	if w := b.ask(http.MethodPost, base+"/pod", url.Values{"text": {"add"}, "member": {ann.String()}}); w.Code != http.StatusConflict {
		t.Errorf("oneself in one's own pod = %d", w.Code)
	}
}

// TestDecidingOnThePage reads a proposal, says each of the three words, has a concern
// stop it and a new text ask again; adopted, it is looked at again on its day.
func TestDecidingOnThePage(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	at := b.post(base+"/propose", url.Values{"text": {"We lock the shed at night"}, "review": {"2027-03-01"}})
	at, _, _ = strings.Cut(at, "?")
	on := func(id string, verb string) string { return base + "/on/" + id + "/" + verb }
	mine := strings.TrimPrefix(at, base+"/show/")
	id, err := crdt.ParseID(mine)
	if err != nil {
		t.Fatalf("proposing leads to %s", at)
	}
	says := func(path, want string, there bool) {
		t.Helper()
		if page := bare(b.get(path)); strings.Contains(page, want) != there {
			t.Errorf("%s says %q: %t\n%s", path, want, !there, page)
		}
	}
	says(at, "We lock the shed at night", true)
	h.as(t, bela, circle.SayOnDecision{ID: id, Value: circle.WordConcern, Text: "The ladder is needed at night"})
	says(at, "The ladder is needed at night", true)
	says(at, "فريد", false) // who has not spoken is never listed
	if w := b.ask(http.MethodPost, on(mine, "enact"), url.Values{}); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "The ladder is needed at night") {
		t.Errorf("adopting it over a concern = %d\n%s", w.Code, w.Body)
	}
	b.post(on(mine, "reshape"), url.Values{"text": {"We lock the shed; the ladder stays outside"}})
	says(at, "the ladder stays outside", true)
	h.as(t, bela, circle.SayOnDecision{ID: id, Value: circle.WordConsent})
	h.as(t, farid, circle.SayOnDecision{ID: id, Value: circle.WordStandAside, Text: "I have no shed"})
	says(at, "Adopted", true)
	says(at, "I have no shed", true)
	b.post(on(mine, "enact"), url.Values{})
	h.later(100 * 24 * time.Hour)
	says(at, "Time to look at it again", true)
	if page := b.get(base); !strings.Contains(page, "is to be looked at again") || !strings.Contains(page, at[:len(at)-48]) {
		t.Errorf("home does not say that its day has come\n%s", page)
	}

	theirs := h.as(t, bela, circle.Propose{Text: "Soup on Mondays"}).ID.String()
	for _, word := range []struct{ verb, text string }{{"consent", "Gladly"}, {"stand-aside", "I am away on Mondays"}, {"concern", "Some work late"}} {
		b.post(on(theirs, word.verb), url.Values{"text": {word.text}})
		says(base+"/show/"+theirs, word.text, true)
	}
	says(base+"/show/"+theirs, "Gladly", false)
}

// TestCharterComesBack: once its day has come, home says that the charter is to be looked
// at again, and its screen has the form that proposes it again with a new day. What was
// typed stays where it does not go, and all of it goes once the circle has agreed.
func TestCharterComesBack(t *testing.T) {
	charter := membership.DefaultCharter("Mill Lane")
	charter.Purpose, charter.ReviewOn = "We look after one another.", "2027-03-01"
	h := newRuledHome(t, charter)
	bela, farid := h.rule.people[1].ID, h.rule.people[2].ID
	b := newBrowser(t, site(h))
	const due = "How you do things here is to be looked at again"
	says := func(path, want string, there bool) {
		t.Helper()
		if page := bare(b.get(path)); strings.Contains(page, want) != there {
			t.Errorf("%s says %q: %t\n%s", path, want, !there, page)
		}
	}
	says(base, due, false)
	says(base+"/charter", "propose it again", false)
	h.clock = time.Date(2027, 3, 1, 8, 0, 0, 0, noon.Location())
	says(base, due, true)
	says(base+"/charter", "propose it again", true)
	if home := b.get(base); !strings.Contains(home, base+"/charter#again") || !strings.Contains(home, base+"/charter/change") {
		t.Errorf("home leads to neither of the two ways:\n%s", home)
	}
	if form := b.get(base + "/charter/change"); strings.Contains(form, `value="2027-03-01"`) || !strings.Contains(form, `value="2028-03-01"`) {
		t.Errorf("another charter would come back on the day that is there:\n%s", form)
	}
	again := url.Values{"renew": {"charter"}, "review": {"2028-02-29"}, "why": {"It serves us well"}}
	if w := b.ask(http.MethodPost, base+"/propose", url.Values{"renew": {"charter"}, "review": {"2028-02-29"}, "why": {strings.Repeat("x", 5000)}}); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `value="2028-02-29"`) {
		t.Errorf("words that are too many = %d, or what was typed is lost\n%s", w.Code, w.Body)
	}
	at := b.post(base+"/propose", again)
	at, _, _ = strings.Cut(at, "?")
	says(at, "It serves us well", true)
	says(at, "29 February", true)
	says(base, due, false) // somebody has proposed it
	says(base+"/charter", "propose it again", false)
	id, err := crdt.ParseID(strings.TrimPrefix(at, base+"/show/"))
	if err != nil {
		t.Fatal(err)
	}
	h.as(t, bela, circle.SayOnDecision{ID: id, Value: circle.WordConsent})
	h.as(t, farid, circle.SayOnDecision{ID: id, Value: circle.WordConsent})
	b.post(base+"/on/"+id.String()+"/enact", url.Values{})
	says(base, due, false)
	says(base+"/charter", "29 February", true)
	h.clock = time.Date(2028, 2, 29, 8, 0, 0, 0, noon.Location())
	says(base, due, true)
}

// TestLeavingOnThePage shows what one would hand over and what leaving does, before
// anything is done.
func TestLeavingOnThePage(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	soup := h.as(t, bela, circle.PostNeed{Posted: circle.Posted{Title: "Soup on Friday", People: 1, When: []string{"2026-12-04"}}}).ID
	b.post(base+"/on/"+soup.String()+"/yes", url.Values{"slot": {"2026-12-04"}})
	page := b.get(base + "/leave")
	for _, want := range []string{"Soup on Friday", "What you would hand over", "keeps your name", "let go at once", "The door stays open"} {
		if !strings.Contains(page, want) {
			t.Errorf("leaving does not say %q:\n%s", want, page)
		}
	}
	if h.own.left {
		t.Error("looking at it was leaving")
	}
	b.post(base+"/leave", url.Values{"farewell": {"Thank you all"}})
	if !h.own.left {
		t.Error("leaving did not leave")
	}
}

// TestConcernAboutANewcomer: whoever has a voice may say on a newcomer's screen that their
// coming in should be looked at first, while they have none; both sides then find it on
// their home, and what was typed stays where it does not go.
func TestConcernAboutANewcomer(t *testing.T) {
	charter := membership.DefaultCharter("Mill Lane")
	charter.SponsorsFrom = 3
	h := newRuledHome(t, charter)
	mira := h.rule.joins("Mira").ID
	h.as(t, mira, circle.SetSection{Section: circle.SectionName, Values: []string{"Mira"}})
	b := newBrowser(t, site(h))
	at, form := base+"/show/"+mira.String(), "/on/"+mira.String()+"/concern"
	if page := b.get(at); !strings.Contains(page, base+form) || !strings.Contains(page, "Everyone here can read it") {
		t.Errorf("a newcomer's screen has no form for a concern:\n%s", page)
	}
	for _, member := range h.rule.people[:3] {
		if page := b.get(base + "/show/" + member.ID.String()); strings.Contains(page, "/on/"+member.ID.String()+"/concern") {
			t.Errorf("the screen of somebody who has a voice has the form:\n%s", page)
		}
	}
	long := strings.Repeat("x", 5000)
	if w := b.ask(http.MethodPost, base+form, url.Values{"why": {long}}); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), long) {
		t.Errorf("words that are too many = %d, or what was typed is lost", w.Code)
	}
	b.post(base+form, url.Values{"why": {"She should meet us first."}})
	if page := bare(b.get(at)); !strings.Contains(page, "She should meet us first.") {
		t.Errorf("the concern does not stand on their screen:\n%s", page)
	}
	if page := bare(b.get(base)); !strings.Contains(page, "would have this looked at first: “She should meet us first.”") {
		t.Errorf("home does not ask to talk it over:\n%s", page)
	}
	if w := b.ask(http.MethodPost, base+"/on/"+h.rule.people[1].ID.String()+"/concern", url.Values{"why": {"x"}}); w.Code != http.StatusConflict {
		t.Errorf("a concern about letting somebody in who has a voice = %d, want %d", w.Code, http.StatusConflict)
	}
}

// TestConcernHeardLateOnThePage: a concern that was written in time and arrives after the
// closing stands on everybody's home, and one tap leads to where it is settled.
func TestConcernHeardLateOnThePage(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	id := h.as(t, ann, circle.Propose{Text: "We lock the shed at night", Closes: h.now().Add(time.Hour)}).ID
	h.as(t, farid, circle.SayOnDecision{ID: id, Value: circle.WordConsent})
	before := h.state
	h.later(2 * time.Hour)
	b.post(base+"/on/"+id.String()+"/enact", url.Values{})
	if page := bare(b.get(base + "/show/" + id.String())); !strings.Contains(page, "Adopted") {
		t.Fatalf("two of three are not enough:\n%s", page)
	}
	h.later(-90 * time.Minute) // it was written in time, and arrives now
	h.apart(t, before, bela, circle.SayOnDecision{ID: id, Value: circle.WordConcern, Text: "The ladder is needed at night"})
	h.later(90 * time.Minute)
	if page := bare(b.get(base)); !strings.Contains(page, "A concern came late") || !strings.Contains(page, "Béla had a concern in time about “We lock the shed at night”") ||
		!strings.Contains(page, "The ladder is needed at night") {
		t.Errorf("home does not show the concern:\n%s", page)
	}
	b.post(base+"/on/"+id.String()+"/enact", url.Values{})
	if page := bare(b.get(base)); strings.Contains(page, "A concern came late") {
		t.Errorf("it is heard, and stands there still:\n%s", page)
	}
	if page := bare(b.get(base + "/show/" + id.String())); !strings.Contains(page, "The ladder is needed at night") || !strings.Contains(page, "Adopted") {
		t.Errorf("the concern is not shown beside the decision that holds:\n%s", page)
	}
}

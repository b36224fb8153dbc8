package web_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
)

// post reads a need or an offer of Ann's home.
func (h *home) post(t testing.TB, address string) circle.Post {
	t.Helper()
	word, _, _ := strings.Cut(strings.TrimPrefix(address, base+"/show/"), "?")
	id, err := crdt.ParseID(word)
	if err != nil {
		t.Fatal(err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	p, ok := h.state.Post(h.env(), id)
	if !ok {
		t.Fatalf("there is no post at %s", address)
	}
	return p
}

// TestAskingInFull writes with the form all that a need or an offer may have, and changes
// one thing of it: the rest stays as it was.
func TestAskingInFull(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	rota := b.post(base+"/ask", url.Values{"kind": {"need"}, "text": {"Cook together"}, "day": {"2026-12-07", ""}, "from": {"18:00", ""}, "until": {"20:00", ""}, "last": {"", ""},
		"people": {"3"}, "newcomers": {"1"}, "weekday": {"mon", "thu"}, "repeat": {""}, "repeat_until": {"2026-12-24"}, "skip": {"2026-12-10", ""}, "costs": {"we share"}})
	p := h.post(t, rota)
	if p.Rule != "FREQ=WEEKLY;BYDAY=MO,TH;UNTIL=20261224" || !slices.Equal(p.Skips, []string{"2026-12-10"}) || p.Kept != 1 || p.People != 3 || p.Costs != "we share" || len(p.Slots) != 5 {
		t.Fatalf("the rota is %+v", p)
	}
	page := bare(b.get(rota))
	for _, want := range []string{"Until the day before, places kept for who is new here: 1.", "we share"} {
		if !strings.Contains(page, want) {
			t.Errorf("the rota does not say %q:\n%s", want, page)
		}
	}
	edit := base + "/edit/" + p.ID.String()
	if page := b.get(edit); !strings.Contains(page, `value="2026-12-10"`) || !strings.Contains(page, `name="newcomers" min="0" max="200" value="1"`) {
		t.Errorf("the form to change it does not hold what is there:\n%s", page)
	}
	b.post(edit, url.Values{"text": {"Cook and eat"}, "day": {"2026-12-07"}, "from": {"18:00"}, "until": {"20:00"}, "last": {""}, "people": {"3"},
		"newcomers": {""}, "repeat": {p.Rule}, "costs": {"we share"}, "skip": {"2026-12-10", "2026-12-17"}})
	now := h.post(t, rota)
	if now.Title != "Cook and eat" || now.Rule != p.Rule || !slices.Equal(now.When, p.When) || now.Kept != 0 || len(now.Slots) != 4 {
		t.Errorf("after the change it is %+v", now)
	}

	// A range of days, and a change of another thing that leaves it.
	drill := b.post(base+"/ask", url.Values{"kind": {"offer"}, "text": {"A drill"}, "day": {"2026-12-05"}, "last": {"2026-12-09"}, "from": {""}, "until": {""}, "category": {"things to borrow"}})
	b.post(base+"/edit/"+h.post(t, drill).ID.String(), url.Values{"text": {"A drill"}, "day": {"2026-12-05"}, "last": {"2026-12-09"}, "from": {""}, "until": {""}, "people": {"1"},
		"category": {"things to borrow"}, "area": {"Mill Lane"}})
	if p := h.post(t, drill); !slices.Equal(p.When, []string{"2026-12-05/2026-12-09"}) || p.Area != "Mill Lane" {
		t.Errorf("the drill is %+v", p.Posted)
	}

	// Kinds to choose from, and those that are tender by themselves in each language.
	b.lang = "de"
	if page := b.get(base + "/ask?kind=need"); !strings.Contains(page, `<option value="Trauer">`) || !strings.Contains(page, `<option value="Mitfahren">`) {
		t.Errorf("the kinds to begin with are not there:\n%s", page)
	}
	if p := h.post(t, b.post(base+"/ask", url.Values{"kind": {"need"}, "text": {"Ein schwerer Tag"}, "category": {"Trauer"}})); !p.Tender {
		t.Errorf("what is asked in grief is %+v", p.Posted)
	}
	b.lang = "en"
	if p := h.post(t, b.post(base+"/ask", url.Values{"kind": {"need"}, "text": {"A goat"}, "category": {"goats"}})); p.Tender || p.Category != "goats" {
		t.Errorf("a kind of one's own is %+v", p.Posted)
	}

	// By today: that this is no emergency line, before and after.
	said := "This is no emergency line"
	if page := b.get(base + "/ask?kind=need"); !strings.Contains(page, said) {
		t.Error("the form does not say that this is no emergency line")
	}
	if page := b.get(b.post(base+"/ask", url.Values{"kind": {"need"}, "text": {"Milk"}, "by": {"2026-12-01"}})); !strings.Contains(page, said) {
		t.Error("a need for today does not say that this is no emergency line")
	}
	if page := b.get(b.post(base+"/ask", url.Values{"kind": {"need"}, "text": {"Milk"}, "by": {"2026-12-09"}})); strings.Contains(page, said) {
		t.Error("a need for next week speaks of emergencies")
	}
}

// TestSomeoneToTalkToOnThePage finds who is open to listening now, and asks them alone
// without a word of one's own.
func TestSomeoneToTalkToOnThePage(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	entry := base + "/ask?kind=need&amp;listening=1"
	if page := b.get(base + "/ask?kind=need"); !strings.Contains(page, entry) || strings.Contains(page, "Open to listening now") {
		t.Errorf("where one asks for someone to talk to:\n%s", page)
	}
	h.as(t, bela, circle.SetSection{Section: circle.SectionListening, Values: []string{"yes"}, Until: "2026-12-01T16:00"})
	page := b.get(base + "/ask?kind=need&listening=1")
	if !strings.Contains(page, "Open to listening now: <bdi>Béla</bdi>") || !strings.Contains(page, `value="`+bela.String()+`" checked`) || strings.Contains(page, `value="circle" checked`) {
		t.Errorf("who is asked:\n%s", page)
	}
	if page := b.get(base + "/circle"); !strings.Contains(page, "open to listening now") {
		t.Errorf("the circle does not say who is open to listening:\n%s", page)
	}
	at := b.post(base+"/ask", url.Values{"kind": {"need"}, "text": {""}, "listening": {"call", "sit"}, "to": {bela.String()}})
	if p := h.post(t, at); !p.Tender || !slices.Contains(p.Audience, bela) || len(p.Audience) != 2 || p.Title == "" {
		t.Errorf("it is %+v", p)
	}
	if page := bare(b.get(at)); !strings.Contains(page, "call") {
		t.Errorf("it does not say how:\n%s", page)
	}
	if p := h.post(t, b.post(base+"/ask", url.Values{"kind": {"need"}, "listening": {"text"}, "to": {"circle"}})); p.Audience != nil {
		t.Errorf("what everyone may see is for %v", p.Audience)
	}
}

// TestWhatGoesOnOnThePage: an offer asks whether it is still so, a loan whether it is home
// again, an agreement whether it suits; each is settled with one tap.
func TestWhatGoesOnOnThePage(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	wants := func(path string, all ...string) string {
		t.Helper()
		page := b.get(path)
		for _, want := range all {
			if !strings.Contains(bare(page), want) {
				t.Errorf("%s does not say %q:\n%s", path, want, page)
			}
		}
		return page
	}
	show := func(id crdt.ID) string { return base + "/show/" + id.String() }
	drill := h.as(t, ann, circle.PostOffer{Posted: circle.Posted{Title: "A drill", People: 1}}).ID
	loan := h.as(t, bela, circle.SayYes{ID: drill, When: "2026-12-02/2026-12-04"}).ID
	h.as(t, ann, circle.SayYes{ID: loan})
	walk := h.as(t, ann, circle.SayYes{ID: h.as(t, bela, circle.PostNeed{Posted: circle.Posted{Title: "Walk the dog", People: 1}}).ID}).ID
	wants(show(walk), "You look at it again: Monday 1 March 2027.")
	b.post(base+"/on/"+walk.String()+"/change", url.Values{"what": {"Walk the dog"}, "review": {"2026-12-06"}})
	wants(show(walk), "You look at it again: Sunday 6 December.", "Agreed")
	if page := bare(b.get(base + "/look")); strings.Contains(page, "drill") || strings.Contains(page, "dog") {
		t.Errorf("too early:\n%s", page)
	}
	h.later(5 * 24 * time.Hour)
	page := wants(base+"/look", "“A drill” was lent until", "is it home again?", "“Walk the dog” has gone on for a while.")
	for _, form := range []string{"/on/" + loan.String()[:16] + "/done", "/on/" + walk.String()[:16] + "/change"} {
		if !strings.Contains(page, `action="`+base+form+`"`) {
			t.Errorf("no button posts to %s:\n%s", form, page)
		}
	}
	b.post(base+"/on/"+walk.String()[:16]+"/change", url.Values{"review": {"2027-03-06"}})
	b.post(base+"/on/"+loan.String()[:16]+"/done", url.Values{})
	if page := bare(b.get(base + "/look")); strings.Contains(page, "drill") || strings.Contains(page, "dog") {
		t.Errorf("settled, and asked again:\n%s", page)
	}
	h.as(t, bela, circle.SetSection{Section: "card.thanks", Values: []string{"none needed"}})
	wants(show(loan), "Béla says of being thanked: none needed")
	h.later(60 * 24 * time.Hour)
	wants(base, "Is this still so?")
	wants(show(drill), "Yes, this is still so")
}

// TestTwoYesesWithoutADate are settled on the page with one tap, as those with one are.
func TestTwoYesesWithoutADate(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	need := h.as(t, ann, circle.PostNeed{Posted: circle.Posted{Title: "Move a sofa", People: 1}}).ID
	before := h.state
	h.apart(t, before, bela, circle.SayYes{ID: need})
	h.apart(t, before, farid, circle.SayYes{ID: need})
	page := b.get(base + "/look")
	at := base + "/on/" + need.String()[:16] + "/both"
	if !strings.Contains(page, `action="`+at+`"><input type="hidden" name="slot" value="">`) {
		t.Fatalf("no button posts to %s:\n%s", at, page)
	}
	b.post(at, url.Values{"slot": {""}})
	if page := bare(b.get(base + "/look")); strings.Contains(page, "Move a sofa") {
		t.Errorf("settled, and asked again:\n%s", page)
	}
}

// TestWhenHomesWereHeard: beside who comes stands when their home was last heard from, as
// coarsely as it is shown anywhere.
func TestWhenHomesWereHeard(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	need := h.as(t, ann, circle.PostNeed{Posted: circle.Posted{Title: "Soup", People: 1, When: []string{"2026-12-02"}}}).ID
	h.as(t, bela, circle.SayYes{ID: need})
	if page := bare(b.get(base + "/show/" + need.String())); !strings.Contains(page, "Béla’s home was heard: today") {
		t.Errorf("the date does not say it:\n%s", page)
	}
}

// TestSoonOnHome: what begins within the time that Ann wishes to be reminded before stands
// on her home screen, and nothing else does.
func TestSoonOnHome(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	for _, day := range []string{"2026-12-02T17:00", "2026-12-08"} {
		h.as(t, ann, circle.SayYes{ID: h.as(t, bela, circle.PostNeed{Posted: circle.Posted{Title: "On " + day, People: 1, When: []string{day}}}).ID})
	}
	soon := func() string {
		_, part, _ := strings.Cut(b.get(base), `id="soon"`)
		part, _, _ = strings.Cut(part, "</section>")
		return part
	}
	if got := soon(); got != "" {
		t.Errorf("without a wish she is reminded:\n%s", got)
	}
	b.post(base+"/me/remind", url.Values{"before": {"2d"}})
	if got := soon(); !strings.Contains(got, "On 2026-12-02T17:00") || strings.Contains(got, "2026-12-08") {
		t.Errorf("two days before she is reminded of\n%s", got)
	}
}

// TestSeveralInvitations makes several invitations with one form, and shows them on one
// sheet; a name goes with one alone.
func TestSeveralInvitations(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	at := b.post(base+"/invite", url.Values{"for": {"Cleo"}, "many": {"3"}, "until": {"month"}})
	if page := b.get(at); strings.Count(page, `class="slip"`) != 3 || strings.Contains(page, "Cleo") {
		t.Errorf("%s shows\n%s", at, page)
	}
	h.mu.Lock()
	made := len(h.invites)
	h.mu.Unlock()
	if made != 3 {
		t.Errorf("%d invitations were made", made)
	}
	if at := b.post(base+"/invite", url.Values{"for": {"Cleo"}, "many": {"1"}}); !strings.HasPrefix(at, base+"/invite/") {
		t.Errorf("one invitation leads to %s", at)
	}
	if w := b.ask(http.MethodGet, base+"/print/slips?invite=0000000000000000", nil); w.Code != http.StatusNotFound {
		t.Errorf("a sheet of no invitation = %d", w.Code)
	}
}

// TestManyAreAskedInFewLines: of the first few it stands open how they like to be asked,
// of the others behind a summary; who has quiet hours just now is never behind one.
func TestManyAreAskedInFewLines(t *testing.T) {
	h := newRuledHome(t, membership.DefaultCharter("Oak Street"))
	for _, name := range []string{"Dora", "Emil", "Flo", "Gus"} {
		p := h.rule.joins(name)
		h.as(t, p.ID, circle.SetSection{Section: circle.SectionName, Values: []string{name}})
	}
	for _, p := range h.rule.people[1:] {
		h.as(t, p.ID, circle.SetSection{Section: "bounds.ways", Values: []string{"knock"}})
	}
	h.as(t, h.rule.people[6].ID, circle.SetSection{Section: "bounds.quiet", Values: []string{"00:00-00:00"}})
	page := newBrowser(t, site(h)).get(base + "/ask?kind=need")
	if got := strings.Count(page, "<summary>How "); got != 2 {
		t.Errorf("%d of six are behind a summary, want two:\n%s", got, page)
	}
	if got := strings.Count(bare(page), "likes to be asked like this: knock"); got != 6 {
		t.Errorf("of %d it is there how they like to be asked, want six", got)
	}
}

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
	"tend/node/view"
)

// TestAnswersInWords answers a need with a few words and with another time, stands by
// for a place and not any more, is asked first when it opens, and brings a third person
// into what was agreed.
func TestAnswersInWords(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	ask := func(title string, days ...string) crdt.ID {
		return h.as(t, bela, circle.PostNeed{Posted: circle.Posted{Title: title, People: 1, When: days}}).ID
	}
	show := func(id crdt.ID) string { return base + "/show/" + id.String() }
	on := func(id crdt.ID, verb string) string { return base + "/on/" + id.String() + "/" + verb }
	wants := func(path string, all ...string) {
		t.Helper()
		page := bare(b.get(path))
		for _, want := range all {
			if !strings.Contains(page, want) {
				t.Errorf("%s does not say %q:\n%s", path, want, page)
			}
		}
	}

	soup := ask("Soup", "2026-12-02", "2026-12-03")
	wants(show(soup), "With a few words, or at another time", "Which day")
	w := b.ask(http.MethodPost, on(soup, "yes"), url.Values{"slot": {"2026-12-24"}, "note": {"Gladly"}})
	if page := w.Body.String(); w.Code != http.StatusNotFound || !strings.Contains(page, ">Gladly</textarea>") {
		t.Errorf("a yes to no date = %d, or its words are lost:\n%s", w.Code, page)
	}
	agreed := b.post(on(soup, "yes"), url.Values{"slot": {"2026-12-03"}, "note": {"I bring the pot"}, "day": {"2026-12-03"}, "from": {"18:00"}, "until": {""}})
	wants(agreed, "Thursday 3 December, 18:00", "I bring the pot", "Somebody else comes in")
	page := b.get(agreed)
	if strings.Contains(page, `<option value="`+bela.String()) || !strings.Contains(page, `<option value="`+farid.String()) {
		t.Errorf("who may come in are not those who are not in it:\n%s", page)
	}
	id, err := crdt.ParseID(strings.TrimSuffix(strings.TrimPrefix(agreed, base+"/show/"), "?said=yes"))
	if err != nil {
		t.Fatal(err)
	}
	b.post(on(id, "change"), url.Values{"what": {"Soup"}, "with": {farid.String()}})
	wants(show(id), "فريد")
	if page := b.get(show(id)); strings.Contains(page, "Somebody else comes in") {
		t.Error("somebody could come in although all are in it")
	}

	milk := ask("Milk", "2026-12-04")
	yes := h.as(t, farid, circle.SayYes{ID: milk}).ID
	wants(show(milk), "Ask me first if it opens again")
	if page := bare(b.get(base + "/show/" + bela.String())); !strings.Contains(page, "Milk") || strings.Count(page, "I could do this") != strings.Count(page, "Soup") {
		t.Errorf("a need with every place taken is still offered on its card:\n%s", page)
	}
	standBy := on(milk, "stand-by")
	b.post(standBy, url.Values{"slot": {"2026-12-04"}})
	wants(show(milk), "You will be asked first if it opens.", "Not any more")
	if got := b.post(standBy, url.Values{"slot": {"2026-12-04"}, "not": {"true"}}); got != show(milk)+"?said=not_stand_by" {
		t.Errorf("standing by no more leads to %s", got)
	}
	b.post(standBy, url.Values{"slot": {"2026-12-04"}})
	if page := bare(b.get(base)); strings.Contains(page, "A place has opened") {
		t.Error("a place opened while somebody holds it")
	}
	h.as(t, farid, circle.Release{ID: yes})
	wants(base, "A place has opened; you asked to be asked first.", "Milk")
}

// TestAVoiceThatIsSilent offers to let a voice rest only of somebody of whom nothing was
// heard for long, and keeps what was typed where it cannot be proposed.
func TestAVoiceThatIsSilent(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	at := base + "/show/" + bela.String()
	if page := b.get(at); strings.Contains(page, `name="lapse"`) {
		t.Error("the voice of somebody who was heard today could rest")
	}
	h.later(91 * 24 * time.Hour)
	if page := b.get(at); !strings.Contains(page, "Nothing was heard of") || !strings.Contains(page, "A call is the first thing.") {
		t.Errorf("after three months:\n%s", page)
	}
	if page := b.get(base + "/show/" + ann.String()); strings.Contains(page, `name="lapse"`) {
		t.Error("one's own voice could rest")
	}
	w := b.ask(http.MethodPost, base+"/propose", url.Values{"lapse": {bela.String()}, "text": {"Her phone is off"}})
	if page := w.Body.String(); w.Code != http.StatusConflict || !strings.Contains(page, ">Her phone is off</textarea>") || !strings.Contains(page, "Nothing was heard of") {
		t.Errorf("what this home cannot propose = %d, or is not said on the person:\n%s", w.Code, page)
	}
}

// TestStoryOfACharterWrittenOver proposes another charter and, before anybody has
// decided, writes that over: the second names the first, and holds what stood there.
func TestStoryOfACharterWrittenOver(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.tend("rosa", "begin", "Mill Lane", "--as", "Rosa", "--purpose", "soup")
	w.node("rosa")
	rosa := newTab(t, startBrowser(t))
	w.enter(rosa, "rosa")
	origin := js[string](rosa, "location.href")
	rosa.open(origin + "/charter")
	rosa.press("Propose another way")
	rosa.fill("#purpose", "soup and shelves")
	rosa.press("Lay it before the circle")
	rosa.sees("soup and shelves")
	rosa.press("Write it over")
	if got := js[string](rosa, `document.querySelector("#purpose").value`); got != "soup and shelves" {
		t.Errorf("what is written over begins with %q", got)
	}
	rosa.fill("#purpose", "soup, shelves and songs")
	rosa.fill("#why", "Songs are free")
	rosa.press("Lay it before the circle")
	rosa.sees("soup, shelves and songs")
	rosa.sees("Songs are free")
	var all []view.Decision
	w.read(&all, "rosa", "--json", "list", "decisions")
	if len(all) != 2 || all[0].About != all[1].ID {
		t.Errorf("the decisions are %+v, want the newer about the older", all)
	}
}

// TestNotNowOnThePage: a not now to a need and to a direct question is one tap without a
// field for a reason; who asked sees it, and nobody else.
func TestNotNowOnThePage(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	on := func(id crdt.ID) string { return base + "/on/" + id.String() + "/not-now" }
	show := func(id crdt.ID) string { return base + "/show/" + id.String() }
	form := func(page string, id crdt.ID) string {
		t.Helper()
		_, after, found := strings.Cut(page, `action="`+on(id)+`"`)
		if !found {
			t.Fatalf("no form says not now:\n%s", page)
		}
		inside, _, _ := strings.Cut(after, "</form>")
		return inside
	}
	soup := h.as(t, bela, circle.PostNeed{Posted: circle.Posted{Title: "Soup", People: 1}}).ID
	walk := h.as(t, farid, circle.AskMayI{Member: ann, Text: "Walk with you"}).ID
	for _, id := range []crdt.ID{soup, walk} {
		if f := form(b.get(show(id)), id); strings.Contains(f, "textarea") || strings.Contains(f, `type="text"`) {
			t.Errorf("not now asks for words:\n%s", f)
		}
		b.post(on(id), url.Values{})
	}
	if page := bare(b.get(base)); strings.Contains(page, "Walk with you") {
		t.Errorf("what was answered asks again:\n%s", page)
	}
	says := func(who, id crdt.ID, want bool) {
		t.Helper()
		env := h.env()
		env.Me = who
		p, ok := h.state.Post(env, id)
		if !ok || (len(p.NotNow) > 0) != want {
			t.Errorf("%s sees who said not now: %v, want %v", who.Short(), p.NotNow, want)
		}
	}
	says(bela, soup, true)
	says(farid, soup, false)
	if a, ok := h.state.Agreement(circle.Env{Me: farid, Now: h.now(), Members: h.env().Members}, walk); !ok || a.State != circle.StateLapsed {
		t.Errorf("what was asked is %s after the not now", a.State)
	}
	mine := h.as(t, ann, circle.PostNeed{Posted: circle.Posted{Title: "Bread", People: 1}}).ID
	h.as(t, bela, circle.SayNotNow{ID: mine})
	if page := bare(b.get(show(mine))); !strings.Contains(page, "Not now, said Béla. Only you see this.") {
		t.Errorf("who asked is not told:\n%s", page)
	}
}

// TestWhoMayHaveRoomOnThePage: on the screen of a need stand a few whom its author might
// ask, with what speaks for it in words: those with room and not asked lately first. It is
// an order, and whoever stands last may say yes all the same.
func TestWhoMayHaveRoomOnThePage(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	need := h.as(t, ann, circle.PostNeed{Posted: circle.Posted{Title: "A lift", People: 1}}).ID
	order := func() (bela, farid int, page string) {
		t.Helper()
		page = bare(b.get(base + "/show/" + need.String()))
		_, room, found := strings.Cut(page, "May have room")
		if !found {
			t.Fatalf("nobody is named who might be asked:\n%s", page)
		}
		return strings.Index(room, "Béla"), strings.Index(room, "فريد"), room
	}
	h.as(t, farid, circle.SetSection{Section: "room", Values: []string{"some"}})
	if bela, farid, page := order(); farid < 0 || bela < farid || !strings.Contains(page, "Has room and not asked lately") {
		t.Errorf("Farid, who has room, does not stand first:\n%s", page)
	}
	other := h.as(t, ann, circle.PostNeed{Posted: circle.Posted{Title: "Soup", People: 1}}).ID
	h.as(t, farid, circle.SayYes{ID: other})
	h.as(t, farid, circle.SetSection{Section: "room", Values: []string{"resting"}})
	if bela, farid, page := order(); bela < 0 || farid < bela {
		t.Errorf("Farid, who carries something and rests, does not stand last:\n%s", page)
	}
	h.as(t, farid, circle.SayYes{ID: need})
	if p, _ := h.state.Post(h.env(), need); len(p.Slots) != 1 || !slices.Contains(p.Slots[0].Yes, farid) {
		t.Errorf("whoever stands last cannot say yes: %+v", p.Slots)
	}
}

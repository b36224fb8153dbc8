package web_test

import (
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
)

// formsOf are where the forms of a page are posted, without circle and thing, and
// with the kind where one form does for two verbs.
func formsOf(page string) []string {
	var out []string
	for _, form := range regexp.MustCompile(`(?s)<form[^>]* action="([^"?]*)[^"]*"[^>]*>(.*?)</form>`).FindAllStringSubmatch(page, -1) {
		at := strings.TrimPrefix(form[1], base)
		at = regexp.MustCompile(`^/on/[0-9a-f]{64}/`).ReplaceAllString(at, "/on/")
		at = regexp.MustCompile(`/[0-9a-f]{64}$`).ReplaceAllString(at, "")
		if kind := regexp.MustCompile(`name="kind" value="(\w+)"`).FindStringSubmatch(form[2]); kind != nil && at == "/ask" {
			at += " " + kind[1]
		}
		out = append(out, at)
	}
	return out
}

// formOfVerb is where a verb's form is posted, for those that are no wish about one
// thing.
var formOfVerb = map[string]string{"ask": "/ask need", "offer": "/ask offer", "edit": "/edit", "pod": "/pod", "group": "/lists", "charter": "/charter", "propose": "/propose",
	"me": "/me/me", "room": "/me/room", "listen": "/me/listen", "away": "/me/away", "back": "/me/back", "card": "/me/card", "bounds": "/me/bounds", "free": "/me/free", "ceiling": "/me/ceiling", "reflect": "/me/reflect",
	"consent-in-advance": "/me/consent-in-advance", "tender-date": "/me/tender-date",
	"follow": "/me/follow", "remind": "/me/remind", "digest": "/me/digest",
	"talk": "/talk-with"}

// TestEveryVerbHasAForm holds the page to the command line: what can be said to the
// circle there has a form on some screen here, which needs no script.
func TestEveryVerbHasAForm(t *testing.T) {
	f := fill(t, "soup")
	b := newBrowser(t, site(f.home))
	// More of what a screen has a form for.
	two := f.as(t, ann, circle.PostNeed{Posted: circle.Posted{Title: "Two places", People: 1, When: []string{"2026-12-05"}}}).ID
	before := f.state
	f.apart(t, before, bela, circle.SayYes{ID: two})
	f.apart(t, before, farid, circle.SayYes{ID: two})
	taken := f.as(t, bela, circle.PostNeed{Posted: circle.Posted{Title: "Taken", People: 1, When: []string{"2026-12-05"}}}).ID
	f.as(t, farid, circle.SayYes{ID: taken})
	mine := f.as(t, ann, circle.Propose{Text: "Soup on Mondays"}).ID
	offer := f.as(t, ann, circle.PostOffer{Posted: circle.Posted{Title: "Bread", People: 1}}).ID
	closed := f.as(t, ann, circle.PostNeed{Posted: circle.Posted{Title: "Milk", People: 1}}).ID
	f.as(t, ann, circle.SetPostStatus{ID: closed, Status: circle.StatusMet})
	mayI := f.as(t, ann, circle.AskMayI{Member: bela, Text: "a walk"}).ID
	f.as(t, bela, circle.SayYes{ID: mayI})
	drawn := map[string]bool{}
	look := func(paths ...string) {
		for _, path := range paths {
			for _, at := range formsOf(b.get(path)) {
				drawn[at] = true
			}
		}
	}
	look(f.addresses()...)
	for _, id := range []crdt.ID{two, taken, mine, offer, closed, mayI} {
		look(base + "/show/" + id.String())
	}
	b.post(base+"/on/"+mayI.String()+"/done", url.Values{})
	look(base + "/show/" + mayI.String())
	f.later(61 * 24 * time.Hour) // nobody has said for long whether it is still so
	look(base + "/show/" + offer.String())
	if strings.Contains(read(t, "templates/me.html"), `{{if .Away}}<form method="post" action="{{.To}}back">`) {
		drawn["/me/back"] = true // of one who is away, which the fake home cannot be
	}
	for _, verb := range verbsOf(t) {
		at := formOfVerb[verb]
		if at == "" {
			at = "/on/" + verb
		}
		if !drawn[at] {
			t.Errorf("no screen has a form for %s, posted to %s", verb, at)
		}
	}
}

// verbsOf are the verbs that the local API knows, from its description.
func verbsOf(t *testing.T) []string {
	data, err := os.ReadFile("../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range regexp.MustCompile(`(?m)^  /v1/do/([a-z-]+):`).FindAllStringSubmatch(string(data), -1) {
		out = append(out, m[1])
	}
	if len(out) < 30 {
		t.Fatalf("found only the verbs %q", out)
	}
	return out
}

// TestCharterIsReadAndAnswered reads how the circle does things, answers with one's
// own word, and finds it on the person.
func TestCharterIsReadAndAnswered(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	if page := b.get(base + "/charter?said=joined"); !strings.Contains(page, "On to the circle") || !strings.Contains(page, h.purpose) {
		t.Errorf("who has just come in reads\n%s", page)
	}
	b.post(base+"/charter", url.Values{"text": {"Nobody is alone\r\nwith it."}})
	for _, path := range []string{"/charter", "/show/" + ann.String()} {
		if page := b.get(base + path); !strings.Contains(page, "Nobody is alone\nwith it.") {
			t.Errorf("%s does not show my word", path)
		}
	}
	b.post(base+"/charter", url.Values{"text": {""}})
	if page := b.get(base + "/show/" + ann.String()); strings.Contains(page, "Nobody is alone") {
		t.Error("a word that was taken back is still there")
	}
	if w := b.ask(http.MethodPost, base+"/charter", url.Values{"text": {strings.Repeat("x", 501)}}); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "xxxx") {
		t.Errorf("a word that is too long = %d, or is lost", w.Code)
	}
}

// TestListsOfMyOwn makes a list, asks those in it, and lets it go.
func TestListsOfMyOwn(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	b.post(base+"/lists", url.Values{"name": {"Choir"}, "member": {bela.String(), farid.String()}})
	if page := b.get(base + "/lists"); !strings.Contains(page, "choir") || !strings.Contains(bare(page), "Béla and فريد") {
		t.Errorf("the list is not there:\n%s", page)
	}
	at := b.post(base+"/ask", url.Values{"kind": {"need"}, "text": {"A song"}, "people": {"1"}, "to": {"choir"}})
	if page := bare(b.get(at)); !strings.Contains(page, "Béla") || strings.Contains(page, "Everyone in the circle can read this") {
		t.Errorf("asked of a list reads\n%s", page)
	}
	if w := b.ask(http.MethodPost, base+"/lists", url.Values{"name": {"Choir"}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a list of nobody = %d", w.Code)
	}
	b.post(base+"/lists", url.Values{"name": {"choir"}, "drop": {"true"}})
	if page := b.get(base + "/lists"); strings.Contains(page, "choir") {
		t.Error("the list is still there")
	}
}

// TestSmallThings says what the command line says too: a check-in, when I have time,
// who may ask me, that a thing is still so, that a note is taken back, that it did not
// happen, a new text of my decision, and what two agreed to the circle.
func TestSmallThings(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	at := func(id crdt.ID) string { return base + "/show/" + id.String() }
	on := func(id crdt.ID, verb string) string { return base + "/on/" + id.String() + "/" + verb }
	wants := func(path, want string) {
		t.Helper()
		if page := bare(b.get(path)); !strings.Contains(page, want) {
			t.Errorf("%s does not say %q:\n%s", path, want, page)
		}
	}
	b.post(on(bela, "check-in"), url.Values{"note": {"You seemed tired."}})
	wants(at(bela), "You seemed tired.")
	b.post(base+"/me/free", url.Values{"weekday": {"tue", "thu"}, "day": {"2026-12-06"}, "from": {"10:00"}, "until": {"12:00"}})
	wants(at(ann), "every week: Tuesday and Thursday")
	wants(at(ann), "Sunday 6 December, 10:00–12:00")
	if page := b.get(base + "/me"); !strings.Contains(page, `value="tue" checked`) || !strings.Contains(page, `value="2026-12-06"`) {
		t.Error("the form does not hold when I have time")
	}
	b.post(base+"/me/free", url.Values{})
	if page := b.get(at(ann)); strings.Contains(page, "every week") {
		t.Error("time is still promised")
	}
	b.post(base+"/me/bounds", url.Values{"section.who": {"known"}})
	wants(at(ann), "people I know")
	b.post(base+"/me/listen", url.Values{"text": {"yes"}, "until": {"2026-12-01T21:00"}})
	wants(base+"/me", "until today, 21:00")
	b.post(base+"/pod", url.Values{"text": {"check-ins"}, "check_ins": {"open"}})
	wants(base+"/pod", "Only me from now on")

	old := h.as(t, ann, circle.PostOffer{Posted: circle.Posted{Title: "A shelf", People: 1}}).ID
	if page := b.get(at(old)); strings.Contains(page, "still so") {
		t.Error("a fresh offer is asked about")
	}
	h.later(61 * 24 * time.Hour)
	wants(at(old), "Yes, this is still so")
	b.post(on(old, "still-true"), url.Values{})
	note := h.as(t, ann, circle.WriteNote{On: old, Text: "Left of the door"}).ID
	if got := b.post(on(note, "retract"), url.Values{"at": {old.String()}}); !strings.HasPrefix(got, at(old)) {
		t.Errorf("taking a note back leads to %s", got)
	}
	if page := b.get(at(old)); strings.Contains(page, "Left of the door") {
		t.Error("the note is still there")
	}

	mine := h.as(t, ann, circle.Propose{Text: "Soup on Mondays"}).ID
	b.post(on(mine, "reshape"), url.Values{"text": {"Soup on Tuesdays"}})
	wants(at(mine), "Soup on Tuesdays")

	walk := h.as(t, ann, circle.AskMayI{Member: bela, Text: "A walk"}).ID
	h.as(t, bela, circle.SayYes{ID: walk})
	wants(at(walk), "Show it to the circle")
	b.post(on(walk, "widen"), url.Values{"to": {"circle"}})
	b.post(on(walk, "change"), url.Values{"what": {"A long walk"}, "day": {"2027-01-20"}, "from": {"15:00"}, "until": {""}})
	wants(at(walk), "A long walk")
	wants(at(walk), "20 January, 15:00")
}

// TestPartingSaysWhatElseThereIs draws what a person can do alone before it asks the
// circle, and gives an agreement back from there.
func TestPartingSaysWhatElseThereIs(t *testing.T) {
	f := fill(t, "soup")
	b := newBrowser(t, site(f.home))
	page := b.get(base + "/part/" + bela.String())
	alone, asked := strings.Index(page, "Keep some distance"), strings.Index(page, "Ask the circle to part")
	if alone < 0 || asked < alone || !strings.Contains(page, "If someone is in danger") {
		t.Errorf("parting begins with the circle:\n%s", page)
	}
	if !slices.Contains(formsOf(page), "/on/cannot") {
		t.Error("what the two agreed cannot be given back from there")
	}
	if page := b.get(base + "/part/" + ann.String()); !strings.Contains(page, "Leave the circle") {
		t.Error("parting from oneself is leaving")
	}
}

// TestPartingWithAFewWords parts from somebody on the page: the words stand on the two
// persons' pages alone, and what is agreed stays until it is given back.
func TestPartingWithAFewWords(t *testing.T) {
	f := fill(t, "soup")
	b := newBrowser(t, site(f.home))
	at := base + "/part/" + bela.String()
	to := base + "/on/" + bela.String() + "/part"
	if w := b.ask(http.MethodPost, to, url.Values{"text": {strings.Repeat("x", 4001)}}); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "xxxx") || !strings.Contains(w.Body.String(), to) {
		t.Errorf("words that are too long = %d, or they are lost", w.Code)
	}
	for _, words := range []string{"Go well, Béla.", ""} {
		if got := b.post(to, url.Values{"text": {words}}); !strings.HasPrefix(got, at) {
			t.Errorf("parting leads to %s", got)
		}
	}
	if page := b.get(at + "?said=part"); !strings.Contains(page, "How near you stay is yours") || !slices.Contains(formsOf(page), "/on/cannot") {
		t.Errorf("after parting:\n%s", page)
	}
	for id, want := range map[crdt.ID]bool{ann: true, bela: false, farid: false} {
		if got := strings.Contains(b.get(base+"/show/"+id.String()), "Go well"); got != want {
			t.Errorf("%s's page shows the words: %t", id.Short(), got)
		}
	}
}

// TestMirrorOnThePage says what moved, in words, a name and no number.
func TestMirrorOnThePage(t *testing.T) {
	f := fill(t, "soup")
	f.later(30 * 24 * time.Hour)
	b := newBrowser(t, site(f.home))
	page := bare(b.get(base + "/mirror"))
	for _, want := range []string{"You carried something for Béla.", "You might ask for", "You might let be", "Only you see this"} {
		if !strings.Contains(page, want) {
			t.Errorf("the mirror does not say %q:\n%s", want, page)
		}
	}
}

// TestWhoAsksIsToldBefore reads, before anything is written to somebody, that it would
// lie still for now and how long an answer takes; and, outside their bounds, the open way
// in place of a form. What is asked in my own quiet hours lies still.
func TestWhoAsksIsToldBefore(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	says := func(path, want string, there bool) {
		t.Helper()
		if page := bare(b.get(path)); strings.Contains(page, want) != there {
			t.Errorf("%s says %q: %t\n%s", path, want, !there, page)
		}
	}
	person, talk := base+"/show/"+bela.String(), base+"/talk-with/"+bela.String()
	set := func(who crdt.ID, key, text string) {
		t.Helper()
		h.as(t, who, circle.SetSection{Section: "bounds." + key, Values: []string{text}})
	}
	set(bela, "reply", "2d")
	set(bela, "quiet", "11:00-13:00")
	for key, text := range map[string]string{"ways": "knock, then call", "radius": "by bicycle", "area": "north of the mill"} {
		set(bela, key, text)
		says(person, text, true)
	}
	for _, at := range []string{person, talk} {
		says(at, "Béla has quiet hours until today, 13:00.", true)
		says(at, "usually takes: 2d", true)
	}
	set(bela, "ways", "knock")
	for _, kind := range []string{"need", "offer"} {
		form := base + "/ask?kind=" + kind
		says(form, "Béla has quiet hours until today, 13:00.", true)
		says(form, "usually takes: 2d", true)
		says(form, "Béla likes to be asked like this: knock", true)
		says(form, "How far Béla goes: by bicycle", true)
		says(form, "Where Béla can be asked: north of the mill", true)
		says(form, "How far we go: ten minutes on foot", true) // the circle's, beside where it is
		says(form, "فريد likes to be asked", false)
	}
	set(bela, "who", "pod")
	says(person, "Béla is glad to be asked through the circle", true)
	if slices.Contains(formsOf(b.get(person)), "/on/may-i") {
		t.Error("there is a form for what is not sent")
	}
	says(talk, "Somebody you both trust may ask for you.", true)
	if w := b.ask(http.MethodPost, base+"/on/"+bela.String()+"/may-i", url.Values{"text": {"A walk"}}); w.Code != http.StatusConflict || !strings.Contains(bare(w.Body.String()), "glad to be asked through the circle") {
		t.Errorf("May I outside their bounds = %d\n%s", w.Code, w.Body)
	}
	says(base, "lies still", false)
	set(ann, "quiet", "12:00-14:00")
	h.as(t, farid, circle.AskMayI{Member: ann, Text: "A quiet tune"})
	says(base, "What is asked of you meanwhile lies still until today, 14:00.", true)
	says(base, "A quiet tune", false)
	h.later(3 * time.Hour)
	says(base, "lies still", false)
	says(base, "A quiet tune", true)
}

// TestDistanceOnThePage sets a quiet distance and ends it.
func TestDistanceOnThePage(t *testing.T) {
	f := fill(t, "soup")
	b := newBrowser(t, site(f.home))
	need := f.as(t, bela, circle.PostNeed{Posted: circle.Posted{Title: "A strong arm", People: 1}}).ID
	at, to := base+"/part/"+bela.String(), base+"/on/"+bela.String()+"/distance"
	for _, far := range []bool{true, false} {
		form := url.Values{}
		if !far {
			form.Set("not", "true")
		}
		if got := b.post(to, form); !strings.HasPrefix(got, at) {
			t.Errorf("distance leads to %s", got)
		}
		if page := bare(b.get(at)); strings.Contains(page, "You keep Béla at a distance") != far {
			t.Errorf("far %t:\n%s", far, page)
		}
		if strings.Contains(b.get(base), "A strong arm") == far {
			t.Errorf("far %t, and the home screen shows the need: %t", far, far)
		}
		if !strings.Contains(b.get(base+"/show/"+need.String()), "A strong arm") {
			t.Error("it is not found by who looks for it")
		}
	}
}

// TestEachPartOfTheCardHasItsOwnReaders opens one part of the card to the circle; what is
// for few stays so, and the form says of each part who reads it.
func TestEachPartOfTheCardHasItsOwnReaders(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	h.groups["choir"] = []crdt.ID{bela}
	whole := func(section string) bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		to, _ := h.state.SectionReaders(h.env(), section)
		return to == nil
	}
	reads := func(key string) string {
		t.Helper()
		page := b.get(base + "/me")
		found := regexp.MustCompile(`(?s)<select[^>]* name="to\.` + key + `">.*?<option value="(\w*)" selected`).FindStringSubmatch(page)
		if found == nil {
			t.Fatalf("nothing says who reads %s:\n%s", key, page)
		}
		return found[1]
	}
	form := url.Values{"section.food": {"no nuts"}, "section.low": {"sit with me"}, "section.access": {"two steps"}, "to.low": {"pod"}, "to.food": {"circle"}, "to.access": {"circle"}}
	b.post(base+"/me/card", form)
	for key, want := range map[string]string{"low": "pod", "food": "circle", "access": "circle"} {
		if got := reads(key); got != want || whole("card."+key) != (want == "circle") {
			t.Errorf("%s reads %s, for the circle %t; want %s", got, key, whole("card."+key), want)
		}
	}
	form.Set("section.food", "no nuts, no fish")
	form.Set("to.food", "choir")
	b.post(base+"/me/card", form)
	if got := reads("food"); got != "" || whole("card.food") || !strings.Contains(bare(b.get(base+"/me")), "as it is now: Béla") {
		t.Errorf("a list of mine reads it as %q", got)
	}
	form.Set("section.food", "no nuts")
	form.Set("to.food", "")
	b.post(base+"/me/card", form)
	if whole("card.food") || whole("card.low") || !whole("card.access") {
		t.Errorf("saving once more gave the circle food %t, low %t, access %t", whole("card.food"), whole("card.low"), whole("card.access"))
	}
	b.post(base+"/me/me", url.Values{"name": {"Ann"}, "contact": {"call 0123"}, "to.contact": {"pod"}})
	if whole(circle.SectionContact) {
		t.Error("how to reach me went to the circle")
	}
	b.post(base+"/me/me", url.Values{"name": {"Ann"}, "contact": {"call 0123"}, "to.contact": {"circle"}})
	if !whole(circle.SectionContact) {
		t.Error("how to reach me was not opened")
	}
}

// TestTheCardIsReadBeforeAndAfterAYes shows how to care for somebody where one could say
// yes to them, and again when one did, from wherever that was; and when one offers.
func TestTheCardIsReadBeforeAndAfterAYes(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	h.as(t, bela, circle.SetSection{Section: "card.lands", Values: []string{"no visits before noon"}})
	reads := func(path string, want bool) {
		t.Helper()
		if page := b.get(path); strings.Contains(page, "no visits before noon") != want {
			t.Errorf("%s shows the card: %t\n%s", path, !want, page)
		}
	}
	need := h.as(t, bela, circle.PostNeed{Posted: circle.Posted{Title: "Soup", People: 1}}).ID
	reads(base+"/show/"+need.String(), true)
	reads(base, false)
	at := b.post(base+"/on/"+need.String()+"/yes", url.Values{"from": {"home"}, "slot": {""}})
	if !strings.Contains(at, "/show/") {
		t.Errorf("a yes at home leads to %s", at)
	}
	reads(at, true)
	reads(b.post(base+"/on/"+bela.String()+"/may-i", url.Values{"text": {"A walk"}}), true)
	reads(b.post(base+"/ask", url.Values{"kind": {"offer"}, "text": {"Company"}, "people": {"1"}, "to": {bela.String()}}), true)
	reads(b.post(base+"/ask", url.Values{"kind": {"offer"}, "text": {"Bread"}, "people": {"1"}}), false)
	drill := h.as(t, ann, circle.PostOffer{Posted: circle.Posted{Title: "A drill", People: 1}}).ID
	loan := h.as(t, bela, circle.SayYes{ID: drill}).ID
	reads(base+"/show/"+loan.String(), true)
	taken := h.as(t, bela, circle.PostOffer{Posted: circle.Posted{Title: "A saw", People: 1}}).ID
	reads(b.post(base+"/on/"+taken.String()+"/yes", url.Values{"slot": {""}}), false)
}

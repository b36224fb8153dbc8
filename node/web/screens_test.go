package web_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/node/web"
)

// filled is a home with something of everything. The words of all texts are word,
// so that a test may put there what it likes.
type filled struct {
	*home
	need, tender, offer, waiting, decision, agreement, twoTexts, gone crdt.ID
	talk, invitation, over                                            crdt.ID
	invite                                                            string
}

func fill(t testing.TB, word string) *filled {
	t.Helper()
	f := &filled{home: newHome(t)}
	day := "2026-12-02T17:00"
	post := func(who crdt.ID, need bool, title string, change func(*circle.Posted)) crdt.ID {
		p := circle.Posted{Title: title, Details: word, Area: word, Costs: word, Category: word, People: 1, Zone: "Europe/Berlin"}
		if change != nil {
			change(&p)
		}
		if need {
			return f.as(t, who, circle.PostNeed{Posted: p, Place: word}).ID
		}
		return f.as(t, who, circle.PostOffer{Posted: p}).ID
	}
	f.need = post(bela, true, word, func(p *circle.Posted) { p.When = []string{day, "2026-12-03"} })
	f.tender = post(ann, true, word, func(p *circle.Posted) { p.Tender, p.To, p.When = true, []crdt.ID{bela}, []string{day} })
	f.offer = post(bela, false, word, nil)
	post(ann, false, word, nil)
	f.waiting = post(bela, true, word, func(p *circle.Posted) { p.For = ann })
	f.agreement = f.as(t, ann, circle.SayYes{ID: f.need, Slots: []string{day}}).ID
	f.as(t, bela, circle.SetSection{Section: "card.lands", Values: []string{word}})
	f.as(t, bela, circle.AddConsent{If: word, Then: word, Who: []crdt.ID{ann}, Circle: true})
	f.as(t, bela, circle.AddTenderDate{Date: "2026-12-02", Text: word, Welcome: word, Circle: true})
	f.as(t, ann, circle.AddConsent{If: word, Then: word, Until: "2027-01-05"})
	f.as(t, ann, circle.AddTenderDate{Date: "2026-12-05", Text: word, Welcome: word, Yearly: true})
	f.as(t, bela, circle.SetSection{Section: "bounds.reply", Values: []string{word}})
	f.as(t, bela, circle.SetSection{Section: circle.SectionPlace, Values: []string{word}})
	f.as(t, bela, circle.SetSection{Section: circle.SectionContact, Values: []string{word}})
	f.as(t, bela, circle.SetSection{Section: circle.SectionFree, Values: []string{"FREQ=WEEKLY;BYDAY=WE,FR", "2026-12-06T09:00/12:00", "FREQ=MONTHLY;BYDAY=1SU"}, Circle: true})
	f.as(t, farid, circle.SetSection{Section: circle.SectionRoom, Values: []string{"resting"}, Until: "2026-12-09"})
	f.as(t, bela, circle.WriteNote{On: f.need, Text: word})
	f.as(t, ann, circle.AskIntoPod{Members: []crdt.ID{bela}})
	f.as(t, bela, circle.AskIntoPod{Members: []crdt.ID{ann}})
	f.decision = f.as(t, bela, circle.Propose{Text: word}).ID
	f.as(t, farid, circle.SayOnDecision{ID: f.decision, Value: circle.WordConcern, Text: word})

	// Two who had not heard of each other wrote the same agreement anew.
	f.twoTexts = f.as(t, ann, circle.SayYes{ID: f.offer}).ID
	before := f.state
	f.apart(t, before, ann, circle.ChangeTerms{ID: f.twoTexts, What: &word, When: text("2026-12-04T14:00")})
	f.apart(t, before, bela, circle.ChangeTerms{ID: f.twoTexts, What: text(word + "."), When: text("2026-12-04T15:30")})
	f.gone = post(ann, true, word, nil)
	f.as(t, ann, circle.Retract{ID: f.gone})
	f.as(t, ann, circle.KeepPairNote{Member: bela, Text: word, On: "2026-12-01", Yearly: true})
	f.as(t, ann, circle.Reflect{Text: word})
	f.as(t, ann, circle.SetCeiling{Ceiling: circle.Ceiling{Week: 2, TellRoom: true}})
	f.keeps(t, word)
	f.over = f.as(t, ann, circle.OpenTalk{Member: bela, Sentence: word}).ID
	f.as(t, ann, circle.AnswerTalk{ID: f.over, Word: circle.WordReleased, Text: word})
	f.talk = f.talked(t, word)
	f.invitation = f.as(t, farid, circle.OpenTalk{Member: ann, Sentence: word}).ID
	made, err := f.Invite(t.Context(), oak, web.InviteOptions{For: word})
	if err != nil {
		t.Fatal(err)
	}
	f.invite = made.ID
	return f
}

// talked is a talk of two that has come to what they could try, with all that can be
// said on the way.
func (f *filled) talked(t testing.TB, word string) crdt.ID {
	t.Helper()
	id := f.as(t, ann, circle.OpenTalk{Member: bela, About: f.agreement, Sentence: word}).ID
	f.as(t, bela, circle.AnswerTalk{ID: id, Word: circle.WordYes, Text: word})
	for _, two := range [][2]crdt.ID{{ann, bela}, {bela, ann}} {
		f.as(t, two[0], circle.SpeakInTalk{ID: id, Verb: "say", Text: word})
		f.as(t, two[1], circle.SpeakInTalk{ID: id, Verb: "say-back", Text: word})
		f.as(t, two[0], circle.MarkInTalk{ID: id, Word: circle.WordNotQuite, Text: word})
		f.as(t, two[1], circle.SpeakInTalk{ID: id, Verb: "say-back", Text: word})
		f.as(t, two[0], circle.MarkInTalk{ID: id, Word: circle.WordHeard})
	}
	for _, two := range [][2]crdt.ID{{ann, bela}, {bela, ann}} {
		f.as(t, two[0], circle.SpeakInTalk{ID: id, Verb: "say", Text: word})
		f.as(t, two[1], circle.MarkInTalk{ID: id, Word: circle.WordFelt})
	}
	f.as(t, ann, circle.SpeakInTalk{ID: id, Verb: "common", Text: word})
	f.as(t, bela, circle.MarkInTalk{ID: id, Word: circle.WordOurs})
	f.as(t, bela, circle.SpeakInTalk{ID: id, Verb: "common", Text: word + " "})
	f.as(t, bela, circle.PartnerInTalk{ID: id, Text: word})
	f.as(t, bela, circle.BringThird{ID: id, Member: farid})
	return id
}

func text(s string) *string { return &s }

// addresses are those of every screen that a GET draws.
func (f *filled) addresses() []string {
	show := func(id crdt.ID) string { return base + "/show/" + id.String() }
	return []string{base, base + "/ask?kind=need", base + "/ask?kind=offer", show(f.need), show(f.tender), show(f.offer), show(f.waiting),
		show(f.agreement), show(f.twoTexts), show(f.decision), show(f.gone), show(ann), show(bela), show(farid), base + "/edit/" + f.tender.String(),
		show(f.talk), show(f.invitation), show(f.over), base + "/talks", base + "/talk-with/" + bela.String() + "?about=" + f.agreement.String(),
		base + "/week", base + "/offers", base + "/look", base + "/circle", base + "/invite", base + "/invite/" + f.invite, base + "/let-in",
		base + "/propose", base + "/print/week", base + "/print/people", base + "/print/card/" + bela.String(), base + "/print/invite/" + f.invite, base + "/print/slips", base + "/pod", base + "/me", base + "/beforehand", base + "/mirror", base + "/digest", base + "/charter", base + "/charter/change", base + "/lists", base + "/part/" + bela.String(), base + "/leave", base + "/search?words=nothing", "/circles", "/begin", "/join",
		"/back", "/back/code", "/device", "/knocking", "/entered", "/devices", "/devices/add", "/link", "/words", "/key", "/backup", "/restore",
		base + "/device/02", base + "/calendar", base + "/returns", base + "/returns/code"}
}

// posting is a form that is answered with a screen rather than sent on.
type posting struct {
	path string
	form url.Values
	want int
}

// answers are how many postings draw a screen that no GET draws.
const answers = 7

// postings are the screens that answer a form: first those that no GET draws, then the
// forms that come back with a sentence.
func (f *filled) postings() []posting {
	on := func(id crdt.ID, verb string) string { return base + "/on/" + id.String() + "/" + verb }
	return []posting{
		{"/join/read", url.Values{"words": {inviteText}}, http.StatusOK},
		{"/join/show", url.Values{"as": {"Ann"}}, http.StatusOK},
		{"/devices/add", url.Values{"words": {linkText}}, http.StatusOK},
		{"/words", url.Values{"passphrase": {homeWord}}, http.StatusOK},
		{"/back/read", url.Values{"words": {inviteText}}, http.StatusOK},
		{base + "/returns/read", url.Values{"words": {recoverText}, "member": {bela.String()}}, http.StatusOK},
		{base + "/calendar", url.Values{"fresh": {"true"}}, http.StatusOK},
		{"/join/read", url.Values{"words": {"nonsense"}}, http.StatusUnprocessableEntity},
		{"/join/read", url.Values{"words": {"TEND:FACE234"}}, http.StatusUnprocessableEntity},
		{"/join/knock", url.Values{"code": {"nonsense"}}, http.StatusUnprocessableEntity},
		{base + "/ask", url.Values{"kind": {"offer"}, "text": {""}}, http.StatusUnprocessableEntity},
		{on(f.need, "note"), url.Values{"text": {""}}, http.StatusUnprocessableEntity},
		{on(f.agreement, "change"), url.Values{"when": {"never"}}, http.StatusUnprocessableEntity},
		{base + "/me/room", url.Values{}, http.StatusUnprocessableEntity},
		{base + "/let-in", url.Values{"words": {"nonsense"}}, http.StatusUnprocessableEntity},
		{base + "/propose", url.Values{}, http.StatusUnprocessableEntity},
		{base + "/talk-with/" + farid.String(), url.Values{"text": {""}}, http.StatusConflict},
		{base + "/talk/" + f.talk.String() + "/heard", url.Values{}, http.StatusConflict},
	}
}

// undrawn are the screens that were never drawn.
func (h *home) undrawn() (out []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, screen := range web.Screens() {
		if !h.drawn[screen] {
			out = append(out, screen)
		}
	}
	return out
}

// TestEveryRouteHasAnAddress holds the table of addresses to that of the routes: a
// screen that somebody adds is looked at by every test that goes over the screens, or
// this one fails.
func TestEveryRouteHasAnAddress(t *testing.T) {
	f := fill(t, "a word")
	mux := http.NewServeMux()
	for _, pattern := range web.Routes() {
		mux.Handle(pattern, http.NotFoundHandler())
	}
	looked := map[string]bool{"GET /events": true} // no screen
	all := append(f.addresses(), "/")
	for _, m := range f.moments() {
		all = append(all, m.at)
	}
	for _, at := range all {
		_, pattern := mux.Handler(httptest.NewRequest(http.MethodGet, at, nil))
		looked[pattern] = true
	}
	for _, pattern := range web.Routes() {
		if strings.HasPrefix(pattern, "GET ") && !looked[pattern] {
			t.Errorf("no address leads to %q: add one to addresses", pattern)
		}
	}
}

// TestEveryScreenInEveryLanguage draws every template in every language, with
// something of everything on it: what a template asks for is there, and no screen is
// left out.
func TestEveryScreenInEveryLanguage(t *testing.T) {
	for lang := range web.Words() {
		t.Run(lang, func(t *testing.T) {
			f := fill(t, "a word")
			s := site(f.home)
			s.Drawn(f.drew)
			b := newBrowser(t, s)
			b.lang = lang
			for _, path := range f.addresses() {
				page := b.get(path)
				if !strings.Contains(page, `lang="`+lang+`"`) {
					t.Errorf("%s is not in %s", path, lang)
				}
				if left := regexp.MustCompile(`\{[a-z]+\}|&lt;bdi|ZgotmplZ|<no value>|%!`).FindString(page); left != "" {
					t.Errorf("%s shows %q", path, left)
				}
			}
			for _, w := range f.postings() {
				if got := b.ask(http.MethodPost, w.path, w.form); got.Code != w.want {
					t.Errorf("POST %s %v = %d, want %d\n%s", w.path, w.form, got.Code, w.want, got.Body)
				}
			}
			f.drawOwn(t, b)
			f.empty = true
			b.get("/")
			b.ask(http.MethodGet, "/nothing/here", nil)
			if left := f.undrawn(); len(left) > 0 {
				t.Errorf("no test draws the screens %q", left)
			}
		})
	}
}

// TestHostileText puts markup into every field that members write, and holds that no
// screen lets any of it become markup.
func TestHostileText(t *testing.T) {
	bad := `"'><script>alert(1)</script><img src=x onerror=f()>مر`
	f := fill(t, bad)
	f.called, f.purpose = bad, bad
	for _, who := range []crdt.ID{ann, bela, farid} {
		f.as(t, who, circle.SetSection{Section: circle.SectionName, Values: []string{`<b>"'`}})
	}
	b := newBrowser(t, site(f.home))
	for lang := range web.Words() {
		b.lang = lang
		for _, m := range f.moments() {
			f.set(m)
			onlyText(t, lang, m.at, b.get(m.at))
		}
		f.set(moment{})
		for _, path := range append(f.addresses(), base+"/ask?kind=need&text="+url.QueryEscape(bad), base+"?said="+url.QueryEscape(bad), base+"/search?words="+url.QueryEscape(bad)) {
			onlyText(t, lang, path, b.get(path))
		}
	}
}

// onlyText holds that nothing of a hostile text became markup.
func onlyText(t *testing.T, lang, path, page string) {
	t.Helper()
	for _, not := range []string{"<script>alert", "<img", `"'>`, "<b>"} {
		if strings.Contains(page, not) {
			t.Errorf("%s in %s holds %q", path, lang, not)
		}
	}
	for _, inline := range regexp.MustCompile(`(?i) on[a-z]+=| style=|javascript:|hx-on`).FindAllString(tagsOf(page), -1) {
		t.Errorf("%s in %s has %q in a tag", path, lang, inline)
	}
}

// tagsOf leaves of a page only its tags without the values of their attributes.
func tagsOf(page string) string {
	var out strings.Builder
	for _, tag := range regexp.MustCompile(`<[a-zA-Z](?:[^>"']|"[^"]*"|'[^']*')*>`).FindAllString(page, -1) {
		out.WriteString(regexp.MustCompile(`"[^"]*"|'[^']*'`).ReplaceAllString(tag, `""`))
	}
	return out.String()
}

// TestCatalogues holds the languages to one another: the same sentences, the same
// parameters, and all plural forms of each.
func TestCatalogues(t *testing.T) {
	forms := map[string][]string{"en": {"one", "other"}, "de": {"one", "other"}, "ar": {"few", "many", "one", "other", "two", "zero"}}
	all := web.Words()
	parameters := func(texts map[string]string) []string {
		found := map[string]bool{}
		for _, text := range texts {
			for _, p := range regexp.MustCompile(`\{[a-z]+\}`).FindAllString(text, -1) {
				found[p] = true
			}
		}
		delete(found, "{n}") // a plural form may say its number in words
		return slices.Sorted(maps.Keys(found))
	}
	for lang, words := range all {
		for key, texts := range all["en"] {
			own, ok := words[key]
			if !ok {
				t.Errorf("%s has no %s", lang, key)
				continue
			}
			if got, want := parameters(own), parameters(texts); !slices.Equal(got, want) {
				t.Errorf("%s %s has %v, want %v", lang, key, got, want)
			}
			if _, plain := own[""]; plain {
				continue
			}
			got := slices.Sorted(maps.Keys(own))
			if lang == "en" || lang == "de" {
				got = slices.Compact(slices.Sorted(slices.Values(append(got, "one"))))
			}
			if !slices.Equal(got, forms[lang]) {
				t.Errorf("%s %s has the forms %v, want %v", lang, key, got, forms[lang])
			}
		}
		for key := range words {
			if _, ok := all["en"][key]; !ok {
				t.Errorf("%s has %s, English has not", lang, key)
			}
		}
	}
}

// TestOnlyOneFilledButton holds that the home screen fills one button at most.
func TestOnlyOneFilledButton(t *testing.T) {
	f := fill(t, "soup")
	if n := strings.Count(newBrowser(t, site(f.home)).get(base), " filled\""); n > 1 {
		t.Errorf("%d filled buttons", n)
	}
}

// TestADay tells a day in forms alone: ask, change, say yes, give back, thank.
func TestADay(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	at := b.post(base+"/ask", url.Values{"kind": {"need"}, "text": {"Groceries"}, "details": {"The list\r\nis long"}, "day": {"2026-12-02", ""}, "from": {"17:00", ""}, "until": {"18:30", ""},
		"people": {"1"}, "tender": {"true"}})
	page := b.get(at)
	for _, want := range []string{"Groceries", "tomorrow, 17:00–18:30", "something private", "is long"} {
		if !strings.Contains(bare(page), want) {
			t.Errorf("the need does not say %q:\n%s", want, page)
		}
	}
	id := strings.TrimSuffix(strings.TrimPrefix(at, base+"/show/"), "?said=ask")
	edit := b.get(base + "/edit/" + id)
	for _, want := range []string{`value="2026-12-02"`, `value="17:00"`, `value="18:30"`, `value="Groceries"`} {
		if !strings.Contains(edit, want) {
			t.Errorf("the form to change it lacks %s", want)
		}
	}
	b.post(base+"/edit/"+id, url.Values{"text": {"Groceries and milk"}, "details": {"The list\r\nis long"}, "people": {"1"}, "day": {"2026-12-02"}, "from": {"16:00"}, "until": {""}, "tender": {"true"}})
	if page = b.get(base + "/show/" + id); !strings.Contains(page, "Groceries and milk") || !strings.Contains(bare(page), "tomorrow, 16:00\n") {
		t.Errorf("the change is not there:\n%s", page)
	}
	b.post(base+"/on/"+id+"/met", url.Values{})
	if page = b.get(base + "/show/" + id); !strings.Contains(page, "Open it again") {
		t.Error("what is taken care of cannot be opened again")
	}

	lift := h.as(t, bela, circle.PostNeed{Posted: circle.Posted{Title: "A lift", People: 1, When: []string{"2026-12-03T09:30"}}}).ID
	agreed := b.post(base+"/on/"+lift.String()+"/yes", url.Values{"slot": {"2026-12-03T09:30"}})
	if page = b.get(agreed); !strings.Contains(page, "Your yes is kept.") || !strings.Contains(page, "I can&#39;t make it") {
		t.Errorf("the yes leads to\n%s", page)
	}
	if home := b.get(base); !strings.Contains(home, "A lift") || strings.Contains(home, "I could do this") {
		t.Error("home offers to say yes again")
	}
	agreement := strings.TrimSuffix(strings.TrimPrefix(agreed, base+"/show/"), "?said=yes")
	b.post(base+"/on/"+agreement+"/cannot", url.Values{})
	if page = b.get(base + "/show/" + agreement); !strings.Contains(page, "Given back") {
		t.Error("the place is not given back")
	}
	b.post(base+"/me/room", url.Values{"text": {"resting"}, "until": {"2026-12-09"}})
	b.post(base+"/me/card", url.Values{"section.lands": {"silence is fine"}, "section.food": {""}})
	b.post(base+"/me/me", url.Values{"name": {"Annie"}, "languages": {"de"}, "contact": {"call 0123\r\nknock"}, "presence": {"hidden"}})
	b.lang = "zz"
	if page = b.get(base + "/me"); !strings.Contains(page, `lang="de"`) || !strings.Contains(page, "silence is fine") || !strings.Contains(page, "Annie") {
		t.Error("me does not say what was said, or not in my language")
	}
}

// bare is a page without its tags.
func bare(page string) string {
	return regexp.MustCompile(`</?(bdi|span)[^>]*>`).ReplaceAllString(strings.ReplaceAll(page, "</li>", "\n"), "")
}

// TestWhatWasTypedStays holds that a form which cannot be taken comes back with all
// that was typed, a sentence, and status 422.
func TestWhatWasTypedStays(t *testing.T) {
	b := newBrowser(t, site(newHome(t)))
	w := b.ask(http.MethodPost, base+"/ask", url.Values{"kind": {"offer"}, "text": {strings.Repeat("long ", 30)}, "details": {"kept words"}, "day": {"2026-12-02"}, "from": {"17:00"}, "area": {"the mill"}})
	if w.Code != http.StatusUnprocessableEntity {
		t.Fatalf("a title that is too long = %d", w.Code)
	}
	for _, want := range []string{"kept words", `value="the mill"`, `value="2026-12-02"`, `value="17:00"`, `role="status"`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("the form lost %s", want)
		}
	}
}

// TestBounds holds that too much is refused, and kept nowhere.
func TestBounds(t *testing.T) {
	b := newBrowser(t, site(newHome(t)))
	if w := b.ask(http.MethodPost, base+"/ask", url.Values{"text": {strings.Repeat("x", 1<<20+1)}}); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a form of more than 1 MiB = %d", w.Code)
	}
	if w := b.ask(http.MethodPost, base+"/ask", url.Values{"text": {"\xff"}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("a form that is no text = %d", w.Code)
	}
	if w := b.ask(http.MethodGet, base+"?x="+strings.Repeat("x", 1<<12), nil); w.Code != http.StatusRequestURITooLong {
		t.Errorf("a long address = %d", w.Code)
	}
}

// TestVendoredFiles holds every foreign file to its sum and to THIRD_PARTY.md.
func TestVendoredFiles(t *testing.T) {
	sums, err := os.ReadFile("static/SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for line := range strings.Lines(string(sums)) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		data, err := os.ReadFile(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := fmt.Sprintf("%x", sha(data)); got != sum {
			t.Errorf("%s has the sum %s, want %s", name, got, sum)
		}
		known[name] = true
	}
	listed, err := os.ReadFile("../../THIRD_PARTY.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"static/lib", "testdata/axe"} {
		if err := walk(dir, func(name string) {
			if !known[name] {
				t.Errorf("%s has no sum", name)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	pins, err := os.ReadFile("internal/vendorweb/package.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`"([@a-z.\-/]+)":"?\s*"?([0-9]+\.[0-9]+\.[0-9]+)"`).FindAllStringSubmatch(string(pins), -1) {
		if m[1] == "version" {
			continue
		}
		if !strings.Contains(string(listed), "| "+m[1]+" | "+m[2]+" |") {
			t.Errorf("THIRD_PARTY.md does not list %s %s", m[1], m[2])
		}
	}
}

// TestSplitCommand cuts the command lines of choices.
func TestSplitCommand(t *testing.T) {
	for line, want := range map[string][]string{
		"tend yes 3f9a": {"tend", "yes", "3f9a"},
		`tend change 3f --what 'it'\''s "so"' --when ''`: {"tend", "change", "3f", "--what", `it's "so"`, "--when", ""},
		"": nil,
	} {
		if got := web.SplitCommand(line); !slices.Equal(got, want) {
			t.Errorf("SplitCommand(%q) = %q, want %q", line, got, want)
		}
	}
}

// TestEvents holds that a stream says hello, then that something changed, and never
// what; and that a screen which was sent away hears no more.
func TestEvents(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	server, ask := served(t, b)
	defer func() { server.CloseClientConnections(); server.Close() }()
	events := ask("/events")
	if got := events(); got != ": hello" {
		t.Fatalf("first line %q", got)
	}
	h.revisions <- web.Revision{Circle: oak, N: 7}
	if got := events(); got != "event: changed" {
		t.Errorf("then %q", got)
	}
	if got := events(); got != "data: {}" {
		t.Errorf("then %q: an event has no content", got)
	}
}

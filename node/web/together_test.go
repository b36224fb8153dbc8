package web_test

import (
	"context"
	"html"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"tend/crdt/circle"
	"tend/node/qr"
	"tend/node/web"
)

// forms are the forms of a page that are posted: where, with their hidden fields,
// and what their button says.
func forms(page string) (out []struct {
	to, says string
	fields   url.Values
}) {
	for _, form := range regexp.MustCompile(`(?s)<form method="post" action="([^"]+)">(.*?)</form>`).FindAllStringSubmatch(page, -1) {
		fields := url.Values{}
		for _, f := range regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`).FindAllStringSubmatch(form[2], -1) {
			fields.Add(f[1], html.UnescapeString(f[2]))
		}
		says := regexp.MustCompile(`(?s)<button[^>]*>(.*?)</button>`).FindStringSubmatch(form[2])
		if says == nil {
			continue
		}
		out = append(out, struct {
			to, says string
			fields   url.Values
		}{form[1], html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(says[1], "")), fields})
	}
	return out
}

// TestLookingTogetherSettles holds that the choices beside what should be looked at
// together settle it, by their own buttons: two texts that met, and two who said yes.
func TestLookingTogetherSettles(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	settle := func(says string) {
		t.Helper()
		for _, f := range forms(b.get(base + "/look")) {
			if strings.Contains(f.says, says) {
				b.post(f.to, f.fields)
				return
			}
		}
		t.Fatalf("nothing to press says %q:\n%s", says, b.get(base+"/look"))
	}
	none := func(what string) {
		t.Helper()
		if page := b.get(base + "/look"); !strings.Contains(page, "Nothing needs looking at together.") {
			t.Errorf("%s is not settled:\n%s", what, page)
		}
	}
	none("nothing")

	tea := h.as(t, bela, circle.PostOffer{Posted: circle.Posted{Title: "Tea", People: 1}}).ID
	agreed := h.as(t, ann, circle.SayYes{ID: tea}).ID
	before := h.state
	h.apart(t, before, ann, circle.ChangeTerms{ID: agreed, What: text("Tea's at two"), When: text("2026-12-04T14:00")})
	h.apart(t, before, bela, circle.ChangeTerms{ID: agreed, What: text("Tea at half past three"), When: text("2026-12-04T15:30")})
	page := b.get(base + "/show/" + agreed.String())
	for _, want := range []string{"Two versions met", "Tea&#39;s at two", "Tea at half past three", "This one"} {
		if !strings.Contains(page, want) {
			t.Errorf("the agreement lacks %q", want)
		}
	}
	settle("Tea's at two")
	none("two texts")
	if page = b.get(base + "/show/" + agreed.String()); !strings.Contains(page, "Tea&#39;s at two") || strings.Contains(page, "Which fits now?") {
		t.Error("the chosen text is not the one that stands")
	}

	lift := h.as(t, ann, circle.PostNeed{Posted: circle.Posted{Title: "A lift", People: 1, When: []string{"2026-12-03T09:30"}}}).ID
	before = h.state
	h.apart(t, before, bela, circle.SayYes{ID: lift, Slots: []string{"2026-12-03T09:30"}})
	h.apart(t, before, farid, circle.SayYes{ID: lift, Slots: []string{"2026-12-03T09:30"}})
	if page = b.get(base + "/show/" + lift.String()); !strings.Contains(page, "two of you said yes") || !strings.Contains(page, "Then both come") {
		t.Errorf("two yeses do not show:\n%s", page)
	}
	b.post(base+"/on/"+lift.String()+"/both", url.Values{"slot": {"2026-12-03T09:30"}})
	none("two yeses")
}

// onLAN serves a page as if it were reached at an address of a local network.
func onLAN(t *testing.T, h *home) (at string, page *web.Site) {
	t.Helper()
	lan := netip.MustParseAddr("192.168.1.5")
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		port := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr).AddrPort().Port()
		reached := net.TCPAddrFromAddrPort(netip.AddrPortFrom(lan, port))
		page.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, reached)))
	}))
	port := server.Listener.Addr().(*net.TCPAddr).AddrPort().Port()
	page = web.New(web.Config{Service: h, Upkeep: h, Label: label, Port: int(port), LAN: func() []netip.Addr { return []netip.Addr{lan} }, Now: h.now, Log: slog.New(slog.DiscardHandler)})
	server.Start()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return "http://" + netip.AddrPortFrom(lan, port).String(), page
}

// TestPhone lets a phone in by a link of its own, once; it is listed, lets in no
// further one, and is sent away.
func TestPhone(t *testing.T) {
	h := newHome(t)
	s := siteOn(h, netip.MustParseAddr("192.168.1.5"))
	desk := newBrowser(t, s)
	if page := newBrowser(t, site(h)).get("/device"); strings.Contains(page, `action="/device/pair"`) {
		t.Error("a phone may be let in where the page is on no network")
	}
	w := desk.ask(http.MethodPost, "/device/pair", url.Values{})
	link := regexp.MustCompile(`http://192\.168\.1\.5:4711(/enter\?code=[A-Za-z0-9_-]{43})`).FindStringSubmatch(w.Body.String())
	if link == nil {
		t.Fatalf("no link for a phone: %d\n%s", w.Code, w.Body)
	}
	phone := func(method, path string, cookies []*http.Cookie, form url.Values) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Host = "192.168.1.5:4711"
		r.Header.Set("User-Agent", "a <b>phone</b>")
		for _, c := range cookies {
			r.AddCookie(c)
		}
		at := net.TCPAddrFromAddrPort(netip.MustParseAddrPort("192.168.1.5:4711"))
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, at)))
		return w
	}
	cookies := phone(http.MethodGet, link[1], nil, nil).Result().Cookies()
	if got := phone(http.MethodGet, base, cookies, nil); got.Code != http.StatusOK {
		t.Fatalf("the phone sees %d", got.Code)
	}
	if got := phone(http.MethodPost, "/device/pair", cookies, nil); got.Code != http.StatusForbidden {
		t.Errorf("a phone lets in another: %d", got.Code)
	}
	if got := phone(http.MethodPost, "/device/dismiss", cookies, url.Values{"screen": {"x"}}); got.Code != http.StatusForbidden {
		t.Errorf("a phone sends another away: %d", got.Code)
	}
	list := s.Screens()
	if len(list) != 1 || list[0].Name != "a <b>phone</b>" {
		t.Fatalf("the screens are %v", list)
	}
	if page := desk.get("/device"); !strings.Contains(page, "a &lt;b&gt;phone") {
		t.Error("the device screen does not list the phone")
	}
	desk.post("/device/dismiss", url.Values{"screen": {list[0].ID}})
	if got := phone(http.MethodGet, base, cookies, nil); got.Code != http.StatusUnauthorized {
		t.Errorf("a phone that was sent away sees %d", got.Code)
	}
	if s.Dismiss(list[0].ID) {
		t.Error("it can be sent away twice")
	}
	if w := desk.ask(http.MethodGet, base, nil); w.Code != http.StatusOK {
		t.Error("the desk was sent away as well")
	}
}

// TestPhoneOverTheLocalNetwork holds that on a plain address, where browsers give no
// camera to a page, a photo does all the same.
func TestPhoneOverTheLocalNetwork(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	at, page := onLAN(t, h)
	b := newTab(t, startBrowser(t, chromedp.Flag("host-resolver-rules", "MAP 192.168.1.5 127.0.0.1")))
	link, ok := page.Pair()
	if !ok {
		t.Fatal("no link for a phone")
	}
	b.enter(link.Link)
	if got := js[string](b, "location.origin"); got != at {
		t.Fatalf("the phone is at %s, want %s", got, at)
	}
	b.open(at + "/join")
	if js[bool](b, "window.isSecureContext") {
		t.Fatal("a plain address is no secure context")
	}
	if js[bool](b, `document.querySelector("[data-camera]").getClientRects().length > 0`) {
		t.Error("a camera is offered where there is none")
	}
	code, err := qr.Encode(inviteText)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := code.PNG()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "photo.png")
	if err := os.WriteFile(file, picture, 0o600); err != nil {
		t.Fatal(err)
	}
	run(b, "choose the photo", chromedp.SetUploadFiles("#photo", []string{file}))
	b.press("Read the photo")
	b.sees("An invitation to a circle.")
}

// TestKeyboard walks over a screen with the tab key alone: the way past the rail
// comes first, each link and button is reached once, and each shows where it is.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	browser := startBrowser(t)
	f := fill(t, "soup")
	b := newTab(t, browser)
	b.enter(serve(t, f)())
	b.open(js[string](b, "location.origin") + base)
	want := js[int](b, `[...document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea, summary")].filter(e => e.getClientRects().length).length`)
	seen := map[string]bool{}
	for range want {
		run(b, "tab", chromedp.KeyEvent("\t"))
		at := js[string](b, `(() => {
			const e = document.activeElement, all = [...document.querySelectorAll("*")];
			const line = getComputedStyle(e);
			return all.indexOf(e) + "|" + e.innerText.trim() + "|" + (parseFloat(line.outlineWidth) >= 3 && line.outlineStyle !== "none") + "|" + e.tagName;
		})()`)
		if len(seen) == 0 && !strings.Contains(at, "Skip to what matters") {
			t.Errorf("the first step leads to %q", at)
		}
		if seen[at] || strings.HasSuffix(at, "|BODY") {
			t.Errorf("the keyboard comes twice to %q", at)
		}
		if !strings.Contains(at, "|true|") {
			t.Errorf("nothing shows that the keyboard is at %q", at)
		}
		seen[at] = true
	}
	b.open(js[string](b, "location.href"))
	run(b, "tab", chromedp.KeyEvent("\t"))
	run(b, "enter", chromedp.KeyEvent("\r"))
	b.until(`document.activeElement.id === "main"`)
}

// tabTo presses the tab key until the focus is on what a person would call name: a
// button or link that says it, or a field with that label. Everywhere on the way the
// focus shows.
func (b *tab) tabTo(name string) {
	b.t.Helper()
	for range 150 {
		run(b, "tab", chromedp.KeyEvent("\t"))
		at := js[string](b, `(() => {
			const e = document.activeElement, line = getComputedStyle(e);
			if (e === document.body) return "";
			const shows = parseFloat(line.outlineWidth) >= 3 && line.outlineStyle !== "none";
			const box = e.getBoundingClientRect();
			const seen = box.bottom > 0 && box.top < innerHeight;
			return (shows && seen ? "" : "unseen ") + (e.labels && e.labels[0] ? e.labels[0].innerText : e.innerText).trim();
		})()`)
		if strings.HasPrefix(at, "unseen ") {
			b.t.Errorf("nothing shows that the keyboard is at %q", strings.TrimPrefix(at, "unseen "))
		}
		if at == name {
			return
		}
	}
	b.t.Fatalf("the keyboard never comes to %q\n%s", name, b.text())
}

// enterKey presses Enter, and waits for the screen that comes.
func (b *tab) enterKey() {
	b.t.Helper()
	js[bool](b, mark)
	run(b, "enter", chromedp.KeyEvent("\r"))
	b.arrived()
}

// TestAStoryByKeyboard lives a day with Tab, Enter and letters alone: asks, writes,
// says yes to somebody, says that it is done, and thanks.
func TestAStoryByKeyboard(t *testing.T) {
	t.Parallel()
	browser := startBrowser(t)
	h := newHome(t)
	lift := h.as(t, bela, circle.PostNeed{Posted: circle.Posted{Title: "A lift", People: 1, When: []string{"2026-12-01T16:00"}}}).ID
	b := newTab(t, browser)
	b.enter(serve(t, &filled{home: h})())
	run(b, "a phone", chromedp.EmulateViewport(390, 800)) // the bar below lies over the screen
	b.tabTo("I could use…")
	b.enterKey()
	b.tabTo("What would help?")
	run(b, "type", chromedp.KeyEvent("Soup for two"))
	b.tabTo("Ask")
	b.enterKey()
	b.sees("Asked.")
	b.tabTo("Ask about it, or say something")
	run(b, "type", chromedp.KeyEvent("No nuts, please."))
	b.tabTo("Send")
	b.enterKey()
	b.sees("Your words are there.")
	b.sees("No nuts, please.")
	b.open(js[string](b, "location.origin") + base)
	b.tabTo("A lift")
	b.enterKey()
	b.until(`location.pathname.endsWith(` + quoted(lift.String()) + `)`)
	b.tabTo("I could do this")
	b.enterKey()
	b.sees("Your yes is kept.")
	b.tabTo("It's done")
	b.enterKey()
	b.tabTo("Thanks, just between you")
	run(b, "type", chromedp.KeyEvent("It was a good ride."))
	b.tabTo("Say thanks")
	b.enterKey()
	b.sees("Your thanks are on their way.")
}

// TestNothingMoves holds that on every screen nothing moves for a person who asked
// for that, also under the pointer and as it changes; and that the question can fail.
func TestNothingMoves(t *testing.T) {
	t.Parallel()
	browser := startBrowser(t)
	f := fill(t, "soup")
	b := newTab(t, browser)
	b.enter(serve(t, f)())
	origin := js[string](b, "location.origin")
	const moving = `(() => {
		const lasts = (text) => text.split(",").some((part) => parseFloat(part) > 0);
		const out = [];
		for (const e of document.querySelectorAll("*")) for (const part of ["", "::before", "::after"]) {
			const s = getComputedStyle(e, part);
			if (lasts(s.transitionDuration) || lasts(s.transitionDelay) || s.animationName !== "none" || s.scrollBehavior === "smooth") out.push(e.tagName + " " + e.className);
		}
		for (const a of document.getAnimations()) out.push("an animation of " + a.effect.target.tagName);
		return out;
	})()`
	for _, at := range f.addresses() {
		if at == "/entered" {
			continue // it goes on by itself
		}
		b.open(origin + at)
		b.prefer("light", "reduce")
		if got := js[[]string](b, moving); len(got) > 0 {
			t.Errorf("%s moves: %q", at, got)
		}
	}
	b.open(origin + base)
	b.prefer("light", "no-preference")
	if got := js[[]string](b, moving); len(got) == 0 {
		t.Error("nothing would move for anybody, so this test cannot fail")
	}
}

// TestTheSystemsColours holds that the page follows the system where nobody chose, and
// the person where they did.
func TestTheSystemsColours(t *testing.T) {
	t.Parallel()
	browser := startBrowser(t)
	b := newTab(t, browser)
	b.enter(serve(t, fill(t, "soup"))())
	origin := js[string](b, "location.origin")
	for _, row := range []struct{ chosen, system, want string }{
		{"", "light", "rgb(247, 241, 232)"}, {"", "dark", "rgb(29, 26, 27)"},
		{"dark", "light", "rgb(29, 26, 27)"}, {"light", "dark", "rgb(247, 241, 232)"},
	} {
		b.open(origin + "/device")
		b.submit("/device/look", map[string][]string{"theme": {row.chosen}})
		b.prefer(row.system, "reduce")
		if got := js[string](b, "getComputedStyle(document.body).backgroundColor"); got != row.want {
			t.Errorf("chosen %q on a %s system: the paper is %s, want %s", row.chosen, row.system, got, row.want)
		}
	}
}

// TestPostedInPlace holds that a form which leads back to its own screen is posted
// without leaving it: what is half typed elsewhere and the focus stay, its own field is
// empty again; what cannot be taken comes back as it was typed, with a sentence in
// sight; and a home that does not answer is said, and takes nothing away.
func TestPostedInPlace(t *testing.T) {
	t.Parallel()
	browser := startBrowser(t)
	w := watch(t)
	b := newTab(t, browser)
	b.enter(w.site.Link(false).Link)
	origin := js[string](b, "location.origin")
	stayed := func() {
		t.Helper()
		if !js[bool](b, `window.same === true`) {
			t.Error("the screen was left")
		}
	}
	value := func(selector string) string {
		return js[string](b, `document.querySelector(`+quoted(selector)+`).value`)
	}

	b.open(origin + base + "/show/" + w.agreement.String())
	js[bool](b, `(() => { window.same = true; for (const d of document.querySelectorAll("details")) d.open = true; return true })()`)
	b.fill("#where", "half an addr")
	run(b, "type", chromedp.SendKeys("#note", "On my way"))
	b.press("Send")
	b.sees("Your words are there.")
	b.sees("On my way")
	stayed()
	if got := value("#note") + "|" + value("#where"); got != "|half an addr" {
		t.Errorf("after sending the fields are %q", got)
	}
	b.fill("#note", "turn \u202e around")
	b.press("Send")
	b.until(`document.querySelector("#said") && !document.querySelector("#said.gently")`)
	stayed()
	if got := value("#note") + "|" + value("#where"); got != "turn \u202e around|half an addr" {
		t.Errorf("what could not be taken is %q", got)
	}
	b.until(`(() => { const s = document.getElementById("said").getBoundingClientRect(); return s.top >= 0 && s.bottom <= innerHeight })()`)

	b.open(origin + base + "/me")
	js[bool](b, `window.same = true`)
	b.fill("#bounds-reply", "half a sen")
	b.fill("#card-lands", "silence")
	js[bool](b, `(() => { document.querySelector("#card-lands").form.querySelector("button").click(); return true })()`)
	b.sees("Kept.")
	stayed()
	if got := value("#card-lands") + "|" + value("#bounds-reply"); got != "silence|half a sen" {
		t.Errorf("after keeping the card the fields are %q", got)
	}

	w.cut()
	b.fill("#card-lands", "silence and soup")
	js[bool](b, `(() => { document.querySelector("#card-lands").form.querySelector("button").click(); return true })()`)
	b.sees("What you typed is still here")
	stayed()
	if got := value("#card-lands"); got != "silence and soup" {
		t.Errorf("with the home gone the field is %q", got)
	}
}

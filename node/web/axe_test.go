package web_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// widths at which every screen is looked at: a small phone, a phone, a desk.
var widths = []int64{320, 390, 1280}

// lookOver is what a screen's look is judged by, in the browser: axe's rules, and
// whether every link, button and field lies inside of the screen with all its words.
const lookOver = `(async (rules) => {
	const bad = [];
	const found = await axe.run(document, {resultTypes: ["violations"], runOnly: rules});
	for (const v of found.violations) for (const n of v.nodes) bad.push("axe " + v.id + ": " + n.target.join(" ") + ": " + n.failureSummary.replaceAll("\n", " "));
	const wide = document.documentElement.clientWidth;
	if (document.documentElement.scrollWidth > wide) bad.push("the screen is " + document.documentElement.scrollWidth + " wide");
	for (const e of document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea, summary, h1, h2, h3")) {
		const box = e.getBoundingClientRect();
		if (!box.width || e.closest(".skip") || e.closest("details:not([open]) > :not(summary)")) continue;
		const name = e.tagName + " " + (e.innerText || e.id);
		if (box.left < -0.5 || box.right > wide + 0.5) bad.push("outside: " + name);
		if (e.scrollWidth > e.clientWidth + 1 && e.clientWidth && getComputedStyle(e).display !== "inline" && !["INPUT", "TEXTAREA", "SELECT"].includes(e.tagName)) bad.push("clipped: " + name);
		if (["BUTTON", "SELECT"].includes(e.tagName) && box.height < 40) bad.push("small: " + name + " is " + box.height + " high");
	}
	return bad;
})`

// Rules of axe for a screen as a whole, and those that depend on its colours.
const (
	allRules    = `{type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}`
	colourRules = `{type: "rule", values: ["color-contrast"]}`
	placeRules  = `{type: "rule", values: ["target-size"]}`
)

// TestAccessible looks at every screen in English and in Arabic, light and dark, at
// three widths, and with text twice as large. With TEND_SHOTS=DIR it leaves a picture
// of each there.
func TestAccessible(t *testing.T) {
	axe, err := os.ReadFile("testdata/axe/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	browser := startBrowser(t)
	f := fill(t, "Soup for Béla and the neighbours")
	link := serve(t, f)
	for _, lang := range []string{"en", "ar"} {
		t.Run(lang, func(t *testing.T) {
			b := newTab(t, browser)
			b.enter(link())
			b.open(js[string](b, "location.origin") + "/device")
			js[bool](b, fmt.Sprintf(`(() => { const f = document.querySelector("form[action='/device/look']"); f.language.value = %q; document.documentElement.dataset.before = "1"; f.requestSubmit(); return true })()`, lang))
			b.until(`!document.documentElement.dataset.before && document.documentElement.lang === ` + quoted(lang))
			origin := js[string](b, "location.origin")
			screens := f.addresses()
			for _, at := range screens {
				if at == "/entered" {
					continue // it goes on by itself
				}
				b.open(origin + at)
				look(b, string(axe), lang, at)
			}
			b.open(origin + "/join")
			js[bool](b, `(() => { const f = document.querySelectorAll("form[action='/join/read']")[2]; f.words.value = `+quoted(inviteText)+`; document.documentElement.dataset.before = "1"; f.requestSubmit(); return true })()`)
			b.until(`!document.documentElement.dataset.before && location.pathname === "/join/read"`)
			look(b, string(axe), lang, "hello")
			b.open(origin + base + "?said=yes")
			look(b, string(axe), lang, "said")
		})
	}
}

// look judges the screen that a tab shows, in every theme and width.
func look(b *tab, axe, lang, at string) {
	b.t.Helper()
	name := lang + " " + at
	run(b, "axe", chromedp.Evaluate[any](axe+"; true"))
	judge := func(what, rules string) {
		b.t.Helper()
		for _, bad := range run(b, name, chromedp.Evaluate[[]string](lookOver+"("+rules+")", chromedp.EvalAwaitPromise)) {
			b.t.Errorf("%s %s: %s", name, what, bad)
		}
	}
	for _, width := range widths {
		run(b, "resize", chromedp.EmulateViewport(width, 900))
		rules := placeRules
		if width != 390 {
			rules = allRules // the rail and the bar are different things
		}
		judge(fmt.Sprintf("light %d", width), rules)
		b.shoot(fmt.Sprintf("%s-%d", name, width))
	}
	js[bool](b, `(() => { document.documentElement.dataset.theme = "dark"; return true })()`)
	judge("dark 1280", colourRules)
	b.shoot(name + "-dark")
	run(b, "resize", chromedp.EmulateViewport(320, 900))
	judge("dark 320", colourRules)
	js[bool](b, `(() => { document.documentElement.style.fontSize = "212.5%"; return true })()`)
	run(b, "resize", chromedp.EmulateViewport(640, 900))
	judge("large text 640", placeRules)
}

// shoot leaves a picture of the screen for whoever asked.
func (b *tab) shoot(name string) {
	dir := os.Getenv("TEND_SHOTS")
	if dir == "" {
		return
	}
	picture := run(b, "a picture", chromedp.FullScreenshot(90))
	file := strings.ReplaceAll(url.PathEscape(strings.ReplaceAll(strings.ReplaceAll(name, base, "c"), "/", "_")), "%", "")
	if err := os.WriteFile(filepath.Join(dir, file+".png"), picture, 0o600); err != nil {
		b.t.Error(err)
	}
}

// TestHostileTextInTheBrowser holds that no markup of members runs anything, on any
// screen: the tab itself complains of a dialog, and of a broken policy.
func TestHostileTextInTheBrowser(t *testing.T) {
	wasName, wasPurpose := circleName, purpose
	bad := `"'><script>alert(1)</script><img src=x onerror=alert(1)>`
	circleName, purpose = bad, bad
	defer func() { circleName, purpose = wasName, wasPurpose }()
	browser := startBrowser(t)
	f := fill(t, bad)
	b := newTab(t, browser)
	b.enter(serve(t, f)())
	origin := js[string](b, "location.origin")
	for _, at := range f.addresses() {
		if at == "/entered" {
			continue // it goes on by itself
		}
		b.open(origin + at)
		if n := js[int](b, `document.querySelectorAll("main img, main script, main iframe, main object").length`); n != 0 {
			t.Errorf("%s has %d elements that no template has", at, n)
		}
	}
}

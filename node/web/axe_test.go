package web_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// lookOver judges, in the browser, what a screen looks like: by axe's rules, if there
// are any, and by whether every link, button, field and heading lies inside of the
// screen with all its words, and nothing is cut off.
const lookOver = `(async (rules) => {
	const bad = [];
	if (rules) {
		const found = await axe.run(document, {resultTypes: ["violations"], runOnly: rules});
		for (const v of found.violations) for (const n of v.nodes) bad.push("axe " + v.id + ": " + n.target.join(" ") + ": " + n.failureSummary.replaceAll("\n", " "));
	}
	const wide = document.documentElement.clientWidth;
	if (document.documentElement.scrollWidth > wide) bad.push("the screen is " + document.documentElement.scrollWidth + " wide");
	const told = (e) => e.tagName + " " + (e.innerText || e.textContent || e.id).trim().slice(0, 60);
	const folded = (e) => e.closest(".skip, details:not([open]) > :not(summary)");
	for (const e of document.querySelectorAll("a, button, input:not([type=hidden]), select, textarea, summary, h1, h2, h3, p, dt, dd, li")) {
		const box = e.getBoundingClientRect();
		if (!box.width || folded(e)) continue;
		if (box.left < -0.5 || box.right > wide + 0.5) bad.push("outside: " + told(e));
		if (["BUTTON", "SELECT"].includes(e.tagName) && box.height < 40) bad.push("small: " + told(e) + " is " + box.height + " high");
	}
	for (const e of document.body.querySelectorAll("*")) {
		if (!e.clientWidth || folded(e) || ["INPUT", "TEXTAREA", "SELECT"].includes(e.tagName)) continue;
		const style = getComputedStyle(e);
		if (style.display === "inline" || e instanceof SVGElement && e.tagName !== "svg") continue;
		const hides = style.overflowX !== "visible" || ["A", "BUTTON", "H1", "H2", "H3"].includes(e.tagName);
		if (hides && e.scrollWidth > e.clientWidth + 1) bad.push("clipped: " + told(e));
		if (style.overflowY === "hidden" && e.scrollHeight > e.clientHeight + 1) bad.push("cut off below: " + told(e));
	}
	for (const e of document.querySelectorAll("svg[role=img] text")) {
		const box = e.getBoundingClientRect(), frame = e.ownerSVGElement.getBoundingClientRect();
		if (frame.width && (box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1)) bad.push("outside of its picture: " + told(e));
	}
	for (const chart of document.querySelectorAll(".chart svg")) {
		const texts = [...chart.querySelectorAll("text")].map((e) => [e, e.getBoundingClientRect()]).filter(([, box]) => box.width);
		texts.forEach(([a, one], i) => texts.slice(i + 1).forEach(([b, two]) => {
			if (one.left < two.right + 1 && two.left < one.right + 1 && one.top < two.bottom - 3 && two.top < one.bottom - 3) bad.push("words touch: " + told(a) + ", " + told(b));
		}));
	}
	return bad;
})`

// axeRules are all of axe's that we hold to.
const axeRules = `{type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}`

// looks are the ways in which a screen is looked at, one after the other, on one
// loaded page. There are two layouts, with a rail beside the screen or a bar below it,
// and two sets of colours. Each of the four pairs has all rules of axe in one of the two
// languages: what a rule finds depends on layout, colours and the template, and each
// language meets both layouts and both sets. The boxes, which depend on the length of
// words, are looked at in all.
var looks = []struct {
	name   string
	width  int64
	scheme string
	size   string // of the root's text; "" as it comes
	axe    string // the language in which axe looks too
}{
	{"1280", 1280, "light", "", "en"},
	{"1280-dark", 1280, "dark", "", "ar"},
	{"320-dark", 320, "dark", "", "en"},
	{"320", 320, "light", "", "ar"},
	{"390", 390, "light", "", ""},
	{"320-large", 320, "light", "212.5%", ""}, // twice as large as it comes
}

// TestAccessible looks at every screen in English and in Arabic, light and dark, at
// three widths, and with text twice as large on the smallest. With TEND_SHOTS=DIR it
// leaves a picture of each there. A screen that nobody gave an address fails it.
func TestAccessible(t *testing.T) {
	t.Parallel()
	browser := startBrowser(t)
	axe, err := os.ReadFile("testdata/axe/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"en", "ar"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			f := fill(t, "Soup for Béla and the neighbours")
			link := serve(t, f)
			b := newTab(t, browser)
			b.enter(link())
			origin := js[string](b, "location.origin")
			b.open(origin + "/device")
			b.submit("/device/look", url.Values{"language": {lang}})
			b.until(`document.documentElement.lang === ` + quoted(lang))
			look := func(at string) {
				t.Helper()
				lookAtScreen(b, string(axe), lang, at)
			}
			for _, at := range f.addresses() {
				if at == "/entered" {
					continue // it goes on by itself
				}
				b.open(origin + at)
				look(at)
			}
			for _, p := range f.postings()[:answers] {
				b.submit(p.path, p.form)
				look("after " + p.path)
			}
			for _, m := range f.moments() {
				f.set(m)
				b.open(origin + m.at)
				look(m.name)
			}
			f.set(moment{})
			b.open(origin + base + "?said=yes")
			look("said")
			f.mu.Lock()
			f.empty = true
			f.mu.Unlock()
			b.open(origin + "/")
			look("welcome")
			if left := f.undrawn(); len(left) > 0 {
				t.Errorf("nobody looked at the screens %q", left)
			}
		})
	}
}

// lookAtScreen judges the screen that a tab shows, in each of its looks.
func lookAtScreen(b *tab, axe, lang, at string) {
	b.t.Helper()
	name := lang + " " + at
	run(b, "axe", chromedp.Evaluate[any](axe+"; true"))
	for _, l := range looks {
		run(b, "resize", chromedp.EmulateViewport(l.width, 900))
		b.prefer(l.scheme, "reduce")
		js[bool](b, `(() => { document.documentElement.style.fontSize = `+quoted(l.size)+`; return true })()`)
		rules := "null"
		if l.axe == lang {
			rules = axeRules
		}
		for _, bad := range run(b, name, chromedp.Evaluate[[]string](lookOver+"("+rules+")", chromedp.EvalAwaitPromise)) {
			b.t.Errorf("%s, %s: %s", name, l.name, bad)
		}
		b.shoot(name + "-" + l.name)
	}
}

// prefer sets what the person prefers: "light" or "dark", and "reduce" or
// "no-preference" of motion.
func (b *tab) prefer(scheme, motion string) {
	b.t.Helper()
	b.call("prefer", emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: motion}}})
}

func (b *tab) call(what string, p emulation.SetEmulatedMediaParams) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, p); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

// submit posts a form as a page of the site would, and waits for what comes of it.
func (b *tab) submit(to string, fields url.Values) {
	b.t.Helper()
	js[bool](b, fmt.Sprintf(`((to, fields) => {
		const form = document.createElement("form");
		form.method = "post";
		form.action = to;
		for (const name in fields) for (const value of fields[name]) {
			const field = document.createElement("textarea");
			field.name = name;
			field.value = value;
			form.append(field);
		}
		document.body.append(form);
		document.documentElement.dataset.before = "1";
		form.submit();
		return true;
	})(%s, %s)`, quoted(to), jsonOf(fields)))
	b.until(`!document.documentElement.dataset.before && document.readyState === "complete"`)
}

func jsonOf(v any) string {
	data, _ := json.Marshal(v) // what the tests give always has a form
	return string(data)
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

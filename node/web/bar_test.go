package web_test

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// barOver tells how the five places stand: "row" side by side at the foot of the
// screen, "list" above the content and over none of it; or else what is wrong.
const barOver = `(() => {
	const nav = document.querySelector(".rail nav"), links = [...nav.querySelectorAll("a")];
	const wide = document.documentElement.clientWidth, bar = nav.getBoundingClientRect();
	if (links.length !== 5) return links.length + " places";
	for (const a of links) {
		const box = a.getBoundingClientRect();
		if (box.left < -0.5 || box.right > wide + 0.5) return a.innerText + " is outside";
		if (a.scrollWidth > a.clientWidth + 1 || a.scrollHeight > a.clientHeight + 1) return a.innerText + " is clipped";
		for (const b of links) {
			const other = b.getBoundingClientRect();
			if (a !== b && box.left < other.right - 1 && other.left < box.right - 1 && box.top < other.bottom - 1 && other.top < box.bottom - 1) return a.innerText + " is over " + b.innerText;
		}
	}
	if (getComputedStyle(nav).position === "fixed") {
		if (Math.abs(bar.bottom - window.innerHeight) > 1) return "not at the foot";
		for (const a of links) {
			const name = a.querySelector("span");
			if (name.getBoundingClientRect().height > 1.8 * parseFloat(getComputedStyle(name).fontSize)) return a.innerText + " breaks";
		}
		if (new Set(links.map((a) => Math.round(a.getBoundingClientRect().top))).size > 1) return "more than one row";
		window.scrollTo(0, document.documentElement.scrollHeight);
		const last = [...document.querySelectorAll("main button, main a")].filter((e) => e.getClientRects().length).pop().getBoundingClientRect();
		return last.bottom > nav.getBoundingClientRect().top ? "over the end of the screen" : "row";
	}
	return bar.bottom > document.querySelector("main").getBoundingClientRect().top + 1 ? "over the screen" : "list";
})()`

// TestBarAndLetters holds that on a phone the five places stand in a row at the foot of
// the screen, each name on one line, and cover nothing there; and where letters are so
// large that the screen is narrower than nineteen of them, one below the other, above the
// content.
func TestBarAndLetters(t *testing.T) {
	t.Parallel()
	f := fill(t, "soup")
	link := serve(t, f)
	b := newTab(t, startBrowser(t))
	b.enter(link())
	origin := js[string](b, "location.origin")
	for lang := range map[string]bool{"en": true, "de": true, "ar": true} {
		b.open(origin + "/device")
		b.submit("/device/look", url.Values{"language": {lang}})
		b.until(`document.documentElement.lang === ` + quoted(lang))
		b.open(origin + base)
		for _, row := range []struct {
			width, letters int64 // in pixels; 16 is a browser's usual letter
			want           string
		}{{320, 16, "row"}, {390, 16, "row"}, {390, 20, "row"}, {320, 22, "list"}, {320, 32, "list"}, {390, 32, "list"}, {640, 32, "row"}} {
			run(b, "resize", chromedp.EmulateViewport(row.width, 900))
			if _, err := chromedp.Call(b.ctx, page.SetFontSizes, page.SetFontSizesParams{FontSizes: &page.FontSizes{Standard: row.letters}}); err != nil {
				t.Fatal(err)
			}
			b.until(fmt.Sprintf(`Math.abs(parseFloat(getComputedStyle(document.documentElement).fontSize) - %d * 1.0625) < 0.1`, row.letters))
			if got := js[string](b, barOver); got != row.want {
				t.Errorf("%s, %d px wide, letters of %d: %s, want %s", lang, row.width, row.letters, got, row.want)
			}
		}
	}
}

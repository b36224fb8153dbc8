package web_test

import (
	"encoding/json"
	"testing"
	"time"

	"tend/node/view"
)

// TestLookedAtTogetherOnTwoPages lets two homes write while apart, each on its own
// page, and meet again: both pages show that two texts met, side by side; one person
// chooses, the other says that it works, and nothing is left to look at on either.
func TestLookedAtTogetherOnTwoPages(t *testing.T) {
	t.Parallel()
	browser := startBrowser(t)
	w := newWorkshop(t)
	w.stays("rosa", "tomasz")
	stopRosa, stopTomasz := w.joined()
	rosa, tomasz := newTab(t, browser), newTab(t, browser)
	w.enter(rosa, "rosa")
	w.enter(tomasz, "tomasz")

	var tea view.Done
	if err := json.Unmarshal([]byte(w.tend("tomasz", "--json", "offer", "Tea")), &tea); err != nil {
		t.Fatal(err)
	}
	rosa.sees("Tea")
	rosa.press("I'd love that")
	rosa.sees("Your yes is kept.")
	agreement := js[string](rosa, "location.pathname")
	tomasz.until(`document.querySelector("#weagreed") && document.querySelector("#weagreed").innerText.includes("Tea")`)

	day := time.Now().AddDate(0, 0, 4).Format(time.DateOnly)

	// Apart: his home sleeps while she writes, hers while he does.
	write := func(b *tab, what, from string) {
		t.Helper()
		b.open(js[string](b, "location.origin") + agreement)
		js[bool](b, `(() => { for (const d of document.querySelectorAll("details")) d.open = true; return true })()`)
		b.fill("#what", what)
		b.fill("#changeday", day)
		b.fill("#changefrom", from)
		b.press("Ask whether this fits")
		b.sees(what)
	}
	stopTomasz()
	write(rosa, "Tea by the river", "14:00")
	stopRosa()
	w.node("tomasz")
	w.enter(tomasz, "tomasz")
	write(tomasz, "Tea in the kitchen", "15:30")

	// They meet. Neither does anything for it.
	tomasz.press("Home")
	w.node("rosa")
	w.enter(rosa, "rosa")
	for _, b := range []*tab{rosa, tomasz} {
		b.until(`document.querySelector("#looktogether")`)
		b.sees("Two versions met")
		b.sees("Tea by the river")
		b.sees("Tea in the kitchen")
	}
	if js[bool](rosa, `/wrong|conflict|error/i.test(document.querySelector("#looktogether").innerText)`) {
		t.Errorf("somebody is told that they are wrong:\n%s", rosa.text())
	}
	rosa.open(js[string](rosa, "location.origin") + agreement)
	if n := js[int](rosa, `document.querySelectorAll(".version").length`); n != 2 {
		t.Errorf("the agreement shows %d versions side by side, want 2", n)
	}
	rosa.press("Home")
	rosa.press("Take “Tea by the river”")
	rosa.sees("Tea by the river")
	for _, b := range []*tab{rosa, tomasz} {
		b.open(js[string](b, "location.origin") + agreement)
		b.until(`document.querySelector("main h1").innerText === "Tea by the river" && !document.querySelector(".version")`)
	}
	tomasz.press("That works for me")
	tomasz.sees("Agreed")
	rosa.sees("Agreed")
	for _, b := range []*tab{rosa, tomasz} {
		b.press("Home")
		b.until(`!document.querySelector("#looktogether")`)
	}
}

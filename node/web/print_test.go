package web_test

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"tend/crdt/circle"
	"tend/node/web"
)

// TestPhoneTree holds who is on paper, and with what: everyone who did not ask to be
// left off, and of each only what this member may see.
func TestPhoneTree(t *testing.T) {
	h := newHome(t)
	h.as(t, bela, circle.SetSection{Section: circle.SectionContact, Values: []string{"call 0123", "knock at two"}, Circle: true})
	h.as(t, bela, circle.SetSection{Section: "bounds.quiet", Values: []string{"before nine"}})
	b := newBrowser(t, site(h))
	tree := func() string { return b.get(base + "/print/people") }
	page := tree()
	for _, want := range []string{"Ann", "Béla", "فريد", "call 0123", "knock at two", "before nine", "As of Tuesday 1 December 2026"} {
		if !strings.Contains(bare(page), want) {
			t.Errorf("the sheet lacks %q", want)
		}
	}
	if strings.Index(page, "call 0123") > strings.Index(page, "knock at two") {
		t.Error("the way that is liked best does not come first")
	}
	h.as(t, farid, circle.SetSection{Section: circle.SectionListed, Values: []string{"no"}})
	if page = tree(); strings.Contains(page, "فريد") {
		t.Error("who asked not to be on paper is on it")
	}
	if !strings.Contains(b.get(base+"/circle"), "فريد") {
		t.Error("who is not on paper is not on the screen either")
	}
	b.post(base+"/me/me", map[string][]string{"name": {"Ann"}, "contact": {""}, "listed": {"no"}})
	if page = tree(); strings.Contains(page, "<dt><bdi>Ann") {
		t.Error("I asked not to be on paper, and am")
	}
	if page = b.get(base + "/me"); !strings.Contains(page, `name="listed" value="no" checked`) {
		t.Error("the screen does not say that I am not on paper")
	}
	b.post(base+"/me/me", map[string][]string{"name": {"Ann"}, "listed": {"yes"}})
	if page = tree(); !strings.Contains(page, "<dt><bdi>Ann") {
		t.Error("I asked to be on paper again, and am not")
	}
}

// TestWeekOnPaper holds that the sheet for the kitchen door has days by their dates,
// names instead of "you", a line for each open place, and of what is tender neither
// words nor names.
func TestWeekOnPaper(t *testing.T) {
	h := newHome(t)
	day := "2026-12-02T17:00"
	soup := h.as(t, bela, circle.PostNeed{Posted: circle.Posted{Title: "Soup", People: 2, When: []string{day}}}).ID
	h.as(t, ann, circle.SayYes{ID: soup, Slots: []string{day}})
	hard := h.as(t, farid, circle.PostNeed{Posted: circle.Posted{Title: "A hard errand", Details: "the clinic", Area: "the hospital", People: 2, Tender: true, When: []string{"2026-12-03T09:00"}}}).ID
	h.as(t, bela, circle.SayYes{ID: hard, Slots: []string{"2026-12-03T09:00"}})
	b := newBrowser(t, site(h))
	page := b.get(base + "/print/week")
	sheet := page[strings.Index(page, `<article class="sheet">`):strings.Index(page, "</article>")]
	for _, want := range []string{"Wednesday 2 December", "17:00", "Soup", "Ann", "something private", "09:00"} {
		if !strings.Contains(bare(sheet), want) {
			t.Errorf("the sheet lacks %q:\n%s", want, sheet)
		}
	}
	for _, not := range []string{"hard errand", "clinic", "hospital", "Béla", "tomorrow", "you"} {
		if strings.Contains(bare(sheet), not) {
			t.Errorf("the sheet says %q", not)
		}
	}
	if n := strings.Count(sheet, `class="write"`); n != 1 {
		t.Errorf("the sheet has %d lines to write on, want one for the one open place that is not tender", n)
	}
}

// TestSheetsAreWhereTheirLinksLead follows the plain links to every sheet.
func TestSheetsAreWhereTheirLinksLead(t *testing.T) {
	f := fill(t, "a word")
	b := newBrowser(t, site(f.home))
	for from, to := range map[string]string{
		base + "/week":                  base + "/print/week",
		base + "/circle":                base + "/print/people",
		base + "/show/" + bela.String(): base + "/print/card/" + bela.String(),
		base + "/invite/" + f.invite:    base + "/print/invite/" + f.invite,
		base + "/invite":                base + "/print/slips",
	} {
		if !strings.Contains(b.get(from), `href="`+to+`"`) {
			t.Errorf("no link leads from %s to %s", from, to)
		}
		page := b.get(to)
		if !strings.Contains(page, `href="`+from+`"`) {
			t.Errorf("no link leads back from %s", to)
		}
	}
	if err := f.RevokeInvite(t.Context(), oak, f.invite); err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{"/print/invite/" + f.invite, "/print/invite/none", "/print/slips?invite=" + f.invite, "/print/card/" + f.need.String()} {
		if w := b.ask(http.MethodGet, base+at, nil); w.Code != http.StatusNotFound {
			t.Errorf("GET %s = %d, want 404", at, w.Code)
		}
	}
}

// A sheet of A4 in inches and the part of it within its margins in CSS pixels.
const (
	a4Width, a4Height = 8.27, 11.69
	withinMargins     = 680
)

// unprinted are what has no place on paper.
const unprinted = `[...document.querySelectorAll("nav, .rail, button, form, .ring, .screenonly, .skip, .buttonline, .said")].filter(e => e.getClientRects().length).length`

// TestSheetsOnPaper prints every sheet, and every screen that lives by what is on it,
// from a real browser: as many pages as it needs, nothing of the screen's on them, and
// nothing cut off at the edge of the paper or between two pages.
func TestSheetsOnPaper(t *testing.T) {
	t.Parallel()
	browser := startBrowser(t)
	f := fill(t, "Soup for Béla and the neighbours")
	for i := range 12 { // a week that needs a second page
		f.as(t, bela, circle.PostNeed{Posted: circle.Posted{Title: fmt.Sprintf("Need %d, %s", i, strings.Repeat("verylongword", 9)), People: 4, When: []string{fmt.Sprintf("2026-12-0%dT1%d:00", 2+i%5, i%10)}}})
	}
	b := newTab(t, browser)
	b.enter(serve(t, f)())
	origin := js[string](b, "location.origin")
	for _, sheet := range []struct {
		at       string
		min, max int
	}{
		{"/print/week", 2, 4}, {"/print/people", 1, 1}, {"/print/card/" + bela.String(), 1, 1}, {"/print/invite/" + f.invite, 1, 1}, {"/print/slips", 1, 1},
		{"/week", 2, 4}, {"/show/" + f.agreement.String(), 1, 2}, {"", 1, 6},
	} {
		for _, lang := range web.Languages() {
			b.call("screen", emulation.SetEmulatedMediaParams{})
			b.open(origin + "/device")
			b.submit("/device/look", map[string][]string{"language": {lang}, "theme": {"dark"}})
			b.open(origin + base + sheet.at)
			name := lang + " " + sheet.at
			run(b, "the width of paper", chromedp.EmulateViewport(withinMargins, 1000))
			b.call("print", emulation.SetEmulatedMediaParams{Media: "print"})
			for _, bad := range run(b, name, chromedp.Evaluate[[]string](lookOver+"(null)", chromedp.EvalAwaitPromise)) {
				t.Errorf("%s: %s", name, bad)
			}
			b.shoot("paper " + name)
			if n := js[int](b, unprinted); n != 0 {
				t.Errorf("%s: %d things of the screen are on the paper", name, n)
			}
			if ink := js[string](b, `getComputedStyle(document.body).backgroundColor`); ink != "rgb(255, 255, 255)" {
				t.Errorf("%s: the paper is %s", name, ink)
			}
			yes, zero := true, 0.0
			paper, err := chromedp.Call(b.ctx, page.PrintToPDF, page.PrintToPDFParams{PaperWidth: a4Width, PaperHeight: a4Height, PreferCSSPageSize: &yes,
				MarginTop: &zero, MarginBottom: &zero, MarginLeft: &zero, MarginRight: &zero})
			if err != nil {
				t.Fatalf("print %s: %v", name, err)
			}
			if !bytes.HasPrefix(paper.Data, []byte("%PDF-")) {
				t.Fatalf("%s: that is no PDF", name)
			}
			if n := len(regexp.MustCompile(`/Type\s*/Page\b[^s]`).FindAll(paper.Data, -1)); n < sheet.min || n > sheet.max {
				t.Errorf("%s has %d pages, want %d to %d", name, n, sheet.min, sheet.max)
			}
		}
	}
}

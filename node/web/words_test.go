package web_test

import (
	"html"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// hostileStart begins what is typed into every field: markup, an attribute's end,
// letters of another direction, and marks that stack. The rest of the field is one word
// without a place to break it. override turns all that follows it around.
const (
	hostileStart = "\"'><img src=x onerror=alert(1)>\u200fאבג a\u0301\u0301"
	override     = "\u202e"
)

// hostileWords fills a field of max characters; 0 is one without a bound.
func hostileWords(max int) string {
	if max == 0 || max > 400 {
		max = 400
	}
	room := max - len([]rune(hostileStart))
	return hostileStart + strings.Repeat("W", room)
}

// textField is a field that takes free text.
type textField struct{ form, name string }

// ordered are fields whose text is an order or a date, not free: the domain refuses
// what is no such, and the form comes back with it.
var ordered = map[string]bool{"when": true, "repeat": true, "languages": true, "words": true, "phrase": true, "code": true, "identities": true, "section.quiet": true}

var (
	formTag    = regexp.MustCompile(`(?s)<form[^>]*method="post"[^>]*action="([^"]+)"[^>]*>(.*?)</form>`)
	fieldTag   = regexp.MustCompile(`(?s)<(input|textarea)\b([^>]*)>(?:([^<]*)</textarea>)?`)
	attributes = regexp.MustCompile(`([a-z]+)="([^"]*)"`)
)

// fillIn reads the forms of a page: what each sends as it stands, a box of each kind
// that could be ticked, and its free fields with their bounds.
func fillIn(page string) map[string]struct {
	sent, ticks url.Values
	free        map[string]int
} {
	out := map[string]struct {
		sent, ticks url.Values
		free        map[string]int
	}{}
	for _, form := range formTag.FindAllStringSubmatch(page, -1) {
		sent, ticks, free := url.Values{}, url.Values{}, map[string]int{}
		for _, f := range fieldTag.FindAllStringSubmatch(form[2], -1) {
			a := map[string]string{}
			for _, one := range attributes.FindAllStringSubmatch(f[2], -1) {
				a[one[1]] = html.UnescapeString(one[2])
			}
			value := a["value"]
			if f[1] == "textarea" {
				value = html.UnescapeString(f[3])
			}
			switch kind := a["type"]; {
			case a["name"] == "" || kind == "file":
			case (kind == "checkbox" || kind == "radio") && !strings.Contains(f[2], " checked"):
				if !ticks.Has(a["name"]) {
					ticks.Set(a["name"], value)
				}
			case f[1] == "textarea" || kind == "" || kind == "text" || kind == "tel":
				free[a["name"]], _ = strconv.Atoi(a["maxlength"])
				fallthrough
			default:
				sent.Add(a["name"], value)
			}
		}
		out[html.UnescapeString(form[1])] = struct {
			sent, ticks url.Values
			free        map[string]int
		}{sent, ticks, free}
	}
	return out
}

// TestHostileWordsInEveryField types the worst into every free field of every form of
// every screen, one field at a time. What the domain takes is then on all screens, as
// text and nothing else: no markup, no turned sentences around it, no word that runs
// out of a phone's screen.
func TestHostileWordsInEveryField(t *testing.T) {
	t.Parallel()
	browser := startBrowser(t)
	f := fill(t, hostileWords(60))
	f.called, f.purpose = hostileWords(60), hostileWords(400)
	link := serve(t, f)
	s := newBrowser(t, site(f.home)) // fills the forms in; the other one looks
	taken, refused := map[textField]bool{}, map[textField]bool{}
	screens := f.addresses()
	ids := regexp.MustCompile(`[0-9a-f]{64}`)
	for _, at := range f.addresses() {
		if strings.HasPrefix(at, base+"/leave") {
			continue // what happens there ends the walk
		}
		forms := fillIn(s.get(at))
		for _, to := range slices.Sorted(maps.Keys(forms)) {
			form := forms[to]
			for _, name := range slices.Sorted(maps.Keys(form.free)) {
				max := form.free[name]
				field := textField{ids.ReplaceAllString(to, "*"), name}
				values := url.Values{}
				for k, v := range form.sent {
					values[k] = v
				}
				for _, must := range []string{"text", "as", "name", "if", "then", "what"} {
					if _, has := form.free[must]; has && values.Get(must) == "" {
						values.Set(must, "a word")
					}
				}
				if strings.HasSuffix(to, "/tender-date") {
					values.Set("day", "2026-12-05")
				}
				values.Set(name, "a"+override+"b")
				if w := s.ask(http.MethodPost, to, values); strings.HasPrefix(to, base) && name != "for" && w.Code != http.StatusUnprocessableEntity && w.Code != http.StatusConflict && w.Code != http.StatusNotFound {
					t.Errorf("POST %s with an override in %s = %d, want it refused", to, name, w.Code)
				}
				values.Set(name, hostileWords(max))
				if strings.HasSuffix(to, "/lists") {
					values.Set(name, hostileWords(max-1)+"V") // no list is called what a member may be called by now
				}
				w := s.ask(http.MethodPost, to, values)
				if w.Code == http.StatusUnprocessableEntity { // some are nothing without somebody chosen
					for k, v := range form.ticks {
						values[k] = v
					}
					w = s.ask(http.MethodPost, to, values)
				}
				if strings.Contains(w.Body.String(), "<img") {
					t.Errorf("POST %s with %s: it came back as markup", to, name)
				}
				switch {
				case w.Code == http.StatusSeeOther:
					taken[field] = true
					where, _, _ := strings.Cut(w.Header().Get("Location"), "?")
					screens = append(screens, where)
				case w.Code == http.StatusOK && to == "/join/show":
					taken[field] = true // that is what it answers
				case w.Code == http.StatusUnprocessableEntity || w.Code == http.StatusOK:
					refused[field] = true
				case w.Code == http.StatusConflict || w.Code == http.StatusNotFound:
				default:
					t.Errorf("POST %s with %s = %d", to, name, w.Code)
				}
			}
		}
	}
	for field := range refused {
		if !taken[field] && !ordered[field.name] && field.form != "/c/*/charter/change" { // an op of membership
			t.Errorf("%v was never taken, so nothing was tried", field)
		}
	}
	if len(taken) < 15 {
		t.Errorf("only %d fields were filled in: %v", len(taken), taken)
	}

	b := newTab(t, browser)
	b.enter(link())
	run(b, "a phone", chromedp.EmulateViewport(320, 900))
	origin := js[string](b, "location.origin")
	looked := map[string]bool{"/entered": true}
	for _, at := range screens {
		if looked[at] {
			continue
		}
		looked[at] = true
		b.open(origin + at)
		bad := run(b, at, chromedp.Evaluate[[]string](lookOver+"(null)", chromedp.EvalAwaitPromise))
		bad = append(bad, js[[]string](b, `(() => {
			const bad = [];
			if (document.querySelector("main img, main script, main iframe, main object, [onerror]")) bad.push("an element that no template has");
			const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
			for (let n; n = walk.nextNode();) {
				if (!n.data.includes("\u200fאבג")) continue;
				const own = n.parentElement.closest("bdi, [dir], option, textarea, svg text, title");
				if (!own || own === document.documentElement) bad.push("turns its surroundings: " + n.parentElement.outerHTML.slice(0, 120));
			}
			return bad;
		})()`)...)
		for _, one := range bad {
			t.Errorf("%s: %s", at, one)
		}
	}
}

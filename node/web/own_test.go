package web_test

import (
	"bytes"
	"encoding/hex"
	"html"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/node/view"
	"tend/node/web"
)

// keeps fills in what one's own home and the returns of others have to show.
func (f *filled) keeps(t testing.TB, word string) {
	t.Helper()
	who := view.Person{ID: bela.String(), Name: "Béla"}
	f.coming = true
	f.keeping = web.Keeping{Key: "passphrase", Backup: noon.Add(-40 * 24 * time.Hour), BackupDue: true}
	f.asking = []view.Asking{{Name: word, Last: noon}, {Name: "Béla", Member: &who, Text: recoverText, Words: sixWords, Last: noon}}
	f.as(t, ann, circle.SetSection{Section: "trustees", Values: []string{hex.EncodeToString(make([]byte, 16)), bela.String(), farid.String()}, To: []crdt.ID{bela, farid}})
}

// moment is a state of a home in which it has a screen that it else has not; the
// zero one is how it is most of the time.
type moment struct {
	name, at                      string
	greets, restored, back, empty bool
	linking                       *web.Linking
	joins                         []web.Joining
}

func (f *filled) moments() []moment {
	link := func(l view.Linking) *web.Linking { return &web.Linking{Linking: l, Code: linkText} }
	over := func(ranOut bool) []web.Joining {
		return []web.Joining{{Joining: view.Joining{State: "over"}, RanOut: ranOut}}
	}
	return []moment{
		{name: "hello", at: "/hello/" + oak.String(), greets: true},
		{name: "restored", at: base, restored: true},
		{name: "alone", at: base + "/alone", restored: true},
		{name: "coming back", at: "/back/code", back: true},
		{name: "a code for my device", at: "/link", linking: link(view.Linking{})},
		{name: "six words", at: "/link", linking: link(view.Linking{Words: sixWords})},
		{name: "linked", at: "/link", linking: link(view.Linking{Done: true, Circles: []string{f.called}})},
		{name: "linked to nothing", at: "/link", linking: link(view.Linking{Done: true})},
		{name: "knocking", at: "/knocking", empty: true, joins: []web.Joining{{Joining: view.Joining{State: "knocking"}}}},
		{name: "used", at: "/knocking", empty: true, joins: over(false)},
		{name: "ran out", at: "/knocking", empty: true, joins: over(true)},
		{name: "welcome", at: "/", empty: true},
	}
}

// set puts the home into a moment.
func (f *filled) set(m moment) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.greets, f.restored, f.back, f.empty, f.linking, f.joins = m.greets, m.restored, m.back, m.empty, m.linking, m.joins
}

// drawOwn draws the screens of one's own home, in every state they have, and holds
// that each asks for no more than one thing before all.
func (f *filled) drawOwn(t *testing.T, b *browser) {
	t.Helper()
	whole := func(path, page string) {
		t.Helper()
		if n := strings.Count(page, ` filled"`); n > 1 {
			t.Errorf("%s fills %d buttons", path, n)
		}
		if left := regexp.MustCompile(`\{[a-z]+\}|&lt;bdi|ZgotmplZ|<no value>|%!`).FindString(page); left != "" {
			t.Errorf("%s shows %q", path, left)
		}
	}
	for _, p := range []posting{
		{"/devices/add", url.Values{"words": {linkText}}, http.StatusOK},
		{"/devices/add", url.Values{"words": {linkText + "5"}}, http.StatusOK},
		{"/devices/add", url.Values{"words": {"nonsense"}}, http.StatusUnprocessableEntity},
		{"/devices/same", url.Values{"code": {linkText}, "six": {""}}, http.StatusUnprocessableEntity},
		{"/words", url.Values{"passphrase": {"wrong"}}, http.StatusUnprocessableEntity},
		{"/words", url.Values{"passphrase": {homeWord}}, http.StatusOK},
		{"/key", url.Values{"place": {"passphrase"}, "fresh": {"one and two"}, "again": {"another"}}, http.StatusUnprocessableEntity},
		{"/backup", url.Values{"seal": {"one and two"}, "again": {"another"}}, http.StatusUnprocessableEntity},
		{"/back/read", url.Values{"words": {inviteText}}, http.StatusOK},
		{"/back/read", url.Values{"words": {"TEND:FACE234"}}, http.StatusUnprocessableEntity},
		{"/back", url.Values{"code": {inviteText}, "as": {"Ann"}, "way": {"words"}}, http.StatusUnprocessableEntity},
		{base + "/returns/read", url.Values{"words": {recoverText}, "member": {bela.String()}}, http.StatusOK},
		{base + "/returns/read", url.Values{"words": {"nonsense"}}, http.StatusUnprocessableEntity},
		{base + "/returns/stand", url.Values{"code": {recoverText}, "member": {bela.String()}}, http.StatusUnprocessableEntity},
		{base + "/returns/trustees", url.Values{"of": {"1"}}, http.StatusUnprocessableEntity},
		{base + "/returns/finish", url.Values{"member": {bela.String()}}, http.StatusConflict},
	} {
		w := b.ask(http.MethodPost, p.path, p.form)
		if w.Code != p.want {
			t.Errorf("POST %s %v = %d, want %d\n%s", p.path, p.form, w.Code, p.want, w.Body)
		}
		whole(p.path, w.Body.String())
	}
	for _, path := range []string{"/devices", "/devices/add", "/link", "/words", "/key", "/backup", "/restore", "/back", base + "/device/02", base + "/returns", base + "/returns/code", base} {
		whole(path, b.get(path))
	}
	for _, m := range f.moments() {
		f.set(m)
		whole(m.name, b.get(m.at))
	}
	f.set(moment{greets: true})
	if w := b.ask(http.MethodPost, "/hello/"+oak.String(), url.Values{"as": {" "}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("hello without a name = %d", w.Code)
	}
	f.set(moment{})
}

// where is where a 303 leads.
func (b *browser) where(w *httptest.ResponseRecorder) string {
	b.t.Helper()
	if w.Code != http.StatusSeeOther {
		b.t.Fatalf("%d, want 303\n%s", w.Code, w.Body)
	}
	return w.Header().Get("Location")
}

// TestKnockingBeforeHello holds that knocking takes no name along, that a circle is
// shown before one is asked for, and that Not now leaves without one.
func TestKnockingBeforeHello(t *testing.T) {
	f := fill(t, "soup")
	f.empty = true
	b := newBrowser(t, site(f.home))
	page := b.ask(http.MethodPost, "/join/read", url.Values{"words": {inviteText}}).Body.String()
	if strings.Contains(page, `name="as"`) || !strings.Contains(page, "Nothing was sent yet.") {
		t.Errorf("a name is asked for before anybody answered:\n%s", page)
	}
	f.later(2 * time.Hour) // it was good for one
	for _, to := range []string{"/join/read", "/back/read"} {
		if w := b.ask(http.MethodPost, to, url.Values{"words": {inviteText}}); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "This invitation has run out. Ask whoever gave it to you for a fresh one.") {
			t.Errorf("%s of an invitation that ran out = %d\n%s", to, w.Code, w.Body)
		}
	}
	f.later(-2 * time.Hour)
	if got := b.where(b.ask(http.MethodPost, "/join/knock", url.Values{"code": {inviteText}})); got != "/knocking" {
		t.Errorf("the knock leads to %s", got)
	}
	if page := b.get("/knocking"); !strings.Contains(page, "I&#39;ll keep trying") || !strings.Contains(page, "every 3s") || !strings.Contains(page, "used already, or taken back") || !strings.Contains(page, "I have a fresh invitation") {
		t.Errorf("while nobody answers:\n%s", page)
	}
	f.empty, f.greets, f.joins = false, true, nil
	for _, at := range []string{base, base + "/me"} {
		if got := b.where(b.ask(http.MethodGet, at, nil)); got != "/hello/"+oak.String() {
			t.Errorf("%s leads to %s before hello", at, got)
		}
	}
	hello := b.get("/hello/" + oak.String())
	for _, want := range []string{"Oak Street", f.purpose, "How soon I usually answer", `name="as"`, "Say hello", "Not now"} {
		if !strings.Contains(hello, want) {
			t.Errorf("the circle does not show %q:\n%s", want, hello)
		}
	}
	if w := b.ask(http.MethodPost, "/hello/"+oak.String(), url.Values{"as": {"Zoë"}, "word": {strings.Repeat("x", 501)}}); w.Code != http.StatusUnprocessableEntity || f.own.name != "" || !strings.Contains(w.Body.String(), "xxxx") || !strings.Contains(w.Body.String(), `value="Zoë"`) {
		t.Errorf("a word that is too long = %d, hello as %q", w.Code, f.own.name)
	}
	if got := b.where(b.ask(http.MethodPost, "/hello/"+oak.String(), url.Values{"as": {" Zoë "}, "word": {"Nobody is alone\r\nwith it."}})); got != base+"?said=joined" || f.own.name != "Zoë" {
		t.Errorf("hello as %q leads to %s", f.own.name, got)
	}
	f.greets = false
	if page := b.get(base + "/charter"); !strings.Contains(page, "Nobody is alone\nwith it.") {
		t.Errorf("the word said with hello is not there:\n%s", page)
	}
	if got := b.where(b.ask(http.MethodPost, "/hello/"+oak.String()+"/not-now", url.Values{})); f.own.left {
		t.Errorf("not now after hello left the circle, and leads to %s", got)
	}
	f.greets = true
	if got := b.where(b.ask(http.MethodPost, "/hello/"+oak.String()+"/not-now", url.Values{})); got != "/?said=not_in" || !f.own.left {
		t.Errorf("not now leads to %s, left %v", got, f.own.left)
	}
	if page := b.get("/?said=not_in"); !strings.Contains(page, "Nobody was told a name.") || !strings.Contains(page, "Begin a circle") {
		t.Errorf("after not now:\n%s", page)
	}
}

// TestADoorThatStaysShut says plainly why, and what to do.
func TestADoorThatStaysShut(t *testing.T) {
	h := newHome(t)
	h.empty = true
	b := newBrowser(t, site(h))
	for want, join := range map[string]web.Joining{"has been used. Ask whoever gave it to you for a fresh one.": {}, "has run out. Ask whoever": {RanOut: true},
		"was taken back. Ask whoever gave it to you for a fresh one.": {TakenBack: true}} {
		join.Joining = view.Joining{State: "over"}
		h.joins = []web.Joining{join}
		if page := b.get("/knocking"); !strings.Contains(page, want) || strings.Contains(page, "every 3s") {
			t.Errorf("where %+v:\n%s", join, page)
		}
		if page := b.get("/"); !strings.Contains(page, "Begin a circle") {
			t.Error("a door that stays shut hides the other doors")
		}
	}
}

// TestAddingADevice holds that words are compared by a person before anything is
// handed over, with the passphrase where one is set.
func TestAddingADevice(t *testing.T) {
	f := fill(t, "soup")
	f.keeping.Key = "passphrase"
	b := newBrowser(t, site(f.home))
	page := b.ask(http.MethodPost, "/devices/add", url.Values{"words": {linkText}}).Body.String()
	if !strings.Contains(page, sixWords) || !strings.Contains(page, `type="password"`) || f.own.added != "" {
		t.Fatalf("the words are not asked about, or added %q:\n%s", f.own.added, page)
	}
	form := url.Values{"code": {linkText}, "six": {"other words than those"}, "passphrase": {homeWord}}
	if w := b.ask(http.MethodPost, "/devices/same", form); w.Code != http.StatusConflict || f.own.added != "" {
		t.Errorf("other words: %d, added %q", w.Code, f.own.added)
	}
	form = url.Values{"code": {linkText}, "six": {sixWords}, "passphrase": {"secret guess"}}
	w := b.ask(http.MethodPost, "/devices/same", form)
	if w.Code != http.StatusUnprocessableEntity || f.own.added != "" || strings.Contains(w.Body.String(), "secret guess") {
		t.Errorf("a wrong passphrase: %d, added %q\n%s", w.Code, f.own.added, w.Body)
	}
	form.Set("passphrase", homeWord)
	if got := b.where(b.ask(http.MethodPost, "/devices/same", form)); got != "/devices?said=device_added" || f.own.added != linkText {
		t.Errorf("added %q, then %s", f.own.added, got)
	}
}

// TestEndingADevice holds that what it does is said first, that only another device
// of one's own can be ended, and that a GET ends none.
func TestEndingADevice(t *testing.T) {
	f := fill(t, "soup")
	b := newBrowser(t, site(f.home))
	list := b.get("/devices")
	ends := regexp.MustCompile(`href="(/c/[^"]+/device/[^"]+)"`).FindAllStringSubmatch(list, -1)
	if len(ends) != 1 || ends[0][1] != base+"/device/02" {
		t.Fatalf("the list ends %v, want the other device alone", ends)
	}
	for _, want := range []string{"it reads nothing new", "What reached it before stays on it", "This cannot be taken back"} {
		if page := b.get(base + "/device/02"); !strings.Contains(page, want) {
			t.Errorf("before it ends one is not told %q", want)
		}
	}
	for _, dev := range []string{"00", "01", "99"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if w := b.ask(method, base+"/device/"+dev, url.Values{}); w.Code != http.StatusNotFound || f.own.ended != "" {
				t.Errorf("%s of device %s = %d, ended %q", method, dev, w.Code, f.own.ended)
			}
		}
	}
	if got := b.where(b.ask(http.MethodPost, base+"/device/02", url.Values{})); got != "/devices?said=device_ended" || f.own.ended != "02" {
		t.Errorf("ended %q, then %s", f.own.ended, got)
	}
}

// TestWordsAreShownOnce holds that the 24 words are an answer to a step one takes,
// and are in nothing else: no GET, no address, no log, no form that comes back.
func TestWordsAreShownOnce(t *testing.T) {
	f := fill(t, "soup")
	f.keeping.Key = "passphrase"
	var log bytes.Buffer
	s := web.New(web.Config{Service: f.home, Upkeep: f.home, Label: label, Port: 4711, Now: f.now, Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	b := newBrowser(t, s)
	if page := b.get("/words"); strings.Contains(page, "cedar") || !strings.Contains(page, "Whoever has the words can be you.") {
		t.Errorf("before the step:\n%s", page)
	}
	w := b.ask(http.MethodPost, "/words", url.Values{"passphrase": {homeWord}})
	if got := strings.Count(w.Body.String(), "<li>cedar</li>"); w.Code != http.StatusOK || got != 6 || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("after it: %d, %d times cedar, %q", w.Code, got, w.Header().Get("Cache-Control"))
	}
	typed := strings.Join(phraseWords[:23], "\n ") + " cellar"
	back := b.ask(http.MethodPost, "/back", url.Values{"code": {inviteText}, "as": {"Ann"}, "phrase": {typed}, "way": {"words"}})
	if back.Code != http.StatusUnprocessableEntity || strings.Contains(back.Body.String(), "cedar") || back.Header().Get("Location") != "" {
		t.Errorf("words that are none come back: %d\n%s", back.Code, back.Body)
	}
	if got := b.where(b.ask(http.MethodPost, "/back", url.Values{"code": {inviteText}, "as": {"Ann"}, "phrase": {strings.Join(phraseWords, "\r\n")}, "way": {"words"}})); got != "/knocking" || f.own.phrase != strings.Join(phraseWords, " ") {
		t.Errorf("the words lead to %s, asked with %q", got, f.own.phrase)
	}
	if got := b.where(b.ask(http.MethodPost, "/back", url.Values{"code": {inviteText}, "as": {"Ann"}, "phrase": {"half a word"}, "way": {"people"}})); got != "/back/code" || f.own.phrase != "" {
		t.Errorf("by people one asks with the words %q, and is led to %s", f.own.phrase, got)
	}
	f.broken = errBroken
	b.ask(http.MethodPost, "/back?phrase=no", url.Values{"phrase": {strings.Join(phraseWords, " ")}})
	if strings.Contains(log.String(), "cedar") || strings.Contains(log.String(), homeWord) {
		t.Errorf("the log holds what is secret:\n%s", log.String())
	}
}

// TestWhereTheKeyRests moves it, and holds that a passphrase is never sent back.
func TestWhereTheKeyRests(t *testing.T) {
	f := fill(t, "soup")
	f.keeping = web.Keeping{}
	b := newBrowser(t, site(f.home))
	if page := b.get("/key"); !strings.Contains(page, "whoever can read your files can open it") || strings.Contains(page, "The passphrase of this device") {
		t.Errorf("in a file:\n%s", page)
	}
	set := url.Values{"place": {"passphrase"}, "fresh": {"seven green boats"}, "again": {"seven green goats"}}
	if w := b.ask(http.MethodPost, "/key", set); w.Code != http.StatusUnprocessableEntity || f.own.place != "" || strings.Contains(w.Body.String(), "seven") {
		t.Errorf("two that differ: %d, moved to %q", w.Code, f.own.place)
	}
	set.Set("again", "seven green boats")
	if got := b.where(b.ask(http.MethodPost, "/key", set)); got != "/key?said=key_passphrase" || f.own.fresh != "seven green boats" {
		t.Errorf("set %q, then %s", f.own.fresh, got)
	}
	if page := b.get("/key?said=key_passphrase"); strings.Count(page, "The passphrase of this device") != 3 || !strings.Contains(page, "It is set.") {
		t.Errorf("with a passphrase every move asks for it:\n%s", page)
	}
	if w := b.ask(http.MethodPost, "/key", url.Values{"place": {"file"}, "passphrase": {"a guess"}}); w.Code != http.StatusUnprocessableEntity || f.own.place != "passphrase" || strings.Contains(w.Body.String(), "a guess") {
		t.Errorf("a wrong one: %d, at %q", w.Code, f.own.place)
	}
	if got := b.where(b.ask(http.MethodPost, "/key", url.Values{"place": {"file"}, "passphrase": {homeWord}})); got != "/key?said=key_file" {
		t.Errorf("back in a file leads to %s", got)
	}
	if w := b.ask(http.MethodPost, "/key", url.Values{"place": {"the moon"}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("to the moon = %d", w.Code)
	}
}

// TestBackup makes a backup: a file to keep, noted only when it went out whole; and
// brings one back.
func TestBackup(t *testing.T) {
	f := fill(t, "soup")
	f.keeping = web.Keeping{BackupDue: true}
	b := newBrowser(t, site(f.home))
	if page := b.get(base); !strings.Contains(page, "A backup would be good") {
		t.Error("home has no word about a backup that is due")
	}
	if got := b.where(b.ask(http.MethodPost, "/backup/aside", url.Values{"circle": {oak.String()}})); got != base || !f.own.aside || strings.Contains(b.get(base), "A backup would be good") {
		t.Errorf("put aside %v, then %s", f.own.aside, got)
	}
	if w := b.ask(http.MethodPost, "/backup", url.Values{"seal": {"short"}, "again": {"short"}}); w.Code != http.StatusUnprocessableEntity || w.Header().Get("Content-Disposition") != "" || f.own.kept {
		t.Errorf("a short passphrase: %d, %q", w.Code, w.Header().Get("Content-Disposition"))
	}
	long := url.Values{"seal": {"seven green boats"}, "again": {"seven green boats"}}
	w := b.ask(http.MethodPost, "/backup", long)
	if w.Code != http.StatusOK || w.Body.String() != "sealed for 17" || w.Header().Get("Content-Disposition") != `attachment; filename="tend-2026-12-01.backup"` || !f.own.kept {
		t.Errorf("a backup: %d, %q, %q, noted %v", w.Code, w.Body, w.Header().Get("Content-Disposition"), f.own.kept)
	}
	f.own.cut, f.own.kept = true, false
	func() {
		defer func() {
			if p := recover(); p != http.ErrAbortHandler {
				t.Errorf("a backup that was cut short ends with %v, want a broken connection", p)
			}
		}()
		b.ask(http.MethodPost, "/backup", long)
	}()
	if f.own.kept {
		t.Error("a backup that was cut short is noted as kept")
	}
	if page := b.get("/backup"); !strings.Contains(page, "The last one is from today.") {
		t.Errorf("the last one is not named:\n%s", page)
	}
}

// multi posts a form with a file in it.
func (b *browser) multi(path string, fields map[string]string, file string) *httptest.ResponseRecorder {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, name := range []string{"passphrase", "identities"} {
		if err := form.WriteField(name, fields[name]); err != nil {
			b.t.Fatal(err)
		}
	}
	part, err := form.CreateFormFile("file", "my.backup")
	if err == nil {
		_, err = io.WriteString(part, file)
	}
	if err != nil || form.Close() != nil {
		b.t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, path, &body)
	r.Host = label + ".localhost:4711"
	r.Header.Set("Content-Type", form.FormDataContentType())
	for _, c := range b.cookie {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	b.site.ServeHTTP(w, r)
	return w
}

func TestRestore(t *testing.T) {
	f := fill(t, "soup")
	f.empty = true
	b := newBrowser(t, site(f.home))
	if w := b.multi("/restore", map[string]string{"passphrase": "a secret guess"}, "a holiday photo"); w.Code != http.StatusUnprocessableEntity ||
		!strings.Contains(w.Body.String(), "This file is not a backup of Tend.") || strings.Contains(w.Body.String(), "a secret guess") {
		t.Errorf("a file that is none: %d\n%s", w.Code, w.Body)
	}
	if w := b.multi("/restore", map[string]string{"passphrase": strings.Repeat("x", 1<<10+1)}, "sealed"); w.Code != http.StatusRequestEntityTooLarge || f.own.restored != nil {
		t.Errorf("a passphrase without end: %d", w.Code)
	}
	if w := b.ask(http.MethodPost, "/restore", url.Values{"passphrase": {"x"}}); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("no file: %d", w.Code)
	}
	if got := b.where(b.multi("/restore", map[string]string{"passphrase": "seven green boats"}, "sealed for 17")); got != base+"?said=restored" ||
		string(f.own.restored) != "sealed for 17" || f.own.opened.Passphrase != "seven green boats" {
		t.Errorf("brought back %q by %+v, then %s", f.own.restored, f.own.opened, got)
	}
	page := b.get(base + "?said=restored")
	if !strings.Contains(page, "writes once it has met another home") || strings.Contains(page, "You are no longer in this circle") {
		t.Errorf("after it:\n%s", page)
	}
	if got := b.where(b.ask(http.MethodPost, base+"/alone", url.Values{})); got != base+"?said=alone" {
		t.Errorf("alone leads to %s", got)
	}
	if got := b.where(b.ask(http.MethodGet, base+"/alone", nil)); got != base {
		t.Errorf("where there is nothing to meet, /alone leads to %s", got)
	}
}

// TestReturns helps others back: nobody is stood for by a slip, and each wish reaches
// whom it is about.
func TestReturns(t *testing.T) {
	f := fill(t, "a word")
	b := newBrowser(t, site(f.home))
	page := html.UnescapeString(b.get(base + "/returns"))
	for _, want := range []string{"as a word", "Call Béla", "Any member may let them in now.", "One more person is wanted", "That is not me", "Now it rests until", "any one of them can help you back"} {
		if !strings.Contains(bare(page), want) {
			t.Errorf("how things stand does not say %q:\n%s", want, page)
		}
	}
	stand := b.ask(http.MethodPost, base+"/returns/read", url.Values{"words": {recoverText}, "member": {bela.String()}}).Body.String()
	if !strings.Contains(stand, sixWords) || !strings.Contains(stand, `value="`+bela.String()+`" selected`) || strings.Contains(stand, ann.String()) {
		t.Errorf("the words are not compared, or one could stand for oneself:\n%s", stand)
	}
	form := url.Values{"code": {recoverText}, "member": {bela.String()}}
	if w := b.ask(http.MethodPost, base+"/returns/stand", form); w.Code != http.StatusUnprocessableEntity || f.own.stood != "" || !strings.Contains(w.Body.String(), "Only if you heard") {
		t.Errorf("without having heard them: %d, stood for %q", w.Code, f.own.stood)
	}
	form.Set("heard", "yes")
	if got := b.where(b.ask(http.MethodPost, base+"/returns/stand", form)); got != base+"/returns?said=return_stand" || f.own.stood != bela.String()+" "+recoverText {
		t.Errorf("stood for %q, then %s", f.own.stood, got)
	}
	form.Set("member", farid.String())
	if w := b.ask(http.MethodPost, base+"/returns/stand", form); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), sixWords) {
		t.Errorf("one who named others: %d\n%s", w.Code, w.Body)
	}
	b.post(base+"/returns/meant", url.Values{"name": {"a word"}, "member": {farid.String()}})
	if f.own.meant != "a word "+farid.String() {
		t.Errorf("meant %q", f.own.meant)
	}
	b.post(base+"/returns/trustees", url.Values{"member": {bela.String(), farid.String()}, "of": {"2"}})
	if !slices.Equal(f.own.trustees, []crdt.ID{bela, farid}) || f.own.of != 2 {
		t.Errorf("named %v, %d of them", f.own.trustees, f.own.of)
	}
	b.post(base+"/returns/object", url.Values{})
	b.post(base+"/returns/without", url.Values{"member": {bela.String()}})
	for _, w := range []struct {
		verb string
		form url.Values
		want int
	}{
		{"finish", url.Values{"member": {bela.String()}}, http.StatusConflict},
		{"finish", url.Values{}, http.StatusUnprocessableEntity},
		{"without", url.Values{"member": {"nobody"}}, http.StatusUnprocessableEntity},
		{"dance", url.Values{"member": {bela.String()}}, http.StatusNotFound},
	} {
		if got := b.ask(http.MethodPost, base+"/returns/"+w.verb, w.form); got.Code != w.want {
			t.Errorf("%s %v = %d, want %d", w.verb, w.form, got.Code, w.want)
		}
	}
	if home := b.get(base); !strings.Contains(home, `href="`+base+`/returns"`) {
		t.Error("what home says about who comes back leads nowhere")
	}
}

// TestSecretsStayHere holds that a phone's page, which crosses the Wi-Fi in the
// clear, neither asks for what is secret nor shows it.
func TestSecretsStayHere(t *testing.T) {
	h := newHome(t)
	s := siteOn(h, netip.MustParseAddr("192.168.1.5"))
	desk := newBrowser(t, s)
	pair, _ := s.Pair()
	link, err := url.Parse(pair.Link)
	if err != nil {
		t.Fatal(err)
	}
	phone := &browser{t: t, site: s, lang: "en"}
	phone.cookie = phone.ask(http.MethodGet, link.RequestURI(), nil).Result().Cookies()
	for _, path := range []string{"/words", "/key", "/backup", "/restore", "/link", "/devices/add", "/back", base + "/device/02", base + "/calendar"} {
		if w := phone.ask(http.MethodGet, path, nil); w.Code != http.StatusForbidden {
			t.Errorf("GET %s on a phone = %d", path, w.Code)
		}
		if w := desk.ask(http.MethodGet, path, nil); w.Code != http.StatusOK {
			t.Errorf("GET %s here = %d", path, w.Code)
		}
	}
	for _, path := range []string{"/words", "/key", "/backup", "/restore", "/link", "/devices/add", "/devices/same", "/back", "/back/read", base + "/device/02", base + "/calendar"} {
		if w := phone.ask(http.MethodPost, path, url.Values{"passphrase": {homeWord}}); w.Code != http.StatusForbidden {
			t.Errorf("POST %s on a phone = %d", path, w.Code)
		}
	}
	if page := phone.get("/device"); strings.Contains(page, `href="/words"`) {
		t.Error("a phone is offered the words")
	}
}

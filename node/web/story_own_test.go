package web_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"tend/node/view"
	"tend/protocol"
)

// saysHello waits until a home has answered a knock, sees which circle it is, and
// says a name.
func (b *tab) saysHello(circle, name string) {
	b.t.Helper()
	b.until(`document.querySelector("#as") || document.body.innerText.includes("The door is open")`)
	if strings.Contains(b.text(), "The door is open") {
		b.press(circle)
	}
	b.sees(circle)
	b.fill("#as", name)
	b.press("Say hello")
	b.sees("You are in. Take your time to look around.")
}

// invitation is the text of a fresh one.
func (w *workshop) invitation(home string, flags ...string) string {
	w.t.Helper()
	var made view.Invite
	w.read(&made, home, append([]string{"--json", "invite"}, flags...)...)
	return made.Text
}

// read reads what a verb answers in JSON.
func (w *workshop) read(into any, home string, args ...string) {
	w.t.Helper()
	if err := json.Unmarshal([]byte(w.tend(home, args...)), into); err != nil {
		w.t.Fatal(err)
	}
}

// unfold opens what is folded, without which nobody could read it.
func (b *tab) unfold() {
	b.t.Helper()
	js[bool](b, `(() => { for (const d of document.querySelectorAll("details")) d.open = true; return true })()`)
}

// words is a code as the screen says it in words.
func (b *tab) words() string {
	b.t.Helper()
	b.until(`document.querySelector("#words")`)
	return js[string](b, `document.getElementById("words").textContent.trim()`)
}

// TestStoryOfASecondDevice is Rosa's laptop beside her desk: it shows a code, the desk
// reads it, both show the same words, and then the laptop is Rosa too. Later the
// laptop is lost, and the desk ends it.
func TestStoryOfASecondDevice(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.tend("desk", "begin", "Mill Lane", "--as", "Rosa")
	w.tend("desk", "ask", "A warm meal on Sunday")
	w.node("desk")
	w.node("laptop")
	browser := startBrowser(t)
	desk, laptop := newTab(t, browser), newTab(t, browser)
	w.enter(laptop, "laptop")
	laptop.press("I have Tend on another device")
	laptop.press("Show my code")
	laptop.sees("Hold its camera to this.")
	laptop.unfold()

	w.enter(desk, "desk")
	desk.open(js[string](desk, "location.origin") + "/device")
	desk.press("My devices")
	desk.press("Add a device")
	desk.fill("#words", laptop.words())
	desk.press("Read it")
	for end := time.Now().Add(slowly); !strings.Contains(desk.text(), "Does the new device show these six words?"); {
		if time.Now().After(end) {
			t.Fatalf("the laptop is not reached\n%s", desk.text())
		}
		desk.press("Look again")
	}
	six := js[string](desk, `document.querySelector(".six").textContent`)
	laptop.sees("Are they these?")
	if got := js[string](laptop, `document.querySelector(".six").textContent`); got != six || len(strings.Fields(got)) != 6 {
		t.Fatalf("the laptop shows %q, the desk %q", got, six)
	}
	desk.press("They are the same")
	desk.sees("It is one of your devices now.")
	laptop.sees("This is one of your devices now. Your copy of Mill Lane is arriving.")
	laptop.press("Go on")
	laptop.sees("A warm meal on Sunday")
	laptop.sees("Rosa")
	laptop.press("A warm meal on Sunday")
	laptop.press("It's taken care of")
	laptop.sees("That is good to hear.")

	desk.press("End it")
	desk.sees("From now on it reads nothing new")
	desk.press("End this device")
	desk.sees("That device is out.")
	desk.sees("no longer in use")
	laptop.sees("This device was ended")
}

// backupFrom makes a backup on a page and returns the file that the browser kept.
func (b *tab) backupFrom(passphrase string) string {
	b.t.Helper()
	dir := b.t.TempDir()
	if _, err := chromedp.Call(b.ctx, cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{Behavior: cdpbrowser.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir, BrowserContextID: chromedp.FromContext(b.ctx).BrowserContextID}); err != nil {
		b.t.Fatal(err)
	}
	b.fill("#seal", passphrase)
	b.fill("#again", passphrase)
	js[bool](b, `(() => { document.querySelector("form[action='/backup'] button").click(); return true })()`)
	for end := time.Now().Add(slowly); ; time.Sleep(50 * time.Millisecond) {
		kept, err := filepath.Glob(filepath.Join(dir, "tend-*.backup"))
		if err != nil {
			b.t.Fatal(err)
		}
		if len(kept) == 1 {
			return kept[0]
		}
		if time.Now().After(end) {
			b.t.Fatalf("no backup was kept\n%s", b.text())
		}
	}
}

// TestStoryOfABackup makes a backup on one page and brings it back on the page of
// another, empty home, which is let in by a member and writes again.
func TestStoryOfABackup(t *testing.T) {
	t.Parallel()
	const passphrase = "seven green boats"
	w := newWorkshop(t)
	w.joined()
	browser := startBrowser(t)
	tomasz := newTab(t, browser)
	w.enter(tomasz, "tomasz")
	tomasz.press("I could offer")
	tomasz.fill("#text", "A car with a driver")
	tomasz.press("Offer")
	tomasz.sees("A car with a driver")
	tomasz.open(js[string](tomasz, "location.origin") + "/device")
	tomasz.press("Backup")
	tomasz.sees("None was made yet.")
	file := tomasz.backupFrom(passphrase)
	if data, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(data), "age-encryption.org/v1") {
		t.Fatalf("what was kept is no age file: %.40q, %v", data, err)
	}
	tomasz.open(js[string](tomasz, "location.origin") + "/backup")
	tomasz.sees("The last one is from today.")

	w.node("again")
	again := newTab(t, browser)
	w.enter(again, "again")
	again.press("Bring back from a backup")
	again.fill("#passphrase", "seven green goats")
	run(again, "choose the file", chromedp.SetUploadFiles("#file", []string{file}))
	again.press("Bring me back")
	again.sees("This does not open the backup.")
	again.fill("#passphrase", passphrase)
	run(again, "choose the file", chromedp.SetUploadFiles("#file", []string{file}))
	again.press("Bring me back")
	again.sees("You are back, as of the day of the backup.")
	again.sees("A car with a driver")
	again.press("How it writes again")
	again.press("I have an invitation")
	again.fill("#words", w.invitation("rosa"))
	again.press("Read it")
	again.sees("An invitation to a circle.")
	again.press("Knock")
	again.until(`location.pathname.startsWith("/c/") || document.body.innerText.includes("The door is open")`)
	if strings.Contains(again.text(), "The door is open") {
		again.press("Mill Lane")
	}
	again.until(`!document.querySelector("#coming")`)
	again.press("Home")
	again.press("I could use")
	again.fill("#text", "A hand with the shelf")
	again.press("Ask")
	rosa := newTab(t, browser)
	w.enter(rosa, "rosa")
	rosa.sees("A hand with the shelf")
	rosa.sees("Tomasz")
}

// otherWords returns 24 words with another first one. One in 256 of such have a
// checksum that holds, and are somebody's words then: those are not taken.
func otherWords(t *testing.T, paper string) string {
	t.Helper()
	_, rest, _ := strings.Cut(paper, "\n")
	for _, first := range []string{"zoo", "able", "milk", "train"} {
		words := first + "\n" + rest
		if _, err := protocol.ParsePhrase(words); errors.Is(err, protocol.ErrPhrase) {
			return words
		}
	}
	t.Fatal("each of them could be somebody's")
	return ""
}

// TestStoryOfComingBackByWords shows Tomasz his 24 words, takes every device from
// him, and brings him back with the paper and an invitation.
func TestStoryOfComingBackByWords(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.joined()
	browser := startBrowser(t)
	tomasz := newTab(t, browser)
	w.enter(tomasz, "tomasz")
	tomasz.press("I could offer")
	tomasz.fill("#text", "A car with a driver")
	tomasz.press("Offer")
	tomasz.sees("A car with a driver")
	rosa := newTab(t, browser)
	w.enter(rosa, "rosa")
	rosa.sees("A car with a driver")
	tomasz.open(js[string](tomasz, "location.origin") + "/device")
	tomasz.press("My 24 words")
	tomasz.sees("Whoever has the words can be you.")
	tomasz.press("Show me my words")
	paper := js[string](tomasz, `[...document.querySelectorAll(".wordlist li")].map(l => l.textContent).join("\n")`)
	if len(strings.Fields(paper)) != 24 {
		t.Fatalf("%d words", len(strings.Fields(paper)))
	}
	tomasz.press("I have written them down")

	w.node("again")
	again := newTab(t, browser)
	w.enter(again, "again")
	again.press("I lost my device")
	again.fill("#words", w.invitation("rosa"))
	again.press("Read it")
	again.fill("#as", "Tomasz")
	again.fill("#phrase", otherWords(t, paper))
	again.press("Come back with my words")
	again.sees("These are not your 24 words")
	page := strings.Join(strings.Fields(js[string](again, "document.documentElement.outerHTML")), " ")
	if strings.Contains(page, strings.Join(strings.Fields(paper)[5:9], " ")) { // one alone may well be a word of the page
		t.Error("the words were sent back")
	}
	again.fill("#phrase", paper)
	again.press("Come back with my words")
	again.until(`location.pathname.startsWith("/c/") || document.body.innerText.includes("The door is open")`)
	if strings.Contains(again.text(), "The door is open") {
		again.press("Mill Lane")
	}
	again.sees("A car with a driver")
	again.sees("Tomasz")
	again.open(js[string](again, "location.origin") + "/devices")
	again.until(`document.querySelectorAll("main li").length === 2`)
	again.press("End it")
	again.press("End this device")
	again.sees("That device is out.")
	tomasz.open(js[string](tomasz, "location.origin") + "/")
	tomasz.sees("This device was ended")
}

// TestStoryOfNotNow looks into a circle and leaves again without a name; is told why
// the same invitation opens no door any more; and says hello with a fresh one.
func TestStoryOfNotNow(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.tend("rosa", "begin", "Mill Lane", "--as", "Rosa", "--purpose", "soup and shelves")
	w.node("rosa")
	w.node("tomasz")
	browser := startBrowser(t)
	tomasz := newTab(t, browser)
	w.enter(tomasz, "tomasz")
	knock := func(invitation string) {
		t.Helper()
		tomasz.press("Join a circle")
		tomasz.fill("#words", invitation)
		tomasz.press("Read it")
		tomasz.press("Knock")
	}
	first := w.invitation("rosa")
	knock(first)
	tomasz.until(`document.querySelector("#as") || document.body.innerText.includes("The door is open")`)
	if strings.Contains(tomasz.text(), "The door is open") {
		tomasz.press("Mill Lane")
	}
	tomasz.sees("soup and shelves")
	tomasz.press("Not now")
	tomasz.sees("Nobody was told a name.")
	rosa := newTab(t, browser)
	w.enter(rosa, "rosa")
	rosa.press("Circle")
	rosa.sees("No longer here")
	rosa.sees("someone")

	fresh := w.invitation("rosa") // while one is good, her home answers strangers
	knock(first)
	tomasz.sees("has been used")
	tomasz.open(js[string](tomasz, "location.origin") + "/")
	knock(fresh)
	tomasz.saysHello("Mill Lane", "Tomasz")
	rosa.sees("Tomasz")
}

// TestStoryOfTheKey puts a home's key behind a passphrase on its page; from then on
// what is secret asks for it again.
func TestStoryOfTheKey(t *testing.T) {
	t.Parallel()
	const passphrase = "seven green boats"
	w := newWorkshop(t)
	w.tend("rosa", "begin", "Mill Lane", "--as", "Rosa")
	w.node("rosa")
	rosa := newTab(t, startBrowser(t))
	w.enter(rosa, "rosa")
	origin := js[string](rosa, "location.origin")
	rosa.open(origin + "/device")
	rosa.press("Where my key rests")
	rosa.sees("Now it lies in a file")
	rosa.fill("#fresh", passphrase)
	rosa.fill("#again", passphrase)
	rosa.press("Set it")
	rosa.sees("From now on each start of Tend asks for the passphrase.")
	rosa.open(origin + "/words")
	rosa.fill("#passphrase", "seven green goats")
	rosa.press("Show me my words")
	rosa.sees("This wants the passphrase of this home again.")
	rosa.fill("#passphrase", passphrase)
	rosa.press("Show me my words")
	rosa.until(`document.querySelectorAll(".wordlist li").length === 24`)
	rosa.open(origin + "/key")
	rosa.fill("#present-file", passphrase)
	js[bool](rosa, `(() => { document.querySelector("#present-file").form.requestSubmit(); return true })()`)
	rosa.sees("The key is in a file now. A start asks nothing.")
}

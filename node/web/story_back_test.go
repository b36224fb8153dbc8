package web_test

import (
	"strings"
	"testing"
	"time"
)

// fourJoined is a circle of four homes whose nodes run, and who have a voice: Rosa's,
// Tomasz's, Ann's and Farid's. It returns what starts a home again.
func (w *workshop) fourJoined() (again func(home string)) {
	w.t.Helper()
	all := []string{"rosa", "tomasz", "ann", "farid"}
	w.stays(append(all, "new")...)
	stops := map[string]func(){}
	again = func(home string) {
		if stop := stops[home]; stop != nil {
			stop()
		}
		stops[home] = w.node(home)
	}
	w.tend("rosa", "begin", "Mill Lane", "--as", "Rosa")
	again("rosa")
	invitation := w.invitation("rosa", "--uses", "3")
	for i, home := range all[1:] {
		again(home)
		w.tend(home, "join", invitation, "--as", []string{"Tomasz", "Ann", "Farid"}[i], "--wait", "60s")
	}
	for _, name := range []string{"Tomasz", "Ann", "Farid"} {
		w.eventually("farid", `"voice":true`, "--json", "show", name)
	}
	return again
}

// eventually asks a home until its answer holds want.
func (w *workshop) eventually(home, want string, args ...string) {
	w.t.Helper()
	for end := time.Now().Add(slowly); ; time.Sleep(200 * time.Millisecond) {
		out, err := w.command(home, args...).Output()
		if err == nil && strings.Contains(string(out), want) {
			return
		}
		if time.Now().After(end) {
			w.t.Fatalf("%s: tend %q never says %s: %v\n%s", home, args, want, err, out)
		}
	}
}

// tick ticks the box beside these words.
func (b *tab) tick(words ...string) {
	b.t.Helper()
	for _, one := range words {
		b.until(`(() => { const l = [...document.querySelectorAll("main label.tick")].find(l => l.textContent.includes(` + quoted(one) + `));
			if (!l) return false; l.querySelector("input").checked = true; return true })()`)
	}
}

// six are the six words on the screen.
func (b *tab) six() string {
	b.t.Helper()
	b.until(`document.querySelector(".six")`)
	return js[string](b, `document.querySelector(".six").textContent`)
}

// TestStoryOfComingBackByPeople is a laptop that was stolen with everything on it. Its
// owner asks at Tomasz's door; he and Ann compare six words with her and stand; the
// thief objects, so that it takes Farid too; three days pass for the two and three for
// him; Tomasz lets her in, and she is back with what was hers. All of it on pages.
func TestStoryOfComingBackByPeople(t *testing.T) {
	t.Parallel()
	w := newClockedWorkshop(t)
	again := w.fourJoined()
	browser := startBrowser(t)
	rosa, tomasz, ann, farid, fresh := newTab(t, browser), newTab(t, browser), newTab(t, browser), newTab(t, browser), newTab(t, browser)
	returns := func(b *tab, home string) {
		t.Helper()
		w.enter(b, home)
		b.open(js[string](b, "location.href") + "/returns")
	}

	// While all is well: whom she would turn to, and something that is hers.
	w.enter(rosa, "rosa")
	rosa.press("I could use")
	rosa.fill("#text", "Bread for everybody")
	rosa.press("Ask")
	rosa.sees("Bread for everybody")
	returns(rosa, "rosa")
	rosa.sees("Nobody is coming back just now.")
	rosa.tick("Tomasz", "Ann", "Farid")
	js[bool](rosa, `(() => { document.querySelector("#of").value = "2"; return true })()`)
	rosa.press("Name them")
	rosa.sees("You named")
	w.eventually("tomasz", "Bread for everybody", "list", "needs")
	w.eventually("ann", "Bread for everybody", "list", "needs")

	// The new home asks, and shows six words.
	w.node("new")
	w.enter(fresh, "new")
	fresh.press("I lost my device")
	fresh.fill("#words", w.invitation("tomasz", "--until", "30d"))
	fresh.press("Read it")
	fresh.fill("#as", "Rosa")
	fresh.press("Ask people to stand for me")
	fresh.sees("Show this to those who stand for you")
	six := fresh.six()
	fresh.unfold()
	code := js[string](fresh, `document.querySelector("details .words").textContent.trim()`)
	if strings.Contains(fresh.text(), "Bread") {
		t.Error("who asks is shown what is in the circle")
	}

	// Tomasz sees it at his door; to Ann and Farid the code is brought.
	stand := func(b *tab) {
		t.Helper()
		if got := b.six(); got != six {
			t.Fatalf("shown are %q, and on the new home %q", got, six)
		}
		b.tick("I heard")
		b.press("I stand for them")
		b.sees("You stand for them.")
	}
	brought := func(b *tab) {
		t.Helper()
		b.press("Somebody shows me their code")
		b.fill("#words", code)
		b.press("Read it")
		js[bool](b, `(() => { const s = document.querySelector("#member"); s.value = [...s.options].find(o => o.textContent.includes("Rosa")).value; return true })()`)
		stand(b)
	}
	returns(tomasz, "tomasz")
	tomasz.sees("Somebody asks to be let back in as Rosa")
	tomasz.press("Compare the words")
	stand(tomasz)
	tomasz.sees("Standing for them: you.")
	tomasz.press("Keep what I write for a few from their lost devices")
	tomasz.sees("stays away from their lost devices")
	returns(ann, "ann")
	ann.sees("Standing for them: Tomasz.")
	brought(ann)
	tomasz.sees("Now it rests until")

	// Whoever has the laptop is told, and says no: one more must stand.
	w.enter(rosa, "rosa")
	rosa.sees("Somebody comes back in your name")
	rosa.press("That is not me")
	rosa.press("That is not me")
	rosa.sees("One more person is wanted now who knows your voice.")
	tomasz.sees("One more person is wanted")
	w.ahead(80 * time.Hour)
	again("tomasz")
	returns(tomasz, "tomasz")
	tomasz.sees("One more person is wanted")
	if strings.Contains(tomasz.text(), "Let them back in") {
		t.Error("two are enough although a device of hers objects")
	}
	returns(farid, "farid")
	brought(farid)
	farid.sees("Now it rests until")

	// Three days for Farid's word too. Whoever decides saw them pass.
	w.ahead(160 * time.Hour)
	for _, home := range []string{"tomasz", "ann", "farid"} {
		again(home)
	}
	returns(tomasz, "tomasz")
	tomasz.sees("Any member may let them in now.")
	tomasz.press("Let them back in")
	tomasz.sees("They are back; their lost devices are out.")

	// She is back, with what was hers; the laptop is out.
	fresh.sees("You are back.") // the screen that showed the words says so by itself
	fresh.press("Go on")
	fresh.sees("Bread for everybody")
	fresh.press("Bread for everybody")
	fresh.press("It's taken care of")
	fresh.sees("That is good to hear.")
	fresh.open(js[string](fresh, "location.origin") + "/devices")
	fresh.sees("no longer in use")
	w.enter(rosa, "rosa")
	rosa.sees("This device was ended")
}

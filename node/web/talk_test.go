package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"tend/crdt/circle"
)

// TestTalkInForms leads Ann through a whole talk with Béla by forms alone: the honest
// first page, what is kept for her turn, each gate with what it asks, and the end.
func TestTalkInForms(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	if page := b.get(base + "/show/" + bela.String()); !strings.Contains(page, "We see this differently") {
		t.Fatalf("Béla's page has no way to a talk:\n%s", page)
	}
	with := base + "/talk-with/" + bela.String()
	if page := bare(b.get(with)); !strings.Contains(page, "It is not for fear or violence") || !strings.Contains(page, "both have said yes") {
		t.Errorf("the first page does not say what a talk is not for:\n%s", page)
	}
	if w := b.ask(http.MethodPost, with, url.Values{"text": {""}}); w.Code == http.StatusSeeOther || !strings.Contains(w.Body.String(), "What is it about, in a sentence?") {
		t.Errorf("an invitation without a word = %d", w.Code)
	}
	at := b.post(with, url.Values{"text": {"About the noise"}, "fade": {"30"}})
	m := regexp.MustCompile(`/show/([0-9a-f]{64})`).FindStringSubmatch(at)
	if m == nil {
		t.Fatalf("the invitation leads to %s", at)
	}
	word := m[1]
	talk, err := h.state.Resolve(word)
	if err != nil {
		t.Fatal(err)
	}
	step := func(step string, fields ...string) string {
		t.Helper()
		form := url.Values{}
		for i := 0; i+1 < len(fields); i += 2 {
			form.Set(fields[i], fields[i+1])
		}
		return bare(b.get(b.post(base+"/talk/"+word+"/"+step, form)))
	}
	sees := func(page string, wants ...string) {
		t.Helper()
		for _, want := range wants {
			if !strings.Contains(page, want) {
				t.Fatalf("the talk does not say %q:\n%s", want, page)
			}
		}
	}
	béla := func(cmd circle.Command) string {
		t.Helper()
		h.as(t, bela, cmd)
		return bare(b.get(base + "/show/" + word))
	}

	sees(bare(b.get(base+"/show/"+word)), "The invitation is on its way", "It is not for fear")
	sees(step("say", "text", "canary ahead"), "Kept for your turn", "canary ahead")
	sees(béla(circle.AnswerTalk{ID: talk, Word: circle.WordYes}), "It is your turn.", "What would you like Béla to hear?", "canary ahead")
	sees(step("say", "text", "I sleep badly"), "Said.", "I sleep badly", "It is with Béla now. There is no clock.")
	sees(béla(circle.SpeakInTalk{ID: talk, Verb: "say-back", Text: "you sleep"}), "Is that what you meant?", "Not quite, it is more…")
	sees(step("not-quite", "text", "it is more that I lie awake"), "it is more that I lie awake")
	béla(circle.SpeakInTalk{ID: talk, Verb: "say-back", Text: "you lie awake"})
	step("heard")
	sees(béla(circle.SpeakInTalk{ID: talk, Verb: "say", Text: "I only play at night"}), "What did you hear Béla say?", "I only play at night")
	step("say-back", "text", "you play at night")
	sees(béla(circle.MarkInTalk{ID: talk, Word: circle.WordHeard}), "What may it be like for Béla?")
	step("say", "text", "it may be the only quiet hour")
	sees(béla(circle.SpeakInTalk{ID: talk, Verb: "say", Text: "it may be hard in the morning"}), "Is that what it is like for you?")
	step("felt")
	sees(béla(circle.MarkInTalk{ID: talk, Word: circle.WordFelt}), "A sentence that both may mean")
	sees(step("common", "text", "Both matter"), "What one of you said", "Both matter")
	page := béla(circle.SpeakInTalk{ID: talk, Verb: "common", Text: "Ten is late"})
	sees(page, "Mine too")
	for _, f := range forms(b.get(base + "/show/" + word)) {
		if f.says == "Mine too" {
			b.post(f.to, f.fields)
		}
	}
	sees(bare(b.get(base+"/show/"+word)), "What both of you mean", "Ten is late", "What we could try")
	sees(step("pause", "until", "2026-12-20"), "Paused until", "Take it up again")
	step("yes")
	sees(step("partner", "text", "Quiet after ten", "until", "2027-01-10"), "Quiet after ten", "Drafted.")
	v, _ := h.state.Talk(h.env(), talk)
	if len(v.Drafts) != 1 {
		t.Fatalf("the talk has the drafts %v", v.Drafts)
	}
	sees(béla(circle.AnswerTalk{ID: talk, Word: circle.WordYes}), "It ended in an agreement.", "It fades")
	if page := b.get(base + "/show/" + word); strings.Contains(page, "/end\"") {
		t.Error("what is over can be ended")
	}
	sees(bare(b.get(base+"/talks")), "Over", "About the noise")
	if page := b.get(base + "/search?words=awake"); strings.Contains(page, "About the noise") || strings.Contains(page, "lie awake") {
		t.Error("what was said in a talk is found")
	}
	if page := b.get(base + "/week"); strings.Contains(page, "Quiet after ten") {
		t.Error("the week says what came out of a talk")
	}
}

// TestTalkInvitationOnThePage holds that an invitation comes with the honest first
// words, and that later and not now are answers of one tap.
func TestTalkInvitationOnThePage(t *testing.T) {
	h := newHome(t)
	b := newBrowser(t, site(h))
	talk := h.as(t, bela, circle.OpenTalk{Member: ann, Sentence: "About the noise"}).ID
	if page := bare(b.get(base)); !strings.Contains(page, "About the noise") {
		t.Errorf("home does not show the invitation:\n%s", page)
	}
	page := b.get(base + "/show/" + talk.String())
	for _, want := range []string{"It is not for fear", "Each is a full answer", "Later", "Not now", "With a third person"} {
		if !strings.Contains(page, want) {
			t.Errorf("the invitation does not say %q", want)
		}
	}
	b.post(base+"/talk/"+talk.String()+"/third", url.Values{"member": {farid.String()}})
	if page = bare(b.get(base + "/show/" + talk.String())); !strings.Contains(page, "They are asked once the other says so too") {
		t.Errorf("with a third:\n%s", page)
	}
	b.post(base+"/talk/"+talk.String()+"/not-now", url.Values{})
	if page = bare(b.get(base)); strings.Contains(page, "About the noise") {
		t.Error("home still asks after a not now")
	}
	h.as(t, bela, circle.OpenTalk{Member: farid, Sentence: "Not for Ann"})
	if page = bare(b.get(base + "/talks")); strings.Contains(page, "Not for Ann") {
		// The page's state holds all here; a talk of others is no talk of Ann's.
		t.Error("a talk of others is listed")
	}
}

// TestTwoPagesTalk is a talk of two people on two pages, in a real browser and between
// real homes: what one says is on the other's screen by itself when its turn has come.
func TestTwoPagesTalk(t *testing.T) {
	t.Parallel()
	w := newWorkshop(t)
	w.joined()
	browser := startBrowser(t)
	rosa, tomasz := newTab(t, browser), newTab(t, browser)
	w.enter(rosa, "rosa")
	w.enter(tomasz, "tomasz")
	rosa.press("Circle")
	rosa.until(`[...document.querySelectorAll(".people a")].some(a => a.innerText.includes("Tomasz"))`)
	js[bool](rosa, `(() => { [...document.querySelectorAll(".people a")].find(a => a.innerText.includes("Tomasz")).click(); return true })()`)
	rosa.until(`[...document.querySelectorAll("a")].some(a => a.innerText.includes("We see this differently"))`)
	rosa.press("We see this differently")
	rosa.sees("It is not for fear or violence")
	rosa.fill("#text", "About the kitchen")
	rosa.press("Invite")
	rosa.sees("The invitation is on its way.")

	tomasz.sees("About the kitchen")
	tomasz.press("About the kitchen")
	tomasz.sees("It is not for fear or violence")
	tomasz.press("Yes")
	tomasz.sees("It is with Rosa now.")
	js[bool](tomasz, `(() => { [...document.querySelectorAll("summary")].find(s => s.innerText.includes("Write something ahead")).click(); return true })()`)
	tomasz.fill("#ahead", "I am tired at night")
	tomasz.press("Keep it for my turn")
	tomasz.sees("Kept for your turn")

	rosa.until(`document.querySelector("#say")`)
	if strings.Contains(rosa.text(), "tired at night") {
		t.Fatal("what was kept is on the other's screen")
	}
	rosa.fill("#say", "I clean alone")
	rosa.press("Say it")
	tomasz.until(`document.querySelector("#back")`)
	tomasz.sees("I clean alone")
	tomasz.fill("#back", "you clean alone")
	tomasz.press("Say it back")
	rosa.sees("Is that what you meant?")
	rosa.press("Yes, that is what I meant")
	tomasz.until(`document.querySelector("#say") && document.querySelector("#say").value === "I am tired at night"`)
	tomasz.press("Say it")
	rosa.until(`document.querySelector("#back")`)
	rosa.sees("I am tired at night")
	rosa.fill("#back", "you are tired")
	rosa.press("Say it back")
	tomasz.sees("Is that what you meant?")
	tomasz.press("Yes, that is what I meant")

	for _, turn := range [][2]*tab{{rosa, tomasz}, {tomasz, rosa}} {
		turn[0].until(`document.querySelector("#say")`)
		turn[0].fill("#say", "it may be heavy")
		turn[0].press("Say it")
		turn[1].sees("Is that what it is like for you?")
		turn[1].press("Yes, that is what it is like")
	}
	rosa.until(`document.querySelector("#common")`)
	rosa.fill("#common", "We both like it clean")
	rosa.press("Add it")
	tomasz.sees("We both like it clean")
	tomasz.press("Mine too")
	tomasz.sees("What both of you mean")
	tomasz.fill("#partner", "We clean on Sunday")
	tomasz.press("Draft it")
	rosa.sees("Would you try this?")
	rosa.press("Yes")
	rosa.sees("It ended in an agreement.")
	tomasz.sees("It ended in an agreement.")
}

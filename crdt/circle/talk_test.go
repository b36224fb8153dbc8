package circle_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tend/crdt"
	"tend/crdt/circle"
)

func (h *home) talk(id crdt.ID) circle.Talk {
	h.w.t.Helper()
	t, ok := h.state.Talk(h.env(), id)
	if !ok {
		h.w.t.Fatalf("%s has no talk %s", h.name, id.Short())
	}
	return t
}

// step runs a step of a talk that must be done, and everyone hears of it.
func (h *home) step(id crdt.ID, step string, words ...string) {
	h.w.t.Helper()
	h.do("talk", append([]string{"step", step, "id", id.String()}, words...)...)
	h.w.meet()
}

func (h *home) refusesStep(id crdt.ID, step string, words ...string) *circle.Problem {
	h.w.t.Helper()
	return h.refuses(circle.Kept, "talk", append([]string{"step", step, "id", id.String()}, words...)...)
}

// waits runs a step that must be kept for its turn.
func (h *home) waits(id crdt.ID, step, text string) {
	h.w.t.Helper()
	before := h.w.writes
	res, err := h.try("talk", "step", step, "id", id.String(), "text", text)
	if err != nil || !res.Kept || res.ID != id || h.w.writes != before {
		h.w.t.Fatalf("%s: talk %s = %+v, %v; want it kept, and nothing written", h.name, step, res, err)
	}
}

func (h *home) wantTalk(id crdt.ID, gate, next string, yours bool) {
	h.w.t.Helper()
	if t := h.talk(id); t.Gate != gate || t.Next != next || t.YourTurn != yours {
		h.w.t.Errorf("%s reads the talk as %s, next %q, turn %v; want %s, %q, %v", h.name, t.Gate, t.Next, t.YourTurn, gate, next, yours)
	}
}

func texts(t circle.Talk) string {
	var out []string
	for _, s := range t.Steps {
		out = append(out, s.Kind+":"+s.Text)
	}
	return strings.Join(out, " | ")
}

func (h *home) invite(to *home, words ...string) crdt.ID {
	h.w.t.Helper()
	id := h.do("talk", append([]string{"step", "with", "member", to.name, "text", "About the kitchen"}, words...)...)
	h.w.meet()
	return id
}

// heardBoth brings a talk to the gate after listening.
func heardBoth(ann, ben *home) crdt.ID {
	id := ann.invite(ben)
	ben.step(id, "yes")
	ann.step(id, "say", "text", "I clean alone")
	ben.step(id, "say-back", "text", "you clean alone")
	ann.step(id, "heard")
	ben.step(id, "say", "text", "I am tired at night")
	ann.step(id, "say-back", "text", "you are tired")
	ben.step(id, "heard")
	return id
}

// feltBoth brings a talk to common ground.
func feltBoth(ann, ben *home) crdt.ID {
	id := heardBoth(ann, ben)
	ann.step(id, "say", "text", "it may be heavy for you")
	ben.step(id, "say", "text", "it may be lonely for you")
	ben.step(id, "felt")
	ann.step(id, "felt")
	return id
}

// shared brings a talk to partnering.
func shared(ann, ben *home) crdt.ID {
	id := feltBoth(ann, ben)
	ann.step(id, "common", "text", "We both like it clean")
	ben.step(id, "ours")
	return id
}

func TestTalkFromInvitationToAgreement(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo")
	ann, ben, cleo := w.homes["Ann"], w.homes["Ben"], w.homes["Cleo"]
	res, err := ann.try("talk", "step", "with", "member", "Ben", "text", "About the kitchen")
	if err != nil || !slices.Equal(res.Asked, []crdt.ID{ben.id}) {
		t.Fatalf("talk with = %+v, %v; want Ben asked", res, err)
	}
	id := res.ID
	w.meet()
	ann.wantTalk(id, circle.TalkInvited, "", false)
	ben.wantTalk(id, circle.TalkInvited, "yes", true)
	if got := ben.state.Today(ben.env()).ForMe; len(got) != 1 || got[0].Talk == nil {
		t.Errorf("Ben's day has %+v, want the invitation", got)
	}
	ben.step(id, "yes")
	ben.again("talk", "step", "yes", "id", id.String())
	ann.wantTalk(id, circle.TalkListening, "say", true)
	ben.wantTalk(id, circle.TalkListening, "", false)

	ben.waits(id, "say", "too early")
	ben.waits(id, "say", "I am tired at night")
	ben.waits(id, "say-back", "you clean")
	ann.refusesStep(id, "heard")
	ann.step(id, "say", "text", "I clean alone")
	ben.wantTalk(id, circle.TalkListening, "say_back", true)
	ben.step(id, "say-back") // what was kept
	ann.wantTalk(id, circle.TalkListening, "heard", true)
	ann.step(id, "not-quite", "text", "it is more that I clean alone")
	ben.wantTalk(id, circle.TalkListening, "say_back", true)
	ben.step(id, "say-back", "text", "you clean alone")
	ben.refusesStep(id, "heard")
	ann.step(id, "heard")
	ben.wantTalk(id, circle.TalkListening, "say", true)
	ben.step(id, "say")
	if got := texts(ann.talk(id)); got != "invitation:About the kitchen | say:I clean alone | say_back:you clean | say_back:you clean alone | say:I am tired at night" {
		t.Errorf("Ann reads %s", got)
	}
	if step := ben.talk(id).Steps[2]; step.Word != circle.WordNotQuite || step.Said != "it is more that I clean alone" {
		t.Errorf("what Ben said back is %+v, want Ann's not quite", step)
	}
	if len(ben.kept) != 0 {
		t.Errorf("Ben's home keeps %v, want nothing once it is said", ben.kept)
	}
	ann.step(id, "say-back", "text", "you are tired")
	ben.step(id, "heard")

	ann.wantTalk(id, circle.TalkFeeling, "say", true)
	ann.step(id, "say", "text", "it may be heavy")
	ben.wantTalk(id, circle.TalkFeeling, "felt", true)
	ben.step(id, "not-quite")
	ann.wantTalk(id, circle.TalkFeeling, "say", true)
	ann.step(id, "say", "text", "it may be heavy after work")
	ben.step(id, "felt")
	ann.wantTalk(id, circle.TalkFeeling, "", false)
	ann.waits(id, "common", "We both like it clean")
	ben.step(id, "say", "text", "it may be lonely")
	ann.step(id, "felt")

	ann.wantTalk(id, circle.TalkCommon, "common", true)
	ann.waits(id, "partner", "we cook on Sunday")
	ann.step(id, "common")
	ben.wantTalk(id, circle.TalkCommon, "ours", true)
	ben.step(id, "ours", "text", "we both like it clean")
	if c := ann.talk(id).Common; len(c) != 1 || len(c[0].Ours) != 2 {
		t.Errorf("the common ground is %+v, want one sentence of both", c)
	}
	ann.wantTalk(id, circle.TalkPartnering, "partner", true)
	ann.step(id, "partner")
	ben.wantTalk(id, circle.TalkPartnering, "yes", true)
	ben.step(id, "partner", "text", "we clean on Sunday", "until", "2027-01-10")
	ann.wantTalk(id, circle.TalkPartnering, "yes", true)
	ann.step(id, "yes")
	for _, h := range []*home{ann, ben} {
		v := h.talk(id)
		if v.Gate != circle.TalkEnded || v.Outcome != circle.OutcomeAgreement || len(v.Drafts) != 1 {
			t.Fatalf("%s reads %+v, want it to end in an agreement", h.name, v)
		}
		// One look leaves nothing of the talk to the next, where looks keep what they read.
		kept := h.state.With(circle.NewReadings(unguarded{}))
		for range 2 {
			if all := kept.Talks(h.env(), circle.Filter{All: true}); len(all) != 1 || all[0].Gate != circle.TalkEnded {
				t.Errorf("a list of %s's holds %+v, want the talk, ended", h.name, all)
			}
		}
		a := h.agreement(v.Drafts[0])
		if a.State != circle.StateAgreed || a.Terms.What != "we clean on Sunday" || a.Terms.When != "2027-01-10" || len(a.Parties) != 2 || !a.Tender {
			t.Errorf("%s reads the agreement as %+v", h.name, a)
		}
		h.refusesStep(id, "say", "text", "more")
		h.refusesStep(id, "end")
		if got := h.state.Search(h.env(), "clean"); len(got) > 0 {
			t.Errorf("%s finds %+v by searching", h.name, got)
		}
		if got := h.state.Talks(h.env(), circle.Filter{}); len(got) != 0 {
			t.Errorf("%s lists a talk that is over", h.name)
		}
	}
	if _, ok := cleo.state.Talk(cleo.env(), id); ok || cleo.state.Has(id) {
		t.Error("Cleo knows of the talk")
	}
	// The agreement goes on by itself, whatever becomes of the talk.
	ben.do("cannot", "id", ben.talk(id).Drafts[0].String())
	w.meet()
	if v := ann.talk(id); v.Gate != circle.TalkEnded || v.Outcome != circle.OutcomeAgreement {
		t.Errorf("after it was given back: %s, %s; want the talk ended as before", v.Gate, v.Outcome)
	}
	ann.invite(ben) // another talk may begin
}

// Each gate opens on words of both, and not before.
func TestTalkGates(t *testing.T) {
	for _, c := range []struct {
		name  string
		to    func(ann, ben *home) crdt.ID
		gate  string
		opens []func(id crdt.ID, ann, ben *home)
		next  string
	}{
		{"invited", func(ann, ben *home) crdt.ID { return ann.invite(ben) }, circle.TalkInvited,
			[]func(crdt.ID, *home, *home){func(id crdt.ID, _, ben *home) { ben.step(id, "yes") }}, circle.TalkListening},
		{"listening", func(ann, ben *home) crdt.ID {
			id := ann.invite(ben)
			ben.step(id, "yes")
			ann.step(id, "say", "text", "one")
			ben.step(id, "say-back", "text", "one")
			ann.step(id, "heard")
			return id
		}, circle.TalkListening, []func(crdt.ID, *home, *home){
			func(id crdt.ID, _, ben *home) { ben.step(id, "say", "text", "two") },
			func(id crdt.ID, ann, _ *home) { ann.step(id, "say-back", "text", "two") },
			func(id crdt.ID, _, ben *home) { ben.step(id, "heard") },
		}, circle.TalkFeeling},
		{"feeling", func(ann, ben *home) crdt.ID {
			id := heardBoth(ann, ben)
			ann.step(id, "say", "text", "heavy")
			ben.step(id, "felt")
			return id
		}, circle.TalkFeeling, []func(crdt.ID, *home, *home){
			func(id crdt.ID, _, ben *home) { ben.step(id, "say", "text", "lonely") },
			func(id crdt.ID, ann, _ *home) { ann.step(id, "felt") },
		}, circle.TalkCommon},
		{"common", feltBoth, circle.TalkCommon, []func(crdt.ID, *home, *home){
			func(id crdt.ID, ann, _ *home) { ann.step(id, "common", "text", "clean is good") },
			func(id crdt.ID, _, ben *home) { ben.step(id, "common", "text", "rest is good") },
			func(id crdt.ID, ann, _ *home) { ann.step(id, "ours", "text", "rest is good") },
		}, circle.TalkPartnering},
		{"partnering", shared, circle.TalkPartnering, []func(crdt.ID, *home, *home){
			func(id crdt.ID, _, ben *home) { ben.step(id, "partner", "text", "Sundays") },
			func(id crdt.ID, ann, _ *home) { ann.step(id, "yes") },
		}, circle.TalkEnded},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, "Ann", "Ben")
			ann, ben := w.homes["Ann"], w.homes["Ben"]
			id := c.to(ann, ben)
			for i, open := range c.opens {
				for _, h := range []*home{ann, ben} {
					if v := h.talk(id); v.Gate != c.gate {
						t.Fatalf("before word %d of %d %s reads %s, want %s", i+1, len(c.opens), h.name, v.Gate, c.gate)
					}
				}
				open(id, ann, ben)
			}
			for _, h := range []*home{ann, ben} {
				if v := h.talk(id); v.Gate != c.next {
					t.Errorf("%s reads %s, want %s", h.name, v.Gate, c.next)
				}
			}
		})
	}
}

// What somebody sends before its turn, as a changed program might, is not shown
// before its turn, and then is.
func TestTalkShowsNothingBeforeItsTurn(t *testing.T) {
	w := newWorld(t, "Ann", "Ben")
	ann, ben := w.homes["Ann"], w.homes["Ben"]
	id := ann.invite(ben)
	ben.step(id, "yes")
	both := []crdt.ID{ann.id, ben.id}
	slices.SortFunc(both, crdt.ID.Compare)
	ben.write([]circle.Draft{
		{To: both, Make: func([]crdt.ID) circle.Body {
			return circle.NoteWritten{On: id, What: circle.NoteSay, Text: "early say"}
		}},
		{To: both, Make: func([]crdt.ID) circle.Body {
			return circle.NoteWritten{On: id, What: circle.NoteFeeling, Text: "early feeling"}
		}},
		{To: both, Make: func([]crdt.ID) circle.Body {
			return circle.NoteWritten{On: id, What: circle.NoteCommon, Text: "early sentence"}
		}},
		{To: both, Make: func([]crdt.ID) circle.Body {
			return circle.AgreementMade{About: []crdt.ID{id}, Terms: circle.Terms{What: "early draft"}}
		}},
	})
	w.meet()
	if v := ann.talk(id); strings.Contains(texts(v), "early") || len(v.Common)+len(v.Drafts) > 0 || v.Gate != circle.TalkListening {
		t.Errorf("Ann reads %s, %+v, %v", texts(v), v.Common, v.Drafts)
	}
	if got := ann.state.Agreements(ann.env(), circle.Filter{All: true}); len(got) > 0 {
		t.Errorf("Ann has the agreements %+v", got)
	}
	ann.step(id, "say", "text", "one")
	ben.step(id, "say-back", "text", "one")
	ann.step(id, "heard")
	if v := ann.talk(id); !strings.Contains(texts(v), "early say") || strings.Contains(texts(v), "early feeling") {
		t.Errorf("in Ben's turn Ann reads %s", texts(v))
	}
	ann.step(id, "say-back", "text", "early say")
	ben.step(id, "heard")
	if v := ann.talk(id); !strings.Contains(texts(v), "early feeling") || len(v.Common) > 0 {
		t.Errorf("in feeling Ann reads %s, %+v", texts(v), v.Common)
	}
	ann.step(id, "felt")
	ann.step(id, "say", "text", "heavy")
	ben.step(id, "felt")
	ann.wantTalk(id, circle.TalkCommon, "ours", true)
	ann.step(id, "ours")
	if v := ann.talk(id); len(v.Drafts) != 1 {
		t.Errorf("in partnering Ann has the drafts %v", v.Drafts)
	}
}

// What is written for others than those in it is no part of a talk.
func TestTalkHoldsOnlyWhatIsSealedToIt(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo")
	ann, ben, cleo := w.homes["Ann"], w.homes["Ben"], w.homes["Cleo"]
	id := ann.invite(ben)
	say := func(to []crdt.ID, b circle.Body) circle.Draft {
		return circle.Draft{To: to, Make: func([]crdt.ID) circle.Body { return b }}
	}
	ben.write([]circle.Draft{say(nil, circle.WordGiven{On: id, Value: circle.WordYes, Replaces: []crdt.ID{}}),
		say(nil, circle.NoteWritten{On: id, What: circle.NoteSay, Text: "to all"})})
	two := []crdt.ID{ann.id, cleo.id}
	slices.SortFunc(two, crdt.ID.Compare)
	cleo.write([]circle.Draft{say(two, circle.WordGiven{On: id, Value: circle.WordEnd, Replaces: []crdt.ID{}}),
		say(two, circle.NoteWritten{On: id, What: circle.NoteSay, Text: "from Cleo"})})
	w.meet()
	ann.wantTalk(id, circle.TalkInvited, "", false)
	if got := texts(ann.talk(id)); strings.Contains(got, "Cleo") || strings.Contains(got, "all") {
		t.Errorf("Ann reads %s", got)
	}
	// An invitation that others read as well is none.
	all := []crdt.ID{ann.id, ben.id, cleo.id}
	slices.SortFunc(all, crdt.ID.Compare)
	loud := cleo.write([]circle.Draft{say(all, circle.TalkOpened{With: ann.id, Sentence: "before Ben"})})
	w.meet()
	if _, ok := ann.state.Talk(ann.env(), loud[0]); ok {
		t.Error("a talk before others is read as one")
	}
}

func TestTalkFullAnswers(t *testing.T) {
	w := newWorld(t, "Ann", "Ben")
	ann, ben := w.homes["Ann"], w.homes["Ben"]
	ben.refuses(circle.Usage, "talk", "step", "with", "member", "Ann")
	ben.refuses(circle.Usage, "talk", "step", "with", "member", "Ann", "text", "x", "fade", "0")
	id := ann.invite(ben)
	ben.refuses(circle.Usage, "talk", "step", "shout", "id", id.String())
	ben.step(id, "later")
	ann.wantTalk(id, circle.TalkInvited, "", false)
	ben.wantTalk(id, circle.TalkInvited, "yes", false) // it is said, and nothing nags
	if a := ann.talk(id).Answers; len(a) != 1 || a[0].Word != circle.WordLater {
		t.Errorf("Ann reads the answers %+v", a)
	}
	if got := ben.state.Today(ben.env()).ForMe; len(got) != 0 {
		t.Errorf("after a later Ben's day has %+v", got)
	}
	ben.step(id, "not-now")
	ben.again("talk", "step", "not-now", "id", id.String())
	ann.wantTalk(id, circle.TalkEnded, "", false)
	ann.refusesStep(id, "say", "text", "but")
	next := ann.invite(ben, "about", ann.do("offer", "text", "soup").String())
	ben.refusesStep(id, "say", "text", "hm")
	ben.step(id, "yes") // not now was then; now it is yes
	ann.wantTalk(id, circle.TalkListening, "say", true)
	ann.step(next, "end")
	ann.refuses(circle.Kept, "talk", "step", "with", "member", "Ben", "text", "again")
	ann.refuses(circle.Kept, "talk", "step", "with", "member", "Ann", "text", "me")
	ann.refuses(circle.NotFound, "talk", "step", "with", "member", "Zoe", "text", "you")
}

func TestTalkPauses(t *testing.T) {
	w := newWorld(t, "Ann", "Ben")
	ann, ben := w.homes["Ann"], w.homes["Ben"]
	id := ann.invite(ben)
	ben.refusesStep(id, "pause")
	ben.step(id, "yes")
	ann.step(id, "say", "text", "one")
	ann.step(id, "pause", "until", "2026-12-10", "text", "I need air")
	for _, h := range []*home{ann, ben} {
		v := h.talk(id)
		if v.Gate != circle.TalkListening || v.Outcome != circle.OutcomePause || v.PausedUntil != "2026-12-10" {
			t.Errorf("%s reads %s, %s until %s", h.name, v.Gate, v.Outcome, v.PausedUntil)
		}
	}
	ben.waits(id, "say-back", "one")
	ben.again("talk", "step", "yes", "id", id.String()) // another's pause is not ended
	if v := ann.talk(id); v.Outcome != circle.OutcomePause || v.YourTurn {
		t.Errorf("Ann reads %+v", v)
	}
	w.pass(11)
	if v := ann.talk(id); !v.YourTurn || v.Next != "yes" {
		t.Errorf("on the day Ann reads %+v, want it to ask her", v)
	}
	ann.step(id, "yes")
	ben.wantTalk(id, circle.TalkListening, "say_back", true)
	if v := ben.talk(id); len(v.Kept) != 1 || v.Kept[0].Text != "one" {
		t.Errorf("Ben keeps %+v", v.Kept)
	}
	ben.step(id, "say-back")
	ann.step(id, "heard")
	ben.step(id, "pause")
	ann.refusesStep(id, "heard")
	ann.refuses(circle.Usage, "talk", "step", "pause", "id", id.String(), "until", "2026-01-01")
}

func TestTalkEndsQuietlyOrByParting(t *testing.T) {
	w := newWorld(t, "Ann", "Ben")
	ann, ben := w.homes["Ann"], w.homes["Ben"]
	soup := ben.do("may-i", "member", "Ann", "text", "soup")
	w.meet()
	ann.do("yes", "id", soup.String())
	w.meet()
	id := shared(ann, ben)
	ann.step(id, "partner", "text", "Sundays")
	draft := ann.talk(id).Drafts[0]
	// Ann ends it while Ben says yes to what she drafted.
	ann.do("talk", "step", "end", "id", id.String())
	ben.do("talk", "step", "yes", "id", id.String())
	w.meet()
	for _, h := range []*home{ann, ben} {
		v := h.talk(id)
		if v.Gate != circle.TalkEnded || v.Outcome != circle.OutcomeEnded || h.agreement(draft).State != circle.StateReleased {
			t.Errorf("%s reads %s, %s, draft %s", h.name, v.Gate, v.Outcome, h.agreement(draft).State)
		}
		h.wantState(soup, circle.StateAgreed) // nothing else is given back
	}
	ann.again("talk", "step", "end", "id", id.String())

	// What one alone had drafted did not come together; nobody gave it back.
	alone := shared(ann, ben)
	ann.step(alone, "partner", "text", "Mondays")
	draft = ann.talk(alone).Drafts[0]
	ben.step(alone, "end")
	for _, h := range []*home{ann, ben} {
		h.wantState(draft, circle.StateLapsed)
	}

	again := ben.invite(ann)
	res, err := ann.try("talk", "step", "part", "id", again.String(), "text", "I wish you well")
	if err != nil || !slices.Equal(res.Agreements, []crdt.ID{soup}) {
		t.Errorf("part = %+v, %v; want what they still share", res, err)
	}
	w.meet()
	if v := ben.talk(again); v.Gate != circle.TalkEnded || v.Outcome != circle.OutcomeParting || !strings.Contains(texts(v), "farewell:I wish you well") {
		t.Errorf("Ben reads %+v", v)
	}
	ben.wantState(soup, circle.StateAgreed)
}

// Two invitations that crossed are one talk, the one of the smaller id; both are
// willing, and who wrote that one tells first.
func TestTalkInvitationsThatCrossed(t *testing.T) {
	w := newWorld(t, "Ann", "Ben")
	ann, ben := w.homes["Ann"], w.homes["Ben"]
	one := ann.do("talk", "step", "with", "member", "Ben", "text", "the kitchen")
	two := ben.do("talk", "step", "with", "member", "Ann", "text", "the noise")
	w.meet()
	id, first, second := one, ann, ben
	if two.Compare(one) < 0 {
		id, first, second = two, ben, ann
	}
	for _, h := range []*home{ann, ben} {
		for _, by := range []crdt.ID{one, two} {
			if v := h.talk(by); v.ID != id || v.Gate != circle.TalkListening || v.Two[0] != first.id {
				t.Errorf("%s reads %s as %+v", h.name, by.Short(), v)
			}
		}
		if got := h.state.Talks(h.env(), circle.Filter{}); len(got) != 1 || !strings.Contains(texts(got[0]), "the kitchen") || !strings.Contains(texts(got[0]), "the noise") {
			t.Errorf("%s lists %+v", h.name, got)
		}
	}
	first.step(one, "say", "text", "hello")
	second.wantTalk(two, circle.TalkListening, "say_back", true)
	second.step(two, "end")
	first.wantTalk(one, circle.TalkEnded, "", false)
	// The next one is a talk of its own.
	w.pass(1)
	next := second.invite(first)
	if v := first.talk(next); v.ID != next || v.Gate != circle.TalkInvited {
		t.Errorf("the next talk is %+v", v)
	}
}

func TestTalkWithAThird(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo", "Dan")
	ann, ben, cleo := w.homes["Ann"], w.homes["Ben"], w.homes["Cleo"]
	follow := func(hs ...*home) {
		for _, h := range hs {
			drafts, _, err := circle.Decide(h.state, h.env(), circle.FollowTalks{})
			if err != nil {
				t.Fatal(err)
			}
			h.write(drafts)
			if again, _, _ := circle.Decide(h.state, h.env(), circle.FollowTalks{}); len(again) > 0 {
				t.Errorf("%s would follow again", h.name)
			}
		}
		w.meet()
	}
	id := ann.invite(ben)
	ben.step(id, "third", "member", "Cleo", "earlier", "true") // yes, with a third
	ben.wantTalk(id, circle.TalkInvited, "yes", false)
	follow(ann, ben)
	if cleo.state.Has(id) {
		t.Error("Cleo hears of it before both named her")
	}
	ann.step(id, "third", "member", "Cleo")
	follow(ann)
	if _, ok := cleo.state.Talk(cleo.env(), id); ok {
		t.Error("Cleo reads it by the word of one alone")
	}
	follow(ben)
	cleo.wantTalk(id, circle.TalkInvited, "yes", true)
	if v := cleo.talk(id); v.Sentence != circle.Faded {
		t.Errorf("Cleo reads Ann's sentence %q, which she did not give", v.Sentence)
	}
	cleo.refusesStep(id, "say", "text", "hello")
	ann.wantTalk(id, circle.TalkInvited, "", false)
	cleo.step(id, "yes")
	follow(ann, ben, cleo)
	for _, h := range []*home{ann, ben, cleo} {
		if v := h.talk(id); v.Third != cleo.id || v.Gate != circle.TalkListening {
			t.Errorf("%s reads %+v, want three in it", h.name, v)
		}
	}
	ann.step(id, "say", "text", "for three")
	if got := texts(cleo.talk(id)); !strings.Contains(got, "for three") {
		t.Errorf("Cleo reads %s", got)
	}
	cleo.refusesStep(id, "heard")
	cleo.refusesStep(id, "common", "text", "x")
	cleo.refusesStep(id, "third", "member", "Dan")
	ann.refusesStep(id, "third", "member", "Dan")
	cleo.step(id, "say", "text", "breathe")
	if got := texts(ben.talk(id)); !strings.Contains(got, "comment:breathe") {
		t.Errorf("Ben reads %s", got)
	}
	// She steps out; what is said then is for the two.
	cleo.step(id, "end")
	ben.step(id, "say-back", "text", "for two")
	if v := cleo.talk(id); strings.Contains(texts(v), "for two") || v.Third == cleo.id {
		t.Errorf("after she stepped out Cleo reads %+v", v)
	}
	ann.wantTalk(id, circle.TalkListening, "heard", true)
}

// A third gets the earlier words of those who gave them, and of nobody else.
func TestTalkEarlierWordsGoAlong(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo")
	ann, ben, cleo := w.homes["Ann"], w.homes["Ben"], w.homes["Cleo"]
	id := heardBoth(ann, ben)
	ben.step(id, "third", "member", "Cleo", "earlier", "true")
	ann.step(id, "third", "member", "Cleo")
	for _, h := range []*home{ann, ben} {
		drafts, _, _ := circle.Decide(h.state, h.env(), circle.FollowTalks{})
		h.write(drafts)
	}
	w.meet()
	cleo.step(id, "yes")
	for _, h := range []*home{ann, ben} {
		drafts, _, _ := circle.Decide(h.state, h.env(), circle.FollowTalks{})
		h.write(drafts)
		if again, _, _ := circle.Decide(h.state, h.env(), circle.FollowTalks{}); len(again) > 0 {
			t.Errorf("%s would give them twice", h.name)
		}
	}
	w.meet()
	got := texts(cleo.talk(id))
	if !strings.Contains(got, "I am tired at night") || strings.Contains(got, "I clean alone") || strings.Contains(got, "you are tired") {
		t.Errorf("Cleo reads %s; want what Ben said, and nothing of Ann's", got)
	}
	ann.wantTalk(id, circle.TalkFeeling, "say", true)
}

// Two devices of one person said different things: the careful word counts, they are
// asked, and their next word settles it.
func TestTalkOwnTwoDevices(t *testing.T) {
	w := newWorld(t, "Ann", "Ben")
	ann, ben := w.homes["Ann"], w.homes["Ben"]
	id := ann.invite(ben)
	ben.step(id, "yes")
	ann.step(id, "say", "text", "one")
	ben.step(id, "say-back", "text", "one")
	other := *ann // Ann's other device
	ann.do("talk", "step", "heard", "id", id.String())
	other.wrote = nil
	other.do("talk", "step", "not-quite", "id", id.String())
	ann.wrote = append(ann.wrote, other.wrote...)
	w.meet()
	ben.wantTalk(id, circle.TalkListening, "say_back", true)
	ann.wantLooks(circle.LookOwnTwo)
	ben.wantLooks()
	look := ann.state.Look(ann.env())[0]
	if !strings.HasPrefix(look.Choices[0].Do, "tend talk heard ") {
		t.Fatalf("the choices are %+v", look.Choices)
	}
	back := strings.Fields(look.Choices[0].Do)[4]
	ann.step(id, "heard", "text", back)
	ann.wantLooks()
	ben.wantTalk(id, circle.TalkListening, "say", true)
}

func TestTalkWhoseOtherLeft(t *testing.T) {
	w := newWorld(t, "Ann", "Ben")
	ann, ben := w.homes["Ann"], w.homes["Ben"]
	id := ann.invite(ben)
	ben.step(id, "yes")
	ann.step(id, "say", "text", "one")
	ben.left = true
	ann.wantTalk(id, circle.TalkEnded, "", false)
	if p := ann.refusesStep(id, "say", "text", "two"); !strings.Contains(told(p.Said), "no longer in this circle") {
		t.Errorf("refused with %q", told(p.Said))
	}
	if !strings.Contains(texts(ann.talk(id)), "one") {
		t.Error("what was said is gone")
	}
	ben.left = false // invited again
	ben.wantTalk(id, circle.TalkListening, "say_back", true)
}

func TestTalkIsEvidenceNowhere(t *testing.T) {
	w := newWorld(t, "Ann", "Ben")
	ann, ben := w.homes["Ann"], w.homes["Ben"]
	id := shared(ann, ben)
	ann.step(id, "partner", "text", "clean on Sundays")
	draft := ben.talk(id).Drafts[0]
	ben.refuses(circle.Kept, "propose", "text", "Ann said it", "about", id.String())
	ben.refuses(circle.Kept, "propose", "text", "Ann said it", "about", draft.String())
	ben.refuses(circle.Kept, "note", "id", id.String(), "text", "for later")
	ben.refuses(circle.NotFound, "widen", "id", id.String(), "to", "circle")
	for _, words := range []string{"clean", "kitchen", "heavy", "both", "Sundays"} {
		if got := ben.state.Search(ben.env(), words); len(got) > 0 {
			t.Errorf("searching %q finds %+v", words, got)
		}
	}
	ben.step(id, "yes")
	for _, day := range ben.state.Week(ben.env()) {
		for _, e := range day.Entries {
			if e.What != "" {
				t.Errorf("the week board says %q", e.What)
			}
		}
	}
}

func TestTalkFades(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo")
	ann, ben, cleo := w.homes["Ann"], w.homes["Ben"], w.homes["Cleo"]
	id := ann.invite(ben, "fade", "30d")
	ben.step(id, "yes")
	ann.step(id, "say", "text", "canary one")
	ben.step(id, "end")
	if early := w.later(cleo, 29*24*time.Hour); len(ann.state.Fading(early)) > 0 {
		t.Fatal("it fades a day too early")
	}
	now := w.later(cleo, 48*time.Hour)
	w.meet()
	before := ann.state.Digest(now)
	for _, h := range []*home{ann, ben} {
		if stubs := h.letGo(now); len(stubs) == 0 {
			t.Fatalf("%s lets nothing go", h.name)
		}
		v := h.talk(id)
		if !v.Faded || v.Gate != circle.TalkEnded || strings.Contains(fmt.Sprint(v), "canary") || strings.Contains(fmt.Sprint(v), "kitchen") {
			t.Errorf("%s still reads %+v", h.name, v)
		}
		if got := h.state.Talks(h.env(), circle.Filter{All: true}); len(got) > 0 {
			t.Errorf("%s lists it", h.name)
		}
		if len(h.state.Fading(now)) > 0 {
			t.Errorf("%s would let more go", h.name)
		}
	}
	if ann.state.Digest(now) != before {
		t.Error("fading changed the digest")
	}
}

// A third, who is told of one of two invitations that crossed, lets go of the talk when
// the two do.
func TestTalkCrossedFadesForTheThird(t *testing.T) {
	for _, days := range [][]string{{"30d", "60d"}, {"60d", "30d"}, {"", "120d"}, {"120d", ""}} {
		fade := func(by int) []string { // "" names no time, and that is ninety days
			if days[by] == "" {
				return nil
			}
			return []string{"fade", days[by]}
		}
		least := 30
		if slices.Contains(days, "") {
			least = circle.TalkFade
		}
		w := newWorld(t, "Ann", "Ben", "Cleo")
		ann, ben, cleo := w.homes["Ann"], w.homes["Ben"], w.homes["Cleo"]
		one := ann.do("talk", append([]string{"step", "with", "member", "Ben", "text", "the kitchen"}, fade(0)...)...)
		ben.do("talk", append([]string{"step", "with", "member", "Ann", "text", "the noise"}, fade(1)...)...)
		w.meet()
		id := ann.talk(one).ID
		ann.step(id, "third", "member", "Cleo")
		ben.step(id, "third", "member", "Cleo")
		drafts, _, err := circle.Decide(ann.state, ann.env(), circle.FollowTalks{})
		if err != nil {
			t.Fatal(err)
		}
		ann.write(drafts)
		w.meet()
		cleo.step(id, "yes")
		ben.step(id, "end")
		if early := w.later(cleo, time.Duration(least-1)*24*time.Hour); len(cleo.state.Fading(early)) > 0 {
			t.Fatal("it fades a day too early")
		}
		now := w.later(cleo, 48*time.Hour)
		w.meet()
		for _, h := range []*home{ann, ben, cleo} {
			if h.letGo(now); !h.talk(id).Faded {
				t.Errorf("with %v %s keeps it until %s", days, h.name, h.talk(id).FadesOn)
			}
		}
	}
}

// An agreement stays when the talk that it came out of fades; a draft that came to
// nothing fades with it. A talk that nobody ends fades after its last word.
func TestTalkFadesAroundItsAgreement(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo")
	ann, ben, cleo := w.homes["Ann"], w.homes["Ben"], w.homes["Cleo"]
	id := shared(ann, ben)
	ann.step(id, "partner", "text", "Sundays")
	ben.step(id, "yes")
	kept := ann.talk(id).Drafts[0]
	other := shared(ann, ben)
	ann.step(other, "partner", "text", "Mondays")
	lost := ann.talk(other).Drafts[0]
	now := w.later(cleo, 91*24*time.Hour)
	w.meet()
	ann.letGo(now)
	if a := ann.agreement(kept); a.Terms.What != "Sundays" || a.State != circle.StateAgreed {
		t.Errorf("the agreement is %+v", a)
	}
	if _, ok := ann.state.Agreement(ann.env(), lost); ok {
		t.Error("the draft that came to nothing is still there")
	}
	for _, id := range []crdt.ID{id, other} {
		if v := ann.talk(id); !v.Faded || strings.Contains(texts(v), "clean alone") {
			t.Errorf("Ann still reads %s", texts(v))
		}
	}
	ben.letGo(now)
	if ben.talk(id).Outcome != circle.OutcomeAgreement {
		t.Errorf("the outcome is %s", ben.talk(id).Outcome)
	}
}

// Two people who speak while apart come to the same talk, in whatever order what
// they wrote arrives.
func TestTalkApart(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, "Ann", "Ben", "Cleo")
		steps := append([]string{"with"}, circle.TalkSteps...)
		var ids []crdt.ID
		ann, ben := w.homes["Ann"], w.homes["Ben"]
		switch rapid.IntRange(0, 6).Draw(rt, "from") {
		case 1, 2:
			id := ann.invite(ben)
			ann.step(id, "third", "member", "Cleo", "earlier", "true")
			ben.step(id, "third", "member", "Cleo")
			ids = append(ids, id)
		case 3:
			ids = append(ids, heardBoth(ann, ben))
		case 4:
			ids = append(ids, feltBoth(ann, ben))
		case 5, 6:
			ids = append(ids, shared(ann, ben))
		}
		for range rapid.IntRange(1, 30).Draw(rt, "n") {
			h := w.homes[rapid.SampledFrom([]string{"Ann", "Ben", "Cleo"}).Draw(rt, "who")]
			switch rapid.IntRange(0, 5).Draw(rt, "what") {
			case 0:
				w.meet()
				continue
			case 1:
				drafts, _, _ := circle.Decide(h.state, h.env(), circle.FollowTalks{})
				h.write(drafts)
				continue
			}
			step := rapid.SampledFrom(steps).Draw(rt, "step")
			if ends := []string{"end", "part", "not-now", "pause"}; slices.Contains(ends, step) && rapid.IntRange(0, 3).Draw(rt, "stays") > 0 {
				continue
			}
			words := []string{"step", step, "text", rapid.SampledFrom([]string{"", "soup", "rest"}).Draw(rt, "text")}
			switch {
			case step == "with" && h.name == "Cleo":
				continue
			case step == "with":
				words = append(words, "member", rapid.SampledFrom([]string{"Ann", "Ben"}).Draw(rt, "with"))
			case len(ids) == 0:
				continue
			default:
				// Most often what comes next, so that some talks get far.
				id := rapid.SampledFrom(ids).Draw(rt, "talk")
				if v, ok := h.state.Talk(h.env(), id); ok && v.Next != "" && rapid.IntRange(0, 2).Draw(rt, "next") > 0 {
					words[1], words[3] = strings.ReplaceAll(v.Next, "_", "-"), "soup"
				}
				words = append(words, "id", id.String())
				if step == "third" {
					words = []string{"step", "third", "id", id.String(), "member", "Cleo", "earlier", "true"}
				}
			}
			if res, err := h.try("talk", words...); err == nil && step == "with" {
				ids = append(ids, res.ID)
			}
		}
		w.meet()
		for _, name := range w.order { // the same each time, as what is drawn for each
			h := w.homes[name]
			var all []circle.Change
			for _, from := range w.order {
				for _, c := range w.homes[from].wrote {
					if c.Audience.Whole() || slices.Contains(c.Audience.Members, h.id) {
						all = append(all, c)
					}
				}
			}
			again := apply(rapid.Permutation(all).Draw(rt, "order"))
			want, got := fmt.Sprintf("%+v", h.state.Talks(h.env(), circle.Filter{All: true})), fmt.Sprintf("%+v", again.Talks(h.env(), circle.Filter{All: true}))
			if want != got {
				rt.Fatalf("%s reads\n%s\nin another order\n%s", h.name, want, got)
			}
		}
		for _, id := range ids {
			a, okA := ann.state.Talk(ann.env(), id)
			b, okB := ben.state.Talk(ben.env(), id)
			if okA != okB || a.ID != b.ID || a.Gate != b.Gate || a.Outcome != b.Outcome || a.Third != b.Third || fmt.Sprint(a.Common, a.Drafts) != fmt.Sprint(b.Common, b.Drafts) {
				rt.Fatalf("of talk %s Ann reads\n%+v\nBen\n%+v", id.Short(), a, b)
			}
		}
	})
}

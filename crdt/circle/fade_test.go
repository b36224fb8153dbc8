package circle_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tend/crdt"
	"tend/crdt/circle"
)

// letGo lets everything fade at a home that has by now, as its node does, and
// returns the stubs.
func (h *home) letGo(now crdt.HLC) (stubs [][]byte) {
	next := h.state.Fork()
	for _, id := range next.Fading(now) {
		for _, op := range next.Fade(id, now, 1000) {
			stubs = append(stubs, next.EncodeStub(id, op))
		}
	}
	h.state = next
	return stubs
}

// closedNeed is a tender need with a yes, a note and an edit, met.
func closedNeed(ann, ben *home) crdt.ID {
	need := ann.do("ask", "text", "canary letter", "details", "canary details", "tender", "true")
	ann.w.meet()
	yes := ben.do("yes", "id", need.String())
	ben.do("note", "id", need.String(), "text", "canary note")
	ann.w.meet()
	ann.do("place", "id", yes.String(), "where", "canary place")
	ann.do("edit", "id", need.String(), "details", "canary edit")
	ann.w.meet()
	ben.do("done", "id", yes.String())
	ann.do("met", "id", need.String())
	ann.w.meet()
	return need
}

// later moves the clock on and writes something, so that the log knows.
func (w *world) later(h *home, d time.Duration) crdt.HLC {
	w.now = w.now.Add(d)
	w.clock = crdt.At(w.now.UnixMilli())
	h.do("offer", "text", "soup")
	return w.clock
}

func TestTenderThingsFadeAfterTheirTime(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo")
	ann, ben, cleo := w.homes["Ann"], w.homes["Ben"], w.homes["Cleo"]
	need := closedNeed(ann, ben)
	if early := w.later(cleo, 29*24*time.Hour); len(ann.state.Fading(early)) > 0 {
		t.Fatal("it fades a day too early")
	}
	now := w.later(cleo, 48*time.Hour)
	w.meet()
	whole := cleo.state.Digest(now)
	stubs := ann.letGo(now)
	if len(stubs) == 0 {
		t.Fatal("nothing faded")
	}
	if bytes.Contains(bytes.Join(stubs, nil), []byte("canary")) {
		t.Error("a stub holds the words")
	}
	if got := ann.state.Digest(now); got != whole {
		t.Error("the digest changed with fading")
	}
	if found := ann.state.Search(ann.env(), "canary"); len(found) > 0 {
		t.Errorf("search still finds %+v", found)
	}
	if p := ann.post(need); p.Title != circle.Faded || !p.Faded || p.Status != "met" {
		t.Errorf("the stub reads %+v", p)
	}
	// What comes late on it, at one who let go and at one who has not.
	note := []circle.Draft{{Make: func([]crdt.ID) circle.Body { return circle.NoteWritten{On: need, Text: "late"} }}}
	cleo.write(note)
	w.meet()
	if a, b := ann.state.Digest(now), ben.state.Digest(now); a != b {
		t.Error("a late note makes the digests differ")
	}
	// A home that reads its stubs again, and one that never read any of it.
	again := circle.NewState(circleID)
	for _, s := range stubs {
		if err := again.LoadStub(s); err != nil {
			t.Fatal(err)
		}
	}
	fresh := circle.NewState(circleID)
	for _, h := range []*home{ann, ben, cleo} {
		for _, c := range h.wrote {
			mine := c.Audience.Whole() || slices.Contains(c.Audience.Members, ann.id)
			if !mine {
				continue
			}
			if ann.state.EncodeStub(c.Record(), c.ID) == nil {
				again.Apply(c)
				fresh.Apply(c)
			} else {
				fresh.Lost(c.ID)
			}
		}
	}
	if again.Digest(now) != ann.state.Digest(now) {
		t.Error("the stubs read again give another digest")
	}
	if fresh.Digest(now) != ann.state.Digest(now) {
		t.Error("one who never read it has another digest")
	}
	// Opened again in the meantime, as one who had not heard might write it.
	ann.write([]circle.Draft{{Make: func([]crdt.ID) circle.Body {
		return circle.PostStatusSet{Post: need, Status: circle.StatusOpen}
	}}})
	w.meet()
	if a, b := ann.state.Digest(w.clock), ben.state.Digest(w.clock); a != b {
		t.Error("reopening makes the digests differ")
	}
	if p := ann.post(need); p.Status != "met" {
		t.Errorf("what has faded reads %q again, want met", p.Status)
	}
	ben.letGo(now)
	if bytes.Contains(ben.state.EncodeRecord(need), []byte("canary")) {
		t.Error("what was opened again too late is not let go")
	}
	ann.refuses(circle.Kept, "edit", "id", need.String(), "details", "more")
	for _, verb := range []string{"reopen", "enough"} {
		ann.refuses(circle.Kept, verb, "id", need.String())
	}
}

// TestNoWordSurvivesFading: of every kind of change that can stand on a post or on
// what was agreed about it, the stub holds no text that somebody wrote.
func TestNoWordSurvivesFading(t *testing.T) {
	w := newWorld(t, "Ann", "Ben")
	ann, ben := w.homes["Ann"], w.homes["Ben"]
	need := ann.do("ask", "text", "canary", "details", "canary", "category", "canary", "area", "canary", "costs", "canary", "tender", "true")
	w.meet()
	yes := ben.do("yes", "id", need.String(), "note", "canary")
	body := func(b circle.Body) circle.Draft { return circle.Draft{Make: func([]crdt.ID) circle.Body { return b }} }
	ben.write([]circle.Draft{
		body(circle.MarkAdded{On: need, What: circle.MarkedTag, Value: "canary"}),
		body(circle.NoteWritten{On: need, Text: "canary"}),
		body(circle.WordGiven{On: yes, Value: circle.WordYes, Note: "canary", Replaces: []crdt.ID{}}),
		body(circle.TermsChanged{Accord: yes, Terms: circle.Terms{What: "canary", Area: "canary", Costs: "canary"}, Parents: []circle.Rev{}}),
		body(circle.AgreementPlace{Agreement: yes, Where: "canary", Code: "canary", Phone: "canary"}),
		body(circle.MarkAdded{On: yes, What: circle.MarkedTag, Value: "canary"}),
	})
	w.meet()
	ann.do("edit", "id", need.String(), "text", "canary two", "category", "canary", "fade", "3d")
	ann.do("met", "id", need.String())
	w.meet()
	now := w.later(ann, 4*24*time.Hour)
	w.meet()
	if !bytes.Contains(append(ben.state.EncodeRecord(need), ben.state.EncodeRecord(yes)...), []byte("canary")) {
		t.Fatal("the look for canaries finds none even where one is")
	}
	left := bytes.Join(ben.letGo(now), nil)
	for _, id := range []crdt.ID{need, yes} {
		left = append(left, ben.state.EncodeRecord(id)...)
	}
	if len(left) == 0 || bytes.Contains(left, []byte("canary")) {
		t.Errorf("what is left holds words: %q", left)
	}
}

// TestWhoGotItOnceHearsThatItIsClosed: a narrowed post is closed, and fades, for
// those too who hold the older copy.
func TestWhoGotItOnceHearsThatItIsClosed(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo", "Dan")
	ann, ben, cleo, dan := w.homes["Ann"], w.homes["Ben"], w.homes["Cleo"], w.homes["Dan"]
	need := ann.do("ask", "text", "canary", "tender", "true", "to", "Ben", "to", "Cleo")
	w.meet()
	ann.do("edit", "id", need.String(), "to", "Ben")
	w.meet()
	ann.do("met", "id", need.String())
	w.meet()
	if got := cleo.post(need).Status; got != "met" {
		t.Errorf("Cleo, who holds the older copy, reads %q, want met", got)
	}
	if dan.state.Has(need) {
		t.Error("Dan, who never read it, learns that it was closed")
	}
	now := w.later(ann, 31*24*time.Hour)
	w.meet()
	for _, h := range []*home{ann, ben, cleo} {
		h.letGo(now)
		if bytes.Contains(h.state.EncodeRecord(need), []byte("canary")) {
			t.Errorf("%s keeps it", h.name)
		}
	}
}

// A newcomer joins a world whose homes have let some of it go: what all still hold
// comes with its words, the rest, as it happens, without.
type newcomer struct {
	state *circle.State
	has   map[crdt.ID]bool
}

// take brings the newcomer what the homes wrote by now, for the circle alone.
func (n *newcomer) take(rt *rapid.T, homes []*home) {
	for _, from := range homes {
		for _, c := range from.wrote {
			if !c.Audience.Whole() || n.has[c.ID] {
				continue
			}
			n.has[c.ID] = true
			gone := 0
			for _, h := range homes {
				if h.state.EncodeStub(c.Record(), c.ID) != nil {
					gone++
				}
			}
			if gone == len(homes) || gone > 0 && rapid.Bool().Draw(rt, "gone") {
				n.state.Lost(c.ID)
			} else {
				n.state.Apply(c)
			}
		}
	}
}

// TestFadingIsTheSameWheneverAHomeDoesIt: homes that let go at different times, or
// never, agree at every later time.
func TestFadingIsTheSameWheneverAHomeDoesIt(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, "Ann", "Ben", "Cleo")
		homes := []*home{w.homes["Ann"], w.homes["Ben"], w.homes["Cleo"]}
		var posts []crdt.ID
		var newcomers []*newcomer
		now := w.clock
		verbs := []string{"ask", "met", "withdraw", "reopen", "note", "edit", "later", "let go", "yes", "cannot", "done",
			"meet", "widen", "narrow", "comes", "retract"}
		// Half of the histories begin with one that fades, and then go on at random.
		steps := []string{"ask", "meet", "widen", "meet", "yes", "note", "meet", "met", "meet", "later", "let go", "let go", "comes"}
		if rapid.Bool().Draw(rt, "at random") {
			steps = nil
		}
		for range rapid.IntRange(1, 20).Draw(rt, "steps") {
			steps = append(steps, rapid.SampledFrom(verbs).Draw(rt, "what"))
		}
		for _, verb := range steps {
			h := rapid.SampledFrom(homes).Draw(rt, "who")
			id := ""
			if len(posts) > 0 {
				id = rapid.SampledFrom(posts).Draw(rt, "on").String()
			}
			switch verb {
			case "ask":
				to := rapid.SampledFrom([]string{"circle", "Ben", "Cleo"}).Draw(rt, "to")
				if made, err := h.try("ask", "text", "x", "fade", "2d", "tender", "true", "to", to); err == nil {
					posts = append(posts, made.ID)
				}
			case "widen":
				_, _ = h.try(verb, "id", id, "to", rapid.SampledFrom([]string{"circle", "Ben"}).Draw(rt, "to"))
			case "narrow":
				_, _ = h.try("edit", "id", id, "to", "Ben")
			case "comes":
				n := &newcomer{state: circle.NewState(circleID), has: map[crdt.ID]bool{}}
				newcomers = append(newcomers, n)
				n.take(rt, homes)
			case "later":
				now = w.later(h, time.Duration(rapid.IntRange(20, 72).Draw(rt, "hours"))*time.Hour)
			case "let go":
				h.letGo(now)
			case "meet":
				w.meet()
			case "note":
				_, _ = h.try(verb, "id", id, "text", "y") // refused is as good
			case "edit":
				_, _ = h.try(verb, "id", id, "details", "z", "fade", rapid.SampledFrom([]string{"0", "1d", "5d"}).Draw(rt, "fade"))
			default:
				made, err := h.try(verb, "id", id)
				if err == nil && verb == "yes" {
					posts = append(posts, made.ID) // what was agreed is spoken of as well
				}
			}
			now = max(now, w.clock)
		}
		w.meet()
		for _, h := range homes {
			if rapid.Bool().Draw(rt, "lets go at the end") {
				h.letGo(now)
			}
		}
		for _, at := range []crdt.HLC{now, now + crdt.HLC(10*crdt.DayMillis<<16)} {
			for _, h := range homes[1:] {
				if h.state.Digest(at) != homes[0].state.Digest(at) {
					rt.Fatalf("%s differs from Ann", h.name)
				}
			}
			for i, n := range newcomers {
				n.take(rt, homes)
				for range 2 {
					if n.state.Digest(at) != homes[0].state.Digest(at) {
						rt.Fatalf("newcomer %d differs from Ann", i)
					}
					for _, id := range n.state.Fading(now) {
						n.state.Fade(id, now, 1000)
					}
				}
			}
		}
	})
}

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
		for _, op := range next.Fade(id, 1000) {
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
	// Reopened while others had let go: equal all the same.
	ann.write([]circle.Draft{{Make: func([]crdt.ID) circle.Body {
		return circle.PostStatusSet{Post: need, Status: circle.StatusOpen}
	}}})
	w.meet()
	if a, b := ann.state.Digest(w.clock), ben.state.Digest(w.clock); a != b {
		t.Error("reopening makes the digests differ")
	}
}

// TestFadingIsTheSameWheneverAHomeDoesIt: homes that let go at different times, or
// never, agree at every later time.
func TestFadingIsTheSameWheneverAHomeDoesIt(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, "Ann", "Ben", "Cleo")
		homes := []*home{w.homes["Ann"], w.homes["Ben"], w.homes["Cleo"]}
		var posts []crdt.ID
		now := w.clock
		for range rapid.IntRange(1, 20).Draw(rt, "steps") {
			h := rapid.SampledFrom(homes).Draw(rt, "who")
			verb := rapid.SampledFrom([]string{"ask", "met", "reopen", "note", "edit", "later", "let go", "yes", "meet"}).Draw(rt, "what")
			id := ""
			if len(posts) > 0 {
				id = rapid.SampledFrom(posts).Draw(rt, "on").String()
			}
			switch verb {
			case "ask":
				posts = append(posts, h.do("ask", "text", "x", "fade", "2d", "tender", "true"))
			case "later":
				now = w.later(h, time.Duration(rapid.IntRange(1, 60).Draw(rt, "hours"))*time.Hour)
			case "let go":
				h.letGo(now)
			case "meet":
				w.meet()
			case "note":
				_, _ = h.try(verb, "id", id, "text", "y") // refused is as good
			case "edit":
				_, _ = h.try(verb, "id", id, "details", "z", "fade", rapid.SampledFrom([]string{"0", "1d", "5d"}).Draw(rt, "fade"))
			default:
				_, _ = h.try(verb, "id", id)
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
		}
	})
}

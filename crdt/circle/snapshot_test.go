package circle_test

import (
	"bytes"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/circle"
)

// forges writes a snapshot of another's record for the circle, in their name.
func (h *home) forges(record crdt.ID, author *home, at crdt.HLC, body circle.Body) {
	kind, payload := circle.Encode(body)
	snapshot := canon.MustMarshal(circle.Snapshot{Kind: kind, Author: author.id, HLC: at, Body: payload})
	h.write([]circle.Draft{{Make: func([]crdt.ID) circle.Body { return circle.AudienceChanged{Target: record, Snapshot: snapshot} }}})
}

func (w *world) sameDigests() {
	w.t.Helper()
	first := w.homes[w.order[0]].state.Digest(w.clock)
	for _, n := range w.order {
		if w.homes[n].state.Digest(w.clock) != first {
			w.t.Errorf("%s has another digest than %s", n, w.order[0])
		}
	}
}

// TestASnapshotSpeaksForWhoWroteIt: who knows nothing of a need but its id cannot put
// words into its author's mouth, and cannot say who reads it.
func TestASnapshotSpeaksForWhoWroteIt(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Mal", "Dan")
	ann, bea, mal, dan := w.homes["Ann"], w.homes["Bea"], w.homes["Mal"], w.homes["Dan"]
	need := ann.do("ask", "text", "Hospital on Friday", "to", "Bea")
	w.meet()
	mal.forges(need, ann, 1, &circle.NeedPosted{Title: "I owe Mal", For: mal.id, People: 1})
	w.meet()
	if p := dan.post(need); p.Author != mal.id || p.Owner != mal.id || p.Title != "I owe Mal" {
		t.Errorf("Dan reads %q by %s, want it as Mal's", p.Title, p.Author.Short())
	}
	for _, h := range []*home{ann, bea} {
		if p := h.post(need); p.Author != ann.id || p.Title != "Hospital on Friday" || len(p.Audience) != 2 {
			t.Errorf("%s reads %+v, want what Ann wrote, for the two", h.name, p)
		}
	}
	w.sameDigests()
	if len(ann.looks()) > 0 {
		t.Errorf("Ann looks at %v", ann.looks())
	}
	// Ann's own word for the circle goes before another's in her name.
	ann.do("widen", "id", need.String(), "to", "circle", "text", "A lift on Friday")
	w.meet()
	for _, h := range []*home{mal, dan} {
		if p := h.post(need); p.Author != ann.id || p.Owner != ann.id || p.Title != "A lift on Friday" {
			t.Errorf("%s reads %q by %s, want Ann's", h.name, p.Title, p.Author.Short())
		}
	}
	w.sameDigests()
	// And takes all of it back.
	ann.do("retract", "id", need.String())
	w.meet()
	for _, n := range w.order {
		if _, ok := w.homes[n].state.Post(w.homes[n].env(), need); ok {
			t.Errorf("%s reads it still", n)
		}
	}
	w.sameDigests()
}

// TestNobodyAgreesForAnother: what two agreed is seen by others once both signed the
// same words for the circle; one of them, or somebody else, shows nothing.
func TestNobodyAgreesForAnother(t *testing.T) {
	forged := func(asked *home, what string) circle.Body {
		return circle.AgreementMade{About: []crdt.ID{asked.id}, Terms: circle.Terms{What: what}}
	}
	for _, row := range []struct {
		name string
		do   func(ask crdt.ID, ann, bea, mal *home)
		seen bool
	}{
		{"by somebody else", func(ask crdt.ID, ann, _, mal *home) { mal.forges(ask, ann, 1, forged(mal, "I owe Mal")) }, false},
		{"by the one who asked", func(ask crdt.ID, ann, bea, _ *home) { ann.forges(ask, ann, 1, forged(bea, "Bea owes me")) }, false},
		{"by the one asked", func(ask crdt.ID, ann, bea, _ *home) { bea.forges(ask, ann, 1, forged(bea, "Ann owes me")) }, false},
		{"by both, in other words", func(ask crdt.ID, ann, bea, _ *home) {
			ann.forges(ask, ann, 1, forged(bea, "soup"))
			bea.forges(ask, ann, 1, forged(bea, "all the soup"))
		}, false},
		{"by both", func(ask crdt.ID, ann, bea, _ *home) {
			ann.forges(ask, ann, 1, forged(bea, "soup"))
			bea.forges(ask, ann, 1, forged(bea, "soup"))
		}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, "Ann", "Bea", "Mal", "Dan")
			ann, bea, mal, dan := w.homes["Ann"], w.homes["Bea"], w.homes["Mal"], w.homes["Dan"]
			ask := ann.do("may-i", "member", "Bea", "text", "bring you soup")
			w.meet()
			row.do(ask, ann, bea, mal)
			w.meet()
			a, ok := dan.state.Agreement(dan.env(), ask)
			if ok != row.seen || ok && (a.State != circle.StateAgreed || len(a.Parties) != 2) {
				t.Errorf("Dan reads %+v (%t), want it seen: %t", a, ok, row.seen)
			}
			bea.wantState(ask, circle.StateProposed)
			if a := bea.agreement(ask); a.Terms.What != "bring you soup" {
				t.Errorf("Bea reads %q", a.Terms.What)
			}
			w.sameDigests()
		})
	}
}

// TestNobodyLetsAnothersWordsFade: what somebody outside writes for the circle in the
// name of a need for a few lets nothing of it go.
func TestNobodyLetsAnothersWordsFade(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Mal", "Dan")
	ann, bea, mal := w.homes["Ann"], w.homes["Bea"], w.homes["Mal"]
	need := ann.do("ask", "text", "canary", "to", "Bea")
	w.meet()
	bea.do("note", "id", need.String(), "text", "canary note")
	w.meet()
	mal.forges(need, ann, 1, &circle.NeedPosted{Title: "mine", For: mal.id, People: 1, Fade: 1})
	mal.write([]circle.Draft{{Make: func([]crdt.ID) circle.Body { return circle.PostStatusSet{Post: need, Status: circle.StatusMet} }}})
	w.meet()
	now := w.later(ann, 72*time.Hour)
	w.meet()
	for _, n := range w.order {
		w.homes[n].letGo(now)
	}
	for _, h := range []*home{ann, bea} {
		if p := h.post(need); p.Title != "canary" || p.Status != "open" || !bytes.Contains(h.state.EncodeRecord(need), []byte("canary note")) {
			t.Errorf("%s reads %q, %s", h.name, p.Title, p.Status)
		}
	}
	if p := mal.post(need); !p.Faded {
		t.Error("what Mal wrote does not fade")
	}
	w.sameDigests()
	// Ann's own closing lets it go.
	ann.do("edit", "id", need.String(), "fade", "1d")
	ann.do("met", "id", need.String())
	w.meet()
	now = w.later(ann, 72*time.Hour)
	w.meet()
	for _, n := range w.order {
		w.homes[n].letGo(now)
		if bytes.Contains(w.homes[n].state.EncodeRecord(need), []byte("canary")) {
			t.Errorf("%s keeps it", n)
		}
	}
	w.sameDigests()
}

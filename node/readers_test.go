package node_test

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node/words"
	"tend/storage"
	"tend/storage/storagetest"
)

// heard is a log that keeps all that was written to it.
type heard struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

func (l *heard) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bytes.Write(p)
}

func (l *heard) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.bytes.String()
}

// TestNothingForAFewLeavesThem: a need, a note, an agreement, a section of one's
// page and a word to one person are with their readers, and at everybody else's
// home in no store, no frame that came, no log, no search and no carry file.
func TestNothingForAFewLeavesThem(t *testing.T) { unhurried(t, nothingForAFewLeavesThem) }

func nothingForAFewLeavesThem(t *testing.T) {
	homes := []*home{newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Cem"), newHome(t, "Dan")}
	ann, ben, cem, dan := homes[0], homes[1], homes[2], homes[3]
	id := ann.begin("Elm Street")
	for _, h := range homes[1:] {
		join(h, ann, id)
	}
	settle(t, id, homes...)
	logs := map[*home]*heard{}
	for _, h := range homes {
		h.shut()
		logs[h] = &heard{}
		h.log = slog.New(slog.NewTextHandler(logs[h], &slog.HandlerOptions{Level: slog.LevelDebug}))
		h.tapped = true
		h.start()
	}
	who := func(h *home) crdt.ID { return h.view(id).Me }
	section := func(text string, to ...crdt.ID) {
		values := []string{}
		if text != "" {
			values = append(values, text)
		}
		ann.do(id, circle.SetSection{Section: "card.food", Values: values, To: to})
	}
	digest := ann.view(id).State.Digest(crdt.MaxHLC - 1)

	need := ann.do(id, circle.PostNeed{Posted: circle.Posted{Title: "canary-need", Details: "canary-details", Category: "canary-category",
		Area: "canary-area", Costs: "canary-costs", People: 1, To: []crdt.ID{who(ben)}}}).ID
	section("canary-section", who(ben))
	asked := ann.do(id, circle.AskMayI{Member: who(ben), Text: "canary-may-i"}).ID
	settle(t, id, homes...)
	note := ben.do(id, circle.WriteNote{On: need, Text: "canary-note"}).ID
	yes := ben.do(id, circle.SayYes{ID: need}).ID
	ben.do(id, circle.SayYes{ID: asked})
	settle(t, id, homes...)
	ann.do(id, circle.WriteNote{On: note, Text: "canary-answer"})
	where := "canary-place"
	ann.do(id, circle.SetPlace{ID: yes, Where: &where})
	ben.do(id, circle.GiveThanks{ID: yes, Text: "canary-thanks"})
	cem.do(id, circle.WriteNote{On: who(dan), Text: "canary-check-in", Kind: circle.NoteCheckIn, To: []crdt.ID{who(dan)}})
	settle(t, id, homes...)
	// The section goes to Cem instead: Ben reads that it is empty, and not what it is.
	section("canary-changed", who(cem))
	settle(t, id, homes...)

	two, other := []*home{ann, ben}, []*home{cem, dan}
	reads := map[string][]*home{"canary-section": two, "canary-changed": {ann, cem}, "canary-check-in": other}
	for _, word := range []string{"need", "details", "category", "area", "costs", "may-i", "note", "answer", "place", "thanks"} {
		reads["canary-"+word] = two
	}
	if s, ok := ben.view(id).State.Section(who(ann), "card.food"); ok {
		t.Errorf("Ben still reads %v where the section is empty for him", s.Values)
	}
	if s, ok := cem.view(id).State.Section(who(ann), "card.food"); !ok || s.Values[0] != "canary-changed" {
		t.Errorf("Cem reads %v, want what the section is now", s.Values)
	}
	for _, h := range homes {
		for word, readers := range reads {
			found := h.view(id).State.Search(h.env(id), word)
			if len(found) > 0 && !slices.Contains(readers, h) {
				t.Errorf("%s finds %q: %+v", h.name, word, found)
			}
		}
	}
	for _, word := range []string{"canary-need", "canary-note", "canary-may-i"} {
		if len(ben.view(id).State.Search(ben.env(id), word)) == 0 {
			t.Errorf("Ben's search does not find %q, so that the others' finds nothing means nothing", word)
		}
	}
	if got := dan.view(id).State.Digest(crdt.MaxHLC - 1); got != digest {
		t.Error("what is for a few is part of the digest that all share")
	}
	holdExactly(t, id, homes, reads)
	for _, h := range homes {
		var file bytes.Buffer
		if _, err := h.CarryOut(t.Context(), id, nil, &file); err != nil {
			t.Fatal(err)
		}
		if file.Len() < 4_000 || len(h.wire) < 4_000 {
			t.Fatalf("%s carries %d bytes and was sent %d: too little to mean anything", h.name, file.Len(), len(h.wire))
		}
		for what, data := range map[string][]byte{"carry file": file.Bytes(), "wire": h.wire, "log": []byte(logs[h].String())} {
			if i := bytes.Index(data, []byte("canary")); i >= 0 {
				t.Errorf("%s's %s holds %q", h.name, what, data[i:min(i+20, len(data))])
			}
		}
	}
}

// TestTheNextWordIsWithoutWhoLeft: once somebody left, or was parted from, what is
// written for the few they were among goes to a new nook without them, by whoever
// of the rest writes first.
func TestTheNextWordIsWithoutWhoLeft(t *testing.T) {
	for _, way := range []string{"left", "parted from"} {
		runUnhurried(t, way, func(t *testing.T) {
			ann, ben, cem := newHomeOn(t, "Ann", storagetest.NewFaulty(storage.NewMem()), time.Now), newHome(t, "Ben"), newHome(t, "Cem")
			id := ann.begin("Elm Street")
			join(ben, ann, id)
			join(cem, ann, id)
			awaitVoices(id, ann, ben, cem)
			who := func(h *home) crdt.ID { return h.view(id).Me }
			need := ann.do(id, circle.PostNeed{Posted: circle.Posted{Title: "for the three", People: 1,
				To: []crdt.ID{who(ben), who(cem)}}}).ID
			before := ann.sealedUnder(id, need)
			settle(t, id, ann, ben, cem)
			if got := ben.sealedUnder(id, ben.do(id, circle.WriteNote{On: need, Text: "still the three"}).ID); got != before {
				t.Error("a nook that nobody left was made anew")
			}
			settle(t, id, ann, ben, cem)
			out := who(cem)
			if way == "left" {
				if err := cem.Leave(t.Context(), id); err != nil {
					t.Fatal(err)
				}
				meet(cem, ann, id)
			} else {
				p := ann.do(id, circle.ProposeForCircle{What: membership.Remove, Target: out, Reason: "Enough."}).ID
				meet(ben, ann, id)
				ben.do(id, circle.SayOnDecision{ID: p, Value: circle.WordConsent})
				meet(ben, ann, id)
				ann.do(id, circle.EnactDecision{ID: p})
			}
			settle(t, id, ann, ben)
			note := ben.do(id, circle.WriteNote{On: need, Text: "canary: without Cem"}).ID
			fresh := ben.sealedUnder(id, note)
			if fresh == before {
				t.Fatal("the nook is still the one that Cem reads")
			}
			settle(t, id, ann, ben)
			if got := ann.sealedUnder(id, ann.do(id, circle.WriteNote{On: need, Text: "and again"}).ID); got != fresh {
				t.Error("the two that are left have two nooks")
			}
			settle(t, id, ann, ben)
			if !strings.Contains(ann.reads(id), "canary: without Cem") {
				t.Error("Ann does not read it")
			}
			for _, h := range []*home{ann, ben} {
				if got := h.KeysFor(id, cem.peer(), []membership.EpochID{fresh, before}); len(got) != 0 {
					t.Errorf("%s hands Cem the key", h.name)
				}
			}
			// Even with every op in hand Cem reads nothing of it.
			var file bytes.Buffer
			if _, err := ann.CarryOut(t.Context(), id, nil, &file); err != nil {
				t.Fatal(err)
			}
			if _, err := carry(t, ann, cem, &file); err != nil {
				t.Logf("Cem's home takes no such file: %v", err)
			}
			cem.shut()
			if all := kept(t, cem, id); bytes.Contains(all, []byte("canary")) || !bytes.Contains(all, []byte("still the three")) {
				t.Error("Cem holds what is not for him, or has lost what was")
			}
		})
	}
}

// TestNarrowingSaysWhoHoldsTheOlderCopy: and what is written from then on is with
// fewer people alone.
func TestNarrowingSaysWhoHoldsTheOlderCopy(t *testing.T) {
	unhurried(t, narrowingSaysWhoHoldsTheOlderCopy)
}

func narrowingSaysWhoHoldsTheOlderCopy(t *testing.T) {
	homes := []*home{newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Cem")}
	ann, ben, cem := homes[0], homes[1], homes[2]
	id := ann.begin("Elm Street")
	join(ben, ann, id)
	join(cem, ann, id)
	settle(t, id, homes...)
	need := ann.do(id, circle.PostNeed{Posted: circle.Posted{Title: "canary-first", People: 1}}).ID
	settle(t, id, homes...)
	ann.do(id, circle.EditPost{ID: need, To: []crdt.ID{ben.view(id).Me}, Set: circle.Posted{Details: "canary-fewer"}, Fields: []uint64{circle.FieldDetails}})
	settle(t, id, homes...)
	ben.do(id, circle.WriteNote{On: need, Text: "canary-between"})
	settle(t, id, homes...)
	holdExactly(t, id, homes, map[string][]*home{"canary-first": homes, "canary-fewer": {ann, ben}, "canary-between": {ann, ben}})
	look := func(h *home) string {
		for _, a := range h.view(id).State.Look(h.env(id)) {
			if a.Kind == circle.LookNarrowed {
				return words.Told.Tell(a.Said)
			}
		}
		return ""
	}
	if got := look(ann); !strings.Contains(got, "Cem may still hold the older copy") {
		t.Errorf("Ann is told %q, want who holds it", got)
	}
	if look(ben)+look(cem) != "" {
		t.Error("others are told as well")
	}
	ann.do(id, circle.SetPostStatus{ID: need, Status: circle.StatusWithdrawn})
	settle(t, id, homes...)
	if p, ok := cem.view(id).State.Post(cem.env(id), need); !ok || p.Status != "withdrawn" {
		t.Errorf("Cem, who holds the older copy, reads it as %q (%t), want withdrawn", p.Status, ok)
	}
	if look(ann) != "" {
		t.Error("Ann is told still")
	}
}

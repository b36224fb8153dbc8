package node_test

import (
	"bytes"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/protocol/frontier"
)

const slip = "canary-should-not-have-told"

// hands gives a home ops as a peer would, in the order given.
func hands(t *testing.T, from, to *home, id crdt.ID, ops ...crdt.Op) {
	t.Helper()
	for _, b := range frontier.Batches(id, ops) {
		if _, err := to.Commit(t.Context(), id, from.peer(), b); err != nil {
			t.Fatal(err)
		}
	}
}

// whole is an op as a home keeps it, with its body.
func (h *home) whole(id, op crdt.ID) crdt.Op {
	h.t.Helper()
	store, err := h.store.Circle(id)
	if err != nil {
		h.t.Fatal(err)
	}
	got, _, ok, err := store.Op(op)
	if err != nil || !ok {
		h.t.Fatalf("%s lacks op %s (%v)", h.name, op.Short(), err)
	}
	return got
}

// goneFrom holds that no home has the body, the words, or a way to find them, now
// and after a start and all made again.
func goneFrom(t *testing.T, id, op crdt.ID, homes ...*home) {
	t.Helper()
	for _, h := range homes {
		for range 2 {
			if got := h.whole(id, op); got.Body != nil || !got.Gone {
				t.Errorf("%s holds a body of %d bytes, gone %t", h.name, len(got.Body), got.Gone)
			}
			if found := h.view(id).State.Search(h.env(id), slip); len(found) > 0 {
				t.Errorf("%s finds %+v", h.name, found)
			}
			if found, err := h.Verify(t.Context()); err != nil || len(found) > 0 {
				t.Errorf("%s: verify = %v, %v", h.name, found, err)
			}
			h.shut()
			if bytes.Contains(kept(t, h, id), []byte(slip)) {
				t.Errorf("%s's store holds the words", h.name)
			}
			h.start()
		}
	}
}

// TestARetractionMeetsItsFirstDelivery: whichever of the two comes first, from whom,
// and whether the body lags behind its op.
func TestARetractionMeetsItsFirstDelivery(t *testing.T) {
	for _, way := range []string{"retraction first, then the whole op again", "op and retraction in one batch",
		"op without its body, the retraction, then the body", "the op whole, then the retraction"} {
		runUnhurried(t, way, func(t *testing.T) {
			ann, ben, cem := newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Cem")
			id := ann.begin("Elm Street")
			join(ben, ann, id)
			join(cem, ann, id)
			settle(t, id, ann, ben, cem)
			post := ann.do(id, wish(slip)).ID
			full := ann.whole(id, post)
			meet(ann, ben, id) // Ben is the one who still hands it out
			back := ann.do(id, circle.Retract{ID: post}).Retraction
			retraction, bare := ann.whole(id, back), full
			bare.Body = nil
			switch way {
			case "retraction first, then the whole op again":
				meet(ann, cem, id)
				hands(t, ben, cem, id, full)
			case "op and retraction in one batch":
				hands(t, ben, cem, id, full, retraction)
			case "op without its body, the retraction, then the body":
				hands(t, ben, cem, id, bare)
				hands(t, ann, cem, id, retraction)
				hands(t, ben, cem, id, full)
			default:
				hands(t, ben, cem, id, full)
				if len(cem.view(id).State.Search(cem.env(id), slip)) == 0 {
					t.Fatal("Cem does not read it, so that its going means nothing")
				}
				hands(t, ann, cem, id, retraction)
			}
			meet(cem, ben, id) // and Ben hears of it from Cem
			goneFrom(t, id, post, ann, ben, cem)
			settle(t, id, ann, ben, cem)
		})
	}
}

// TestWhatWasForOneIsTakenBackEverywhere: also from homes that hold it sealed and
// never could read it.
func TestWhatWasForOneIsTakenBackEverywhere(t *testing.T) {
	unhurried(t, whatWasForOneIsTakenBackEverywhere)
}

func whatWasForOneIsTakenBackEverywhere(t *testing.T) {
	ann, ben, cem := newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Cem")
	id := ann.begin("Elm Street")
	join(ben, ann, id)
	join(cem, ann, id)
	settle(t, id, ann, ben, cem)
	post := ann.do(id, circle.PostNeed{Posted: circle.Posted{Title: slip, People: 1, To: []crdt.ID{ben.view(id).Me}}}).ID
	settle(t, id, ann, ben, cem)
	note := ben.do(id, circle.WriteNote{On: post, Text: slip}).ID
	settle(t, id, ann, ben, cem)
	if cem.whole(id, post).Body == nil || cem.view(id).State.Has(post) {
		t.Fatal("Cem should hold it sealed, and not read it")
	}
	ben.do(id, circle.Retract{ID: note})
	ann.do(id, circle.Retract{ID: post})
	settle(t, id, ann, ben, cem)
	goneFrom(t, id, post, ann, ben, cem)
	goneFrom(t, id, note, ann, ben, cem)
}

// TestAnotherDeviceTakesItBack: any device of who wrote it may, and nobody else's.
func TestAnotherDeviceTakesItBack(t *testing.T) { unhurried(t, anotherDeviceTakesItBack) }

func anotherDeviceTakesItBack(t *testing.T) {
	ann, ben, phone := newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Ann's phone")
	id := ann.begin("Elm Street")
	join(ben, ann, id)
	post := ann.do(id, wish(slip)).ID
	linkUp(t, ann, phone)
	settle(t, id, ann, ben, phone)
	if _, err := ben.Do(t.Context(), id, circle.Retract{ID: post}); err == nil {
		t.Fatal("Ben takes back what Ann wrote")
	}
	phone.do(id, circle.Retract{ID: post})
	settle(t, id, ann, ben, phone)
	goneFrom(t, id, post, ann, ben, phone)
}

// TestAnOldFileDoesNotBringItBack: a carry file from before holds the words still
// and says nothing of their being taken back.
func TestAnOldFileDoesNotBringItBack(t *testing.T) { unhurried(t, anOldFileDoesNotBringItBack) }

func anOldFileDoesNotBringItBack(t *testing.T) {
	ann, ben, cem := newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Cem")
	id := ann.begin("Elm Street")
	join(ben, ann, id)
	join(cem, ann, id)
	settle(t, id, ann, ben, cem)
	post := ann.do(id, wish(slip)).ID
	meet(ann, ben, id)
	var old, later bytes.Buffer
	if _, err := ann.CarryOut(t.Context(), id, nil, &old); err != nil {
		t.Fatal(err)
	}
	ann.do(id, circle.Retract{ID: post})
	if _, err := ann.CarryOut(t.Context(), id, nil, &later); err != nil {
		t.Fatal(err)
	}
	meet(ann, ben, id)
	// Cem hears of it from the old file alone, and of its end from the later one;
	// the others get the old one although they know better.
	for _, to := range []*home{cem, ben, ann} {
		if _, err := carry(t, ann, to, &old); err != nil {
			t.Fatal(err)
		}
		if to == cem && len(cem.view(id).State.Search(cem.env(id), slip)) == 0 {
			t.Fatal("the old file holds nothing, so that its going means nothing")
		}
		if _, err := carry(t, ann, to, &later); err != nil {
			t.Fatal(err)
		}
		if _, err := carry(t, ann, to, &old); err != nil {
			t.Fatal(err)
		}
	}
	goneFrom(t, id, post, ann, ben, cem)
	settle(t, id, ann, ben, cem)
}

// TestAnOldFileDoesNotBringBackWhatFaded: nor does a peer that was away.
func TestAnOldFileDoesNotBringBackWhatFaded(t *testing.T) {
	unhurried(t, anOldFileDoesNotBringBackWhatFaded)
}

func anOldFileDoesNotBringBackWhatFaded(t *testing.T) {
	ann, ben := newHome(t, "Ann"), newHome(t, "Ben")
	id := ann.begin("Elm Street")
	join(ben, ann, id)
	settle(t, id, ann, ben)
	post := ann.do(id, circle.PostNeed{Posted: circle.Posted{Title: slip, People: 1, Tender: true, Fade: 1}}).ID
	ann.do(id, circle.SetPostStatus{ID: post, Status: circle.StatusMet})
	meet(ann, ben, id)
	full := ann.whole(id, post)
	var old bytes.Buffer
	if _, err := ann.CarryOut(t.Context(), id, nil, &old); err != nil {
		t.Fatal(err)
	}
	ann.shut()
	ann.now = ahead(2)
	ann.start()
	ann.do(id, wish("Soup")) // now the log knows what time it is
	waitFor(t, func() bool { return ann.whole(id, post).Gone })
	if _, err := carry(t, ben, ann, &old); err != nil {
		t.Fatal(err)
	}
	hands(t, ben, ann, id, full)
	meet(ben, ann, id)
	goneFrom(t, id, post, ann)
}

// ahead is a clock so many days ahead of the machine's.
func ahead(days int) func() time.Time {
	return func() time.Time { return time.Now().Add(time.Duration(days) * 24 * time.Hour) }
}

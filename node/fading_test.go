package node_test

import (
	"bytes"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/node"
	"tend/protocol"
	"tend/protocol/frontier"
)

// TestClosedTenderThingsFadeEverywhere: by the log's own clock, on homes that hear
// of it at different times, on one that was away, and for one who comes later.
func TestClosedTenderThingsFadeEverywhere(t *testing.T) {
	unhurried(t, closedTenderThingsFadeEverywhere)
}

func closedTenderThingsFadeEverywhere(t *testing.T) {
	ann, ben, cem := newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Cem")
	id := ann.begin("Elm Street")
	join(ben, ann, id)
	join(cem, ann, id)
	meet(ann, ben, id)
	posted := circle.Posted{Title: "canary-need", Details: "canary-details", People: 1, Tender: true, Fade: 30}
	need := ann.do(id, circle.PostNeed{Posted: posted}).ID
	meet(ann, ben, id)
	yes := ben.do(id, circle.SayYes{ID: need}).ID
	ben.do(id, circle.WriteNote{On: need, Text: "canary-note"})
	meet(ann, ben, id)
	where := "canary-place"
	ann.do(id, circle.SetPlace{ID: yes, Where: &where})
	ben.do(id, circle.MarkDone{ID: yes})
	meet(ann, ben, id)
	ann.do(id, circle.SetPostStatus{ID: need, Status: circle.StatusMet})
	all := [][2]*home{{ann, ben}, {ann, cem}, {ben, cem}, {ann, ben}, {ann, cem}}
	around := func() {
		for _, pair := range all {
			meet(pair[0], pair[1], id)
		}
	}
	around()
	equal(t, id, ann, ben, cem)

	for _, h := range []*home{ann, ben, cem} {
		h.shut()
		h.now = func() time.Time { return time.Now().Add(31 * 24 * time.Hour) }
	}
	ann.start()
	ann.do(id, wish("Soup")) // now the log knows what time it is
	eventuallyForgets(t, ann, id)
	if !bytes.Contains(kept(t, ben, id), []byte("canary-need")) {
		t.Error("the look for canaries finds none even where one is")
	}
	ben.start()
	cem.start()
	settle(t, id, ann, ben, cem)
	for _, h := range []*home{ben, cem} {
		eventuallyForgets(t, h, id)
	}
	dan := newHome(t, "Dan")
	dan.shut()
	dan.now = ann.now
	dan.start()
	join(dan, ann, id)
	settle(t, id, ann, ben, cem, dan)
	if _, reads := dan.view(id).State.Post(dan.env(id), need); reads {
		t.Error("a newcomer reads what has faded")
	}
	for _, h := range []*home{ann, ben, cem} {
		if p, ok := h.view(id).State.Post(h.env(id), need); !ok || !p.Faded || p.Title != circle.Faded {
			t.Errorf("%s keeps %+v, %v; want a stub", h.name, p, ok)
		}
		if found, err := h.Verify(t.Context()); err != nil || len(found) > 0 {
			t.Errorf("%s: verify = %v, %v", h.name, found, err)
		}
		h.shut()
		h.start() // the stubs are read again
	}
	settle(t, id, ann, ben, cem, dan)
}

// TestFadesWithoutAStart: a home that runs on lets go once the log's clock says so,
// though it looks over what it holds no more than once an hour.
func TestFadesWithoutAStart(t *testing.T) { unhurried(t, fadesWithoutAStart) }

func fadesWithoutAStart(t *testing.T) {
	ann := newHome(t, "Ann")
	ann.shut()
	var ahead atomic.Int64
	ann.now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	ann.start()
	id := ann.begin("Elm Street")
	for round := range 3 {
		need := ann.do(id, circle.PostNeed{Posted: circle.Posted{Title: fmt.Sprint("canary-need ", round), People: 1, Fade: 1}}).ID
		ann.do(id, circle.SetPostStatus{ID: need, Status: circle.StatusMet})
		ahead.Add(int64(25 * time.Hour))
		ann.do(id, wish(fmt.Sprint("Soup on day ", round))) // the log knows what time it is
		waitFor(t, func() bool { p, ok := ann.view(id).State.Post(ann.env(id), need); return ok && p.Faded })
	}
	eventuallyForgets(t, ann, id)
}

// settle lets homes meet until all hold the same and see the same: what each
// writes by itself in the meantime goes round too.
func settle(t *testing.T, id crdt.ID, homes ...*home) {
	t.Helper()
	for until := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		same := true
		var first node.CircleStatus
		for i, h := range homes {
			for _, other := range homes[:i] {
				meet(other, h, id)
				pull(h, other, id)
				pull(other, h, id)
			}
		}
		for i, h := range homes {
			s, err := h.Status(id)
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				first = s
			}
			same = same && s.Waiting == 0 && s.Frontier == first.Frontier && s.StateDigest == first.StateDigest
		}
		if same {
			return
		}
		if time.Now().After(until) {
			equal(t, id, homes...)
			t.Fatal("the homes do not settle")
		}
	}
}

// pull asks from for the bodies that a home misses, as the network does.
func pull(h, from *home, id crdt.ID) {
	h.t.Helper()
	for _, gap := range h.Gaps(id) {
		want := protocol.PullWant{Author: gap.Author, HaveSeq: gap.Have.Seq, Want: gap.Want}
		frames, err := from.Pulled(id, h.peer(), protocol.Pull{Wants: []protocol.PullWant{want}})
		if err != nil {
			h.t.Fatalf("%s pulls from %s: %v", h.name, from.name, err)
		}
		for _, f := range frames {
			ops, err := protocol.UnpackByID(id, f.(*protocol.Ops))
			if err != nil {
				h.t.Fatal(err)
			}
			for _, b := range frontier.Batches(id, ops) {
				if _, err := h.Commit(h.t.Context(), id, from.peer(), b); err != nil {
					h.t.Fatal(err)
				}
			}
		}
	}
}

// eventuallyForgets waits until a running home holds none of the words, and looks
// at what it keeps once stopped.
func eventuallyForgets(t *testing.T, h *home, id crdt.ID) {
	t.Helper()
	for until := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		found := h.view(id).State.Search(h.env(id), "canary")
		if len(found) == 0 && len(h.view(id).State.Fading(1<<62)) == 0 {
			break
		}
		if time.Now().After(until) {
			t.Fatalf("%s never lets go", h.name)
		}
	}
	h.shut()
	if all := kept(t, h, id); bytes.Contains(all, []byte("canary")) {
		t.Errorf("%s's store still holds the words", h.name)
	}
	h.start()
}

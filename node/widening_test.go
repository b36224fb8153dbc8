package node_test

import (
	"bytes"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
)

// TestEachStepOfWideningReachesItsReadersAlone: what a step gives is in the store
// of its readers and of nobody else, though all hold every op.
func TestEachStepOfWideningReachesItsReadersAlone(t *testing.T) {
	unhurried(t, eachStepOfWideningReachesItsReadersAlone)
}

func eachStepOfWideningReachesItsReadersAlone(t *testing.T) {
	homes := []*home{newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Cem"), newHome(t, "Dan")}
	ann, ben, cem, dan := homes[0], homes[1], homes[2], homes[3]
	id := ann.begin("Elm Street")
	for _, h := range homes[1:] {
		join(h, ann, id)
	}
	who := func(h *home) crdt.ID { return h.view(id).Me }
	settle(t, id, homes...)
	text := func(s string) *string { return &s }

	to := []crdt.ID{who(ben)}
	need := ann.do(id, circle.PostNeed{Posted: circle.Posted{Title: "canary-one", Details: "canary-details", People: 1, To: to}}).ID
	settle(t, id, homes...)
	ben.do(id, circle.WriteNote{On: need, Text: "canary-note"})
	settle(t, id, homes...)
	reads := map[string][]*home{"canary-one": {ann, ben}, "canary-details": {ann, ben}, "canary-note": {ann, ben}}
	holdExactly(t, id, homes, reads)

	ann.do(id, circle.Widen{ID: need, To: []crdt.ID{who(cem)}, Title: text("canary-pod"), Details: text("canary-less")})
	settle(t, id, homes...)
	reads["canary-pod"], reads["canary-less"] = []*home{ann, ben, cem}, []*home{ann, ben, cem}
	holdExactly(t, id, homes, reads)
	cem.do(id, circle.WriteNote{On: need, Text: "canary-later"})
	settle(t, id, homes...)
	reads["canary-later"] = []*home{ann, ben, cem}
	holdExactly(t, id, homes, reads)

	ann.do(id, circle.Widen{ID: need, Title: text("canary-all"), Details: text("")})
	settle(t, id, homes...)
	reads["canary-all"] = homes
	holdExactly(t, id, homes, reads)
	if p, ok := dan.view(id).State.Post(dan.env(id), need); !ok || p.Title != "canary-all" || p.Details != "" {
		t.Errorf("Dan reads %+v, %v", p, ok)
	}

	// And taken back, it is nowhere, whoever had which copy.
	ann.do(id, circle.Retract{ID: need})
	settle(t, id, homes...)
	for _, word := range []string{"canary-one", "canary-details", "canary-pod", "canary-less", "canary-all"} {
		reads[word] = nil
	}
	holdExactly(t, id, homes, reads)
	settle(t, id, homes...)
}

// holdExactly stops each home, looks through all it keeps, and starts it again.
func holdExactly(t *testing.T, id crdt.ID, homes []*home, reads map[string][]*home) {
	t.Helper()
	for _, h := range homes {
		h.shut() // with a checkpoint
		all := kept(t, h, id)
		for word, readers := range reads {
			want := false
			for _, r := range readers {
				want = want || r == h
			}
			if got := bytes.Contains(all, []byte(word)); got != want {
				t.Errorf("%s holds %q: %v, want %v", h.name, word, got, want)
			}
		}
		h.start()
	}
}

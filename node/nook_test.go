package node_test

import (
	"bytes"
	"strings"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/storage"
)

// TestOnlyTheTwoReadIt: what two people say to each other is unreadable in a
// third home's state and in its store, though that holds every op.
func TestOnlyTheTwoReadIt(t *testing.T) { unhurried(t, onlyTheTwoReadIt) }

func onlyTheTwoReadIt(t *testing.T) {
	ann, ben, cem := newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Cem")
	id := ann.begin("Elm Street")
	join(ben, ann, id)
	join(cem, ann, id)
	meet(ann, ben, id)
	meet(ben, cem, id)
	post := ann.do(id, wish("Soup")).ID
	meet(ann, ben, id)
	meet(ann, cem, id)

	asked := ben.do(id, circle.AskMayI{Member: ann.view(id).Me, Text: "canary-may-i"}).ID
	meet(ann, ben, id)
	yes := ben.do(id, circle.SayYes{ID: post})
	meet(ann, ben, id)
	canaries := []string{"canary-may-i", "canary-place", "canary-thanks"}
	agreed := yes.ID
	if _, ok := ann.view(id).State.Agreement(ann.env(id), agreed); !ok {
		t.Fatalf("Ann sees no agreement %s", agreed.Short())
	}
	where := canaries[1]
	ann.do(id, circle.SetPlace{ID: agreed, Where: &where})
	ann.do(id, circle.GiveThanks{ID: agreed, Text: canaries[2]})
	cem.do(id, circle.SayNotNow{ID: post})
	for _, pair := range [][2]*home{{ann, ben}, {ann, cem}, {ben, cem}, {ann, ben}, {ann, cem}} {
		meet(pair[0], pair[1], id)
	}
	equal(t, id, ann, ben, cem)
	for _, h := range []*home{ann, ben} {
		if !h.view(id).State.Has(asked) {
			t.Errorf("%s cannot read what the two share", h.name)
		}
	}
	if cem.view(id).State.Has(asked) {
		t.Error("Cem's state holds what the two said")
	}
	if a, b := ann.view(id).State.EncodeRecord(post), ben.view(id).State.EncodeRecord(post); len(a) <= len(b) {
		t.Error("Cem's not now to Ann is where Ben reads it, or nowhere")
	}
	cem.shut() // with a checkpoint
	all := kept(t, cem, id)
	for _, c := range canaries {
		if bytes.Contains(all, []byte(c)) {
			t.Errorf("Cem's store holds %q", c)
		}
	}
	ben.shut()
	if all := kept(t, ben, id); !bytes.Contains(all, []byte(canaries[0])) {
		t.Error("the look for canaries finds none even where one is")
	}
	cem.start()
	ben.start()
}

// kept is all that a home's store holds of a circle, end to end.
func kept(t *testing.T, h *home, id crdt.ID) []byte {
	t.Helper()
	store, err := h.store.Circle(id)
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for s, err := range store.Arrivals(1) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(append(all, s.Op.Payload...), s.Op.Body...)
	}
	for kind := range 256 {
		if strings.IndexByte(storage.OwnLetters, byte(kind)) >= 0 {
			continue
		}
		for row, err := range store.Scan([]byte{byte(kind)}) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(append(all, row.Key...), row.Value...)
		}
	}
	return all
}

// TestWhatIsTakenBackIsGoneEverywhere: no home keeps its body, nor its text, in
// whatever order the two come, and a start does not bring it back.
func TestWhatIsTakenBackIsGoneEverywhere(t *testing.T) { unhurried(t, whatIsTakenBackIsGoneEverywhere) }

func whatIsTakenBackIsGoneEverywhere(t *testing.T) {
	ann, ben, cem := newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Cem")
	id := ann.begin("Elm Street")
	join(ben, ann, id)
	join(cem, ann, id)
	meet(ann, ben, id)
	meet(ben, cem, id)
	post := ann.do(id, wish("a secret I should not have told")).ID
	meet(ann, ben, id) // Ben has read it, Cem never heard of it
	ben.shut()
	ben.start()
	ann.do(id, circle.Retract{ID: post})
	meet(ann, ben, id)
	meet(ben, cem, id)
	meet(ann, cem, id)
	equal(t, id, ann, ben, cem)
	for _, h := range []*home{ann, ben, cem} {
		for range 2 {
			store, err := h.store.Circle(id)
			if err != nil {
				t.Fatal(err)
			}
			op, _, ok, err := store.Op(post)
			if err != nil || !ok || op.Body != nil || !op.Gone {
				t.Errorf("%s: op here %t, body of %d bytes, gone %t, %v", h.name, ok, len(op.Body), op.Gone, err)
			}
			h.shut()
			if strings.Contains(string(kept(t, h, id)), "should not have told") {
				t.Errorf("%s's store holds what was taken back", h.name)
			}
			h.start()
		}
	}
}

// TestALongRecordIsCheckpointed: one with more notes than a row of the store holds.
func TestALongRecordIsCheckpointed(t *testing.T) {
	ann := newHomeOn(t, "Ann", storage.NewMem(), fast(testStart))
	id := ann.begin("Elm Street")
	post := ann.do(id, wish("Soup")).ID
	long := strings.Repeat("many words ", 170)
	for range 120 {
		ann.do(id, circle.WriteNote{On: post, Kind: circle.NoteComment, Text: long})
	}
	now := crdt.At(testStart.AddDate(0, 0, 1).UnixMilli())
	want := ann.view(id).State.Digest(now)
	for range 2 {
		ann.shut()
		ann.start()
		if got := ann.view(id).State.Digest(now); got != want {
			t.Error("after a start a long record is another")
		}
	}
	store, err := ann.store.Circle(id)
	if err != nil {
		t.Fatal(err)
	}
	mark, _, err := store.Get([]byte("c"))
	if err != nil || len(mark) == 0 {
		t.Errorf("there is no checkpoint: %v", err)
	}
}

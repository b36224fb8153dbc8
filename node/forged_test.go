package node_test

import (
	"crypto/ed25519"
	"testing"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/circle"
	"tend/node"
	"tend/protocol"
)

// forge writes a body as a member's device would whose home is no honest one,
// and returns its op and the gossip message. The home itself knows nothing of it.
func forge(t *testing.T, h *home, id crdt.ID, after *crdt.Op, body circle.Body) (*crdt.Op, []byte) {
	t.Helper()
	keys, _ := h.keys.Circle(id)
	if after == nil {
		s := h.view(id)
		store, err := h.store.Circle(id)
		if err != nil {
			t.Fatal(err)
		}
		last, _, _, err := store.Op(s.Frontier().Tips[s.Dev][0].ID)
		if err != nil {
			t.Fatal(err)
		}
		after = &last
	}
	header := crdt.Header{Dev: after.Dev, Seq: after.Seq + 1, Prev: after.ID, Ctl: after.Ctl, HLC: after.HLC + 1, Class: crdt.Content}
	kind, payload := circle.Encode(body)
	sealed, err := protocol.SealBody(h.rand, keys.Secrets[len(keys.Secrets)-1], id, header.Dev, header.Seq, kind, payload)
	if err != nil {
		t.Fatal(err)
	}
	op, err := crdt.Sign(id, header, sealed, func(msg []byte) ([]byte, error) {
		return ed25519.Sign(ed25519.NewKeyFromSeed(keys.DevSeed[:]), msg), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	data, err := protocol.EncodeFrame(protocol.PackByID([]crdt.Op{op}, func(*crdt.Op) bool { return true }))
	if err != nil {
		t.Fatal(err)
	}
	return &op, data
}

// TestASnapshotNamesItsAuthor: whoever gives a record to other readers cannot put
// other words, or another name, in its place, whether the record's header is here
// before or comes after.
func TestASnapshotNamesItsAuthor(t *testing.T) { unhurried(t, aSnapshotNamesItsAuthor) }

func aSnapshotNamesItsAuthor(t *testing.T) {
	ann, ben, cem := newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Cem")
	id := ann.begin("Elm Street")
	join(ben, ann, id)
	join(cem, ann, id)
	meet(ann, ben, id)
	asked := ann.do(id, circle.AskMayI{Member: ben.view(id).Me, Text: "may I bring soup?"}).ID
	cem.do(id, wish("Bread"))
	kind, payload := circle.Encode(&circle.NeedPosted{Title: "not Ann's words", People: 1})
	snapshot := func(by *home) []byte {
		return canon.MustMarshal(circle.Snapshot{Kind: kind, Author: by.view(id).Me, HLC: 1, Body: payload})
	}
	fake, first := forge(t, cem, id, nil, circle.AudienceChanged{Target: asked, Snapshot: snapshot(cem)})
	meet(ann, cem, id)
	meet(ann, ben, id)
	dan := newHome(t, "Dan") // neither of the two, and honest
	join(dan, ann, id)
	for _, h := range []*home{dan, ben} {
		if h.Gossiped(id, cem.peer(), first) == node.Reject {
			t.Fatal("the op is well-formed")
		}
	}
	own, second := forge(t, cem, id, fake, &circle.NeedPosted{Title: "mine", People: 1})
	_, third := forge(t, cem, id, own, circle.AudienceChanged{Target: own.ID, Snapshot: snapshot(cem)})
	dan.Gossiped(id, cem.peer(), second)
	dan.Gossiped(id, cem.peer(), third)
	waitFor(t, func() bool { return dan.view(id).State.Has(own.ID) })
	for range 2 { // as it came, and from the log
		if dan.view(id).State.Has(asked) {
			t.Error("Dan takes Cem's words for what Ann asked")
		}
		if !dan.view(id).State.Has(own.ID) {
			t.Error("and does not read what Cem wrote himself")
		}
		dan.shut()
		dan.start()
	}
}

// TestWhatTakesBackStays: a retraction of a retraction takes nothing back.
func TestWhatTakesBackStays(t *testing.T) { unhurried(t, whatTakesBackStays) }

func whatTakesBackStays(t *testing.T) {
	ann, ben := newHome(t, "Ann"), newHome(t, "Ben")
	id := ann.begin("Elm Street")
	join(ben, ann, id)
	post := ann.do(id, wish("Soup")).ID
	meet(ann, ben, id)
	back, first := forge(t, ann, id, nil, circle.Retracted{Op: post})
	again, second := forge(t, ann, id, back, circle.Retracted{Op: back.ID})
	last, third := forge(t, ann, id, again, &circle.NeedPosted{Title: "Bread", People: 1})
	for _, data := range [][]byte{first, second, third} {
		ben.Gossiped(id, ann.peer(), data)
	}
	waitFor(t, func() bool { return ben.view(id).State.Has(last.ID) })
	store, err := ben.store.Circle(id)
	if err != nil {
		t.Fatal(err)
	}
	if op, _, _, err := store.Op(back.ID); err != nil || op.Body == nil {
		t.Errorf("the retraction's body is gone (%v)", err)
	}
	if op, _, _, err := store.Op(post); err != nil || op.Body != nil || !op.Gone {
		t.Errorf("what was taken back is kept (%v)", err)
	}
}

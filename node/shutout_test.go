package node_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/protocol"
	"tend/storage"
	"tend/storage/storagetest"
)

// sealedUnder is the epoch that the body of an op stands under.
func (h *home) sealedUnder(id, op crdt.ID) membership.EpochID {
	h.t.Helper()
	store, err := h.store.Circle(id)
	if err != nil {
		h.t.Fatal(err)
	}
	got, _, ok, err := store.Op(op)
	if err != nil || !ok {
		h.t.Fatalf("%s lacks op %s (%v)", h.name, op.Short(), err)
	}
	e, err := protocol.BodyEpoch(got.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return e
}

func boxed(boxes []protocol.Lockbox, e membership.EpochID) bool {
	for _, b := range boxes {
		if b.Epoch == e {
			return true
		}
	}
	return false
}

// shutsOut holds what is the same for every way somebody is shut out: do writes
// one batch, with the epoch in it, or nothing; the epoch is in use at once; and
// the home that is out is handed no lockbox of it, by whoever holds it.
func shutsOut(t *testing.T, id crdt.ID, faulty *storagetest.Faulty, ann, ben, out *home, do func() error) {
	t.Helper()
	before, dev := ann.view(id), out.view(id).Dev
	topic, _ := ann.Topics(id)
	faulty.FailWrite(1)
	if err := do(); !errors.Is(err, storagetest.ErrFault) {
		t.Fatalf("with a store that fails: %v", err)
	}
	if s := ann.view(id); s.Ops != before.Ops || s.Frontier().Epoch != before.Frontier().Epoch || !s.People.Entitled(dev, s.Frontier().Epoch) {
		t.Fatal("half of it was kept")
	}
	writes := faulty.Writes()
	if err := do(); err != nil {
		t.Fatal(err)
	}
	s := ann.view(id)
	fresh := s.Frontier().Epoch
	if n := faulty.Writes() - writes; n != 1 {
		t.Errorf("it took %d writes, want 1", n)
	}
	if fresh == before.Frontier().Epoch || s.People.Entitled(dev, fresh) {
		t.Fatal("no epoch was made without the one who is out")
	}
	if n := len(s.People.Epochs()) - len(before.People.Epochs()); n != 1 {
		t.Errorf("%d epochs were made, want 1", n)
	}
	if e := ann.sealedUnder(id, ann.do(id, wish("after it")).ID); e != fresh {
		t.Error("the next op of who made the epoch is not under it")
	}
	if got := ann.PushKeys(id, out.peer()); len(got) != 0 {
		t.Errorf("the one who is out is pushed %d lockboxes", len(got))
	}
	if got := ann.PushKeys(id, ben.peer()); !boxed(got, fresh) {
		t.Error("one who stays is not pushed the new epoch")
	}
	meet(ben, ann, id)
	if e := ben.sealedUnder(id, ben.do(id, wish("by another")).ID); e != fresh {
		t.Error("the next op of one who stays is not under the new epoch")
	}
	meet(ben, ann, id)
	now, _ := ann.Topics(id)
	bens, _ := ben.Topics(id)
	outs, heard := out.Topics(id)
	if now == topic || now != bens {
		t.Errorf("gossip goes on under %q, after %q; another who stays uses %q", now, topic, bens)
	}
	if outs == now || slices.Contains(heard, now) {
		t.Error("the one who is out knows the new name of the gossip")
	}
	want := []membership.EpochID{fresh, before.Frontier().Epoch}
	for _, h := range []*home{ann, ben} {
		if got := h.KeysFor(id, out.peer(), want); len(got) != 0 {
			t.Errorf("%s hands the one who is out %d lockboxes", h.name, len(got))
		}
	}
	if got := ann.KeysFor(id, ben.peer(), want); !boxed(got, fresh) {
		t.Error("one who stays asks for the new epoch and gets none")
	}
	equal(t, id, ann, ben)
}

func TestARemovalMintsAtOnce(t *testing.T) { unhurried(t, aRemovalMintsAtOnce) }

func aRemovalMintsAtOnce(t *testing.T) {
	faulty := storagetest.NewFaulty(storage.NewMem())
	ann, ben, cem := newHomeOn(t, "Ann", faulty, time.Now), newHome(t, "Ben"), newHome(t, "Cem")
	id := ann.begin("Elm Street")
	join(ben, ann, id)
	join(cem, ann, id)
	awaitVoices(id, ann, ben, cem)
	p := ann.do(id, circle.ProposeForCircle{What: membership.Remove, Target: cem.view(id).Me, Reason: "Enough."}).ID
	meet(ben, ann, id)
	ben.do(id, circle.SayOnDecision{ID: p, Value: circle.WordConsent})
	meet(ben, ann, id)
	shutsOut(t, id, faulty, ann, ben, cem, func() error {
		_, err := ann.Do(t.Context(), id, circle.EnactDecision{ID: p})
		return err
	})
	if m, _ := ben.view(id).People.Member(cem.view(id).Me); m.Standing != membership.Removed {
		t.Errorf("for Ben the one who is out stands %v", m.Standing)
	}
}

func TestARevokedDeviceMintsAtOnce(t *testing.T) { unhurried(t, aRevokedDeviceMintsAtOnce) }

func aRevokedDeviceMintsAtOnce(t *testing.T) {
	faulty := storagetest.NewFaulty(storage.NewMem())
	ann, ben, phone := newHomeOn(t, "Ann", faulty, time.Now), newHome(t, "Ben"), newHome(t, "Ann's phone")
	id := ann.begin("Elm Street")
	join(ben, ann, id)
	linkUp(t, ann, phone)
	meet(phone, ann, id)
	phone.do(id, wish("from the phone"))
	meet(phone, ann, id)
	meet(ben, ann, id)
	shutsOut(t, id, faulty, ann, ben, phone, func() error {
		_, err := ann.RevokeDevice(t.Context(), id, phone.view(id).Dev)
		return err
	})
}

// TestALaterDeviceAsksForNooks: a device that the author of a nook did not know
// of gets its secret from any home that holds it and from no other; and nobody
// who is not meant gets it.
func TestALaterDeviceAsksForNooks(t *testing.T) {
	for _, from := range []string{"the author", "the member's other device"} {
		runUnhurried(t, from, func(t *testing.T) {
			ann, ben, cem, phone := newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Cem"), newHome(t, "Ben's phone")
			id := ann.begin("Elm Street")
			join(ben, ann, id)
			join(cem, ann, id)
			meet(ben, ann, id) // and so knows of Cem
			linkUp(t, ben, phone)
			meet(phone, ben, id)
			asked := ann.do(id, circle.AskMayI{Member: ben.view(id).Me, Text: "may I bring soup?"}).ID
			nook := ann.sealedUnder(id, asked)
			meet(cem, ann, id) // Cem holds the op, and not the key
			meet(ben, ann, id)
			if !ben.view(id).State.Has(asked) {
				t.Fatal("Ben cannot read what he was asked")
			}
			meet(cem, ben, id) // and knows of the phone
			meet(phone, cem, id)
			if !wants(phone, id, nook) || phone.view(id).State.Has(asked) {
				t.Fatal("the phone reads what nobody gave it the key of, or does not ask")
			}
			if got := cem.KeysFor(id, phone.peer(), []membership.EpochID{nook}); len(got) != 0 {
				t.Error("Cem hands over what he does not hold")
			}
			holder := ann
			if from != "the author" {
				holder = ben
			}
			meet(ann, ben, id)
			if err := keys(phone, holder, id); err != nil {
				t.Fatal(err)
			}
			if !phone.view(id).State.Has(asked) {
				t.Error("the phone has asked a holder and does not read")
			}
			if wants(phone, id, nook) {
				t.Error("the phone asks on for what it has")
			}
			for _, h := range []*home{ann, ben, phone} {
				if got := h.KeysFor(id, cem.peer(), []membership.EpochID{nook}); len(got) != 0 {
					t.Errorf("%s hands the nook to Cem", h.name)
				}
			}
			phone.crash()
			if !phone.view(id).State.Has(asked) {
				t.Error("after a crash the phone does not read it")
			}
		})
	}
}

func wants(h *home, id crdt.ID, e membership.EpochID) bool {
	for _, w := range h.Wanted(id) {
		if w == e {
			return true
		}
	}
	return false
}

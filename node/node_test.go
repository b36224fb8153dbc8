package node_test

import (
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node"
)

// equal fails unless homes hold the same log and see the same circle.
func equal(t *testing.T, id crdt.ID, homes ...*home) {
	t.Helper()
	first, err := homes[0].Status(id)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range homes[1:] {
		st, err := h.Status(id)
		if err != nil {
			t.Fatal(err)
		}
		if st.Frontier != first.Frontier || st.StateDigest != first.StateDigest || st.Waiting != 0 {
			t.Errorf("%s: frontier %s, state %s, waiting %d; %s has %s, %s", h.name, st.Frontier.Short(), st.StateDigest.Short(), st.Waiting,
				homes[0].name, first.Frontier.Short(), first.StateDigest.Short())
		}
	}
}

// wish is the plainest of needs.
func wish(title string) circle.PostNeed {
	return circle.PostNeed{Posted: circle.Posted{Title: title, People: 1}}
}

func TestThreeHomesOneCircle(t *testing.T) { unhurried(t, threeHomesOneCircle) }

func threeHomesOneCircle(t *testing.T) {
	ann, ben, cem := newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Cem")
	id := ann.begin("Elm Street")
	join(ben, ann, id)
	join(cem, ann, id)
	meet(ann, ben, id)
	equal(t, id, ann, ben, cem)
	for _, h := range []*home{ann, ben, cem} {
		s := h.view(id)
		if got := len(s.People.Members()); got != 3 {
			t.Errorf("%s sees %d members, want 3", h.name, got)
		}
		for _, other := range []*home{ann, ben, cem} {
			if got := s.State.Name(other.view(id).Me); got != other.name {
				t.Errorf("%s calls %s %q", h.name, other.name, got)
			}
		}
	}

	need := ann.do(id, wish("Soup on Tuesday")).ID
	meet(ann, ben, id)
	ben.do(id, circle.SayYes{ID: need})
	meet(ben, cem, id)
	meet(cem, ann, id)
	equal(t, id, ann, cem)
}

func TestAHomeStartsAgainAsItWas(t *testing.T) {
	ann := newHome(t, "Ann")
	id := ann.begin("Elm Street")
	need := ann.do(id, wish("Soup")).ID
	before, err := ann.Status(id)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // once from the log, once from the checkpoint that stopping left
		ann.shut()
		ann.start()
		after, err := ann.Status(id)
		if err != nil {
			t.Fatal(err)
		}
		if after.Frontier != before.Frontier || after.StateDigest != before.StateDigest || after.Ops != before.Ops {
			t.Errorf("after a start: %+v, want %+v", after, before)
		}
		if _, ok := ann.view(id).State.Post(ann.env(id), need); !ok {
			t.Error("the need is gone")
		}
	}
	ann.do(id, wish("Bread"))
}

func TestWhoLeftReadsNothingMore(t *testing.T) { unhurried(t, whoLeftReadsNothingMore) }

func whoLeftReadsNothingMore(t *testing.T) {
	ann, ben, cem := newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Cem")
	id := ann.begin("Elm Street")
	join(ben, ann, id)
	join(cem, ann, id)
	if err := cem.Leave(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	meet(cem, ann, id) // the leave travels
	if got := ann.Standing(cem.peer()); got != node.Parted {
		t.Errorf("Ann takes Cem's home for %v, want Parted", got)
	}
	if _, err := ann.Open(id, cem.peer()); err == nil {
		t.Error("Ann opens a session with a home that left")
	}
	circleID, bye, ok := ann.Goodbye(cem.peer())
	if !ok || circleID != id {
		t.Fatal("Ann owes Cem no goodbye")
	}
	if err := cem.TakeGoodbye(t.Context(), id, ann.peer(), bye); err != nil {
		t.Fatal(err)
	}
	ann.SaidGoodbye(cem.peer(), id)
	if got := ann.Standing(cem.peer()); got != node.Stranger {
		t.Errorf("once told, Ann takes Cem's home for %v, want Stranger", got)
	}
	if got := cem.Circles(); len(got) != 0 {
		t.Errorf("Cem still takes part in %v", got)
	}
	if _, err := cem.Do(t.Context(), id, wish("x")); err == nil {
		t.Error("Cem writes in a circle left behind")
	}
	meet(ann, ben, id)
	if st := ben.view(id).People; len(st.Members()) != 2 {
		t.Errorf("Ben sees %d members, want 2", len(st.Members()))
	}
}

// TestWhatALeaverWroteLastIsRead: the leave and what was written before it may come
// by way of somebody who left too, and was never handed the key to it. Who it is
// for asks the one who wrote it, and nobody else could give it.
func TestWhatALeaverWroteLastIsRead(t *testing.T) { unhurried(t, whatALeaverWroteLastIsRead) }

func whatALeaverWroteLastIsRead(t *testing.T) {
	ann, ben, cem, dora := newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Cem"), newHome(t, "Dora")
	id := ann.begin("Elm Street")
	join(ben, ann, id)
	join(cem, ben, id)
	leave := func(h *home) {
		if err := h.Leave(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	leave(ben)
	meet(cem, ben, id)
	said := cem.do(id, wish("a lift")).ID // with a key that Ben does not get
	join(dora, ann, id)
	meet(ann, ben, id)
	leave(ann)
	leave(cem)
	meet(cem, ann, id)
	meet(dora, ann, id)
	if dora.view(id).State.Has(said) {
		t.Fatal("Dora reads what nobody could have given her the key to; this tests nothing")
	}
	if len(dora.WantedOf(id, ben.peer())) > 0 {
		t.Error("Dora would ask Ben for a key that was not for him")
	}
	farewell(cem, dora, id)
	if !dora.view(id).State.Has(said) {
		t.Error("Dora cannot read what Cem wrote before leaving")
	}
}

// TestALeaverWasHandedTheKeyLater: who wrote last may hold the key of an epoch whose
// author did not know them yet, and be the only one who is there to ask for it.
func TestALeaverWasHandedTheKeyLater(t *testing.T) { unhurried(t, aLeaverWasHandedTheKeyLater) }

func aLeaverWasHandedTheKeyLater(t *testing.T) {
	ann, ben, cem := newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Cem")
	xia, yan, zoe := newHome(t, "Xia"), newHome(t, "Yan"), newHome(t, "Zoe")
	id := ann.begin("Elm Street")
	for _, h := range []*home{ben, xia, yan, zoe} {
		join(h, ann, id)
	}
	awaitVoices(id, ann, ben, xia, yan, zoe)
	leave := func(h *home) {
		if err := h.Leave(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	leave(xia)
	meet(ann, xia, id)
	ann.do(id, wish("a ladder")) // with an epoch without Xia, and without Cem, who comes in elsewhere
	join(cem, ben, id)
	meet(yan, ben, id)
	meet(zoe, ben, id)
	meet(zoe, ann, id) // and neither comes back
	meet(cem, ann, id)
	mints := len(cem.view(id).People.Epochs())
	said := cem.do(id, wish("a lift")).ID
	if got := len(cem.view(id).People.Epochs()); got != mints {
		t.Fatal("Cem wrote with an epoch of his own; this tests nothing")
	}
	leave(cem)
	leave(yan)
	meet(cem, yan, id)
	meet(ben, yan, id)
	if ben.view(id).State.Has(said) {
		t.Fatal("Ben was given the key before he asked; this tests nothing")
	}
	if len(ben.WantedOf(id, yan.peer())) == 0 {
		t.Error("Ben would not ask Yan for a key that was made for him too")
	}
	if len(ben.WantedOf(id, xia.peer())) > 0 {
		t.Error("Ben would ask Xia for a key that was made without her")
	}
	farewell(cem, ben, id)
	if !ben.view(id).State.Has(said) {
		t.Error("Ben cannot read what Cem wrote before leaving")
	}
}

func TestAnInviteIsGoodOnce(t *testing.T) {
	ann, ben, cem := newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Cem")
	id := ann.begin("Elm Street")
	code := ann.invites(id, node.InviteOptions{})
	if err := knock(ben, ann, code); err != nil {
		t.Fatal(err)
	}
	if err := knock(cem, ann, code); err == nil {
		t.Error("a used invite let a second home in")
	}
	if got := ann.view(id).People; len(got.Members()) != 2 {
		t.Errorf("%d members, want 2", len(got.Members()))
	}
	if m, _ := ann.view(id).People.Member(ben.view(id).Me); m.Standing != membership.In {
		t.Error("Ben is not in")
	}
}

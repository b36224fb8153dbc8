package node_test

import (
	"errors"
	"testing"
	"time"

	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node"
	"tend/node/words"
	"tend/protocol"
	"tend/storage"
)

// TestPartingByConsent lets two of five stand up for a parting: homes show by
// themselves that they know of it, at once and when the week is over, and then it
// can be carried out; with a new epoch, and none for the one who goes.
func TestPartingByConsent(t *testing.T) { unhurried(t, partingByConsent) }

func partingByConsent(t *testing.T) {
	var clock skewed
	var homes []*home
	for _, name := range []string{"Ann", "Ben", "Cem", "Dora", "Eve"} {
		homes = append(homes, newHomeOn(t, name, storage.NewMem(), clock.now))
	}
	ann, ben, eve := homes[0], homes[1], homes[4]
	id := ann.begin("Elm Street")
	for _, h := range homes[1:] {
		join(h, ann, id)
	}
	round := func(all []*home) {
		for range 2 {
			for _, h := range all[1:] {
				meet(h, ann, id)
			}
		}
	}
	wake := func() { // what is due is done soon after a start
		for _, h := range homes {
			h.shut()
			h.start()
		}
	}
	wake()
	waitFor(t, func() bool { round(homes); return len(ann.view(id).People.Voices()) == len(homes) })

	p := ann.do(id, circle.ProposeForCircle{What: membership.Remove, Target: eve.view(id).Me, Reason: "It is too much."}).ID
	round(homes)
	ben.do(id, circle.SayOnDecision{ID: p, Value: circle.WordConsent})
	round(homes)
	if d, ok := eve.view(id).State.Decision(eve.env(id), p); !ok || d.Text != "It is too much." || d.Heard != 2 {
		t.Errorf("Eve reads %+v (%v), want the proposal with its words", d, ok)
	}
	var no *circle.Problem
	if _, err := ann.Do(t.Context(), id, circle.EnactDecision{ID: p}); !errors.As(err, &no) || no.Code != circle.NotYet {
		t.Fatalf("enact before the week: %v, want not yet", err)
	}
	if got, _ := ann.view(id).People.Proposal(p); len(got.Enacts) != 0 {
		t.Fatal("what was not carried out left an enact behind")
	}
	wake()
	waitFor(t, func() bool {
		round(homes)
		for _, h := range homes {
			if due, asked := ann.view(id).People.BeatAt(h.view(id).Me); !asked || due == 0 {
				return false // this one has not shown that it knows
			}
		}
		return true
	})
	clock.by.Store(int64(7*24*time.Hour + time.Hour))
	wake()
	waitFor(t, func() bool {
		round(homes)
		got, _ := ann.view(id).People.Proposal(p)
		return 2*got.Tally.Witness > got.Tally.N
	})
	before := ann.view(id).Frontier().Epoch
	ann.do(id, circle.EnactDecision{ID: p})
	s := ann.view(id)
	if s.Frontier().Epoch == before || len(s.People.EpochRoster(s.Frontier().Epoch)) != len(homes)-1 {
		t.Errorf("no new epoch was made with the parting, or Eve is in its roster: %x → %x with %d devices", before, s.Frontier().Epoch, len(s.People.EpochRoster(s.Frontier().Epoch)))
	}
	if ann.Standing(eve.peer()) > 1 { // Parted
		t.Errorf("Eve's home stands at %v, want parted", ann.Standing(eve.peer()))
	}
}

// TestLostVoid tells the author of what has no effect, across a restart.
func TestLostVoid(t *testing.T) { unhurried(t, lostVoid) }

func lostVoid(t *testing.T) {
	var clock skewed
	var homes []*home
	for _, name := range []string{"Ann", "Ben", "Cem"} {
		homes = append(homes, newHomeOn(t, name, storage.NewMem(), clock.now))
	}
	ann, ben, cem := homes[0], homes[1], homes[2]
	id := ann.begin("Elm Street")
	join(ben, ann, id)
	join(cem, ann, id)
	awaitVoices(id, ann, ben, cem)
	meet(ben, ann, id)
	meet(cem, ann, id)
	seen := cem.do(id, wish("Soup")).ID
	meet(cem, ann, id)
	unseen := cem.do(id, wish("Bread")).ID
	invited, err := cem.Invite(t.Context(), id, node.InviteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p := ann.do(id, circle.ProposeForCircle{What: membership.Remove, Target: cem.view(id).Me, Reason: "Enough."}).ID
	meet(ben, ann, id)
	ben.do(id, circle.SayOnDecision{ID: p, Value: circle.WordConsent})
	meet(ben, ann, id)
	ann.do(id, circle.EnactDecision{ID: p})
	of, bye, owed := ann.Goodbye(cem.peer())
	if !owed || of != id {
		t.Fatal("Cem is owed no goodbye")
	}
	if err := cem.TakeGoodbye(t.Context(), id, ann.peer(), bye); err != nil {
		t.Fatalf("take the goodbye: %v", err)
	}
	for _, again := range []bool{false, true} {
		if again {
			cem.shut()
			cem.start()
		}
		s := cem.view(id)
		if s.Standing != membership.Removed || s.Told != "Enough." {
			t.Errorf("again %v: Cem stands %v and was told %q", again, s.Standing, s.Told)
		}
		if len(s.Void) != 2 || s.Void[0].Op != unseen || s.Void[0].Gist.Words() != "Bread" || s.Void[1].Op != invited.ID || words.Told.Tell(s.Void[1].Gist) != "an invitation" {
			t.Errorf("again %v: without effect are %+v, want the bread and the invitation", again, s.Void)
		}
		if s.State.Has(unseen) || !s.State.Has(seen) {
			t.Errorf("again %v: what was seen stays, what was not has no effect", again)
		}
	}
	if _, err := cem.Do(t.Context(), id, wish("More")); err == nil {
		t.Error("a parted home writes on")
	}
}

// TestALongGoodbye: whoever was away while the circle went through much hears of
// their parting whole, in several frames, and nothing that they knew already.
func TestALongGoodbye(t *testing.T) { unhurried(t, aLongGoodbye) }

func aLongGoodbye(t *testing.T) {
	ann, ben, cem := newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Cem")
	id := ann.begin("Elm Street")
	join(ben, ann, id)
	join(cem, ann, id)
	waitFor(t, func() bool {
		meet(ben, ann, id)
		meet(cem, ann, id)
		return len(ann.view(id).People.Voices()) == 3
	})
	for range 3 { // and all know it
		meet(cem, ann, id)
		meet(ben, ann, id)
	}
	cem.do(id, wish("Soup"))
	meet(cem, ann, id)
	const much = 1_100 // more ops than one frame holds
	for range much {
		ann.invites(id, node.InviteOptions{})
	}
	p := ann.do(id, circle.ProposeForCircle{What: membership.Remove, Target: cem.view(id).Me, Reason: "Enough."}).ID
	meet(ben, ann, id)
	ben.do(id, circle.SayOnDecision{ID: p, Value: circle.WordConsent})
	meet(ben, ann, id)
	ann.do(id, circle.EnactDecision{ID: p})
	_, bye, owed := ann.Goodbye(cem.peer())
	if !owed || len(bye) < 2 {
		t.Fatalf("owed %v, %d frames, want several", owed, len(bye))
	}
	rows := 0
	for i := range bye {
		if _, err := protocol.EncodeFrame(&bye[i]); err != nil {
			t.Fatalf("frame %d: %v", i, err)
		}
		rows += len(bye[i].Table.Rows)
	}
	if unknown := much + 20; rows < much || rows > unknown {
		t.Errorf("%d ops in the goodbye, want those that Cem lacks: %d to %d", rows, much, unknown)
	}
	if err := cem.TakeGoodbye(t.Context(), id, ann.peer(), bye[1:]); err == nil {
		t.Error("Cem took half a goodbye")
	}
	if err := cem.TakeGoodbye(t.Context(), id, ann.peer(), bye); err != nil {
		t.Fatalf("take the goodbye: %v", err)
	}
	if s := cem.view(id); s.Standing != membership.Removed || s.Told != "Enough." {
		t.Errorf("Cem stands %v and was told %q", s.Standing, s.Told)
	}
}

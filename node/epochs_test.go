package node_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node"
	"tend/storage"
)

const day = 24 * time.Hour

// inNewest reports whether a home's device is in the roster of the newest epoch
// as another home sees it.
func inNewest(h *home, id crdt.ID, dev crdt.Device) bool {
	v := h.view(id).People
	epochs := v.Epochs()
	for _, d := range v.EpochRoster(epochs[len(epochs)-1].Epoch.ID) {
		if d == dev {
			return true
		}
	}
	return false
}

func gathered(t *testing.T) (ann, ben, cem *home, id crdt.ID) {
	ann, ben, cem = newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Cem")
	id = ann.begin("Elm Street")
	join(ben, ann, id)
	join(cem, ann, id)
	meet(ann, ben, id)
	return ann, ben, cem, id
}

func TestOneOfThoseWhoStayMintsAfterALeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ann, ben, cem, id := gathered(t)
		gone := cem.view(id).Dev
		if err := cem.Leave(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		meet(cem, ann, id)
		meet(ann, ben, id)
		before := len(ann.view(id).People.Epochs())
		for range 30 {
			time.Sleep(5 * time.Second)
			meet(ann, ben, id)
		}
		if inNewest(ann, id, gone) {
			t.Error("who left is in the newest epoch's roster")
		}
		if now := len(ann.view(id).People.Epochs()); now != before+1 {
			t.Errorf("%d epochs were made after one leave", now-before)
		}
	})
}

func TestEpochsMadeApartAreBothReadAndOneClosesThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ann, ben, _, id := gathered(t)
		time.Sleep(8 * day) // both mint their weekly one, each alone
		a, b := ann.view(id).People.Epochs(), ben.view(id).People.Epochs()
		ann.do(id, wish("written by Ann"))
		ben.do(id, wish("written by Ben"))
		meet(ann, ben, id)
		meet(ben, ann, id)
		last := a[len(a)-1].Epoch
		if other := b[len(b)-1].Epoch; last.Gen != other.Gen || last.ID == other.ID {
			t.Fatalf("generations %d and %d: no epochs made apart", last.Gen, other.Gen)
		}
		for _, h := range []*home{ann, ben} {
			h.mustRead(id, "after the meeting", "written by Ann", "written by Ben")
		}
		for range 8 * 24 {
			time.Sleep(time.Hour)
			meet(ann, ben, id)
			if len(ann.view(id).People.Epochs()) > len(a)+1 {
				break
			}
		}
		all := ann.view(id).People.Epochs()
		if newest := all[len(all)-1].Epoch; newest.Gen != last.Gen+1 || len(all) != len(a)+2 {
			t.Errorf("generation %d after two of %d, %d epochs in all", newest.Gen, last.Gen, len(all))
		}
		if write, listen := ann.Topics(id); write == "" || len(listen) < 2 {
			t.Errorf("writes on %q and listens on %d topics just after an epoch was replaced", write, len(listen))
		}
		time.Sleep(2 * day)
		if _, listen := ann.Topics(id); len(listen) != 1 {
			t.Errorf("still listens on %d topics two days later", len(listen))
		}
	})
}

// TestAThirdEpochAfterTwoRemovalsApart: Ann and Cem part from Ben, Ben and Cem from
// Ann, each with an epoch without the other. Where both are known neither epoch is
// fit to write with: whoever writes first makes a third, and if nobody writes one of
// those who stay makes it, though neither decision was theirs to carry out.
func TestAThirdEpochAfterTwoRemovalsApart(t *testing.T) {
	for _, writes := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			homes, _ := gatheredWithVoice(t, "Ann", "Ben", "Cem", "Dee")
			ann, ben, cem, dee := homes[0], homes[1], homes[2], homes[3]
			id := ann.Circles()[0]
			of := func(by, whom *home) crdt.ID {
				return by.do(id, circle.ProposeForCircle{What: membership.Remove, Target: whom.view(id).Me, Reason: "Enough."}).ID
			}
			pa, pb := of(ann, ben), of(ben, ann)
			for _, p := range []struct {
				by *home
				id crdt.ID
			}{{ann, pa}, {ben, pb}} {
				meet(cem, p.by, id)
				cem.do(id, circle.SayOnDecision{ID: p.id, Value: circle.WordConsent})
			}
			meet(cem, ann, id)
			meet(cem, ben, id)
			ann.do(id, circle.EnactDecision{ID: pa})
			ben.do(id, circle.EnactDecision{ID: pb})
			meet(cem, ann, id)
			meet(dee, ben, id)
			meet(cem, dee, id)
			meet(dee, cem, id)
			for _, h := range []*home{cem, dee} {
				for _, gone := range []*home{ann, ben} {
					if m, _ := h.view(id).People.Member(gone.view(id).Me); m.Standing != membership.Removed {
						t.Fatalf("%s sees %s as %v, want removed", h.name, gone.name, m.Standing)
					}
				}
			}
			if _, ok := cem.view(id).People.WriteEpoch(func(membership.EpochID) bool { return true }); ok {
				t.Fatal("one of the two epochs is fit to write with")
			}
			before := len(cem.view(id).People.Epochs())
			for n := 0; !writes && n < 35; n++ { // within half an hour
				time.Sleep(time.Minute)
				meet(cem, dee, id)
			}
			if made := len(cem.view(id).People.Epochs()) - before; !writes && made != 1 {
				t.Errorf("%d epochs were made by those who stay, want 1", made)
			}
			e := cem.sealedUnder(id, cem.do(id, wish("for those who stay")).ID)
			for _, gone := range []*home{ann, ben} {
				if inRoster := slices.Contains(cem.view(id).People.EpochRoster(e), gone.view(id).Dev); inRoster {
					t.Errorf("what Cem writes is for %s, who is out", gone.name)
				}
			}
			meet(cem, dee, id)
			meet(dee, cem, id)
			dee.mustRead(id, "of Cem", "for those who stay")
		})
	}
}

func TestPrekeysAreRenewedAndOldOnesDestroyed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ann := newHome(t, "Ann")
		id := ann.begin("Elm Street")
		boxes := func() []node.Box { k, _ := ann.keys.Circle(id); return k.Boxes }
		first := boxes()[0]
		wake := func(after time.Duration) { // a home that is off most of the time
			ann.shut()
			time.Sleep(after)
			ann.start()
			time.Sleep(3 * time.Minute)
		}
		wake(29 * day)
		if n := len(boxes()); n != 1 {
			t.Fatalf("%d prekeys after 29 days", n)
		}
		wake(2 * day)
		if n := len(boxes()); n != 2 {
			t.Fatalf("%d prekeys after 31 days", n)
		}
		s := ann.view(id)
		if d, _ := s.People.Device(s.Dev); d.BoxHLC.Time().Before(time.Now().Add(-time.Hour)) {
			t.Error("the new prekey was not published")
		}
		wake(59 * day)
		if !holds(boxes(), first) {
			t.Error("the first prekey went before its time")
		}
		wake(2 * day)
		if holds(boxes(), first) {
			t.Error("the first prekey is kept 61 days after a newer one was accepted")
		}
		wake(400 * day) // in a drawer
		if n := len(boxes()); n < 2 {
			t.Errorf("%d prekeys after a year in a drawer: what was sealed meanwhile cannot be opened", n)
		}
	})
}

func holds(boxes []node.Box, want node.Box) bool {
	for _, b := range boxes {
		if string(b.Key) == string(want.Key) {
			return true
		}
	}
	return false
}

func TestAForkIsShownOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ann, ben, cem, id := gathered(t)
		ben.shut()
		backup := ben.store.(*storage.Mem).Snapshot()
		ben.start()
		ben.do(id, wish("a chair"))
		meet(ben, ann, id)
		ben.shut()
		ben.store = backup // as somebody does who restores a disk
		ben.start()
		ben.do(id, wish("a table"))
		meet(ben, ann, id)
		meet(ann, cem, id)
		for range 20 {
			time.Sleep(30 * time.Second)
			meet(ann, cem, id)
		}
		dev := ben.view(id).Dev
		for _, h := range []*home{ann, cem} {
			if _, shown := h.view(id).People.ForkedFrom(dev); !shown {
				t.Errorf("%s has not heard of the fork", h.name)
			}
			h.mustRead(id, "after the fork", "a chair", "a table")
		}
		ops := ann.view(id).Ops
		time.Sleep(time.Hour)
		meet(ann, cem, id)
		if more := ann.view(id).Ops - ops; more != 0 {
			t.Errorf("%d ops more within an hour in which nobody did anything", more)
		}
		if _, err := ben.Do(t.Context(), id, circle.SetSection{Section: circle.SectionName, Values: []string{"Ben"}}); err == nil {
			t.Error("the forked device goes on as if nothing were")
		}
	})
}

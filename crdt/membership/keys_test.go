package membership_test

import (
	"testing"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/crdt/membership/membertest"
)

func all(membership.EpochID) bool { return true }

func TestHistoryFromJoining(t *testing.T) {
	charter := membership.DefaultCharter("Quiet circle")
	charter.History = membership.HistoryFromJoining
	c := membertest.Begin(membertest.NewPerson("Ada"), charter)
	ada := c.Founder
	one := c.Epoch(ada.Device(), "one")
	c.Tell(ada, one)
	bo := c.Join(ada, "Bo")
	v := c.Set.View()
	if v.Entitled(bo.Device().Key, one.ID) || !v.Entitled(ada.Device().Key, one.ID) {
		t.Error("Entitled to what was before: want the founder alone")
	}
	if _, ok := v.WriteEpoch(all); ok || v.MintReason() != membership.MintJoined {
		t.Errorf("WriteEpoch ok = %v, MintReason = %d; want none, MintJoined", ok, v.MintReason())
	}
	two := c.Epoch(ada.Device(), "two")
	c.Tell(ada, two)
	v = c.Set.View()
	if e, ok := v.WriteEpoch(all); !ok || e.Epoch.ID != two.ID || e.Epoch.Gen != 2 {
		t.Errorf("WriteEpoch = generation %d, %v; want the second", e.Epoch.Gen, ok)
	}
	if !v.Entitled(bo.Device().Key, two.ID) || v.MintReason() != membership.MintNone || v.NextGen() != 3 {
		t.Errorf("after the second epoch: MintReason %d, NextGen %d", v.MintReason(), v.NextGen())
	}
	if _, ok := v.WriteEpoch(func(id membership.EpochID) bool { return id == one.ID }); ok {
		t.Error("WriteEpoch picks an epoch that a member may not read")
	}
}

func TestHistoryAllOpensWhatWasBefore(t *testing.T) {
	c := membertest.NewCircle("Ada")
	one := c.Epoch(c.Founder.Device(), "one")
	c.Tell(c.Founder, one)
	bo := c.Join(c.Founder, "Bo")
	v := c.Set.View()
	if !v.Entitled(bo.Device().Key, one.ID) || v.MintReason() != membership.MintNone {
		t.Errorf("Entitled = %v, MintReason = %d; want true, MintNone", v.Entitled(bo.Device().Key, one.ID), v.MintReason())
	}
	if v.Entitled(membertest.NewPerson("Eve").Device().Key, one.ID) {
		t.Error("a stranger's device is entitled")
	}
}

// A fork proof may weaken a removal after the fact; keys stay withheld until
// somebody lets the removed one in again.
func TestKeysStayWithheldAfterAForkProof(t *testing.T) {
	c, people := membertest.Grown(4)
	ada, bo, dee := people[0], people[1], people[3]
	epoch := c.Epoch(ada.Device(), "one")
	c.Tell(ada, epoch)
	c.Sync(ada.Device(), bo.Device())
	twin := *bo.Device()
	first := c.Make(&twin, twin.Knows, &membership.Away{})
	proposal := c.Tell(ada, &membership.Propose{What: membership.Remove, Target: dee.ID})
	stand := c.Tell(bo, &membership.Stand{Proposal: proposal})
	standing := c.Ops[len(c.Ops)-1].Op
	c.Tell(ada, &membership.Enact{Proposal: proposal})
	if m, _ := c.Set.View().Member(dee.ID); m.Standing != membership.Removed {
		t.Fatalf("before the proof: %v, want removed", m.Standing)
	}
	c.Tell(people[2], membership.NewForkProof(&first, &standing))
	v := c.Set.View()
	if m, _ := v.Member(dee.ID); m.Standing != membership.In {
		t.Fatalf("after the proof that %s was forked: %v, want in", stand.Short(), m.Standing)
	}
	if v.Entitled(dee.Device().Key, epoch.ID) {
		t.Error("Entitled after the proof: keys were handed out again")
	}
	c.Tell(people[2], c.Admit(people[2].Device(), dee, crdt.ID{}, ""))
	if !c.Set.View().Entitled(dee.Device().Key, epoch.ID) {
		t.Error("Entitled after being let in again: keys stay withheld")
	}
}

func TestCircleEpochCommits(t *testing.T) {
	c, people := membertest.Grown(2)
	c.Sync(people[0].Device(), people[1].Device())
	real := c.Epoch(people[0].Device(), "one")
	claim := *real
	claim.Commit = membertest.Seed("nothing")
	c.Must(people[0].Device(), real)
	c.Must(people[1].Device(), &claim)
	v := c.Set.View()
	if !v.CircleEpoch(real.ID, real.Commit) || !v.CircleEpoch(real.ID, claim.Commit) || v.CircleEpoch(real.ID, membertest.Seed("other")) {
		t.Error("CircleEpoch: want both commitments of one id, and no other")
	}
}

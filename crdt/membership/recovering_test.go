package membership_test

import (
	"testing"

	"tend/crdt/membership"
	"tend/crdt/membership/membertest"
)

// recovers lets the others stand for a person's new root, waits, enacts it, and
// gives the person a device that the new root certifies.
func recovers(t *testing.T, c *membertest.Circle, who *membertest.Person, others ...*membertest.Person) *membertest.Device {
	t.Helper()
	root, pub := membertest.Key("recovered", who.Name, len(who.Devices))
	r := membership.Recovery{NewRoot: pub, NextRootHash: membertest.Seed("after", who.Name, len(who.Devices))}
	p := c.Tell(others[0], &membership.Propose{What: membership.Recover, Target: who.ID, Payload: membership.EncodeRecovery(r)})
	c.Tell(others[1], &membership.Stand{Proposal: p})
	c.Pass(4 * membertest.Day)
	for _, o := range others {
		c.Tell(o, &membership.Beat{})
	}
	e := c.Tell(others[0], &membership.Enact{Proposal: p})
	who.Root = root
	d := who.NewDevice()
	d.Knows = c.Heads()
	if _, err := c.TryWrite(d, &membership.Rotate{NewRoot: r.NewRoot, NextRootHash: r.NextRootHash, Enact: e, Cert: who.Cert(c.ID, d)}); err != nil {
		t.Fatalf("rotate: %v", err)
	}
	return d
}

// TestRecoveredTwice lets somebody lose everything twice: what the second root
// certifies is theirs, and what the first one did is out.
func TestRecoveredTwice(t *testing.T) {
	c, people := membertest.Grown(4)
	ann := people[3]
	first := recovers(t, c, ann, people[:3]...)
	if _, err := c.TryWrite(first, &membership.Beat{}); err != nil {
		t.Fatalf("the first recovered device: %v", err)
	}
	second := recovers(t, c, ann, people[:3]...)
	if _, err := c.TryWrite(second, &membership.Beat{}); err != nil {
		t.Errorf("the second recovered device: %v", err)
	}
	first.Knows = c.Heads()
	if _, err := c.TryWrite(first, &membership.Beat{}); err == nil {
		t.Error("the device of the root before writes on")
	}
	further := c.AddDevice(ann)
	if d, _ := c.Set.View().Device(further.Key); d.Revoked {
		t.Error("a device that the second root certified is revoked")
	}
}

// What a home says of a recovery is what the rule asks: one more must stand while a
// device of the member objects; and a recovery is open from the first stand until it
// is carried out, by this proposal or another one, or let go.
func TestWhatARecoveryNeeds(t *testing.T) {
	c, people := membertest.Grown(4)
	rosa, others := people[0], people[1:]
	_, pub := membertest.Key("needs", rosa.Name, 0)
	r := membership.Recovery{NewRoot: pub, NextRootHash: membertest.Seed("needs", rosa.Name, 1)}
	propose := &membership.Propose{What: membership.Recover, Target: rosa.ID, Payload: membership.EncodeRecovery(r)}
	p := c.Tell(others[0], propose)
	info := func() membership.RecoveryInfo {
		t.Helper()
		for _, i := range c.Set.View().Recoveries() {
			if i.Proposal == p {
				return i
			}
		}
		t.Fatal("the recovery is not listed")
		return membership.RecoveryInfo{}
	}
	if i := info(); i.Needs != 2 || len(i.Stood) != 1 || !i.Open(i.Made.Millis()) || i.Ready {
		t.Errorf("after the first stand: %+v", i)
	}
	c.Tell(rosa, &membership.Object{Target: p})
	if i := info(); i.Needs != 3 {
		t.Errorf("while a device of hers objects %d must stand, want 3", i.Needs)
	}
	c.Tell(others[1], &membership.Stand{Proposal: p})
	c.Pass(4 * membertest.Day)
	for _, o := range others {
		c.Tell(o, &membership.Beat{})
	}
	if i := info(); i.Ready || i.Ripe != 0 {
		t.Errorf("two of three are enough: %+v", i)
	}
	if i := info(); !i.Open(i.Made.Millis()+29*membertest.Day) || i.Open(i.Made.Millis()+31*membertest.Day) {
		t.Error("it is not let go after 30 days")
	}
	done := recovers(t, c, rosa, others...)
	if i := info(); !i.Over || i.Open(i.Made.Millis()) {
		t.Error("it is open though she came back by another one")
	}
	v := c.Set.View()
	if d, _ := v.Device(done.Key); d.Revoked {
		t.Error("she is not back")
	}
	root, next := v.Root(rosa.ID)
	if !v.MayReturn(rosa.ID, root, next) || v.MayReturn(rosa.ID, rosa.Inception.Root, rosa.Inception.NextRootHash) || v.MayReturn(rosa.ID, r.NewRoot, r.NextRootHash) {
		t.Error("the wrong roots may return")
	}
}

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

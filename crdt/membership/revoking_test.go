package membership_test

import (
	"crypto/ed25519"
	"testing"

	"tend/crdt/membership"
	"tend/crdt/membership/membertest"
)

// A device is ended by a sibling, or by whoever brings the root's signature; by
// nobody else, and two siblings that end each other are both out.
func TestWhoMayRevokeADevice(t *testing.T) {
	c, people := membertest.Grown(3)
	rosa, other := people[0], people[1]
	phone, tablet := c.AddDevice(rosa), c.AddDevice(rosa)
	if _, err := c.TryWrite(other.Devices[0], &membership.DeviceRevoke{Dev: phone.Key}); err == nil {
		t.Error("somebody else ended a device")
	}
	other.Devices[0].Knows = c.Heads()
	b := &membership.DeviceRevoke{Dev: tablet.Key}
	b.SigRoot = ed25519.Sign(rosa.Root, b.Signed(c.ID, rosa.ID))
	if _, err := c.TryWrite(other.Devices[0], b); err != nil {
		t.Errorf("with the root's signature: %v", err)
	}
	first := rosa.Devices[0]
	first.Knows, phone.Knows = c.Heads(), c.Heads()
	for _, pair := range [][2]*membertest.Device{{first, phone}, {phone, first}} {
		if _, err := c.TryWrite(pair[0], &membership.DeviceRevoke{Dev: pair[1].Key}); err != nil {
			t.Errorf("a sibling: %v", err)
		}
	}
	for _, d := range rosa.Devices {
		if got, _ := c.Set.View().Device(d.Key); !got.Revoked {
			t.Errorf("device %s is in", d.Key.Short())
		}
	}
	if m, _ := c.Set.View().Member(rosa.ID); m.Standing != membership.In {
		t.Error("the member is out with their devices")
	}
}

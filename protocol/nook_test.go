package protocol_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/membership"
	"tend/protocol"
)

func TestNookSizes(t *testing.T) {
	for _, row := range []struct{ members, devices, boxes int }{
		{1, 1, 4}, {2, 4, 4}, {2, 5, 8}, {5, 8, 8}, {5, 9, 16}, {16, 17, 32}, {16, 32, 32}, {16, 33, 0},
	} {
		var members []crdt.ID
		for i := range row.members {
			members = append(members, crdt.ID{byte(row.members - i)})
		}
		var devices []membership.Device
		keys := make([]protocol.BoxKey, row.devices)
		for i := range row.devices {
			keys[i] = boxKey(t, "box"+string(rune(i)))
			devices = append(devices, membership.Device{Dev: crdt.Device{byte(i + 1)}, Box: keys[i].Public()})
		}
		s, e, err := protocol.SealNook(stream("dummies"), fixtureCircle, members, devices)
		if err != nil {
			t.Fatal(err)
		}
		if len(e.Boxes) != row.boxes {
			t.Errorf("SealNook(%d devices) has %d boxes, want %d", row.devices, len(e.Boxes), row.boxes)
		}
		if !slices.IsSortedFunc(e.Boxes, func(a, b membership.Box) int { return bytes.Compare(a.Enc, b.Enc) }) {
			t.Errorf("boxes of %d devices stand in an order that tells something", row.devices)
		}
		if got, want := len(e.SealedRoster), 39+34*protocol.NookSize(max(row.members, row.devices))+16; got != want {
			t.Errorf("roster of %d members and %d devices has %d bytes, want %d", row.members, row.devices, got, want)
		}
		if row.boxes > 0 {
			last := row.devices - 1
			if got, ok := protocol.TryNook(keys[last], fixtureCircle, devices[last].Dev, e); !ok || got != s {
				t.Errorf("TryNook of device %d = %x, %v, want the secret", last, got, ok)
			}
			if _, ok := protocol.TryNook(keys[last], fixtureCircle, crdt.Device{99}, e); ok {
				t.Error("TryNook opens for a device that the box is not for")
			}
		}
		got, err := protocol.OpenNookRoster(s, fixtureCircle, e)
		slices.SortFunc(members, crdt.ID.Compare)
		if err != nil || !slices.Equal(got, members) {
			t.Errorf("OpenNookRoster = %v, %v, want %v", got, err, members)
		}
		if payload := canon.MustMarshal(e); len(payload) > 40_000 {
			t.Errorf("nook of %d boxes takes %d bytes", row.boxes, len(payload))
		}
	}
}

// The largest nook must fit the limit that membership sets on a sealed roster.
func TestLargestNook(t *testing.T) {
	members := make([]crdt.ID, protocol.MaxNookMembers+1)
	for i := range members {
		members[i] = crdt.ID{byte(i >> 8), byte(i), 1}
	}
	_, e, err := protocol.SealNook(stream("dummies"), fixtureCircle, members[1:], nil)
	if err != nil || len(e.SealedRoster) > membership.MaxRoster {
		t.Errorf("SealNook(%d members) = %d bytes, %v, limit %d", protocol.MaxNookMembers, len(e.SealedRoster), err, membership.MaxRoster)
	}
	if _, _, err := protocol.SealNook(stream("dummies"), fixtureCircle, members, nil); !errors.Is(err, protocol.ErrNook) {
		t.Errorf("SealNook(%d members) = %v, want %v", len(members), err, protocol.ErrNook)
	}
	if _, _, err := protocol.SealNook(stream("dummies"), fixtureCircle, []crdt.ID{{1}, {1}}, nil); !errors.Is(err, protocol.ErrNook) {
		t.Errorf("SealNook of one member twice = %v, want %v", err, protocol.ErrNook)
	}
}

func TestBoxKeyKeeps(t *testing.T) {
	k := boxKey(t, "box")
	again, err := protocol.ParseBoxKey(k.Bytes())
	if err != nil || !bytes.Equal(again.Public(), k.Public()) || len(k.Public()) != protocol.BoxPublicSize || len(k.Bytes()) != protocol.BoxPrivateSize {
		t.Errorf("ParseBoxKey(Bytes()) = %d bytes public, %v", len(again.Public()), err)
	}
	if _, err := protocol.ParseBoxKey(k.Bytes()[1:]); !errors.Is(err, protocol.ErrBoxKey) {
		t.Errorf("ParseBoxKey of 31 bytes = %v, want %v", err, protocol.ErrBoxKey)
	}
	if _, err := protocol.SealLockbox(k.Public()[1:], fixtureCircle, secret(t, "epoch"), crdt.Device{1}); !errors.Is(err, protocol.ErrBoxKey) {
		t.Errorf("SealLockbox for 1,215 bytes = %v, want %v", err, protocol.ErrBoxKey)
	}
}

package node_test

import (
	"crypto/sha256"
	"io"
	"slices"
	"strings"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node"
	"tend/protocol"
)

// seedOf is the seed in the home's only phrase.
func (h *home) seedOf() *[32]byte {
	h.t.Helper()
	phrase, _ := h.Phrases()
	seed, err := protocol.ParsePhrase(strings.Join(phrase[0].Words, " "))
	if err != nil {
		h.t.Fatal(err)
	}
	return &seed
}

// backByWords lets again come back at a door by the words of a seed, and meet it.
func backByWords(t *testing.T, again, door *home, id crdt.ID, name string, seed *[32]byte) {
	t.Helper()
	if _, err := again.ComeBack(door.invites(id, node.InviteOptions{}), name, seed); err != nil {
		t.Fatal(err)
	}
	if told, err := returns(again, door); err != nil || told != "" {
		t.Fatalf("%s at %s's door: %q, %v, want in", again.name, door.name, told, err)
	}
	meet(again, door, id)
}

// Where newcomers read from their joining on, a member's further device reads what
// its member can: no less, and of the past no more.
func TestAFurtherDeviceReadsWhatItsMemberCould(t *testing.T) {
	ann, id, _ := past(t, membership.HistoryFromJoining)
	ben, phone, tablet := newHome(t, "Ben"), newHome(t, "Ben's phone"), newHome(t, "Ann's tablet")
	join(ben, ann, id)
	ben.do(id, wish("a chair"))
	meet(ann, ben, id)
	linkUp(t, ben, phone)
	meet(phone, ben, id)
	check := func(when string) {
		t.Helper()
		phone.mustRead(id, when, shownNeed, shownNote, "a chair", "Ann")
		phone.mustNotRead(id, when, closedNeed, closedNote, replacedName)
	}
	check("linked")
	phone.restart()
	check("after a restart")
	linkUp(t, ann, tablet)
	meet(tablet, ann, id)
	tablet.mustRead(id, "linked", shownNeed, closedNeed, closedNote, replacedName, "a chair")
}

// A member who comes back at the door of somebody who came later reads at once what
// stands open, and the rest of what they could once a home is met that has it.
func TestAReturnerReadsWhatTheyCould(t *testing.T) {
	ann, id, old := past(t, membership.HistoryFromJoining)
	ben, cem, again := newHome(t, "Ben"), newHome(t, "Cem"), newHome(t, "Ben again")
	join(ben, ann, id)
	between := ben.do(id, wish("only between Ben and Ann")).ID
	ben.do(id, circle.SetPostStatus{ID: between, Status: circle.StatusMet})
	ben.do(id, wish("a chair"))
	meet(ann, ben, id)
	if err := waitVoice(ben, ann, id); err != nil {
		t.Fatal(err)
	}
	join(cem, ann, id)
	deadline(t, func() bool {
		meet(ben, ann, id)
		meet(cem, ann, id)
		s := cem.view(id)
		return s.People.HasVoice(s.Me)
	})
	cem.mustNotRead(id, "in", "only between Ben and Ann")
	seed := ben.seedOf()
	ben.shut()
	backByWords(t, again, cem, id, "Ben", seed)
	again.mustRead(id, "back at Cem's door", shownNeed, shownNote, "a chair")
	again.mustNotRead(id, "back at Cem's door", closedNeed, closedNote, replacedName)
	meet(ann, cem, id) // who passes on who is back
	meet(again, ann, id)
	again.mustRead(id, "with Ann", shownNeed, "only between Ben and Ann", "a chair")
	again.mustNotRead(id, "with Ann", closedNeed, closedNote, replacedName)
	for _, e := range old {
		if len(ann.KeysFor(id, again.peer(), []membership.EpochID{e})) > 0 {
			t.Error("Ann hands out an epoch of before Ben's joining")
		}
	}
}

// falseDoor answers a returner with a log that was once handed to its owner, as
// somebody could who kept the circle's log key and has read the invitation. It
// returns what the returner says after that.
func falseDoor(t *testing.T, again, of *home, id crdt.ID, door membership.PeerKey, spoil func([]crdt.Op) []crdt.Op) (afterwards [][]byte, err error) {
	t.Helper()
	kept, _ := of.keys.Circle(id)
	member := of.view(id).People.Founder()
	d, _ := of.view(id).People.Device(of.view(id).Dev)
	d.Cert.Peer = door
	c, err := of.store.Circle(id)
	if err != nil {
		t.Fatal(err)
	}
	var ops []crdt.Op
	for s, err := range c.Controls() {
		if err != nil {
			t.Fatal(err)
		}
		ops = append(ops, s.Op)
	}
	ops = spoil(ops)
	a, b, _ := pipes()
	ended := make(chan error, 1)
	go func() {
		_, err := again.Recover(t.Context(), again.Knocks()[0].ID, door, a)
		close(a.out)
		ended <- err
	}()
	hear := func() []byte {
		data, err := b.Receive(1 << 20)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	say := func(f protocol.Frame) {
		data, err := protocol.EncodeFrame(f)
		if err != nil {
			t.Fatal(err)
		}
		b.Send(data)
	}
	hear()
	b.Send(protocol.EncodeDoorAnswer(protocol.DoorAnswer{Verdict: protocol.DoorOpen, Cert: d.Cert, Member: member}))
	proof, err := protocol.DecodeRecoverProve(hear())
	if err != nil {
		t.Fatal(err)
	}
	box, err := protocol.SealLockbox(proof.Cert.Box, id, kept.LogKey, proof.Cert.Dev)
	if err != nil {
		t.Fatal(err)
	}
	say(&protocol.Keys{Boxes: []protocol.Lockbox{box}})
	say(protocol.PackByID(ops, func(*crdt.Op) bool { return true }))
	say(&protocol.Edge{Sent: uint64(len(ops))})
	for {
		data, rerr := b.Receive(1 << 20)
		if rerr == io.EOF {
			return afterwards, <-ended
		}
		afterwards = append(afterwards, data)
	}
}

// A returner says nothing more to a door that is no member by the log it hands over,
// or whose log does not hold, and keeps nothing of it.
func TestAReturnerTurnsFromAFalseDoor(t *testing.T) {
	ann, ben, again := newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Ann again")
	id := ann.begin("Oak Street")
	ann.do(id, circle.SetSection{Section: circle.SectionName, Values: []string{"Ann"}})
	join(ben, ann, id)
	seed := ann.seedOf()
	if _, err := again.ComeBack(ben.invites(id, node.InviteOptions{}), "Ann", seed); err != nil {
		t.Fatal(err)
	}
	whole := func(ops []crdt.Op) []crdt.Op { return ops }
	forged := func(ops []crdt.Op) []crdt.Op {
		ops = slices.Clone(ops)
		last := &ops[len(ops)-1]
		last.Sig = slices.Clone(last.Sig)
		last.Sig[3] ^= 1
		return ops
	}
	stale := func(ops []crdt.Op) []crdt.Op { return ops[:1] }
	for _, r := range []struct {
		name  string
		door  membership.PeerKey
		spoil func([]crdt.Op) []crdt.Op
	}{
		{"no member", sha256.Sum256([]byte("somebody")), whole},
		{"forged log", ben.peer(), forged},
		{"log of before the invitation", ben.peer(), stale},
	} {
		t.Run(r.name, func(t *testing.T) {
			said, err := falseDoor(t, again, ben, id, r.door, r.spoil)
			if err == nil || len(said) > 0 {
				t.Errorf("the returner took it: %v, and said %d more messages", err, len(said))
			}
			if _, kept := again.keys.Circle(id); kept || len(again.All()) > 0 {
				t.Error("something of it was kept")
			}
		})
	}
	said, err := falseDoor(t, again, ben, id, ben.peer(), whole)
	if err != nil || len(said) != 1 {
		t.Errorf("by a good log: %v, %d messages, want one", err, len(said))
	}
}

// Every way in makes a device key of its own, and none is a key of before.
func TestDeviceKeysAreNeverReused(t *testing.T) {
	ann, ben := newHome(t, "Ann"), newHome(t, "Ben")
	id := ann.begin("Oak Street")
	ann.do(id, circle.SetSection{Section: circle.SectionName, Values: []string{"Ann"}})
	join(ben, ann, id)
	seed := ann.seedOf()
	seen := map[crdt.Device]string{ann.view(id).Dev: "Ann", ben.view(id).Dev: "Ben"}
	boxes := map[string]string{}
	fresh := func(h *home) {
		t.Helper()
		dev := h.view(id).Dev
		if before, used := seen[dev]; used {
			t.Errorf("%s has the device key of %s", h.name, before)
		}
		seen[dev] = h.name
		d, ok := h.view(id).People.Device(dev)
		if !ok {
			t.Errorf("%s's device is not certified", h.name)
		}
		if before, used := boxes[string(d.Box)]; used {
			t.Errorf("%s has the box key of %s", h.name, before)
		}
		boxes[string(d.Box)] = h.name
	}
	phone := newHome(t, "phone")
	linkUp(t, ann, phone)
	meet(phone, ann, id)
	fresh(phone)
	// The phone is wiped and linked again: another device.
	if _, err := ann.RevokeDevice(t.Context(), id, phone.view(id).Dev); err != nil {
		t.Fatal(err)
	}
	wiped := newHome(t, "phone, wiped")
	linkUp(t, ann, wiped)
	meet(wiped, ann, id)
	fresh(wiped)
	meet(ben, ann, id)
	ann.shut()
	for _, name := range []string{"by words", "by words again"} {
		again := newHome(t, name)
		backByWords(t, again, ben, id, "Ann", seed)
		fresh(again)
	}
	m, _ := ben.view(id).People.Member(ann.view(id).Me)
	if len(m.Devices) != 5 {
		t.Errorf("Ann has had %d devices, want 5", len(m.Devices))
	}
}

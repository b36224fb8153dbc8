package node_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node"
	"tend/node/words"
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
	unhurried(t, aFurtherDeviceReadsWhatItsMemberCould)
}

func aFurtherDeviceReadsWhatItsMemberCould(t *testing.T) {
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
func TestAReturnerReadsWhatTheyCould(t *testing.T) { unhurried(t, aReturnerReadsWhatTheyCould) }

func aReturnerReadsWhatTheyCould(t *testing.T) {
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
func TestDeviceKeysAreNeverReused(t *testing.T) { unhurried(t, deviceKeysAreNeverReused) }

func deviceKeysAreNeverReused(t *testing.T) {
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

// A device that was ended is told so by whoever meets it: by which other device, and
// what it wrote without effect; it writes nothing more, and makes no noise.
func TestAnEndedDeviceIsTold(t *testing.T) { unhurried(t, anEndedDeviceIsTold) }

func anEndedDeviceIsTold(t *testing.T) {
	ann, ben, phone := newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Ann's phone")
	id := ann.begin("Oak Street")
	join(ben, ann, id)
	linkUp(t, ann, phone)
	meet(phone, ann, id)
	meet(ben, ann, id)
	unseen := phone.do(id, wish("written before it heard")).ID
	if _, err := ann.RevokeDevice(t.Context(), id, phone.view(id).Dev); err != nil {
		t.Fatal(err)
	}
	meet(ben, ann, id)
	if phone.view(id).DeviceOut {
		t.Fatal("the phone knows already")
	}
	of, bye, owed := ben.Goodbye(phone.peer())
	if !owed || of != id || ben.Standing(phone.peer()) != node.Parted {
		t.Fatalf("Ben owes the phone %v, %t", of, owed)
	}
	before := phone.view(id).Standing
	if err := phone.TakeGoodbye(t.Context(), id, ben.peer(), bye); err != nil {
		t.Fatalf("the phone does not take it: %v", err)
	}
	s := phone.view(id)
	if !s.DeviceOut || s.Standing != before || s.Standing != membership.In {
		t.Errorf("the phone is out: %t, its member %v", s.DeviceOut, s.Standing)
	}
	if len(s.Void) != 1 || s.Void[0].Op != unseen {
		t.Errorf("without effect: %v, want %s", s.Void, unseen.Short())
	}
	ends := s.People.Ends(s.Dev)
	if len(ends) != 1 || ends[0].Kind != membership.KindDeviceRevoke || ends[0].Dev != ann.view(id).Dev || ends[0].By != s.Me {
		t.Errorf("ended by %v, want Ann's first device", ends)
	}
	_, err := phone.Do(t.Context(), id, wish("one more"))
	if p, ok := err.(*circle.Problem); !ok || p.Code != circle.Kept || !strings.Contains(words.Told.Tell(p.Said), "ended") {
		t.Errorf("writing on it: %v, want a refusal that says why", err)
	}
	if len(phone.Circles()) != 0 || len(phone.Contacts()) != 0 || phone.DoorOpen() {
		t.Error("the phone still takes part")
	}
	phone.restart()
	if !phone.view(id).DeviceOut {
		t.Error("forgotten after a restart")
	}
	if _, ok := ann.view(id).State.Post(ann.env(id), unseen); ok {
		t.Error("what nobody had seen has an effect")
	}
	// Words that do not end this device end nothing.
	if err := ann.TakeGoodbye(t.Context(), id, ben.peer(), bye); err == nil {
		t.Error("Ann took another device's goodbye for her own")
	}
}

// An invitation that was made on a lost device opens no door: whoever has the device
// has the invitation.
func TestAnInvitationOfALostDevice(t *testing.T) { unhurried(t, anInvitationOfALostDevice) }

func anInvitationOfALostDevice(t *testing.T) {
	ann, ben, phone, thief := newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Ann's phone"), newHome(t, "thief")
	id := ann.begin("Oak Street")
	join(ben, ann, id)
	linkUp(t, ann, phone)
	meet(phone, ann, id)
	code := phone.invites(id, node.InviteOptions{Uses: 2})
	meet(phone, ann, id)
	meet(ben, ann, id)
	if err := waitVoice(ben, ann, id); err != nil {
		t.Fatal(err)
	}
	if !ben.DoorOpen() {
		t.Fatal("Ben's door is not open for it")
	}
	if _, err := ann.RevokeDevice(t.Context(), id, phone.view(id).Dev); err != nil {
		t.Fatal(err)
	}
	meet(ben, ann, id)
	if err := knock(thief, ben, code); err == nil || !strings.Contains(err.Error(), "taken back") {
		t.Errorf("the thief knocks: %v, want that it was taken back", err)
	}
	if ben.DoorOpen() {
		t.Error("Ben's door is still open")
	}
}

// What is written for a few after a device was ended is not under a secret that the
// device had.
func TestANookOfALostDevice(t *testing.T) { unhurried(t, aNookOfALostDevice) }

func aNookOfALostDevice(t *testing.T) {
	ann, ben, phone := newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Ann's phone")
	id := ann.begin("Oak Street")
	join(ben, ann, id)
	linkUp(t, ann, phone)
	meet(phone, ann, id)
	meet(ben, ann, id)
	both := []crdt.ID{ben.view(id).Me}
	tell := func(h *home, to []crdt.ID, words string) crdt.ID {
		return h.do(id, circle.PostNeed{Posted: circle.Posted{Title: words, People: 1, To: to}}).ID
	}
	first := tell(ann, both, "between us")
	meet(phone, ann, id)
	meet(ben, ann, id)
	if !phone.view(id).State.Has(first) {
		t.Fatal("the phone does not read what Ann wrote")
	}
	if again := tell(ann, both, "and again"); ann.nookOf(id, first) != ann.nookOf(id, again) {
		t.Error("a nook that is fit is not used again")
	}
	if _, err := ann.RevokeDevice(t.Context(), id, phone.view(id).Dev); err != nil {
		t.Fatal(err)
	}
	meet(ben, ann, id)
	late := tell(ann, both, "after the phone was lost")
	answer := tell(ben, []crdt.ID{ann.view(id).Me}, "Ben, after that")
	meet(ben, ann, id)
	for _, op := range []crdt.ID{late, answer} {
		if !ben.view(id).State.Has(op) || !ann.view(id).State.Has(op) {
			t.Error("the two do not read each other any more")
		}
		if _, has := phone.secrets(id)[ann.nookOf(id, op)]; has {
			t.Error("it is sealed with what the lost phone holds")
		}
	}
	if next := tell(ann, both, "and on"); ann.nookOf(id, next) != ann.nookOf(id, late) && ann.nookOf(id, next) != ann.nookOf(id, answer) {
		t.Error("each letter makes a nook of its own")
	}
}

// nookOf is the epoch under which an op was sealed.
func (h *home) nookOf(id, op crdt.ID) membership.EpochID {
	h.t.Helper()
	c, err := h.store.Circle(id)
	if err != nil {
		h.t.Fatal(err)
	}
	o, _, ok, err := c.Op(op)
	if err != nil || !ok {
		h.t.Fatalf("%s has no op %s: %v", h.name, op.Short(), err)
	}
	e, err := protocol.BodyEpoch(o.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return e
}

// secrets are the ids of all secrets that a home holds.
func (h *home) secrets(id crdt.ID) map[membership.EpochID]bool {
	out := map[membership.EpochID]bool{}
	kept, _ := h.keys.Circle(id)
	for _, s := range kept.Secrets {
		out[s.EpochID()], out[s.NookID()] = true, true
	}
	return out
}

// backBy lets a member of a circle of two come back by the other one, as far as the
// enact: their home asks at the door, the other stands, three days pass.
func backBy(t *testing.T, clock *sharedClock, ben, again *home, id, member crdt.ID) {
	t.Helper()
	code, ok := again.ComingBackCode()
	if !ok {
		t.Fatal("there is no code to show")
	}
	if _, err := ben.StandFor(t.Context(), member, &code); err != nil {
		t.Fatal(err)
	}
	clock.pass(73 * time.Hour)
	if _, err := ben.Return(t.Context(), id, member); err != nil {
		t.Fatal(err)
	}
}

// The door keeps who asks, over a restart, and hands out nothing before the enact.
func TestTheDoorKeepsWhoAsks(t *testing.T) { unhurried(t, theDoorKeepsWhoAsks) }

func theDoorKeepsWhoAsks(t *testing.T) {
	clock := newClock()
	ann, ben, again := newHome(t, "Ann").at(clock), newHome(t, "Ben").at(clock), newHome(t, "Ann again").at(clock)
	id := ann.begin("Oak Street")
	ann.do(id, circle.SetSection{Section: circle.SectionName, Values: []string{"Ann"}})
	join(ben, ann, id)
	if err := waitVoice(ben, ann, id); err != nil {
		t.Fatal(err)
	}
	me := ann.view(id).Me
	asks := func(want int) []node.Asking {
		t.Helper()
		all, err := ben.AskingAt(id)
		if err != nil || len(all) != want {
			t.Fatalf("AskingAt = %v, %v, want %d", all, err, want)
		}
		return all
	}
	knocks := func(want string, h *home) {
		t.Helper()
		if told, err := returns(h, ben); err != nil || told != want {
			t.Fatalf("the door said %q, %v, want %q", told, err, want)
		}
		if _, kept := h.keys.Circle(id); kept != (want == "") {
			t.Errorf("the returner holds keys: %t", kept)
		}
	}
	asks(0)
	if _, err := again.ComeBack(ben.invites(id, node.InviteOptions{Until: 30 * 24 * time.Hour}), "Annie", nil); err != nil {
		t.Fatal(err)
	}
	knocks("later", again)
	if a := asks(1)[0]; a.Name != "Annie" || !a.Member.IsZero() {
		t.Errorf("kept is %v, want Annie, whoever that is", a)
	}
	if err := ben.Meant(id, "Nobody", me); err == nil {
		t.Error("somebody is meant who does not ask")
	}
	ben.restart()
	if err := ben.Meant(id, " annie ", me); err != nil {
		t.Fatal(err)
	}
	asks(0)
	knocks("later", again)
	code, _ := again.ComingBackCode()
	knocks("later", again)
	for range 2 {
		if a := asks(1)[0]; a.Member != me || a.Code != code {
			t.Errorf("kept is %v, want Ann with her code", a)
		}
		ben.restart()
	}
	backBy(t, clock, ben, again, id, me)

	// Between the enact and the returner's first op, the lost root opens nothing.
	thief := newHome(t, "whoever has Ann's laptop").at(clock)
	if _, err := thief.ComeBack(ben.invites(id, node.InviteOptions{}), "Ann", ann.seedOf()); err != nil {
		t.Fatal(err)
	}
	knocks("later", thief)
	knocks("", again)
	meet(again, ben, id)
	if again.view(id).Me != me {
		t.Error("back as somebody else")
	}
	asks(1) // the thief: shown to Ben until it is forgotten
	knocks("later", thief)
}

// Whoever has seen an invitation's id can say any name at a door, and prove nothing.
// That pushes nobody out who showed a code, and a name that no member could bear is
// not kept: the door's person would read it.
func TestNamesWithoutProofAtTheDoor(t *testing.T) {
	ann, ben, again := newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Ann again")
	id := ann.begin("Oak Street")
	ann.do(id, circle.SetSection{Section: circle.SectionName, Values: []string{"Ann"}})
	join(ben, ann, id)
	if err := waitVoice(ben, ann, id); err != nil {
		t.Fatal(err)
	}
	code := ben.invites(id, node.InviteOptions{})
	says := func(name string) {
		t.Helper()
		a, b, _ := pipes()
		if err := ben.Recovered(t.Context(), membership.PeerKey{1}, protocol.RecoverKnock{Invite: code.ID(), Name: name}, b); err != nil {
			t.Fatal(err)
		}
		data, err := a.Receive(protocol.MaxJoinMessage)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := protocol.DecodeDoorAnswer(data); err != nil || answer.Verdict != protocol.DoorLater {
			t.Errorf("the door said %+v, %v to %q, want later", answer, err, name)
		}
	}
	asking := func() []node.Asking {
		t.Helper()
		all, err := ben.AskingAt(id)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	for _, name := range []string{"", "A\x1b[2J", "A\nB", "A\u202eB", strings.Repeat("A", circle.MaxName+1)} {
		says(name)
	}
	if all := asking(); len(all) > 0 {
		t.Errorf("kept is %+v, want nobody", all)
	}
	if _, err := again.ComeBack(code, "Ann", nil); err != nil {
		t.Fatal(err)
	}
	if told, err := returns(again, ben); err != nil || told != "later" {
		t.Fatalf("the door said %q, %v, want later", told, err)
	}
	for i := range 20 {
		says(fmt.Sprint("Stranger ", i))
	}
	all := asking()
	if len(all) != 16 || !slices.ContainsFunc(all, func(a node.Asking) bool { return a.Name == "Ann" }) {
		t.Errorf("kept is %+v, want 16 with Ann among them", all)
	}
	if !slices.ContainsFunc(all, func(a node.Asking) bool { return a.Name == "Stranger 19" }) {
		t.Error("the newest stranger is not kept")
	}
}

// From the first who stands, a home may leave the devices that may be lost out of
// what it writes for a few; once its member is back, their new device reads that.
func TestLostDevicesAreLeftOut(t *testing.T) { unhurried(t, lostDevicesAreLeftOut) }

func lostDevicesAreLeftOut(t *testing.T) {
	clock := newClock()
	ann, ben, again := newHome(t, "Ann").at(clock), newHome(t, "Ben").at(clock), newHome(t, "Ann again").at(clock)
	id := ann.begin("Oak Street")
	ann.do(id, circle.SetSection{Section: circle.SectionName, Values: []string{"Ann"}})
	join(ben, ann, id)
	if err := waitVoice(ben, ann, id); err != nil {
		t.Fatal(err)
	}
	me := ann.view(id).Me
	tell := func(h *home, words string) crdt.ID {
		return h.do(id, circle.PostNeed{Posted: circle.Posted{Title: words, People: 1, To: []crdt.ID{me}}}).ID
	}
	before := tell(ben, "before the loss")
	meet(ben, ann, id)
	if !ann.view(id).State.Has(before) {
		t.Fatal("Ann does not read what Ben writes to her")
	}
	if _, err := ben.LeaveOut(t.Context(), id, me); err == nil {
		t.Error("somebody is left out who does not come back")
	}
	if _, err := again.ComeBack(ben.invites(id, node.InviteOptions{Until: 30 * 24 * time.Hour}), "Ann", nil); err != nil {
		t.Fatal(err)
	}
	code, _ := again.ComingBackCode()
	if _, err := ben.StandFor(t.Context(), me, &code); err != nil {
		t.Fatal(err)
	}
	unasked := tell(ben, "nobody asked yet")
	if ben.nookOf(id, unasked) != ben.nookOf(id, before) {
		t.Error("left out though nobody asked")
	}
	if _, err := ben.LeaveOut(t.Context(), id, me); err != nil {
		t.Fatal(err)
	}
	hidden := tell(ben, "not for the lost laptop")
	ben.restart()
	hidden2 := tell(ben, "nor this, after a restart")
	if ben.nookOf(id, hidden) != ben.nookOf(id, hidden2) {
		t.Error("a nook without them is not used again")
	}
	for range 2 {
		meet(ann, ben, id) // the laptop is still let in, and asks for keys
	}
	if ann.view(id).State.Has(hidden) || ann.view(id).State.Has(hidden2) {
		t.Error("the lost laptop reads it")
	}
	if boxes := ben.KeysFor(id, ann.peer(), []membership.EpochID{ben.nookOf(id, hidden)}); len(boxes) > 0 {
		t.Error("the lost laptop is handed the secret")
	}
	ahead := newClock() // whoever has the laptop sets its clock on, past the end of the waiting
	ahead.pass(40 * 24 * time.Hour)
	ann.at(ahead)
	ann.do(id, wish("from next year"))
	meet(ann, ben, id)
	if boxes := ben.KeysFor(id, ann.peer(), []membership.EpochID{ben.nookOf(id, hidden)}); len(boxes) > 0 {
		t.Error("once its clock is ahead, the lost laptop is handed the secret")
	}
	ann.at(clock)
	if !ann.view(id).State.Has(unasked) {
		t.Error("the lost laptop does not even read what it might")
	}
	clock.pass(73 * time.Hour)
	if _, err := ben.Return(t.Context(), id, me); err != nil {
		t.Fatal(err)
	}
	after := tell(ben, "after it")
	if told, err := returns(again, ben); err != nil || told != "" {
		t.Fatalf("the door said %q, %v, want in", told, err)
	}
	meet(again, ben, id)
	for _, op := range []crdt.ID{before, unasked, hidden, hidden2, after} {
		if !again.view(id).State.Has(op) {
			t.Error("Ann does not read on her new laptop what Ben wrote to her")
		}
	}
	if ann.secrets(id)[ben.nookOf(id, after)] {
		t.Error("after the enact it is sealed with what the lost laptop holds")
	}
}

// TestRootsAreNeverReused: what a device begins that has another one's seeds, by a
// link or by the words on paper, is by a root that nobody used before.
func TestRootsAreNeverReused(t *testing.T) { unhurried(t, rootsAreNeverReused) }

func rootsAreNeverReused(t *testing.T) {
	ann, ben := newHome(t, "Ann"), newHome(t, "Ben")
	id := ann.begin("Oak Street")
	ann.do(id, circle.SetSection{Section: circle.SectionName, Values: []string{"Ann"}})
	join(ben, ann, id)
	seed := ann.seedOf()
	phone, again := newHome(t, "Ann's phone"), newHome(t, "Ann again")
	linkUp(t, ann, phone)
	meet(phone, ann, id)
	meet(ben, ann, id)
	backByWords(t, again, ben, id, "Ann", seed)
	seen := map[string]string{}
	for _, h := range []*home{ann, phone, again} {
		for _, name := range []string{"Book club", "Choir"} {
			other := h.begin(name)
			m, _ := h.view(other).People.Member(h.view(other).Me)
			root := string(m.Inception.Root[:])
			if before, used := seen[root]; used {
				t.Errorf("%s of %s has the root of %s", name, h.name, before)
			}
			seen[root] = name + " of " + h.name
		}
	}
	m, _ := ann.view(id).People.Member(ann.view(id).Me)
	if before, used := seen[string(m.Inception.Root[:])]; used {
		t.Errorf("%s has the root of the first circle", before)
	}
}

// TestOneDoorIsEnough: once a door said that an invitation is over, another that does not
// answer makes nothing of it.
func TestOneDoorIsEnough(t *testing.T) {
	ann, ben := newHome(t, "Ann"), newHome(t, "Ben")
	id := ann.begin("Oak Street")
	j, err := ben.Join(ann.invites(id, node.InviteOptions{}), "Ben")
	if err != nil {
		t.Fatal(err)
	}
	ben.Turned(j.ID, ann.peer(), protocol.DoorTakenBack.String(), nil)
	ben.Turned(j.ID, ann.peer(), "", errors.New("it is off"))
	if j, known := ben.Joined(j.ID); !known || !strings.Contains(words.Told.Say(j.Over), "taken back") {
		t.Errorf("Joined says %q, want that it was taken back", j.Over)
	}
}

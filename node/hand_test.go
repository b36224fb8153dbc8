package node_test

import (
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/node"
	"tend/storage"
	"tend/storage/storagetest"
)

// inHand is a home without a goroutine, on a clock and a disk of the test's own.
func inHand(t *testing.T, store storage.Store, keys *node.MemKeys, now func() time.Time, step func(node.Step)) *node.Hand {
	t.Helper()
	h, err := node.ByHand(node.Config{Store: store, Keys: keys, Rand: rand.NewChaCha8(keys.TransportSeed()), Now: now, Zone: "Europe/Berlin",
		Log: slog.New(slog.DiscardHandler)}, step)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func beginsInHand(t *testing.T, h *node.Hand) crdt.ID {
	t.Helper()
	id, err := h.Begin(t.Context(), node.BeginOptions{Charter: membership.DefaultCharter("Elm Street"), As: "Ann"})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// TestByHand: what is asked is done when the call returns, and each commit passes
// its steps in order.
func TestByHand(t *testing.T) {
	var steps []node.Step
	h := inHand(t, storage.NewMem(), node.NewMemKeys([32]byte{1}), time.Now, func(s node.Step) { steps = append(steps, s) })
	id := beginsInHand(t, h)
	h.News()
	steps = nil
	res, err := h.Do(t.Context(), id, wish("Soup"))
	if err != nil {
		t.Fatal(err)
	}
	if s, _ := h.View(id); !s.State.Has(res.ID) {
		t.Error("what was written is not visible")
	}
	if news := h.News(); len(news) != 1 || len(news[0].Announce) == 0 {
		t.Errorf("news are %v, want one move with the op", news)
	}
	want := []node.Step{node.Drafted, node.Durable, node.Joined, node.Visible, node.Announced}
	if len(steps) != len(want) {
		t.Fatalf("steps %v, want %v", steps, want)
	}
	for i, s := range steps {
		if s != want[i] {
			t.Errorf("step %d is %d, want %d", i, s, want[i])
		}
	}
}

// TestAMintThatFailsIsNoHurry: a home whose disk is full tries to mint again with its
// next regular upkeep, and not every second.
func TestAMintThatFailsIsNoHurry(t *testing.T) {
	now := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	disk := storagetest.NewFaulty(storage.NewMem())
	h := inHand(t, disk, node.NewMemKeys([32]byte{1}), func() time.Time { return now }, nil)
	id := beginsInHand(t, h)
	now = now.Add(8 * 24 * time.Hour) // the weekly epoch is due
	disk.Fill()
	before, err := h.View(id)
	if err != nil {
		t.Fatal(err)
	}
	if wait := h.Upkeep(); wait < time.Minute {
		t.Errorf("with a full disk the next upkeep is in %v", wait)
	}
	disk.Mend()
	h.Upkeep()
	after, _ := h.View(id)
	if got, old := after.Frontier().Epoch, before.Frontier().Epoch; got == old {
		t.Error("no epoch was minted once there was room again")
	}
}

// twoInHand are two homes of one circle on clocks of their own, the second just let
// in by the first.
func twoInHand(t *testing.T, storeA, storeB storage.Store, nowA, nowB func() time.Time) (a, b *node.Hand, keysB *node.MemKeys, id crdt.ID) {
	t.Helper()
	keysB = node.NewMemKeys([32]byte{2})
	a, b = inHand(t, storeA, node.NewMemKeys([32]byte{1}), nowA, nil), inHand(t, storeB, keysB, nowB, nil)
	id = beginsInHand(t, a)
	if err := knock(asHome(t, "Ben", b), asHome(t, "Ann", a), asHome(t, "Ann", a).invites(id, node.InviteOptions{})); err != nil {
		t.Fatal(err)
	}
	return a, b, keysB, id
}

func asHome(t *testing.T, name string, h *node.Hand) *home {
	return &home{t: t, name: name, Node: h.Node}
}

// TestAPowerCutAfterJoining: a home that was let in knows of no door to knock at any
// more, so what it was handed must outlive the power.
func TestAPowerCutAfterJoining(t *testing.T) {
	disk := storage.NewMem()
	a, _, keys, id := twoInHand(t, storage.NewMem(), disk, time.Now, time.Now)
	disk.Crash()
	b := inHand(t, disk, keys, time.Now, nil)
	meet(asHome(t, "Ben", b), asHome(t, "Ann", a), id)
	if s, err := b.View(id); err != nil || s.Standing != membership.In || !s.Arrived {
		t.Errorf("after a power cut the home stands at %v (%v)", s.Standing, err)
	}
}

// TestPrekeysOutliveAWrongClock: a prekey that a home published with its clock a year
// ahead is of no use to others before that time, so they seal to the one before it,
// and its private half must be there.
func TestPrekeysOutliveAWrongClock(t *testing.T) {
	now, ahead := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC), time.Duration(0)
	right, wrong := func() time.Time { return now }, func() time.Time { return now.Add(ahead) }
	a, b, _, id := twoInHand(t, storage.NewMem(), storage.NewMem(), right, wrong)
	ann, ben := asHome(t, "Ann", a), asHome(t, "Ben", b)
	meet(ben, ann, id)
	ahead = 365 * 24 * time.Hour
	for range 70 {
		now = now.Add(24 * time.Hour)
		b.Upkeep()
		a.Upkeep()
		meet(ben, ann, id)
	}
	need := ann.do(id, wish("Soup")).ID
	meet(ben, ann, id)
	if !ben.view(id).State.Has(need) {
		t.Error("a home whose clock is ahead cannot read any more what is written")
	}
}

// TestADeviceBesideAFastClock: while another home's clock is a year ahead, a new
// device comes in at once, what it writes is seen, and no home makes one epoch after
// the other for it.
func TestADeviceBesideAFastClock(t *testing.T) {
	now, ahead := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC), time.Duration(0)
	right, wrong := func() time.Time { return now }, func() time.Time { return now.Add(ahead) }
	a, b, _, id := twoInHand(t, storage.NewMem(), storage.NewMem(), right, wrong)
	ann, ben := asHome(t, "Ann", a), asHome(t, "Ben", b)
	meet(ben, ann, id)
	ahead = 365 * 24 * time.Hour
	ben.invites(id, node.InviteOptions{}) // a control op of next year
	meet(ben, ann, id)
	p := inHand(t, storage.NewMem(), node.NewMemKeys([32]byte{3}), right, nil)
	pad := asHome(t, "Ann's pad", p)
	linkUp(t, ann, pad)
	for range 30 {
		now = now.Add(time.Minute)
		for _, h := range []*node.Hand{a, b, p} {
			h.Upkeep()
		}
		meet(pad, ann, id)
		meet(ben, ann, id)
		meet(pad, ben, id)
	}
	need := pad.do(id, wish("from the pad")).ID
	meet(pad, ann, id)
	if !ann.view(id).State.Has(need) {
		t.Error("what the new device writes is held back with the fast clock")
	}
	if n := len(ann.view(id).People.Epochs()); n > 6 {
		t.Errorf("%d epochs were made within half an hour", n)
	}
}

// TestAKeyThatCameWhileTheDiskFailed: the key is kept, what it opens was not read, and
// that is made good with the next thing the home does.
func TestAKeyThatCameWhileTheDiskFailed(t *testing.T) {
	now := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	disk := storagetest.NewFaulty(storage.NewMem())
	a, b, _, id := twoInHand(t, storage.NewMem(), disk, clock, clock)
	ann, ben := asHome(t, "Ann", a), asHome(t, "Ben", b)
	meet(ben, ann, id)
	now = now.Add(8 * 24 * time.Hour)
	a.Upkeep() // a new epoch
	need := ann.do(id, wish("Soup")).ID
	withoutKeys(t, ann, ben, id)
	disk.FailWrite(1)
	if err := keys(ben, ann, id); err == nil {
		t.Fatal("the disk did not fail")
	}
	disk.Mend()
	if err := keys(ben, ann, id); err != nil {
		t.Fatal(err)
	}
	b.Upkeep()
	if !ben.view(id).State.Has(need) {
		t.Error("the key is here, and what it opens is not read")
	}
}

// TestAPrekeyLostWithABackup: a home that was put back to before it renewed its prekey
// cannot open what is sealed to the newer one, and publishes another.
func TestAPrekeyLostWithABackup(t *testing.T) {
	now := time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	disk := storage.NewMem()
	a, b, keysB, id := twoInHand(t, storage.NewMem(), disk, clock, clock)
	ann := asHome(t, "Ann", a)
	meet(asHome(t, "Ben", b), ann, id)
	backup, keep := disk.Snapshot(), keysB.Clone()
	now = now.Add(31 * 24 * time.Hour)
	b.Upkeep() // another prekey
	meet(asHome(t, "Ben", b), ann, id)

	again := inHand(t, backup, keep, clock, nil)
	ben := asHome(t, "Ben", again)
	a.Upkeep() // a new epoch
	need := ann.do(id, wish("Soup")).ID
	_ = try(ben, ann, id) // with a lockbox that does not open
	if ben.view(id).State.Has(need) {
		t.Fatal("what is sealed to a prekey that is gone was read")
	}
	again.Upkeep()
	if boxes, _ := keep.Circle(id); len(boxes.Boxes) != 2 {
		t.Errorf("%d prekeys, want a new one", len(boxes.Boxes))
	}
	meet(ben, ann, id)
	meet(ben, ann, id)
	if !ben.view(id).State.Has(need) {
		t.Error("a home put back to a backup cannot read what was written since")
	}
	again.Upkeep()
	if boxes, _ := keep.Circle(id); len(boxes.Boxes) != 2 {
		t.Errorf("%d prekeys, want no further one", len(boxes.Boxes))
	}
}

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
	h, err := node.ByHand(node.Config{Store: store, Keys: keys, Rand: rand.NewChaCha8([32]byte{1}), Now: now, Zone: "Europe/Berlin",
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

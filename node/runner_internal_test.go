package node

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"tend/crdt/membership"
	"tend/node/replica"
	"tend/storage"
)

// TestWhoGivesUpHearsNothing: whoever stops waiting for a job gets nothing of it, for
// the loop may still be at work on it. The race detector sees it if they read on.
func TestWhoGivesUpHearsNothing(t *testing.T) {
	seed := sha256.Sum256([]byte("giving up"))
	n, err := New(Config{Store: storage.NewMem(), Keys: NewMemKeys(seed), Rand: rand.NewChaCha8(seed),
		Now: time.Now, Zone: "Europe/Berlin", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = n.Run(ctx) }()
	defer func() { cancel(); <-done }()
	id, err := n.Begin(ctx, BeginOptions{Charter: membership.DefaultCharter("Elm Street"), As: "Ann"})
	if err != nil {
		t.Fatal(err)
	}
	x, err := n.runner(id)
	if err != nil {
		t.Fatal(err)
	}
	short, stop := context.WithCancel(ctx)
	defer stop()
	given := make(chan struct{})
	slow := func(*replica.Replica, time.Time) (int, error) { stop(); <-given; return 7, nil }
	if said, err := heardFrom(short, x, job{}, slow); said != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("who gave up heard %d, %v", said, err)
	}
	close(given)
	if said, err := heardFrom(ctx, x, job{}, slow); said != 7 || err != nil {
		t.Errorf("who waited heard %d, %v", said, err)
	}
}

// TestAJobNeedsRoom: one that does not say what it adds is let into no full batch.
func TestAJobNeedsRoom(t *testing.T) {
	for _, test := range []struct {
		job        job
		ops, bytes int
		want       bool
	}{
		{job{}, replica.MaxBatchOps, replica.MaxBatchBytes, true},
		{job{}, wishOps - 1, replica.MaxBatchBytes, false},
		{job{}, replica.MaxBatchOps, 0, false},
		{job{ops: 20, bytes: 1000}, 20, wishBytes/4 + 20*replica.BodyCost, true},
		{job{ops: 20, bytes: 1000}, 19, replica.MaxBatchBytes, false},
		{job{ops: 20, bytes: 1000}, 20, wishBytes/4 + 20*replica.BodyCost - 1, false},
		{job{ops: replica.MaxBatchOps, bytes: 1000}, replica.MaxBatchOps, replica.MaxBatchBytes, false}, // each may take a body away
	} {
		if got := test.job.fits(test.ops, test.bytes); got != test.want {
			t.Errorf("%d ops of %d bytes fit into %d and %d: %t, want %t", test.job.ops, test.job.bytes, test.ops, test.bytes, got, test.want)
		}
	}
}

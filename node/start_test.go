package node_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node"
	"tend/storage"
	"tend/storage/badgerstore"
)

// BenchmarkStart is from opening a home on disk with 10,000 ops to its first
// answered question: what is open. With the checkpoint, and without it.
func BenchmarkStart(b *testing.B) {
	for _, checkpoint := range []bool{true, false} {
		b.Run(fmt.Sprintf("checkpoint=%t", checkpoint), func(b *testing.B) {
			f := fillDisk(b, 10_000)
			if !checkpoint {
				f.dropCheckpoint(b)
			}
			for b.Loop() {
				f.openAndAsk(b)
			}
		})
	}
}

// BenchmarkDo is one wish of one person, until it is durable on disk.
func BenchmarkDo(b *testing.B) {
	f := fillDisk(b, 0)
	f.now = fast(time.Now())
	n, stop := f.run(b)
	for b.Loop() {
		if _, err := n.Do(b.Context(), f.id, wish("soup")); err != nil {
			b.Fatal(err)
		}
	}
	stop()
}

// BenchmarkDoTogether is one wish of a hundred people who all wait at once, so that their
// wishes become batches by themselves.
func BenchmarkDoTogether(b *testing.B) {
	f := fillDisk(b, 0)
	f.now = fast(time.Now())
	n, stop := f.run(b)
	b.SetParallelism(100 / runtime.GOMAXPROCS(0))
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := n.Do(b.Context(), f.id, wish("soup")); err != nil {
				b.Error(err)
				return
			}
		}
	})
	stop()
}

// fast is a clock on which a minute passes between two looks.
func fast(from time.Time) func() time.Time {
	var minutes atomic.Int64
	return func() time.Time { return from.Add(time.Duration(minutes.Add(1)) * time.Minute) }
}

// disk is a home on disk with one circle.
type disk struct {
	dir  string
	keys *node.MemKeys
	now  func() time.Time
	id   crdt.ID
}

// fillDisk makes a home and writes ops needs into its circle. Its clock goes
// fast, so that they stay within what a device may write in a day.
func fillDisk(b *testing.B, ops int) *disk {
	f := &disk{dir: b.TempDir(), keys: node.NewMemKeys([32]byte{1}), now: fast(time.Now().Add(-time.Duration(ops+1) * 5 * time.Minute))}
	n, stop := f.run(b)
	var err error
	if f.id, err = n.Begin(b.Context(), node.BeginOptions{Charter: membership.DefaultCharter("Elm Street"), As: "Ann"}); err != nil {
		b.Fatal(err)
	}
	for i := range ops {
		if _, err := n.Do(b.Context(), f.id, wish(fmt.Sprintf("wish %d", i))); err != nil {
			b.Fatal(err)
		}
	}
	stop()
	f.now = time.Now
	return f
}

// run opens the home and runs its node until stop, which closes both.
func (f *disk) run(b *testing.B) (n *node.Node, stop func()) {
	store, n := f.open(b)
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	return n, func() {
		cancel()
		<-done
		if err := store.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func (f *disk) open(b *testing.B) (storage.Store, *node.Node) {
	store, err := badgerstore.Open(f.dir, make([]byte, 32), badgerstore.Options{})
	if err != nil {
		b.Fatal(err)
	}
	n, err := node.New(node.Config{Store: store, Keys: f.keys, Rand: rand.NewChaCha8([32]byte{1}), Now: f.now,
		Zone: "Europe/Berlin", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	return store, n
}

func (f *disk) openAndAsk(b *testing.B) {
	store, n := f.open(b)
	s, err := n.View(f.id)
	if err != nil {
		b.Fatal(err)
	}
	env, err := n.Env(f.id)
	if err != nil {
		b.Fatal(err)
	}
	if len(s.State.Posts(env, circle.Filter{Needs: true})) == 0 {
		b.Fatal("nothing is open")
	}
	b.StopTimer()
	if err := store.Close(); err != nil {
		b.Fatal(err)
	}
	b.StartTimer()
}

func (f *disk) dropCheckpoint(b *testing.B) {
	store, _ := f.open(b)
	c, err := store.Circle(f.id)
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Put(storage.Row{Key: []byte("c")}); err != nil {
		b.Fatal(err)
	}
	if err := store.Close(); err != nil {
		b.Fatal(err)
	}
}

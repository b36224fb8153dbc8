package node_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/storage"
)

// slow is a store in which a write of ops waits until it is let through, once that is
// asked for. It keeps what each write held.
type slow struct {
	storage.Store
	mu      sync.Mutex
	through chan struct{} // nil: nothing waits
	batches []storage.Batch
}

func (s *slow) Circle(id crdt.ID) (storage.Circle, error) {
	log, err := s.Store.Circle(id)
	return &slowCircle{log, s}, err
}

type slowCircle struct {
	storage.Circle
	of *slow
}

func (c *slowCircle) Append(b storage.Batch) error {
	c.of.mu.Lock()
	if len(b.Ops) > 0 {
		c.of.batches = append(c.of.batches, b)
	}
	through := c.of.through
	c.of.mu.Unlock()
	if through != nil && len(b.Ops) > 0 {
		<-through
	}
	return c.Circle.Append(b)
}

// TestWishesThatWaitBecomeOneBatch: while the disk is busy wishes gather, and are written
// at once, as many as fit; one that cannot be met is told so and takes none along.
func TestWishesThatWaitBecomeOneBatch(t *testing.T) {
	for _, test := range []struct {
		name    string
		details int // letters of each wish, beside its title
		batches int // of a hundred
	}{{"small", 0, 1}, {"large", circle.MaxDetails, 3}} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHome(t, "Ann")
				h.shut()
				store := &slow{Store: h.store}
				h.store = store
				h.start()
				id := h.begin("Elm Street")
				synctest.Wait()
				store.mu.Lock()
				store.through, store.batches = make(chan struct{}), nil
				store.mu.Unlock()

				var wg sync.WaitGroup
				errs := make([]error, 102)
				ask := func(i int) {
					want := wish(fmt.Sprintf("wish %d", i))
					chance := rand.New(rand.NewPCG(1, uint64(i)))
					details := make([]rune, test.details)
					for j := range details {
						details[j] = '一' + rune(chance.IntN(20_000)) // does not compress
					}
					want.Posted.Details = string(details)
					if i == 50 {
						want.Posted.Title = ""
					}
					_, errs[i] = h.Do(t.Context(), id, want)
				}
				wg.Go(func() { ask(0) })
				synctest.Wait() // the first is being written
				for i := 1; i < len(errs); i++ {
					wg.Go(func() { ask(i) })
				}
				synctest.Wait() // all others wait
				close(store.through)
				wg.Wait()

				for i, err := range errs {
					if (err != nil) != (i == 50) {
						t.Errorf("wish %d: %v", i, err)
					}
				}
				if got := len(h.view(id).State.Posts(h.env(id), circle.Filter{Needs: true})); got != len(errs)-1 {
					t.Errorf("%d needs, want %d", got, len(errs)-1)
				}
				store.mu.Lock()
				defer store.mu.Unlock()
				if got := len(store.batches); got != 1+test.batches {
					t.Errorf("%d batches, want one for the first, and %d for what waited", got, test.batches)
				}
				for i, b := range store.batches {
					size := 0
					for _, e := range b.Ops {
						size += e.Op.Size()
					}
					if len(b.Ops) > storage.MaxBatchOps || size > storage.MaxBatchBytes {
						t.Errorf("batch %d has %d ops of %d bytes", i, len(b.Ops), size)
					}
				}
			})
		})
	}
}

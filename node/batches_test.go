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
	const n, unmet = 102, 50
	post := func(letters int) func(*home, crdt.ID) func(int) circle.Command {
		return func(*home, crdt.ID) func(int) circle.Command {
			return func(i int) circle.Command {
				chance, details := rand.New(rand.NewPCG(1, uint64(i))), make([]rune, letters)
				for j := range details {
					details[j] = '一' + rune(chance.IntN(20_000)) // does not compress
				}
				want := wish(fmt.Sprintf("wish %d", i))
				want.Posted.Details = string(details)
				if i == unmet {
					want.Posted.Title = ""
				}
				return want
			}
		}
	}
	takeBack := func(h *home, id crdt.ID) func(int) circle.Command {
		var posts []crdt.ID
		for i := range n {
			posts = append(posts, h.do(id, wish(fmt.Sprintf("wish %d", i))).ID)
		}
		posts[unmet] = crdt.ID{1}
		return func(i int) circle.Command { return circle.Retract{ID: posts[i]} }
	}
	for _, test := range []struct {
		name    string
		wishes  func(*home, crdt.ID) func(int) circle.Command
		batches int // of all but the first wish
		needs   int // afterwards
	}{{"small", post(0), 1, n - 1}, {"large", post(circle.MaxDetails), 3, n - 1}, {"taken back", takeBack, 1, 1}} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHome(t, "Ann")
				h.shut()
				store := &slow{Store: h.store}
				h.store = store
				h.start()
				id := h.begin("Elm Street")
				wishes := test.wishes(h, id)
				synctest.Wait()
				store.mu.Lock()
				store.through, store.batches = make(chan struct{}), nil
				store.mu.Unlock()

				var wg sync.WaitGroup
				errs := make([]error, n)
				ask := func(i int) { _, errs[i] = h.Do(t.Context(), id, wishes(i)) }
				wg.Go(func() { ask(0) })
				synctest.Wait() // the first is being written
				for i := 1; i < n; i++ {
					wg.Go(func() { ask(i) })
				}
				synctest.Wait() // all others wait
				close(store.through)
				wg.Wait()

				for i, err := range errs {
					if (err != nil) != (i == unmet) {
						t.Errorf("wish %d: %v", i, err)
					}
				}
				if got := len(h.view(id).State.Posts(h.env(id), circle.Filter{Needs: true})); got != test.needs {
					t.Errorf("%d needs, want %d", got, test.needs)
				}
				store.mu.Lock()
				defer store.mu.Unlock()
				if got := len(store.batches); got != 1+test.batches {
					t.Errorf("%d batches, want one for the first, and %d for what waited", got, test.batches)
				}
				for i, b := range store.batches {
					if err := b.Check(); err != nil {
						t.Errorf("batch %d: %v", i, err)
					}
				}
			})
		})
	}
}

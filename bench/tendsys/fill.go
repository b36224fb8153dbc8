package tendsys

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"tend/bench/care1"
	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node"
	"tend/protocol"
	"tend/protocol/frontier"
	"tend/storage"
	"tend/storage/badgerstore"
)

// Fill lets twenty homes write the history, each with keys and a clock of its own, and
// gathers it in one of them, which stays. Their clocks begin long ago, so that nobody
// writes more in a day than a chain may hold.
func (System) Fill(ctx context.Context, dir string, n int) error {
	f := &filling{}
	begun := n + n/4 + 10*care1.Authors + 1000 // some write more than others, and all wait for them
	f.until(time.Now().Add(-time.Duration(begun) * care1.Pace).UnixNano())
	for i := range care1.Authors {
		store, err := storage.Store(storage.NewMem()), error(nil)
		if i == 0 {
			store, err = openStore(dir)
		}
		if err != nil {
			return err
		}
		h, err := openHome(store, node.NewMemKeys(sha256.Sum256(fmt.Append(nil, "author ", i))), f.clocks[i].now)
		if err != nil {
			return err
		}
		f.homes = append(f.homes, h)
	}
	defer func() {
		for _, h := range f.homes {
			if h != nil {
				h.stop()
			}
		}
	}()
	if err := f.gather(ctx); err != nil {
		return err
	}
	if err := f.write(ctx, n); err != nil {
		return err
	}
	first := f.homes[0]
	first.stop()
	if err := first.store.Close(); err != nil {
		return fmt.Errorf("close the store: %w", err)
	}
	return saveKeys(dir, first.keys)
}

type filling struct {
	clocks [care1.Authors]clock
	homes  []*home
	id     crdt.ID

	mu    sync.Mutex
	posts map[int]crdt.ID // by the number of the change that made it
}

// clock is that of one home, in Unix nanoseconds.
type clock struct{ atomic.Int64 }

func (c *clock) now() time.Time { return time.Unix(0, c.Load()) }

// until sets all clocks to one reading.
func (f *filling) until(reading int64) {
	for i := range f.clocks {
		f.clocks[i].Store(reading)
	}
}

// latest is the reading of the clock that is ahead of all.
func (f *filling) latest() int64 {
	latest := int64(0)
	for i := range f.clocks {
		latest = max(latest, f.clocks[i].Load())
	}
	return latest
}

// gather begins a circle and lets everybody in.
func (f *filling) gather(ctx context.Context) error {
	first := f.homes[0]
	id, err := first.Begin(ctx, node.BeginOptions{Charter: membership.DefaultCharter("Elm Street"), As: "Author 0"})
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	f.id = id
	for i, h := range f.homes[1:] {
		f.until(f.clocks[0].Load() + int64(10*care1.Pace))
		if err := letIn(ctx, h, first, id, fmt.Sprint("Author ", i+1)); err != nil {
			return err
		}
		if err := meet(ctx, h, first, id); err != nil {
			return err
		}
	}
	return f.all(ctx)
}

// all lets everybody hear of everything.
func (f *filling) all(ctx context.Context) error {
	for range 2 {
		for _, h := range f.homes[1:] {
			if err := meet(ctx, h, f.homes[0], f.id); err != nil {
				return err
			}
		}
	}
	return nil
}

// inBatch is how many ops the first home takes in at once.
const inBatch = 256

// atOnce is how many homes write at once, each as fast as it can.
const atOnce = 2

// write lets everybody write what all hear of, and then each the rest, alone: what anybody
// answers was heard of before, and what anybody edits is their own, so nobody waits for
// another. Whoever is done and was taken in by the first home is let go, since twenty
// homes with all that they wrote are more than a small machine holds.
func (f *filling) write(ctx context.Context, n int) error {
	f.posts = make(map[int]crdt.ID)
	var before, after [care1.Authors][]care1.Change
	for c := range care1.Changes(n) {
		part := &after
		if c.Number < care1.Before(n) {
			part = &before
		}
		part[c.Author] = append(part[c.Author], c)
	}
	if err := f.each(0, func(author int) error { return f.writeAs(ctx, author, before[author]) }); err != nil {
		return err
	}
	most := 0 // that anybody has still to write
	for _, part := range after {
		most = max(most, len(part))
	}
	now := f.latest()
	f.until(now)
	ends := now + int64(most)*int64(care1.Authors*care1.Pace)
	if err := f.all(ctx); err != nil {
		return err
	}
	if err := f.writeAs(ctx, 0, after[0]); err != nil { // the first, before it hears what is later
		return err
	}
	f.clocks[0].Store(ends)
	return f.each(1, func(author int) error {
		h := f.homes[author]
		if err := errors.Join(f.writeAs(ctx, author, after[author]), f.bring(ctx, h)); err != nil {
			return err
		}
		h.stop()
		f.homes[author] = nil
		return nil
	})
}

// each runs do for the authors from one on, some at once.
func (f *filling) each(from int, do func(author int) error) error {
	var errs [care1.Authors]error
	var wg sync.WaitGroup
	turn := make(chan struct{}, atOnce)
	for author := from; author < care1.Authors; author++ {
		turn <- struct{}{}
		wg.Go(func() {
			defer func() { <-turn }()
			errs[author] = do(author)
		})
	}
	wg.Wait()
	return errors.Join(errs[:]...)
}

func (f *filling) writeAs(ctx context.Context, author int, changes []care1.Change) error {
	for _, c := range changes {
		f.clocks[author].Add(int64(care1.Authors * care1.Pace))
		f.mu.Lock()
		on := f.posts[c.On]
		f.mu.Unlock()
		made, err := f.homes[author].Do(ctx, f.id, command(c, on))
		if err != nil {
			return fmt.Errorf("change %d: %w", c.Number, err)
		}
		if made.Unchanged {
			return fmt.Errorf("change %d changes nothing", c.Number)
		}
		if c.Kind == care1.Need || c.Kind == care1.Offer {
			f.mu.Lock()
			f.posts[c.Number] = made.ID
			f.mu.Unlock()
		}
	}
	return nil
}

// bring lets the first home take in what another wrote.
func (f *filling) bring(ctx context.Context, h *home) error {
	first := f.homes[0]
	log, err := h.store.Circle(f.id)
	if err != nil {
		return err
	}
	view, err := h.View(f.id)
	if err != nil {
		return err
	}
	var batch []crdt.Op
	for e, err := range log.Lane(view.Dev, 1, crdt.MaxSeq-1) {
		if err != nil {
			return err
		}
		op, _, _, err := log.Op(e.ID)
		if err != nil {
			return err
		}
		if batch = append(batch, op); len(batch) == inBatch {
			if err := f.commit(ctx, h, batch); err != nil {
				return err
			}
			batch = nil
		}
	}
	if err := f.commit(ctx, h, batch); err != nil {
		return err
	}
	for {
		want := first.Wanted(f.id)
		if len(want) == 0 {
			return nil
		}
		if err := first.TakeKeys(ctx, f.id, h.peer(), h.KeysFor(f.id, first.peer(), want)); err != nil {
			return fmt.Errorf("hand keys over: %w", err)
		}
		if left := first.Wanted(f.id); len(left) >= len(want) {
			return nil // what is left another has
		}
	}
}

func (f *filling) commit(ctx context.Context, from *home, ops []crdt.Op) error {
	if len(ops) == 0 {
		return nil
	}
	res, err := f.homes[0].Commit(ctx, f.id, from.peer(), frontier.Batch{Ops: ops})
	if err == nil && res.Applied+res.Known != len(ops) {
		err = fmt.Errorf("%d of %d ops were taken in", res.Applied+res.Known, len(ops))
	}
	return err
}

// command is a change as a person says it; on is what it is about, if it is about
// something.
func command(c care1.Change, on crdt.ID) circle.Command {
	switch c.Kind {
	case care1.Word:
		return circle.SayYes{ID: on}
	case care1.Edit:
		return circle.EditPost{ID: on, Set: circle.Posted{Details: c.Details}, Fields: []uint64{circle.FieldDetails}}
	}
	p := circle.Posted{Title: c.Title, Details: c.Details, Category: c.Category, When: []string{c.When}, People: care1.Authors}
	if c.Kind == care1.Offer {
		return circle.PostOffer{Posted: p}
	}
	return circle.PostNeed{Posted: p}
}

// letIn lets a home in at another's door, without a network.
func letIn(ctx context.Context, h, door *home, id crdt.ID, name string) error {
	made, err := door.Invite(ctx, id, node.InviteOptions{Contacts: []protocol.Contact{{Peer: door.peer()}}})
	if err != nil {
		return fmt.Errorf("invite: %w", err)
	}
	code, err := protocol.ParseCode(made.Text)
	if err != nil {
		return fmt.Errorf("read the invitation: %w", err)
	}
	state, err := h.Join(code.(*protocol.Invite), name)
	if err != nil {
		return fmt.Errorf("join: %w", err)
	}
	k, err := h.Knock(state.ID)
	if err != nil {
		return fmt.Errorf("knock: %w", err)
	}
	a, err := door.Knocked(ctx, h.peer(), k)
	if err != nil {
		return fmt.Errorf("hear the knock: %w", err)
	}
	p, err := h.Prove(state.ID, door.peer(), k, a)
	if err != nil {
		return fmt.Errorf("prove: %w", err)
	}
	frames, err := door.Proved(ctx, h.peer(), k, a, p)
	if err != nil {
		return fmt.Errorf("let in: %w", err)
	}
	return h.Enter(ctx, state.ID, door.peer(), frames)
}

func openStore(dir string) (storage.Store, error) {
	if err := os.MkdirAll(filepath.Join(dir, "store"), 0o700); err != nil {
		return nil, err
	}
	return badgerstore.Open(filepath.Join(dir, "store"), make([]byte, 32), badgerstore.Options{})
}

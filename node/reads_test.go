package node_test

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"tend/crdt"
	"tend/node"
	"tend/storage"
	"tend/storage/storagetest"
)

// maxReads is far more reads than one of the actions below needs.
const maxReads = 4000

// sees is what a home holds and shows of a circle.
func (h *home) sees(id crdt.ID) string {
	s := h.view(id)
	return fmt.Sprint(s.Ops, s.Waiting, s.Frontier().Digest, s.Frontier().Epoch, s.State.Digest(crdt.At(testStart.AddDate(1, 0, 0).UnixMilli())))
}

// eachRead lets the first read of do fail, then the second, and so on, until do
// needs no more. When do fails, the home must show what it showed before; a read
// that do can do without may fail unsaid, if the home is whole after it.
func eachRead(t *testing.T, f *storagetest.Faulty, h *home, id crdt.ID, do func() error) {
	t.Helper()
	for n := 1; n <= maxReads; n++ {
		before, from := h.sees(id), f.Reads()
		f.FailRead(n)
		err := do()
		reached := f.Reads()-from >= n
		f.FailRead(-1)
		switch {
		case err == nil && !reached:
			return
		case err == nil:
			shown := h.sees(id)
			h.shut()
			h.start()
			if got := h.sees(id); got != shown {
				t.Errorf("after read %d failed unsaid the home shows %s, after a start %s", n, shown, got)
			}
		case h.sees(id) != before:
			t.Fatalf("after read %d failed the home shows %s, before %s", n, h.sees(id), before)
		}
	}
	t.Errorf("no end after %d reads", maxReads)
}

// TestReadsThatFail: a read that fails while something is done is told to who
// asked for it, and nothing has happened; then it can be done.
func TestReadsThatFail(t *testing.T) { unhurried(t, readsThatFail) }

func readsThatFail(t *testing.T) {
	f := storagetest.NewFaulty(storage.NewMem())
	ann, ben := newHomeOn(t, "Ann", f, time.Now), newHome(t, "Ben")
	id := ann.begin("Elm Street")
	join(ben, ann, id)
	post := ann.do(id, wish("Soup")).ID
	meet(ann, ben, id)
	ann.shut() // so that little is in memory
	ann.start()

	eachRead(t, f, ann, id, func() error {
		_, err := ann.Do(t.Context(), id, wish("Bread"))
		return err
	})
	ben.do(id, wish("A chair"))
	eachRead(t, f, ann, id, func() error { return try(ben, ann, id) })
	if !ann.view(id).State.Has(post) {
		t.Error("what was there is gone")
	}
	meet(ann, ben, id)
	equal(t, id, ann, ben)
	if found, err := ann.Verify(t.Context()); err != nil || len(found) > 0 {
		t.Errorf("verifies to %v, %v", found, err)
	}
}

// TestReadsThatFailAtTheStart: a home does not open half of what it keeps.
func TestReadsThatFailAtTheStart(t *testing.T) { unhurried(t, readsThatFailAtTheStart) }

func readsThatFailAtTheStart(t *testing.T) {
	f := storagetest.NewFaulty(storage.NewMem())
	ann, ben := newHomeOn(t, "Ann", f, time.Now), newHome(t, "Ben")
	id := ann.begin("Elm Street")
	join(ben, ann, id)
	ann.do(id, wish("Soup"))
	before := ann.sees(id)
	ann.shut()
	for n := 1; ; n++ {
		from := f.Reads()
		f.FailRead(n)
		opened, err := node.New(node.Config{Store: f, Keys: ann.keys, Rand: ann.rand, Now: ann.now, Zone: "Europe/Berlin", Log: slog.New(slog.DiscardHandler)})
		reached := f.Reads()-from >= n
		f.FailRead(-1)
		switch {
		case err != nil && !errors.Is(err, storagetest.ErrFault):
			t.Fatalf("with read %d failing: %v", n, err)
		case err == nil && reached:
			t.Errorf("read %d failed at the start and nobody was told", n)
		}
		if err == nil {
			ann.Node = opened
			if !reached && n < 10 {
				t.Errorf("only %d reads are made at the start", n-1)
			}
		}
		if !reached || n > maxReads {
			break
		}
	}
	ann.start()
	if got := ann.sees(id); got != before {
		t.Errorf("shows %s, before %s", got, before)
	}
}

package node_test

import (
	"iter"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/storage"
)

// counted is a store that counts the ops read in the order of their arrival.
type counted struct {
	storage.Store
	read int
}

func (c *counted) Circle(id crdt.ID) (storage.Circle, error) {
	log, err := c.Store.Circle(id)
	return &countedCircle{log, c}, err
}

type countedCircle struct {
	storage.Circle
	of *counted
}

func (c *countedCircle) Arrivals(from uint64) iter.Seq2[crdt.Stored, error] {
	return func(yield func(crdt.Stored, error) bool) {
		for s, err := range c.Circle.Arrivals(from) {
			c.of.read++
			if !yield(s, err) {
				return
			}
		}
	}
}

// TestStartFromCheckpoint: a home that was stopped in order reads no op again when it
// starts, also where rows of another length lie among those of its checkpoint, as an
// early version wrote them.
func TestStartFromCheckpoint(t *testing.T) {
	h := newHome(t, "Ann")
	id := h.begin("Elm Street")
	for _, what := range []string{"soup", "bread", "a lift"} {
		h.do(id, wish(what))
	}
	h.shut()
	store := &counted{Store: h.store}
	h.store = store
	reads := func() int {
		store.read = 0
		h.open()
		if got := len(h.view(id).State.Posts(h.env(id), circle.Filter{Needs: true})); got != 3 {
			t.Fatalf("%d needs after a start, want 3", got)
		}
		return store.read
	}
	if n := reads(); n != 0 {
		t.Errorf("%d ops read at a start after an orderly stop", n)
	}
	log, err := h.store.Circle(id)
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Put(storage.Row{Key: append([]byte("c"), make([]byte, 32)...), Value: []byte{0x80}}); err != nil {
		t.Fatal(err)
	}
	if n := reads(); n != 0 {
		t.Errorf("%d ops read at a start beside an old row", n)
	}
	if err := log.Put(storage.Row{Key: []byte("c")}); err != nil {
		t.Fatal(err)
	}
	if n := reads(); n == 0 {
		t.Error("no op read at a start without a checkpoint")
	}
}

package badgerstore_test

import (
	"slices"
	"testing"

	"tend/crdt"
	"tend/storage"
)

// TestHeads follows the heads through all that may be written beside the newest op, whose
// own row says that it is the only head, and opens the store again after each.
func TestHeads(t *testing.T) {
	s, c, log := fill(t, 2)
	var other, alone crdt.ID
	for _, step := range []struct {
		name string
		do   func() (heads []crdt.ID)
	}{
		{"one more is the only head", func() []crdt.ID {
			e := log.Content(0, 40)
			alone = e.Op.ID
			check(t, c.Append(log.Batch(e)))
			return []crdt.ID{alone}
		}},
		{"its body went", func() []crdt.ID {
			check(t, c.Append(storage.Batch{Bodies: []storage.BodyChange{{ID: alone}}}))
			return []crdt.ID{alone}
		}},
		{"the same batch again", func() []crdt.ID {
			check(t, c.Append(storage.Batch{State: log.State()}))
			return []crdt.ID{alone}
		}},
		{"rows only", func() []crdt.ID {
			check(t, c.Append(storage.Batch{Rows: []storage.Row{{Key: []byte("r"), Value: []byte("x")}}}))
			return []crdt.ID{alone}
		}},
		{"an op of which nothing is said", func() []crdt.ID {
			b := log.Batch(log.Content(1, 40))
			other, b.State = b.Ops[0].Op.ID, nil
			check(t, c.Append(b))
			return []crdt.ID{alone}
		}},
		{"the same, and a state afterwards", func() []crdt.ID {
			check(t, c.Append(storage.Batch{State: log.State()}))
			return []crdt.ID{other}
		}},
		{"the only head of two", func() []crdt.ID {
			b := log.Batch(log.Content(0, 40), log.Content(1, 40))
			check(t, c.Append(b))
			return []crdt.ID{b.Ops[1].Op.ID}
		}},
		{"two heads without an op", func() []crdt.ID {
			state := log.State()
			state.Heads = []crdt.ID{alone, other}
			check(t, c.Append(storage.Batch{State: state}))
			return state.Heads
		}},
		{"the only one again", func() []crdt.ID {
			check(t, c.Append(storage.Batch{State: log.State()}))
			return log.State().Heads
		}},
		{"a rebuild", func() []crdt.ID {
			check(t, c.Append(log.Batch(log.Content(0, 40))))
			check(t, c.RebuildIndex())
			return log.State().Heads
		}},
		{"after it", func() []crdt.ID {
			check(t, c.Append(log.Batch(log.Control(2, 40))))
			return log.State().Heads
		}},
	} {
		want := step.do()
		for _, again := range []bool{false, true} {
			if again {
				check(t, s.Close())
				s = open(t, s.Dir())
				c = circle(t, s, log.Circle)
			}
			state, err := c.Log()
			check(t, err)
			if !slices.Equal(state.Heads, want) || !slices.Equal(state.CtlHeads, log.State().CtlHeads) {
				t.Fatalf("%s: heads %v and %v, want %v and %v; opened again: %v", step.name, state.Heads, state.CtlHeads, want, log.State().CtlHeads, again)
			}
			if found := verify(t, c); len(found) > 0 {
				t.Fatalf("%s: %q", step.name, found)
			}
		}
	}
}

package node_test

import (
	"bytes"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"tend/crdt"
	"tend/node"
	"tend/storage"
)

// bent is a store that gives back some ops otherwise than they were put there.
type bent struct {
	storage.Store
	how map[uint64]string // by arrival number: "body", "sig", "gap", "broken"
}

func (b *bent) Circle(id crdt.ID) (storage.Circle, error) {
	c, err := b.Store.Circle(id)
	return &bentCircle{c, b}, err
}

type bentCircle struct {
	storage.Circle
	b *bent
}

func (c *bentCircle) Arrivals(from uint64) iter.Seq2[crdt.Stored, error] {
	return func(yield func(crdt.Stored, error) bool) {
		for s, err := range c.Circle.Arrivals(from) {
			flip := func(p []byte) []byte { p = bytes.Clone(p); p[3] ^= 1; return p }
			switch c.b.how[s.Fact.Arr] {
			case "body":
				s.Op.Body = flip(s.Op.Body)
			case "sig":
				s.Op.Sig = flip(s.Op.Sig)
			case "gap":
				continue
			case "broken":
				yield(crdt.Stored{}, fmt.Errorf("op number %d: %w", s.Fact.Arr, storage.ErrDamaged))
				return
			}
			if !yield(s, err) || err != nil {
				return
			}
		}
	}
}

// lookAllOver takes all steps of a round that is due, and returns how many.
func (h *home) lookAllOver(id crdt.ID) int {
	h.t.Helper()
	for n := 1; ; n++ {
		more, err := h.LookOver(h.t.Context(), id)
		if err != nil {
			h.t.Fatal(err)
		}
		if !more {
			return n
		}
	}
}

func TestRounds(t *testing.T) { unhurried(t, rounds) }

func rounds(t *testing.T) {
	clock := &sharedClock{}
	clock.ms.Store(time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC).UnixMilli())
	b := &bent{Store: storage.NewMem(), how: map[uint64]string{}}
	ann := newHome(t, "Ann").on(b).at(clock)
	id := ann.begin("Oak Street")
	for range 300 {
		ann.do(id, wish("a chair"))
	}
	looked := func() node.Round {
		t.Helper()
		r, err := ann.Looked(id)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	clock.pass(8 * 24 * time.Hour)
	if steps := ann.lookAllOver(id); steps < 2 {
		t.Fatalf("a log of 300 was looked over in %d steps", steps)
	}
	first := looked()
	if !first.Done.Equal(clock.now()) || len(first.Findings) > 0 {
		t.Fatalf("the first round = %+v, want done now and nothing found", first)
	}

	// Not again before a week is over.
	clock.pass(6 * 24 * time.Hour)
	ann.lookAllOver(id)
	if r := looked(); !r.Done.Equal(first.Done) {
		t.Errorf("looked over again after six days")
	}

	// Then in parts, over a start, and what is wrong is named.
	b.how = map[uint64]string{5: "body", 7: "sig", 9: "gap", 11: "broken", 299: "body"}
	clock.pass(2 * 24 * time.Hour)
	if more, err := ann.LookOver(t.Context(), id); err != nil || !more {
		t.Fatalf("the first step = %v, %v, want more to come", more, err)
	}
	if r := looked(); len(r.Findings) != 4 || !r.Done.Equal(first.Done) {
		t.Errorf("after the first step: %+v, want four findings", r)
	}
	how := b.how
	b.how = map[uint64]string{}
	ann.shut()
	ann.start()
	b.how = how
	ann.lookAllOver(id)
	r := looked()
	if len(r.Findings) != 5 || !r.Done.Equal(clock.now()) {
		t.Fatalf("the second round = %+v, want five findings", r)
	}
	for i, want := range []string{"body", "number 9: it is missing", "number 11: it cannot be read", "signature", "body"} {
		if !strings.Contains(r.Findings[i], want) {
			t.Errorf("finding %d = %q, want %q", i, r.Findings[i], want)
		}
	}

	// What was mended is found no more, by a whole look as well.
	b.how = map[uint64]string{}
	ann.verified()
	if r := looked(); len(r.Findings) > 0 || !r.Done.Equal(clock.now()) {
		t.Errorf("after tend verify: %+v", r)
	}
	// A clock that was set back does not stop the rounds.
	clock.pass(-30 * 24 * time.Hour)
	ann.lookAllOver(id)
	if r := looked(); !r.Done.Equal(clock.now()) {
		t.Errorf("a clock that was set back: done %v, want %v", r.Done, clock.now())
	}
}

// TestVerifyGoesOn: an op that cannot be read does not keep verify from the others.
func TestVerifyGoesOn(t *testing.T) { unhurried(t, verifyGoesOn) }

func verifyGoesOn(t *testing.T) {
	b := &bent{Store: storage.NewMem(), how: map[uint64]string{}}
	ann := newHome(t, "Ann").on(b)
	id := ann.begin("Oak Street")
	for range 20 {
		ann.do(id, wish("a chair"))
	}
	b.how = map[uint64]string{6: "broken", 9: "sig"}
	found, err := ann.Verify(t.Context())
	if err != nil || len(found) == 0 || !strings.Contains(strings.Join(found, "\n"), "signature does not verify") {
		t.Errorf("Verify = %q, %v, want the signature behind the op that cannot be read", found, err)
	}
}

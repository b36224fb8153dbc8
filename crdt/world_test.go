package crdt_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"testing"

	"tend/crdt"
)

// store is an Index that keeps ops in maps.
type store struct {
	ops   map[crdt.ID]crdt.Op
	facts map[crdt.ID]crdt.Fact
}

func newStore() *store { return &store{map[crdt.ID]crdt.Op{}, map[crdt.ID]crdt.Fact{}} }

func (s *store) Fact(id crdt.ID) (crdt.Fact, bool, error) { f, ok := s.facts[id]; return f, ok, nil }

func (s *store) Op(id crdt.ID) (crdt.Op, crdt.Fact, bool, error) {
	op, ok := s.ops[id]
	return op, s.facts[id], ok, nil
}

func (s *store) At(dev crdt.Device, seq uint64) ([]crdt.ID, error) {
	var ids []crdt.ID
	for id, f := range s.facts {
		if f.Dev == dev && f.Seq == seq {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, crdt.ID.Compare)
	return ids, nil
}

// replica is a log over a store, with all it was given in order of arrival.
type replica struct {
	*crdt.Log
	store *store
	order []crdt.Op
}

func newReplica(t testing.TB, circle crdt.ID) *replica {
	t.Helper()
	s := newStore()
	l, err := crdt.NewLog(circle, s, crdt.NewPasts(), crdt.State{})
	if err != nil {
		t.Fatal(err)
	}
	return &replica{Log: l, store: s}
}

// add judges an op and keeps it.
func (r *replica) add(op crdt.Op) error {
	if _, ok := r.store.facts[op.ID]; ok {
		return nil
	}
	fact, err := r.Check(&op)
	if err != nil {
		return err
	}
	added, err := r.Add(&op, fact, false)
	if err != nil {
		return err
	}
	r.store.ops[op.ID], r.store.facts[op.ID] = op, added.Fact
	r.order = append(r.order, op)
	r.Settled()
	return nil
}

// take adds ops in any order, as often as it takes.
func (r *replica) take(t testing.TB, ops []crdt.Op) {
	t.Helper()
	for len(ops) > 0 {
		var later []crdt.Op
		for _, op := range ops {
			err := r.add(op)
			if missing := (*crdt.MissingError)(nil); errors.As(err, &missing) {
				later = append(later, op)
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if len(later) == len(ops) {
			t.Fatalf("%d ops wait for parents that never come", len(later))
		}
		ops = later
	}
}

func key(n int) ed25519.PrivateKey {
	seed := sha256.Sum256(fmt.Appendf(nil, "device %d", n))
	return ed25519.NewKeyFromSeed(seed[:])
}

func dev(n int) crdt.Device { return crdt.Device(key(n).Public().(ed25519.PublicKey)) }

func signer(n int) crdt.Signer {
	return func(msg []byte) ([]byte, error) { return ed25519.Sign(key(n), msg), nil }
}

func signed(t testing.TB, circle crdt.ID, n int, h crdt.Header, body []byte) crdt.Op {
	t.Helper()
	h.Dev = dev(n)
	op, err := crdt.Sign(circle, h, body, signer(n))
	if err != nil {
		t.Fatalf("sign %+v: %v", h, err)
	}
	return op
}

// genesis is the first op of the circle of device 0.
func genesis(t testing.TB) crdt.Op {
	return signed(t, crdt.ID{}, 0, crdt.Header{Seq: 1, HLC: crdt.At(1000)}, []byte("genesis"))
}

// write drafts, signs and adds the next op of device n.
func (r *replica) write(t testing.TB, n int, class crdt.Class, clock crdt.HLC, body []byte) crdt.Op {
	t.Helper()
	h, ok := r.Draft(dev(n), class, clock)
	if !ok {
		t.Fatalf("device %d cannot write", n)
	}
	op := signed(t, r.Circle(), n, h, body)
	if err := r.add(op); err != nil {
		t.Fatalf("own draft is refused: %v", err)
	}
	return op
}

// branch makes an op on prev (zero: a first op), whatever else is in the log.
func branch(t testing.TB, r *replica, n int, prev crdt.ID, seq uint64, body string) crdt.Op {
	t.Helper()
	g := r.order[0]
	return signed(t, r.Circle(), n, crdt.Header{Seq: seq, Prev: prev, Ctl: []crdt.ID{g.ID},
		HLC: g.HLC + crdt.HLC(seq), Class: crdt.Content}, []byte(body))
}

func founded(t testing.TB) *replica {
	t.Helper()
	r := newReplica(t, crdt.ID{})
	if err := r.add(genesis(t)); err != nil {
		t.Fatal(err)
	}
	return r
}

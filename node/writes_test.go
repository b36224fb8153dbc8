package node_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node"
	"tend/protocol"
	"tend/storage"
	"tend/storage/storagetest"
)

// faultyKeys is a keyring that fails where it is told.
type faultyKeys struct {
	*node.MemKeys

	mu                    sync.Mutex // guards what follows
	writes, before, after int
}

func (k *faultyKeys) write(do func() error) error {
	k.mu.Lock()
	k.writes++
	before, after := k.writes == k.before, k.writes == k.after
	k.mu.Unlock()
	if before {
		return storagetest.ErrFault
	}
	err := do()
	if err == nil && after {
		return storagetest.ErrFault
	}
	return err
}

func (k *faultyKeys) SetCircle(id crdt.ID, c node.CircleKeys) error {
	return k.write(func() error { return k.MemKeys.SetCircle(id, c) })
}

func (k *faultyKeys) SetJoinings(all []node.Joining) error {
	return k.write(func() error { return k.MemKeys.SetJoinings(all) })
}

func (k *faultyKeys) SetSeeds(s node.Seeds) error {
	return k.write(func() error { return k.MemKeys.SetSeeds(s) })
}

// TestEveryWriteThatFails lets each write of a home's life fail once, of its store
// and of its keys, before it happened and after. Whoever asked is told, or it needed
// no telling; asked again it is done. In the end the home is as if nothing had
// failed: what it answered for is there, here and with the others, before a start
// and after, and no place of its chain was used twice.
func TestEveryWriteThatFails(t *testing.T) {
	for _, fault := range []struct {
		name string
		set  func(f *storagetest.Faulty, k *faultyKeys, n int)
		most func(f *storagetest.Faulty, k *faultyKeys) int
	}{
		{"store, before", func(f *storagetest.Faulty, _ *faultyKeys, n int) { f.FailWrite(n) }, storeWrites},
		{"store, after", func(f *storagetest.Faulty, _ *faultyKeys, n int) { f.FailAfterWrite(n) }, storeWrites},
		{"keys, before", func(_ *storagetest.Faulty, k *faultyKeys, n int) { k.before = n }, keyWrites},
		{"keys, after", func(_ *storagetest.Faulty, k *faultyKeys, n int) { k.after = n }, keyWrites},
	} {
		t.Run(fault.name, func(t *testing.T) {
			for n := 1; ; n++ {
				f, k := storagetest.NewFaulty(storage.NewMem()), &faultyKeys{}
				fault.set(f, k, n)
				if !runUnhurried(t, fmt.Sprint(n), func(t *testing.T) { liveWith(t, f, k) }) {
					return
				}
				if most := fault.most(f, k); n > most {
					if n < 8 {
						t.Errorf("only %d writes were made in a life", most)
					}
					return
				}
			}
		})
	}
}

func storeWrites(f *storagetest.Faulty, _ *faultyKeys) int { return f.Writes() }
func keyWrites(_ *storagetest.Faulty, k *faultyKeys) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.writes
}

// liveWith lives a life on a store and a keyring of which one write fails.
func liveWith(t *testing.T, f *storagetest.Faulty, k *faultyKeys) {
	ben, cem := newHome(t, "Ben"), newHome(t, "Cem")
	ann := newHomeOn(t, "Ann", f, time.Now)
	ann.shut()
	k.MemKeys, ann.keyring = ann.keys, k
	ann.start()
	faults := 0
	again := func(what string, do func() error) {
		t.Helper()
		for {
			err := do()
			if err == nil {
				return
			}
			if faults++; faults > 1 {
				t.Fatalf("%s: %v", what, err)
			}
			if !errors.Is(err, storagetest.ErrFault) && !strings.Contains(err.Error(), storagetest.ErrFault.Error()) {
				t.Fatalf("%s: %v, want a fault on purpose", what, err)
			}
		}
	}

	var id crdt.ID
	begun := 0
	again("begin", func() (err error) {
		begun++
		id, err = ann.Begin(t.Context(), node.BeginOptions{Charter: membership.DefaultCharter("Elm Street"), As: "Ann"})
		return err
	})
	var made []crdt.ID
	do := func(cmd circle.Command) {
		t.Helper()
		again(fmt.Sprintf("%T", cmd), func() error {
			res, err := ann.Do(t.Context(), id, cmd)
			if err == nil && res.ID != (crdt.ID{}) {
				made = append(made, res.ID)
			}
			return err
		})
	}
	// The door: an invitation, an admission, a new epoch.
	var text string
	again("invite", func() error {
		one, err := ann.Invite(t.Context(), id, node.InviteOptions{Uses: 9, Contacts: []protocol.Contact{{Peer: ann.peer(), Addrs: [][]byte{{4, 127, 0, 0, 1, 6, 0, 1}}}}})
		text = one.Text
		return err
	})
	parsed, err := protocol.ParseCode(text)
	if err != nil {
		t.Fatal(err)
	}
	code := parsed.(*protocol.Invite)
	again("let in", func() error { return knock(ben, ann, code) })
	again("meet", func() error { return try(ben, ann, id) })
	do(wish("Soup"))
	again("meet", func() error { return try(ann, ben, id) })
	if s := ben.view(id); s.State.Name(s.Me) != "Ben" {
		ben.do(id, circle.SetSection{Section: circle.SectionName, Values: []string{"Ben"}})
	}
	// Words, a note, a group of one's own, and something taken back.
	post := made[0]
	do(circle.WriteNote{On: post, Kind: circle.NoteComment, Text: "any kind"})
	do(circle.SetGroup{Group: circle.Group{Name: "neighbours", Members: []crdt.ID{ben.view(id).Me}}})
	do(wish("Bread"))
	gone := made[len(made)-1]
	again("retract", func() error { _, err := ann.Do(t.Context(), id, circle.Retract{ID: gone}); return err })
	made = made[:len(made)-1]
	// Ops of others: by a session, and by a file.
	theirs := ben.do(id, wish("A chair")).ID
	again("meet", func() error { return try(ben, ann, id) })
	other := ben.do(id, wish("A table")).ID
	var file strings.Builder
	if _, err := ben.CarryOut(t.Context(), id, nil, &file); err != nil {
		t.Fatal(err)
	}
	again("carry in", func() error {
		_, err := ann.CarryIn(t.Context(), strings.NewReader(file.String()), int64(file.Len()))
		return err
	})
	// A stop, which makes a checkpoint and cleans the files, and a start.
	ann.shut()
	ann.start()
	// Into a circle of somebody else.
	cems := cem.begin("Harbour")
	again("join", func() error {
		if _, err := ann.View(cems); err == nil && ann.view(cems).Standing == membership.In {
			return nil // likewise
		}
		return knock(ann, cem, cem.invites(cems, node.InviteOptions{}))
	})
	again("meet", func() error { return try(ann, cem, cems) })
	again("meet", func() error { return try(ann, cem, cems) })
	// All that is derived, made again.
	ann.shut()
	ann.open()
	again("rebuild", func() error {
		err := ann.Rebuild(t.Context())
		if err != nil {
			ann.open()
		}
		return err
	})
	ann.start()
	again("leave", func() error {
		if ann.view(cems).Standing == membership.Left {
			return nil // it was written, and said not to be
		}
		return ann.Leave(t.Context(), cems)
	})
	do(wish("The last"))

	for range 2 {
		again("meet", func() error { return try(ann, ben, id) })
	}
	for round := range 2 {
		equal(t, id, ann, ben)
		for _, h := range []*home{ann, ben} {
			s := h.view(id)
			for _, op := range append(made, theirs, other) {
				if !s.State.Has(op) {
					t.Errorf("round %d: %s lacks %s", round, h.name, op.Short())
				}
			}
			if _, taken := s.State.Retraction(gone); !taken {
				t.Errorf("round %d: %s does not know what was taken back", round, h.name)
			}
			if name := s.State.Name(ann.view(id).Me); name != "Ann" {
				t.Errorf("round %d: Ann is called %q by %s", round, name, h.name)
			}
			if _, forked := s.People.ForkedFrom(ann.view(id).Dev); forked {
				t.Errorf("round %d: %s sees a fork", round, h.name)
			}
		}
		if found, err := ann.Verify(t.Context()); err != nil || len(found) > 0 {
			t.Errorf("round %d: verify says %v, %v", round, found, err)
		}
		ann.shut()
		ann.start()
	}
	// A circle that was said not to be begun is whole, or not there.
	if n := len(ann.All()); n < 2 || n > 1+begun {
		t.Errorf("Ann's home has %d circles, want 2", n)
	}
	for _, other := range ann.All() {
		if s := ann.view(other); s.Standing == membership.In && s.State.Name(s.Me) != "Ann" {
			t.Errorf("Ann has no name in circle %s", other.Short())
		}
	}
}

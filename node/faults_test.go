package node_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node"
	"tend/node/words"
	"tend/protocol"
	"tend/storage"
	"tend/storage/storagetest"
)

// newHomeOn makes a home on a store and a clock of the test's own.
func newHomeOn(t *testing.T, name string, store storage.Store, now func() time.Time) *home {
	t.Helper()
	h := newHome(t, name)
	h.shut()
	h.store, h.now = store, now
	h.start()
	return h
}

// crash stops the home as a power cut would right now: what it does when it is
// stopped in order is lost.
func (h *home) crash() {
	h.t.Helper()
	now := h.store.(*storage.Mem).Snapshot()
	h.shut()
	h.store = now
	h.start()
}

// TestStoresThatFail lets writes fail now and then, before or after they
// happened. What was acknowledged stays, nobody forks, and all converge.
func TestStoresThatFail(t *testing.T) {
	for seed := range uint64(4) {
		runUnhurried(t, fmt.Sprint("seed=", seed), func(t *testing.T) { failing(t, seed) })
	}
}

func failing(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 11))
	stores := map[*home]*storagetest.Faulty{}
	var homes []*home
	for _, name := range []string{"Ann", "Ben", "Cem"} {
		f := storagetest.NewFaulty(storage.NewMem())
		h := newHomeOn(t, fmt.Sprint(name, " ", seed), f, time.Now)
		stores[h], homes = f, append(homes, h)
	}
	id := homes[0].begin("Elm Street")
	join(homes[1], homes[0], id)
	join(homes[2], homes[0], id)
	var made []crdt.ID
	for i := range 80 {
		h, other := homes[r.IntN(3)], homes[r.IntN(3)]
		switch n := r.IntN(10); {
		case n < 2:
			stores[h].FailWrite(1 + r.IntN(3))
		case n < 4:
			stores[h].FailAfterWrite(1 + r.IntN(3))
		case n < 6 && h != other:
			_ = try(h, other, id) // what fails comes again
		case n < 7:
			h.shut()
			h.start()
		default:
			if res, err := h.Do(t.Context(), id, wish(fmt.Sprint("wish ", i))); err == nil {
				made = append(made, res.ID)
			}
		}
	}
	for _, h := range homes { // let what is still to fail fail
		for range 3 {
			_, _ = h.Do(t.Context(), id, wish("more"))
		}
		h.do(id, wish("the last"))
	}
	for range 2 {
		meet(homes[0], homes[1], id)
		meet(homes[1], homes[2], id)
		meet(homes[2], homes[0], id)
	}
	equal(t, id, homes...)
	for _, h := range homes {
		for _, m := range made {
			if !h.view(id).State.Has(m) {
				t.Errorf("%s lacks %s, which was acknowledged", h.name, m.Short())
			}
		}
		before := h.view(id).State.Digest(crdt.At(time.Now().UnixMilli()))
		h.shut()
		h.start()
		if after := h.view(id).State.Digest(crdt.At(time.Now().UnixMilli())); after != before {
			t.Errorf("%s sees something else after a start", h.name)
		}
		if found, err := h.Verify(t.Context()); err != nil || len(found) > 0 {
			t.Errorf("%s verifies to %v, %v", h.name, found, err)
		}
	}
}

// TestLateKeysSurviveACrash: what is read once its key comes is older than the
// checkpoint, and no later checkpoint is written before the power goes.
func TestLateKeysSurviveACrash(t *testing.T) { unhurried(t, lateKeysSurviveACrash) }

func lateKeysSurviveACrash(t *testing.T) {
	var all skewed
	all.by.Store(-int64(3 * time.Hour))
	ann, ben, cem := newHomeOn(t, "Ann", storage.NewMem(), all.now), newHomeOn(t, "Ben", storage.NewMem(), all.now), newHome(t, "Cem")
	id := ann.begin("Elm Street")
	join(ben, ann, id)
	all.by.Store(0)
	join(cem, ann, id)                  // with a new epoch
	need := ann.do(id, wish("Soup")).ID // under that
	withoutKeys(t, ann, ben, id)
	if ben.view(id).State.Has(need) {
		t.Fatal("Ben reads what he has no key of")
	}
	ben.shut() // with a checkpoint
	ben.start()
	if err := keys(ben, ann, id); err != nil {
		t.Fatal(err)
	}
	if !ben.view(id).State.Has(need) {
		t.Fatal("Ben has the key and does not read")
	}
	ben.crash()
	if !ben.view(id).State.Has(need) {
		t.Error("what Ben had read is gone after a crash")
	}
	alike(t, id, ann, ben)
}

// TestMuchTakenBackUnderALateKey: what was taken back under an epoch of which a home has no
// key yet is more than one batch may let go of.
func TestMuchTakenBackUnderALateKey(t *testing.T) { unhurried(t, muchTakenBackUnderALateKey) }

func muchTakenBackUnderALateKey(t *testing.T) {
	var all skewed
	all.by.Store(-int64(100 * 24 * time.Hour))
	ann, ben, cem := newHomeOn(t, "Ann", storage.NewMem(), all.now), newHomeOn(t, "Ben", storage.NewMem(), all.now), newHomeOn(t, "Cem", storage.NewMem(), all.now)
	id := ann.begin("Elm Street")
	join(ben, ann, id)
	var taken []crdt.ID
	for i := range storage.MaxBatchBodies + 50 {
		if i%50 == 0 {
			all.by.Add(int64(24 * time.Hour))
		}
		taken = append(taken, ann.do(id, wish(fmt.Sprintf("taken back %d", i))).ID)
	}
	meet(ben, ann, id)
	join(cem, ann, id) // with a new epoch
	for i, need := range taken {
		if i%50 == 0 {
			all.by.Add(int64(24 * time.Hour))
		}
		ann.do(id, circle.Retract{ID: need})
	}
	kept := ann.do(id, wish("kept")).ID
	withoutKeys(t, ann, ben, id)
	if err := keys(ben, ann, id); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return ben.view(id).State.Has(kept) })
	if got := len(ben.view(id).State.Posts(ben.env(id), circle.Filter{Needs: true})); got != 1 {
		t.Errorf("Ben reads %d needs, want the one that was not taken back", got)
	}
	alike(t, id, ann, ben)
}

// withoutKeys lets two homes sync their ops and hand over no keys.
func withoutKeys(t *testing.T, a, b *home, id crdt.ID) {
	t.Helper()
	carried := &carrier{}
	if _, err := a.CarryOut(t.Context(), id, nil, carried); err != nil {
		t.Fatal(err)
	}
	file, err := protocol.OpenCarry(strings.NewReader(carried.String()), int64(carried.Len()))
	if err != nil {
		t.Fatal(err)
	}
	bare := &carrier{}
	w, err := protocol.NewCarryWriter(bare, id)
	if err != nil {
		t.Fatal(err)
	}
	for f, err := range file.Frames() {
		if _, isKeys := f.(*protocol.Keys); err == nil && !isKeys {
			err = w.Frame(f)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.CarryIn(t.Context(), strings.NewReader(bare.String()), int64(bare.Len())); err != nil {
		t.Fatal(err)
	}
}

type carrier struct{ strings.Builder }

// TestManyThatWaited: one op that comes late lets more take effect than a batch
// of the store holds.
func TestManyThatWaited(t *testing.T) {
	const many = 600
	now := fast(time.Now().Add(-70 * time.Hour))
	ann, ben := newHomeOn(t, "Ann", storage.NewMem(), now), newHomeOn(t, "Ben", storage.NewMem(), time.Now)
	id := ann.begin("Elm Street")
	join(ben, ann, id)
	first := ann.do(id, wish("first")).ID
	var made []crdt.ID
	for i := range many {
		made = append(made, ann.do(id, wish(fmt.Sprint("wish ", i))).ID)
	}
	var late []byte
	for msg := range messages(t, ann, id) {
		switch {
		case msg.id == first:
			late = msg.data
		case late != nil:
			for ben.Gossiped(id, ann.peer(), msg.data) == node.Ignore {
				time.Sleep(time.Millisecond) // its inbox is full
			}
		}
	}
	if ben.Gossiped(id, ann.peer(), late) != node.Accept {
		t.Fatal("Ben does not take the op that was missing")
	}
	for until := time.Now().Add(patience); !ben.view(id).State.Has(made[many-1]); {
		if time.Now().After(until) {
			t.Fatalf("%d ops still wait", ben.view(id).Waiting)
		}
		time.Sleep(5 * time.Millisecond)
	}
	for _, m := range made {
		if !ben.view(id).State.Has(m) {
			t.Errorf("Ben lacks %s", m.Short())
		}
	}
}

type message struct {
	id   crdt.ID
	data []byte
}

// messages yields what a home wrote, each op as the gossip message it would be.
func messages(t *testing.T, h *home, id crdt.ID) func(func(message) bool) {
	return func(yield func(message) bool) {
		store, err := h.store.Circle(id)
		if err != nil {
			t.Fatal(err)
		}
		for s, err := range store.Arrivals(1) {
			if err != nil {
				t.Fatal(err)
			}
			if s.Op.Dev != h.view(id).Dev {
				continue
			}
			data, err := protocol.EncodeFrame(protocol.PackByID([]crdt.Op{s.Op}, func(*crdt.Op) bool { return true }))
			if err != nil {
				t.Fatal(err)
			}
			if !yield(message{s.Op.ID, data}) {
				return
			}
		}
	}
}

// TestWhoLeftComesBack by a new invite, as who they were, and may leave again.
func TestWhoLeftComesBack(t *testing.T) {
	ann, ben := newHome(t, "Ann"), newHome(t, "Ben")
	id := ann.begin("Elm Street")
	join(ben, ann, id)
	need := ben.do(id, wish("Soup")).ID
	me := ben.view(id).Me
	for round := range 2 {
		if err := ben.Leave(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		meet(ben, ann, id)
		_, bye, owed := ann.Goodbye(ben.peer())
		if !owed {
			t.Fatalf("round %d: Ann owes no goodbye", round)
		}
		if err := ben.TakeGoodbye(t.Context(), id, ann.peer(), bye); err != nil {
			t.Fatal(err)
		}
		ann.SaidGoodbye(ben.peer(), id)
		if err := knock(ben, ann, ann.invites(id, node.InviteOptions{})); err != nil {
			t.Fatalf("round %d: Ben comes back: %v", round, err)
		}
		if ann.Standing(ben.peer()) != node.Fellow {
			t.Fatal("Ben is back, and no fellow")
		}
		meet(ben, ann, id)
		ben.do(id, wish("Bread"))
		meet(ben, ann, id)
		equal(t, id, ann, ben)
		if s := ben.view(id); s.Me != me || s.Standing != membership.In || !s.State.Has(need) {
			t.Errorf("round %d: Ben is %s (%v), was %s", round, s.Me.Short(), s.Standing, me.Short())
		}
	}
}

// TestTwoKnockWithOneSlip: both are answered before either has proved themselves.
func TestTwoKnockWithOneSlip(t *testing.T) {
	ann := newHome(t, "Ann")
	id := ann.begin("Elm Street")
	code := ann.invites(id, node.InviteOptions{})
	var enter []func() error
	for _, name := range []string{"Ben", "Cem"} {
		h := newHome(t, name)
		state, err := h.Join(code, name)
		if err != nil {
			t.Fatal(err)
		}
		k, err := h.Knock(state.ID)
		if err != nil {
			t.Fatal(err)
		}
		a, err := ann.Knocked(t.Context(), h.peer(), k)
		if err != nil || a.Verdict != protocol.DoorOpen {
			t.Fatalf("%s: %v, %v", name, a.Verdict, err)
		}
		p, err := h.Prove(state.ID, ann.peer(), k, a)
		if err != nil {
			t.Fatal(err)
		}
		enter = append(enter, func() error { _, err := ann.Proved(t.Context(), h.peer(), k, a, p); return err })
	}
	if err := enter[0](); err != nil {
		t.Fatal(err)
	}
	if err := enter[1](); err == nil {
		t.Error("an invite for one let two in")
	}
	if n := len(ann.view(id).People.Members()); n != 2 {
		t.Errorf("%d members, want 2", n)
	}
}

// TestADoorThatLies hands over a log that lets nobody in: nothing of it is kept.
func TestADoorThatLies(t *testing.T) {
	ann, ben, cem := newHome(t, "Ann"), newHome(t, "Ben"), newHome(t, "Cem")
	id := ann.begin("Elm Street")
	join(cem, ann, id)
	code := ann.invites(id, node.InviteOptions{})
	state, err := ben.Join(code, "Ben")
	if err != nil {
		t.Fatal(err)
	}
	k, _ := ben.Knock(state.ID)
	a, err := ann.Knocked(t.Context(), ben.peer(), k)
	if err != nil {
		t.Fatal(err)
	}
	p, err := ben.Prove(state.ID, ann.peer(), k, a)
	if err != nil {
		t.Fatal(err)
	}
	frames, err := ann.Proved(t.Context(), ben.peer(), k, a, p)
	if err != nil {
		t.Fatal(err)
	}
	short := func(yield func(protocol.Frame, error) bool) { // the admission is cut off
		for f, err := range frames {
			if ops, ok := f.(*protocol.Ops); ok {
				all, err := protocol.UnpackByID(id, ops)
				if err != nil {
					t.Fatal(err)
				}
				for len(all) > 0 && string(all[len(all)-1].ID[:16]) != string(code.Ctl[:]) {
					all = all[:len(all)-1]
				}
				f = protocol.PackByID(all, func(*crdt.Op) bool { return true })
			}
			if !yield(f, err) {
				return
			}
		}
	}
	if err := ben.Enter(t.Context(), state.ID, ann.peer(), short); err == nil {
		t.Fatal("Ben is in by a log that does not let him in")
	}
	if all := ben.All(); len(all) != 0 {
		t.Errorf("Ben keeps %v of a door that lied", all)
	}
	if err := ben.Enter(t.Context(), state.ID, ann.peer(), frames); err != nil {
		t.Errorf("and the honest log does not let him in: %v", err)
	}
}

// TestRefusalsAreProblems: what a person may get wrong is said in words.
func TestRefusalsAreProblems(t *testing.T) {
	ann := newHome(t, "Ann")
	id := ann.begin("Elm Street")
	var none crdt.ID
	_, doNone := ann.Do(t.Context(), none, wish("x"))
	_, viewNone := ann.View(none)
	_, envNone := ann.Env(none)
	_, welcome := ann.Welcome(t.Context(), id, none)
	_, join := ann.Join(&protocol.Invite{Circle: none, Expiry: 1}, "Ann")
	_, named := ann.Join(&protocol.Invite{Circle: none}, "")
	_, often := ann.Invite(t.Context(), id, node.InviteOptions{Uses: 65})
	for i, err := range []error{doNone, viewNone, envNone, welcome, join, named, often, ann.Leave(t.Context(), none),
		ann.RevokeInvite(t.Context(), id, none)} {
		var p *circle.Problem
		if !errors.As(err, &p) || words.Told.Tell(p.Said) == "" {
			t.Errorf("%d: %v is not a problem in words", i, err)
		}
	}
}

// testStart is a moment in the past for clocks that go fast.
var testStart = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// skewed is a clock that is off.
type skewed struct{ by atomic.Int64 }

func (s *skewed) now() time.Time { return time.Now().Add(time.Duration(s.by.Load())) }

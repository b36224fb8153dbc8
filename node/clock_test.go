package node_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/storage"
)

// TestAClockAhead: what is written an hour ahead is passed on at once, and takes
// effect when that hour comes; also across a crash.
func TestAClockAhead(t *testing.T) { unhurried(t, aClockAhead) }

func aClockAhead(t *testing.T) {
	var ahead, all skewed
	ann := newHomeOn(t, "Ann", storage.NewMem(), all.now)
	ben := newHomeOn(t, "Ben", storage.NewMem(), func() time.Time { return all.now().Add(time.Duration(ahead.by.Load())) })
	cem := newHomeOn(t, "Cem", storage.NewMem(), all.now)
	id := ann.begin("Elm Street")
	join(ben, ann, id)
	join(cem, ann, id)
	ahead.by.Store(int64(time.Hour))
	need := ben.do(id, wish("Soup")).ID
	meet(ben, ann, id)
	meet(ann, cem, id) // passed on
	for _, h := range []*home{ann, cem} {
		if s := h.view(id); s.State.Has(need) || s.Waiting == 0 {
			t.Errorf("%s lets an op of the future take effect", h.name)
		}
	}
	ann.do(id, wish("Bread")) // not after Ben's hour
	for tip := range tips(ann, id) {
		if time.Until(tip) > 5*time.Minute {
			t.Error("Ann's clock was dragged along")
		}
	}
	ann.shut() // a checkpoint while the op is held
	ann.start()
	ahead.by.Store(0)
	all.by.Store(int64(time.Hour))
	waitFor(t, func() bool { return ann.view(id).State.Has(need) })
	ann.crash()
	if !ann.view(id).State.Has(need) {
		t.Error("what was let go is gone after a crash")
	}
	cem.shut()
	cem.start()
	waitFor(t, func() bool { return cem.view(id).State.Has(need) })
	meet(ann, ben, id)
	meet(ann, cem, id)
	meet(ann, ben, id)
	alike(t, id, ann, ben, cem)
}

// alike fails unless homes see the same circle. What they hold may differ by a
// beat that one of them wrote by itself just now.
func alike(t *testing.T, id crdt.ID, homes ...*home) {
	t.Helper()
	now := crdt.At(time.Now().UnixMilli())
	want := homes[0].view(id).State.Digest(now)
	for _, h := range homes[1:] {
		if got := h.view(id).State.Digest(now); got != want {
			t.Errorf("%s sees %s, %s sees %s", h.name, got.Short(), homes[0].name, want.Short())
		}
	}
}

func tips(h *home, id crdt.ID) func(func(time.Time) bool) {
	return func(yield func(time.Time) bool) {
		s := h.view(id)
		for _, tip := range s.Frontier().Tips[s.Dev] {
			if !yield(tip.HLC.Time()) {
				return
			}
		}
	}
}

// patience is how long these tests wait for what homes do by themselves, some of which
// they look at once a minute.
const patience = 2 * time.Minute

func waitFor(t testing.TB, done func() bool) {
	t.Helper()
	for until := time.Now().Add(patience); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("it does not come to pass")
		}
	}
}

// TestClocksApartConverge lets homes whose clocks are off by up to half an hour
// write in two circles, take things back, stop and crash; once the clocks have
// caught up they see the same.
func TestClocksApartConverge(t *testing.T) {
	for seed := range uint64(3) {
		runUnhurried(t, fmt.Sprint("seed=", seed), func(t *testing.T) { clocksApart(t, seed) })
	}
}

func clocksApart(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 13))
	var all skewed
	var homes []*home
	off := make([]skewed, 4)
	for i := range off {
		homes = append(homes, newHomeOn(t, fmt.Sprintf("home-%d-%d", i, seed), storage.NewMem(),
			func() time.Time { return all.now().Add(time.Duration(off[i].by.Load())) }))
	}
	circles := []crdt.ID{homes[0].begin("Elm Street"), homes[1].begin("Choir")}
	for i, id := range circles {
		for j, h := range homes {
			if j != i {
				join(h, homes[i], id)
			}
		}
	}
	for i := range off {
		off[i].by.Store(r.Int64N(int64(time.Hour)) - int64(30*time.Minute))
	}
	made := map[crdt.ID][]crdt.ID{}
	for i := range 120 {
		h, id := homes[r.IntN(len(homes))], circles[r.IntN(2)]
		switch n := r.IntN(12); {
		case n < 4:
			other := homes[r.IntN(len(homes))]
			if other != h && len(h.Shared(other.peer())) == 2 && len(other.Shared(h.peer())) == 2 {
				meet(h, other, id)
			}
		case n < 5:
			h.shut()
			h.start()
		case n < 6:
			h.crash()
		case n < 9 || len(made[id]) == 0:
			made[id] = append(made[id], h.do(id, wish(fmt.Sprint("wish ", i))).ID)
		default:
			on := made[id][r.IntN(len(made[id]))]
			cmds := []circle.Command{circle.Retract{ID: on}, circle.SayYes{ID: on}, circle.WriteNote{On: on, Kind: circle.NoteComment, Text: "hm"},
				circle.GiveThanks{ID: on, Text: "so good"}, circle.SayNotNow{ID: on}}
			_, _ = h.Do(t.Context(), id, cmds[r.IntN(len(cmds))]) // a refusal is fine
		}
	}
	all.by.Store(int64(time.Hour))
	for i := range off {
		off[i].by.Store(0)
	}
	for _, h := range homes { // the first tick lets go what was held
		h.shut()
		h.start()
	}
	settled := func() bool {
		for _, h := range homes {
			if h.view(circles[0]).Waiting+h.view(circles[1]).Waiting > 0 {
				return false
			}
		}
		return true
	}
	for _, h := range homes { // what its founder let in may have been of the future
		for i, id := range circles {
			if h != homes[i] {
				meet(h, homes[i], id)
			}
		}
	}
	waitFor(t, settled)
	for i, id := range circles {
		for _, h := range homes { // whom the founder let in, all know then
			if h != homes[i] {
				meet(h, homes[i], id)
			}
		}
		for range 2 {
			for i := range homes {
				for j := range i {
					meet(homes[i], homes[j], id)
				}
			}
		}
		waitFor(t, settled)
		alike(t, id, homes...)
		for _, h := range homes {
			before := h.view(id).State.Digest(crdt.At(h.now().UnixMilli()))
			h.crash()
			h.shut()
			if err := h.Rebuild(t.Context()); err == nil {
				t.Error("a node that ran is rebuilt in place")
			}
			h.start()
			if after := h.view(id).State.Digest(crdt.At(h.now().UnixMilli())); after != before {
				t.Errorf("%s sees something else after a crash and a start", h.name)
			}
		}
	}
}

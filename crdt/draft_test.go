package crdt_test

import (
	"testing"

	"pgregory.net/rapid"

	"tend/crdt"
)

// TestDraftObeysCheck: whatever the history, what a device that did not fork may
// write passes level 1, and when it may not, beats bring it there.
func TestDraftObeysCheck(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		// Two replicas write apart, so that heads of both kinds pile up.
		a, b := founded(t), founded(t)
		clock := crdt.At(2000)
		for range rapid.IntRange(1, 60).Draw(rt, "ops") {
			r := rapid.SampledFrom([]*replica{a, b}).Draw(rt, "where")
			d := rapid.IntRange(0, 19).Draw(rt, "device")
			if r == b {
				d += 20
			}
			clock += crdt.HLC(rapid.IntRange(0, 1).Draw(rt, "step"))
			writeOrBeat(rt, t, r, d, clock)
			if rapid.IntRange(0, 15).Draw(rt, "meet") == 0 {
				b.take(t, a.order)
				a.take(t, b.order)
			}
		}
		b.take(t, a.order)
		for d := range 40 {
			writeOrBeat(rt, t, b, d, clock)
		}
	})
}

func writeOrBeat(rt *rapid.T, t testing.TB, r *replica, d int, clock crdt.HLC) {
	class := crdt.Class(rapid.IntRange(0, 1).Draw(rt, "class"))
	for range 10 {
		if h, ok := r.Draft(dev(d), class, clock); ok {
			if err := r.add(signed(t, r.Circle(), d, h, []byte("text"))); err != nil {
				rt.Fatalf("draft %+v is refused: %v", h, err)
			}
			return
		}
		h, ok := r.DraftBeat(dev(d), clock)
		if !ok {
			rt.Fatalf("device %d can neither write nor beat", d)
		}
		if err := r.add(signed(t, r.Circle(), d, h, nil)); err != nil {
			rt.Fatalf("beat %+v is refused: %v", h, err)
		}
	}
	rt.Fatalf("device %d cannot write after 10 beats", d)
}

// TestBeatJoins: 150 devices, each knowing only the genesis, write one control
// op. Two beats and a third join them; then everything fits an op again.
func TestBeatJoins(t *testing.T) {
	r := founded(t)
	g := r.Circle()
	for d := 1; d <= 150; d++ {
		r.take(t, []crdt.Op{signed(t, g, d, crdt.Header{Seq: 1, Ctl: []crdt.ID{g}, HLC: crdt.At(2000 + int64(d))}, []byte("c"))})
	}
	if got := r.CtlHeads(); got != 150 {
		t.Fatalf("%d control heads, want 150", got)
	}
	if _, ok := r.Draft(dev(0), crdt.Content, crdt.At(3000)); !ok {
		t.Fatal("8 forced heads are too many")
	}
	beats := 0
	for r.CtlHeads() > 1 {
		before := r.CtlHeads()
		h, ok := r.DraftBeat(dev(0), crdt.At(3000))
		if !ok {
			t.Fatal("no beat")
		}
		r.take(t, []crdt.Op{signed(t, g, 0, h, nil)})
		if beats++; r.CtlHeads() >= before {
			t.Fatalf("beat %d joined nothing: %d heads", beats, r.CtlHeads())
		}
	}
	if beats != 3 {
		t.Errorf("%d beats joined 150 heads, want 3", beats)
	}
}

// TestDraftOfForked: a device that forked writes on none of its branches.
func TestDraftOfForked(t *testing.T) {
	r := founded(t)
	r.take(t, []crdt.Op{branch(t, r, 1, crdt.ID{}, 1, "one"), branch(t, r, 1, crdt.ID{}, 1, "two")})
	if _, ok := r.Draft(dev(1), crdt.Content, crdt.At(2000)); ok {
		t.Error("a forked device drafts")
	}
	if _, ok := r.DraftBeat(dev(1), crdt.At(2000)); ok {
		t.Error("a forked device beats")
	}
	if h, ok := r.Draft(dev(2), crdt.Content, crdt.At(2000)); !ok || len(h.Deps) != 2 {
		t.Errorf("others name both branches: %v, want 2 deps", h.Deps)
	}
}

package p2p_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"tend/crdt"
	"tend/node/p2p"
	"tend/protocol"
)

// A newcomer whose connection is cut ten times, at moments that a seed gives, goes on
// where it was: of what it took in it is sent no more than a frame again each time.
func TestNewcomerIsCutAgainAndAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	const writers, each, cuts = 8, 1500, 10 // none writes more than a day has room for
	v := newVillage(t)
	a, b := v.house("a"), v.house("b")
	all := []*house{a, b}
	for i := range writers {
		all = append(all, v.house(fmt.Sprint("writer ", i)))
	}
	v.join(all...)
	for _, h := range all[2:] {
		h.bulk(each)
		for s, err := range h.cir.Arrivals(1) {
			if err != nil {
				t.Fatal(err)
			}
			if _, err := a.add([]crdt.Op{s.Op}, p2p.PeerKey{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	const ops = writers * each
	na := a.start(func(c *p2p.Config) { c.NoGossip = true })
	b.meet(na, a)
	nb := b.start(func(c *p2p.Config) { c.NoGossip = true })
	before := b.count()
	r := rand.New(rand.NewPCG(8, cuts))
	at := make([]uint64, cuts)
	for i := range at {
		at[i] = before + 1 + uint64(r.IntN(ops*9/10))
	}
	slices.Sort(at)
	made := 0
	for _, n := range at {
		for until := time.Now().Add(time.Minute); b.count() < n; time.Sleep(time.Millisecond) {
			if time.Now().After(until) {
				t.Fatalf("it holds %d ops after %d cuts and gets no more; links: %v", b.count(), made, nb.Status().Links)
			}
		}
		if b.count() == a.count() {
			break
		}
		made++
		for _, p := range nb.LibHost().Network().Peers() {
			_ = nb.LibHost().Network().ClosePeer(p)
		}
	}
	if made < cuts/2 {
		t.Fatalf("%d cuts were made", made)
	}
	eventually(t, 60*time.Second, "the newcomer has all", func() bool { return equal(a, b) })
	b.mu.Lock()
	defer b.mu.Unlock()
	if again := b.taken - ops; again > made*protocol.MaxOpsPerFrame {
		t.Errorf("%d ops were sent twice over %d cuts, want at most %d each time", again, made, protocol.MaxOpsPerFrame)
	} else {
		t.Logf("%d ops were sent twice over %d cuts", again, made)
	}
}

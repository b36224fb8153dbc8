package p2p_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"tend/node/p2p"
)

func TestScoresDecay(t *testing.T) {
	s, now, p := p2p.NewScores(), time.Unix(1_800_000_000, 0), peer.ID("p")
	for i := range p2p.FaultLimit - 1 {
		if s.Fault(p, 1, now) || s.Resting(p, now) {
			t.Fatalf("left alone after %d faults", i+1)
		}
	}
	// Half is forgotten in the half-life.
	now = now.Add(p2p.FaultHalf)
	for i := range p2p.FaultLimit/2 - 1 {
		if s.Fault(p, 1, now) {
			t.Fatalf("left alone after half and %d faults", i+1)
		}
	}
	if !s.Fault(p, 3, now) || !s.Resting(p, now) {
		t.Fatal("not left alone over the limit")
	}
	if s.Fault(p, p2p.FaultStep, now) {
		t.Error("left alone twice at once")
	}
	// Nobody is shut out for good, and coming back begins below the limit.
	now = now.Add(p2p.FaultRest)
	if s.Resting(p, now) || s.Fault(p, 1, now) {
		t.Error("still left alone after the rest")
	}
}

func TestOneFrameCountsLittle(t *testing.T) {
	s, now := p2p.NewScores(), time.Unix(1_800_000_000, 0)
	if s.Fault("p", 1000, now) {
		t.Error("one frame was enough")
	}
}

func TestScoresAreBounded(t *testing.T) {
	s, now := p2p.NewScores(), time.Unix(1_800_000_000, 0)
	for range p2p.FaultLimit / p2p.FaultStep {
		s.Fault("worst", p2p.FaultStep, now)
	}
	for i := range 3 * p2p.MaxScores {
		s.Fault(peer.ID(fmt.Sprint(i)), 1, now)
	}
	if got := s.Len(); got > p2p.MaxScores {
		t.Errorf("%d peers counted, limit %d", got, p2p.MaxScores)
	}
	if !s.Resting("worst", now) {
		t.Error("who counts most was forgotten")
	}
}

// A member whose home says rubbish again and again is closed, does not come in
// again for a while, and one that is sound goes on.
func TestRubbishIsLeftAlone(t *testing.T) {
	v := newVillage(t)
	a, b, c := v.house("a"), v.house("b"), v.house("c")
	v.join(a, b, c)
	na := a.start(nil)
	c.meet(na, a)
	c.start(nil)
	raw := outsider(t, privOf(t, b))
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := raw.Connect(ctx, infoOf(na)); err != nil {
		t.Fatal(err)
	}
	sent := 0
	for ; sent < 3*p2p.FaultLimit && !na.Resting(raw.ID()); sent++ {
		s, err := raw.NewStream(network.WithNoDial(ctx, "test"), na.LibHost().ID(), "/tend/sync/1")
		if err != nil {
			break
		}
		s.Write(append([]byte{1}, v.genesis.ID[:]...))
		sendFrame(s, []byte("rubbish"))
		s.SetReadDeadline(time.Now().Add(soon))
		for err == nil {
			_, err = readFrame(s)
		}
		s.Reset()
	}
	if sent < 3 {
		t.Errorf("left alone after %d frames of rubbish", sent)
	}
	eventually(t, soon, "the talker of rubbish is closed", func() bool {
		return na.Resting(raw.ID()) && na.LibHost().Network().Connectedness(raw.ID()) == network.NotConnected
	})
	_ = raw.Connect(ctx, infoOf(na)) // with QUIC it may seem to work for a moment
	eventually(t, soon, "it does not come in again", func() bool {
		return raw.Network().Connectedness(na.LibHost().ID()) == network.NotConnected
	})
	a.write("after")
	eventually(t, soon, "who is sound goes on", func() bool { return equal(a, c) })
}

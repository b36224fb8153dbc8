package p2p_test

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	ma "github.com/multiformats/go-multiaddr"

	"tend/node/p2p"
)

// A home that is reachable relays for members, without the limits that would stop
// gossip, and for nobody else.
func TestRelaysForMembersOnly(t *testing.T) {
	v := newVillage(t)
	r, b, c := v.house("r"), v.house("b"), v.house("c")
	v.join(r, b, c)
	r.door = true // so that a stranger gets as far as asking
	n := r.start(func(cfg *p2p.Config) { cfg.Forwarded = true })
	relay := infoOf(n)
	rb, rc, stranger := outsider(t, privOf(t, b)), outsider(t, privOf(t, c)), outsider(t, nil)
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	if err := rb.Connect(ctx, relay); err != nil {
		t.Fatal(err)
	}
	eventually(t, soon, "r relays", func() bool {
		has, err := rb.Peerstore().SupportsProtocols(relay.ID, proto.ProtoIDv2Hop)
		return err == nil && len(has) == 1
	})
	if _, err := client.Reserve(ctx, rb, relay); err != nil {
		t.Fatalf("Reserve by a member: %v", err)
	}
	if err := stranger.Connect(ctx, relay); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Reserve(ctx, stranger, relay); err == nil {
		t.Error("Reserve by a stranger: no error")
	}
	circuit := ma.StringCast(relay.Addrs[0].String() + "/p2p/" + relay.ID.String() + "/p2p-circuit")
	through := peer.AddrInfo{ID: rb.ID(), Addrs: []ma.Multiaddr{circuit}}
	if err := stranger.Connect(ctx, through); err == nil {
		t.Error("a stranger reached a member through r")
	}
	if err := rc.Connect(ctx, through); err != nil {
		t.Fatalf("a member through r: %v", err)
	}
	conns := rc.Network().ConnsToPeer(rb.ID())
	if len(conns) == 0 || conns[0].Stat().Limited || rc.Network().Connectedness(rb.ID()) != network.Connected {
		t.Errorf("connections through r = %v, want one that is not limited", conns)
	}
	if n.RelayedBy(rc.ID()) <= 0 || n.RelayedBy(rb.ID()) <= 0 {
		t.Errorf("relayed bytes of c %v, of b %v: want both counted", n.RelayedBy(rc.ID()), n.RelayedBy(rb.ID()))
	}
	if s := n.Status(); !s.Relaying || !s.Reached {
		t.Errorf("Status = %+v, want relaying", s)
	}
}

// A home that begins and ends to relay while connections end goes on living: libp2p
// waits with the one until everybody was told of the other.
func TestRelayingWhileConnectionsEnd(t *testing.T) {
	v := newVillage(t)
	r, b := v.house("r"), v.house("b")
	v.join(r, b)
	elsewhere := outsider(t, nil)
	n := r.start(func(cfg *p2p.Config) {
		cfg.Relays = []string{elsewhere.Addrs()[0].String() + "/p2p/" + elsewhere.ID().String()}
	})
	slow := make(chan struct{}, 1)
	for range 8 { // so that some are told before n is, in whatever order that goes
		n.LibHost().Network().Notify(&network.NotifyBundle{DisconnectedF: func(network.Network, network.Conn) {
			select {
			case slow <- struct{}{}:
			default:
			}
			time.Sleep(5 * time.Millisecond)
		}})
	}
	rb := outsider(t, privOf(t, b))
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 12 {
			if err := rb.Connect(ctx, infoOf(n)); err != nil {
				t.Error(err)
				return
			}
			rb.Network().ClosePeer(n.LibHost().ID())
			<-slow
			n.Reach(i%2 == 0)
			select {
			case <-slow: // of the same notice
			default:
			}
		}
	}()
	select {
	case <-done:
	case <-ctx.Done():
		t.Fatal("stuck")
	}
}

// What one member sends through a relay does not slow down another.
func TestRelayQuotaIsPerMember(t *testing.T) {
	v := newVillage(t)
	r, b, c := v.house("r"), v.house("b"), v.house("c")
	v.join(r, b, c)
	n := r.start(func(cfg *p2p.Config) { cfg.Forwarded = true })
	eventually(t, soon, "r is reachable", func() bool { return n.Status().Relaying })
	q := p2p.NewQuota(n, 1000, 10_000)
	pb, pc := peer.ID(b.name), peer.ID(c.name)
	began := time.Now()
	if wait := q.Charge(pb, 10_000); wait != 0 {
		t.Errorf("the burst waits %v", wait)
	}
	if wait, since := q.Charge(pb, 5_000), time.Since(began); wait < 5*time.Second-since || wait > 5*time.Second {
		t.Errorf("5000 bytes over at 1000 a second wait %v, %v after the burst", wait, since)
	}
	if wait := q.Charge(pc, 10_000); wait != 0 {
		t.Errorf("another member waits %v", wait)
	}
}

// What is more than a member's share goes through a relay at the rate of that share,
// and arrives.
func TestRelayQuotaSlowsBytes(t *testing.T) {
	for _, r := range []struct {
		name               string
		rate, burst, bytes int
		least              time.Duration
	}{
		{"within the share", 1 << 20, 16 << 20, 8 << 20, 0},
		{"over it", 200_000, 100_000, 700_000, 3 * time.Second},
	} {
		t.Run(r.name, func(t *testing.T) {
			v := newVillage(t)
			a, b, c := v.house("r"), v.house("b"), v.house("c")
			v.join(a, b, c)
			n := a.start(func(cfg *p2p.Config) {
				cfg.Forwarded = true
				*cfg = cfg.Sharing(float64(r.rate), float64(r.burst))
			})
			relay := infoOf(n)
			rb, rc := outsider(t, privOf(t, b)), outsider(t, privOf(t, c))
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			if err := rb.Connect(ctx, relay); err != nil {
				t.Fatal(err)
			}
			if _, err := client.Reserve(ctx, rb, relay); err != nil {
				t.Fatal(err)
			}
			came := make(chan time.Time, 1)
			rb.SetStreamHandler("/bytes", func(s network.Stream) {
				got, _ := io.Copy(io.Discard, s)
				if got != int64(r.bytes) {
					t.Errorf("%d bytes arrived, want %d", got, r.bytes)
				}
				came <- time.Now()
			})
			circuit := ma.StringCast(relay.Addrs[0].String() + "/p2p/" + relay.ID.String() + "/p2p-circuit")
			if err := rc.Connect(ctx, peer.AddrInfo{ID: rb.ID(), Addrs: []ma.Multiaddr{circuit}}); err != nil {
				t.Fatal(err)
			}
			s, err := rc.NewStream(ctx, rb.ID(), "/bytes")
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			if _, err := s.Write(make([]byte, r.bytes)); err != nil {
				t.Fatal(err)
			}
			if err := s.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			select {
			case at := <-came:
				d := at.Sub(began)
				t.Logf("%d bytes took %v: %.1f MB/s", r.bytes, d.Round(time.Millisecond), float64(r.bytes)/1e6/d.Seconds())
				if d < r.least {
					t.Errorf("%d bytes took %v, want at least %v", r.bytes, d, r.least)
				}
			case <-ctx.Done():
				t.Fatal("the bytes did not arrive")
			}
		})
	}
}

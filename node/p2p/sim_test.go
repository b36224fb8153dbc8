package p2p_test

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/x/simlibp2p"
	"github.com/marcopolo/simnet"

	"tend/crdt"
	"tend/node/p2p"
	"tend/protocol"
)

// lost is a latency no packet lives to see the end of.
const lost = 365 * 24 * time.Hour

// simulated is a network in virtual time that can be cut in two.
type simulated struct {
	*simnet.Simnet
	cut  atomic.Bool
	side func(ip string) bool
}

func newSimulated(left ...string) *simulated {
	s := &simulated{side: func(ip string) bool {
		for _, l := range left {
			if l == ip {
				return true
			}
		}
		return false
	}}
	s.Simnet = &simnet.Simnet{LatencyFunc: func(p *simnet.Packet) time.Duration {
		if s.cut.Load() && s.side(hostOf(p.From)) != s.side(hostOf(p.To)) {
			return lost
		}
		return 20 * time.Millisecond
	}}
	return s
}

func hostOf(a net.Addr) string {
	ip, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	return ip
}

// place puts a home on the simulated network.
func (s *simulated) place(t *testing.T, h *house, ip string, gossip bool) *p2p.Net {
	t.Helper()
	link := simnet.LinkSettings{BitsPerSecond: 20 * simlibp2p.OneMbps}
	c := p2p.Config{Home: h, Listen: []string{fmt.Sprintf("/ip4/%s/udp/8000/quic-v1", ip)}, NoGossip: !gossip, NoMDNS: true,
		Log: h.logs(t)}
	n, err := p2p.Start(context.Background(), c.On(simlibp2p.QUICSimnet(s.Simnet, simnet.NodeBiDiLinkSettings{Downlink: link, Uplink: link})))
	if err != nil {
		t.Fatalf("Start at %s: %v", ip, err)
	}
	return n
}

// A cut of 90 seconds kills every connection across it, and nothing in libp2p
// brings them back: the dialler must, and sessions carry what was written meanwhile.
func TestCut(t *testing.T) {
	warm(t)
	for _, gossip := range []bool{true, false} {
		t.Run(fmt.Sprintf("gossip=%v", gossip), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { cutTest(t, gossip) })
		})
	}
}

func cutTest(t *testing.T, gossip bool) {
	v := newVillage(t)
	a, b, c := v.house("a"), v.house("b"), v.house("c")
	v.join(a, b, c)
	s := newSimulated("1.0.0.1")
	s.Start()
	defer s.Close()
	nb := s.place(t, b, "1.0.0.2", gossip)
	defer nb.Close()
	a.meet(nb, b)
	c.meet(nb, b)
	na := s.place(t, a, "1.0.0.1", gossip)
	defer na.Close()
	nc := s.place(t, c, "1.0.0.3", gossip)
	defer nc.Close()
	a.write("before")
	time.Sleep(30 * time.Second)
	if got, want := len(na.Status().Links), 2; got != want {
		t.Fatalf("a is connected to %d homes, want %d", got, want)
	}
	if !equal(a, b, c) {
		t.Fatal("not equal before the cut")
	}

	s.cut.Store(true)
	time.Sleep(10 * time.Second)
	a.write("on one side")
	b.write("on the other")
	time.Sleep(80 * time.Second)
	if got := len(na.Status().Links); got != 0 {
		t.Errorf("after 90 s of cut a is connected to %d homes, want none", got)
	}
	if !equal(b, c) || equal(a, b) {
		t.Errorf("in the cut: b and c equal = %v, a and b equal = %v", equal(b, c), equal(a, b))
	}
	s.cut.Store(false)
	healed := time.Now()
	for !equal(a, b, c) {
		if time.Since(healed) > 15*time.Second {
			t.Fatalf("not equal 15 s after the cut: a %d, b %d, c %d ops; a has %d links", a.count(), b.count(), c.count(), len(na.Status().Links))
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Logf("equal %v after the cut", time.Since(healed))
}

// A home that comes up at another address is found again, because it dials whom
// it knows and its new record spreads.
func TestAddressChange(t *testing.T) {
	warm(t)
	synctest.Test(t, func(t *testing.T) {
		v := newVillage(t)
		a, b, c := v.house("a"), v.house("b"), v.house("c")
		v.join(a, b, c)
		s := newSimulated()
		s.Start()
		defer s.Close()
		nb := s.place(t, b, "1.0.0.2", true)
		defer nb.Close()
		a.meet(nb, b)
		c.meet(nb, b)
		na := s.place(t, a, "1.0.0.1", true)
		nc := s.place(t, c, "1.0.0.3", true)
		time.Sleep(30 * time.Second)
		na.Close()
		nc.Close() // c sleeps while a moves
		time.Sleep(10 * time.Second)
		a.bulk(3)
		na = s.place(t, a, "1.0.0.9", true)
		defer na.Close()
		time.Sleep(40 * time.Second)
		if !equal(a, b) {
			t.Fatal("a moved, and is not equal with b")
		}
		// c wakes; it has the old address of a, and asks b for the new one.
		nc = s.place(t, c, "1.0.0.3", true)
		defer nc.Close()
		time.Sleep(60 * time.Second)
		found := false
		for _, l := range nc.Status().Links {
			found = found || l.Peer == a.peer
		}
		if !found || !equal(a, b, c) {
			t.Errorf("c found a = %v, all equal = %v", found, equal(a, b, c))
		}
	})
}

// Leaving the network takes no longer than two seconds, whatever runs, also when it
// was just cut and nobody answers.
func TestCloseIsSoon(t *testing.T) {
	warm(t)
	for _, cut := range []bool{false, true} {
		t.Run(fmt.Sprintf("cut=%v", cut), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := newVillage(t)
				houses := []*house{v.house("a"), v.house("b"), v.house("c")}
				v.join(houses...)
				s := newSimulated("1.0.0.1")
				s.Start()
				defer s.Close()
				var nets []*p2p.Net
				for i, h := range houses {
					if i > 0 {
						h.meet(nets[0], houses[0])
					}
					nets = append(nets, s.place(t, h, fmt.Sprint("1.0.0.", i+1), true))
				}
				time.Sleep(30 * time.Second)
				for _, n := range nets {
					if got, want := len(n.Status().Links), 2; got != want {
						t.Fatalf("connected to %d homes, want %d", got, want)
					}
				}
				s.cut.Store(cut)
				for i := range 10 {
					houses[0].write(fmt.Sprint(i))
				}
				for i, n := range nets {
					begin := time.Now()
					if err := n.Close(); err != nil {
						t.Errorf("Close of home %d: %v", i, err)
					}
					if took := time.Since(begin); took > 2*time.Second {
						t.Errorf("Close of home %d took %v", i, took)
					}
				}
			})
		})
	}
}

func equal(houses ...*house) bool {
	for _, h := range houses[1:] {
		if h.digest() != houses[0].digest() {
			return false
		}
	}
	return true
}

// warm uses the compressor of frames once outside a bubble: it keeps channels,
// which would belong to the bubble in which they were made.
func warm(t *testing.T) {
	t.Helper()
	h := newVillage(t).house("warm")
	h.write("a")
	f := protocol.PackByID([]crdt.Op{h.v.genesis}, func(*crdt.Op) bool { return true })
	if _, err := protocol.DecodeFrame(encoded(t, f)); err != nil {
		t.Fatal(err)
	}
}

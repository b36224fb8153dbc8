package p2p_test

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/discovery/mdns"
	ma "github.com/multiformats/go-multiaddr"

	"tend/node/p2p"
)

const insideNetwork = "TEND_TEST_INSIDE_NETWORK"

// onOwnLAN runs a test again in a network of its own, for which it must be root, and
// reports whether this is that run.
func onOwnLAN(t *testing.T) bool {
	t.Helper()
	if os.Getenv(insideNetwork) == "" {
		if os.Getuid() != 0 {
			t.Skip("only root makes a network of its own")
		}
		again := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
		again.Env = append(os.Environ(), insideNetwork+"=1")
		again.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
		out, err := again.CombinedOutput()
		if err != nil && len(out) == 0 {
			t.Skipf("no network of its own: %v", err)
		}
		if err != nil {
			t.Fatalf("inside: %v\n%s", err, out)
		}
		if bytes.Contains(out, []byte("--- SKIP")) {
			t.Skipf("inside: %s", out)
		}
		t.Logf("%s", out)
		return false
	}
	ip(t, "link", "set", "lo", "up")
	ip(t, "link", "set", "lo", "multicast", "on")
	ip(t, "addr", "add", "192.168.77.1/24", "dev", "lo")
	ip(t, "addr", "add", "192.168.77.2/24", "dev", "lo")
	ip(t, "route", "add", "224.0.0.0/4", "dev", "lo")
	return true
}

// ip changes the network, or skips the test where the machine does not let it.
func ip(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		t.Skipf("ip %v: %v %s", args, err, out)
	}
}

// onLAN puts a home on the local network at an IP.
func onLAN(at string) func(*p2p.Config) {
	return func(c *p2p.Config) { c.NoMDNS, c.Listen = false, []string{"/ip4/" + at + "/udp/0/quic-v1"} }
}

// questions counts who asks on the local network from now on.
func questions(t *testing.T) *atomic.Int64 {
	t.Helper()
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.ListenMulticastUDP("udp4", lo, &net.UDPAddr{IP: net.IPv4(224, 0, 0, 251), Port: 5353})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	var asked atomic.Int64
	go func() {
		buf := make([]byte, 64<<10)
		for {
			n, _, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			// RFC 1035 §4.1.1: QR is 0 in what asks; who probes names what they will say.
			if n >= 12 && buf[2]&0x80 == 0 && buf[8] == 0 && buf[9] == 0 {
				asked.Add(1)
			}
		}
	}()
	return &asked
}

func linked(t *testing.T, what string, nets ...*p2p.Net) {
	t.Helper()
	began := time.Now()
	eventually(t, time.Minute, what, func() bool {
		return !slices.ContainsFunc(nets, func(n *p2p.Net) bool { return len(n.Status().Links) != len(nets)-1 })
	})
	t.Logf("%s after %v", what, time.Since(began).Round(time.Millisecond))
}

// Homes that know no address of each other meet on the local network; then it is
// quiet there, and who comes later, or comes back at another address, is met too.
func TestFoundOnTheLocalNetwork(t *testing.T) {
	if !onOwnLAN(t) {
		return
	}
	v := newVillage(t)
	a, b, c, d := v.house("a"), v.house("b"), v.house("c"), v.house("d")
	v.join(a, b, c)
	asked := questions(t)
	na, nb, nc := a.start(onLAN("192.168.77.1")), b.start(onLAN("192.168.77.1")), c.start(onLAN("192.168.77.1"))
	linked(t, "three found one another", na, nb, nc)
	a.write("over the wall")
	eventually(t, time.Minute, "what a writes reaches the others", func() bool { return equal(a, b) && equal(a, c) })
	if asked.Load() == 0 {
		t.Fatal("they met, and no question was heard")
	}
	// libp2p's own service asks 4 s after its first question, and up to 10 s later again.
	time.Sleep(2 * time.Second) // who asked just before they met is still heard
	before := asked.Load()
	time.Sleep(16 * time.Second)
	if more := asked.Load() - before; more != 0 {
		t.Errorf("%d questions after all had met, want none", more)
	}

	v.join(d)
	nd := d.start(onLAN("192.168.77.1"))
	linked(t, "who came later was found", na, nb, nc, nd)

	nc.Close()
	eventually(t, time.Minute, "c is seen to be gone", func() bool { return len(na.Status().Links) == 2 })
	c.mu.Lock()
	clear(c.rows) // it must find the others where they are
	c.mu.Unlock()
	nc = c.start(onLAN("192.168.77.2"))
	linked(t, "who came back at another address was found", na, nb, nc, nd)

	for _, n := range []*p2p.Net{na, nb, nc, nd} {
		if err := n.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	eventually(t, time.Minute, "all have left the local network", func() bool {
		all := make([]byte, 4<<20)
		return !bytes.Contains(all[:runtime.Stack(all, true)], []byte("zeroconf"))
	})
}

// Whoever shows a code only answers; the member who read it asks, and comes. Where all
// members are met nobody else would.
func TestCodeLeadsOverTheLocalNetwork(t *testing.T) {
	if !onOwnLAN(t) {
		return
	}
	v := newVillage(t)
	d, j := v.house("d"), v.house("j")
	v.join(d)
	j.door = true
	d.visits = []p2p.Visit{{ID: "code", Peer: j.peer}} // an address of which nothing is left
	d.start(onLAN("192.168.77.1"))
	j.start(onLAN("192.168.77.1"))
	eventually(t, time.Minute, "j is let in and d is through", func() bool {
		j.mu.Lock()
		entered := j.entered
		j.mu.Unlock()
		return entered == 2 && len(d.Visits()) == 0
	})
}

// A machine without IPv6 asks over IPv4, and leaves the network in time.
func TestFoundOnTheLocalNetworkWithoutIPv6(t *testing.T) {
	if !onOwnLAN(t) {
		return
	}
	// An interface of less than 1,280 bytes has no IPv6 on Linux (RFC 8200 §5).
	ip(t, "link", "set", "lo", "multicast", "off")
	ip(t, "link", "add", "narrow", "mtu", "1279", "type", "veth", "peer", "name", "far")
	ip(t, "link", "set", "far", "up")
	ip(t, "link", "set", "far", "multicast", "off")
	ip(t, "link", "set", "narrow", "up")
	ip(t, "addr", "add", "192.168.78.1/24", "dev", "narrow")
	v := newVillage(t)
	a, b := v.house("a"), v.house("b")
	v.join(a, b)
	na, nb := a.start(onLAN("192.168.78.1")), b.start(onLAN("192.168.78.1"))
	linked(t, "two found each other", na, nb)
	if err := na.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// libp2p's own service and a home find each other, whoever of them asks; and when the
// machine has another address, the home tells that one at once.
func TestSpeaksAsLibp2pOnTheLocalNetwork(t *testing.T) {
	if !onOwnLAN(t) {
		return
	}
	v := newVillage(t)
	a, b := v.house("a"), v.house("b")
	v.join(a, b)
	// b is a member with nothing but libp2p: it only answers, for it asks before a is there.
	found := make(finder, 64)
	hb := plainHost(t, b)
	tag := b.Tags(time.Now())[0]
	serve(t, hb, tag, found)
	na := a.start(func(c *p2p.Config) { c.NoMDNS, c.Listen = false, []string{"/ip4/0.0.0.0/udp/0/quic-v1"} })
	eventually(t, time.Minute, "a found b and calls it", func() bool { return len(hb.Network().ConnsToPeer(na.LibHost().ID())) > 0 })

	// A stranger who knows the tag asks when a is at rest.
	found = make(finder, 64)
	serve(t, plainHost(t, v.house("stranger")), tag, found)
	found.wait(t, na.LibHost().ID(), "192.168.77.1")

	ip(t, "addr", "add", "192.168.77.9/24", "dev", "lo")
	found.wait(t, na.LibHost().ID(), "192.168.77.9")
}

// plainHost is a house's libp2p host, without Tend.
func plainHost(t *testing.T, of *house) host.Host {
	t.Helper()
	key, err := crypto.UnmarshalEd25519PrivateKey(of.key)
	if err != nil {
		t.Fatal(err)
	}
	h, err := libp2p.New(libp2p.Identity(key), libp2p.ListenAddrStrings("/ip4/192.168.77.1/udp/0/quic-v1"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

func serve(t *testing.T, h host.Host, tag string, to finder) {
	t.Helper()
	s := mdns.NewMdnsService(h, tag, to)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
}

// finder hears of who was found.
type finder chan peer.AddrInfo

func (f finder) HandlePeerFound(info peer.AddrInfo) {
	select {
	case f <- info:
	default:
	}
}

// wait waits until a peer was found at an IP.
func (f finder) wait(t *testing.T, who peer.ID, at string) {
	t.Helper()
	timeout := time.After(90 * time.Second)
	for {
		select {
		case info := <-f:
			if info.ID == who && slices.ContainsFunc(info.Addrs, func(a ma.Multiaddr) bool { return strings.HasPrefix(a.String(), "/ip4/"+at+"/") }) {
				return
			}
		case <-timeout:
			t.Fatalf("%s was not found at %s", who, at)
		}
	}
}

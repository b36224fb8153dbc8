package web_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"testing"

	"tend/node/web"
)

// TestListen holds that both loopback addresses are had, or neither: a stranger on
// the other one would be sent the one-time code.
func TestListen(t *testing.T) {
	d, err := web.Listen(0, false)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.LAN()) != 0 {
		t.Errorf("without being asked it listens on %v", d.LAN())
	}
	port := d.Port
	if _, err := web.Listen(port, false); !errors.Is(err, web.ErrTaken) {
		t.Errorf("Listen(a port in use) = %v, want ErrTaken", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "::1"} {
		stranger, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			t.Logf("no %s on this machine: %v", host, err)
			continue
		}
		taken := stranger.Addr().(*net.TCPAddr).Port
		if d, err := web.Listen(taken, false); !errors.Is(err, web.ErrTaken) {
			t.Errorf("Listen where %s is taken = %v, want ErrTaken", host, err)
			if err == nil {
				_ = d.Close()
			}
		}
		_ = stranger.Close()
	}
}

// TestNetworksAreReadAnew carries a laptop from one network to another while its page
// is served: the link for a phone names the address of now, the door is open there, and
// shut where it was.
func TestNetworksAreReadAnew(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere one address of 127.0.0.0/8 is loopback's alone")
	}
	home, office := netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3")
	here := home
	d, err := web.ListenAmong(0, func() []netip.Addr { return []netip.Addr{here} })
	if err != nil {
		t.Fatal(err)
	}
	h := newHome(t)
	s := web.New(web.Config{Service: h, Upkeep: h, Label: label, Port: d.Port, LAN: d.LAN, Now: h.now, Log: silent})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, d) }()
	answers := func(at netip.Addr) bool {
		r, err := http.Get("http://" + netip.AddrPortFrom(at, uint16(d.Port)).String())
		if err != nil {
			return false
		}
		_ = r.Body.Close()
		return r.StatusCode == http.StatusMisdirectedRequest // it is no network, so the walls know no such name
	}
	check := func(now, before netip.Addr) {
		t.Helper()
		link, ok := s.Pair()
		if !ok || !strings.HasPrefix(link.Link, "http://"+now.String()+":") {
			t.Errorf("at %v the link is %q, %v", now, link.Link, ok)
		}
		if !answers(now) {
			t.Errorf("at %v nobody answers", now)
		}
		if before.IsValid() && answers(before) {
			t.Errorf("at %v, where the machine is no more, somebody answers", before)
		}
	}
	check(home, netip.Addr{})
	here = office
	check(office, home)
	http.DefaultClient.CloseIdleConnections()
	stop()
	if err := <-ended; err != nil {
		t.Errorf("Serve = %v", err)
	}
	here = home
	if d.LAN(); answers(home) {
		t.Error("after the page's end it is served again")
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

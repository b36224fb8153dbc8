package web_test

import (
	"errors"
	"net"
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
	if len(d.LAN) != 0 {
		t.Errorf("without being asked it listens on %v", d.LAN)
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

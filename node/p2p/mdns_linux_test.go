package p2p_test

import (
	"bytes"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"tend/node/p2p"
)

const insideNetwork = "TEND_TEST_INSIDE_NETWORK"

// Two homes that know no address of each other meet on the local network. The test
// runs itself again in a network of its own, for which it must be root.
func TestFoundOnTheLocalNetwork(t *testing.T) {
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
		return
	}
	for _, args := range [][]string{{"link", "set", "lo", "up"}, {"link", "set", "lo", "multicast", "on"},
		{"addr", "add", "192.168.77.1/24", "dev", "lo"}, {"route", "add", "224.0.0.0/4", "dev", "lo"}} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Skipf("ip %v: %v %s", args, err, out)
		}
	}
	v := newVillage(t)
	a, b := v.house("a"), v.house("b")
	v.join(a, b)
	onLAN := func(c *p2p.Config) {
		c.NoMDNS, c.Listen = false, []string{"/ip4/192.168.77.1/udp/0/quic-v1"}
	}
	na := a.start(onLAN)
	began := time.Now()
	nb := b.start(onLAN)
	eventually(t, 20*time.Second, "a and b found each other", func() bool {
		return len(na.Status().Links) == 1 && len(nb.Status().Links) == 1
	})
	t.Logf("found after %v", time.Since(began).Round(time.Millisecond))
	a.write("over the wall")
	eventually(t, 5*time.Second, "what a writes reaches b", func() bool { return equal(a, b) })
}

package p2p_test

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"slices"
	"testing"

	"tend/node/p2p"
)

// ownHost is an address of this machine that no other program uses, where there is one,
// and with a port below those that the system gives away.
func ownHost() (host, port string) {
	if runtime.GOOS != "linux" { // of 127.0.0.0/8, others have 127.0.0.1 alone
		return "127.0.0.1", "24817"
	}
	pid := os.Getpid()
	return fmt.Sprintf("127.77.%d.%d", pid>>8&0xff, pid&0xff), "24817"
}

// A home whose port somebody else has taken comes up all the same, and is back at
// its own when that is free again.
func TestTakenPort(t *testing.T) {
	v := newVillage(t)
	a := v.house("a")
	v.join(a)
	host, port := ownHost()
	quic := "/ip4/" + host + "/udp/" + port + "/quic-v1"
	kept := []string{"/ip4/" + host + "/tcp/" + port, quic}
	again := func(c *p2p.Config) { c.Kept = kept }
	n := a.start(again)
	if got := n.Listening(); !slices.Equal(got, kept) {
		t.Fatalf("a listens on %v, want %v", got, kept)
	}
	n.Close()

	taken, err := net.Listen("tcp4", net.JoinHostPort(host, port))
	if err != nil {
		t.Fatal(err)
	}
	n = a.start(again)
	if got := n.Listening(); len(got) != 2 || !slices.Contains(got, quic) || slices.Equal(got, kept) {
		t.Errorf("with the TCP port taken: %v, want %s and another port", got, quic)
	}
	n.Close()

	// Nothing of it is free: both are others.
	udp, err := net.ListenPacket("udp4", net.JoinHostPort(host, port))
	if err != nil {
		t.Fatal(err)
	}
	n = a.start(again)
	if got := n.Listening(); len(got) != 2 || slices.Contains(got, quic) {
		t.Errorf("with both ports taken: %v", got)
	}
	n.Close()

	taken.Close()
	udp.Close()
	n = a.start(again)
	if got := n.Listening(); !slices.Equal(got, kept) {
		t.Errorf("with the ports free again: %v, want %v", got, kept)
	}
}

package p2p_test

import (
	"net"
	"slices"
	"strings"
	"testing"

	"tend/node/p2p"
)

// A home whose port somebody else has taken comes up all the same, and is back at
// its own when that is free again.
func TestTakenPort(t *testing.T) {
	v := newVillage(t)
	a := v.house("a")
	v.join(a)
	n := a.start(nil)
	kept := n.Listening()
	if len(kept) != 2 {
		t.Fatalf("a listens on %v, want two addresses", kept)
	}
	again := func(c *p2p.Config) { c.Kept = kept }
	var port, quic string
	for _, addr := range kept {
		if _, after, ok := strings.Cut(addr, "/tcp/"); ok {
			port = after
		} else {
			quic = addr
		}
	}
	n.Close()

	taken, err := net.Listen("tcp4", "127.0.0.1:"+port)
	if err != nil {
		t.Skipf("the port is not free for this test: %v", err)
	}
	n = a.start(again)
	if got := n.Listening(); len(got) != 2 || !slices.Contains(got, quic) || slices.Equal(got, kept) {
		t.Errorf("with the TCP port taken: %v, want %s and another port", got, quic)
	}
	n.Close()

	// Nothing of it is free: both are others.
	udp, err := net.ListenPacket("udp4", "127.0.0.1:"+strings.Split(quic, "/")[4])
	if err != nil {
		t.Skipf("the port is not free for this test: %v", err)
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

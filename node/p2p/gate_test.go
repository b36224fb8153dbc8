package p2p_test

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"tend/node/p2p"
)

// outsider is a plain libp2p host.
func outsider(t *testing.T, key crypto.PrivKey) host.Host {
	t.Helper()
	if key == nil {
		var err error
		if key, _, err = crypto.GenerateEd25519Key(rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	h, err := libp2p.New(libp2p.Identity(key), libp2p.ListenAddrStrings("/ip4/127.0.0.1/udp/0/quic-v1", "/ip4/127.0.0.1/tcp/0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

func infoOf(n *p2p.Net) peer.AddrInfo {
	return peer.AddrInfo{ID: n.LibHost().ID(), Addrs: n.LibHost().Addrs()}
}

func TestStrangerIsClosed(t *testing.T) {
	v := newVillage(t)
	a := v.house("a")
	v.join(a)
	n := a.start(nil)
	h := outsider(t, nil)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = h.Connect(ctx, infoOf(n)) // with QUIC it may seem to work for a moment
	eventually(t, 3*time.Second, "a stranger's connection is closed", func() bool {
		return h.Network().Connectedness(n.LibHost().ID()) == network.NotConnected
	})
	if got := n.LibHost().Network().Peers(); len(got) > 0 {
		t.Errorf("a is connected to %v, want nobody", got)
	}
	if protos, err := h.Peerstore().GetProtocols(n.LibHost().ID()); err != nil || len(protos) > 0 {
		t.Errorf("a stranger learned protocols %v, %v", protos, err)
	}
}

func TestStrangerAtOpenDoorReachesJoinOnly(t *testing.T) {
	v := newVillage(t)
	a := v.house("a")
	v.join(a)
	a.door = true
	n := a.start(nil)
	h := outsider(t, nil)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := h.Connect(ctx, infoOf(n)); err != nil {
		t.Fatalf("Connect at an open door: %v", err)
	}
	s, err := h.NewStream(ctx, n.LibHost().ID(), "/tend/sync/1")
	if err != nil {
		t.Fatalf("NewStream: %v", err)
	}
	if _, err := s.Write(append([]byte{1}, v.genesis.ID[:]...)); err != nil {
		t.Fatal(err)
	}
	if err := sendFrame(s, []byte{0x81, 0x01}); err != nil {
		t.Fatal(err)
	}
	// The answer is ERR 1, and nothing else.
	got, err := readFrame(s)
	if want := "83090140"; err != nil || hexOf(got) != want {
		t.Errorf("sync for a stranger = %s, %v; want %s", hexOf(got), err, want)
	}
	if _, err := readFrame(s); err == nil {
		t.Error("more than one frame for a stranger")
	}
	m, err := h.NewStream(ctx, n.LibHost().ID(), "/meshsub/1.1.0")
	if err == nil {
		_, err = m.Read(make([]byte, 1))
	}
	if err == nil {
		t.Error("a stranger was spoken to by gossip")
	}
}

func TestPartedHearsGoodbyeOnce(t *testing.T) {
	v := newVillage(t)
	a, b := v.house("a"), v.house("b")
	v.join(a, b)
	nb := b.start(nil)
	a.meet(nb, b)
	na := a.start(nil)
	eventually(t, 5*time.Second, "a and b are connected", func() bool { return len(na.Status().Links) == 1 && len(nb.Status().Links) == 1 })
	v.part(b)
	eventually(t, 5*time.Second, "b hears goodbye and is disconnected", func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.byes == 1 && na.LibHost().Network().Connectedness(nb.LibHost().ID()) == network.NotConnected
	})
	if _, _, owed := a.Goodbye(b.peer); owed {
		t.Error("a goodbye is still owed after it was said")
	}
	// A second time the door is shut.
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	h := outsider(t, privOf(t, b))
	_ = h.Connect(ctx, infoOf(na))
	eventually(t, 3*time.Second, "the departed is closed", func() bool {
		return h.Network().Connectedness(na.LibHost().ID()) == network.NotConnected
	})
}

func privOf(t *testing.T, h *house) crypto.PrivKey {
	t.Helper()
	key, err := crypto.UnmarshalEd25519PrivateKey(h.key)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

package p2p_test

import (
	"context"
	"crypto/rand"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	"github.com/libp2p/go-libp2p/p2p/protocol/identify"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"

	"tend/crdt/membership"
	"tend/node/p2p"
	tend "tend/protocol"
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
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	_ = h.Connect(ctx, infoOf(n)) // with QUIC it may seem to work for a moment
	eventually(t, soon, "a stranger's connection is closed", func() bool {
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
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	if err := h.Connect(ctx, infoOf(n)); err != nil {
		t.Fatalf("Connect at an open door: %v", err)
	}
	tried := []protocol.ID{"/tend/sync/1", "/meshsub/1.1.0", identify.ID, identify.IDPush, ping.ID, proto.ProtoIDv2Hop}
	for _, id := range tried {
		if got := says(t, h, n, id, append([]byte{1}, v.genesis.ID[:]...)); len(got) > 0 {
			t.Errorf("%s told a stranger %x", id, got)
		}
	}
	// A name may be acknowledged before its stream is reset, so whoever guesses it
	// learns that it was right, and nothing else.
	protos, err := h.Peerstore().GetProtocols(n.LibHost().ID())
	if err != nil || slices.ContainsFunc(protos, func(id protocol.ID) bool { return !slices.Contains(tried, id) }) {
		t.Errorf("a stranger learned protocols %v, %v, beyond those it named", protos, err)
	}
	if known, err := n.LibHost().Peerstore().GetProtocols(h.ID()); err != nil || len(known) > 0 {
		t.Errorf("a stranger was asked for protocols, and said %v, %v", known, err)
	}
	k := protocolsKnock()
	if got := says(t, h, n, "/tend/join/1", framed(k...)); len(got) == 0 {
		t.Error("the door did not answer a knock")
	}
}

// protocolsKnock is a knock with a code the house does not know.
func protocolsKnock() []byte { return tend.EncodeOpening(&tend.Knock{NonceJ: [16]byte{1}}) }

// says opens a stream, sends first, and returns what comes back.
func says(t *testing.T, h host.Host, n *p2p.Net, id protocol.ID, first []byte) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	s, err := h.NewStream(ctx, n.LibHost().ID(), id)
	if err != nil {
		return nil
	}
	defer s.Reset()
	if err := s.SetDeadline(time.Now().Add(soon)); err != nil {
		t.Fatal(err)
	}
	_, _ = s.Write(first) // refused is as good
	got := make([]byte, 1)
	k, _ := io.ReadFull(s, got)
	return got[:k]
}

// A departed member may say and hear GOODBYE, and nothing else.
func TestPartedSpeaksGoodbyeOnly(t *testing.T) {
	v := newVillage(t)
	a, b := v.house("a"), v.house("b")
	v.join(a)
	a.door = true
	a.owed[b.peer] = true
	n := a.start(nil)
	h := outsider(t, privOf(t, b))
	byes := make(chan []byte, 1)
	h.SetStreamHandler("/tend/sync/1", func(s network.Stream) {
		data, _ := io.ReadAll(s)
		s.Close()
		byes <- data
	})
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	if err := h.Connect(ctx, infoOf(n)); err != nil {
		t.Fatal(err)
	}
	select {
	case data := <-byes:
		if len(data) < 34 || data[0] != 1 {
			t.Errorf("the departed heard %x, want a GOODBYE", data)
		}
	case <-ctx.Done():
		t.Fatal("the departed heard no GOODBYE")
	}
	if protos, err := h.Peerstore().GetProtocols(n.LibHost().ID()); err != nil || slices.Contains(protos, identify.ID) {
		t.Errorf("the departed learned protocols %v, %v", protos, err)
	}
}

// TestGoodbyeIsSaidOnce: who connects just as they are parted from is owed one goodbye,
// though both are a reason to say it.
func TestGoodbyeIsSaidOnce(t *testing.T) {
	v := newVillage(t)
	a, b := v.house("a"), v.house("b")
	v.join(a)
	a.owed[b.peer] = true
	n := a.start(nil)
	h := outsider(t, privOf(t, b))
	streams, heard := make(chan struct{}, 8), make(chan struct{})
	h.SetStreamHandler("/tend/sync/1", func(s network.Stream) {
		streams <- struct{}{}
		_, _ = io.ReadAll(s)
		<-heard
		s.Close()
	})
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	if err := h.Connect(ctx, infoOf(n)); err != nil {
		t.Fatal(err)
	}
	<-streams
	var said sync.WaitGroup
	for range 3 {
		said.Go(func() { n.SayGoodbye(h.ID()) })
	}
	time.Sleep(100 * time.Millisecond) // in which another would come
	close(heard)
	said.Wait()
	if _, _, owed := a.Goodbye(b.peer); owed || len(streams) > 0 {
		t.Errorf("goodbye was begun %d times more while it was said; still owed: %t", len(streams), owed)
	}
}

func TestPartedHearsGoodbyeOnce(t *testing.T) {
	v := newVillage(t)
	a, b := v.house("a"), v.house("b")
	v.join(a, b)
	nb := b.start(nil)
	a.meet(nb, b)
	na := a.start(nil)
	eventually(t, soon, "a and b are connected", func() bool { return len(na.Status().Links) == 1 && len(nb.Status().Links) == 1 })
	v.part(b)
	eventually(t, soon, "b hears goodbye and is disconnected", func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.byes == 1 && na.LibHost().Network().Connectedness(nb.LibHost().ID()) == network.NotConnected
	})
	if _, _, owed := a.Goodbye(b.peer); owed {
		t.Error("a goodbye is still owed after it was said")
	}
	// A second time the door is shut.
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	h := outsider(t, privOf(t, b))
	_ = h.Connect(ctx, infoOf(na))
	eventually(t, soon, "the departed is closed", func() bool {
		return h.Network().Connectedness(na.LibHost().ID()) == network.NotConnected
	})
}

// TestWhoLeftIsAskedForKeys: what somebody wrote last may have come by way of others
// who could not read it, so the keys to it are asked for with the GOODBYE.
func TestWhoLeftIsAskedForKeys(t *testing.T) {
	v := newVillage(t)
	a, b := v.house("a"), v.house("b")
	v.join(a, b)
	a.lacks = []membership.EpochID{{1}, {2}}
	nb := b.start(nil)
	a.meet(nb, b)
	na := a.start(nil)
	eventually(t, soon, "a and b are connected", func() bool { return len(na.Status().Links) == 1 && len(nb.Status().Links) == 1 })
	v.part(b)
	eventually(t, soon, "b hears goodbye", func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.byes == 1
	})
	eventually(t, soon, "a has the keys", func() bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		return slices.Equal(a.handed, a.lacks)
	})
	if _, _, owed := a.Goodbye(b.peer); owed {
		t.Error("a goodbye is still owed after it was said")
	}
}

// TestWhoLeftIsMetElsewhere: two who share another circle stay connected, and who
// left this one hears GOODBYE, and is asked for keys, when it next asks here.
func TestWhoLeftIsMetElsewhere(t *testing.T) {
	v := newVillage(t)
	a, b := v.house("a"), v.house("b")
	v.join(a, b)
	a.lacks = []membership.EpochID{{1}}
	a.kin, b.kin = b, a
	v.part(b)
	na := a.start(nil)
	b.meet(na, a)
	nb := b.start(nil)
	eventually(t, soon, "b hears goodbye", func() bool {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.byes == 1
	})
	eventually(t, soon, "a has the keys, and owes nothing more", func() bool {
		_, _, owed := a.Goodbye(b.peer)
		a.mu.Lock()
		defer a.mu.Unlock()
		return !owed && slices.Equal(a.handed, a.lacks)
	})
	if len(na.Status().Links) != 1 || len(nb.Status().Links) != 1 {
		t.Error("a and b share another circle, and are not connected any more")
	}
}

// TestOnlyKeysAskedForAreTaken: who departed may answer a GOODBYE with any keys; taken
// are those that were asked for, once.
func TestOnlyKeysAskedForAreTaken(t *testing.T) {
	for name, lacks := range map[string][]membership.EpochID{"none": nil, "one": {{1}}} {
		t.Run(name, func(t *testing.T) {
			v := newVillage(t)
			a, b := v.house("a"), v.house("b")
			v.join(a)
			a.owed[b.peer], a.lacks = true, lacks
			n := a.start(nil)
			h := outsider(t, privOf(t, b))
			h.SetStreamHandler("/tend/sync/1", func(s network.Stream) {
				_, _ = io.ReadAll(s)
				keys := &tend.Keys{Boxes: b.KeysFor(v.genesis.ID, a.peer, []membership.EpochID{{2}, {1}})}
				for range 2 {
					_, _ = s.Write(framed(encoded(t, keys)...))
				}
				s.Close()
			})
			ctx, cancel := context.WithTimeout(context.Background(), soon)
			defer cancel()
			if err := h.Connect(ctx, infoOf(n)); err != nil {
				t.Fatal(err)
			}
			eventually(t, soon, "goodbye is said", func() bool { _, _, owed := a.Goodbye(b.peer); return !owed })
			a.mu.Lock()
			defer a.mu.Unlock()
			if !slices.Equal(a.handed, lacks) {
				t.Errorf("taken were keys of %x, asked for were those of %x", a.handed, lacks)
			}
		})
	}
}

// TestAStrangerIsHandedNoKeys: who says GOODBYE and asks for keys is heard, and gets
// none from a home that does not take it for a member.
func TestAStrangerIsHandedNoKeys(t *testing.T) {
	v := newVillage(t)
	a, b := v.house("a"), v.house("b")
	b.door, b.owed[a.peer] = true, true // who parted from b may speak to it, of a circle that they share no more
	nb := b.start(nil)
	h := outsider(t, privOf(t, a))
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	if err := h.Connect(ctx, infoOf(nb)); err != nil {
		t.Fatal(err)
	}
	s, err := h.NewStream(ctx, nb.LibHost().ID(), "/tend/sync/1")
	if err != nil {
		t.Fatal(err)
	}
	id, bye, _ := a.Goodbye(b.peer)
	frames := append([]byte{1}, id[:]...)
	for _, f := range []tend.Frame{&bye[0], &bye[1], &tend.Want{Epochs: []membership.EpochID{{1}}}} {
		frames = append(frames, framed(encoded(t, f)...)...)
	}
	if _, err := s.Write(frames); err != nil {
		t.Fatal(err)
	}
	if err := s.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if said, err := io.ReadAll(s); err != nil || len(said) > 0 {
		t.Errorf("a stranger heard %x, %v", said, err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.byes != 1 || len(b.asked) > 0 {
		t.Errorf("%d goodbyes were heard, keys asked for: %x", b.byes, b.asked)
	}
}

// TestAGoodbyeAsksOnce: who goes on asking for keys does not keep the one place where
// goodbyes are heard.
func TestAGoodbyeAsksOnce(t *testing.T) {
	v := newVillage(t)
	a, b := v.house("a"), v.house("b")
	b.door, b.owed[a.peer] = true, true
	nb := b.start(nil)
	h := outsider(t, privOf(t, a))
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	if err := h.Connect(ctx, infoOf(nb)); err != nil {
		t.Fatal(err)
	}
	s, err := h.NewStream(ctx, nb.LibHost().ID(), "/tend/sync/1")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Reset()
	id, bye, _ := a.Goodbye(b.peer)
	want := &tend.Want{Epochs: []membership.EpochID{{1}}}
	frames := append([]byte{1}, id[:]...)
	for _, f := range []tend.Frame{&bye[0], want, want} {
		frames = append(frames, framed(encoded(t, f)...)...)
	}
	if _, err := s.Write(frames); err != nil {
		t.Fatal(err)
	}
	if err := s.SetReadDeadline(time.Now().Add(soon)); err != nil {
		t.Fatal(err)
	}
	if said, err := io.ReadAll(s); err != nil || len(said) == 0 {
		t.Errorf("who asks again and again heard %x, %v, want an ERR and the end", said, err)
	}
}

// A home hears one goodbye at a time; who was not heard owes it still.
func TestGoodbyesOneAtATime(t *testing.T) {
	v := newVillage(t)
	a, b := v.house("a"), v.house("b")
	v.join(a, b)
	nb := b.start(nil)
	defer nb.HearAnother()()
	a.meet(nb, b)
	na := a.start(nil)
	eventually(t, soon, "a and b are connected", func() bool { return len(na.Status().Links) == 1 && len(nb.Status().Links) == 1 })
	v.part(b)
	eventually(t, soon, "b is disconnected", func() bool {
		return na.LibHost().Network().Connectedness(nb.LibHost().ID()) == network.NotConnected
	})
	if _, _, owed := a.Goodbye(b.peer); !owed {
		t.Error("a takes for said what b did not hear")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.byes != 0 {
		t.Error("b heard two goodbyes at once")
	}
}

func privOf(t *testing.T, h *house) crypto.PrivKey {
	t.Helper()
	key, err := crypto.UnmarshalEd25519PrivateKey(h.key)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestPeerIDIsLibp2ps compares the peer id that is put together here with libp2p's own.
func TestPeerIDIsLibp2ps(t *testing.T) {
	for range 20 {
		_, pub, err := crypto.GenerateEd25519Key(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := pub.Raw()
		if err != nil {
			t.Fatal(err)
		}
		want, err := peer.IDFromPublicKey(pub)
		if err != nil {
			t.Fatal(err)
		}
		if got := p2p.PeerID(p2p.PeerKey(raw)); got != want.String() {
			t.Errorf("PeerID = %s, want %s", got, want)
		}
	}
}

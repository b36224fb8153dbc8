package p2p_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"tend/crdt/membership"
	"tend/node"
	"tend/node/p2p"
	"tend/protocol"
	"tend/storage"
)

// resident is a real node, and its place on loopback while it is on.
type resident struct {
	*node.Node
	t   *testing.T
	net *p2p.Net
}

func newResident(t *testing.T, name string) *resident {
	t.Helper()
	seed := sha256.Sum256([]byte("resident " + name))
	n, err := node.New(node.Config{Store: storage.NewMem(), Keys: node.NewMemKeys(seed), Rand: rand.NewChaCha8(seed),
		Now: time.Now, Zone: "Europe/Berlin", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = n.Run(ctx) }()
	r := &resident{Node: n, t: t}
	t.Cleanup(func() {
		r.off()
		cancel()
		<-done
	})
	r.on()
	return r
}

// peer is the home's transport key.
func (r *resident) peer() p2p.PeerKey {
	return p2p.PeerKey(r.TransportKey().Public().(ed25519.PublicKey))
}

func (r *resident) on() {
	r.t.Helper()
	var err error
	r.net, err = p2p.Start(context.Background(), p2p.Config{Home: r.Node, NoMDNS: true, NoPortMap: true,
		Listen: []string{"/ip4/127.0.0.1/udp/0/quic-v1", "/ip4/127.0.0.1/tcp/0"}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *resident) off() {
	if r.net != nil {
		r.net.Close()
		r.net = nil
	}
}

// Any member with voice opens the door while the home of whoever invited is off.
func TestAnotherDoorkeeper(t *testing.T) {
	t.Parallel()
	rosa, tomasz, ann := newResident(t, "rosa"), newResident(t, "tomasz"), newResident(t, "ann")
	id, err := rosa.Begin(t.Context(), node.BeginOptions{Charter: membership.DefaultCharter("Mill Lane"), As: "Rosa"})
	if err != nil {
		t.Fatal(err)
	}
	members := func(r *resident, want int) func() bool {
		return func() bool {
			s, err := r.View(id)
			return err == nil && s.People.Len() == want
		}
	}
	invite := func() *protocol.Invite {
		contacts := rosa.net.Contacts(id)
		for i := range contacts {
			contacts[i].Addrs = contacts[i].Addrs[:1] // two doors with one address each fit
		}
		made, err := rosa.Invite(t.Context(), id, node.InviteOptions{Contacts: contacts})
		if err != nil {
			t.Fatal(err)
		}
		code, err := protocol.ParseCode(made.Text)
		if err != nil {
			t.Fatal(err)
		}
		return code.(*protocol.Invite)
	}
	if _, err := tomasz.Join(invite(), "Tomasz"); err != nil {
		t.Fatal(err)
	}
	eventually(t, soon, "Tomasz is in", members(tomasz, 2))
	eventually(t, soon, "Tomasz has a voice and Rosa an address of his", func() bool {
		s, err := tomasz.View(id)
		return err == nil && s.People.HasVoice(s.Me) && len(rosa.net.Contacts(id)) == 2
	})
	code := invite()
	if len(code.Contacts) != 2 {
		t.Fatalf("the code names %d doors, want two", len(code.Contacts))
	}
	eventually(t, soon, "Tomasz knows of the invitation", func() bool {
		s, err := tomasz.View(id)
		if err != nil {
			return false
		}
		_, known := s.People.InviteByID(code.ID())
		return known
	})

	rosa.off()
	if _, err := ann.Join(code, "Ann"); err != nil {
		t.Fatal(err)
	}
	eventually(t, soon, "Ann is let in by Tomasz", members(ann, 3))
	s, err := ann.View(id)
	if err != nil {
		t.Fatal(err)
	}
	him, err := tomasz.View(id)
	if err != nil {
		t.Fatal(err)
	}
	if m, ok := s.People.Member(s.Me); !ok || m.By != him.Me {
		t.Errorf("Ann was let in by %s, want Tomasz, %s", m.By.Short(), him.Me.Short())
	}
	rosa.on()
	eventually(t, soon, "Rosa hears of Ann", members(rosa, 3))
}

// TestInvitationTakenBack: over real connections, whoever comes with an invitation that was
// taken back is told that, and nothing else, though nothing else opens the door; and who
// was let in by one, by a home that had not heard, is told so when the two homes meet.
func TestInvitationTakenBack(t *testing.T) {
	t.Parallel()
	rosa, tomasz, ann, nina := newResident(t, "rosa back"), newResident(t, "tomasz back"), newResident(t, "ann back"), newResident(t, "nina back")
	id, err := rosa.Begin(t.Context(), node.BeginOptions{Charter: membership.DefaultCharter("Mill Lane"), As: "Rosa"})
	if err != nil {
		t.Fatal(err)
	}
	invite := func() *protocol.Invite {
		t.Helper()
		contacts := rosa.net.Contacts(id)
		for i := range contacts {
			contacts[i].Addrs = contacts[i].Addrs[:1] // two doors with one address each fit
		}
		made, err := rosa.Invite(t.Context(), id, node.InviteOptions{Contacts: contacts})
		if err != nil {
			t.Fatal(err)
		}
		code, err := protocol.ParseCode(made.Text)
		if err != nil {
			t.Fatal(err)
		}
		return code.(*protocol.Invite)
	}
	knows := func(r *resident, code *protocol.Invite) (membership.InviteInfo, bool) {
		s, err := r.View(id)
		if err != nil {
			return membership.InviteInfo{}, false
		}
		return s.People.InviteByID(code.ID())
	}
	takeBack := func(code *protocol.Invite) {
		t.Helper()
		made, _ := knows(rosa, code)
		if err := rosa.RevokeInvite(t.Context(), id, made.Op); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tomasz.Join(invite(), "Tomasz"); err != nil {
		t.Fatal(err)
	}
	eventually(t, soon, "Tomasz has a voice and Rosa an address of his", func() bool {
		s, err := tomasz.View(id)
		return err == nil && s.People.HasVoice(s.Me) && len(rosa.net.Contacts(id)) == 2
	})

	// Nothing is live: the door is answered for this one alone, and it learns no more.
	code := invite()
	takeBack(code)
	state, err := ann.Join(code, "Ann")
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, 30*time.Second, "Ann hears that it was taken back", func() bool {
		now, ok := ann.Joined(state.ID)
		return ok && now.Over == "typed.taken_back"
	})
	if ann.Holds(id) || len(ann.Circles()) > 0 {
		t.Error("Ann's home holds something of the circle")
	}

	// Tomasz knows the next one, and not that Rosa takes it back.
	code = invite()
	eventually(t, soon, "Tomasz knows of the invitation", func() bool { _, known := knows(tomasz, code); return known })
	tomasz.off()
	takeBack(code)
	rosa.off()
	tomasz.on()
	// His home listens elsewhere now: the code names where it is.
	for i := range code.Contacts {
		if code.Contacts[i].Peer == tomasz.peer() {
			code.Contacts[i].Addrs = tomasz.net.Contact().Addrs[:1]
		}
	}
	if _, err := nina.Join(code, "Nina"); err != nil {
		t.Fatal(err)
	}
	eventually(t, 30*time.Second, "Nina is let in by Tomasz", func() bool {
		s, err := nina.View(id)
		return err == nil && s.Standing == membership.In
	})
	rosa.on()
	if err := rosa.net.AddPeer(tomasz.net.Listening()[0] + "/p2p/" + p2p.PeerID(tomasz.peer())); err != nil {
		t.Fatal(err)
	}
	eventually(t, 60*time.Second, "Nina's home is told that she is not in", func() bool {
		s, err := nina.View(id)
		return err == nil && s.Standing == membership.Stranger && s.ToldGoodbye
	})
}

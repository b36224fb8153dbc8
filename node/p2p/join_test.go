package p2p_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"tend/crdt/membership"
	"tend/node/p2p"
	"tend/protocol"
)

func TestKnockingUntilLetIn(t *testing.T) {
	v := newVillage(t)
	d, j := v.house("d"), v.house("j")
	v.join(d)
	d.door = true
	nd := d.start(nil)
	asleep := v.house("asleep")
	j.knocks = []p2p.Knocking{{ID: "code", Contacts: []protocol.Contact{
		{Peer: asleep.peer, Addrs: [][]byte{infoOf(nd).Addrs[0].Bytes()}}, // somebody else answers there
		nd.Contact(),
	}}}
	nj := j.start(nil)
	eventually(t, soon, "j is let in", func() bool {
		j.mu.Lock()
		defer j.mu.Unlock()
		return j.entered == 2
	})
	d.mu.Lock()
	if !slices.Equal(d.letIn, []p2p.PeerKey{j.peer}) {
		t.Errorf("d let in %x, want j", d.letIn)
	}
	d.mu.Unlock()
	j.mu.Lock()
	if len(j.told) != 1 || j.told[0] == "later" || j.told[0] == "no" {
		t.Errorf("doors told %q, want the one sleeper's failure", j.told)
	}
	j.mu.Unlock()
	// They are members of one circle now, on the connection they have.
	d.write("welcome")
	eventually(t, soon, "what d writes reaches j", func() bool { return equal(d, j) })
	if got := nj.Status(); len(got.Links) != 1 || got.Alone != p2p.NotAlone {
		t.Errorf("status of j = %+v", got)
	}
}

func TestDoorsAnswer(t *testing.T) {
	for _, r := range []struct{ code, want string }{{"Later", "later"}, {"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "no"}} {
		t.Run(r.want, func(t *testing.T) {
			v := newVillage(t)
			d, j := v.house("d"), v.house("j")
			v.join(d)
			d.door = true
			nd := d.start(nil)
			j.knocks = []p2p.Knocking{{ID: r.code, Contacts: []protocol.Contact{nd.Contact()}}}
			j.start(nil)
			eventually(t, soon, "the door says "+r.want, func() bool {
				j.mu.Lock()
				defer j.mu.Unlock()
				return slices.Contains(j.told, r.want)
			})
			if d.letIn != nil || j.entered > 0 {
				t.Error("let in all the same")
			}
		})
	}
}

func TestFaceToFace(t *testing.T) {
	v := newVillage(t)
	d, j := v.house("d"), v.house("j")
	v.join(d)
	j.door = true // it shows its code
	nj := j.start(nil)
	d.visits = []p2p.Visit{{ID: "code", Peer: j.peer, Addrs: nj.Contact().Addrs}}
	d.start(nil)
	eventually(t, soon, "j is let in and d is through", func() bool {
		j.mu.Lock()
		entered := j.entered
		j.mu.Unlock()
		return entered == 2 && len(d.Visits()) == 0
	})
	j.write("thank you")
	eventually(t, soon, "what j writes reaches d", func() bool { return equal(d, j) })
}

func TestJoinMessagesAreBounded(t *testing.T) {
	v := newVillage(t)
	a := v.house("a")
	v.join(a)
	a.door = true
	n := a.start(nil)
	raw := outsider(t, nil)
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	if err := raw.Connect(ctx, infoOf(n)); err != nil {
		t.Fatal(err)
	}
	open := func() network.Stream {
		s, err := raw.NewStream(ctx, n.LibHost().ID(), "/tend/join/1")
		if err != nil {
			t.Fatal(err)
		}
		s.SetDeadline(time.Now().Add(soon))
		return s
	}
	for _, r := range []struct {
		name string
		send []byte
	}{
		{"8 kB and one", framed(make([]byte, 8<<10+1)...)[:100]},
		{"rubbish", framed([]byte("let me in")...)},
		{"a proof first", framed(protocol.Prove{}.Encode()...)},
	} {
		t.Run(r.name, func(t *testing.T) {
			s := open()
			s.Write(r.send)
			if data, err := readFrame(s); err == nil {
				t.Errorf("answered %x", data)
			}
		})
	}
	// Four at once are served, and the door waits for their proof; a fifth finds it taken.
	var held []network.Stream
	for range 4 {
		s := open()
		sendFrame(s, protocol.EncodeOpening(&protocol.Knock{Invite: membership.InviteID{1}, NonceJ: [16]byte{1}}))
		if _, err := readFrame(s); err != nil {
			t.Fatal(err)
		}
		held = append(held, s)
	}
	k := protocol.Knock{NonceJ: [16]byte{1}}
	fifth := open()
	sendFrame(fifth, protocol.EncodeOpening(&k))
	var late net.Error
	if data, err := readFrame(fifth); err == nil || errors.As(err, &late) && late.Timeout() {
		t.Errorf("a fifth join was answered %x, %v, want it turned away", data, err)
	}
	for _, s := range held {
		s.Reset()
	}
	eventually(t, soon, "the door is free again", func() bool {
		s := open()
		defer s.Reset()
		sendFrame(s, protocol.EncodeOpening(&k))
		_, err := readFrame(s)
		return err == nil
	})
}

package protocol_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tend/crdt/membership"
	"tend/protocol"
)

// Whatever is put into a code, the text is short enough and reads back as a
// beginning of it.
func TestInviteTextFits(t *testing.T) {
	addr := rapid.SliceOfN(rapid.Byte(), 1, 140)
	rapid.Check(t, func(t *rapid.T) {
		v := protocol.Invite{Circle: fixtureCircle, Expiry: rapid.Uint64Max(protocol.MaxExpiry-1).Draw(t, "expiry")}
		for range rapid.IntRange(0, 6).Draw(t, "contacts") {
			v.Contacts = append(v.Contacts, protocol.Contact{Addrs: rapid.SliceOfN(addr, 0, 6).Draw(t, "addresses")})
		}
		text := v.Text()
		if most := 5 + 288; len(text) > most {
			t.Fatalf("a code of %d letters, limit %d", len(text), most)
		}
		c, err := protocol.ParseCode(text)
		if err != nil {
			t.Fatalf("ParseCode(Text()) = %v", err)
		}
		got := c.(*protocol.Invite)
		if got.Circle != v.Circle || got.Expiry != v.Expiry || len(got.Contacts) > len(v.Contacts) || got.Text() != text {
			t.Fatalf("ParseCode(Text()) = %+v, want a beginning of %+v", got, v)
		}
	})
}

func TestFaceCodeTextFits(t *testing.T) {
	f := someFaceCode()
	f.Addrs = [][]byte{quic4, bytes.Repeat([]byte{7}, 80), quic6}
	c, err := protocol.ParseCode(f.Text())
	if err != nil {
		t.Fatal(err)
	}
	if got := c.(*protocol.FaceCode); got.Peer != f.Peer || len(got.Addrs) != 1 || !bytes.Equal(got.Addrs[0], quic4) {
		t.Errorf("ParseCode(Text()) = %+v, want the first address only", got)
	}
}

// A contact keeps what addresses fit, so a long first list still leaves a door.
func TestInviteKeepsTheFirstDoor(t *testing.T) {
	v := someInvite()
	v.Contacts[0].Addrs = [][]byte{quic6, quic6, quic6, quic4}
	c, err := protocol.ParseCode(v.Text())
	if err != nil {
		t.Fatal(err)
	}
	got := c.(*protocol.Invite).Contacts
	want := []protocol.Contact{{Peer: pubOf[membership.PeerKey]("peer anna"), Addrs: [][]byte{quic6, quic6}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("contacts = %+v, want %+v", got, want)
	}
}

func TestQRSize(t *testing.T) {
	one := someInvite()
	one.Contacts = one.Contacts[:1]
	one.Contacts[0].Addrs = [][]byte{quic4, quic6}
	for name, row := range map[string]struct {
		v    protocol.Invite
		most int
	}{"one contact": {one, 160}, "two contacts": {someInvite(), protocol.MaxCode}} {
		if got := (len(row.v.Text()) - 5) * 5 / 8; got > row.most {
			t.Errorf("an invite of %s has %d bytes, want at most %d", name, got, row.most)
		}
	}
	if text := one.Text(); strings.ToUpper(text) != text {
		t.Errorf("%q is not all upper case: a QR code of it is larger than need be", text)
	}
}

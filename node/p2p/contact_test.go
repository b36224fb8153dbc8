package p2p_test

import (
	"slices"
	"strings"
	"testing"

	ma "github.com/multiformats/go-multiaddr"

	"tend/node/p2p"
	"tend/protocol"
)

const somePeer = "12D3KooWJqjK9xFw23WA6JmYaDwzta25XAGm6Jn8Wx35tX4H93u6"

const (
	lan4     = "/ip4/192.168.1.7/udp/4001/quic-v1"
	lanTCP   = "/ip4/192.168.1.7/tcp/4001"
	lan6     = "/ip6/fd00::7/udp/4001/quic-v1"
	world4   = "/ip4/8.8.4.4/udp/4001/quic-v1"
	worldTCP = "/ip4/8.8.4.4/tcp/4001"
	world6   = "/ip6/2001:4860:4860::8844/udp/4001/quic-v1"
	circuit  = "/ip4/8.8.8.8/udp/4001/quic-v1/p2p/" + somePeer + "/p2p-circuit"
	own      = "/ip4/127.0.0.1/udp/4001/quic-v1"
	named    = "/dns4/home.example.org/udp/4001/quic-v1"
)

// A newcomer far away must find a way in the code, and one in the house too if
// there is room; all of it fits.
func TestAddressesForACode(t *testing.T) {
	for _, r := range []struct {
		name       string
		have, want []string
	}{
		{"one per way", []string{lanTCP, lan4, worldTCP, world4, world6}, []string{world4, world6, lan4}},
		{"a relay before the house", []string{lan4, circuit}, []string{circuit, lan4}},
		{"the house where the relay has no room", []string{lan4, world4, circuit}, []string{world4, lan4}},
		{"a name is as good as an address", []string{lan4, named}, []string{named, lan4}},
		{"the house alone", []string{lan6, lan4, own}, []string{lan4}},
		{"this machine when there is nothing else", []string{own}, []string{own}},
		{"only tcp", []string{lanTCP}, []string{lanTCP}},
		{"none", nil, nil},
	} {
		t.Run(r.name, func(t *testing.T) {
			var addrs []ma.Multiaddr
			for _, s := range r.have {
				addrs = append(addrs, ma.StringCast(s))
			}
			picked := p2p.CodeAddrs(addrs)
			if got := texts(t, picked); !slices.Equal(got, r.want) {
				t.Errorf("CodeAddrs(%v) = %v, want %v", r.have, got, r.want)
			}
			// What was picked is in the code as it is printed.
			text := protocol.Invite{Expiry: 500_000, Contacts: []protocol.Contact{{Peer: p2p.PeerKey{1}, Addrs: picked}}}.Text()
			code, err := protocol.ParseCode(text)
			if err != nil {
				t.Fatal(err)
			}
			if got := texts(t, code.(*protocol.Invite).Contacts[0].Addrs); !slices.Equal(got, r.want) {
				t.Errorf("the code holds %v, want %v", got, r.want)
			}
		})
	}
}

func texts(t *testing.T, addrs [][]byte) []string {
	t.Helper()
	var out []string
	for _, b := range addrs {
		a, err := ma.NewMultiaddrBytes(b)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, a.String())
	}
	return out
}

// TestPublishedAddresses lets a home stand behind a proxy: others are told that address
// and no other.
func TestPublishedAddresses(t *testing.T) {
	v := newVillage(t)
	a := v.house("a")
	v.join(a)
	const proxy = "/ip4/127.0.0.1/tcp/4711"
	na := a.start(func(c *p2p.Config) { c.Published = []string{proxy} })
	for _, addr := range na.LibHost().Addrs() {
		if addr.String() != proxy {
			t.Errorf("it publishes %s", addr)
		}
	}
	if len(na.LibHost().Addrs()) != 1 {
		t.Errorf("it publishes %d addresses, want 1", len(na.LibHost().Addrs()))
	}
	if listening := na.Listening(); len(listening) == 0 || strings.Contains(listening[0], "4711") {
		t.Errorf("it listens on %q", listening)
	}
}

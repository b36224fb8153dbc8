package p2p

import (
	"slices"
	"strings"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/protocol"
)

// A code has room for one home with several addresses, or for two with one each
// (SPEC.md §6.2).
const (
	maxContactAddrs = protocol.MaxContactAddrs
	maxDoors        = protocol.MaxContacts
	codeAddrBytes   = 68 // of one home's addresses, each with its CBOR head
)

// Contact is this home as a code names it: its peer key, and up to four addresses,
// one per way of being reached, the one that serves most newcomers first.
func (n *Net) Contact() protocol.Contact {
	key, _ := keyOf(n.host.ID())
	return protocol.Contact{Peer: key, Addrs: codeAddrs(n.forNewcomers(n.reachableAt()))}
}

// forNewcomers leaves out the addresses over members' nodes: those relay for members
// only, and stand in an invitation as doors of their own.
func (n *Net) forNewcomers(addrs []ma.Multiaddr) []ma.Multiaddr {
	return slices.DeleteFunc(slices.Clone(addrs), func(a ma.Multiaddr) bool {
		return isCircuit(a) && n.gate.standing(relayIn(a)) == Fellow
	})
}

// Contacts are this home and other members whose addresses are known, for an
// invite, at most four: those first who relay, for they are reached from anywhere,
// are connected now, or may be reached.
func (n *Net) Contacts(circle crdt.ID) []protocol.Contact {
	out := []protocol.Contact{n.Contact()}
	relays := n.book.relays()
	type door struct {
		contact protocol.Contact
		weight  int
	}
	var others []door
	for _, c := range n.home.Contacts() {
		if !slices.Contains(c.Circles, circle) {
			continue
		}
		good, direct := n.book.known(c.Peer)
		addrs := n.forNewcomers(appendNew(good, direct...))
		d := door{contact: protocol.Contact{Peer: c.Peer, Addrs: codeAddrs(addrs)}}
		if len(d.contact.Addrs) == 0 {
			continue
		}
		d.weight = 4*rank(slices.Contains(relays, c.Peer)) + 2*rank(n.host.Network().Connectedness(peerOf(c.Peer)) == network.Connected) +
			rank(slices.ContainsFunc(addrs, fromAnywhere))
		others = append(others, d)
	}
	slices.SortStableFunc(others, func(a, b door) int { return a.weight - b.weight })
	for _, d := range others[:min(len(others), maxDoors-1)] {
		out = append(out, d.contact)
	}
	return out
}

// reachableAt are this home's addresses for a code: also those on the local network,
// which the published ones may leave out, and none of which nobody knows that it
// leads here.
func (n *Net) reachableAt() []ma.Multiaddr {
	out := n.host.Addrs()
	if len(n.told) > 0 {
		return out
	}
	if !n.cfg.Forwarded && !n.outside.isReached() {
		maybe := n.forwarded()
		out = slices.DeleteFunc(out, func(a ma.Multiaddr) bool { return slices.ContainsFunc(maybe, a.Equal) })
	}
	for _, a := range n.here() {
		ip, err := manet.ToIP(a)
		if err == nil && !n.useless(a) && !n.machine.isInner(ip) {
			out = appendNew(out, a)
		}
	}
	return out
}

// Ways of reaching a home, in the order in which a newcomer is served best: from
// anywhere, over somebody else's node, in the same house, on the same machine.
const (
	public4 = iota
	public6
	byRelay
	sameLAN
	sameMachine
	ways
)

// wayOf is the way an address leads.
func wayOf(a ma.Multiaddr) int {
	switch {
	case isCircuit(a):
		return byRelay
	case strings.HasPrefix(a.String(), "/dns"):
		return public4
	case manet.IsIPLoopback(a):
		return sameMachine
	case !manet.IsPublicAddr(a):
		return sameLAN
	}
	if _, err := a.ValueForProtocol(ma.P_IP6); err == nil {
		return public6
	}
	return public4
}

func fromAnywhere(a ma.Multiaddr) bool { return wayOf(a) <= byRelay }

// codeAddrs picks the addresses for a code: of each way the best one, QUIC before
// TCP and IPv4 before IPv6, as long as there is room; a long one gives way to a
// short one after it. An address on this machine stands there only when there is
// no other.
func codeAddrs(addrs []ma.Multiaddr) [][]byte {
	best := make([]ma.Multiaddr, ways)
	for _, a := range addrs {
		way := wayOf(a)
		if best[way] == nil || homelier(a, best[way]) {
			best[way] = a
		}
	}
	order := []int{public4, public6, byRelay, sameLAN, sameMachine}
	if best[public4] != nil || best[public6] != nil {
		order = []int{public4, public6, sameLAN, byRelay} // a router may not lead back into its own house
	}
	var out [][]byte
	room := codeAddrBytes
	for _, way := range order {
		a := best[way]
		if a == nil || way == sameMachine && len(out) > 0 || len(out) == maxContactAddrs {
			continue
		}
		data := a.Bytes()
		size := len(canon.MustMarshal(data))
		if len(data) > protocol.MaxAddr || len(out) > 0 && size > room {
			continue
		}
		out, room = append(out, data), room-size
	}
	return out
}

// homelier reports whether of two addresses of one way a is the better.
func homelier(a, b ma.Multiaddr) bool {
	weight := func(a ma.Multiaddr) int {
		w := 0
		if _, err := a.ValueForProtocol(ma.P_TCP); err == nil {
			w += 2
		}
		if _, err := a.ValueForProtocol(ma.P_IP6); err == nil {
			w++
		}
		return w
	}
	return weight(a) < weight(b)
}

// relayIn is the relay of a circuit address; "" for another, or one that names none.
func relayIn(a ma.Multiaddr) peer.ID {
	if !isCircuit(a) {
		return ""
	}
	first, _ := ma.SplitFunc(a, func(c ma.Component) bool { return c.Protocol().Code == ma.P_CIRCUIT })
	text, err := first.ValueForProtocol(ma.P_P2P)
	if err != nil {
		return ""
	}
	p, err := peer.Decode(text)
	if err != nil {
		return ""
	}
	return p
}

package p2p

import (
	"bytes"
	"errors"
	"slices"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"tend/crdt"
	"tend/protocol"
)

// Why says why nobody is reached.
type Why string

// The reasons, in the order in which they are looked for.
const (
	NotAlone  Why = ""             // somebody is connected
	NobodyYet Why = "nobody_yet"   // no circle has another member
	OwnOnly   Why = "this_machine" // this home listens on its own machine only
	NoNetwork Why = "no_network"   // the machine has no address
	Unreached Why = "not_reached"  // addresses are known, none of them answers
	NoAddress Why = "no_address"   // of nobody an address is known
)

var errNoAddress = errors.New("no address is known")

// Link is a member's device this home is connected to.
type Link struct {
	Peer    PeerKey
	Circles []crdt.ID // shared, ascending
	Addr    string    // multiaddr of the far end
	Relayed bool
}

// Status is how the network stands.
type Status struct {
	PeerID    string
	Listen    []string // multiaddrs others may dial, as published
	Links     []Link   // ascending by peer
	Alone     Why
	Reachable string // "public", "private" or "unknown"
	Relaying  bool   // this home relays for members now
	Anchors   int    // members' devices with an address outside the local network
	Dropped   uint64 // gossip messages lost here since the start; sessions made up for them
}

// Status tells how the network stands now.
func (n *Net) Status() Status {
	s := Status{PeerID: n.host.ID().String(), Reachable: "unknown"}
	for _, a := range n.host.Addrs() {
		s.Listen = append(s.Listen, a.String())
	}
	slices.Sort(s.Listen)
	for _, p := range n.fellows() {
		s.Links = append(s.Links, n.link(p))
	}
	slices.SortFunc(s.Links, func(a, b Link) int { return bytes.Compare(a.Peer[:], b.Peer[:]) })
	n.mu.Lock()
	switch n.reachability {
	case network.ReachabilityPublic:
		s.Reachable, s.Relaying = "public", true
	case network.ReachabilityPrivate:
		s.Reachable = "private"
	}
	n.mu.Unlock()
	if n.gossip != nil {
		s.Dropped = n.gossip.dropped.Load()
	}
	s.Alone, s.Anchors = n.why(len(s.Links) > 0)
	return s
}

func (n *Net) link(p peer.ID) Link {
	key, _ := keyOf(p) // a fellow's id has one
	l := Link{Peer: key, Circles: n.home.Shared(key)}
	for _, c := range n.host.Network().ConnsToPeer(p) {
		if l.Addr == "" || l.Relayed && !relayed(c) {
			l.Addr, l.Relayed = c.RemoteMultiaddr().String(), relayed(c)
		}
	}
	return l
}

func (n *Net) why(connected bool) (Why, int) {
	contacts := n.home.Contacts()
	known, anchors := 0, 0
	for _, c := range contacts {
		good, direct := n.book.known(c.Peer)
		if len(good)+len(direct) > 0 {
			known++
		}
		if slices.ContainsFunc(append(good, direct...), manet.IsPublicAddr) {
			anchors++
		}
	}
	switch {
	case connected:
		return NotAlone, anchors
	case len(contacts) == 0:
		return NobodyYet, anchors
	case known == 0:
		return NoAddress, anchors
	case n.loopback:
		return OwnOnly, anchors
	case len(n.host.Addrs()) == 0:
		return NoNetwork, anchors
	}
	return Unreached, anchors
}

// Listening are the addresses as [Config.Listen] takes them, with the ports that
// were chosen.
func (n *Net) Listening() []string {
	var out []string
	for _, a := range n.host.Network().ListenAddresses() {
		if !isCircuit(a) {
			out = append(out, a.String())
		}
	}
	slices.Sort(out)
	return out
}

// maxContactAddrs bounds the addresses of one contact in a code (SPEC.md §8).
const maxContactAddrs = 4

// Contact is this home as a code names it: its peer key, and up to four addresses,
// the most useful first.
func (n *Net) Contact() protocol.Contact {
	key, _ := keyOf(n.host.ID())
	return protocol.Contact{Peer: key, Addrs: n.addrBytes(n.reachableAt())}
}

// Contacts are this home and other members whose addresses are known, for an
// invite: those connected now and those who relay first, at most four.
func (n *Net) Contacts(circle crdt.ID) []protocol.Contact {
	out := []protocol.Contact{n.Contact()}
	relays := n.book.relays()
	var others []Contact
	for _, c := range n.home.Contacts() {
		if slices.Contains(c.Circles, circle) {
			others = append(others, c)
		}
	}
	weight := func(c Contact) int {
		w := 2
		if n.host.Network().Connectedness(peerOf(c.Peer)) == network.Connected {
			w--
		}
		return w + rank(slices.Contains(relays, c.Peer))
	}
	slices.SortStableFunc(others, func(a, b Contact) int { return weight(a) - weight(b) })
	for _, c := range others {
		good, direct := n.book.known(c.Peer)
		if addrs := n.addrBytes(appendNew(good, direct...)); len(addrs) > 0 && len(out) < maxContactAddrs {
			out = append(out, protocol.Contact{Peer: c.Peer, Addrs: addrs})
		}
	}
	return out
}

// reachableAt are this home's addresses for a code: also those on the local
// network, which the published ones may leave out.
func (n *Net) reachableAt() []ma.Multiaddr {
	out := n.host.Addrs()
	if own, err := n.host.Network().InterfaceListenAddresses(); err == nil {
		for _, a := range own {
			ip, err := manet.ToIP(a)
			if err == nil && !n.useless(a) && !n.inner.has(ip) {
				out = appendNew(out, a)
			}
		}
	}
	return out
}

// addrBytes picks the most useful addresses for a code: QUIC before TCP, one of
// each network before a second.
func (n *Net) addrBytes(addrs []ma.Multiaddr) [][]byte {
	weight := func(a ma.Multiaddr) int {
		w := 0
		if _, err := a.ValueForProtocol(ma.P_TCP); err == nil {
			w += 2
		}
		if isCircuit(a) {
			w++
		}
		if _, err := a.ValueForProtocol(ma.P_IP6); err == nil {
			w++
		}
		return w
	}
	addrs = slices.Clone(addrs)
	slices.SortStableFunc(addrs, func(a, b ma.Multiaddr) int { return weight(a) - weight(b) })
	var out [][]byte
	for _, a := range addrs[:min(len(addrs), maxContactAddrs)] {
		out = append(out, a.Bytes())
	}
	return out
}

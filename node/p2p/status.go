package p2p

import (
	"bytes"
	"errors"
	"slices"

	"github.com/libp2p/go-libp2p/core/peer"
	manet "github.com/multiformats/go-multiaddr/net"

	"tend/crdt"
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
	PeerID   string
	Listen   []string // multiaddrs others may dial, as published
	Links    []Link   // ascending by peer
	Alone    Why
	Reached  bool   // somebody came in from beyond the local network
	Relaying bool   // this home relays for members now
	Anchors  int    // members' devices with an address outside the local network
	Dropped  uint64 // gossip messages lost here since the start; sessions made up for them
}

// Status tells how the network stands now.
func (n *Net) Status() Status {
	s := Status{PeerID: n.host.ID().String()}
	for _, a := range n.host.Addrs() {
		s.Listen = append(s.Listen, a.String())
	}
	slices.Sort(s.Listen)
	for _, p := range n.fellows() {
		s.Links = append(s.Links, n.link(p))
	}
	slices.SortFunc(s.Links, func(a, b Link) int { return bytes.Compare(a.Peer[:], b.Peer[:]) })
	n.mu.Lock()
	s.Relaying = n.relay != nil
	n.mu.Unlock()
	s.Reached = n.cfg.Forwarded || n.outside.isReached()
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

package p2p

import (
	"crypto/ed25519"
	"fmt"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/control"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
)

// gate lets members in, and a stranger to the door only while there is one
// (SPEC.md §7.9). It is libp2p's ConnectionGater: a stranger learns one peer id.
// What those who come in may speak, guard says.
type gate struct {
	home   Home
	relays map[peer.ID]bool   // relays named by this home's person
	leads  func(peer.ID) bool // reports whether a member's record leads over that relay
	accept *bucket
	scores *scores
}

// InterceptPeerDial lets this home dial members, named relays, those in members'
// records, and the peers of codes it has read.
func (g *gate) InterceptPeerDial(p peer.ID) bool {
	return (g.mayMeet(p) || g.leads(p)) && !g.scores.resting(p, time.Now())
}

// InterceptAddrDial lets every address of such a peer be tried.
func (g *gate) InterceptAddrDial(peer.ID, ma.Multiaddr) bool { return true }

// InterceptAccept only keeps a flood of connections away: nobody is known yet.
func (g *gate) InterceptAccept(network.ConnMultiaddrs) bool { return g.accept.take(1) }

// InterceptSecured decides once the peer has proved who it is, before anything
// else is said.
func (g *gate) InterceptSecured(dir network.Direction, p peer.ID, _ network.ConnMultiaddrs) bool {
	if g.scores.resting(p, time.Now()) {
		return false
	}
	if g.mayMeet(p) || dir == network.DirOutbound && g.leads(p) {
		return true
	}
	return dir == network.DirInbound && (g.standing(p) == Parted || g.home.DoorOpen())
}

// InterceptUpgraded has nothing to add.
func (g *gate) InterceptUpgraded(network.Conn) (bool, control.DisconnectReason) { return true, 0 }

func (g *gate) mayMeet(p peer.ID) bool { return g.relay(p) || g.standing(p) >= Host }

// relay reports whether a peer is a relay that this home's person named, or over
// which a code that was read leads to its door.
func (g *gate) relay(p peer.ID) bool {
	if g.relays[p] {
		return true
	}
	for _, k := range g.home.Knocks() {
		for _, c := range k.Contacts {
			if leadsOver(c.Addrs, p) {
				return true
			}
		}
	}
	for _, v := range g.home.Visits() {
		if leadsOver(v.Addrs, p) {
			return true
		}
	}
	return false
}

func leadsOver(addrs [][]byte, p peer.ID) bool {
	return slices.ContainsFunc(multiaddrs(addrs), func(a ma.Multiaddr) bool { return relayIn(a) == p })
}

func (g *gate) standing(p peer.ID) Standing {
	key, err := keyOf(p)
	if err != nil {
		return Stranger
	}
	return g.home.Standing(key)
}

// keyOf is the transport key in a peer id. The error says that the id is not made
// of an Ed25519 key: nobody in Tend has such a one.
func keyOf(p peer.ID) (PeerKey, error) {
	pub, err := p.ExtractPublicKey()
	if err != nil {
		return PeerKey{}, fmt.Errorf("peer %s: %w", p, err)
	}
	raw, err := pub.Raw()
	if err != nil || len(raw) != ed25519.PublicKeySize || pub.Type() != crypto.Ed25519 {
		return PeerKey{}, fmt.Errorf("peer %s has no ed25519 key", p)
	}
	return PeerKey(raw), nil
}

// PeerID is the libp2p peer id of a transport key, as people write it in
// multiaddrs.
func PeerID(key PeerKey) string { return peerOf(key).String() }

func peerOf(key PeerKey) peer.ID { return peer.ID(peerPrefix + string(key[:])) }

// peerPrefix begins the peer id of an Ed25519 key: the identity multihash of 36 bytes,
// which are the key's protobuf of type 1 and 32 bytes (libp2p's spec "Peer Ids and Keys").
// The dialler asks for those of a whole circle whenever it looks whom to dial.
const peerPrefix = "\x00\x24\x08\x01\x12\x20"

// met is called for each new connection. Members are served; anybody else is a
// guest, whose connection ends soon.
func (n *Net) met(c network.Conn) {
	p := c.RemotePeer()
	if relayed(c) {
		n.overCircuit(p)
	}
	if n.gate.standing(p) < Fellow && (n.gate.relay(p) || c.Stat().Direction == network.DirOutbound && n.gate.leads(p)) {
		return
	}
	switch n.gate.standing(p) {
	case Fellow:
		n.metFellow(c)
	case Parted:
		n.sayGoodbye(p)
		if n.home.DoorOpen() || n.joining(p) || n.gate.standing(p) == Fellow {
			n.entertain(c) // who departed may knock like anybody
		} else {
			n.closePeer(p)
		}
	default:
		n.entertain(c)
	}
}

// entertain closes the connection of a guest after its time, or when its join is
// over; one who became a member meanwhile stays.
func (n *Net) entertain(c network.Conn) {
	p := c.RemotePeer()
	wait := guestTimeout
	for {
		select {
		case <-n.ctx.Done():
			return
		case <-time.After(wait):
		}
		if c.IsClosed() || n.gate.standing(p) == Fellow {
			return
		}
		if !n.joining(p) {
			c.Close()
			return
		}
		wait = time.Second
	}
}

// review looks at every connection again after people came or went: who is no
// member any more is closed, after one GOODBYE if it is owed; who became one is
// served.
func (n *Net) review() {
	for _, p := range n.host.Network().Peers() {
		switch n.gate.standing(p) {
		case Fellow:
			n.metAgain(p)
		case Parted:
			n.spawn(func() { // nobody else waits until it is heard
				n.sayGoodbye(p)
				if n.wasFellow(p) && n.gate.standing(p) < Host {
					n.closePeer(p)
				}
			})
		case Host:
		case Stranger:
			if !n.gate.relay(p) && n.wasFellow(p) {
				n.closePeer(p)
			}
		}
	}
}

func (n *Net) closePeer(p peer.ID) {
	if err := n.host.Network().ClosePeer(p); err != nil {
		n.log.Debug("close peer", "peer", p, "err", err)
	}
}

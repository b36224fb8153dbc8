package p2p

import (
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	ma "github.com/multiformats/go-multiaddr"
)

// settleTime is how long a direct connection stands before the relayed one to the
// same peer is closed: gossip would stay on the relay for ever.
const settleTime = 2 * time.Second

// onlyHere reports whether this home has no use for relays: it is on its own machine
// and nobody said otherwise.
func (n *Net) onlyHere() bool {
	return n.cfg.bare || n.loopback && len(n.cfg.Relays) == 0 && !n.cfg.Forwarded
}

// relaying makes this home a relay for members, if it is reached from outside; else,
// and when it is so no more, it ends that.
func (n *Net) relaying() {
	n.changing.Lock()
	defer n.changing.Unlock()
	n.mu.Lock()
	old := n.relay
	yes := !n.closed && !n.onlyHere() && (n.cfg.Forwarded || n.outside.isReached())
	if !yes {
		n.relay = nil
	}
	n.mu.Unlock()
	switch {
	case !yes && old != nil:
		old.Close()
	case yes && old == nil:
		r, err := relay.New(n.host, n.relayOptions()...)
		if err != nil {
			n.log.Error("relay for members", "err", err)
			return
		}
		n.mu.Lock()
		n.relay = r
		n.mu.Unlock()
	}
}

// relayOptions make a relay for members of common circles, without the limits that
// would keep gossip off it; quota takes their place.
func (n *Net) relayOptions() []relay.Option {
	r := relay.DefaultResources()
	r.MaxReservationsPerIP, r.MaxReservationsPerASN = 64, 256
	return []relay.Option{relay.WithResources(r), relay.WithInfiniteLimits(), relay.WithACL(relayRule{n})}
}

// relayRule is whom this home relays for.
type relayRule struct{ n *Net }

// AllowReserve lets members reserve a place.
func (r relayRule) AllowReserve(p peer.ID, _ ma.Multiaddr) bool {
	return r.n.gate.standing(p) == Fellow
}

// AllowConnect lets members of a common circle meet.
func (r relayRule) AllowConnect(src peer.ID, _ ma.Multiaddr, dest peer.ID) bool {
	return r.n.inCommon(src, dest)
}

// relays reports whether a connected peer says that it relays.
func (n *Net) relays(p peer.ID) bool {
	has, err := n.host.Peerstore().SupportsProtocols(p, proto.ProtoIDv2Hop)
	return err == nil && len(has) > 0
}

// foundRelay goes on with a connected member that relays: whoever is away may be
// reached over it, and this home as well.
func (n *Net) foundRelay(p peer.ID) {
	n.book.mark(p, true)
	n.seats.poke()
	n.dialler.reset()
}

func relayInfos(addrs []string) ([]peer.AddrInfo, error) {
	var out []peer.AddrInfo
	for _, s := range addrs {
		info, err := peer.AddrInfoFromString(s)
		if err != nil {
			return nil, fmt.Errorf("relay address %q: %w", s, err)
		}
		out = append(out, *info)
	}
	return out, nil
}

// relayed reports whether a connection goes over somebody else's node.
func relayed(c network.Conn) bool { return isCircuit(c.RemoteMultiaddr()) }

// preferDirect closes the relayed connections to a peer with a direct one, once
// that has settled.
func (n *Net) preferDirect(p peer.ID) {
	pause(n.ctx, settleTime)
	if !n.direct(p) {
		return
	}
	for _, other := range n.host.Network().ConnsToPeer(p) {
		if relayed(other) {
			n.log.Debug("the direct connection stands, the relayed one is closed", "peer", p)
			other.Close()
		}
	}
}

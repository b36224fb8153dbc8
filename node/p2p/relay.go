package p2p

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/host/autorelay"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	ma "github.com/multiformats/go-multiaddr"

	"tend/crdt"
)

// settleTime is how long a direct connection stands before the relayed one to the
// same peer is closed: gossip would stay on the relay for ever.
const settleTime = 2 * time.Second

// reaching are the options by which two homes behind routers meet: port mapping,
// hole punching, and members' nodes that relay for members where they are
// reachable. On the own machine only, there is nothing to get through.
func (n *Net) reaching(static []peer.AddrInfo) []libp2p.Option {
	if n.loopback && len(static) == 0 && !n.cfg.Forwarded {
		return nil
	}
	options := []libp2p.Option{
		libp2p.EnableHolePunching(), libp2p.EnableNATService(), libp2p.EnableAutoNATv2(),
		libp2p.EnableRelayService(n.relayOptions()...),
		libp2p.EnableAutoRelayWithPeerSource(n.relays(static), autorelay.WithBootDelay(0),
			autorelay.WithMinCandidates(1), autorelay.WithNumRelays(2), autorelay.WithBackoff(time.Minute)),
	}
	if !n.cfg.NoPortMap && !n.loopback {
		options = append(options, libp2p.NATPortMap())
	}
	if n.cfg.Forwarded {
		options = append(options, libp2p.ForceReachabilityPublic())
	}
	return options
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
	to := r.n.shared(dest)
	return slices.ContainsFunc(r.n.shared(src), func(c crdt.ID) bool { return slices.Contains(to, c) })
}

// relays offers the named relays, then members who are known to relay.
func (n *Net) relays(static []peer.AddrInfo) autorelay.PeerSource {
	return func(_ context.Context, count int) <-chan peer.AddrInfo {
		found := slices.Clone(static)
		for _, p := range n.fellows() {
			if n.relaying(p) {
				found = append(found, n.host.Peerstore().PeerInfo(p))
			}
		}
		found = found[:min(count, len(found))]
		out := make(chan peer.AddrInfo, len(found))
		for _, info := range found {
			out <- info
		}
		close(out)
		return out
	}
}

// relaying reports whether a connected peer says that it relays.
func (n *Net) relaying(p peer.ID) bool {
	has, err := n.host.Peerstore().SupportsProtocols(p, proto.ProtoIDv2Hop)
	return err == nil && len(has) > 0
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

// preferDirect closes the relayed connections to the peer of a new direct one,
// once that has settled.
func (n *Net) preferDirect(c network.Conn) {
	if relayed(c) {
		return
	}
	p := c.RemotePeer()
	pause(n.ctx, settleTime)
	if c.IsClosed() {
		return
	}
	for _, other := range n.host.Network().ConnsToPeer(p) {
		if relayed(other) {
			other.Close()
		}
	}
}

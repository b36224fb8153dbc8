package p2p

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"tend/crdt"
)

// maxSights is how many addresses a home may have towards the world.
const maxSights = 2

// punchTime is how long after this home called out to a peer, or was connected to it
// over a relay, the peer may come in by the hole which that made in the router.
const punchTime = time.Minute

// outside is what this home knows of itself as others see it. libp2p would ask
// strangers to dial back, whom the gate lets in as little as anybody; so what
// members see and do has to tell it.
type outside struct {
	mu      sync.Mutex
	own     []string // addresses of this machine, ascending
	seen    []net.IP // where members saw this home come from, the latest first; IPv4
	reached bool     // somebody from beyond the local network came in
}

// since forgets what held for other addresses of this machine, and reports whether
// they are others now.
func (o *outside) since(own []string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if slices.Equal(o.own, own) {
		return false
	}
	first := o.own == nil
	o.own, o.seen, o.reached = own, nil, false
	return !first
}

// sight notes an address under which a member saw this home.
func (o *outside) sight(ip net.IP) (news bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if ip = ip.To4(); ip == nil || slices.Contains(o.own, ip.String()) {
		return false
	}
	news = !slices.ContainsFunc(o.seen, ip.Equal)
	o.seen = slices.DeleteFunc(o.seen, ip.Equal)
	o.seen = slices.Insert(o.seen, 0, ip)
	o.seen = o.seen[:min(len(o.seen), maxSights)]
	return news
}

// beyond reports whether an address is beyond the local network: a public one that
// is neither this home's router nor in its own part of IPv6.
func (o *outside) beyond(a ma.Multiaddr) bool {
	ip, err := manet.ToIP(a)
	if err != nil || !manet.IsPublicAddr(a) || isCircuit(a) {
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if slices.ContainsFunc(o.seen, ip.Equal) {
		return false
	}
	return !slices.ContainsFunc(o.own, func(s string) bool { return sameHouse(ip, net.ParseIP(s)) })
}

// sameHouse reports whether two addresses are one, or in the same /64 of IPv6.
func sameHouse(a, b net.IP) bool {
	if a.To4() != nil || b.To4() != nil {
		return a.Equal(b)
	}
	six := net.CIDRMask(64, 128)
	return a.Mask(six).Equal(b.Mask(six))
}

func (o *outside) sights() []net.IP {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.seen)
}

func (o *outside) isReached() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.reached
}

// arrive notes that somebody came in from beyond, and reports whether that is new.
func (o *outside) arrive() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	before := o.reached
	o.reached = true
	return !before
}

// identified takes in what a peer said of itself and of this home.
func (n *Net) identified(e event.EvtPeerIdentificationCompleted) {
	if n.gate.standing(e.Peer) < Host && !n.gate.relay(e.Peer) && !n.home.DoorOpen() {
		return
	}
	if !relayed(e.Conn) {
		n.mu.Lock()
		n.know(e.Peer).sees = e.ObservedAddr
		n.mu.Unlock()
	}
	n.judge(e.Peer)
}

// judge draws from a peer what it means for the way this home is reached. A
// stranger's word counts for nothing until it is a member.
func (n *Net) judge(p peer.ID) {
	if n.gate.standing(p) < Host && !n.gate.relay(p) {
		return
	}
	n.mu.Lock()
	k := n.know(p)
	sees, together := k.sees, time.Since(k.circuit) < punchTime || time.Since(k.dialled) < punchTime
	n.mu.Unlock()
	for _, c := range n.host.Network().ConnsToPeer(p) {
		if relayed(c) {
			together = true
		}
	}
	for _, c := range n.host.Network().ConnsToPeer(p) {
		if relayed(c) || !manet.IsPublicAddr(c.RemoteMultiaddr()) {
			continue
		}
		if ip, err := toIP(sees); err == nil && manet.IsPublicAddr(sees) && n.outside.sight(ip) {
			n.book.changed()
		}
		sure := !together || manet.IsPublicAddr(c.LocalMultiaddr()) || sees != nil && n.isOwn(sees)
		if c.Stat().Direction == network.DirInbound && sure && n.outside.beyond(c.RemoteMultiaddr()) && n.outside.arrive() {
			n.log.Info("this home is reached from outside", "by", p, "from", c.RemoteMultiaddr())
			n.relaying()
			n.book.changed()
		}
	}
	n.makeHoles()
	if n.gate.standing(p) == Fellow && n.relays(p) {
		n.foundRelay(p)
	}
}

// isOwn reports whether libp2p knows an address as this home's: one of the machine,
// or one that the router gave.
func (n *Net) isOwn(a ma.Multiaddr) bool {
	all, ok := n.host.(interface{ AllAddrs() []ma.Multiaddr })
	return ok && slices.ContainsFunc(all.AllAddrs(), a.Equal)
}

func toIP(a ma.Multiaddr) (net.IP, error) {
	if a == nil {
		return nil, fmt.Errorf("no address")
	}
	return manet.ToIP(a)
}

// forwarded are the addresses that this home has if its router forwards the port it
// listens on: where members saw it, with that port. Nobody knows before somebody
// tries; until then they are for records alone.
func (n *Net) forwarded() []ma.Multiaddr {
	var out []ma.Multiaddr
	for _, ip := range n.outside.sights() {
		for _, a := range n.host.Network().ListenAddresses() {
			own, err := manet.ToIP(a)
			if err != nil || own.To4() == nil || own.IsLoopback() || isCircuit(a) {
				continue
			}
			_, rest := ma.SplitFirst(a)
			if rest == nil {
				continue
			}
			if to, err := ma.NewMultiaddr("/ip4/" + ip.String() + rest.String()); err == nil {
				out = appendNew(out, to)
			}
		}
	}
	return out
}

// surelyPublic reports whether an address is good from anywhere by itself.
func surelyPublic(a ma.Multiaddr) bool {
	return !isCircuit(a) && (manet.IsPublicAddr(a) || strings.HasPrefix(a.String(), "/dns"))
}

// published filters the addresses that others are told: none of the machine's own
// bridges and tunnels, and once there is a public one, none that is good on the
// local network only; mDNS tells those. It adds what libp2p does not know: an address
// that the machine has only now, where this home would be if its router forwards the
// port, and its seats at relays.
func (n *Net) published(addrs []ma.Multiaddr) []ma.Multiaddr {
	if len(n.told) > 0 {
		return appendNew(slices.Clone(n.told), n.seats.addrs()...)
	}
	if n.ready.Load() {
		addrs = appendNew(slices.Clone(addrs), n.here()...)
	}
	out := slices.DeleteFunc(slices.Clone(addrs), func(a ma.Multiaddr) bool {
		if n.useless(a) {
			return true
		}
		ip, err := manet.ToIP(a)
		return err == nil && !isCircuit(a) && (n.machine.isInner(ip) || n.machine.left(ip))
	})
	if !n.ready.Load() {
		return out
	}
	sure := slices.ContainsFunc(out, surelyPublic) || n.outside.isReached()
	if !slices.ContainsFunc(out, func(a ma.Multiaddr) bool { return surelyPublic(a) && isIP4(a) }) {
		out = appendNew(out, n.forwarded()...)
	}
	if sure && !n.cfg.NoMDNS {
		out = slices.DeleteFunc(out, manet.IsPrivateAddr)
	}
	return appendNew(out, n.seats.addrs()...)
}

func isIP4(a ma.Multiaddr) bool {
	_, err := a.ValueForProtocol(ma.P_IP4)
	return err == nil
}

// inCommon reports whether two peers are members of one circle of this home.
func (n *Net) inCommon(a, b peer.ID) bool {
	to := n.shared(b)
	return slices.ContainsFunc(n.shared(a), func(c crdt.ID) bool { return slices.Contains(to, c) })
}

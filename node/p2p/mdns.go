package p2p

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/discovery/mdns"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

const (
	localLook   = time.Minute     // how often the tags of the day are looked at, and a start tried again
	localSettle = 5 * time.Second // addresses come in bursts
	maxTags     = 32              // services at once; each has sockets of its own
)

// local finds members on the local network, under names that only members can
// make and that change with the day (SPEC.md §7.9). What it finds is a hint: it
// must pass the gate like any other.
type local struct {
	n     *Net
	woken chan struct{} // tags may have changed
	moved chan struct{} // addresses have: begin again

	begin    func(tag string) mdns.Service
	private  func() bool             // the machine is where neighbours may be asked
	services map[string]mdns.Service // of run alone
}

func newLocal(n *Net) *local {
	l := &local{n: n, woken: make(chan struct{}, 1), moved: make(chan struct{}, 1), services: map[string]mdns.Service{}}
	l.private = n.atHome
	l.begin = func(tag string) mdns.Service { return mdns.NewMdnsService(n.host, tag, l) }
	return l
}

func (l *local) wake()    { poke(l.woken) }
func (l *local) changed() { poke(l.moved) }

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// run keeps one service per tag until the network is left. What a service
// announces is fixed when it starts, so after an address change all begin again.
func (l *local) run() {
	defer l.stop(nil)
	for {
		l.follow()
		select {
		case <-l.n.ctx.Done():
			return
		case <-l.woken:
		case <-time.After(localLook):
		case <-l.moved:
			pause(l.n.ctx, localSettle)
			l.stop(nil)
		}
	}
}

// follow starts and stops services so that they are those of the tags.
func (l *local) follow() {
	var tags []string
	if l.private() {
		tags = l.n.home.Tags(l.n.cfg.Now())
	}
	tags = tags[:min(len(tags), maxTags)]
	l.stop(tags)
	for _, tag := range tags {
		if l.services[tag] != nil || l.n.ctx.Err() != nil {
			continue
		}
		s := l.begin(tag)
		if err := s.Start(); err != nil {
			l.n.log.Debug("local discovery", "err", err) // no network yet: tried again
			s.Close()
			continue
		}
		l.services[tag] = s
	}
}

// atHome reports whether this machine is on a network of the private ranges. On
// another its neighbours are strangers, and nobody there is to be told of it.
func (n *Net) atHome() bool {
	return slices.ContainsFunc(n.here(), func(a ma.Multiaddr) bool {
		ip, err := manet.ToIP(a)
		return err == nil && !n.machine.isInner(ip) && (ip.IsPrivate() || ip.To4() != nil && ip.IsLinkLocalUnicast())
	})
}

// stop closes all services but those of keep.
func (l *local) stop(keep []string) {
	for _, tag := range slices.Sorted(maps.Keys(l.services)) {
		if !slices.Contains(keep, tag) {
			l.services[tag].Close()
			delete(l.services, tag)
		}
	}
}

// HandlePeerFound takes a hint. It is libp2p's mdns.Notifee.
func (l *local) HandlePeerFound(info peer.AddrInfo) {
	if info.ID == l.n.host.ID() || !l.n.gate.mayMeet(info.ID) {
		return
	}
	l.n.log.Debug("found on the local network", "peer", info.ID)
	l.n.dialler.hint(info.ID, info.Addrs)
	if l.n.gate.standing(info.ID) != Fellow {
		l.n.wakeJoins()
	}
}

// reachLocal dials a peer of a code by what the local network said of it.
func (n *Net) reachLocal(ctx context.Context, p peer.ID, addrs [][]byte) error {
	return n.reach(ctx, p, slices.DeleteFunc(multiaddrs(addrs), n.useless), nil)
}

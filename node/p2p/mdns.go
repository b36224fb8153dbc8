package p2p

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

const (
	localSettle = 5 * time.Second  // addresses come in bursts
	localRest   = 10 * time.Minute // between questions at last, and up to half as much more: well within the hour in which two days' tags hold
	localGuest  = time.Minute      // the same while somebody whose code was read is waited for
	maxTags     = 32               // places at once; each has sockets of its own
)

// localPauses are the waits after the first questions: one of them, or an answer, may
// be lost, and a network needs some seconds until it carries.
var localPauses = []time.Duration{4 * time.Second, 15 * time.Second, time.Minute}

// local finds members on the local network, under names that only members can
// make and that change with the day (SPEC.md §7.9). What it finds is a hint: it
// must pass the gate like any other.
//
// It always answers, and asks only while there is somebody to be found: whoever comes
// asks themselves. The slow questions after the first are for two who were there
// already, each on its half of a network that became one.
type local struct {
	n     *Net
	woken chan struct{} // tags may have changed
	moved chan struct{} // addresses have: begin again

	begin   func(tag string) neighbours
	private func() bool // the machine is where neighbours may be asked
	missing func() (member, guest bool)
	places  map[string]neighbours // by tag; of run alone, as is asked
	asked   int                   // looks since something was new
}

func newLocal(n *Net) *local {
	l := &local{n: n, woken: make(chan struct{}, 1), moved: make(chan struct{}, 1), places: map[string]neighbours{}}
	l.private, l.missing = n.atHome, n.missing
	l.begin = func(tag string) neighbours { return newBeacon(n, tag, l.found) }
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

// run keeps one place per tag until the network is left. What a place tells is fixed
// when it starts, so after an address change all begin again.
func (l *local) run() {
	defer l.stop(nil)
	var due time.Time // when to look whether to ask
	for {
		if l.follow() {
			l.asked, due = 0, time.Now()
		}
		if !time.Now().Before(due) {
			due = time.Now().Add(l.ask())
		}
		select {
		case <-l.n.ctx.Done():
			return
		case <-l.woken:
		case <-time.After(time.Until(due)):
		case <-l.moved:
			pause(l.n.ctx, localSettle)
			l.stop(nil)
			l.asked, due = 0, time.Now()
		}
	}
}

// ask asks in all places if somebody is missing, and returns when to look again. The
// tags of the day are looked at then too, and a start that failed is tried again.
func (l *local) ask() time.Duration {
	missing, guest := l.missing()
	if missing || guest {
		for _, tag := range slices.Sorted(maps.Keys(l.places)) {
			l.places[tag].Ask()
		}
	}
	l.asked++
	switch {
	case l.asked <= len(localPauses):
		return localPauses[l.asked-1]
	case guest:
		return localGuest
	}
	return localRest + rand.N(localRest/2)
}

// follow starts and stops places so that they are those of the tags, and reports
// whether one is new.
func (l *local) follow() (began bool) {
	var tags []string
	if l.private() {
		tags = l.n.home.Tags(l.n.cfg.Now())
	}
	tags = tags[:min(len(tags), maxTags)]
	l.stop(tags)
	for _, tag := range tags {
		if l.places[tag] != nil || l.n.ctx.Err() != nil {
			continue
		}
		p := l.begin(tag)
		if err := p.Start(); err != nil {
			l.n.log.Debug("local discovery", "err", err) // no network yet: tried again
			p.Close()
			continue
		}
		l.places[tag], began = p, true
	}
	return began
}

// missing reports whether a neighbour would be news: a member who is sought, or is
// connected by way of a relay alone; and whether somebody is whose code was read.
func (n *Net) missing() (member, guest bool) {
	guest = slices.ContainsFunc(n.home.Visits(), func(v Visit) bool { return !n.direct(peerOf(v.Peer)) })
	member = len(n.dialler.wanted()) > 0 || slices.ContainsFunc(n.host.Network().Peers(), func(p peer.ID) bool {
		return !n.direct(p) && n.gate.standing(p) == Fellow
	})
	return member, guest
}

// atHome reports whether this machine is on a network of the private ranges. On
// another its neighbours are strangers, and nobody there is to be told of it.
func (n *Net) atHome() bool {
	return slices.ContainsFunc(n.here(), func(a ma.Multiaddr) bool {
		ip, err := manet.ToIP(a)
		return err == nil && !n.machine.isInner(ip) && (ip.IsPrivate() || ip.To4() != nil && ip.IsLinkLocalUnicast())
	})
}

// stop closes all places but those of keep.
func (l *local) stop(keep []string) {
	for _, tag := range slices.Sorted(maps.Keys(l.places)) {
		if !slices.Contains(keep, tag) {
			l.places[tag].Close()
			delete(l.places, tag)
		}
	}
}

// found takes a hint.
func (l *local) found(info peer.AddrInfo) {
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

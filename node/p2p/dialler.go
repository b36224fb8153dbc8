package p2p

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	ma "github.com/multiformats/go-multiaddr"
)

// Nothing in libp2p connects again by itself; this does.
const (
	firstDelay   = time.Second      // ceiling of the first pause
	lastDelay    = 15 * time.Minute // ceiling of the longest, where few are sought
	fewSought    = 24               // peers; where more are, that ceiling grows with them
	delayShare   = 6                // the ceiling is this part of the time a peer has been away
	dialsAtOnce  = 4
	enough       = 12 // connected devices of a circle, beyond which no more are sought
	enoughRelays = 2  // of them relaying; sought beyond enough
	dialLook     = 30 * time.Second
	noAddress    = 10 * time.Second // added to the pause of a peer of whom no address is known
)

// attempt is what the dialler knows of one peer.
type attempt struct {
	away    time.Time // since when it is away, or since something gave new hope
	next    time.Time // not before
	running bool
	again   bool          // something changed while it was running
	news    chan struct{} // tells the running one of it
}

func newAttempt(away, next time.Time) *attempt {
	return &attempt{away: away, next: next, news: make(chan struct{}, 1)}
}

// dialler keeps this home connected to enough members: full-jitter back-off per
// peer, whose ceiling grows with the time the peer has been away, from one second
// to a quarter of an hour, or longer in a large circle most of which is away, and begins
// anew when there is new hope.
type dialler struct {
	n     *Net
	woken chan struct{}

	mu    sync.Mutex
	peers map[peer.ID]*attempt
	hints map[peer.ID][]ma.Multiaddr // found on the local network
}

func newDialler(n *Net) *dialler {
	return &dialler{n: n, woken: make(chan struct{}, 1), peers: map[peer.ID]*attempt{}, hints: map[peer.ID][]ma.Multiaddr{}}
}

// wake makes the dialler look again at whom it wants.
func (d *dialler) wake() {
	select {
	case d.woken <- struct{}{}:
	default:
	}
}

// reset gives everybody new hope: the network is another.
func (d *dialler) reset() {
	d.mu.Lock()
	for p, a := range d.peers {
		d.renew(p, a)
	}
	d.mu.Unlock()
	d.wake()
}

// hear gives one peer new hope: a new record, or it was left.
func (d *dialler) hear(p peer.ID) {
	d.mu.Lock()
	if a := d.peers[p]; a != nil {
		d.renew(p, a)
	}
	d.mu.Unlock()
	d.wake()
	d.n.spawn(func() { d.n.upgrade(p) })
}

// hint is hear with addresses found on the local network.
func (d *dialler) hint(p peer.ID, addrs []ma.Multiaddr) {
	addrs = slices.DeleteFunc(slices.Clone(addrs), d.n.useless)
	d.mu.Lock()
	d.hints[p] = addrs[:min(len(addrs), maxHints)]
	d.mu.Unlock()
	d.hear(p)
}

// renew starts the back-off of a peer anew; the caller holds d.mu.
func (d *dialler) renew(p peer.ID, a *attempt) {
	a.away = time.Now()
	a.next = a.away.Add(jitter(firstDelay / 4))
	if a.again = a.running; a.again {
		select {
		case a.news <- struct{}{}:
		default:
		}
	}
	clearBackoff(d.n.host.Network(), p)
}

// clearBackoff makes libp2p forget that a dial went wrong.
func clearBackoff(nw network.Network, p peer.ID) {
	if s, ok := nw.(*swarm.Swarm); ok {
		s.Backoff().Clear(p)
	}
}

// jitter is a random time up to ceiling.
func jitter(ceiling time.Duration) time.Duration { return rand.N(ceiling) + 1 }

// pauseAfter is how long a peer that has been away since away is left alone, as one of
// so many that are sought. Each that comes back seeks others itself, so it is enough if
// a large circle that sleeps is not given up: half a dial a second all night would be much.
func pauseAfter(away, now time.Time, sought int) time.Duration {
	last := lastDelay * time.Duration(max(fewSought, sought)) / fewSought
	return jitter(min(last, max(firstDelay, now.Sub(away)/delayShare)))
}

// run dials until the network is left.
func (d *dialler) run() {
	room := make(chan struct{}, dialsAtOnce)
	for {
		wait := dialLook
		for _, p := range d.due(&wait) {
			select {
			case room <- struct{}{}:
			case <-d.n.ctx.Done():
				return
			}
			d.n.spawn(func() {
				defer func() { <-room }()
				d.try(p)
			})
		}
		select {
		case <-d.n.ctx.Done():
			return
		case <-d.woken:
		case <-time.After(wait):
		}
	}
}

// due marks and returns the peers to dial now, in random order, and shortens wait
// to the time when the next will be.
func (d *dialler) due(wait *time.Duration) []peer.ID {
	wanted := d.wanted()
	now := time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	for p, a := range d.peers {
		if !a.running && !slices.Contains(wanted, p) {
			delete(d.peers, p)
		}
	}
	var out []peer.ID
	for _, p := range wanted {
		a := d.peers[p]
		if a == nil {
			a = newAttempt(now, now.Add(jitter(firstDelay/4)))
			d.peers[p] = a
		}
		if a.running {
			continue
		}
		if left := a.next.Sub(now); left > 0 {
			*wait = min(*wait, left)
			continue
		}
		a.running = true
		out = append(out, p)
	}
	rand.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// wanted are the members' devices to be connected to that this home is not
// connected to: all of a small circle, of a large one as many as are enough, and
// relaying ones beyond that until there are enough of them.
func (d *dialler) wanted() []peer.ID {
	nw := d.n.host.Network()
	relaying := d.n.book.relays()
	type count struct{ all, relays int }
	have := map[[32]byte]*count{}
	var away []Contact
	for _, c := range d.n.home.Contacts() {
		p := peerOf(c.Peer)
		if p == d.n.host.ID() {
			continue
		}
		if nw.Connectedness(p) == network.NotConnected {
			away = append(away, c)
			continue
		}
		for _, circle := range c.Circles {
			if have[circle] == nil {
				have[circle] = &count{}
			}
			have[circle].all++
			if slices.Contains(relaying, c.Peer) {
				have[circle].relays++
			}
		}
	}
	var out []peer.ID
	for _, c := range away {
		relay := slices.Contains(relaying, c.Peer)
		for _, circle := range c.Circles {
			h := have[circle]
			if h == nil || h.all < enough || relay && h.relays < enoughRelays {
				out = append(out, peerOf(c.Peer))
				break
			}
		}
	}
	return out
}

// try dials one peer, and says when to try again if it cannot be reached.
func (d *dialler) try(p peer.ID) {
	d.mu.Lock()
	a := d.peers[p]
	d.mu.Unlock()
	if a == nil {
		return
	}
	err := d.n.reach(d.n.ctx, p, nil, a.news)
	now := time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	if a = d.peers[p]; a == nil {
		return
	}
	a.running = false
	if err == nil {
		a.away, a.next = now, now
		return
	}
	if a.again {
		a.again = false
		a.next = now.Add(jitter(firstDelay))
	} else {
		a.next = now.Add(pauseAfter(a.away, now, len(d.peers)))
		if errors.Is(err, errNoAddress) { // a record or a hint gives new hope at once
			a.next = a.next.Add(noAddress)
		}
	}
	d.n.log.Debug("not reached", "peer", p, "again_in", a.next.Sub(now), "err", err)
	d.wake()
}

// lost begins the back-off of a peer whose last connection went.
func (d *dialler) lost(p peer.ID) {
	d.mu.Lock()
	now := time.Now()
	d.peers[p] = newAttempt(now, now.Add(jitter(firstDelay)))
	d.mu.Unlock()
	d.wake()
}

// stages are the addresses of a peer in the order to try them: on the local
// network, where it last was, what it and others say of it, and over relays.
func (n *Net) stages(p peer.ID, more []ma.Multiaddr) [][]ma.Multiaddr {
	key, err := keyOf(p)
	if err != nil {
		return nil
	}
	n.dialler.mu.Lock()
	hints := slices.Clone(n.dialler.hints[p])
	n.dialler.mu.Unlock()
	good, known := n.book.known(key)
	known = appendNew(known, more...)
	circuits := slices.DeleteFunc(slices.Clone(known), func(a ma.Multiaddr) bool { return !isCircuit(a) })
	direct := slices.DeleteFunc(known, isCircuit)
	for _, r := range n.book.relays() {
		relay := peerOf(r)
		if relay == p || !n.direct(relay) {
			continue
		}
		if a, err := ma.NewMultiaddr("/p2p/" + relay.String() + "/p2p-circuit"); err == nil {
			circuits = append(circuits, a)
		}
	}
	for _, s := range n.cfg.Relays {
		if a, err := ma.NewMultiaddr(s + "/p2p-circuit"); err == nil {
			circuits = append(circuits, a)
		}
	}
	return [][]ma.Multiaddr{hints, good, direct, circuits}
}

// overRelays is where in stages the addresses over relays are.
const overRelays = 3

const (
	stageLead = 1500 * time.Millisecond // after which the next stage is tried beside the one before
	dialTime  = 20 * time.Second        // of all stages together
)

// reach connects to a peer by the addresses known of it and more. A stage has a lead
// on the next: an address that is stale must not hold up a good one, and a packet
// that a router throws away says nothing. When news says so, what is known of the
// peer by then is tried at once. The error is that of the last stage to end.
func (n *Net) reach(ctx context.Context, p peer.ID, more []ma.Multiaddr, news <-chan struct{}) error {
	left := slices.DeleteFunc(n.stages(p, more), func(addrs []ma.Multiaddr) bool { return len(addrs) == 0 })
	if len(left) == 0 {
		return errNoAddress
	}
	n.mu.Lock()
	n.know(p).dialled = time.Now()
	n.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	n.host.Peerstore().ClearAddrs(p)
	clearBackoff(n.host.Network(), p)
	running, ended := 0, make(chan error)
	defer func() {
		cancel()
		for range running {
			<-ended
		}
	}()
	var tried []ma.Multiaddr
	var lead <-chan time.Time
	begin := func(stage []ma.Multiaddr) {
		tried = append(tried, stage...)
		n.host.Peerstore().AddAddrs(p, stage, peerstore.TempAddrTTL)
		running++
		go func() { ended <- n.host.Connect(ctx, peer.AddrInfo{ID: p}) }()
		if lead = nil; len(left) > 0 {
			lead = time.After(stageLead)
		}
	}
	next := func() {
		stage := left[0]
		left = left[1:]
		begin(stage)
	}
	next()
	for {
		select {
		case <-lead:
			next()
		case <-news:
			var fresh []ma.Multiaddr
			for _, stage := range append(n.stages(p, more), left...) {
				fresh = appendNew(fresh, stage...)
			}
			fresh = slices.DeleteFunc(fresh, func(a ma.Multiaddr) bool { return slices.ContainsFunc(tried, a.Equal) })
			if left, lead = nil, nil; len(fresh) > 0 {
				begin(fresh)
			}
		case err := <-ended:
			running--
			switch {
			case err == nil:
				return nil
			case len(left) > 0:
				next()
			case running == 0:
				return err
			}
		}
	}
}

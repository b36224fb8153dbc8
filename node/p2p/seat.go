package p2p

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	pbv2 "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/pb"
	ma "github.com/multiformats/go-multiaddr"
)

const (
	maxSeats     = 3                // relays at which this home is reached at once
	seatAddrs    = 2                // addresses of one relay in this home's record
	seatLook     = 20 * time.Second // how often the seats are looked at when nothing happens
	seatTime     = 25 * time.Minute // after which a seat is taken again; relays keep it for an hour
	seatTimeout  = 15 * time.Second // taking one
	namedTimeout = 10 * time.Second // dialling a named relay
)

// seats are this home's places at relays: members who cannot reach it directly come
// over one of them. It takes one at every member's node that relays, as soon as
// that is connected, and at the relays its person named. libp2p's own way of doing
// this waits for strangers to find out that the home is private, and looks for
// relays twice a minute.
type seats struct {
	n     *Net
	named []peer.AddrInfo
	poked chan struct{}

	mu    sync.Mutex
	taken map[peer.ID]seat
}

type seat struct {
	addrs []ma.Multiaddr // of this home, over the relay
	renew time.Time
}

func newSeats(n *Net, named []peer.AddrInfo) *seats {
	return &seats{n: n, named: named, poked: make(chan struct{}, 1), taken: map[peer.ID]seat{}}
}

func (s *seats) poke() { poke(s.poked) }

// addrs are this home's addresses over its relays.
func (s *seats) addrs() []ma.Multiaddr {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []ma.Multiaddr
	for _, one := range s.taken {
		out = append(out, one.addrs...)
	}
	return out
}

// left forgets the seat at a relay that is not connected any more: it ended with
// the connection.
func (s *seats) left(p peer.ID) {
	s.mu.Lock()
	_, had := s.taken[p]
	delete(s.taken, p)
	s.mu.Unlock()
	if had {
		s.n.book.changed()
		s.poke()
	}
}

// run keeps the seats until the network is left.
func (s *seats) run() {
	tried := map[peer.ID]time.Time{}
	for s.n.ctx.Err() == nil {
		s.dialNamed(tried)
		for _, p := range s.wanted() {
			if s.take(p) {
				s.n.book.changed()
			}
		}
		select {
		case <-s.n.ctx.Done():
		case <-s.poked:
			pause(s.n.ctx, jitter(100*time.Millisecond)) // a relay that just came is asked by all
		case <-time.After(seatLook):
		}
	}
}

// dialNamed connects to the named relays that are not members: those the dialler
// sees to.
func (s *seats) dialNamed(tried map[peer.ID]time.Time) {
	for _, r := range s.named {
		if s.n.host.Network().Connectedness(r.ID) == network.Connected || time.Since(tried[r.ID]) < seatLook/2 {
			continue
		}
		tried[r.ID] = time.Now()
		s.n.host.Peerstore().AddAddrs(r.ID, r.Addrs, peerstore.PermanentAddrTTL)
		clearBackoff(s.n.host.Network(), r.ID)
		ctx, cancel := context.WithTimeout(s.n.ctx, namedTimeout)
		if err := s.n.host.Connect(ctx, peer.AddrInfo{ID: r.ID}); err != nil {
			s.n.log.Info("a relay does not answer", "relay", r.ID, "err", err)
		}
		cancel()
	}
}

// wanted are the relays to take a seat at now.
func (s *seats) wanted() []peer.ID {
	var relays []peer.ID
	for _, r := range s.named {
		relays = append(relays, r.ID)
	}
	for _, p := range s.n.fellows() {
		if !slices.Contains(relays, p) {
			relays = append(relays, p)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	free := maxSeats
	var out []peer.ID
	for _, p := range relays {
		if free == 0 || !s.n.relays(p) || !s.n.direct(p) {
			continue
		}
		free--
		if time.Now().After(s.taken[p].renew) {
			out = append(out, p)
		}
	}
	return out
}

// take takes a seat, and reports whether this home is reached over other addresses
// now.
func (s *seats) take(p peer.ID) bool {
	ctx, cancel := context.WithTimeout(network.WithNoDial(s.n.ctx, "seat"), seatTimeout)
	defer cancel()
	var addrs []ma.Multiaddr
	r, err := client.Reserve(ctx, s.n.host, peer.AddrInfo{ID: p})
	switch {
	case err == nil:
		addrs = r.Addrs
	case clocksDiffer(err): // it holds nevertheless
	default:
		s.n.log.Debug("no seat at a relay", "relay", p, "err", err)
		return false
	}
	addrs = slices.DeleteFunc(addrs, func(a ma.Multiaddr) bool { return strings.Contains(a.String(), "/p2p-circuit") })
	if len(addrs) == 0 {
		for _, c := range s.n.host.Network().ConnsToPeer(p) {
			if !relayed(c) {
				addrs = append(addrs, c.RemoteMultiaddr())
			}
		}
	}
	now := seat{renew: time.Now().Add(seatTime)}
	slices.SortStableFunc(addrs, func(a, b ma.Multiaddr) int { return rank(homelier(a, b)) - rank(homelier(b, a)) })
	for _, a := range addrs[:min(len(addrs), seatAddrs)] {
		text := a.String()
		if relayIn(a) == "" && !strings.Contains(text, "/p2p/") {
			text += "/p2p/" + p.String()
		}
		if over, err := ma.NewMultiaddr(text + "/p2p-circuit"); err == nil {
			now.addrs = append(now.addrs, over)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.taken[p]
	s.taken[p] = now
	s.n.log.Debug("a seat at a relay", "relay", p, "addrs", now.addrs)
	return !slices.EqualFunc(before.addrs, now.addrs, ma.Multiaddr.Equal)
}

// clocksDiffer reports whether a seat was given whose end, by this machine's clock,
// is past.
func clocksDiffer(err error) bool {
	var refused client.ReservationError
	return errors.As(err, &refused) && refused.Status == pbv2.Status_MALFORMED_MESSAGE &&
		strings.HasPrefix(refused.Reason, "received reservation with expiration date in the past")
}

// direct reports whether a peer is connected over nobody.
func (n *Net) direct(p peer.ID) bool {
	return slices.ContainsFunc(n.host.Network().ConnsToPeer(p), func(c network.Conn) bool { return !relayed(c) && !c.IsClosed() })
}

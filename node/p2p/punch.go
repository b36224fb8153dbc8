package p2p

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/p2p/protocol/holepunch"
	"github.com/libp2p/go-libp2p/p2p/protocol/identify"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

const (
	upgradeTimeout = 10 * time.Second // a direct dial beside a relayed connection
	upgradeFirst   = 3 * time.Second  // after which a relayed connection is tried to be replaced
	upgradePause   = 5 * time.Second  // at least, between two tries
	upgradeAgain   = 10 * time.Minute // a try though nothing new was heard
	maxPunchAddrs  = 8
)

// makeHoles begins to make holes in routers for relayed connections, as soon as this
// home knows an address of it that a hole may lead to. libp2p looks for one only now
// and then, and a relayed connection that comes before is never tried again.
func (n *Net) makeHoles() {
	if n.onlyHere() || len(n.punchAddrs()) == 0 {
		return
	}
	ids, ok := n.host.(interface{ IDService() identify.IDService })
	if !ok {
		return
	}
	n.changing.Lock()
	defer n.changing.Unlock()
	n.mu.Lock()
	done := n.holes != nil || n.closed
	n.mu.Unlock()
	if done {
		return
	}
	holes, err := holepunch.NewService(n.host, ids.IDService(), n.punchAddrs, holepunch.WithTracer(punches{n.log}))
	if err != nil {
		n.log.Error("make holes", "err", err)
		return
	}
	n.mu.Lock()
	n.holes = holes
	n.mu.Unlock()
}

// closeHoles ends makeHoles.
func (n *Net) closeHoles() {
	n.changing.Lock()
	defer n.changing.Unlock()
	n.mu.Lock()
	holes := n.holes
	n.mu.Unlock()
	if holes != nil {
		holes.Close()
	}
}

// punchAddrs are this home's addresses to which a hole may lead: its public ones,
// and those under which members see it.
func (n *Net) punchAddrs() []ma.Multiaddr {
	var out []ma.Multiaddr
	if all, ok := n.host.(interface{ AllAddrs() []ma.Multiaddr }); ok {
		out = append(out, all.AllAddrs()...)
	}
	n.mu.Lock()
	for p, k := range n.peers {
		if k.sees != nil && n.host.Network().Connectedness(p) == network.Connected {
			out = append(out, k.sees)
		}
	}
	n.mu.Unlock()
	out = slices.DeleteFunc(out, func(a ma.Multiaddr) bool { return isCircuit(a) || !manet.IsPublicAddr(a) })
	out = appendNew(nil, out...)
	return out[:min(len(out), maxPunchAddrs)]
}

// punches writes down how hole punching went.
type punches struct{ log *slog.Logger }

// Trace implements [holepunch.EventTracer].
func (t punches) Trace(e *holepunch.Event) {
	switch what := e.Evt.(type) {
	case *holepunch.EndHolePunchEvt:
		t.log.Debug("hole punch", "peer", e.Remote, "good", what.Success, "took", what.EllapsedTime, "err", what.Error)
	case *holepunch.DirectDialEvt:
		t.log.Debug("direct dial in place of a hole punch", "peer", e.Remote, "good", what.Success, "took", what.EllapsedTime, "err", what.Error)
	case *holepunch.ProtocolErrorEvt:
		t.log.Debug("hole punch", "peer", e.Remote, "err", what.Error)
	}
}

// upgradeSoon tries after a moment to replace a relayed connection, if nothing else
// has by then.
func (n *Net) upgradeSoon(c network.Conn) {
	pause(n.ctx, upgradeFirst+jitter(upgradeFirst))
	n.upgrade(c.RemotePeer())
}

// upgrade tries to reach directly a member that is connected over relays alone.
func (n *Net) upgrade(p peer.ID) {
	if n.ctx.Err() != nil || n.host.Network().Connectedness(p) == network.NotConnected || n.direct(p) || n.gate.standing(p) != Fellow {
		return
	}
	n.mu.Lock()
	k := n.know(p)
	soon := time.Since(k.upgraded) < upgradePause
	if !soon {
		k.upgraded = time.Now()
	}
	holes := n.holes
	n.mu.Unlock()
	if soon {
		return
	}
	for _, addrs := range n.stages(p, nil)[:overRelays] {
		n.host.Peerstore().AddAddrs(p, addrs, peerstore.TempAddrTTL)
	}
	clearBackoff(n.host.Network(), p)
	// Who came over the relay is the one to be asked for a hole.
	came := slices.ContainsFunc(n.host.Network().ConnsToPeer(p), func(c network.Conn) bool {
		return relayed(c) && c.Stat().Direction == network.DirInbound
	})
	var err error
	if came && holes != nil {
		err = holes.DirectConnect(p)
	} else {
		ctx, cancel := context.WithTimeout(network.WithForceDirectDial(n.ctx, "upgrade"), upgradeTimeout)
		defer cancel()
		err = n.host.Connect(ctx, peer.AddrInfo{ID: p})
	}
	if err != nil {
		n.log.Debug("still over a relay", "peer", p, "err", err)
	}
}

// upgradeAll tries again for those of whom nothing new was heard for long.
func (n *Net) upgradeAll(fellows []peer.ID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range fellows {
		if !n.closed && time.Since(n.know(p).upgraded) > upgradeAgain {
			n.wg.Go(func() { n.upgrade(p) })
		}
	}
}

package p2p

import (
	"errors"
	"fmt"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
)

// guestProtocol does nothing. That it comes and goes in the list of what this home
// speaks makes Identify tell the list again: whoever became a member while
// connected was refused it before.
const guestProtocol = "/tend/was-guest/1"

var errNotSpoken = errors.New("protocol is for members")

// guard lets a peer speak, and be spoken to, in the protocols of its standing and
// no other, libp2p's own among them (SPEC.md §7.9). It does so where libp2p asks
// for the resources of a stream: after the peer named a protocol, and before
// anything serves it or anything is written to it.
type guard struct {
	network.ResourceManager
	gate *gate
}

// OpenStream opens the scope of a stream with a peer.
func (g guard) OpenStream(p peer.ID, dir network.Direction) (network.StreamManagementScope, error) {
	s, err := g.ResourceManager.OpenStream(p, dir)
	if err != nil {
		return nil, err
	}
	return guarded{s, g.gate, p, dir}, nil
}

// guarded is the scope of one stream.
type guarded struct {
	network.StreamManagementScope
	gate *gate
	peer peer.ID
	dir  network.Direction
}

// SetProtocol refuses a protocol above the peer's standing; the stream is reset then.
func (s guarded) SetProtocol(id protocol.ID) error {
	if !s.gate.maySpeak(s.peer, s.dir, id) {
		return fmt.Errorf("%w: %s with %s", errNotSpoken, id, s.peer)
	}
	return s.StreamManagementScope.SetProtocol(id)
}

// maySpeak reports whether a stream of a protocol may run between this home and a
// peer. A stranger reaches the door and is asked nothing; a departed member hears
// or brings a GOODBYE, and may knock again; a named relay is no member, and the
// handlers of what members speak know that.
func (g *gate) maySpeak(p peer.ID, dir network.Direction, id protocol.ID) bool {
	if g.mayMeet(p) || dir == network.DirOutbound && g.leads(p) {
		return true
	}
	switch id {
	case joinProtocol:
		return dir == network.DirInbound && g.home.DoorOpen()
	case syncProtocol:
		return g.standing(p) == Parted
	}
	return false
}

// tellSelf makes Identify tell connected peers what this home speaks, if they have
// not heard the latest.
func (n *Net) tellSelf() {
	n.changing.Lock()
	defer n.changing.Unlock()
	n.mu.Lock()
	closed := n.closed
	n.mu.Unlock()
	if closed {
		return
	}
	n.guests = !n.guests
	if n.guests {
		n.host.SetStreamHandler(guestProtocol, func(s network.Stream) { s.Reset() })
	} else {
		n.host.RemoveStreamHandler(guestProtocol)
	}
}

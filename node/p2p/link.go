package p2p

import (
	"context"
	"time"

	"tend/node"
	"tend/protocol"
)

// Kin is a member's own further devices, and a member who comes back: exchanges on
// a join stream that the home leads itself.
type Kin interface {
	// Link goes on with a new device of this member; id is that of a Visit with Link.
	Link(ctx context.Context, id string, p node.Pipe) error
	// Linked answers somebody who scanned this home's linking code.
	Linked(ctx context.Context, from PeerKey, h protocol.LinkHello, p node.Pipe) error
	// Recover asks at one door to be known again; id is that of a Knocking with Back.
	// told is "later" or "no" if it was answered so.
	Recover(ctx context.Context, id string, door PeerKey, p node.Pipe) (told string, err error)
	// Recovered answers a member who comes back.
	Recovered(ctx context.Context, newcomer PeerKey, k protocol.RecoverKnock, p node.Pipe) error
}

// joinPipe is a join stream as a [node.Pipe].
type joinPipe struct{ *joinWire }

func (w *joinWire) pipe() joinPipe {
	w.stream.SetDeadline(time.Now().Add(enterTimeout))
	w.reads, w.writes = idleTimeout, writeTimeout
	return joinPipe{w}
}

// Send implements [node.Pipe].
func (p joinPipe) Send(message []byte) error { return p.writeBytes(message) }

// Receive implements [node.Pipe].
func (p joinPipe) Receive(most int) ([]byte, error) { return p.readBytes(most) }

// linkAt goes on with one new device of this member.
func (n *Net) linkAt(ctx context.Context, v Visit) error {
	w, err := n.joinStream(ctx, v.Peer, v.Addrs)
	if err != nil {
		return err
	}
	defer n.leaveDoor(w, v.Peer)()
	return n.home.Link(ctx, v.ID, w.pipe())
}

// recoverAt asks at one door to be known again.
func (n *Net) recoverAt(ctx context.Context, id string, door protocol.Contact) (told string, err error) {
	w, err := n.joinStream(ctx, door.Peer, door.Addrs)
	if err != nil {
		return "", err
	}
	defer n.leaveDoor(w, door.Peer)()
	p := w.pipe()
	told, err = n.home.Recover(ctx, id, door.Peer, p)
	if err != nil || told != "" {
		return told, err
	}
	_, _ = p.Receive(1) // until the door has taken the first op in, and closed
	n.knownNow(peerOf(door.Peer))
	return "", nil
}

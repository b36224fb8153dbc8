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

package p2p_test

import (
	"context"
	"errors"

	"tend/node"
	"tend/node/p2p"
	"tend/protocol"
)

// A house of these tests has one device, and links no other.

func (h *house) Link(context.Context, string, node.Pipe) error { return errors.New("nobody to link") }

func (h *house) Linked(context.Context, p2p.PeerKey, protocol.LinkHello, node.Pipe) error {
	return errors.New("nobody to link")
}

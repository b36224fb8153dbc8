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

func (h *house) Recover(context.Context, string, p2p.PeerKey, node.Pipe) (string, error) {
	return "", errors.New("nobody comes back")
}

func (h *house) Recovered(context.Context, p2p.PeerKey, protocol.RecoverKnock, node.Pipe) error {
	return errors.New("nobody comes back")
}

package api

import (
	"context"

	"tend/crdt"
	"tend/node/view"
)

// Devices is the devices of this member, and what brings them back.
type Devices interface {
	// Phrases returns the recovery phrases, asking for the passphrase again if the
	// vault has one.
	Phrases(ctx context.Context, passphrase string) ([]view.Phrase, error)
	// Devices lists this member's in a circle, the oldest first.
	Devices(ctx context.Context, id crdt.ID) ([]view.Device, error)
	// RevokeDevice ends the one whose id begins with prefix.
	RevokeDevice(ctx context.Context, id crdt.ID, prefix string) (crdt.ID, error)
	// ShowLink returns the code with which this home asks to be a further device.
	ShowLink(ctx context.Context) (view.Shown, error)
	// Linking says how far that has come.
	Linking(ctx context.Context) (view.Linking, error)
	// AddDevice reaches the device whose code it is and returns the words that both
	// show; given these words, and the passphrase again if there is one, it hands the
	// member's keys over. It waits until ctx ends; then the error is a
	// [*circle.Problem] with code NotYet.
	AddDevice(ctx context.Context, code, words, passphrase string) (view.Linking, error)
}

func phrase(c *call) (any, error) {
	all, err := c.api.upkeep.Phrases(c.ctx, c.text("passphrase"))
	return list0(all), err
}

func devices(c *call) (any, error) {
	id, err := c.circle()
	if err != nil {
		return nil, err
	}
	all, err := c.api.upkeep.Devices(c.ctx, id)
	return list0(all), err
}

func revokeDevice(c *call) (any, error) {
	prefix, err := c.need("id")
	if err != nil {
		return nil, err
	}
	id, err := c.circle()
	if err != nil {
		return nil, err
	}
	made, err := c.api.upkeep.RevokeDevice(c.ctx, id, prefix)
	return view.Done{ID: made.String()}, err
}

func showLink(c *call) (any, error) { return c.api.upkeep.ShowLink(c.ctx) }

func linking(c *call) (any, error) { return c.api.upkeep.Linking(c.ctx) }

func addDevice(c *call) (any, error) {
	code, err := c.need("code")
	if err != nil {
		return nil, err
	}
	ctx, cancel, err := c.waiting(joinWait)
	if err != nil {
		return nil, err
	}
	defer cancel()
	return c.api.upkeep.AddDevice(ctx, code, c.text("words"), c.text("passphrase"))
}

package api

import (
	"context"

	"tend/node/view"
)

// Devices is the devices of this member, and what brings them back.
type Devices interface {
	// Phrases returns the recovery phrases, asking for the passphrase again if the
	// vault has one.
	Phrases(ctx context.Context, passphrase string) ([]view.Phrase, error)
}

func phrase(c *call) (any, error) {
	all, err := c.api.upkeep.Phrases(c.ctx, c.text("passphrase"))
	return list0(all), err
}

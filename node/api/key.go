package api

import (
	"context"

	"tend/node/view"
)

// Places of a home's key, as they travel.
const (
	KeyInFile       = "file"
	KeyInKeyring    = "keyring"
	KeyInPassphrase = "passphrase"
)

// Keys is where the home's own key is kept.
type Keys interface {
	// MoveKey moves the key that opens the vault to a place. fresh is the new
	// passphrase where the place is [KeyInPassphrase]; passphrase is the present one,
	// asked for again if there is one. Neither is kept, logged, or in any answer.
	MoveKey(ctx context.Context, place, passphrase, fresh string) (view.Key, error)
}

func moveKey(c *call) (any, error) {
	place, err := c.need("place")
	if err != nil {
		return nil, err
	}
	switch place {
	case KeyInFile, KeyInKeyring, KeyInPassphrase:
	default:
		return nil, refuse(kindUsage, "api.no_key_place", place)
	}
	return c.api.upkeep.MoveKey(c.ctx, place, c.text("passphrase"), c.text("new_passphrase"))
}

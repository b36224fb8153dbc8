package client

import (
	"context"

	"tend/node/view"
)

// Key says where the key of a home's vault is.
type Key = view.Key

// MoveKey moves the key that opens the vault to "file", "keyring" or "passphrase".
// fresh is the new passphrase for the last; passphrase is the present one, where
// there is one. Both travel in the request's body alone.
func (c *Client) MoveKey(ctx context.Context, place, passphrase, fresh string) (Key, error) {
	return send[Key](ctx, c, "vault", Args{"place": {place}}.text("passphrase", passphrase).text("new_passphrase", fresh))
}

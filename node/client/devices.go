package client

import (
	"context"

	"tend/node/view"
)

// Phrase is 24 words for paper, and what they bring back.
type Phrase = view.Phrase

// Phrases returns the recovery phrases of this home; passphrase is asked for again
// if the vault has one.
func (c *Client) Phrases(ctx context.Context, passphrase string) ([]Phrase, error) {
	return send[[]Phrase](ctx, c, "phrase", Args{}.text("passphrase", passphrase))
}

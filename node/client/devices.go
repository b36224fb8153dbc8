package client

import (
	"context"
	"time"

	"tend/node/view"
)

// Phrase is 24 words for paper, and what they bring back.
type Phrase = view.Phrase

// Phrases returns the recovery phrases of this home; passphrase is asked for again
// if the vault has one.
func (c *Client) Phrases(ctx context.Context, passphrase string) ([]Phrase, error) {
	return send[[]Phrase](ctx, c, "phrase", Args{}.text("passphrase", passphrase))
}

// Devices of oneself, and how far the linking of one has come.
type (
	Device  = view.Device
	Linking = view.Linking
)

// Devices lists my devices in the circle.
func (c *Client) Devices(ctx context.Context) ([]Device, error) {
	return look[[]Device](ctx, c, "devices", nil)
}

// RevokeDevice ends a device of mine for good.
func (c *Client) RevokeDevice(ctx context.Context, id string) (Done, error) {
	return send[Done](ctx, c, "revoke-device", Args{"id": {id}})
}

// ShowLink returns the code by which this home becomes a further device of mine.
func (c *Client) ShowLink(ctx context.Context) (Shown, error) {
	return send[Shown](ctx, c, "show-link", nil)
}

// Linking says how far that has come.
func (c *Client) Linking(ctx context.Context) (Linking, error) {
	return look[Linking](ctx, c, "linking", nil)
}

// AddDevice meets the device whose code it is. Without words it returns those that
// both devices show; with them it hands my keys over.
func (c *Client) AddDevice(ctx context.Context, code, words, passphrase string, wait time.Duration) (Linking, error) {
	return send[Linking](ctx, c, "add-device", Args{"code": {code}}.text("words", words).text("passphrase", passphrase).wait("wait", wait))
}

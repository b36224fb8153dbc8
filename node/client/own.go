package client

import (
	"context"
	"net/url"

	"tend/node/view"
)

// What a person keeps for themselves, on their home alone.
type (
	PairNote    = view.PairNote
	Ceiling     = view.Ceiling
	Reflections = view.Reflections
	Reflection  = view.Reflection
	Mirror      = view.Mirror
	Followed    = view.Followed
	Remind      = view.Remind
	Digest      = view.Digest
)

// PairNotes returns the person's own notes about a member, or with "" about everybody.
func (c *Client) PairNotes(ctx context.Context, member string) ([]PairNote, error) {
	query := url.Values{}
	if member != "" {
		query.Set("member", member)
	}
	return look[[]PairNote](ctx, c, "pair-notes", query)
}

// Ceiling returns how much the person means to carry in a week.
func (c *Client) Ceiling(ctx context.Context) (Ceiling, error) {
	return look[Ceiling](ctx, c, "ceiling", nil)
}

// Reflections returns what the person answered a question of their own.
func (c *Client) Reflections(ctx context.Context) (Reflections, error) {
	return look[Reflections](ctx, c, "reflections", nil)
}

// Mirror returns what moved through the person lately, in words.
func (c *Client) Mirror(ctx context.Context) (Mirror, error) {
	return look[Mirror](ctx, c, "mirror", nil)
}

// Followed returns the categories of needs that the person follows.
func (c *Client) Followed(ctx context.Context) (Followed, error) {
	return look[Followed](ctx, c, "follow", nil)
}

// Remind returns how long before an agreement the person is reminded.
func (c *Client) Remind(ctx context.Context) (Remind, error) {
	return look[Remind](ctx, c, "remind", nil)
}

// Digest returns what there is to tell the person now, and their rhythm.
func (c *Client) Digest(ctx context.Context) (Digest, error) {
	return look[Digest](ctx, c, "digest", nil)
}

// Distances returns whom the person keeps at a distance; nobody else ever knows.
func (c *Client) Distances(ctx context.Context) ([]view.Person, error) {
	return look[[]view.Person](ctx, c, "distances", nil)
}

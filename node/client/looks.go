package client

import (
	"context"
	"net/url"
	"strconv"
)

// Filter narrows a list. The zero Filter is what the command line shows without
// flags: what is open, of everyone, unpaged.
type Filter struct {
	All       bool // also what is met, withdrawn, resting, released, lapsed, done
	Mine      bool
	Listening bool // members open to listening now
	Category  string
	Text      string
	Limit     int // 0: no limit
}

func (f Filter) query() url.Values {
	q := url.Values{}
	for key, on := range map[string]bool{"all": f.All, "mine": f.Mine, "listening": f.Listening} {
		if on {
			q.Set(key, "true")
		}
	}
	if f.Category != "" {
		q.Set("category", f.Category)
	}
	if f.Text != "" {
		q.Set("text", f.Text)
	}
	if f.Limit != 0 {
		q.Set("limit", strconv.Itoa(f.Limit))
	}
	return q
}

// look reads one look.
func look[T any](ctx context.Context, c *Client, path string, query url.Values) (T, error) {
	var out T
	err := c.get(ctx, path, query, &out)
	return out, err
}

// Look reads any look by its path after /v1/ into out, a pointer; query may be
// nil. It is for looks without a method of their own.
func (c *Client) Look(ctx context.Context, path string, query url.Values, out any) error {
	return c.get(ctx, path, query, out)
}

// Today returns what is for me, what I could do, what we agreed, and what needs
// looking at together.
func (c *Client) Today(ctx context.Context) (Today, error) { return look[Today](ctx, c, "today", nil) }

// List returns needs, offers and agreements in one list.
func (c *Client) List(ctx context.Context, f Filter) ([]Item, error) {
	return look[[]Item](ctx, c, "list", f.query())
}

// Needs returns the circle's needs.
func (c *Client) Needs(ctx context.Context, f Filter) ([]Post, error) {
	return look[[]Post](ctx, c, "needs", f.query())
}

// Offers returns the circle's offers.
func (c *Client) Offers(ctx context.Context, f Filter) ([]Post, error) {
	return look[[]Post](ctx, c, "offers", f.query())
}

// Agreements returns the agreements that the member may see.
func (c *Client) Agreements(ctx context.Context, f Filter) ([]Agreement, error) {
	return look[[]Agreement](ctx, c, "agreements", f.query())
}

// Members returns the members of the circle.
func (c *Client) Members(ctx context.Context, f Filter) ([]Member, error) {
	return look[[]Member](ctx, c, "members", f.query())
}

// Show returns one need, offer, agreement or member, with its notes and texts.
// id is a prefix of at least 6 hex digits, or a member's name.
func (c *Client) Show(ctx context.Context, id string) (Item, error) {
	return look[Item](ctx, c, "show", url.Values{"id": {id}})
}

// ShowAll is [Client.Show] with every slot, also past ones and those later than
// 60 days.
func (c *Client) ShowAll(ctx context.Context, id string) (Item, error) {
	return look[Item](ctx, c, "show", url.Values{"id": {id}, "all": {"true"}})
}

// Who returns the people who may have room for a need, in spread order: an
// order, never a filter.
func (c *Client) Who(ctx context.Context, id string) ([]Member, error) {
	return look[[]Member](ctx, c, "who", url.Values{"id": {id}})
}

// Attentions returns what needs looking at together.
func (c *Client) Attentions(ctx context.Context) ([]Attention, error) {
	return look[[]Attention](ctx, c, "look", nil)
}

// Week returns the week board: seven days from today.
func (c *Client) Week(ctx context.Context) ([]Day, error) { return look[[]Day](ctx, c, "week", nil) }

// Map returns the offers by category.
func (c *Client) Map(ctx context.Context) ([]Shelf, error) { return look[[]Shelf](ctx, c, "map", nil) }

// Search returns what holds every one of the words.
func (c *Client) Search(ctx context.Context, words string) ([]Item, error) {
	return look[[]Item](ctx, c, "search", url.Values{"words": {words}})
}

// Charter returns the circle's charter.
func (c *Client) Charter(ctx context.Context) (Charter, error) {
	return look[Charter](ctx, c, "charter", nil)
}

// Circles returns the circles of this home, also those left.
func (c *Client) Circles(ctx context.Context) ([]Circle, error) {
	return look[[]Circle](ctx, c, "circles", nil)
}

// Status returns what the node can truthfully say about itself.
func (c *Client) Status(ctx context.Context) (Status, error) {
	return look[Status](ctx, c, "status", nil)
}

// Peers returns the homes this node knows.
func (c *Client) Peers(ctx context.Context) ([]Peer, error) {
	return look[[]Peer](ctx, c, "peers", nil)
}

// Version names the node's program.
func (c *Client) Version(ctx context.Context) (Version, error) {
	return look[Version](ctx, c, "version", nil)
}

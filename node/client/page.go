package client

import (
	"context"

	"tend/node/view"
)

// The page in the browser: a link that opens it, and other devices that show it.
type (
	PageLink     = view.PageLink
	Screen       = view.Screen
	CalendarLink = view.CalendarLink
)

// PageLink makes a link that opens the page once; plain, under 127.0.0.1.
func (c *Client) PageLink(ctx context.Context, plain bool) (PageLink, error) {
	args := Args{}
	if plain {
		args["plain"] = []string{"true"}
	}
	return send[PageLink](ctx, c, "page-link", args)
}

// CalendarLink returns the secret address of this member's calendar; fresh makes
// another and ends the one there was.
func (c *Client) CalendarLink(ctx context.Context, fresh bool) (CalendarLink, error) {
	args := Args{}
	if fresh {
		args["new"] = []string{"true"}
	}
	return send[CalendarLink](ctx, c, "calendar-link", args)
}

// Screens lists the other devices that show the page, the newest first.
func (c *Client) Screens(ctx context.Context) ([]Screen, error) {
	return look[[]Screen](ctx, c, "screens", nil)
}

// DismissScreen sends one of them away.
func (c *Client) DismissScreen(ctx context.Context, id string) (Done, error) {
	return send[Done](ctx, c, "dismiss-screen", Args{"id": {id}})
}

package api

import (
	"context"

	"tend/node/view"
)

// Pages is the page in the browser, which the node serves by itself.
type Pages interface {
	// PageLink makes a one-time link that opens it; plain, under 127.0.0.1. The error
	// is a [*circle.Problem] where this node serves no page.
	PageLink(ctx context.Context, plain bool) (view.PageLink, error)
	// Screens lists the other devices that show it, the newest first.
	Screens(ctx context.Context) ([]view.Screen, error)
	// DismissScreen sends one away.
	DismissScreen(ctx context.Context, id string) error
}

func pageLink(c *call) (any, error) {
	plain, err := c.flag("plain")
	if err != nil {
		return nil, err
	}
	return c.api.upkeep.PageLink(c.ctx, plain)
}

func screens(c *call) (any, error) {
	all, err := c.api.upkeep.Screens(c.ctx)
	return list0(all), err
}

func dismissScreen(c *call) (any, error) {
	id, err := c.need("id")
	if err != nil {
		return nil, err
	}
	return view.Done{ID: id}, c.api.upkeep.DismissScreen(c.ctx, id)
}

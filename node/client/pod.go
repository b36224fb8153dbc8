package client

import (
	"context"
	"net/url"

	"tend/node/view"
)

// What pods, groups and widening answer.
type (
	Pod        = view.Pod
	PodMember  = view.PodMember
	Group      = view.Group
	Widening   = view.Widening
	Faces      = view.Faces
	Forgetting = view.Forgetting
	Retracted  = view.Retracted
)

// Pod returns the member's pod, and the pods they are in.
func (c *Client) Pod(ctx context.Context) (Pod, error) { return look[Pod](ctx, c, "pod", nil) }

// Groups returns the member's own lists of people, on this home alone.
func (c *Client) Groups(ctx context.Context) ([]Group, error) {
	return look[[]Group](ctx, c, "groups", nil)
}

// Faces shows who would read what is written to members, pods, groups or the circle;
// it changes nothing.
func (c *Client) Faces(ctx context.Context, to []string) (Faces, error) {
	return look[Faces](ctx, c, "faces", url.Values{"to": to})
}

// Widening shows what the verb "widen" would do with args; it changes nothing.
func (c *Client) Widening(ctx context.Context, args Args) (Widening, error) {
	return look[Widening](ctx, c, "widening", url.Values(args))
}

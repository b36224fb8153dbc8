package client

import (
	"context"
	"time"

	"tend/node/view"
)

// Recovery is what somebody who comes back shows.
type Recovery = view.Recovery

// NameTrustees names who may help me back, of of whom must; 0 is more than half.
func (c *Client) NameTrustees(ctx context.Context, members []string, of int) (Done, error) {
	return send[Done](ctx, c, "trustees", Args{"member": members}.number("of", of))
}

// ComeBack asks to be known again as name: by the 24 words, or without them by
// those who will stand.
func (c *Client) ComeBack(ctx context.Context, code, name, phrase string, wait time.Duration) (Joining, error) {
	return send[Joining](ctx, c, "come-back", Args{"code": {code}, "name": {name}}.text("phrase", phrase).wait("wait", wait))
}

// Recovery is what to show to those who stand for me.
func (c *Client) Recovery(ctx context.Context) (Recovery, error) {
	return look[Recovery](ctx, c, "recovery", nil)
}

// ReadRecovery tells the six words of such a code.
func (c *Client) ReadRecovery(ctx context.Context, code string) (Recovery, error) {
	return send[Recovery](ctx, c, "read-recovery", Args{"code": {code}})
}

// StandFor says that whoever shows the code is that member.
func (c *Client) StandFor(ctx context.Context, member, code string) (Done, error) {
	return send[Done](ctx, c, "stand-for", Args{"member": {member}, "code": {code}})
}

// Asking is somebody who asks at this home's door to be let back in.
type Asking = view.Asking

// Asking lists who asks at this home's door to be let back in, the newest first.
func (c *Client) Asking(ctx context.Context) ([]Asking, error) {
	return look[[]Asking](ctx, c, "asking", nil)
}

// Meant says who it is that asks at this home's door under a name.
func (c *Client) Meant(ctx context.Context, name, member string) (Done, error) {
	return send[Done](ctx, c, "meant", Args{"name": {name}, "member": {member}})
}

// LeaveOut leaves the devices of a member who comes back out of what is written on
// this home for a few, until they are back.
func (c *Client) LeaveOut(ctx context.Context, member string) (Done, error) {
	return send[Done](ctx, c, "leave-out", Args{"member": {member}})
}

// ObjectReturn says that whoever comes back in my name is not me.
func (c *Client) ObjectReturn(ctx context.Context) (Done, error) {
	return send[Done](ctx, c, "object-return", nil)
}

// Return lets a member back in.
func (c *Client) Return(ctx context.Context, member string) (Done, error) {
	return send[Done](ctx, c, "return", Args{"member": {member}})
}

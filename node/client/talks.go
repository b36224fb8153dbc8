package client

import "context"

// Talks returns the talks that the member is in.
func (c *Client) Talks(ctx context.Context, f Filter) ([]Talk, error) {
	return look[[]Talk](ctx, c, "talks", f.query())
}

// TalkWith invites a member to a talk, with a sentence; about is the id of what it
// is about, or empty.
func (c *Client) TalkWith(ctx context.Context, member, text, about string) (Done, error) {
	return c.Do(ctx, "talk", Args{"step": {"with"}, "member": {member}, "text": {text}}.text("about", about))
}

// TalkStep does one step of a talk: "yes", "later", "not-now", "say", "say-back",
// "heard", "not-quite", "felt", "common", "ours", "partner", "pause", "end" or "part".
func (c *Client) TalkStep(ctx context.Context, id, step, text string) (Done, error) {
	return c.Do(ctx, "talk", Args{"step": {step}, "id": {id}}.text("text", text))
}

// TalkThird names a member whom one would like along; with earlier one's words so
// far go along.
func (c *Client) TalkThird(ctx context.Context, id, member string, earlier bool) (Done, error) {
	args := Args{"step": {"third"}, "id": {id}, "member": {member}}
	if earlier {
		args["earlier"] = []string{"true"}
	}
	return c.Do(ctx, "talk", args)
}

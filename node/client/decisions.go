package client

import "context"

// Decisions returns the decisions of the circle.
func (c *Client) Decisions(ctx context.Context, f Filter) ([]Decision, error) {
	return look[[]Decision](ctx, c, "decisions", f.query())
}

// Proposal is a decision as a program proposes it. Text must be there, except with
// one of Remove, Lapse and Charter.
type Proposal struct {
	Text    string
	Remove  string // a member to part from
	Lapse   string // a member whose voice is set aside until they are back
	Charter string // TOML text, not a file's name
	About   string
	As      string // "outside-help" or "rhythm"
	Renew   string
	Review  string
	Closes  string
}

// Propose lays a decision before the circle.
func (c *Client) Propose(ctx context.Context, p Proposal) (Done, error) {
	return c.Do(ctx, "propose", Args{}.text("text", p.Text).text("remove", p.Remove).text("lapse", p.Lapse).text("charter", p.Charter).
		text("about", p.About).text("as", p.As).text("renew", p.Renew).text("review", p.Review).text("closes", p.Closes))
}

// Consent, StandAside and Concern say one's own word on a decision, with a sentence
// or none.
func (c *Client) Consent(ctx context.Context, id, text string) (Done, error) {
	return c.Do(ctx, "consent", Args{"id": {id}}.text("text", text))
}

// StandAside is described at [Client.Consent].
func (c *Client) StandAside(ctx context.Context, id, text string) (Done, error) {
	return c.Do(ctx, "stand-aside", Args{"id": {id}}.text("text", text))
}

// Concern is described at [Client.Consent].
func (c *Client) Concern(ctx context.Context, id, text string) (Done, error) {
	return c.Do(ctx, "concern", Args{"id": {id}}.text("text", text))
}

// Enact closes a decision, or carries one about the circle out.
func (c *Client) Enact(ctx context.Context, id string) (Done, error) {
	return c.Do(ctx, "enact", Args{"id": {id}})
}

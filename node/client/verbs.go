package client

import (
	"context"
	"net/url"
)

// Do runs any verb of daily care by its name on the command line, e.g. "ask" or
// "stand-by".
func (c *Client) Do(ctx context.Context, verb string, args Args) (Done, error) {
	var done Done
	err := c.post(ctx, "do/"+url.PathEscape(verb), args, &done)
	return done, err
}

// Ask is a need as a program asks it. Only Text must be there.
type Ask struct {
	Text     string
	Details  string
	Category string
	// When are dates or ranges as the command line takes them; none: anytime.
	When   []string
	By     string
	People int // places per slot; 0: one
	// Newcomers is how many of these are kept on each date for who is new here.
	Newcomers int
	ExtraOK   bool
	Repeat    string
	Skip      []string
	Area      string
	Place     string
	Costs     string
	For       string
	// Under is the number of a wish of For's beforehand that this acts on; 0: none.
	Under  int
	SignUp string // "open" (as ""), or "ask-first"
	Tender bool
	// To are members, pods or groups; none: the circle.
	To []string
	// Bulk says that this is one of many, as of an import: refused once the device
	// has written nine tenths of what it may in a day, with an [Error] whose Exit is 5.
	Bulk bool
}

// Offer is an offer as a program makes it; it has the fields of a need.
type Offer = Ask

// Args returns the ask as the arguments of its verb.
func (a Ask) Args() Args {
	return Args{}.text("text", a.Text).text("details", a.Details).text("category", a.Category).
		list("when", a.When).text("by", a.By).number("people", a.People).number("newcomers", a.Newcomers).flag("extra_ok", a.ExtraOK).
		text("repeat", a.Repeat).list("skip", a.Skip).text("area", a.Area).text("place", a.Place).
		text("costs", a.Costs).text("for", a.For).number("under", a.Under).text("sign_up", a.SignUp).flag("tender", a.Tender).list("to", a.To).flag("bulk", a.Bulk)
}

// Ask posts a need.
func (c *Client) Ask(ctx context.Context, a Ask) (Done, error) { return c.Do(ctx, "ask", a.Args()) }

// Offer posts an offer.
func (c *Client) Offer(ctx context.Context, o Offer) (Done, error) {
	return c.Do(ctx, "offer", o.Args())
}

// Yes says yes to a need, an offer or an agreement; slots may be none where only
// one is open.
func (c *Client) Yes(ctx context.Context, id string, slots ...string) (Done, error) {
	return c.Do(ctx, "yes", Args{"id": {id}}.list("slot", slots))
}

// NotNow says not now: a full answer.
func (c *Client) NotNow(ctx context.Context, id string) (Done, error) {
	return c.Do(ctx, "not-now", Args{"id": {id}})
}

// Cannot gives a place back.
func (c *Client) Cannot(ctx context.Context, id string, slots ...string) (Done, error) {
	return c.Do(ctx, "cannot", Args{"id": {id}}.list("slot", slots))
}

// MarkDone says that it happened.
func (c *Client) MarkDone(ctx context.Context, id string) (Done, error) {
	return c.Do(ctx, "done", Args{"id": {id}})
}

// Thank gives thanks.
func (c *Client) Thank(ctx context.Context, id, text string) (Done, error) {
	return c.Do(ctx, "thank", Args{"id": {id}, "text": {text}})
}

// Note writes a note on anything.
func (c *Client) Note(ctx context.Context, id, text string) (Done, error) {
	return c.Do(ctx, "note", Args{"id": {id}, "text": {text}})
}

// MayI makes a specific offer to one person.
func (c *Client) MayI(ctx context.Context, member, text, when string) (Done, error) {
	return c.Do(ctx, "may-i", Args{"member": {member}, "text": {text}}.text("when", when))
}

// SetStatus runs one of "enough", "met", "withdraw", "reopen", "rest" and
// "still-true" on a post.
func (c *Client) SetStatus(ctx context.Context, verb, id string) (Done, error) {
	return c.Do(ctx, verb, Args{"id": {id}})
}

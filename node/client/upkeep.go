package client

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"
)

// send posts one upkeep verb.
func send[T any](ctx context.Context, c *Client, path string, args Args) (T, error) {
	var out T
	err := c.post(ctx, path, args, &out)
	return out, err
}

// BeginOptions say how a circle begins. Only Name must be there.
type BeginOptions struct {
	Name    string
	As      string // my name in it
	Purpose string
	Charter string // TOML text, not a file's name
	History string // "all" (as "") or "from-joining"
}

// Begin begins a circle; Done.ID is the circle.
func (c *Client) Begin(ctx context.Context, o BeginOptions) (Done, error) {
	return send[Done](ctx, c, "begin", Args{}.text("name", o.Name).text("as", o.As).
		text("purpose", o.Purpose).text("charter", o.Charter).text("history", o.History))
}

// InviteOptions say for whom an invitation is, and how long.
type InviteOptions struct {
	For   string
	Until time.Duration // 0: 72 hours
	Uses  int           // 0: one
}

// Invite makes an invitation.
func (c *Client) Invite(ctx context.Context, o InviteOptions) (Invitation, error) {
	return send[Invitation](ctx, c, "invite", Args{}.text("for", o.For).wait("until", o.Until).number("uses", o.Uses))
}

// Invites returns the invitations of the circle, newest first.
func (c *Client) Invites(ctx context.Context) ([]Invitation, error) {
	return look[[]Invitation](ctx, c, "invites", nil)
}

// RevokeInvite ends an invitation.
func (c *Client) RevokeInvite(ctx context.Context, id string) (Done, error) {
	return send[Done](ctx, c, "revoke-invite", Args{"id": {id}})
}

// ReadText tells what a pasted or typed code is. Nobody is dialled.
func (c *Client) ReadText(ctx context.Context, text string) (Code, error) {
	return send[Code](ctx, c, "read-code", Args{"text": {text}})
}

// ReadPicture finds a Tend code in a PNG or JPEG picture. Nobody is dialled.
func (c *Client) ReadPicture(ctx context.Context, picture io.Reader) (Code, error) {
	return upload[Code](ctx, c, "read-picture", "application/octet-stream", picture)
}

// Join knocks with an invitation and waits at most wait to be let in; the node
// keeps knocking afterwards. as is my name there.
func (c *Client) Join(ctx context.Context, code, as string, wait time.Duration) (Joining, error) {
	return send[Joining](ctx, c, "join", Args{"code": {code}, "wait": {wait.String()}}.text("as", as))
}

// ShowCode returns the code of oneself, for a member to scan face to face.
func (c *Client) ShowCode(ctx context.Context, as string) (Shown, error) {
	return send[Shown](ctx, c, "show-code", Args{}.text("as", as))
}

// Joins returns every join that was begun on this home and how far it came.
func (c *Client) Joins(ctx context.Context) ([]Joining, error) {
	return look[[]Joining](ctx, c, "joins", nil)
}

// LetIn lets in someone whose code was scanned face to face.
func (c *Client) LetIn(ctx context.Context, code string, wait time.Duration) (Done, error) {
	return send[Done](ctx, c, "let-in", Args{"code": {code}, "wait": {wait.String()}})
}

// Welcome says that I know a member: it counts towards member and voice.
func (c *Client) Welcome(ctx context.Context, member string) (Done, error) {
	return send[Done](ctx, c, "welcome", Args{"member": {member}})
}

// Leave leaves the circle, with a few words or none.
func (c *Client) Leave(ctx context.Context, farewell string) (Done, error) {
	return send[Done](ctx, c, "leave", Args{}.text("farewell", farewell))
}

// LeaveLook says what leaving would hand over; it changes nothing.
func (c *Client) LeaveLook(ctx context.Context) (Done, error) {
	return look[Done](ctx, c, "leave", nil)
}

// Sync meets whom it can for at most wait, and returns how things are then.
func (c *Client) Sync(ctx context.Context, wait time.Duration) (Status, error) {
	return send[Status](ctx, c, "sync", Args{"wait": {wait.String()}})
}

// AddPeer gives the node an address to dial, a multiaddr.
func (c *Client) AddPeer(ctx context.Context, addr string) (Done, error) {
	return send[Done](ctx, c, "peers", Args{"addr": {addr}})
}

// CarryOut writes a carry file to w: everything, or with to what that member's
// devices are not known to hold. w holds a whole file only if the error is nil.
func (c *Client) CarryOut(ctx context.Context, w io.Writer, to string) (CarriedOut, error) {
	query := url.Values{}
	if to != "" {
		query.Set("to", to)
	}
	res, err := c.open(ctx, "GET", "carry", query, "", nil)
	if err != nil {
		return CarriedOut{}, err
	}
	defer res.Body.Close()
	n, err := io.Copy(w, res.Body)
	if err != nil {
		return CarriedOut{}, fmt.Errorf("carry out: %w", err)
	}
	// The count is known only when the last op is written: it comes as a trailer.
	ops, err := strconv.Atoi(res.Trailer.Get("Tend-Ops"))
	if err != nil {
		return CarriedOut{}, fmt.Errorf("carry out: the file was cut short: %w", io.ErrUnexpectedEOF)
	}
	return CarriedOut{Ops: ops, Bytes: n}, nil
}

// CarryIn takes a carry file in.
func (c *Client) CarryIn(ctx context.Context, r io.Reader) (CarriedIn, error) {
	return upload[CarriedIn](ctx, c, "carry", "application/octet-stream", r)
}

// Verify walks the whole log and every index.
func (c *Client) Verify(ctx context.Context) (Verified, error) {
	return send[Verified](ctx, c, "verify", nil)
}

// Rebuild throws derived data away and makes it again.
func (c *Client) Rebuild(ctx context.Context) (Verified, error) {
	return send[Verified](ctx, c, "rebuild", nil)
}

// Doctor looks over this home.
func (c *Client) Doctor(ctx context.Context) ([]Check, error) {
	return look[[]Check](ctx, c, "doctor", nil)
}

// upload streams a body that is no JSON and reads the JSON answer.
func upload[T any](ctx context.Context, c *Client, path, kind string, body io.Reader) (T, error) {
	var out T
	res, err := c.open(ctx, "POST", path, nil, kind, io.NopCloser(body))
	if err != nil {
		return out, err
	}
	defer res.Body.Close()
	if err := json.NewDecoder(io.LimitReader(res.Body, maxAnswer)).Decode(&out); err != nil {
		return out, fmt.Errorf("read the node's answer to %s: %w", path, err)
	}
	return out, nil
}

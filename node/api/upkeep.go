package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"tend/crdt"
	"tend/node/qr"
	"tend/node/view"
)

// How long a request waits where it does not say.
const (
	joinWait = 30 * time.Second
	syncWait = 30 * time.Second
	// pictureTime bounds the search for a code in one picture.
	pictureTime = 20 * time.Second
)

func circles(c *call) (any, error) {
	all, err := c.api.upkeep.Circles(c.ctx)
	return list0(all), err
}

func status(c *call) (any, error) { return c.api.upkeep.Status(c.ctx) }

func peers(c *call) (any, error) {
	all, err := c.api.upkeep.Peers(c.ctx)
	return list0(all), err
}

func doctor(c *call) (any, error) {
	all, err := c.api.upkeep.Doctor(c.ctx)
	return list0(all), err
}

func version(c *call) (any, error) { return c.api.upkeep.Version(), nil }

func joins(c *call) (any, error) {
	all, err := c.api.upkeep.Joins(c.ctx)
	return list0(all), err
}

func invites(c *call) (any, error) {
	id, err := c.circle()
	if err != nil {
		return nil, err
	}
	all, err := c.api.upkeep.Invites(c.ctx, id)
	return list0(all), err
}

// list0 makes an empty list of a nil one: an answer is never null.
func list0[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}

func begin(c *call) (any, error) {
	name, err := c.need("name")
	if err != nil {
		return nil, err
	}
	id, err := c.api.upkeep.Begin(c.ctx, BeginOptions{Name: name, As: c.text("as"), Purpose: c.text("purpose"),
		Charter: c.text("charter"), History: c.text("history")})
	return view.Done{ID: id.String()}, err
}

func invite(c *call) (any, error) {
	until, err := c.span("until")
	if err != nil {
		return nil, err
	}
	uses, err := c.number("uses")
	if err != nil {
		return nil, err
	}
	id, err := c.circle()
	if err != nil {
		return nil, err
	}
	return c.api.upkeep.Invite(c.ctx, id, InviteOptions{For: c.text("for"), Until: until, Uses: uses})
}

func revokeInvite(c *call) (any, error) {
	prefix, err := c.need("id")
	if err != nil {
		return nil, err
	}
	id, err := c.circle()
	if err != nil {
		return nil, err
	}
	return view.Done{ID: prefix}, c.api.upkeep.RevokeInvite(c.ctx, id, prefix)
}

func readCode(c *call) (any, error) {
	text, err := c.need("text")
	if err != nil {
		return nil, err
	}
	return c.api.upkeep.ReadCode(c.ctx, text)
}

func join(c *call) (any, error) {
	code, err := c.need("code")
	if err != nil {
		return nil, err
	}
	ctx, cancel, err := c.waiting(joinWait)
	if err != nil {
		return nil, err
	}
	defer cancel()
	return c.api.upkeep.Join(ctx, code, c.text("as"))
}

func showCode(c *call) (any, error) { return c.api.upkeep.ShowCode(c.ctx, c.text("as")) }

func letIn(c *call) (any, error) {
	code, err := c.need("code")
	if err != nil {
		return nil, err
	}
	id, err := c.circle()
	if err != nil {
		return nil, err
	}
	ctx, cancel, err := c.waiting(joinWait)
	if err != nil {
		return nil, err
	}
	defer cancel()
	member, err := c.api.upkeep.LetIn(ctx, id, code)
	return view.Done{ID: member.String()}, err
}

func welcome(c *call) (any, error) {
	word, err := c.need("member")
	if err != nil {
		return nil, err
	}
	s, err := c.source()
	if err != nil {
		return nil, err
	}
	member, err := s.State.ResolveMember(s.Env, word)
	if err != nil {
		return nil, err
	}
	made, err := c.api.upkeep.Welcome(c.ctx, s.Circle, member)
	return view.Done{ID: made.String()}, err
}

func leave(c *call) (any, error) {
	id, err := c.circle()
	if err != nil {
		return nil, err
	}
	return view.Done{ID: id.String()}, c.api.upkeep.Leave(c.ctx, id, c.text("farewell"))
}

func leaveLook(c *call) (any, error) {
	s, err := c.source()
	if err != nil {
		return nil, err
	}
	return view.Done{Handover: s.Handover()}, nil
}

func syncNow(c *call) (any, error) {
	ctx, cancel, err := c.waiting(syncWait)
	if err != nil {
		return nil, err
	}
	defer cancel()
	// Time being up is no failure: the status says how far it came.
	if err := c.api.upkeep.Sync(ctx); err != nil && ctx.Err() == nil {
		return nil, err
	}
	return c.api.upkeep.Status(c.ctx)
}

func addPeer(c *call) (any, error) {
	addr, err := c.need("addr")
	if err != nil {
		return nil, err
	}
	return view.Done{}, c.api.upkeep.AddPeer(c.ctx, addr)
}

func verify(c *call) (any, error) { return c.api.upkeep.Verify(c.ctx) }

func rebuild(c *call) (any, error) { return c.api.upkeep.Rebuild(c.ctx) }

func readPicture(c *call, w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(c.ctx, pictureTime)
	defer cancel()
	// A picture that does not come must not keep others from their turn.
	arriveWithin(w, pictureTime)
	text, err := qr.Read(ctx, r.Body)
	if err != nil {
		return ofPicture(err)
	}
	code, err := c.api.upkeep.ReadCode(ctx, text)
	if err != nil {
		return err
	}
	return writeJSON(w, code)
}

func carryIn(c *call, w http.ResponseWriter, r *http.Request) error {
	in, err := c.api.upkeep.CarryIn(c.ctx, r.Body)
	if err != nil {
		return err
	}
	return writeJSON(w, in)
}

// opsTrailer counts the ops of a carry file. It comes last, so whoever has it has
// the whole file.
const opsTrailer = "Tend-Ops"

func carryOut(c *call, w http.ResponseWriter, _ *http.Request) error {
	s, err := c.source()
	if err != nil {
		return err
	}
	var to crdt.ID
	if word := c.text("to"); word != "" {
		if to, err = s.State.ResolveMember(s.Env, word); err != nil {
			return err
		}
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Trailer", opsTrailer)
	counted := &counter{w: w}
	ops, err := c.api.upkeep.CarryOut(c.ctx, s.Circle, counted, to)
	switch {
	case err != nil && counted.n == 0:
		w.Header().Del("Trailer")
		return err
	case err != nil:
		c.api.log.Error("a carry file was cut short", "err", err)
		panic(http.ErrAbortHandler) // part is sent: only a broken connection says that it is not whole
	}
	w.Header().Set(opsTrailer, strconv.Itoa(ops))
	return nil
}

// counter says whether anything was written.
type counter struct {
	w http.ResponseWriter
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// writeJSON answers with v. It goes out as soon as all of it is encoded, and from where it
// was: answers may be long.
func writeJSON(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(heedless{w}).Encode(v); err != nil {
		return errors.Join(errors.New("write an answer"), err)
	}
	return nil
}

// heedless writes to a reader that may have gone away, and needs no answer then.
type heedless struct{ w io.Writer }

func (h heedless) Write(p []byte) (int, error) {
	_, _ = h.w.Write(p)
	return len(p), nil
}

package node

import (
	"context"
	"errors"
	"iter"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node/replica"
)

// Do carries out a wish of this home's person in a circle. It returns once what
// it wrote is durable. The error is a [*circle.Problem] where the wish cannot be
// met.
func (n *Node) Do(ctx context.Context, id crdt.ID, cmd circle.Command) (circle.Result, error) {
	x, err := n.runner(id)
	if err != nil {
		return circle.Result{}, unknownCircle(id)
	}
	ops, bytes := wishOps, wishBytes
	if bulk, is := cmd.(circle.InBulk); is && bulk.Ops() > 1 {
		// All of it is one batch, with room for what comes beside it.
		ops, bytes = bulk.Ops()+wishOps, circle.MaxSeveralBytes+wishBytes
	}
	out, err := heardFrom(ctx, x, job{ops: ops, bytes: bytes}, func(w *replica.Replica, now time.Time) (circle.Result, error) {
		env := w.Env(now, n.cfg.Zone)
		env.Groups, env.Kept, env.Own, env.CameSince = x.groups.all(), x.waiting.all(), x.own.all(), x.cameSince
		return w.Do(cmd, env, n.clock())
	})
	if err == nil && out.Place != "" {
		err = x.places.keep(x.store, out.ID, out.Place)
	}
	if err == nil && out.Group != nil {
		err = x.groups.keep(x.store, *out.Group)
	}
	if err == nil && len(out.Keep) > 0 {
		err = x.waiting.keep(x.store, out.Keep)
	}
	if err == nil && len(out.Own) > 0 {
		err = x.own.keep(x.store, out.Own)
	}
	if err == nil && out.Promised && x.tellsRoom() {
		// The yes stands whatever becomes of this; what fails now is done at the next tick.
		_ = x.ask(ctx, x.roomJob())
	}
	return out, problem(err)
}

// View returns a circle as it is now.
func (n *Node) View(id crdt.ID) (*Snapshot, error) {
	x, err := n.runner(id)
	if err != nil {
		return nil, unknownCircle(id)
	}
	return x.snap.Load(), nil
}

// Watch yields a revision whenever a circle may look different, from the moment
// of the call until ctx ends. Revisions of one circle that nobody took yet are
// merged.
func (n *Node) Watch(ctx context.Context) iter.Seq[Revision] { return n.revisions.listen(ctx) }

// Env is what commands for a circle are read with, now.
func (n *Node) Env(id crdt.ID) (circle.Env, error) {
	s, err := n.View(id)
	if err != nil {
		return circle.Env{}, err
	}
	env := circle.Env{Me: s.Me, Dev: s.Dev, Now: n.now(), Zone: n.cfg.Zone, People: s.People, Opened: s.Opened}
	if x, err := n.runner(id); err == nil {
		env.Groups, env.Kept, env.Own, env.CameSince = x.groups.all(), x.waiting.all(), x.own.all(), x.cameSince
	}
	for _, m := range s.People.Members() {
		env.Members = append(env.Members, m.ID)
	}
	return env, nil
}

// control writes control ops for this member.
func (n *Node) control(ctx context.Context, x *runner, do func(w *replica.Replica, clock crdt.HLC) error) error {
	return problem(x.ask(ctx, job{ops: wishOps, bytes: wishBytes, do: func(w *replica.Replica, _ time.Time) error {
		return do(w, n.clock())
	}}))
}

func unknownCircle(id crdt.ID) error {
	return circle.Refuse(circle.NotFound, "no.circle", id.Short())
}

// problem gives the refusals of lower packages a sentence and a hint.
func problem(err error) error {
	var p *circle.Problem
	switch {
	case err == nil, errors.As(err, &p):
		return err
	case errors.Is(err, replica.ErrReadOnly):
		return circle.Refuse(circle.Kept, "no.not_in")
	case errors.Is(err, replica.ErrUnmet):
		return circle.Refuse(circle.Failed, "no.only_reads")
	case errors.Is(err, replica.ErrDeviceOut):
		return circle.Refuse(circle.Kept, "no.device_ended")
	case errors.Is(err, replica.ErrArriving):
		return circle.Refuse(circle.Failed, "no.arriving")
	case errors.Is(err, replica.ErrForked):
		return circle.Refuse(circle.Failed, "no.forked")
	case errors.Is(err, crdt.ErrBudget):
		return circle.Refuse(circle.Kept, "no.day_full")
	case errors.Is(err, membership.ErrRefused):
		return circle.Refuse(circle.Kept, "no.rules", err.Error())
	}
	return err
}

package web

import (
	"context"
	"iter"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/node/view"
)

// Service is what the page asks of a node about one circle's state. Methods may be
// called from many goroutines.
type Service interface {
	// Do carries out a wish and returns once it is durable. The error is a
	// [*circle.Problem] where the wish cannot be met.
	Do(ctx context.Context, id crdt.ID, cmd circle.Command) (circle.Result, error)
	// View returns a circle as it is now, to be read without a lock.
	View(id crdt.ID) (view.Source, error)
	// Watch yields a revision whenever a circle may look different, until ctx ends.
	Watch(ctx context.Context) iter.Seq[Revision]
}

// Revision says that a circle changed.
type Revision struct {
	Circle crdt.ID
	N      uint64
}

// Upkeep is what the page asks of a home beside that: those parts of a node's
// upkeep that have a screen.
type Upkeep interface {
	Circles(ctx context.Context) ([]view.Circle, error)
	Begin(ctx context.Context, o BeginOptions) (crdt.ID, error)
	Welcome(ctx context.Context, id, member crdt.ID) (crdt.ID, error)
	Leave(ctx context.Context, id crdt.ID, farewell string) error

	Invite(ctx context.Context, id crdt.ID, o InviteOptions) (view.Invite, error)
	// Invites lists them, the newest first; the text of those whose seed is kept.
	Invites(ctx context.Context, id crdt.ID) ([]view.Invite, error)
	RevokeInvite(ctx context.Context, id crdt.ID, prefix string) error

	// ReadCode tells what a text is. It dials nobody.
	ReadCode(ctx context.Context, text string) (view.Code, error)
	// Join begins to knock, and waits until it is let in or ctx ends; the knocking
	// then goes on.
	Join(ctx context.Context, code, as string) (view.Joining, error)
	ShowCode(ctx context.Context, as string) (view.Shown, error)
	Joins(ctx context.Context) ([]view.Joining, error)
	LetIn(ctx context.Context, id crdt.ID, code string) (crdt.ID, error)
	// ComeBack asks to be known again, by 24 words or by those who stand.
	ComeBack(ctx context.Context, code, name, phrase string) (view.Joining, error)
	// Recovery is what to show to those who stand.
	Recovery(ctx context.Context) (view.Recovery, error)

	Status(ctx context.Context) (view.Status, error)
	Doctor(ctx context.Context) ([]view.Check, error)
	Devices(ctx context.Context, id crdt.ID) ([]view.Device, error)
	Version() view.Version
	// Signals yields names of what may look different beside circles, until ctx ends.
	Signals(ctx context.Context) iter.Seq[string]
}

// BeginOptions say how a circle begins; only Name must be there.
type BeginOptions struct{ Name, As, Purpose, Charter, History string }

// InviteOptions say for whom an invitation is, and how long. Zero values are the
// node's defaults.
type InviteOptions struct {
	For   string
	Until time.Duration
	Uses  int
}

package api

import (
	"context"
	"io"
	"iter"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/node/view"
)

// Service is what daily care asks of a node. It stays at three methods: a new
// verb is a new [circle.Command], a new look a new method of [view.Source].
// Methods may be called from many goroutines.
type Service interface {
	// Do carries out a wish and returns once it is durable. The error is a
	// [*circle.Problem] where the wish cannot be met.
	Do(ctx context.Context, id crdt.ID, cmd circle.Command) (circle.Result, error)
	// View returns a circle as it is now, to be read without a lock. It is an
	// error that wraps a [*circle.Problem] if this home has no such circle.
	View(id crdt.ID) (view.Source, error)
	// Watch yields a revision whenever a circle may look different, from the call
	// until ctx ends. It may leave out revisions that a newer one follows.
	Watch(ctx context.Context) iter.Seq[Revision]
}

// Revision says that a circle changed.
type Revision struct {
	Circle crdt.ID
	N      uint64
}

// Upkeep is everything that is not about one circle's state.
type Upkeep interface {
	Circles
	Invites
	Doors
	Travel
	Health
	Devices
	Returns
	Keys
	Pages
	Calendars
	Printing
	Backups
}

// Circles is which circles there are and how one begins and leaves.
type Circles interface {
	// Circles lists those of this home, also those left, by name and then id.
	Circles(ctx context.Context) ([]view.Circle, error)
	Begin(ctx context.Context, o BeginOptions) (crdt.ID, error)
	Welcome(ctx context.Context, id, member crdt.ID) (crdt.ID, error)
	// Leave leaves, with a few words or none.
	Leave(ctx context.Context, id crdt.ID, farewell string) error
}

// BeginOptions say how a circle begins. Charter is TOML text, History "all",
// "from-joining" or "" for the first; only Name must be there.
type BeginOptions struct{ Name, As, Purpose, Charter, History string }

// Invites is the invitations of a circle.
type Invites interface {
	Invite(ctx context.Context, id crdt.ID, o InviteOptions) (view.Invite, error)
	// Invites lists them, the newest first.
	Invites(ctx context.Context, id crdt.ID) ([]view.Invite, error)
	// RevokeInvite ends the one whose id begins with prefix.
	RevokeInvite(ctx context.Context, id crdt.ID, prefix string) error
}

// InviteOptions say for whom an invitation is, and how long. Zero values are the
// node's defaults.
type InviteOptions struct {
	For   string
	Until time.Duration
	Uses  int
}

// Doors is coming in and letting in.
type Doors interface {
	// ReadCode tells what a text is. It dials nobody.
	ReadCode(ctx context.Context, text string) (view.Code, error)
	// Join begins to knock, and waits until it is let in or ctx ends. Where ctx
	// ended first the state is "knocking", no error, and the knocking goes on.
	Join(ctx context.Context, code, as string) (view.Joining, error)
	// ShowCode returns a code of this home for a member to scan.
	ShowCode(ctx context.Context, as string) (view.Shown, error)
	// Joins lists what was begun and is not done, and what was joined in this run.
	Joins(ctx context.Context) ([]view.Joining, error)
	// LetIn lets in whose code it is, and waits until they are or ctx ends; then the
	// error is a [*circle.Problem] with code NotYet.
	LetIn(ctx context.Context, id crdt.ID, code string) (crdt.ID, error)
}

// Travel is how ops come and go.
type Travel interface {
	Status(ctx context.Context) (view.Status, error)
	// Sync meets whom it can until all are met or ctx ends.
	Sync(ctx context.Context) error
	Peers(ctx context.Context) ([]view.Peer, error)
	AddPeer(ctx context.Context, addr string) error
	// CarryOut writes a carry file and returns how many ops are in it; to is a
	// member, or zero for the whole log. An error may come after bytes were written.
	CarryOut(ctx context.Context, id crdt.ID, w io.Writer, to crdt.ID) (ops int, err error)
	// CarryIn reads a carry file to its end before anything is kept.
	CarryIn(ctx context.Context, r io.Reader) (view.CarriedIn, error)
	// Signals yields [SignalSync] and [SignalStatus] until ctx ends.
	Signals(ctx context.Context) iter.Seq[string]
}

// Health is looking after the home itself.
type Health interface {
	Verify(ctx context.Context) (view.Verified, error)
	Rebuild(ctx context.Context) (view.Verified, error)
	Doctor(ctx context.Context) ([]view.Check, error)
	Version() view.Version
}

// What [Travel] signals, and the events of those names.
const (
	SignalSync   = "sync"
	SignalStatus = "status"
)

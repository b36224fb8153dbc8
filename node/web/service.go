package web

import (
	"context"
	"io"
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
// upkeep that have a screen. Where a person can mend it, an error is a
// [*circle.Problem].
type Upkeep interface {
	Circles
	Doors
	Own
	Returns

	// Glance says how the home stands, without digests of states.
	Glance(ctx context.Context) (view.Status, error)
	Doctor(ctx context.Context) ([]view.Check, error)
	Version() view.Version
	// Signals yields names of what may look different beside circles, until ctx ends.
	Signals(ctx context.Context) iter.Seq[string]
}

// StandingGreeting is how a home stands in a circle that it was let into and whose
// members were told no name yet.
const StandingGreeting = "greeting"

// Circles is which circles there are, how one begins, and who is let in.
type Circles interface {
	// Circles lists those of this home, but for those its person looked into and said
	// not now. A standing may be [StandingGreeting].
	Circles(ctx context.Context) ([]view.Circle, error)
	Begin(ctx context.Context, o BeginOptions) (crdt.ID, error)
	Welcome(ctx context.Context, id, member crdt.ID) (crdt.ID, error)
	Leave(ctx context.Context, id crdt.ID, farewell string) error

	Invite(ctx context.Context, id crdt.ID, o InviteOptions) (view.Invite, error)
	// Invites lists them, the newest first; the text of those whose seed is kept.
	Invites(ctx context.Context, id crdt.ID) ([]view.Invite, error)
	RevokeInvite(ctx context.Context, id crdt.ID, prefix string) error
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

// Doors is coming in and letting in.
type Doors interface {
	// ReadCode tells what a text is. It dials nobody.
	ReadCode(ctx context.Context, text string) (view.Code, error)
	// AskIn begins to knock without a name, and waits until it is let in or ctx ends;
	// the knocking then goes on.
	AskIn(ctx context.Context, code string) (view.Joining, error)
	// Hello tells the others a name; Leave is the other answer.
	Hello(ctx context.Context, id crdt.ID, name string) error
	ShowCode(ctx context.Context, as string) (view.Shown, error)
	Joins(ctx context.Context) ([]Joining, error)
	LetIn(ctx context.Context, id crdt.ID, code string) (crdt.ID, error)
}

// Joining is how far a join came. Its State is also "over": the invitation was
// used or, as they say, was taken back or its time is up.
type Joining struct {
	view.Joining
	RanOut, TakenBack bool
}

// Own is one's own home: its devices, its words, its key and its backup. What is
// secret is in no answer but that which asked for it.
type Own interface {
	// Devices lists this member's in a circle, the oldest first.
	Devices(ctx context.Context, id crdt.ID) ([]view.Device, error)
	// RevokeDevice ends the one with this id.
	RevokeDevice(ctx context.Context, id crdt.ID, dev string) (crdt.ID, error)
	// ShowLink makes the code with which this home asks to be a further device.
	ShowLink(ctx context.Context) (view.Shown, error)
	// Linking says how far that has come; false while no code is shown.
	Linking(ctx context.Context) (Linking, bool)
	// MeetDevice reaches the device whose code it is, and returns the words that both
	// show. It hands nothing over. It waits until ctx ends; then the error is a
	// [*circle.Problem] with code NotYet, and the trying goes on.
	MeetDevice(ctx context.Context, code string) (view.Linking, error)
	// AddDevice hands the member's keys over, after a person saw the same words on
	// both; it waits as MeetDevice does.
	AddDevice(ctx context.Context, code, words, passphrase string) (view.Linking, error)

	Phrases(ctx context.Context, passphrase string) ([]view.Phrase, error)
	// CalendarLink returns the secret addresses at which a program for calendars reads
	// what this member agreed in a circle. It makes them where there are none, and with
	// fresh makes others: those there were end.
	CalendarLink(ctx context.Context, id crdt.ID, fresh bool) (view.CalendarLink, error)
	Keeping(ctx context.Context) (Keeping, error)
	// MoveKey moves the home's key to a place of [Keeping]; fresh is the passphrase
	// to set, passphrase the present one, if there is one.
	MoveKey(ctx context.Context, place, passphrase, fresh string) (view.Key, error)

	// Backup writes a backup of all circles, sealed with the passphrase seal.
	Backup(ctx context.Context, w io.Writer, passphrase, seal string) error
	// BackupKept notes that one was written, BackupAside that a word about one was
	// heard.
	BackupKept(ctx context.Context) error
	BackupAside(ctx context.Context) error
	// Restore makes this empty home a new device of the member whose backup r is.
	Restore(ctx context.Context, r io.Reader, k BackupKey) (view.Backup, error)
	// Alone lets a home that came back from a backup write although it met nobody.
	Alone(ctx context.Context, id crdt.ID) (crdt.ID, error)
}

// Linking is how far the code that this home shows has come.
type Linking struct {
	view.Linking
	Code string
}

// Places of a home's key.
const (
	keyInFile       = "file"
	keyInKeyring    = "keyring"
	keyInPassphrase = "passphrase"
)

// Keeping is how a home is kept: where its key is ("file", "keyring", "passphrase"),
// and when a backup was last made; zero if none was.
type Keeping struct {
	Key    string
	Backup time.Time
	// BackupDue says that a word about a backup would be good now.
	BackupDue bool
}

// BackupKey opens a backup: its passphrase, or the text of identities of age.
type BackupKey struct{ Passphrase, Identities string }

// Returns is how a member who lost everything comes back.
type Returns interface {
	// ComeBack asks to be known again, by 24 words or by those who stand.
	ComeBack(ctx context.Context, code, name, phrase string) (view.Joining, error)
	// ComingBack is what to show to those who stand; false if nobody comes back here.
	ComingBack(ctx context.Context) (view.Recovery, bool)
	// ReadRecovery tells the words of such a code.
	ReadRecovery(ctx context.Context, code string) (view.Recovery, error)
	// NameTrustees names who may help this member back, k of whom must; 0 is more
	// than half.
	NameTrustees(ctx context.Context, id crdt.ID, list []crdt.ID, k int) (crdt.ID, error)
	StandFor(ctx context.Context, id, member crdt.ID, code string) (crdt.ID, error)
	// Meant says who it is that asks under a name by which the door knows nobody.
	Meant(ctx context.Context, id crdt.ID, name string, member crdt.ID) error
	// LeaveOut leaves the lost devices of a member out of what is written here for a
	// few.
	LeaveOut(ctx context.Context, id, member crdt.ID) (crdt.ID, error)
	// ObjectReturn says that whoever comes back in this member's name is another.
	ObjectReturn(ctx context.Context, id crdt.ID) (crdt.ID, error)
	Return(ctx context.Context, id, member crdt.ID) (crdt.ID, error)
}

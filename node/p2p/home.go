package p2p

import (
	"context"
	"crypto/ed25519"
	"iter"
	"time"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/node"
	"tend/protocol"
	"tend/protocol/frontier"
)

// PeerKey is a device's transport key. A device has the same one in each of its
// circles; libp2p's peer id is made of it.
type PeerKey = membership.PeerKey

// Home is the node behind this network: what it is asked, and told. Every method
// may be called from many goroutines at once, and returns soon: methods without a
// context answer from memory (they run inside handshakes, validators and the
// dialler), methods with one may wait for the disk or for room in a queue.
type Home interface {
	Gate
	Syncer
	Keys
	Book
	Doorkeeper
	Newcomer
	Kin
}

// The words in which a home and its network speak of peers; they are the node's.
type (
	Standing = node.Standing
	Gap      = node.Gap
	Move     = node.Move
	Verdict  = node.Verdict
	Contact  = node.Contact
	Visit    = node.Visit
	Knocking = node.Knocking
)

// Standings, weakest first.
const (
	Stranger = node.Stranger
	Parted   = node.Parted
	Host     = node.Host
	Fellow   = node.Fellow
)

// Verdicts.
const (
	Accept = node.Accept
	Ignore = node.Ignore
	Reject = node.Reject
)

// MaxGaps bounds Syncer.Gaps and thus a PULL.
const MaxGaps = node.MaxGaps

// Gate says who may connect.
type Gate interface {
	// TransportKey is this home's own key. It is asked once, at start.
	TransportKey() ed25519.PrivateKey
	// Standing is asked for each connection before anything else is said, and
	// again for each stream. An unknown key is a Stranger.
	Standing(peer PeerKey) Standing
	// DoorOpen reports whether a stranger may knock: an invite of a circle in which
	// I have a voice is live, or I show a code of my own (SPEC.md §7.9).
	DoorOpen() bool
	// Shared lists the circles in which both this home and the peer's device are in,
	// ascending. Only they are synced and gossiped with that peer.
	Shared(peer PeerKey) []crdt.ID
	// Goodbye is what a Parted peer is owed, and in which circle. ok is false when
	// nothing is owed (any more).
	Goodbye(peer PeerKey) (circle crdt.ID, frames []protocol.Goodbye, ok bool)
	// SaidGoodbye tells that Goodbye's frames were handed over: it is owed no more.
	SaidGoodbye(peer PeerKey, circle crdt.ID)
	// Holds reports whether this home has a copy of a circle, also of one it left.
	Holds(circle crdt.ID) bool
	// TakeGoodbye gives a GOODBYE that a peer said to this home. It is checked,
	// shown, and kept apart from the log.
	TakeGoodbye(ctx context.Context, circle crdt.ID, from PeerKey, frames []protocol.Goodbye) error
}

// Syncer is the log as a session with one peer sees it.
type Syncer interface {
	// Open makes the configuration of a session, with a fresh nonce for an
	// initiator. The error says that the peer or this home is not in circle (any
	// more). NoPull is set by the caller.
	Open(circle crdt.ID, peer PeerKey) (frontier.Config, error)
	// Commit makes one batch of a session durable (or finds it known, parks or
	// refuses its ops) and returns what became of it. It blocks while the node is
	// busy: that is the back-pressure of a session. An error means that nothing
	// happened and the session should end.
	Commit(ctx context.Context, circle crdt.ID, from PeerKey, b frontier.Batch) (frontier.Result, error)
	// Pulled answers a PULL: the frames (OPS) to send back, at most some MiB of
	// them; what is not held is left out.
	Pulled(circle crdt.ID, peer PeerKey, f protocol.Pull) ([]protocol.Frame, error)
	// Gaps lists what is missing now: a parent that a parked op waits for, or a body
	// that came header-only; oldest first, at most [MaxGaps].
	Gaps(circle crdt.ID) []Gap
	// Heard tells what a step of a session showed of the peer's log: its tips, or
	// that it is equal to mine. h| rows and `status` come of it.
	Heard(circle crdt.ID, peer PeerKey, s frontier.Step)
	// Gossiped judges one gossip message and queues its ops for commit, never
	// waiting for the disk: Reject for a failed L0 or L2, Accept for good
	// signatures of certified devices (parked or held ops too), Ignore for an
	// unknown device, over local rate, or a full queue. data may be kept.
	Gossiped(circle crdt.ID, from PeerKey, data []byte) Verdict
	// Topics names the gossip topics of a circle: of the epoch that would be written
	// with ("" if there is none), and of all that are to be listened to, the first
	// among them (those superseded for less than 24 h).
	Topics(circle crdt.ID) (write string, listen []string)
	// Circles lists the circles in which this home is in, ascending.
	Circles() []crdt.ID
	// Moves yields what changed, coalesced, until ctx ends. It never blocks the
	// node: Announce apart, a reader that is late finds several moves merged.
	Moves(ctx context.Context) iter.Seq[Move]
}

// Keys moves lockboxes. No secret passes here, only what HPKE sealed.
type Keys interface {
	// Wanted lists the epochs (the log key too) that this home cannot read, ≤ 64.
	Wanted(circle crdt.ID) []membership.EpochID
	// WantedOf lists those of them that a Parted peer may be asked for with its
	// GOODBYE; nil if its member did not leave of their own will.
	WantedOf(circle crdt.ID, peer PeerKey) []membership.EpochID
	// KeysFor answers a WANT: lockboxes for the device that has this transport key,
	// of those asked that are held here and to which it is entitled.
	KeysFor(circle crdt.ID, peer PeerKey, ids []membership.EpochID) []protocol.Lockbox
	// TakeKeys opens what a peer handed over. The error is for the log only; boxes
	// that do not open or were not wanted are left out without one.
	TakeKeys(ctx context.Context, circle crdt.ID, from PeerKey, boxes []protocol.Lockbox) error
	// PushKeys are lockboxes of epochs minted here lately that the peer was not
	// handed yet; nil if none.
	PushKeys(circle crdt.ID, peer PeerKey) []protocol.Lockbox
}

// Book is the address book; its rows are this package's own, opaque to the node.
type Book interface {
	// Contacts lists the unrevoked devices of the other members of all circles.
	Contacts() []Contact
	// Addresses yields the rows kept for a circle, p| in the store.
	Addresses(circle crdt.ID) iter.Seq2[PeerKey, []byte]
	// PutAddress keeps a row (≤ 8 KiB), replacing the peer's earlier one.
	PutAddress(circle crdt.ID, peer PeerKey, row []byte) error
	// Clock tells by how much a peer's wall clock is ahead of mine (negative:
	// behind), about half a round trip off.
	Clock(peer PeerKey, ahead time.Duration)
	// Tags are the mDNS service names to be found under at now: one per circle and
	// UTC day (two around midnight), and one for each code shown or read face to
	// face: "_" + 10 base32 digits + "._udp". Unique; any order.
	Tags(now time.Time) []string
}

// Doorkeeper lets newcomers in.
type Doorkeeper interface {
	// Knocked answers message 1. Later, No and the error (which the peer is not
	// told) are all one to the caller: the answer is sent and the stream closed.
	Knocked(ctx context.Context, newcomer PeerKey, k protocol.Knock) (protocol.DoorAnswer, error)
	// Proved checks message 3, admits the newcomer (durably, with a new epoch), and
	// returns message 4: KEYS, OPS…, KEYS…, [PACK…], EDGE.
	Proved(ctx context.Context, newcomer PeerKey, k protocol.Knock, a protocol.DoorAnswer, p protocol.Prove) (iter.Seq2[protocol.Frame, error], error)
	// Visits lists the newcomers whose face-to-face code this home has read and is
	// letting in; they are dialled till they are gone from the list.
	Visits() []Visit
	// Visit is the message with which a visit begins, with a fresh nonce.
	Visit(id string) (protocol.FaceHello, error)
	// VisitProved is Proved for a visit: the newcomer must be the code's.
	VisitProved(ctx context.Context, id string, h protocol.FaceHello, p protocol.FaceProve) (iter.Seq2[protocol.Frame, error], error)
	// VisitOver tells how a visit went: nil, or why it did not work this time (it is
	// tried again while Visits lists it).
	VisitOver(id string, err error)
}

// Newcomer is this home while it stands outside a circle.
type Newcomer interface {
	// Knocks lists the bearer codes this home has read and is not yet let in by.
	// Their contacts are knocked at in turn, with back-off, till the list is empty.
	Knocks() []Knocking
	// Knock is message 1 of a knocking, with a fresh nonce.
	Knock(id string) (protocol.Knock, error)
	// Prove checks the doorkeeper's answer (a certificate of door in the circle) and
	// makes message 3.
	Prove(id string, door PeerKey, k protocol.Knock, a protocol.DoorAnswer) (protocol.Prove, error)
	// Enter reads message 4 to its EDGE and makes the circle this home's, or
	// discards all and says why.
	Enter(ctx context.Context, id string, door PeerKey, frames iter.Seq2[protocol.Frame, error]) error
	// Turned tells how one door answered: told is "later", "no" or "" (then err says
	// what went wrong). Knocking goes on while Knocks lists it.
	Turned(id string, door PeerKey, told string, err error)
	// Faced is a member who came to the code this home shows, and said message 2. It
	// checks the HMAC and makes message 3.
	Faced(ctx context.Context, door PeerKey, h protocol.FaceHello) (protocol.FaceProve, error)
	// FaceEnter is Enter for Faced.
	FaceEnter(ctx context.Context, door PeerKey, h protocol.FaceHello, frames iter.Seq2[protocol.Frame, error]) error
}

package node

import (
	"time"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/protocol"
)

// The words in which a node and its network (node/p2p) speak of peers. They
// stand here because the network is built on the node and not the other way.

// Standing is what a peer is to this home.
type Standing uint8

// Standings, weakest first.
const (
	Stranger Standing = iota // reaches the join protocol only, and that only while a door is open
	Parted                   // the device of somebody who left or was removed, and who is owed a GOODBYE
	Host                     // no member (yet): a peer of a code this home has read, which it may dial
	Fellow                   // an unrevoked device of a current member of a circle in which this home is too
)

// Gap is something missing that a peer may have.
type Gap struct {
	Want   crdt.ID            // the op whose header or body is missing
	Author crdt.Device        // of the parked op's lane, or of the op without its body
	Have   crdt.Tip           // newest op held of Author; zero if none
	From   membership.PeerKey // who delivered what waits for it; zero if not known
	Writer membership.PeerKey // transport key of Author; zero if not known
	Since  time.Time          // when it was found missing
}

// MaxGaps bounds what is asked for at once.
const MaxGaps = 256

// Move says what is new at home.
type Move struct {
	Circle   crdt.ID  // zero where only Knocking is said
	Announce [][]byte // own new ops as gossip messages (one encoded OPS frame each), ≤ 32 KiB each
	Frontier bool     // the log grew by what gossip did not bring, and Announce does not carry
	Gap      bool     // there are new gaps
	People   bool     // members, devices or their standing changed: look at every connection again
	Epoch    bool     // an epoch was minted or a key came: topics, WANT and pushed keys
	Knocking bool     // knocks, visits, the door or discovery tags changed
}

// Verdict is what becomes of a gossip message.
type Verdict uint8

// Verdicts.
const (
	Accept Verdict = iota // pass it on
	Ignore                // do not, and think no less of who sent it
	Reject                // it is wrong
)

// Contact is a device that this home would like to be connected to.
type Contact struct {
	Peer    membership.PeerKey
	Circles []crdt.ID // shared, ascending
}

// Visit is a newcomer to be let in face to face.
type Visit struct {
	ID    string // the home's own name for it
	Peer  membership.PeerKey
	Addrs [][]byte // binary multiaddrs
	Link  bool     // a new device of this member's own: [Node.Link]
}

// Knocking is a bearer code this home knocks with.
type Knocking struct {
	ID       string // the home's own name for it
	Back     bool   // a member who comes back: [Node.Recover]
	Contacts []protocol.Contact
}

package node

import (
	"iter"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node/replica"
	"tend/protocol/frontier"
	"tend/storage"
)

// Snapshot is one circle as it was after one batch. It never changes, and may be
// read by anyone without a lock.
type Snapshot struct {
	Circle   crdt.ID
	Revision uint64 // grows with every batch of this run of the node
	State    *circle.State
	People   *membership.View
	Me       crdt.ID
	Dev      crdt.Device
	Standing membership.Standing
	// Arrived says that this member's own admission is in the log; until then the
	// copy is still arriving and nothing can be written.
	Arrived bool
	// Restored says that this home came back from a backup and has met nobody yet.
	Restored bool
	// DeviceOut says that this device was ended, while its member may be in.
	DeviceOut bool
	// LeftOut are the members who come back and whose devices this home leaves out of
	// what it writes for a few, ascending.
	LeftOut []crdt.ID
	// ToldGoodbye says that another home confirmed that this one is out.
	ToldGoodbye bool
	Ops         uint64
	Waiting     int // parked and held ops, missing bodies
	// Newer are the ops of kinds that this version does not know, ascending.
	Newer []crdt.ID
	// Void are ops of this home's own without effect, oldest first.
	Void []replica.Voided
	// Told is why this member was asked to go, where another home said so.
	Told string
	// Opened says of each decision who could decide when it was opened.
	Opened map[crdt.ID][]crdt.ID
	Handed int // control ops handed over at joining that the log lacks

	frontier func() *frontier.Snapshot
	digest   func() crdt.ID // of the state
	gaps     func() []Gap
}

// In reports whether this home takes part in the circle: its member is in, and it
// is one of their devices.
func (s *Snapshot) In() bool { return s.Standing == membership.In && !s.DeviceOut }

// Frontier is what a session would tell of this snapshot's log.
func (s *Snapshot) Frontier() *frontier.Snapshot { return s.frontier() }

// StateDigest is [circle.State.Digest] at the greatest clock reading in the log. It is
// worked out when it is first asked for, record by record.
func (s *Snapshot) StateDigest() crdt.ID { return s.digest() }

// reader is a [storage.Circle] as a replica reads it.
type reader struct{ storage.Circle }

// Rows yields the rows under prefix, ascending.
func (r reader) Rows(prefix []byte) iter.Seq2[replica.Row, error] {
	return func(yield func(replica.Row, error) bool) {
		for row, err := range r.Scan(prefix) {
			if !yield(replica.Row{Key: row.Key, Value: row.Value}, err) {
				return
			}
		}
	}
}

package replica

import (
	"tend/crdt"
	"tend/crdt/membership"
	"tend/protocol"
)

// Limits of one batch: it is one transaction of the store, and a batch that came
// from a peer must fit one frame again (SPEC.md §3.2).
const (
	MaxBatchOps   = 256
	MaxBatchBytes = 512 << 10
)

// Commit is what a batch asks for. Its order matters: keep Secrets, then write
// Entries to Rows in one transaction, then [Replica.Settle], and only then do
// what the rest says.
type Commit struct {
	// Secrets are new epochs', nooks' and log keys. They must be kept BEFORE the
	// batch is written: an op sealed under a lost secret is lost.
	Secrets []protocol.Secret

	Entries  []Entry      // ops in the order of their arrival numbers
	State    *crdt.State  // heads and forks after the batch; nil if unchanged
	Sets     [][]crdt.ID  // known sets that are new, numbered from FirstSet
	FirstSet uint32       //
	Bodies   []BodyChange // bodies that came late, or went
	Rows     []Row        // puts and deletes of the replica's own rows
	Sync     bool         // the batch holds own ops: on disk before they leave

	Announce []crdt.Op            // own ops, to gossip
	Spread   bool                 // the frontier moved by what gossip did not bring
	People   bool                 // who belongs, or with which devices, changed
	Epoch    bool                 // there is a new epoch to write with, or a new key here
	Minted   []membership.EpochID // epochs made here, whose lockboxes should be pushed
	Visible  bool                 // what people see may have changed
}

// Entry is one op of a batch with its fact.
type Entry struct {
	Op   crdt.Op
	Fact crdt.Fact
}

// BodyChange is a body that arrived after its op, or, where Body is nil, one
// that is retracted, faded or pruned for good.
type BodyChange struct {
	ID   crdt.ID
	Body []byte
}

// Empty reports whether there is nothing to write.
func (c *Commit) Empty() bool {
	return len(c.Secrets)+len(c.Entries)+len(c.Bodies)+len(c.Rows)+len(c.Sets) == 0 && c.State == nil
}

// Bytes is the size of the ops in the batch.
func (c *Commit) Bytes() int {
	n := 0
	for i := range c.Entries {
		n += c.Entries[i].Op.Size()
	}
	return n
}

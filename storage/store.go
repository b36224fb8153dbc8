// Package storage keeps ops exactly as they were received, and beside them what
// a node must find again after a start. It defines [Store] and its form in
// memory, [Mem]; storage/badgerstore is the one on disk, and
// storage/storagetest the suite that both pass.
//
// To a store an op's bytes are opaque: it never looks into a body and never
// encodes a header again. It numbers nothing by itself either: the replica says
// which op comes next, and the store refuses what does not fit. What it adds is
// one promise: a [Batch] is there as a whole, or not at all.
//
// Everything but the arrival log can be made again from it
// ([Circle.RebuildIndex]), and [Circle.Verify] says whether that is needed.
package storage

import (
	"context"
	"errors"
	"iter"

	"tend/crdt"
)

// Errors that callers decide by.
var (
	// ErrClosed is wrapped by every call on a store that was closed.
	ErrClosed = errors.New("store is closed")
	// ErrTooBig is wrapped when a batch or a row is over its limit: the caller
	// must cut it smaller.
	ErrTooBig = errors.New("too much for one batch")
	// ErrOrder is wrapped when arrival numbers or set numbers do not continue
	// those of the store: the caller's picture of the log is stale.
	ErrOrder = errors.New("does not continue the log")
	// ErrBatch is wrapped when a batch contradicts itself, which is a mistake of
	// the caller.
	ErrBatch = errors.New("malformed batch")
	// ErrUnknown is wrapped when a body changes whose op is not in the log.
	ErrUnknown = errors.New("op is not in the log")
	// ErrDamaged is wrapped when stored bytes are not what was put there. The
	// cure is [Circle.RebuildIndex], or to fetch the op from a peer.
	ErrDamaged = errors.New("store is damaged")
)

// Row is a value under a key. The key's first byte says what kind of row it is;
// the letters of [OwnLetters] belong to the store, all others to the caller.
// Keys are 1 to [MaxRowKey] bytes, values 0 to [MaxRowValue]; a nil Value means:
// delete. Rows read are the caller's own.
type Row struct{ Key, Value []byte }

// Rows is a sorted table of opaque rows. It is safe for concurrent use.
type Rows interface {
	// Get returns the value of a key; false if there is none. A row stored with
	// an empty value reads as an empty slice that is not nil.
	Get(key []byte) ([]byte, bool, error)
	// Scan yields the rows whose keys begin with prefix, ascending. It sees the
	// table as it was when the walk began; rows may be written meanwhile. After
	// an error it yields no more. The prefix is not empty.
	Scan(prefix []byte) iter.Seq2[Row, error]
	// Put writes rows in one transaction. They survive a crash of the program,
	// but not of the machine before the next synced batch or [Store.Sync].
	Put(rows ...Row) error
}

// Store keeps the logs of a node's circles, and rows of the node's own. It is
// safe for concurrent use. Writes are done one after the other; each circle has
// one writer, its replica, and any number of readers.
type Store interface {
	// Circles returns the circles that have a place in the store, ascending.
	Circles() ([]crdt.ID, error)
	// Circle returns the place of a circle, and makes one at its first use. The
	// same Circle is given each time.
	Circle(id crdt.ID) (Circle, error)
	// Drop deletes a circle and all its rows. A dropped circle's Circle must not
	// be used any more. Dropping what is not there does nothing.
	Drop(id crdt.ID) error
	// Node returns the rows that belong to no circle.
	Node() Rows
	// Sync returns once everything written before is safe from a power cut.
	Sync() error
	// Close syncs and closes. Afterwards every call returns an error wrapping
	// [ErrClosed]; closing again does nothing.
	Close() error
}

// Circle keeps one circle's log and rows. All methods are safe for concurrent
// use, but [Circle.Append] and [Circle.RebuildIndex] are for one writer: the
// replica. The iterators see the log as it was when the walk began, and yield no
// more after an error.
type Circle interface {
	crdt.Index
	Rows

	// ID returns the circle's id.
	ID() crdt.ID
	// Append writes a batch in one transaction. After an error nothing of it is
	// there. With [Batch.Sync] it returns once the batch, and all before it, are
	// safe from a power cut. An op whose id is in the log already is passed over,
	// so a batch may be given again.
	Append(Batch) error
	// Op returns an op and its fact; false if it is not in the log. The header's
	// hash is compared with id: the error wraps [ErrDamaged] if they differ.
	Op(id crdt.ID) (crdt.Op, crdt.Fact, bool, error)
	// Lane yields dev's ops from seq from to seq to, both included, ascending by
	// (seq, id).
	Lane(dev crdt.Device, from, to uint64) iter.Seq2[crdt.LaneEntry, error]
	// Arrivals yields ops in the order of arrival, from number from (included; 0
	// is the same as 1). Any part of it, shipped in this order, is causally safe.
	Arrivals(from uint64) iter.Seq2[crdt.Stored, error]
	// Controls yields the control ops in the order of arrival.
	Controls() iter.Seq2[crdt.Stored, error]
	// Log returns what [crdt.NewLog] begins with. Tips and forks are worked out
	// by the store, heads are those of the newest batch that had a State.
	Log() (crdt.State, error)
	// KnownSets returns the lists of control heads by the number that facts name
	// them with ([crdt.Pasts.Known], in this order).
	KnownSets() ([][]crdt.ID, error)
	// Count is how many ops are in the log; arrival numbers are 1 to Count.
	Count() uint64

	// Verify reads every op and every index row and says what is wrong, one
	// plain sentence each, at most [MaxFindings]; none if all is well. It checks
	// form, ids, bodies, indices, tips, causal closure and the order of arrival,
	// but no signatures. An error is about reading itself, or ctx's.
	Verify(ctx context.Context) ([]string, error)
	// RebuildIndex throws away what is derived from the arrival log and makes it
	// again. No replica may be open on the circle. Known sets keep their numbers.
	RebuildIndex() error
}

// OwnLetters are the first bytes of keys that belong to the store.
const OwnLetters = "aegiklnotv"

// MaxFindings bounds what [Circle.Verify] reports.
const MaxFindings = 100

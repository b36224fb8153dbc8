package replica

import (
	"encoding/binary"
	"iter"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/protocol"
)

// Reader is what a replica reads of its circle's store. Its answers are a
// function of the batches committed so far. It is read from one goroutine.
type Reader interface {
	crdt.Index
	// Op returns a stored op with its fact; false if the log does not hold it.
	Op(id crdt.ID) (crdt.Op, crdt.Fact, bool, error)
	// Lane yields a device's ops with from ≤ seq ≤ to, ascending by seq, then id.
	Lane(dev crdt.Device, from, to uint64) iter.Seq2[crdt.LaneEntry, error]
	// Arrivals yields ops by arrival number, from included.
	Arrivals(from uint64) iter.Seq2[crdt.Stored, error]
	// Controls yields all control ops by arrival number.
	Controls() iter.Seq2[crdt.Stored, error]
	// Log returns the kept part of the log's memory.
	Log() (crdt.State, error)
	// KnownSets returns the known sets by number.
	KnownSets() ([][]crdt.ID, error)
	// Get returns the value of a row; false if there is none.
	Get(key []byte) ([]byte, bool, error)
	// Rows yields the rows whose key begins with prefix, ascending by key.
	Rows(prefix []byte) iter.Seq2[Row, error]
}

// Row is a row of the replica's own in the circle's store. The first byte of a
// key is its kind. A nil Value deletes the row.
type Row struct{ Key, Value []byte }

// Keys are the secrets of this device that a replica works with.
type Keys interface {
	// Sign signs msg with this device's key for the circle.
	Sign(msg []byte) ([]byte, error)
	// Key returns the key of an epoch, a nook or the log, if it is held.
	Key(id membership.EpochID) (*protocol.Key, bool)
	// Packed returns the key of one single body that a welcome pack brought.
	Packed(op crdt.ID) (protocol.PackedKey, bool)
	// Boxes returns this device's prekeys, the newest first.
	Boxes() []protocol.BoxKey
}

// The kinds of rows a replica keeps (storage/badgerstore's doc.go lists all).
const (
	rowWaiting    = 'w' // w|a missing id|waiting id → the op that waits
	rowMissing    = 'm' // m|arr → its body is missing
	rowUnread     = 'u' // u|epoch id|arr → its body cannot be opened yet
	rowRecord     = 'r' // r|record id|arr → an op of that record, but for the one that made it
	rowCheckpoint = 'c' // c|record id|n → pieces of the record; "c" alone → what they stand for
	rowJoined     = 'j' // j|id → a control op handed over at joining
	rowHeld       = 'z' // z|arr → an op of the future, without effect yet
	rowNewer      = 'x' // x|arr → its body is of a kind that is not known here
	rowAwaited    = 'q' // q|op id|arr → what that op says of another waits for the other's header
)

func arrKey(kind byte, arr uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{kind}, arr)
}

func idKey(kind byte, id crdt.ID) []byte { return append([]byte{kind}, id[:]...) }

func pairKey(kind byte, a, b crdt.ID) []byte { return append(idKey(kind, a), b[:]...) }

func unreadPrefix(e membership.EpochID) []byte { return append([]byte{rowUnread}, e[:]...) }

func recordKey(record crdt.ID, arr uint64) []byte {
	return binary.BigEndian.AppendUint64(idKey(rowRecord, record), arr)
}

func awaitedKey(target crdt.ID, arr uint64) []byte {
	return binary.BigEndian.AppendUint64(idKey(rowAwaited, target), arr)
}

// arrOf reads the arrival number at the end of a key.
func arrOf(key []byte) uint64 {
	if len(key) < 8 {
		return 0
	}
	return binary.BigEndian.Uint64(key[len(key)-8:])
}

package storage

import (
	"fmt"
	"strings"

	"tend/crdt"
)

// Limits of a batch. MaxBatchOps and MaxBatchBytes are those of SPEC.md for a
// batch of ops; the others bound what is written along with them, such that
// everything fits into one transaction of a small database.
const (
	// MaxBatchOps is how many ops a batch holds.
	MaxBatchOps = 256
	// MaxBatchBytes is the size of a batch's ops together ([crdt.Op.Size]).
	MaxBatchBytes = 512 << 10
	// MaxBatchRows is how many rows a batch, or one Put, holds.
	MaxBatchRows = 4096
	// MaxBatchBodies is how many bodies a batch changes.
	MaxBatchBodies = 256
	// MaxBatchTotal is the size of a batch with all that goes with it, as
	// [Batch.Size] counts it.
	MaxBatchTotal = 896 << 10
	// MaxRowKey is the length of a row's key.
	MaxRowKey = 512
	// MaxRowValue is the length of a row's value. A parked op fits.
	MaxRowValue = 96 << 10
)

// Batch is what is written at once.
type Batch struct {
	// Ops are new ops in the order of arrival: at most [MaxBatchOps], together at
	// most [MaxBatchBytes].
	Ops []Entry
	// State is the log's state after the batch ([crdt.Log.State]), of which the
	// heads and control heads are kept; nil leaves them as they are. State.Last
	// must be the last arrival number after the batch.
	State *crdt.State
	// Sets are known sets from number FirstSet on. Numbers the store has already
	// must come with the same ids.
	Sets     [][]crdt.ID
	FirstSet uint32
	// Bodies change after the ops were written.
	Bodies []BodyChange
	// Rows are put as by [Rows.Put].
	Rows []Row
	// Sync asks that the batch is safe from a power cut before Append returns.
	// Every batch with an op of this device must ask it: a seq used twice after a
	// crash is a fork.
	Sync bool
}

// Entry is an op and its fact, as [crdt.Log.Add] gave it. Arrival numbers of new
// ops continue those of the store.
type Entry struct {
	Op   crdt.Op
	Fact crdt.Fact
}

// BodyChange fills a body that was missing, or takes one away.
type BodyChange struct {
	ID crdt.ID
	// Body is the body the op's header names; nil means that it is gone for
	// good: retracted, faded or pruned. What is gone stays gone: filling it
	// again does nothing.
	Body []byte
}

// Size is what the batch counts against [MaxBatchTotal], in bytes.
func (b *Batch) Size() int {
	n := 0
	for i := range b.Ops {
		n += b.Ops[i].Op.Size()
	}
	for _, c := range b.Bodies {
		n += len(c.Body) + headerCost
	}
	for _, s := range b.Sets {
		n += 32 * len(s)
	}
	for _, r := range b.Rows {
		n += len(r.Key) + len(r.Value)
	}
	return n
}

// headerCost is what a changed body costs at most beside itself: its op's header
// and signature are written again.
const headerCost = crdt.MaxHeaderSize + 64

// Check says whether the batch is within its limits and consistent in itself.
// Stores call it first. The error wraps [ErrTooBig] or [ErrBatch].
func (b *Batch) Check() error {
	if len(b.Ops) > MaxBatchOps {
		return fmt.Errorf("%w: %d ops, limit %d", ErrTooBig, len(b.Ops), MaxBatchOps)
	}
	if len(b.Bodies) > MaxBatchBodies {
		return fmt.Errorf("%w: %d changed bodies, limit %d", ErrTooBig, len(b.Bodies), MaxBatchBodies)
	}
	size := 0
	for i := range b.Ops {
		e := &b.Ops[i]
		size += e.Op.Size()
		if err := e.check(); err != nil {
			return err
		}
	}
	if size > MaxBatchBytes {
		return fmt.Errorf("%w: ops of %d bytes, limit %d", ErrTooBig, size, MaxBatchBytes)
	}
	if size = b.Size(); size > MaxBatchTotal {
		return fmt.Errorf("%w: %d bytes in all, limit %d", ErrTooBig, size, MaxBatchTotal)
	}
	for _, s := range b.Sets {
		if len(s) == 0 || len(s) > crdt.MaxBeatCtl {
			return fmt.Errorf("%w: known set of %d control heads", ErrBatch, len(s))
		}
	}
	return CheckRows(b.Rows)
}

func (e *Entry) check() error {
	op, f := &e.Op, &e.Fact
	switch {
	case op.ID.IsZero() || len(op.Payload) == 0:
		return fmt.Errorf("%w: op without id or header", ErrBatch)
	case f.Dev != op.Dev || f.Seq != op.Seq || f.HLC != op.HLC || f.Class != op.Class:
		return fmt.Errorf("%w: op %s with the fact of another", ErrBatch, op.ID.Short())
	case f.Arr == 0:
		return fmt.Errorf("%w: op %s without an arrival number", ErrBatch, op.ID.Short())
	case len(op.Sig) != 0 && len(op.Sig) != 64:
		return fmt.Errorf("%w: op %s with a signature of %d bytes", ErrBatch, op.ID.Short(), len(op.Sig))
	case op.Body != nil && (op.Gone || len(op.Body) != int(op.BodyLen)):
		return fmt.Errorf("%w: op %s: %w", ErrBatch, op.ID.Short(), crdt.ErrBody)
	}
	return nil
}

// CheckRows says whether rows can be put. The error wraps [ErrTooBig] or [ErrBatch].
func CheckRows(rows []Row) error {
	if len(rows) > MaxBatchRows {
		return fmt.Errorf("%w: %d rows, limit %d", ErrTooBig, len(rows), MaxBatchRows)
	}
	size := 0
	for _, r := range rows {
		size += len(r.Key) + len(r.Value)
		switch {
		case len(r.Key) == 0:
			return fmt.Errorf("%w: row without a key", ErrBatch)
		case strings.IndexByte(OwnLetters, r.Key[0]) >= 0:
			return fmt.Errorf("%w: row %q: the letter is the store's own", ErrBatch, r.Key[:1])
		case len(r.Key) > MaxRowKey:
			return fmt.Errorf("%w: row %q with a key of %d bytes, limit %d", ErrTooBig, r.Key[:1], len(r.Key), MaxRowKey)
		case len(r.Value) > MaxRowValue:
			return fmt.Errorf("%w: row %q of %d bytes, limit %d", ErrTooBig, r.Key[:1], len(r.Value), MaxRowValue)
		}
	}
	if size > MaxBatchTotal {
		return fmt.Errorf("%w: rows of %d bytes, limit %d", ErrTooBig, size, MaxBatchTotal)
	}
	return nil
}

package replica

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/circle"
)

// checkpointVersion changes whenever the form of a record's checkpoint does;
// another one's rows are thrown away and the state is made again from the log.
const checkpointVersion = 4

// checkpointMark says what the checkpoint rows stand for: all that the log held
// up to Arr, with exactly what Voids says left out. Rows newer than Arr do no
// harm, since applying twice is applying once. When an op up to Arr takes effect
// later (its body, its key or its time came), the mark is deleted with that batch.
type checkpointMark struct {
	_       struct{} `cbor:",toarray"`
	Version uint64
	Arr     uint64
	Voids   [32]byte
}

var markKey = []byte{rowCheckpoint}

// Checkpoint is a state being written to the store, record by record. It is made
// of a settled replica and stays what it was while the replica goes on.
type Checkpoint struct {
	state *circle.State
	store Reader
	ids   []crdt.ID // still to be written, ascending
	mark  checkpointMark
	done  bool
}

// Checkpoint returns what must be written for the store to hold the state as it
// is now; false if it does already.
func (r *Replica) Checkpoint() (*Checkpoint, bool) {
	if len(r.dirty) == 0 && (r.marked > 0 || r.log.Last() == 0) {
		return nil, false
	}
	return &Checkpoint{state: r.state, store: r.store, ids: slices.SortedFunc(maps.Keys(r.dirty), crdt.ID.Compare),
		mark: checkpointMark{Version: checkpointVersion, Arr: r.log.Last(), Voids: r.voids}}, true
}

// Dirty is how many records changed since the last checkpoint.
func (r *Replica) Dirty() int { return len(r.dirty) }

// How much one write of a checkpoint aims at: it must stay well within a
// transaction of the store. A record longer than a piece takes several rows.
const (
	checkpointBytes = 256 << 10
	checkpointRows  = 1024
	checkpointPiece = 64 << 10
)

// Next returns the next rows to write in one transaction; nil when all are
// written. The row that says what they stand for comes last, alone. The error is
// the store's.
func (c *Checkpoint) Next() ([]Row, error) {
	if c.done {
		return nil, nil
	}
	if len(c.ids) == 0 {
		c.done = true
		return []Row{{Key: markKey, Value: canon.MustMarshal(c.mark)}}, nil
	}
	var rows []Row
	size := 0
	for len(c.ids) > 0 && size < checkpointBytes && len(rows) < checkpointRows {
		part, err := c.record(c.ids[0])
		if err != nil {
			return nil, err
		}
		more := 0
		for _, row := range part {
			more += len(row.Key) + len(row.Value)
		}
		if len(rows) > 0 && (size+more > 2*checkpointBytes || len(rows)+len(part) > 2*checkpointRows) {
			break
		}
		c.ids, rows, size = c.ids[1:], append(rows, part...), size+more
	}
	return rows, nil
}

// record returns the rows of one record's pieces, and deletes those that an
// earlier checkpoint wrote beyond them.
func (c *Checkpoint) record(id crdt.ID) ([]Row, error) {
	key := func(i int) []byte { return binary.BigEndian.AppendUint32(idKey(rowCheckpoint, id), uint32(i)) }
	var rows []Row
	for i, piece := range c.state.EncodePieces(id, checkpointPiece) {
		rows = append(rows, Row{Key: key(i), Value: piece})
	}
	for i := len(rows); ; i++ { // all pieces of a record are written in one transaction, so none is missing between
		_, more, err := c.store.Get(key(i))
		if err != nil {
			return nil, fmt.Errorf("read the checkpoint of record %s: %w", id.Short(), err)
		}
		if !more {
			return rows, nil
		}
		rows = append(rows, Row{Key: key(i)})
	}
}

// Checkpointed tells the replica that all of c is in the store.
func (r *Replica) Checkpointed(c *Checkpoint) {
	left := map[crdt.ID]struct{}{}
	for id := range r.dirty {
		if !c.state.Same(r.state, id) {
			left[id] = struct{}{}
		}
	}
	r.dirty, r.marked = left, c.mark.Arr
}

// unmark says with the batch that the checkpoint no longer stands for what the
// log held up to its mark: an older op took effect just now. Should the node stop
// before the next checkpoint, the state is made from the log.
func (r *Replica) unmark() {
	if r.marked > 0 {
		r.row(markKey, nil)
		r.marked = 0
	}
}

// loadState makes the state from the checkpoint and the ops after it.
func (r *Replica) loadState() error {
	r.out = &Commit{}
	defer func() { r.out = nil }()
	from, err := r.loadCheckpoint()
	if err != nil {
		return err
	}
	for s, err := range r.store.Arrivals(from) {
		if err != nil {
			return fmt.Errorf("read ops after the checkpoint: %w", err)
		}
		if s.Op.Class != crdt.Content || s.Op.Body == nil || r.isHeld(s.Op.ID) {
			continue
		}
		change, readable := r.open(&s.Op)
		if !readable {
			continue
		}
		fits, err := r.fits(change)
		if err != nil {
			return err
		}
		switch {
		case !fits:
		case r.void(&s.Op, s.Fact):
			r.state.Void(change)
		default:
			r.state.Apply(change)
		}
	}
	for _, id := range r.state.Touched() {
		r.dirty[id] = struct{}{}
	}
	return r.loadFaded()
}

// loadCheckpoint loads the checkpoint's records and returns the arrival number
// to go on from; 1 if there is no checkpoint that can be used. One written when
// something else was void is of no use.
func (r *Replica) loadCheckpoint() (uint64, error) {
	r.voids, r.ended = r.People().VoidDigest(), r.People().Ended()
	value, ok, err := r.store.Get(markKey)
	if err != nil {
		return 0, err
	}
	var mark checkpointMark
	usable := ok && canon.Unmarshal(value, &mark) == nil && mark.Version == checkpointVersion &&
		mark.Arr <= r.log.Last() && mark.Voids == r.voids
	state := circle.NewState(r.circle)
	kept := map[crdt.ID]struct{}{}
	for row, err := range r.store.Rows([]byte{rowCheckpoint}) {
		if err != nil {
			return 0, fmt.Errorf("read checkpoint: %w", err)
		}
		if len(row.Key) != 37 {
			continue // the mark, or what another version left: no piece that the mark stands for
		}
		id := crdt.ID(row.Key[1:33])
		kept[id] = struct{}{}
		usable = usable && state.LoadRecord(id, row.Value) == nil
	}
	if !usable {
		r.state, r.dirty = circle.NewState(r.circle).Fork(), kept // what is kept is written anew, or deleted
		return 1, nil
	}
	r.state, r.marked = state.Fork(), mark.Arr
	return mark.Arr + 1, nil
}

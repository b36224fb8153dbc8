package replica

import (
	"fmt"
	"maps"
	"slices"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/circle"
)

// checkpointVersion changes whenever the form of a record's checkpoint does;
// another one's rows are thrown away and the state is made again from the log.
const checkpointVersion = 1

// checkpointMark says what the checkpoint rows stand for: all that the log held
// up to Arr, with exactly what Voids says left out. Rows newer than Arr do no
// harm, since applying twice is applying once.
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
	ids   []crdt.ID
	mark  checkpointMark
}

// Checkpoint returns what must be written for the store to hold the state as it
// is now; false if it does already.
func (r *Replica) Checkpoint() (*Checkpoint, bool) {
	if len(r.dirty) == 0 {
		return nil, false
	}
	return &Checkpoint{state: r.state, ids: slices.SortedFunc(maps.Keys(r.dirty), crdt.ID.Compare),
		mark: checkpointMark{Version: checkpointVersion, Arr: r.log.Last(), Voids: r.voids}}, true
}

// Dirty is how many records changed since the last checkpoint.
func (r *Replica) Dirty() int { return len(r.dirty) }

// checkpointBytes is how much one write of a checkpoint aims at: it must stay
// well within a transaction of the store.
const checkpointBytes = 256 << 10

// Next returns the next rows to write in one transaction; nil when all are
// written. The row that says what they stand for comes last, alone.
func (c *Checkpoint) Next() []Row {
	if c.ids == nil {
		return nil
	}
	if len(c.ids) == 0 {
		c.ids = nil
		return []Row{{Key: markKey, Value: canon.MustMarshal(c.mark)}}
	}
	var rows []Row
	size := 0
	for len(c.ids) > 0 && size < checkpointBytes {
		id := c.ids[0]
		c.ids = c.ids[1:]
		row := Row{Key: idKey(rowCheckpoint, id), Value: c.state.EncodeRecord(id)}
		rows = append(rows, row)
		size += len(row.Key) + len(row.Value)
	}
	return rows
}

// Checkpointed tells the replica that all of c is in the store.
func (r *Replica) Checkpointed(c *Checkpoint) {
	left := map[crdt.ID]struct{}{}
	for id := range r.dirty {
		if !c.state.Same(r.state, id) {
			left[id] = struct{}{}
		}
	}
	r.dirty = left
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
		if s.Op.Class != crdt.Content || s.Op.Body == nil || r.isHeld(s.Op.ID) || r.void(&s.Op, s.Fact) {
			continue
		}
		if change, readable := r.open(&s.Op); readable {
			r.state.Apply(change)
		}
	}
	if err := r.revoid(); err != nil {
		return err
	}
	for _, id := range r.state.Touched() {
		r.dirty[id] = struct{}{}
	}
	return nil
}

// loadCheckpoint loads the checkpoint's records and returns the arrival number
// to go on from; 1 if there is no checkpoint that can be used.
func (r *Replica) loadCheckpoint() (uint64, error) {
	value, ok, err := r.store.Get(markKey)
	if err != nil {
		return 0, err
	}
	var mark checkpointMark
	if !ok || canon.Unmarshal(value, &mark) != nil || mark.Version != checkpointVersion || mark.Arr > r.log.Last() {
		r.state = circle.NewState(r.circle).Fork()
		r.voids = r.People().VoidDigest()
		return 1, nil
	}
	state := circle.NewState(r.circle)
	for row, err := range r.store.Rows([]byte{rowCheckpoint}) {
		if err != nil {
			return 0, fmt.Errorf("read checkpoint: %w", err)
		}
		if len(row.Key) != 33 {
			continue
		}
		if err := state.LoadRecord(crdt.ID(row.Key[1:]), row.Value); err != nil {
			r.state = circle.NewState(r.circle).Fork()
			r.voids = r.People().VoidDigest()
			return 1, nil
		}
	}
	r.state, r.voids = state.Fork(), mark.Voids
	return mark.Arr + 1, nil
}

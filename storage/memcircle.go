package storage

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"tend/crdt"
)

// memCircle is one circle of a [Mem]. It holds nothing: after a crash it shows
// what is left.
type memCircle struct {
	mem *Mem
	id  crdt.ID
}

// log returns the circle at this moment.
func (c *memCircle) log() (*memLog, error) {
	if c.mem.closed.Load() {
		return nil, ErrClosed
	}
	l, ok := c.mem.state.Load().circles.get(c.id)
	if !ok {
		return nil, fmt.Errorf("circle %s was dropped: %w", c.id.Short(), ErrClosed)
	}
	return l, nil
}

// write publishes what change makes of a copy of the log.
func (c *memCircle) write(sync bool, change func(l *memLog) error) error {
	return c.mem.write(sync, func(s *memState) error {
		old, ok := s.circles.get(c.id)
		if !ok {
			return fmt.Errorf("circle %s was dropped: %w", c.id.Short(), ErrClosed)
		}
		next := *old
		// What grows at the end is shared; a state that a crash took back must
		// not be written over by its successor.
		next.controls, next.sets = slices.Clip(next.controls), slices.Clip(next.sets)
		if err := change(&next); err != nil {
			return err
		}
		s.circles = s.circles.put(c.id, &next)
		return nil
	})
}

func (c *memCircle) ID() crdt.ID { return c.id }

func (c *memCircle) Fact(id crdt.ID) (crdt.Fact, bool, error) {
	l, err := c.log()
	if err != nil {
		return crdt.Fact{}, false, err
	}
	s, ok := l.stored(id)
	if !ok {
		return crdt.Fact{}, false, nil
	}
	return s.Fact, true, nil
}

func (c *memCircle) At(dev crdt.Device, seq uint64) ([]crdt.ID, error) {
	l, err := c.log()
	if err != nil {
		return nil, err
	}
	return l.at(dev, seq), nil
}

func (c *memCircle) Op(id crdt.ID) (crdt.Op, crdt.Fact, bool, error) {
	l, err := c.log()
	if err != nil {
		return crdt.Op{}, crdt.Fact{}, false, err
	}
	s, ok := l.stored(id)
	if !ok {
		return crdt.Op{}, crdt.Fact{}, false, nil
	}
	return s.Op, s.Fact, true, nil
}

func (c *memCircle) Lane(dev crdt.Device, from, to uint64) iter.Seq2[crdt.LaneEntry, error] {
	return func(yield func(crdt.LaneEntry, error) bool) {
		l, err := c.log()
		if err != nil {
			yield(crdt.LaneEntry{}, err)
			return
		}
		for k, arr := range l.lanes.from(laneKey{dev: dev, seq: from}) {
			if k.dev != dev || k.seq > to || !yield(crdt.LaneEntry{Seq: k.seq, ID: k.id, Arr: arr}, nil) {
				return
			}
		}
	}
}

func (c *memCircle) Arrivals(from uint64) iter.Seq2[crdt.Stored, error] {
	return func(yield func(crdt.Stored, error) bool) {
		l, err := c.log()
		if err != nil {
			yield(crdt.Stored{}, err)
			return
		}
		for _, s := range l.ops.from(from) {
			if !yield(*s, nil) {
				return
			}
		}
	}
}

func (c *memCircle) Controls() iter.Seq2[crdt.Stored, error] {
	return func(yield func(crdt.Stored, error) bool) {
		l, err := c.log()
		if err != nil {
			yield(crdt.Stored{}, err)
			return
		}
		for _, arr := range l.controls {
			s, _ := l.ops.get(arr)
			if !yield(*s, nil) {
				return
			}
		}
	}
}

func (c *memCircle) Log() (crdt.State, error) {
	l, err := c.log()
	if err != nil {
		return crdt.State{}, err
	}
	return l.state(), nil
}

func (l *memLog) state() crdt.State {
	s := crdt.State{Heads: slices.Clone(l.heads), CtlHeads: slices.Clone(l.ctlHeads), Last: uint64(l.ops.size)}
	for _, t := range l.tips.from(laneKey{}) {
		s.Tips = append(s.Tips, t)
	}
	for _, f := range l.forks.from(crdt.Device{}) {
		s.Forks = append(s.Forks, f)
	}
	return s
}

func (c *memCircle) KnownSets() ([][]crdt.ID, error) {
	l, err := c.log()
	if err != nil {
		return nil, err
	}
	return slices.Clone(l.sets), nil
}

func (c *memCircle) Count() uint64 {
	l, err := c.log()
	if err != nil {
		return 0
	}
	return uint64(l.ops.size)
}

func (c *memCircle) Get(key []byte) ([]byte, bool, error) {
	l, err := c.log()
	if err != nil {
		return nil, false, err
	}
	return getRow(l.rows, key)
}

func (c *memCircle) Scan(prefix []byte) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		l, err := c.log()
		if err != nil {
			yield(Row{}, err)
			return
		}
		scanRows(l.rows, prefix, yield)
	}
}

func (c *memCircle) Put(rows ...Row) error {
	if err := CheckRows(rows); err != nil {
		return fmt.Errorf("put rows: %w", err)
	}
	return c.write(false, func(l *memLog) error {
		l.rows = putRows(l.rows, rows)
		return nil
	})
}

func (c *memCircle) Append(b Batch) error {
	if err := b.Check(); err != nil {
		return fmt.Errorf("append %d ops: %w", len(b.Ops), err)
	}
	err := c.write(b.Sync, func(l *memLog) error { return l.append(&b) })
	if err != nil {
		return fmt.Errorf("append %d ops: %w", len(b.Ops), err)
	}
	return nil
}

func (c *memCircle) Verify(ctx context.Context) ([]string, error) {
	l, err := c.log()
	if err != nil {
		return nil, err
	}
	audit := NewAudit(c.id, l.sets)
	for _, s := range l.ops.from(1) { // of one moment: the log may grow meanwhile
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		audit.Op(*s)
	}
	audit.Log(l.state())
	return audit.Findings(), nil
}

// RebuildIndex works the log's derived parts out again from its ops.
func (c *memCircle) RebuildIndex() error {
	return c.write(true, func(l *memLog) error {
		fresh := newMemLog()
		fresh.rows, fresh.sets = l.rows, l.sets
		fresh.heads, fresh.ctlHeads = l.heads, l.ctlHeads
		for _, s := range l.ops.from(0) {
			fresh.add(*s)
		}
		*l = *fresh
		return nil
	})
}

func (l *memLog) stored(id crdt.ID) (*crdt.Stored, bool) {
	arr, ok := l.arrivals.get(id)
	if !ok {
		return nil, false
	}
	return l.ops.get(arr)
}

func (l *memLog) at(dev crdt.Device, seq uint64) []crdt.ID {
	var ids []crdt.ID
	for k := range l.lanes.from(laneKey{dev: dev, seq: seq}) {
		if k.dev != dev || k.seq != seq {
			break
		}
		ids = append(ids, k.id)
	}
	return ids
}

func (l *memLog) append(b *Batch) error {
	if err := l.addSets(b.FirstSet, b.Sets); err != nil {
		return err
	}
	for i := range b.Ops {
		e := &b.Ops[i]
		if _, held := l.arrivals.get(e.Op.ID); held {
			continue
		}
		if next := uint64(l.ops.size) + 1; e.Fact.Arr != next {
			return fmt.Errorf("%w: op %s has arrival number %d, next is %d", ErrOrder, e.Op.ID.Short(), e.Fact.Arr, next)
		}
		if e.Fact.Class == crdt.Content && int(e.Fact.Known) >= len(l.sets) {
			return fmt.Errorf("%w: op %s names known set %d of %d", ErrOrder, e.Op.ID.Short(), e.Fact.Known, len(l.sets))
		}
		l.add(crdt.Stored{Op: e.Op, Fact: e.Fact})
	}
	if b.State != nil {
		if b.State.Last != uint64(l.ops.size) {
			return fmt.Errorf("%w: state of %d ops, the log has %d", ErrOrder, b.State.Last, l.ops.size)
		}
		l.heads, l.ctlHeads = slices.Clone(b.State.Heads), slices.Clone(b.State.CtlHeads)
	}
	for _, change := range b.Bodies {
		if err := l.changeBody(change); err != nil {
			return err
		}
	}
	l.rows = putRows(l.rows, b.Rows)
	return nil
}

// add puts the next op into the log.
func (l *memLog) add(s crdt.Stored) {
	op, arr := &s.Op, s.Fact.Arr
	if len(op.Body) == 0 {
		op.Body = nil
	}
	if twins := l.at(op.Dev, op.Seq); len(twins) > 0 {
		if _, known := l.forks.get(op.Dev); !known {
			l.forks = l.forks.put(op.Dev, NewFork(op, twins[0]))
		}
	}
	l.ops = l.ops.put(arr, &s)
	l.arrivals = l.arrivals.put(op.ID, arr)
	l.lanes = l.lanes.put(laneKey{op.Dev, op.Seq, op.ID}, arr)
	if op.Class == crdt.Control {
		l.controls = append(l.controls, arr)
	}
	l.tips = l.tips.del(laneKey{dev: op.Dev, id: op.Prev})
	l.tips = l.tips.put(laneKey{dev: op.Dev, id: op.ID}, TipOf(&s))
}

func (l *memLog) addSets(first uint32, sets [][]crdt.ID) error {
	if int(first) > len(l.sets) {
		return fmt.Errorf("%w: known set %d, next is %d", ErrOrder, first, len(l.sets))
	}
	for i, ids := range sets {
		at := int(first) + i
		if at == len(l.sets) {
			l.sets = append(l.sets, slices.Clone(ids))
		} else if !slices.Equal(l.sets[at], ids) {
			return fmt.Errorf("%w: known set %d is another one", ErrOrder, at)
		}
	}
	return nil
}

func (l *memLog) changeBody(c BodyChange) error {
	s, ok := l.stored(c.ID)
	if !ok {
		return fmt.Errorf("%w: %s", ErrUnknown, c.ID.Short())
	}
	changed, err := c.Apply(*s)
	if err != nil {
		return err
	}
	l.ops = l.ops.put(s.Fact.Arr, &changed)
	return nil
}

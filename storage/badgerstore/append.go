package badgerstore

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/dgraph-io/badger/v4"

	"tend/crdt"
	"tend/storage"
)

// Append implements [storage.Circle].
func (c *circle) Append(b storage.Batch) error {
	if err := b.Check(); err != nil {
		return fmt.Errorf("append %d ops: %w", len(b.Ops), err)
	}
	if err := c.enter(); err != nil {
		return err
	}
	defer c.store.gate.leave()
	c.store.mu.Lock()
	defer c.store.mu.Unlock()
	st := newStage(c)
	if err := c.store.commit(b.Sync, func(w *write) error { return st.batch(w, &b) }); err != nil {
		return fmt.Errorf("append %d ops: %w", len(b.Ops), err)
	}
	st.publish()
	return nil
}

// stage collects what a write changes of [kept]; nothing of it is in kept before
// the write is done.
type stage struct {
	c       *circle
	devices []crdt.Device // new ones
	numbers map[crdt.Device]uint32
	tips    map[crdt.Device][]slotTip
	forks   map[crdt.Device]crdt.Fork
	heads   [2][]crdt.ID
	sets    uint32
	last    uint64
}

func newStage(c *circle) *stage {
	return &stage{c: c, numbers: map[crdt.Device]uint32{}, tips: map[crdt.Device][]slotTip{},
		forks: map[crdt.Device]crdt.Fork{}, heads: c.kept.heads, sets: c.kept.sets, last: c.kept.last}
}

// publish makes the change visible. The caller holds the store's lock.
func (st *stage) publish() {
	c := st.c
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept.devices = append(c.kept.devices, st.devices...)
	for dev, number := range st.numbers {
		c.kept.numbers[dev] = number
	}
	for dev, tips := range st.tips {
		c.kept.tips[dev] = tips
	}
	for dev, fork := range st.forks {
		c.kept.forks[dev] = fork
	}
	c.kept.heads, c.kept.sets, c.kept.last = st.heads, st.sets, st.last
}

// batch writes a batch. The order is that of the batch's fields.
func (st *stage) batch(w *write, b *storage.Batch) error {
	if err := st.addSets(w, b.FirstSet, b.Sets); err != nil {
		return err
	}
	for i := range b.Ops {
		e := &b.Ops[i]
		if _, held, err := w.get(st.c.p.index(e.Op.ID)); err != nil {
			return err
		} else if held {
			continue
		}
		if e.Fact.Arr != st.last+1 {
			return fmt.Errorf("%w: op %s has arrival number %d, next is %d", storage.ErrOrder, e.Op.ID.Short(), e.Fact.Arr, st.last+1)
		}
		if e.Fact.Class == crdt.Content && e.Fact.Known >= st.sets {
			return fmt.Errorf("%w: op %s names known set %d of %d", storage.ErrOrder, e.Op.ID.Short(), e.Fact.Known, st.sets)
		}
		s := crdt.Stored{Op: e.Op, Fact: e.Fact}
		if err := w.set(st.c.p.op(e.Fact.Arr), encodeOp(&s)); err != nil {
			return err
		}
		if err := st.place(w, &s); err != nil {
			return err
		}
	}
	if b.State != nil {
		if b.State.Last != st.last {
			return fmt.Errorf("%w: state of %d ops, the log has %d", storage.ErrOrder, b.State.Last, st.last)
		}
		if err := st.setHeads(w, [2][]crdt.ID{b.State.Heads, b.State.CtlHeads}); err != nil {
			return err
		}
	}
	for _, change := range b.Bodies {
		if err := st.changeBody(w, change); err != nil {
			return err
		}
	}
	return st.c.fill(w, b.Rows)
}

// place writes all rows that are derived from the next op, and counts it.
func (st *stage) place(w *write, s *crdt.Stored) error {
	op, p := &s.Op, st.c.p
	number, err := st.number(w, op.Dev)
	if err != nil {
		return err
	}
	if err := w.set(p.index(op.ID), encodeFact(s.Fact, number)); err != nil {
		return err
	}
	if err := st.tip(w, s, number); err != nil {
		return err
	}
	if err := w.set(p.lane(number, op.Seq, op.ID), encodeLane(op.ID, s.Fact.Arr)); err != nil {
		return err
	}
	if op.Class == crdt.Control {
		if err := w.set(p.control(s.Fact.Arr), nil); err != nil {
			return err
		}
	}
	st.last = s.Fact.Arr
	return nil
}

// number returns a device's local number, and gives it one at its first op.
func (st *stage) number(w *write, dev crdt.Device) (uint32, error) {
	if n := st.c.kept.numbers[dev]; n != 0 {
		return n, nil
	}
	if n := st.numbers[dev]; n != 0 {
		return n, nil
	}
	n := uint32(len(st.c.kept.devices) + len(st.devices))
	if err := w.set(st.c.p.key('a', dev[:]), u32(n)); err != nil {
		return 0, err
	}
	st.devices = append(st.devices, dev)
	st.numbers[dev] = n
	return n, nil
}

// tip lets the op take the slot of its prev, or a new one. An op that does not
// follow its device's only tip is a fork's second branch.
func (st *stage) tip(w *write, s *crdt.Stored, number uint32) error {
	op := &s.Op
	tips, staged := st.tips[op.Dev]
	if !staged {
		tips = slices.Clone(st.c.kept.tips[op.Dev])
	}
	at := slices.IndexFunc(tips, func(t slotTip) bool { return t.tip.ID == op.Prev })
	if at < 0 {
		if len(tips) > 0 {
			if err := st.fork(w, op, number); err != nil {
				return err
			}
		}
		at = len(tips)
		tips = append(tips, slotTip{slot: uint32(at)})
	}
	tips[at].tip = storage.TipOf(s)
	st.tips[op.Dev] = tips
	return w.set(st.c.p.tip(number, tips[at].slot), encodeTip(tips[at].tip))
}

// fork keeps the first proof that a device forked.
func (st *stage) fork(w *write, op *crdt.Op, number uint32) error {
	if _, known := st.c.kept.forks[op.Dev]; known {
		return nil
	}
	if _, known := st.forks[op.Dev]; known {
		return nil
	}
	twin, found, err := st.twin(w.txn, number, op.Seq)
	if err != nil || !found {
		return err
	}
	fork := storage.NewFork(op, twin)
	st.forks[op.Dev] = fork
	return w.set(st.c.p.key('k', u32(number)), encodeFork(fork))
}

// twin returns the first op at a place of a lane, those under way included.
func (st *stage) twin(txn *badger.Txn, number uint32, seq uint64) (crdt.ID, bool, error) {
	for item, err := range walk(txn, st.c.p.key('l', u32(number), u40(seq))) {
		if err != nil {
			return crdt.ID{}, false, err
		}
		e, err := decodeLane(item.key, item.value)
		return e.ID, err == nil, err
	}
	return crdt.ID{}, false, nil
}

// setHeads writes the chunks of heads that changed.
func (st *stage) setHeads(w *write, heads [2][]crdt.ID) error {
	for which, now := range heads {
		old := slices.Collect(slices.Chunk(st.heads[which], idsPerChunk))
		chunks := slices.Collect(slices.Chunk(now, idsPerChunk))
		for i := range max(len(old), len(chunks)) {
			key := st.c.p.key('e', []byte{byte(which)}, u32(uint32(i)))
			var err error
			switch {
			case i >= len(chunks):
				err = w.del(key)
			case i >= len(old) || !slices.Equal(old[i], chunks[i]):
				err = w.set(key, encodeIDs(chunks[i]))
			}
			if err != nil {
				return err
			}
		}
		st.heads[which] = slices.Clone(now)
	}
	return nil
}

func (st *stage) addSets(w *write, first uint32, sets [][]crdt.ID) error {
	if first > st.sets {
		return fmt.Errorf("%w: known set %d, next is %d", storage.ErrOrder, first, st.sets)
	}
	for i, ids := range sets {
		at := first + uint32(i)
		key, data := st.c.p.key('n', u32(at)), encodeIDs(ids)
		if at == st.sets {
			if err := w.set(key, data); err != nil {
				return err
			}
			st.sets++
			continue
		}
		have, _, err := w.get(key)
		if err != nil {
			return err
		}
		if !bytes.Equal(have, data) {
			return fmt.Errorf("%w: known set %d is another one", storage.ErrOrder, at)
		}
	}
	return nil
}

func (st *stage) changeBody(w *write, change storage.BodyChange) error {
	data, found, err := w.get(st.c.p.index(change.ID))
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("%w: %s", storage.ErrUnknown, change.ID.Short())
	}
	f, _, err := decodeFact(data)
	if err != nil {
		return err
	}
	s, err := st.c.stored(w.txn, f.Arr)
	if err != nil {
		return err
	}
	if s, err = change.Apply(s); err != nil {
		return err
	}
	return w.set(st.c.p.op(f.Arr), encodeOp(&s))
}

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
	inRows  [2][]crdt.ID
	only    bool
	sets    uint32
	last    uint64
}

func newStage(c *circle) *stage {
	return &stage{c: c, numbers: map[crdt.Device]uint32{}, tips: map[crdt.Device][]slotTip{},
		forks: map[crdt.Device]crdt.Fork{}, heads: c.kept.heads, inRows: c.kept.inRows, only: c.kept.only, sets: c.kept.sets, last: c.kept.last}
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
	c.kept.heads, c.kept.inRows, c.kept.only = st.heads, st.inRows, st.only
	c.kept.sets, c.kept.last = st.sets, st.last
}

// batch writes a batch. The order is that of the batch's fields.
func (st *stage) batch(w *write, b *storage.Batch) error {
	if err := st.addSets(w, b.FirstSet, b.Sets); err != nil {
		return err
	}
	for i := range b.Ops {
		e := &b.Ops[i]
		if held, err := st.holds(w, &e.Op); err != nil {
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
		var flags byte
		if i == len(b.Ops)-1 && b.State != nil && slices.Equal(b.State.Heads, []crdt.ID{e.Op.ID}) {
			flags = onlyHead
			st.heads[0] = b.State.Heads
		}
		if err := w.set(st.c.p.op(e.Fact.Arr), encodeOp(&s, flags)); err != nil {
			return err
		}
		if err := st.place(w, &s, flags); err != nil {
			return err
		}
	}
	heads := st.heads
	if b.State != nil {
		if b.State.Last != st.last {
			return fmt.Errorf("%w: state of %d ops, the log has %d", storage.ErrOrder, b.State.Last, st.last)
		}
		heads = [2][]crdt.ID{b.State.Heads, b.State.CtlHeads}
	}
	if err := st.setHeads(w, heads); err != nil {
		return err
	}
	for _, change := range b.Bodies {
		if err := st.changeBody(w, change); err != nil {
			return err
		}
	}
	return st.c.fill(w, b.Rows)
}

// holds reports whether an op is in the log, those under way included. One beyond every
// tip of its device is not, and nothing is read.
func (st *stage) holds(w *write, op *crdt.Op) (bool, error) {
	for _, t := range st.tipsOf(op.Dev) {
		if op.Seq <= t.tip.Seq {
			arr, err := st.look(w, op.ID)
			return arr != 0, err
		}
	}
	return false, nil
}

// tipsOf returns the tips of a device, those under way included.
func (st *stage) tipsOf(dev crdt.Device) []slotTip {
	if tips, staged := st.tips[dev]; staged {
		return tips
	}
	return st.c.kept.tips[dev]
}

// look returns the arrival number of an op; 0 if it is not in the log.
func (st *stage) look(w *write, id crdt.ID) (uint64, error) {
	data, found, err := w.get(st.c.p.index(id))
	if err != nil || !found {
		return 0, err
	}
	return decodeArrival(data)
}

// read reads an op, those under way included, and its flag onlyHead. The op is zero if
// it is not in the log.
func (st *stage) read(w *write, id crdt.ID) (flags byte, s crdt.Stored, err error) {
	arr, err := st.look(w, id)
	if err != nil || arr == 0 {
		return 0, s, err
	}
	data, found, err := w.get(st.c.p.op(arr))
	if err == nil && !found {
		err = fmt.Errorf("%w: op number %d is missing", storage.ErrDamaged, arr)
	}
	if err != nil {
		return 0, s, err
	}
	s, err = decodeOp(st.c.id, arr, data)
	if err == nil && s.Op.ID != id {
		err = otherOp(&s)
	}
	return data[0] & onlyHead, s, err
}

// place writes all rows that are derived from the next op, and counts it. flags are those
// of its row.
func (st *stage) place(w *write, s *crdt.Stored, flags byte) error {
	op, p := &s.Op, st.c.p
	number, err := st.number(w, op.Dev)
	if err != nil {
		return err
	}
	if err := w.set(p.index(op.ID), encodeArrival(s.Fact.Arr)); err != nil {
		return err
	}
	if err := st.tip(w, s, number); err != nil {
		return err
	}
	if err := w.set(p.lane(number, op.Seq, s.Fact.Arr), nil); err != nil {
		return err
	}
	if op.Class == crdt.Control {
		if err := w.set(p.control(s.Fact.Arr), nil); err != nil {
			return err
		}
	}
	st.last, st.only = s.Fact.Arr, flags&onlyHead != 0
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
// follow its device's only tip is a fork's second branch; from then on the device's tips
// have rows.
func (st *stage) tip(w *write, s *crdt.Stored, number uint32) error {
	op := &s.Op
	tips := st.tipsOf(op.Dev)
	if _, staged := st.tips[op.Dev]; !staged {
		tips = slices.Clone(tips)
	}
	at := slices.IndexFunc(tips, func(t slotTip) bool { return t.tip.ID == op.Prev })
	forked := at < 0 && len(tips) > 0
	if at < 0 {
		if forked {
			if err := st.fork(w, op, number); err != nil {
				return err
			}
		}
		at = len(tips)
		tips = append(tips, slotTip{slot: uint32(at)})
	}
	tips[at].tip = storage.TipOf(s)
	st.tips[op.Dev] = tips
	write := tips[at : at+1]
	switch {
	case len(tips) == 1:
		return nil
	case forked:
		write = tips
	}
	for _, t := range write {
		if err := w.set(st.c.p.tip(number, t.slot), encodeTip(t.tip)); err != nil {
			return err
		}
	}
	return nil
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
		e, err := st.c.laneEntry(txn, item.key)
		return e.ID, err == nil, err
	}
	return crdt.ID{}, false, nil
}

// setHeads writes the chunks of heads that changed. Where the newest op is the only head
// its own row says so, and e| does not.
func (st *stage) setHeads(w *write, heads [2][]crdt.ID) error {
	if st.only && !slices.Equal(heads[0], st.heads[0]) {
		if err := st.notOnly(w); err != nil {
			return err
		}
	}
	for which, now := range heads {
		st.heads[which] = slices.Clone(now)
		if which == 0 && st.only || slices.Equal(now, st.inRows[which]) {
			continue
		}
		old := slices.Collect(slices.Chunk(st.inRows[which], idsPerChunk))
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
		st.inRows[which] = st.heads[which]
	}
	return nil
}

// notOnly takes back what the row of the newest op says of it.
func (st *stage) notOnly(w *write) error {
	key := st.c.p.op(st.last)
	data, found, err := w.get(key)
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("%w: op number %d is missing", storage.ErrDamaged, st.last)
	}
	data[0] &^= onlyHead
	st.only = false
	return w.set(key, data)
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
	flags, s, err := st.read(w, change.ID)
	if err != nil {
		return err
	}
	if s.Fact.Arr == 0 {
		return fmt.Errorf("%w: %s", storage.ErrUnknown, change.ID.Short())
	}
	if s, err = change.Apply(s); err != nil {
		return err
	}
	return w.set(st.c.p.op(s.Fact.Arr), encodeOp(&s, flags))
}

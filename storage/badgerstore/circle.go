package badgerstore

import (
	"encoding/binary"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/dgraph-io/badger/v4"

	"tend/crdt"
	"tend/storage"
)

// circle is one circle of a [Store]. What it keeps in memory is small and says
// what is published: readers are not shown ops above last, so an op is durable
// before it is seen.
type circle struct {
	rows
	id      crdt.ID
	dropped atomic.Bool

	mu   sync.RWMutex // guards what follows; written with the store's lock held too
	kept kept
}

// kept is what is in memory of a circle.
type kept struct {
	devices []crdt.Device // by local number, from 1: devices[0] is none
	numbers map[crdt.Device]uint32
	tips    map[crdt.Device][]slotTip // each in the order of slots
	forks   map[crdt.Device]crdt.Fork
	heads   [2][]crdt.ID // heads, control heads
	sets    uint32
	last    uint64
	rebuild bool // a rebuild was begun and not ended
}

// slotTip is a tip and the slot of its t| row. A slot whose tip was taken over
// by a fork's other branch does not exist: branches only ever grow.
type slotTip struct {
	slot uint32
	tip  crdt.Tip
}

// idsPerChunk is how many ids an e| row holds.
const idsPerChunk = 1024

// open reads what is kept, and ends a rebuild that was interrupted. The caller
// holds the store's lock.
func (c *circle) open() error {
	c.rows.dropped = &c.dropped
	txn := c.store.db.NewTransaction(false)
	k, err := c.load(txn)
	txn.Discard()
	if err != nil {
		return err
	}
	c.kept = k
	if k.rebuild {
		return c.rebuild()
	}
	return nil
}

// load reads kept from the disk.
func (c *circle) load(txn *badger.Txn) (kept, error) {
	k := kept{devices: make([]crdt.Device, 1), numbers: map[crdt.Device]uint32{},
		tips: map[crdt.Device][]slotTip{}, forks: map[crdt.Device]crdt.Fork{}}
	byNumber := map[uint32]crdt.Device{}
	for item, err := range walk(txn, c.p.key('a')) {
		if err != nil {
			return k, err
		}
		dev, number := crdt.Device(item.key[5:]), binary.BigEndian.Uint32(item.value)
		byNumber[number], k.numbers[dev] = dev, number
	}
	for number := uint32(1); int(number) <= len(byNumber); number++ {
		dev, ok := byNumber[number]
		if !ok {
			return k, fmt.Errorf("%w: no device has the number %d", storage.ErrDamaged, number)
		}
		k.devices = append(k.devices, dev)
	}
	for item, err := range walk(txn, c.p.key('t')) {
		if err != nil {
			return k, err
		}
		tip, err := decodeTip(item.value)
		if err != nil {
			return k, err
		}
		if tip.Dev, err = k.device(binary.BigEndian.Uint32(item.key[5:])); err != nil {
			return k, err
		}
		k.tips[tip.Dev] = append(k.tips[tip.Dev], slotTip{binary.BigEndian.Uint32(item.key[9:]), tip})
	}
	for item, err := range walk(txn, c.p.key('k')) {
		if err != nil {
			return k, err
		}
		fork, err := decodeFork(item.value)
		if err != nil {
			return k, err
		}
		if fork.Dev, err = k.device(binary.BigEndian.Uint32(item.key[5:])); err != nil {
			return k, err
		}
		k.forks[fork.Dev] = fork
	}
	var err error
	if k.heads, err = c.readHeads(txn); err != nil {
		return k, err
	}
	sets, err := c.readSets(txn)
	if err != nil {
		return k, err
	}
	k.sets = uint32(len(sets))
	if k.last, err = c.lastArrival(txn); err != nil {
		return k, err
	}
	_, k.rebuild, err = value(txn, c.rebuildKey())
	return k, err
}

func (c *circle) rebuildKey() []byte { return c.p.key('v', []byte("rebuild")) }

// device returns the device with a local number.
func (k *kept) device(number uint32) (crdt.Device, error) {
	if number == 0 || int(number) >= len(k.devices) {
		return crdt.Device{}, fmt.Errorf("%w: no device has the number %d", storage.ErrDamaged, number)
	}
	return k.devices[number], nil
}

// lastArrival returns the number of the newest op.
func (c *circle) lastArrival(txn *badger.Txn) (uint64, error) {
	it := txn.NewIterator(badger.IteratorOptions{Reverse: true, Prefix: c.p.key('o')})
	defer it.Close()
	if it.Seek(c.p.op(math.MaxUint64)); !it.Valid() {
		return 0, nil
	}
	key := it.Item().Key()
	if len(key) != 13 {
		return 0, fmt.Errorf("%w: op with a key of %d bytes", storage.ErrDamaged, len(key))
	}
	return binary.BigEndian.Uint64(key[5:]), nil
}

// readHeads returns the heads and the control heads.
func (c *circle) readHeads(txn *badger.Txn) (heads [2][]crdt.ID, err error) {
	for which := range heads {
		for item, err := range walk(txn, c.p.key('e', []byte{byte(which)})) {
			if err != nil {
				return heads, err
			}
			ids, err := decodeIDs(item.value)
			if err != nil {
				return heads, err
			}
			heads[which] = append(heads[which], ids...)
		}
	}
	return heads, nil
}

func (c *circle) readSets(txn *badger.Txn) ([][]crdt.ID, error) {
	var sets [][]crdt.ID
	for item, err := range walk(txn, c.p.key('n')) {
		if err != nil {
			return nil, err
		}
		if n := binary.BigEndian.Uint32(item.key[5:]); int(n) != len(sets) {
			return nil, fmt.Errorf("%w: known set %d is missing", storage.ErrDamaged, len(sets))
		}
		ids, err := decodeIDs(item.value)
		if err != nil {
			return nil, err
		}
		sets = append(sets, ids)
	}
	return sets, nil
}

// ID implements [storage.Circle].
func (c *circle) ID() crdt.ID { return c.id }

// Count implements [storage.Circle].
func (c *circle) Count() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.kept.last
}

// fact reads an i| row. Ops that are not published yet count as not there.
func (c *circle) fact(txn *badger.Txn, id crdt.ID) (crdt.Fact, bool, error) {
	data, found, err := value(txn, c.p.index(id))
	if err != nil || !found {
		return crdt.Fact{}, false, err
	}
	f, number, err := decodeFact(data)
	if err != nil {
		return crdt.Fact{}, false, err
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	if f.Arr > c.kept.last {
		return crdt.Fact{}, false, nil
	}
	f.Dev, err = c.kept.device(number)
	return f, err == nil, err
}

// Fact implements [crdt.Index]. It reads one small row.
func (c *circle) Fact(id crdt.ID) (crdt.Fact, bool, error) {
	if err := c.enter(); err != nil {
		return crdt.Fact{}, false, err
	}
	defer c.store.gate.leave()
	txn := c.store.db.NewTransaction(false)
	defer txn.Discard()
	f, found, err := c.fact(txn, id)
	if err != nil {
		err = fmt.Errorf("fact of op %s: %w", id.Short(), err)
	}
	return f, found, err
}

// At implements [crdt.Index].
func (c *circle) At(dev crdt.Device, seq uint64) ([]crdt.ID, error) {
	var ids []crdt.ID
	for e, err := range c.Lane(dev, seq, seq) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, e.ID)
	}
	return ids, nil
}

// Op implements [storage.Circle].
func (c *circle) Op(id crdt.ID) (crdt.Op, crdt.Fact, bool, error) {
	if err := c.enter(); err != nil {
		return crdt.Op{}, crdt.Fact{}, false, err
	}
	defer c.store.gate.leave()
	txn := c.store.db.NewTransaction(false)
	defer txn.Discard()
	f, found, err := c.fact(txn, id)
	if err != nil || !found {
		return crdt.Op{}, crdt.Fact{}, false, err
	}
	s, err := c.stored(txn, f.Arr)
	if err == nil && s.Op.ID != id {
		err = fmt.Errorf("%w: at its place is op %s", storage.ErrDamaged, s.Op.ID.Short())
	}
	if err != nil {
		return crdt.Op{}, crdt.Fact{}, false, fmt.Errorf("read op %s: %w", id.Short(), err)
	}
	return s.Op, f, true, nil
}

// stored reads an o| row.
func (c *circle) stored(txn *badger.Txn, arr uint64) (crdt.Stored, error) {
	data, found, err := value(txn, c.p.op(arr))
	if err != nil {
		return crdt.Stored{}, err
	}
	if !found {
		return crdt.Stored{}, fmt.Errorf("%w: op number %d is missing", storage.ErrDamaged, arr)
	}
	return decodeOp(c.id, arr, data)
}

// Lane implements [storage.Circle].
func (c *circle) Lane(dev crdt.Device, from, to uint64) iter.Seq2[crdt.LaneEntry, error] {
	return func(yield func(crdt.LaneEntry, error) bool) {
		if err := c.enter(); err != nil {
			yield(crdt.LaneEntry{}, err)
			return
		}
		defer c.store.gate.leave()
		c.mu.RLock()
		number, last := c.kept.numbers[dev], c.kept.last
		c.mu.RUnlock()
		if number == 0 || from > to || from >= crdt.MaxSeq {
			return
		}
		lane := c.p.key('l', u32(number))
		for item, err := range c.read(lane, append(lane[:len(lane):len(lane)], u40(from)...)) {
			if err != nil {
				yield(crdt.LaneEntry{}, err)
				return
			}
			e, err := decodeLane(item.key, item.value)
			if err != nil {
				yield(crdt.LaneEntry{}, err)
				return
			}
			if e.Seq > to {
				return
			}
			if e.Arr <= last && !yield(e, nil) {
				return
			}
		}
	}
}

// Arrivals implements [storage.Circle].
func (c *circle) Arrivals(from uint64) iter.Seq2[crdt.Stored, error] {
	return func(yield func(crdt.Stored, error) bool) {
		last := c.Count()
		for item, err := range c.read(c.p.key('o'), c.p.op(from)) {
			if err != nil {
				yield(crdt.Stored{}, err)
				return
			}
			arr := binary.BigEndian.Uint64(item.key[5:])
			if arr > last {
				return
			}
			s, err := decodeOp(c.id, arr, item.value)
			if !yield(s, err) || err != nil {
				return
			}
		}
	}
}

// Controls implements [storage.Circle].
func (c *circle) Controls() iter.Seq2[crdt.Stored, error] {
	return func(yield func(crdt.Stored, error) bool) {
		if err := c.enter(); err != nil {
			yield(crdt.Stored{}, err)
			return
		}
		defer c.store.gate.leave()
		last := c.Count()
		txn := c.store.db.NewTransaction(false)
		defer txn.Discard()
		for item, err := range walk(txn, c.p.key('g')) {
			if err != nil {
				yield(crdt.Stored{}, err)
				return
			}
			arr := binary.BigEndian.Uint64(item.key[5:])
			if arr > last {
				return
			}
			s, err := c.stored(txn, arr)
			if !yield(s, err) || err != nil {
				return
			}
		}
	}
}

// Log implements [storage.Circle].
func (c *circle) Log() (crdt.State, error) {
	if err := c.enter(); err != nil {
		return crdt.State{}, err
	}
	defer c.store.gate.leave()
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.kept.state(), nil
}

// state returns what a log begins with, sorted as crdt.Log.State is.
func (k *kept) state() crdt.State {
	s := crdt.State{Heads: slices.Clone(k.heads[0]), CtlHeads: slices.Clone(k.heads[1]), Last: k.last}
	for _, dev := range slices.SortedFunc(maps.Keys(k.tips), crdt.Device.Compare) {
		at := len(s.Tips)
		for _, t := range k.tips[dev] {
			s.Tips = append(s.Tips, t.tip)
		}
		slices.SortFunc(s.Tips[at:], func(a, b crdt.Tip) int { return a.ID.Compare(b.ID) })
	}
	for _, dev := range slices.SortedFunc(maps.Keys(k.forks), crdt.Device.Compare) {
		s.Forks = append(s.Forks, k.forks[dev])
	}
	return s
}

// KnownSets implements [storage.Circle].
func (c *circle) KnownSets() (sets [][]crdt.ID, err error) {
	if err := c.enter(); err != nil {
		return nil, err
	}
	defer c.store.gate.leave()
	err = c.store.db.View(func(txn *badger.Txn) error {
		sets, err = c.readSets(txn)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("known sets: %w", err)
	}
	return sets, nil
}

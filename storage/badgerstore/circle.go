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
	inRows  [2][]crdt.ID // what e| rows say they are
	only    bool         // the row of the newest op says that it is the only head, whatever e| says
	sets    uint32
	last    uint64
	rebuild bool // a rebuild was begun and not ended
}

// slotTip is a tip and the slot of its t| row, if it has one: a device's only tip is the
// end of its lane. A slot whose tip was taken over by a fork's other branch does not
// exist: branches only ever grow.
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
	var err error
	if _, k.rebuild, err = value(txn, c.rebuildKey()); err != nil || k.rebuild {
		return k, err // what is there is made again, and may be half deleted
	}
	if k.last, err = c.lastArrival(txn); err != nil {
		return k, err
	}
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
	if err := c.loadTips(txn, &k); err != nil {
		return k, err
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
	if err = c.loadHeads(txn, &k); err != nil {
		return k, err
	}
	sets, err := c.readSets(txn)
	if err != nil {
		return k, err
	}
	k.sets = uint32(len(sets))
	return k, nil
}

// loadTips reads the tips: the t| rows of a device that forked, or the end of its lane.
func (c *circle) loadTips(txn *badger.Txn, k *kept) error {
	for item, err := range walk(txn, c.p.key('t')) {
		if err != nil {
			return err
		}
		tip, err := decodeTip(item.value)
		if err != nil {
			return err
		}
		if tip.Dev, err = k.device(binary.BigEndian.Uint32(item.key[5:])); err != nil {
			return err
		}
		k.tips[tip.Dev] = append(k.tips[tip.Dev], slotTip{binary.BigEndian.Uint32(item.key[9:]), tip})
	}
	lanes := txn.NewIterator(badger.IteratorOptions{Reverse: true, Prefix: c.p.key('l')})
	defer lanes.Close()
	// With too few lanes or devices a device would write its first op twice.
	if lanes.Seek(c.p.key('l', u32(math.MaxUint32))); lanes.Valid() {
		key := lanes.Item().Key()
		if _, err := decodeLane(key); err != nil {
			return err
		}
		if _, err := k.device(binary.BigEndian.Uint32(key[5:])); err != nil {
			return err
		}
	} else if k.last > 0 {
		return fmt.Errorf("%w: the lanes are missing", storage.ErrDamaged)
	}
	beyond := u40(crdt.MaxSeq - 1)
	for number := 1; number < len(k.devices); number++ {
		dev, lane := k.devices[number], c.p.key('l', u32(uint32(number)))
		if len(k.tips[dev]) > 0 {
			continue
		}
		if lanes.Seek(append(lane[:len(lane):len(lane)], beyond...)); !lanes.ValidForPrefix(lane) {
			return fmt.Errorf("%w: the lane of device number %d is missing", storage.ErrDamaged, number)
		}
		e, err := decodeLane(lanes.Item().KeyCopy(nil))
		if err != nil {
			return err
		}
		s, err := c.stored(txn, e.Arr)
		if err != nil {
			return err
		}
		k.tips[dev] = []slotTip{{tip: storage.TipOf(&s)}}
	}
	return nil
}

// loadHeads reads the heads, once the newest op is known.
func (c *circle) loadHeads(txn *badger.Txn, k *kept) (err error) {
	if k.inRows, err = c.readHeads(txn); err != nil {
		return err
	}
	k.heads = k.inRows
	if k.last == 0 {
		return nil
	}
	data, _, err := value(txn, c.p.op(k.last))
	if err != nil {
		return err
	}
	if k.only = len(data) > 0 && data[0]&onlyHead != 0; k.only {
		id, err := opID(c.id, k.last, data)
		k.heads[0] = []crdt.ID{id}
		return err
	}
	return nil
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

// readHeads returns the heads and the control heads as e| rows say.
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

// find reads an op. One that is not published yet counts as not there.
func (c *circle) find(txn *badger.Txn, id crdt.ID) (crdt.Stored, bool, error) {
	data, found, err := value(txn, c.p.index(id))
	if err != nil || !found {
		return crdt.Stored{}, false, err
	}
	arr, err := decodeArrival(data)
	if err != nil || arr > c.Count() {
		return crdt.Stored{}, false, err
	}
	s, err := c.stored(txn, arr)
	if err == nil && s.Op.ID != id {
		err = otherOp(&s)
	}
	return s, err == nil, err
}

// otherOp says that the index leads to another op than the one it was asked for.
func otherOp(s *crdt.Stored) error {
	return fmt.Errorf("%w: at its place is op %s", storage.ErrDamaged, s.Op.ID.Short())
}

// Fact implements [crdt.Index].
func (c *circle) Fact(id crdt.ID) (crdt.Fact, bool, error) {
	if err := c.enter(); err != nil {
		return crdt.Fact{}, false, err
	}
	defer c.store.gate.leave()
	txn := c.store.db.NewTransaction(false)
	defer txn.Discard()
	s, found, err := c.find(txn, id)
	if err != nil {
		err = fmt.Errorf("fact of op %s: %w", id.Short(), err)
	}
	return s.Fact, found, err
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
	s, found, err := c.find(txn, id)
	if err != nil {
		return crdt.Op{}, crdt.Fact{}, false, fmt.Errorf("read op %s: %w", id.Short(), err)
	}
	return s.Op, s.Fact, found, nil
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
		txn := c.store.db.NewTransaction(false)
		defer txn.Discard()
		lane := c.p.key('l', u32(number))
		var place []crdt.LaneEntry // those of one seq
		for item, err := range walkFrom(txn, lane, append(lane[:len(lane):len(lane)], u40(from)...)) {
			var e crdt.LaneEntry
			if err == nil {
				e, err = c.laneEntry(txn, item.key)
			}
			if err != nil {
				yield(crdt.LaneEntry{}, err)
				return
			}
			if len(place) > 0 && place[0].Seq != e.Seq {
				if !yieldPlace(place, yield) {
					return
				}
				place = place[:0]
			}
			if e.Seq > to {
				return
			}
			if e.Arr <= last {
				place = append(place, e)
			}
		}
		yieldPlace(place, yield)
	}
}

// laneEntry reads the place in a lane that an l| key is.
func (c *circle) laneEntry(txn *badger.Txn, key []byte) (crdt.LaneEntry, error) {
	e, err := decodeLane(key)
	if err != nil {
		return e, err
	}
	data, found, err := value(txn, c.p.op(e.Arr))
	if err == nil && !found {
		err = fmt.Errorf("%w: op number %d is missing", storage.ErrDamaged, e.Arr)
	}
	if err == nil {
		e.ID, err = opID(c.id, e.Arr, data)
	}
	return e, err
}

// yieldPlace yields the ops at one place of a lane, ascending by id.
func yieldPlace(place []crdt.LaneEntry, yield func(crdt.LaneEntry, error) bool) bool {
	slices.SortFunc(place, func(a, b crdt.LaneEntry) int { return a.ID.Compare(b.ID) })
	for _, e := range place {
		if !yield(e, nil) {
			return false
		}
	}
	return true
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

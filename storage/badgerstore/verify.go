package badgerstore

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/dgraph-io/badger/v4"

	"tend/crdt"
	"tend/storage"
)

// Verify implements [storage.Circle]. Writes may go on meanwhile; it looks at the
// log as it was when it began.
func (c *circle) Verify(ctx context.Context) ([]string, error) {
	if err := c.enter(); err != nil {
		return nil, err
	}
	defer c.store.gate.leave()
	txn := c.store.db.NewTransaction(false)
	defer txn.Discard()
	k, err := c.load(txn)
	if err != nil {
		return []string{fmt.Sprintf("The index cannot be read: %v.", err)}, nil
	}
	sets, err := c.readSets(txn)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	audit := storage.NewAudit(c.id, sets)
	controls := 0
	for item, err := range walk(txn, c.p.key('o')) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, fmt.Errorf("verify: %w", err)
		}
		arr := binary.BigEndian.Uint64(item.key[5:])
		s, err := decodeOp(c.id, arr, item.value)
		if err != nil {
			audit.Unreadable(arr, err)
			continue
		}
		audit.Op(s)
		if s.Op.Class == crdt.Control {
			controls++
		}
		if err := c.verifyRows(txn, &k, &s, audit); err != nil {
			return nil, fmt.Errorf("verify: %w", err)
		}
	}
	for _, index := range []struct {
		letter byte
		name   string
		want   int
	}{{'i', "index", audit.Len()}, {'l', "lanes", audit.Len()}, {'g', "control log", controls}} {
		if n := c.countRows(txn, index.letter); n != index.want {
			audit.Find("There are %d rows in the %s for %d ops.", n, index.name, index.want)
		}
	}
	audit.Log(k.state())
	return audit.Findings(), nil
}

// verifyRows compares an op with the rows that point to it.
func (c *circle) verifyRows(txn *badger.Txn, k *kept, s *crdt.Stored, audit *storage.Audit) error {
	op := &s.Op
	data, found, err := value(txn, c.p.index(op.ID))
	if err != nil {
		return err
	}
	if arr, err := decodeArrival(data); !found || err != nil || arr != s.Fact.Arr {
		audit.Find("The index row of op %s (number %d) is missing or wrong.", op.ID.Short(), s.Fact.Arr)
	}
	_, found, err = value(txn, c.p.lane(k.numbers[op.Dev], op.Seq, s.Fact.Arr))
	if err != nil {
		return err
	}
	if !found {
		audit.Find("Op %s (number %d) has no place in its device's lane.", op.ID.Short(), s.Fact.Arr)
	}
	if op.Class == crdt.Control {
		if _, found, err = value(txn, c.p.control(s.Fact.Arr)); err != nil {
			return err
		} else if !found {
			audit.Find("Control op %s (number %d) is missing in the control log.", op.ID.Short(), s.Fact.Arr)
		}
	}
	return nil
}

func (c *circle) countRows(txn *badger.Txn, letter byte) int {
	it := txn.NewIterator(badger.IteratorOptions{Prefix: c.p.key(letter)})
	defer it.Close()
	n := 0
	for it.Rewind(); it.Valid(); it.Next() {
		n++
	}
	return n
}

// RebuildIndex implements [storage.Circle]. If an op cannot be read it changes
// nothing, and the error wraps [storage.ErrDamaged]: the circle must be fetched
// again from other members. A rebuild cut short is taken up at the next opening.
func (c *circle) RebuildIndex() error {
	if err := c.enter(); err != nil {
		return err
	}
	defer c.store.gate.leave()
	c.store.mu.Lock()
	defer c.store.mu.Unlock()
	if err := c.rebuild(); err != nil {
		return fmt.Errorf("rebuild index: %w", err)
	}
	return nil
}

// Mend is [storage.Circle.RebuildIndex] for a circle whose index is so damaged
// that [Store.Circle] cannot open it. One that is open
// it rebuilds in place.
func (s *Store) Mend(id crdt.ID) error {
	if err := s.gate.enter(); err != nil {
		return err
	}
	defer s.gate.leave()
	s.mu.Lock()
	defer s.mu.Unlock()
	number, ok := s.numbers[id]
	if !ok {
		return fmt.Errorf("mend circle %s: %w", id.Short(), storage.ErrUnknown)
	}
	c, open := s.circles[id]
	if !open {
		c = &circle{rows: rows{store: s, p: prefixOf(number)}, id: id}
		c.rows.dropped = &c.dropped
	}
	if err := c.rebuild(); err != nil {
		return fmt.Errorf("mend circle %s: %w", id.Short(), err)
	}
	return nil
}

// derivedLetters are those of the rows that are made again from o|.
const derivedLetters = "ailtkg"

// rebuild does the work of RebuildIndex; the caller holds the store's lock.
func (c *circle) rebuild() error {
	heads, sets, err := c.readable()
	if err != nil {
		return err
	}
	if err := c.store.commit(true, func(w *write) error { return w.set(c.rebuildKey(), nil) }); err != nil {
		return err
	}
	var derived [][]byte
	for _, letter := range []byte(derivedLetters) {
		derived = append(derived, c.p.key(letter))
	}
	if err := c.store.dropKeys(derived...); err != nil {
		return err
	}
	c.mu.Lock()
	c.kept = kept{devices: make([]crdt.Device, 1), numbers: map[crdt.Device]uint32{}, tips: map[crdt.Device][]slotTip{},
		forks: map[crdt.Device]crdt.Fork{}, heads: heads.kept, inRows: heads.inRows, sets: uint32(len(sets))}
	c.mu.Unlock()
	if err := c.replay(sets); err != nil {
		return err
	}
	st := newStage(c)
	err = c.store.commit(true, func(w *write) error {
		if err := st.setHeads(w, heads.next()); err != nil {
			return err
		}
		return w.del(c.rebuildKey())
	})
	if err != nil {
		return err
	}
	st.publish()
	return nil
}

// foundHeads are the heads that the store kept, and those that its ops make.
// They differ while ops are held back for their clocks.
type foundHeads struct {
	kept   [2][]crdt.ID
	inRows [2][]crdt.ID // of these, what e| says
	made   [2]map[crdt.ID]bool
	intact bool // all that was kept is in the log
}

// next returns the heads to go on with.
func (h *foundHeads) next() [2][]crdt.ID {
	if h.intact {
		return h.kept
	}
	var heads [2][]crdt.ID
	for which, made := range h.made {
		heads[which] = slices.SortedFunc(maps.Keys(made), crdt.ID.Compare)
	}
	return heads
}

// readable reads the whole arrival log and makes sure that an index can be made
// of it: no op is missing or unreadable, and all parents come first.
func (c *circle) readable() (heads foundHeads, sets [][]crdt.ID, err error) {
	txn := c.store.db.NewTransaction(false)
	defer txn.Discard()
	if sets, err = c.readSets(txn); err != nil {
		return heads, nil, err
	}
	k := kept{}
	if k.last, err = c.lastArrival(txn); err == nil {
		err = c.loadHeads(txn, &k)
	}
	if err != nil {
		return heads, nil, err
	}
	heads.kept, heads.inRows = k.heads, k.inRows
	heads.made = [2]map[crdt.ID]bool{{}, {}}
	held := map[crdt.ID]crdt.Class{}
	last := uint64(0)
	for item, err := range walk(txn, c.p.key('o')) {
		if err != nil {
			return heads, nil, err
		}
		arr := binary.BigEndian.Uint64(item.key[5:])
		if arr != last+1 {
			return heads, nil, fmt.Errorf("%w: op number %d is missing", storage.ErrDamaged, last+1)
		}
		last = arr
		s, err := decodeOp(c.id, arr, item.value)
		if err != nil {
			return heads, nil, err
		}
		for id := range s.Op.Parents {
			if _, ok := held[id]; !ok {
				return heads, nil, fmt.Errorf("%w: op number %d comes before its parent %s", storage.ErrDamaged, arr, id.Short())
			}
			delete(heads.made[0], id)
		}
		heads.made[0][s.Op.ID] = true
		if s.Op.Class == crdt.Control {
			for _, id := range s.Op.Ctl {
				delete(heads.made[1], id)
			}
			heads.made[1][s.Op.ID] = true
		}
		held[s.Op.ID] = s.Op.Class
	}
	heads.intact = last == 0 || len(heads.kept[0]) > 0 && len(heads.kept[1]) > 0
	for which, ids := range heads.kept {
		for _, id := range ids {
			class, ok := held[id]
			heads.intact = heads.intact && ok && (which == 0 || class == crdt.Control)
		}
	}
	return heads, sets, nil
}

// replay places all ops again, a batch at a time, and gives each the fact that
// its header and those before it make.
func (c *circle) replay(sets [][]crdt.ID) error {
	setNumber := map[string]uint32{}
	for n, ids := range sets {
		setNumber[string(encodeIDs(ids))] = uint32(n)
	}
	txn := c.store.db.NewTransaction(false)
	defer txn.Discard()
	var batch []crdt.Stored
	var flags []byte // onlyHead, of each
	size := 0
	flush := func() error {
		st := newStage(c)
		err := c.store.commit(false, func(w *write) error {
			for i := range batch {
				if err := st.placeAgain(w, &batch[i], flags[i], setNumber); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			st.publish()
			batch, flags, size = batch[:0], flags[:0], 0
		}
		return err
	}
	for item, err := range walk(txn, c.p.key('o')) {
		if err != nil {
			return err
		}
		s, err := decodeOp(c.id, binary.BigEndian.Uint64(item.key[5:]), item.value)
		if err != nil {
			return err
		}
		batch, flags, size = append(batch, s), append(flags, item.value[0]&onlyHead), size+s.Op.Size()
		if len(batch) == storage.MaxBatchOps || size >= storage.MaxBatchBytes {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// placeAgain works out the fact of an op and places it.
func (st *stage) placeAgain(w *write, s *crdt.Stored, flags byte, setNumber map[string]uint32) error {
	op, f := &s.Op, s.Fact
	f.Known, f.DayOps, f.DayBytes = 0, 1, op.BodyLen
	if op.Class == crdt.Content {
		key := encodeIDs(op.Ctl)
		n, ok := setNumber[string(key)]
		if !ok {
			n = st.sets
			if err := w.set(st.c.p.key('n', u32(n)), key); err != nil {
				return err
			}
			setNumber[string(key)] = n
			st.sets++
		}
		f.Known = n
	}
	if !op.Prev.IsZero() {
		_, prev, err := st.read(w, op.Prev)
		if err != nil {
			return err
		}
		if prev.Fact.Arr != 0 && prev.Fact.HLC.Day() == op.HLC.Day() {
			f.DayOps, f.DayBytes = prev.Fact.DayOps+1, prev.Fact.DayBytes+op.BodyLen
		}
	}
	if f != s.Fact {
		s.Fact = f
		if err := w.set(st.c.p.op(f.Arr), encodeOp(s, flags)); err != nil {
			return err
		}
	}
	return st.place(w, s, flags)
}

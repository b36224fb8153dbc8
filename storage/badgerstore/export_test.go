package badgerstore

import (
	"encoding/binary"
	"errors"
	"os"

	"github.com/dgraph-io/badger/v4"
)

// TestingRaw lets f change the database behind the store's back; rows are named by
// circle number and the key of the table in doc.go.
func (s *Store) TestingRaw(f func(get func(number uint32, key string) []byte, set func(number uint32, key string, value []byte))) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.awake()
	return s.db.Update(func(txn *badger.Txn) error {
		get := func(number uint32, key string) []byte {
			v, _, err := value(txn, append(u32(number), key...))
			if err != nil {
				panic(err)
			}
			return v
		}
		set := func(number uint32, key string, value []byte) {
			var err error
			if k := append(u32(number), key...); value == nil {
				err = txn.Delete(k)
			} else {
				err = txn.Set(k, value)
			}
			if err != nil {
				panic(err)
			}
		}
		f(get, set)
		return nil
	})
}

// TestingDrop deletes the rows of one letter.
func (s *Store) TestingDrop(number uint32, letter string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.awake()
	return s.db.DropPrefix(prefixOf(number).key(letter[0]))
}

// TestingOnCommit is called at the beginning of every write, which fails with its
// error.
func (s *Store) TestingOnCommit(f func() error) { s.onCommit = f }

// TestingOnSync is called in place of each sync, with the sync itself.
func (s *Store) TestingOnSync(f func(sync func() error) error) {
	sync := s.journal.sync
	s.journal.sync = func() error { return f(sync) }
}

// TestingSyncedLog is the file that was synced last by itself; nil if none was.
func (s *Store) TestingSyncedLog() *os.File { return s.journal.file }

// TestingSyncsAlone says whether such a file is synced by itself here.
const TestingSyncsAlone = syncsMapped

// TestingNewestLog returns the name of the write-ahead file written to.
func (s *Store) TestingNewestLog() string {
	newest, err := newestLog(s.dir)
	if err != nil {
		panic(err)
	}
	return logName(s.dir, newest)
}

// TestingNumber returns the local number of the n-th circle made.
func TestingNumber(n int) uint32 { return uint32(n + 1) }

// TestingAtStep is called in the midst of a migration, which ends with its error as
// a crash would.
func TestingAtStep(f func(step string) error) (back func()) {
	atStep = f
	return func() { atStep = func(string) error { return nil } }
}

// TestingMakeOld writes the store in dir, which is closed, in the layout of version 0
// or 1.
func TestingMakeOld(dir string, key []byte, version byte) (err error) {
	s, err := Open(dir, key, Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	ids, err := s.Circles()
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.awake()
	s.mu.Unlock()
	batch := s.db.NewWriteBatch()
	defer batch.Cancel()
	for _, id := range ids {
		c, err := s.Circle(id)
		if err != nil {
			return err
		}
		if err := c.(*circle).makeOld(batch); err != nil {
			return err
		}
		if own := c.(*circle).p; version == 0 {
			err := errors.Join(batch.Delete(nodeRows.key('a', id[:])), batch.Set(nodeRows.key('a', own[:]), id[:]))
			if err != nil {
				return err
			}
		}
	}
	return errors.Join(batch.Set(versionKey, []byte{version}), batch.Flush())
}

// makeOld writes a circle's rows as version 1 had them: an index of whole ids and facts,
// lanes with ids, a tip of each device, and all heads.
func (c *circle) makeOld(batch *badger.WriteBatch) error {
	txn := c.store.db.NewTransaction(false)
	defer txn.Discard()
	for _, letter := range []byte("ilte") {
		for item, err := range walk(txn, c.p.key(letter)) {
			if err := errors.Join(err, batch.Delete(item.key)); err != nil {
				return err
			}
		}
	}
	for s, err := range c.Arrivals(1) {
		if err != nil {
			return err
		}
		f, number, id := s.Fact, c.kept.numbers[s.Op.Dev], s.Op.ID
		fact := binary.BigEndian.AppendUint64([]byte{byte(f.Class)}, uint64(f.HLC))
		for _, n := range []uint64{uint64(number), f.Arr, f.Seq, uint64(f.Known), uint64(f.DayOps), uint64(f.DayBytes)} {
			fact = binary.AppendUvarint(fact, n)
		}
		err := errors.Join(batch.Set(c.p.op(f.Arr), encodeOp(&s, 0)), batch.Set(c.p.key('i', id[:]), fact),
			batch.Set(c.p.key('l', u32(number), u40(f.Seq), id[:16]), binary.AppendUvarint(id[16:], f.Arr)))
		if err != nil {
			return err
		}
	}
	for dev, tips := range c.kept.tips {
		for _, t := range tips {
			if err := batch.Set(c.p.tip(c.kept.numbers[dev], t.slot), encodeTip(t.tip)); err != nil {
				return err
			}
		}
	}
	for which, heads := range c.kept.heads {
		if err := batch.Set(c.p.key('e', []byte{byte(which)}, u32(0)), encodeIDs(heads)); err != nil {
			return err
		}
	}
	return nil
}

// TestingTire does what is done when nothing was written for long, and reports whether
// the store rests now.
func (s *Store) TestingTire() bool {
	s.mu.Lock()
	s.rest.last = s.rest.last.Add(-2 * restAfter)
	s.mu.Unlock()
	s.tire()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rest.holds != nil
}

// TestingTables returns how many tables there are on each level.
func (s *Store) TestingTables() (out []int) {
	for _, level := range s.db.Levels() {
		out = append(out, level.NumTables)
	}
	return out
}

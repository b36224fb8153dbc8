package badgerstore

import (
	"errors"
	"os"
	"path/filepath"

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

// TestingOnCommit is called at the beginning of every write, which fails with its
// error.
func (s *Store) TestingOnCommit(f func() error) { s.onCommit = f }

// TestingOnSync is called in place of each sync, with the sync itself.
func (s *Store) TestingOnSync(f func(sync func() error) error) {
	sync := s.journal.sync
	s.journal.sync = func() error { return f(sync) }
}

// TestingNewestLog returns the name of the write-ahead file written to.
func (s *Store) TestingNewestLog() string { return logName(s.dir, newestLog(s.dir)) }

// TestingNumber returns the local number of the n-th circle made.
func TestingNumber(n int) uint32 { return uint32(n + 1) }

// TestingAtStep is called in the midst of a migration, which ends with its error as
// a crash would.
func TestingAtStep(f func(step string) error) (back func()) {
	atStep = f
	return func() { atStep = func(string) error { return nil } }
}

// TestingMakeOld writes the store in dir, which is closed, in the layout of version 0.
func TestingMakeOld(dir string, key []byte) error {
	if err := os.Remove(filepath.Join(dir, sealName)); err != nil {
		return err
	}
	db, err := badger.Open(settings(dir, key, Options{}))
	if err != nil {
		return err
	}
	err = db.Update(func(txn *badger.Txn) error {
		for item, err := range walk(txn, nodeRows.key('a')) {
			if err == nil {
				err = errors.Join(txn.Delete(item.key), txn.Set(nodeRows.key('a', item.value), item.key[5:]))
			}
			if err != nil {
				return err
			}
		}
		return txn.Set(versionKey, []byte{0})
	})
	return errors.Join(err, db.Close())
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

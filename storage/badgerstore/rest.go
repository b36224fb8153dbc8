package badgerstore

import (
	"errors"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// restAfter is how long nothing is written until Badger's compactors stand still. It
// is two hundred of their looks.
const restAfter = 10 * time.Second

// rest lets Badger's compactors stand still while nothing is written. Each of them looks
// twenty times a second whether there is something to compact, which was nine tenths of
// what woke a quiet home; but only a write can make something to compact.
//
// Badger can be told so in one way: a [badger.StreamWriter] that was prepared to add to
// what is there keeps writes and compaction out until it is cancelled. It writes nothing
// here. Reads go on. The fields are guarded by the store's write lock.
type rest struct {
	timer  *time.Timer
	last   time.Time            // when something was written last
	holds  *badger.StreamWriter // keeps Badger still; nil: it is at work
	filled bool                 // there is something in the memtable for certain
}

// awake is called before Badger is to write, with the write lock held.
func (s *Store) awake() {
	s.rest.last = time.Now()
	if s.rest.holds == nil {
		return
	}
	s.rest.holds.Cancel()
	s.rest.holds = nil
	s.rest.timer.Reset(restAfter)
}

// tire runs some time after the last write, and again until the store rests.
func (s *Store) tire() {
	if s.gate.enter() != nil {
		return
	}
	defer s.gate.leave()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rest.holds != nil || s.broken != nil {
		return
	}
	wait := restAfter - time.Since(s.rest.last)
	if wait <= 0 && !s.lieDown() {
		wait = restAfter
	}
	if wait > 0 {
		s.rest.timer.Reset(wait)
	}
}

// lieDown lets Badger stand still, if there is nothing left to compact. The caller holds
// the write lock.
func (s *Store) lieDown() bool {
	for _, level := range s.db.Levels() {
		if level.Adjusted >= 1 {
			return false
		}
	}
	if !s.rest.filled {
		// With an empty memtable Badger would first move everything into one level. It is
		// empty after an opening; the version is written as it is.
		if s.commit(false, func(w *write) error { return w.set(versionKey, []byte{Version}) }) != nil {
			return false
		}
	}
	holds := s.db.NewStreamWriter()
	// The other error says that there is data in the memtable, and that is so.
	if err := holds.PrepareIncremental(); errors.Is(err, badger.ErrBlockedWrites) {
		return false
	}
	s.rest.holds = holds
	return true
}

// unsure is called after Badger wrote by itself: nobody knows then what is in which file.
func (s *Store) unsure() {
	s.journal.unsure()
	s.rest.filled = false
}

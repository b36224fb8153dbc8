package badgerstore

import (
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"tend/storage/crashpoint"
)

// forgetKey is written and dropped so that Badger closes its newest table.
var forgetKey = nodeRows.key('v', []byte("forget"))

// Forget makes sure that what was overwritten or deleted is in no file any more:
// Badger only marks it, and would drop it some day. It rewrites what lies above or
// beside the old versions, so it is for seldom use and takes as long as reading
// the store. Reads and writes wait meanwhile. Copies of older versions of the store
// go as well.
func (s *Store) Forget() error {
	if err := s.gate.enter(); err != nil {
		return err
	}
	defer s.gate.leave()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return s.broken
	}
	// Twice: the first round closes the tables that hold the newest versions and
	// lets Badger learn that nobody reads older ones; the second drops those.
	for range 2 {
		if err := s.forgetOnce(); err != nil {
			return fmt.Errorf("forget: %w", err)
		}
	}
	if err := forgetOld(s.dir); err != nil {
		return fmt.Errorf("forget: %w", err)
	}
	return nil
}

func (s *Store) forgetOnce() error {
	if err := s.commit(true, func(w *write) error { return w.set(forgetKey, nil) }); err != nil {
		return err
	}
	// A read moves the mark below which old versions may go.
	if _, _, err := s.get(forgetKey); err != nil {
		return err
	}
	crashpoint.During("drop")
	err := s.db.DropPrefix(forgetKey)
	crashpoint.At("dropped")
	crashpoint.During("flatten")
	if err == nil {
		err = s.db.Flatten(1)
	}
	s.unsure()
	if err != nil {
		return s.fail(err)
	}
	if err := s.db.RunValueLogGC(0.5); err != nil && !errors.Is(err, badger.ErrNoRewrite) && !errors.Is(err, badger.ErrRejected) {
		return err
	}
	return s.journal.flush()
}

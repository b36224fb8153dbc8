package badgerstore

import (
	"fmt"
	"iter"
	"sync/atomic"

	"tend/storage"
)

// rows are the opaque rows of a circle, or of the node.
type rows struct {
	store   *Store
	p       prefix
	dropped *atomic.Bool // nil for the node's
}

// enter lets the caller read; it must leave the gate again if there is no error.
func (r rows) enter() error {
	if err := r.store.gate.enter(); err != nil {
		return err
	}
	if r.dropped != nil && r.dropped.Load() {
		r.store.gate.leave()
		return fmt.Errorf("circle was dropped: %w", storage.ErrClosed)
	}
	return nil
}

// Get implements [storage.Rows].
func (r rows) Get(key []byte) ([]byte, bool, error) {
	if err := r.enter(); err != nil {
		return nil, false, err
	}
	defer r.store.gate.leave()
	return r.store.get(r.p.row(key))
}

// Scan implements [storage.Rows].
func (r rows) Scan(prefix []byte) iter.Seq2[storage.Row, error] {
	return func(yield func(storage.Row, error) bool) {
		if len(prefix) == 0 {
			yield(storage.Row{}, fmt.Errorf("%w: scan without a prefix", storage.ErrBatch))
			return
		}
		for item, err := range r.read(r.p.row(prefix), nil) {
			if err != nil {
				yield(storage.Row{}, err)
				return
			}
			if !yield(storage.Row{Key: item.key[4:], Value: item.value}, nil) {
				return
			}
		}
	}
}

// read yields the keys with a prefix, from start on unless it is nil, in a
// transaction of its own.
func (r rows) read(prefix, start []byte) iter.Seq2[pair, error] {
	return func(yield func(pair, error) bool) {
		if err := r.enter(); err != nil {
			yield(pair{}, err)
			return
		}
		defer r.store.gate.leave()
		if start == nil {
			start = prefix
		}
		txn := r.store.db.NewTransaction(false)
		defer txn.Discard()
		walkFrom(txn, prefix, start)(yield)
	}
}

// Put implements [storage.Rows].
func (r rows) Put(put ...storage.Row) error {
	if err := storage.CheckRows(put); err != nil {
		return fmt.Errorf("put rows: %w", err)
	}
	if err := r.enter(); err != nil {
		return err
	}
	defer r.store.gate.leave()
	r.store.mu.Lock()
	defer r.store.mu.Unlock()
	err := r.store.commit(false, func(w *write) error { return r.fill(w, put) })
	if err != nil {
		return fmt.Errorf("put rows: %w", err)
	}
	return nil
}

// fill puts rows into a transaction.
func (r rows) fill(w *write, put []storage.Row) error {
	for _, row := range put {
		var err error
		if row.Value == nil {
			err = w.del(r.p.row(row.Key))
		} else {
			err = w.set(r.p.row(row.Key), row.Value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

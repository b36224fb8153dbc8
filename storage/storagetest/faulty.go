package storagetest

import (
	"errors"
	"iter"
	"sync"

	"tend/crdt"
	"tend/storage"
)

// ErrFault is what a [Faulty] store fails with.
var ErrFault = errors.New("fault on purpose")

// Faulty is a store that fails where it is told, for tests of what stands on a
// store. A write is Append or Put, a read everything else of a circle or of the
// node's rows. A real store is atomic, so there is no torn write: a write fails
// before anything happened, or after all of it did. It is safe for concurrent use.
type Faulty struct {
	storage.Store

	mu      sync.Mutex
	writes  int
	reads   int
	before  int
	after   int
	failing int
	full    bool
}

// NewFaulty returns s without any faults yet.
func NewFaulty(s storage.Store) *Faulty { return &Faulty{Store: s} }

// FailWrite lets the n-th write from now on (1: the next) fail; nothing of it is
// written.
func (f *Faulty) FailWrite(n int) { f.set(&f.before, &f.writes, n) }

// FailAfterWrite lets the n-th write from now on report a failure, though it was
// written: what a crash looks like between the write and its answer.
func (f *Faulty) FailAfterWrite(n int) { f.set(&f.after, &f.writes, n) }

// FailRead lets the n-th read from now on fail. A walk is one read, which fails
// at its beginning.
func (f *Faulty) FailRead(n int) { f.set(&f.failing, &f.reads, n) }

// Fill lets every write fail from now on, as on a full disk, until [Faulty.Mend].
func (f *Faulty) Fill() { f.mu.Lock(); defer f.mu.Unlock(); f.full = true }

// Mend ends all faults, those still to come included.
func (f *Faulty) Mend() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before, f.after, f.failing, f.full = 0, 0, 0, false
}

// Writes and Reads are how many there have been: a plan can be made of one run
// and carried out in the next.
func (f *Faulty) Writes() int { f.mu.Lock(); defer f.mu.Unlock(); return f.writes }

// Reads is the number of reads so far.
func (f *Faulty) Reads() int { f.mu.Lock(); defer f.mu.Unlock(); return f.reads }

// set lets the n-th event after those counted so far fail.
func (f *Faulty) set(at, counted *int, n int) { f.mu.Lock(); defer f.mu.Unlock(); *at = *counted + n }

// Circle implements [storage.Store].
func (f *Faulty) Circle(id crdt.ID) (storage.Circle, error) {
	c, err := f.Store.Circle(id)
	if err != nil {
		return nil, err
	}
	return &faultyCircle{Circle: c, faultyRows: faultyRows{f, c}}, nil
}

// Node implements [storage.Store].
func (f *Faulty) Node() storage.Rows { return faultyRows{f, f.Store.Node()} }

func (f *Faulty) write(do func() error) error {
	f.mu.Lock()
	f.writes++
	before, after := f.full || f.writes == f.before, f.writes == f.after
	f.mu.Unlock()
	if before {
		return ErrFault
	}
	err := do()
	if err == nil && after {
		return ErrFault
	}
	return err
}

func (f *Faulty) read() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.reads++; f.reads == f.failing {
		return ErrFault
	}
	return nil
}

type faultyRows struct {
	f    *Faulty
	rows storage.Rows
}

func (r faultyRows) Get(key []byte) ([]byte, bool, error) {
	if err := r.f.read(); err != nil {
		return nil, false, err
	}
	return r.rows.Get(key)
}

func (r faultyRows) Scan(prefix []byte) iter.Seq2[storage.Row, error] {
	return faultyWalk(r.f, r.rows.Scan(prefix))
}

func (r faultyRows) Put(rows ...storage.Row) error {
	return r.f.write(func() error { return r.rows.Put(rows...) })
}

func faultyWalk[T any](f *Faulty, walk iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if err := f.read(); err != nil {
			var none T
			yield(none, err)
			return
		}
		walk(yield)
	}
}

type faultyCircle struct {
	storage.Circle
	faultyRows
}

func (c *faultyCircle) Get(key []byte) ([]byte, bool, error) { return c.faultyRows.Get(key) }
func (c *faultyCircle) Scan(prefix []byte) iter.Seq2[storage.Row, error] {
	return c.faultyRows.Scan(prefix)
}
func (c *faultyCircle) Put(rows ...storage.Row) error { return c.faultyRows.Put(rows...) }

func (c *faultyCircle) Append(b storage.Batch) error {
	return c.f.write(func() error { return c.Circle.Append(b) })
}

func (c *faultyCircle) Fact(id crdt.ID) (crdt.Fact, bool, error) {
	if err := c.f.read(); err != nil {
		return crdt.Fact{}, false, err
	}
	return c.Circle.Fact(id)
}

func (c *faultyCircle) At(dev crdt.Device, seq uint64) ([]crdt.ID, error) {
	if err := c.f.read(); err != nil {
		return nil, err
	}
	return c.Circle.At(dev, seq)
}

func (c *faultyCircle) Op(id crdt.ID) (crdt.Op, crdt.Fact, bool, error) {
	if err := c.f.read(); err != nil {
		return crdt.Op{}, crdt.Fact{}, false, err
	}
	return c.Circle.Op(id)
}

func (c *faultyCircle) Lane(dev crdt.Device, from, to uint64) iter.Seq2[crdt.LaneEntry, error] {
	return faultyWalk(c.f, c.Circle.Lane(dev, from, to))
}

func (c *faultyCircle) Arrivals(from uint64) iter.Seq2[crdt.Stored, error] {
	return faultyWalk(c.f, c.Circle.Arrivals(from))
}

func (c *faultyCircle) Controls() iter.Seq2[crdt.Stored, error] {
	return faultyWalk(c.f, c.Circle.Controls())
}

func (c *faultyCircle) Log() (crdt.State, error) {
	if err := c.f.read(); err != nil {
		return crdt.State{}, err
	}
	return c.Circle.Log()
}

func (c *faultyCircle) KnownSets() ([][]crdt.ID, error) {
	if err := c.f.read(); err != nil {
		return nil, err
	}
	return c.Circle.KnownSets()
}

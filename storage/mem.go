package storage

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"tend/crdt"
)

// Mem is a [Store] in memory. What it holds at one moment is a value that never
// changes, so readers take no lock, a failed batch leaves no trace, and
// [Mem.Snapshot] costs nothing. For simulations it knows the difference between
// written and synced: [Mem.Crash] takes back what was not.
type Mem struct {
	state  atomic.Pointer[memState]
	closed atomic.Bool

	mu       sync.Mutex // held by writers
	durable  *memState
	unsynced []*memState // after each write since durable, at most maxUnsynced
	handles  map[crdt.ID]*memCircle
}

// maxUnsynced bounds how many single writes a Mem can take back; a crash loses
// older unsynced writes together with the oldest of these.
const maxUnsynced = 256

// memState is a store at one moment.
type memState struct {
	circles tree[crdt.ID, *memLog]
	node    rowTree
}

type rowTree = tree[string, []byte]

// memLog is one circle at one moment.
type memLog struct {
	rows     rowTree
	ops      tree[uint64, *crdt.Stored] // by arrival
	arrivals tree[crdt.ID, uint64]
	lanes    tree[laneKey, uint64]
	controls []uint64 // grows at the end, shared with older states
	tips     tree[laneKey, crdt.Tip]
	forks    tree[crdt.Device, crdt.Fork]
	heads    []crdt.ID
	ctlHeads []crdt.ID
	sets     [][]crdt.ID // grows at the end, shared with older states
}

// laneKey places an op in its lane; tips, which need no seq, have 0 there.
type laneKey struct {
	dev crdt.Device
	seq uint64
	id  crdt.ID
}

func (k laneKey) compare(other laneKey) int {
	if c := k.dev.Compare(other.dev); c != 0 {
		return c
	}
	if k.seq != other.seq {
		if k.seq < other.seq {
			return -1
		}
		return 1
	}
	return k.id.Compare(other.id)
}

// NewMem returns an empty store.
func NewMem() *Mem {
	s := &memState{circles: newTree[crdt.ID, *memLog](crdt.ID.Compare), node: newTree[string, []byte](strings.Compare)}
	return memOf(s)
}

func memOf(s *memState) *Mem {
	m := &Mem{durable: s, handles: map[crdt.ID]*memCircle{}}
	m.state.Store(s)
	return m
}

func newMemLog() *memLog {
	return &memLog{
		rows:     newTree[string, []byte](strings.Compare),
		ops:      newTree[uint64, *crdt.Stored](compareNumbers),
		arrivals: newTree[crdt.ID, uint64](crdt.ID.Compare),
		lanes:    newTree[laneKey, uint64](laneKey.compare),
		tips:     newTree[laneKey, crdt.Tip](laneKey.compare),
		forks:    newTree[crdt.Device, crdt.Fork](crdt.Device.Compare),
	}
}

func compareNumbers(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// Snapshot returns a store of its own that holds what m holds now, all of it
// synced. It costs nothing until one of the two is written to.
func (m *Mem) Snapshot() *Mem { return memOf(m.state.Load()) }

// Durable returns a store of its own that holds what a crash now would leave of m if
// nothing unsynced had reached the disk.
func (m *Mem) Durable() *Mem {
	m.mu.Lock()
	defer m.mu.Unlock()
	return memOf(m.durable)
}

// Unsynced is how many writes a crash could take back one by one.
func (m *Mem) Unsynced() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.unsynced)
}

// Crash is what a power cut does: everything written since the last sync is
// lost. Circles stay usable, as if opened again; a closed store is open again.
func (m *Mem) Crash() { m.CrashKeeping(0) }

// CrashKeeping is [Mem.Crash] where the first n unsynced writes had reached the
// disk all the same; n is at most [Mem.Unsynced].
func (m *Mem) CrashKeeping(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n > 0 {
		m.durable = m.unsynced[n-1]
	}
	m.unsynced = nil
	m.state.Store(m.durable)
	m.closed.Store(false)
}

// write publishes what change makes of the store's state.
func (m *Mem) write(sync bool, change func(s *memState) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed.Load() {
		return ErrClosed
	}
	next := *m.state.Load()
	if err := change(&next); err != nil {
		return err
	}
	m.state.Store(&next)
	if sync {
		m.durable, m.unsynced = &next, nil
		return nil
	}
	if len(m.unsynced) == maxUnsynced {
		m.unsynced = slices.Delete(m.unsynced, 0, 1)
	}
	m.unsynced = append(m.unsynced, &next)
	return nil
}

// Circles implements [Store].
func (m *Mem) Circles() ([]crdt.ID, error) {
	if m.closed.Load() {
		return nil, ErrClosed
	}
	var ids []crdt.ID
	for id := range m.state.Load().circles.from(crdt.ID{}) {
		ids = append(ids, id)
	}
	return ids, nil
}

// Circle implements [Store].
func (m *Mem) Circle(id crdt.ID) (Circle, error) {
	if m.closed.Load() {
		return nil, ErrClosed
	}
	if _, ok := m.state.Load().circles.get(id); !ok {
		err := m.write(true, func(s *memState) error {
			if _, ok := s.circles.get(id); !ok {
				s.circles = s.circles.put(id, newMemLog())
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.handles[id]
	if !ok {
		c = &memCircle{mem: m, id: id}
		m.handles[id] = c
	}
	return c, nil
}

// Drop implements [Store].
func (m *Mem) Drop(id crdt.ID) error {
	return m.write(true, func(s *memState) error {
		s.circles = s.circles.del(id)
		return nil
	})
}

// Node implements [Store].
func (m *Mem) Node() Rows { return memNode{m} }

// Sync implements [Store].
func (m *Mem) Sync() error { return m.write(true, func(*memState) error { return nil }) }

// Close implements [Store].
func (m *Mem) Close() error {
	if m.closed.Load() {
		return nil
	}
	if err := m.Sync(); err != nil {
		return err
	}
	m.closed.Store(true)
	return nil
}

// memNode is a Mem's rows of the node's own.
type memNode struct{ mem *Mem }

func (n memNode) Get(key []byte) ([]byte, bool, error) {
	if n.mem.closed.Load() {
		return nil, false, ErrClosed
	}
	return getRow(n.mem.state.Load().node, key)
}

func (n memNode) Scan(prefix []byte) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		if n.mem.closed.Load() {
			yield(Row{}, ErrClosed)
			return
		}
		scanRows(n.mem.state.Load().node, prefix, yield)
	}
}

func (n memNode) Put(rows ...Row) error {
	if err := CheckRows(rows); err != nil {
		return fmt.Errorf("put rows: %w", err)
	}
	return n.mem.write(false, func(s *memState) error {
		s.node = putRows(s.node, rows)
		return nil
	})
}

func getRow(t rowTree, key []byte) ([]byte, bool, error) {
	v, ok := t.get(string(key))
	if !ok {
		return nil, false, nil
	}
	return append([]byte{}, v...), true, nil
}

func scanRows(t rowTree, prefix []byte, yield func(Row, error) bool) {
	if len(prefix) == 0 {
		yield(Row{}, fmt.Errorf("%w: scan without a prefix", ErrBatch))
		return
	}
	for k, v := range t.from(string(prefix)) {
		if !strings.HasPrefix(k, string(prefix)) || !yield(Row{Key: []byte(k), Value: append([]byte{}, v...)}, nil) {
			return
		}
	}
}

func putRows(t rowTree, rows []Row) rowTree {
	for _, r := range rows {
		if r.Value == nil {
			t = t.del(string(r.Key))
			continue
		}
		t = t.put(string(r.Key), bytes.Clone(r.Value))
	}
	return t
}

package badgerstore

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"

	"tend/crdt"
	"tend/storage"
	"tend/storage/crashpoint"
)

// Version is that of the table of keys in this package's comment.
const Version = 2

// Errors that the wiring decides by.
var (
	// ErrNewerVersion is wrapped when the store was written by a newer program.
	ErrNewerVersion = errors.New("store was written by a newer version")
	// ErrInUse is wrapped when another process has the store open.
	ErrInUse = errors.New("store is in use by another process")
	// ErrWrongKey is wrapped when the store is encrypted with another key.
	ErrWrongKey = errors.New("store has another key")
	// ErrBroken is wrapped by every write after one failed in a way that leaves
	// open what is on disk. Opening the store again tells.
	ErrBroken = errors.New("store must be opened again")
)

// Settings of Badger: measured for a small home server. A transaction may hold
// 15 % of the memtable, 1.2 MiB, so a full batch (storage.MaxBatchTotal) fits with
// its index. Values stay inline: a value log would grow and hardly shrink.
const (
	memTableSize   = 8 << 20
	valueThreshold = 128 << 10 // above every op and row
	valueLogSize   = 8 << 20   // of a file that stays empty
	blockSize      = 8 << 10   // more compresses better, and is more to read for one row
	blockCache     = 4 << 20   // encryption needs one
	indexCache     = 8 << 20
	readAhead      = 64 // rows an iterator fetches at once
)

// Options are those of [Open]. The zero Options are good.
type Options struct {
	// Logf is told Badger's warnings and errors; nil is told nothing.
	Logf func(format string, args ...any)
	// Room says whether the disk of a folder has that many bytes left; nil is
	// [storage.Room].
	Room func(dir string, reserve uint64) error
}

// Store is a [storage.Store] on disk. It is safe for concurrent use; a folder is
// open in one process at a time.
type Store struct {
	dir  string
	db   *badger.DB
	room func(dir string, reserve uint64) error
	sums sums // of the tables there were at the opening

	mu       sync.Mutex // one write at a time; guards what follows
	journal  *journal
	rest     rest
	broken   error
	numbers  map[crdt.ID]uint32
	next     uint32
	circles  map[crdt.ID]*circle
	onCommit func() error // seam of tests: fails a write before it begins

	gate gate
}

// Open opens the store in folder dir, and makes one if there is none. One of an older
// version is copied, and the old one kept beside it ([OldCopies]). key has 32
// bytes ([vault.Vault.BadgerKey]), or is nil for a store in plain text. The error
// wraps [ErrNewerVersion], [ErrInUse], [ErrWrongKey] or [storage.ErrFull] where that is
// the reason.
func Open(dir string, key []byte, o Options) (*Store, error) {
	if key != nil && len(key) != 32 {
		return nil, fmt.Errorf("open store: key of %d bytes, want 32", len(key))
	}
	if o.Room == nil {
		o.Room = storage.Room
	}
	for _, place := range []string{filepath.Dir(dir), dir} { // dir may be on a disk of its own, or not be there yet
		if err := o.Room(place, storage.OpenReserve); err != nil {
			return nil, fmt.Errorf("open store: %w", err)
		}
	}
	if err := finishMigration(dir); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s, err := open(dir, key, o)
	if older := (*olderError)(nil); errors.As(err, &older) {
		if err := migrate(dir, key, o, older.version); err != nil {
			return nil, fmt.Errorf("bring the store to version %d: %w", Version, err)
		}
		s, err = open(dir, key, o)
	}
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	return s, nil
}

// open opens a store as it is. The error is an [*olderError] if it is of an older
// version.
func open(dir string, key []byte, o Options) (*Store, error) {
	if err := settle(dir); err != nil {
		return nil, err
	}
	if err := sound(dir, key, o); err != nil {
		return nil, err
	}
	if err := clearEmpty(dir); err != nil {
		return nil, err
	}
	have, err := breakSeal(dir)
	if err != nil {
		return nil, err
	}
	db, err := badger.Open(settings(dir, key, o))
	if err != nil {
		return nil, reason(err)
	}
	s := &Store{dir: dir, db: db, room: o.Room, sums: have, circles: map[crdt.ID]*circle{}, numbers: map[crdt.ID]uint32{}}
	s.journal = newJournal(dir, memTableSize, db.Sync)
	s.gate.idle = sync.NewCond(&s.gate.mu)
	if err := s.load(); err != nil {
		s.journal.close()
		return nil, errors.Join(err, db.Close())
	}
	s.rest.last = time.Now()
	s.rest.timer = time.AfterFunc(restAfter, s.tire)
	return s, nil
}

// settings are Badger's for a folder.
func settings(dir string, key []byte, o Options) badger.Options {
	return badger.DefaultOptions(dir).WithLogger(&quiet{logf: o.Logf}).WithCompression(options.Snappy).WithBlockSize(blockSize).
		WithMemTableSize(memTableSize).WithNumMemtables(2).WithNumLevelZeroTables(2).WithNumLevelZeroTablesStall(6).
		WithBaseTableSize(2 << 20).WithBaseLevelSize(16 << 20).
		WithValueLogFileSize(valueLogSize).WithValueThreshold(valueThreshold).
		WithBlockCacheSize(blockCache).WithIndexCacheSize(indexCache).
		WithChecksumVerificationMode(options.OnBlockRead).
		WithNumCompactors(2).WithMetricsEnabled(false).WithDetectConflicts(false).
		WithSyncWrites(false).WithEncryptionKey(key)
}

// Dir returns the folder the store is in.
func (s *Store) Dir() string { return s.dir }

// reason makes Badger's errors ours.
func reason(err error) error {
	switch {
	case errors.Is(err, badger.ErrEncryptionKeyMismatch):
		return fmt.Errorf("%w: %w", ErrWrongKey, err)
	case strings.Contains(err.Error(), "Cannot acquire directory lock"):
		return fmt.Errorf("%w: %w", ErrInUse, err)
	case strings.Contains(err.Error(), "unsupported version"):
		return fmt.Errorf("%w: %w", ErrNewerVersion, err)
	case strings.Contains(err.Error(), "checksum"):
		return fmt.Errorf("%w: %w", storage.ErrDamaged, err)
	}
	return err
}

// Rows of circle number 0.
var (
	nodeRows   = prefixOf(0)
	versionKey = nodeRows.key('v', []byte("version"))
	nextKey    = nodeRows.key('v', []byte("next"))
	dropPrefix = nodeRows.key('v', []byte("drop"))
)

// load reads the node's own rows, writes the version into a new store, and ends
// what a crash interrupted.
func (s *Store) load() error {
	version, found, err := s.get(versionKey)
	switch {
	case err != nil:
		return err
	case !found:
		if err := s.commit(true, func(w *write) error { return w.set(versionKey, []byte{Version}) }); err != nil {
			return err
		}
	case len(version) != 1 || version[0] > Version:
		return fmt.Errorf("%w: table of keys %d, know only %d", ErrNewerVersion, version, Version)
	case version[0] < Version:
		return &olderError{version[0]}
	}
	s.next = 1
	if next, found, err := s.get(nextKey); err != nil {
		return err
	} else if found {
		s.next = binary.BigEndian.Uint32(next)
	}
	var dropped []uint32
	err = s.db.View(func(txn *badger.Txn) error {
		for item, err := range walk(txn, nodeRows.key('a')) {
			if err != nil {
				return err
			}
			s.numbers[crdt.ID(item.key[5:])] = binary.BigEndian.Uint32(item.value)
		}
		for item, err := range walk(txn, dropPrefix) {
			if err != nil {
				return err
			}
			dropped = append(dropped, binary.BigEndian.Uint32(item.key[len(dropPrefix):]))
		}
		return nil
	})
	for _, number := range dropped {
		if err == nil {
			err = s.erase(number)
		}
	}
	return err
}

// Circles implements [storage.Store].
func (s *Store) Circles() ([]crdt.ID, error) {
	if err := s.gate.enter(); err != nil {
		return nil, err
	}
	defer s.gate.leave()
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.SortedFunc(maps.Keys(s.numbers), crdt.ID.Compare), nil
}

// Circle implements [storage.Store].
func (s *Store) Circle(id crdt.ID) (storage.Circle, error) {
	if err := s.gate.enter(); err != nil {
		return nil, err
	}
	defer s.gate.leave()
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.circles[id]; ok {
		return c, nil
	}
	number, ok := s.numbers[id]
	if !ok {
		number = s.next
		err := s.commit(true, func(w *write) error {
			return errors.Join(w.set(nodeRows.key('a', id[:]), u32(number)), w.set(nextKey, u32(number+1)))
		})
		if err != nil {
			return nil, fmt.Errorf("make room for circle %s: %w", id.Short(), err)
		}
		s.numbers[id], s.next = number, number+1
	}
	c := &circle{rows: rows{store: s, p: prefixOf(number)}, id: id}
	if err := c.open(); err != nil {
		return nil, fmt.Errorf("open circle %s: %w", id.Short(), err)
	}
	s.circles[id] = c
	return c, nil
}

// Drop implements [storage.Store]. A crash in the midst of it is made good at the
// next opening.
func (s *Store) Drop(id crdt.ID) error {
	if err := s.gate.enter(); err != nil {
		return err
	}
	defer s.gate.leave()
	s.mu.Lock()
	defer s.mu.Unlock()
	number, ok := s.numbers[id]
	if !ok {
		return nil
	}
	err := s.commit(true, func(w *write) error {
		return errors.Join(w.del(nodeRows.key('a', id[:])), w.set(nodeRows.key('v', []byte("drop"), u32(number)), nil))
	})
	if err != nil {
		return fmt.Errorf("drop circle %s: %w", id.Short(), err)
	}
	if c := s.circles[id]; c != nil {
		c.dropped.Store(true)
	}
	delete(s.numbers, id)
	delete(s.circles, id)
	if err := s.erase(number); err != nil {
		return fmt.Errorf("drop circle %s: %w", id.Short(), err)
	}
	return nil
}

// erase deletes all rows of a circle whose number is forgotten already.
func (s *Store) erase(number uint32) error {
	p := prefixOf(number)
	if err := s.dropKeys(p[:]); err != nil {
		return err
	}
	return s.commit(true, func(w *write) error { return w.del(nodeRows.key('v', []byte("drop"), u32(number))) })
}

// dropKeys deletes all keys with the given beginnings, at once and from the disk.
func (s *Store) dropKeys(prefixes ...[]byte) error {
	if s.broken != nil {
		return s.broken
	}
	s.awake()
	if err := s.journal.flush(); err != nil {
		return s.fail(err)
	}
	err := s.db.DropPrefix(prefixes...)
	s.unsure()
	if err != nil {
		return s.fail(err)
	}
	return nil
}

// Node implements [storage.Store].
func (s *Store) Node() storage.Rows { return rows{store: s, p: nodeRows} }

// Sync implements [storage.Store].
func (s *Store) Sync() error {
	if err := s.gate.enter(); err != nil {
		return err
	}
	defer s.gate.leave()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return s.broken
	}
	if err := s.journal.flush(); err != nil {
		return s.fail(err)
	}
	return nil
}

// CollectGarbage rewrites value logs that are mostly garbage. Ops and rows are
// never in them, so there is seldom anything to do; once a day is plenty.
func (s *Store) CollectGarbage() error {
	if err := s.gate.enter(); err != nil {
		return err
	}
	defer s.gate.leave()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.awake()
	for {
		err := s.db.RunValueLogGC(0.5)
		s.unsure()
		if errors.Is(err, badger.ErrNoRewrite) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("collect garbage: %w", err)
		}
	}
}

// Backup writes all rows to w in Badger's backup form. They are in plain text
// whatever the store's key: encrypt w. It needs little memory, and writes may go
// on meanwhile; they are not in it.
func (s *Store) Backup(w io.Writer) error {
	if err := s.gate.enter(); err != nil {
		return err
	}
	defer s.gate.leave()
	stream := s.db.NewStream()
	stream.NumGo, stream.MaxSize = 1, 1<<20
	stream.LogPrefix = "backup"
	if _, err := stream.Backup(w, 0); err != nil {
		return fmt.Errorf("back up store: %w", err)
	}
	return nil
}

// Restore reads what [Store.Backup] wrote into a store without circles, and syncs.
func (s *Store) Restore(r io.Reader) error {
	if err := s.gate.enter(); err != nil {
		return err
	}
	defer s.gate.leave()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.numbers) > 0 {
		return errors.New("restore store: there are circles in it")
	}
	if err := s.room(s.dir, storage.WriteReserve); err != nil {
		return fmt.Errorf("restore store: %w", err)
	}
	s.awake()
	if err := s.db.Load(r, 1); err != nil {
		return s.fail(fmt.Errorf("restore store: %w", err))
	}
	s.unsure()
	if err := s.journal.flush(); err != nil {
		return s.fail(err)
	}
	return s.load()
}

// Close implements [storage.Store]. It waits for walks that are under way.
func (s *Store) Close() error {
	if !s.gate.close() {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rest.timer.Stop()
	s.awake()
	s.rest.timer.Stop()
	s.journal.close()
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	if s.broken != nil {
		return nil
	}
	_ = seal(s.dir, s.sums) // a store without one, or with half of one, is as after a crash
	return nil
}

// write is one transaction under way.
type write struct {
	txn  *badger.Txn
	size int // what it takes of a memtable at most
}

func (w *write) set(key, value []byte) error {
	w.size += len(key) + len(value) + entryOverhead
	return w.txn.Set(key, value)
}

func (w *write) del(key []byte) error {
	w.size += len(key) + entryOverhead
	return w.txn.Delete(key)
}

func (w *write) get(key []byte) ([]byte, bool, error) { return value(w.txn, key) }

// commit writes what fill sets in one transaction; after an error of fill nothing
// is written. The caller holds mu. With sync it returns when all is on disk.
func (s *Store) commit(sync bool, fill func(w *write) error) error {
	if s.broken != nil {
		return s.broken
	}
	if err := s.room(s.dir, storage.WriteReserve); err != nil {
		return err
	}
	if s.onCommit != nil {
		if err := s.onCommit(); err != nil {
			return err
		}
	}
	txn := s.db.NewTransaction(true)
	defer txn.Discard()
	w := &write{txn: txn, size: writeOverhead}
	if err := fill(w); err != nil {
		if errors.Is(err, badger.ErrTxnTooBig) {
			return fmt.Errorf("%w: %w", storage.ErrTooBig, err)
		}
		return err
	}
	if err := s.journal.before(); err != nil {
		return s.fail(err)
	}
	s.awake()
	crashpoint.During("commit")
	if err := txn.Commit(); err != nil {
		return s.fail(fmt.Errorf("commit: %w", err))
	}
	s.journal.wrote(w.size)
	s.rest.filled = true
	crashpoint.At("committed")
	if !sync {
		return nil
	}
	if err := s.journal.flush(); err != nil {
		return s.fail(err)
	}
	crashpoint.At("synced")
	return nil
}

// fail stops all further writes: after a failed commit or sync nobody knows what
// the disk holds, and a sync that is tried again may lie.
func (s *Store) fail(err error) error {
	// Badger gives the operating system's error as text.
	s.broken = fmt.Errorf("%w: %w: %w", ErrBroken, storage.ErrFailing, err)
	return s.broken
}

// get reads one key outside of any transaction.
func (s *Store) get(key []byte) (v []byte, found bool, err error) {
	err = s.db.View(func(txn *badger.Txn) error {
		v, found, err = value(txn, key)
		return err
	})
	return v, found, err
}

func value(txn *badger.Txn, key []byte) ([]byte, bool, error) {
	item, err := txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	v, err := item.ValueCopy(nil)
	if v == nil {
		v = []byte{}
	}
	return v, err == nil, err
}

// pair is a key and a value that the reader owns.
type pair struct{ key, value []byte }

// walk yields the keys with a prefix, ascending.
func walk(txn *badger.Txn, prefix []byte) iter.Seq2[pair, error] {
	return walkFrom(txn, prefix, prefix)
}

// walkFrom yields the keys with a prefix from key start on, ascending.
func walkFrom(txn *badger.Txn, prefix, start []byte) iter.Seq2[pair, error] {
	return func(yield func(pair, error) bool) {
		it := txn.NewIterator(badger.IteratorOptions{PrefetchValues: true, PrefetchSize: readAhead, Prefix: prefix})
		defer it.Close()
		for it.Seek(start); it.Valid(); it.Next() {
			v, err := it.Item().ValueCopy(nil)
			if v == nil {
				v = []byte{}
			}
			if !yield(pair{it.Item().KeyCopy(nil), v}, err) || err != nil {
				return
			}
		}
	}
}

// gate counts who is in the store, so that Close can wait for them: Badger's
// files are mapped, and a read after closing would be the program's end.
type gate struct {
	mu     sync.Mutex
	idle   *sync.Cond
	inside int
	closed bool
}

func (g *gate) enter() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return storage.ErrClosed
	}
	g.inside++
	return nil
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inside--; g.inside == 0 {
		g.idle.Broadcast()
	}
}

// close lets nobody in any more and waits until all have left; false if it was
// closed before.
func (g *gate) close() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	first := !g.closed
	g.closed = true
	for g.inside > 0 {
		g.idle.Wait()
	}
	return first
}

// quiet passes on what matters of Badger's talk.
type quiet struct{ logf func(string, ...any) }

func (q *quiet) say(format string, args ...any) {
	if q.logf != nil {
		q.logf("store: "+strings.TrimSpace(format), args...)
	}
}
func (q *quiet) Errorf(format string, args ...any)   { q.say(format, args...) }
func (q *quiet) Warningf(format string, args ...any) { q.say(format, args...) }
func (q *quiet) Infof(string, ...any)                {}
func (q *quiet) Debugf(string, ...any)               {}

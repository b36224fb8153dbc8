package badgerstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"tend/storage"
)

// journal decides when Badger's write-ahead files are synced, so that a power cut
// takes unsynced batches from the end only.
//
// Badger writes to one file until its memtable is full and then begins another;
// [badger.DB.Sync] covers the newest alone. It covers the newest value log as well, which
// holds nothing here and costs the disk a second time; so where that can be, the newest
// write-ahead file is synced by itself. journal keeps an upper bound of what
// the newest file holds. Below the memtable's size, the next write goes to that
// file for certain. Above, it may go to a new one, so the file is synced before
// the write. Whether a new one was begun, of the next number, is seen in the folder,
// and only looked for then. Methods are called with the store's write lock.
type journal struct {
	dir    string
	sync   func() error
	limit  int      // size of a memtable
	held   int      // the newest file holds at most this
	newest int      // its number; 0 if there is none
	dirty  bool     // something was written since the last sync
	lost   bool     // newest may be old: Badger wrote by itself
	file   *os.File // the newest file, to sync it by itself; nil: not opened yet
	number int      // of file
}

// Upper bounds of what Badger's memtable takes beside keys and values: a
// skip list node, a version and the value's header for an entry; the head of the
// list, the file's header and the end mark for a transaction.
const (
	entryOverhead = 128
	writeOverhead = 256
)

// newJournal begins a journal on a database that was just opened: Badger begins a
// new file then. whole syncs the database as a whole.
func newJournal(dir string, limit int, whole func() error) *journal {
	j := &journal{dir: dir, limit: limit, sync: whole, lost: true}
	if newest, err := newestLog(dir); err == nil {
		j.newest, j.lost = newest, false
	}
	if syncsMapped {
		j.sync = func() error { return j.syncNewest(whole) }
	}
	return j
}

// syncNewest syncs the newest write-ahead file by itself, and those before it that Badger
// began unseen since the last sync. One that is gone is in the tables. Where the newest
// cannot be opened the whole database is synced.
func (j *journal) syncNewest(whole func() error) error {
	newest := j.newest
	if j.lost {
		there, err := newestLog(j.dir)
		if err != nil {
			return err
		}
		newest = max(newest, there)
	}
	for isThere(logName(j.dir, newest+1)) {
		newest++
	}
	for ; j.newest < newest; j.newest++ {
		err := j.open(j.newest)
		if err == nil {
			err = datasync(j.file)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		j.held = j.limit
	}
	if err := j.open(newest); err != nil {
		return whole()
	}
	j.lost = false
	return datasync(j.file)
}

// open opens a write-ahead file to be synced, and makes sure of its name in the folder. It
// stays open for the next time.
func (j *journal) open(number int) error {
	if j.file != nil && j.number == number {
		return nil
	}
	f, err := os.OpenFile(logName(j.dir, number), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := storage.SyncFolder(j.dir); err != nil {
		return errors.Join(err, f.Close())
	}
	j.close()
	j.file, j.number = f, number
	return nil
}

// close lets go of the file that is synced.
func (j *journal) close() {
	if j.file != nil {
		_ = j.file.Close() // what it holds was synced, or is Badger's to sync
		j.file = nil
	}
}

// before is called before a write.
func (j *journal) before() error {
	if j.held < j.limit || !j.dirty {
		return nil
	}
	return j.flush()
}

// wrote is called after a write of at most size bytes, overheads included.
func (j *journal) wrote(size int) {
	j.dirty = true
	if j.held < j.limit {
		j.held += size
		return
	}
	for isThere(logName(j.dir, j.newest+1)) {
		j.newest, j.held = j.newest+1, size
	}
}

// unsure is called after Badger wrote by itself, and held is known no more.
func (j *journal) unsure() { j.held, j.dirty, j.lost = j.limit, true, true }

// flush syncs what was written so far.
func (j *journal) flush() error {
	if err := j.sync(); err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	j.dirty = false
	return nil
}

// logName is how Badger calls the write-ahead file of a number.
func logName(dir string, number int) string {
	return filepath.Join(dir, fmt.Sprintf("%05d.mem", number))
}

func isThere(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// newestLog returns the highest number of a write-ahead file; 0 if there is none.
func newestLog(dir string) (int, error) {
	names, err := storage.FilesIn(dir, "", ".mem")
	newest := 0
	for _, name := range names {
		if number, err := strconv.Atoi(strings.TrimSuffix(filepath.Base(name), ".mem")); err == nil {
			newest = max(newest, number)
		}
	}
	return newest, err
}

// settle syncs the write-ahead files that an earlier run left behind. If that run
// was killed, they hold what it had written and not yet synced; Badger reads them
// in at opening, and goes on in a new file.
func settle(dir string) error {
	names, err := storage.FilesIn(dir, "", ".mem")
	if err != nil {
		return err
	}
	for _, name := range names {
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		err = f.Sync()
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return fmt.Errorf("sync %s: %w", filepath.Base(name), err)
		}
	}
	return nil
}

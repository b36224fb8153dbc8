package storage

import (
	"errors"
	"fmt"
)

// ErrFull is wrapped by a write that did not begin because the disk has too
// little room. Nothing changed.
var ErrFull = errors.New("disk is full")

// Reserves of free space, in bytes. A store whose files are mapped cannot be told
// that the disk is full: the program is ended in the midst of a write. So no write
// begins below WriteReserve, which is more than what a store writes by itself
// afterwards (two memtables, and the tables a compaction makes before it deletes
// the old ones), and no store is opened below OpenReserve. What remains is another
// program that takes all the rest while a compaction runs: that ends this one as a
// kill would, with all that was synced in place.
const (
	WriteReserve = 64 << 20
	OpenReserve  = 24 << 20
)

// Room returns an error that wraps [ErrFull] if the disk of dir has fewer than
// reserve bytes left for this person. A disk that does not say counts as having
// room.
func Room(dir string, reserve uint64) error {
	free, ok := freeSpace(dir)
	if !ok || free >= reserve {
		return nil
	}
	return fmt.Errorf("%w: %d MiB are left, %d are needed", ErrFull, free>>20, reserve>>20)
}

// IsFull reports whether err is of a disk without room: [ErrFull], or what the
// operating system says of a file that could not be written.
func IsFull(err error) bool { return errors.Is(err, ErrFull) || outOfSpace(err) }

// ErrFailing is wrapped by a write that began and of which nobody knows how it
// ended.
var ErrFailing = errors.New("disk fails")

// IsFailing reports whether err is of a disk that does not do what it is told:
// [ErrFailing], or what the operating system says of a file that cannot be read or
// written, or of a disk that lets nothing be written any more.
func IsFailing(err error) bool { return errors.Is(err, ErrFailing) || failing(err) }

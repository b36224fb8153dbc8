//go:build linux || darwin || freebsd

package storage

import (
	"errors"

	"golang.org/x/sys/unix"
)

// freeSpace returns how many bytes the disk of dir has left for this person;
// false if it does not say.
func freeSpace(dir string) (uint64, bool) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil || st.Blocks == 0 || st.Bsize <= 0 {
		return 0, false
	}
	blocks := int64(st.Bavail) // below zero when only root's part is left, on some systems
	return uint64(max(0, blocks)) * uint64(st.Bsize), true
}

func outOfSpace(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }

func failing(err error) bool { return errors.Is(err, unix.EIO) || errors.Is(err, unix.EROFS) }

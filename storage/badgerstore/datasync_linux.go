package badgerstore

import (
	"errors"
	"os"
	"syscall"
)

// syncsMapped says that [datasync] covers what was written to a file where it is mapped.
// On Linux msync is no more than this on the mapped file (mm/msync.c).
const syncsMapped = true

// datasync makes the content of a file durable.
func datasync(f *os.File) error {
	for {
		if err := syscall.Fdatasync(int(f.Fd())); !errors.Is(err, syscall.EINTR) {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}

package storage

import (
	"errors"

	"golang.org/x/sys/windows"
)

// freeSpace returns how many bytes the disk of dir has left for this person;
// false if it does not say.
func freeSpace(dir string) (uint64, bool) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, false
	}
	var free, total, all uint64
	if err := windows.GetDiskFreeSpaceEx(name, &free, &total, &all); err != nil || total == 0 {
		return 0, false
	}
	return free, true
}

func outOfSpace(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}

func failing(err error) bool {
	return errors.Is(err, windows.ERROR_IO_DEVICE) || errors.Is(err, windows.ERROR_CRC) || errors.Is(err, windows.ERROR_WRITE_PROTECT)
}

package main

import (
	"io/fs"
	"syscall"
)

// blocksOf is what a file takes of the disk: Badger's files are longer than what is
// written in them.
func blocksOf(d fs.DirEntry) (int64, error) {
	info, err := d.Info()
	if err != nil {
		return 0, err
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Blocks * 512, nil
	}
	return info.Size(), nil
}

package main

import (
	"os"
	"path/filepath"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// fillerName is the file that takes the room of a small disk.
const fillerName = "filler"

// cmdFill leaves a home's small disk that many MiB: fill HOME MIB. It is only for
// homes of smalldisk.
func cmdFill(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		ts.Fatalf("usage: fill HOME MIB")
	}
	leave, err := strconv.ParseInt(args[1], 10, 32)
	ts.Check(err)
	dir := homeDir(ts, args[0])
	name := filepath.Join(dir, fillerName)
	if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
		ts.Check(err)
	}
	size := freeBytes(ts, dir) - leave<<20
	if size <= 0 {
		return
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o600)
	ts.Check(err)
	block := make([]byte, 1<<20)
	for size > 0 {
		n, err := f.Write(block[:min(size, int64(len(block)))])
		if err != nil && leave > 0 {
			ts.Fatalf("fill %s: %v", args[0], err)
		}
		if err != nil {
			break // not one byte is left, as wanted
		}
		size -= int64(n)
	}
	ts.Check(f.Close())
}

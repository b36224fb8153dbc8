package main

import (
	"os"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// cmdSmallDisk gives a home a disk of its own, in memory: smalldisk HOME SIZE.
func cmdSmallDisk(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		ts.Fatalf("usage: smalldisk HOME SIZE")
	}
	dir := homeDir(ts, args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	ts.Check(unix.Mount("tmpfs", dir, "tmpfs", 0, "mode=0700,size="+args[1]))
	ts.Defer(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			ts.Logf("unmount %s: %v", dir, err)
		}
	})
}

func freeBytes(ts *testscript.TestScript, dir string) int64 {
	var st unix.Statfs_t
	ts.Check(unix.Statfs(dir, &st))
	return int64(st.Bavail) * st.Bsize
}

// mounts tells whether this person may mount a disk.
var mounts = sync.OnceValue(func() bool {
	dir, err := os.MkdirTemp("", "tend-mount-*")
	if err != nil {
		return false
	}
	defer os.RemoveAll(dir)
	if unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m") != nil {
		return false
	}
	return unix.Unmount(dir, unix.MNT_DETACH) == nil
})

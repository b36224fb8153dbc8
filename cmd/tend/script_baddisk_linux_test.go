package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// A disk that fails is an ext4 file system on a loop device, whose blocks lie in a
// sparse file on a small disk in memory. When that is full, what goes to blocks that
// were never written fails with EIO, and ext4 lets nothing more be written.
//
//	baddisk HOME       gives a home such a disk, before anything is in the home
//	breakdisk HOME     lets it fail from now on
//	mendisk HOME       gives the home the same disk in order; its node must not run
const (
	badDiskBlocks = "400m" // of the disk in memory
	badDiskSize   = 350 << 20
)

// cmdBadDisk gives a home a disk that can fail.
func cmdBadDisk(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: baddisk HOME")
	}
	under, home := ts.MkAbs(args[0]+".disk"), homeDir(ts, args[0])
	ts.Check(makeBadDisk(under, home))
	ts.Defer(func() {
		if err := errors.Join(unix.Unmount(home, unix.MNT_DETACH), unix.Unmount(under, unix.MNT_DETACH)); err != nil {
			ts.Logf("unmount %s: %v", home, err)
		}
	})
}

func makeBadDisk(under, at string) error {
	for _, dir := range []string{under, at} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	if err := unix.Mount("tmpfs", under, "tmpfs", 0, "mode=0700,size="+badDiskBlocks); err != nil {
		return err
	}
	image := filepath.Join(under, "image")
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		return err
	}
	if err := os.Truncate(image, badDiskSize); err != nil {
		return err
	}
	if out, err := exec.Command("mkfs.ext4", "-q", image).CombinedOutput(); err != nil {
		return fmt.Errorf("mkfs.ext4: %w: %s", err, out)
	}
	return mountBadDisk(under, at)
}

func mountBadDisk(under, at string) error {
	if out, err := exec.Command("mount", "-o", "loop,errors=remount-ro", filepath.Join(under, "image"), at).CombinedOutput(); err != nil {
		return fmt.Errorf("mount: %w: %s", err, out)
	}
	return nil
}

// cmdBreakDisk fills the disk in memory.
func cmdBreakDisk(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: breakdisk HOME")
	}
	unix.Sync() // what is written so far is well
	under := ts.MkAbs(args[0] + ".disk")
	f, err := os.Create(filepath.Join(under, "fill"))
	ts.Check(err)
	defer f.Close()
	ts.Check(unix.Fallocate(int(f.Fd()), 0, 0, freeBytes(ts, under)))
}

// cmdMendDisk makes room on the disk in memory, and mounts the other again.
func cmdMendDisk(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: mendisk HOME")
	}
	under, home := ts.MkAbs(args[0]+".disk"), homeDir(ts, args[0])
	ts.Check(unix.Unmount(home, 0))
	// The loop device lets go of the image a little later, and may write until then.
	for until := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		out, err := exec.Command("losetup", "-j", filepath.Join(under, "image")).CombinedOutput()
		ts.Check(err)
		if len(out) == 0 {
			break
		}
		if time.Now().After(until) {
			ts.Fatalf("the image is still in use: %s", out)
		}
	}
	ts.Check(os.Remove(filepath.Join(under, "fill")))
	out, err := exec.Command("e2fsck", "-fy", filepath.Join(under, "image")).CombinedOutput()
	if code := new(exec.ExitError); errors.As(err, &code) && code.ExitCode() > 1 {
		ts.Fatalf("e2fsck: exit %s: %s", strconv.Itoa(code.ExitCode()), out)
	}
	ts.Check(mountBadDisk(under, home))
}

// badDisks tells whether this person can make a disk that fails.
var badDisks = sync.OnceValue(func() bool {
	for _, tool := range []string{"mkfs.ext4", "e2fsck", "mount", "losetup"} {
		if _, err := exec.LookPath(tool); err != nil {
			return false
		}
	}
	dir, err := os.MkdirTemp("", "tend-disk-*")
	if err != nil {
		return false
	}
	defer os.RemoveAll(dir)
	under, at := filepath.Join(dir, "under"), filepath.Join(dir, "at")
	err = makeBadDisk(under, at)
	return errors.Join(err, unix.Unmount(at, unix.MNT_DETACH), unix.Unmount(under, unix.MNT_DETACH)) == nil
})

// cmdFails writes to a home until the home's disk fails: fails HOME. What was
// acknowledged before is remembered; what is not must be refused in words.
func cmdFails(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: fails HOME")
	}
	long := strings.Repeat("A ladder of three metres would do. ", 100) // most of a page a write
	for i := range 2000 {
		cmd := command(ts, args[0], "--json", "ask", "number "+strconv.Itoa(i), "--details", long)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			ts.Logf("the disk failed after %d writes: %v: %s", i, err, stderr.String())
			if !strings.Contains(stderr.String(), "The disk of this home fails") {
				ts.Fatalf("a write that failed does not say why: %v: %s", err, stderr.String())
			}
			return
		}
		id, err := at(out, ".id")
		ts.Check(err)
		h := homesOf(ts)
		h.mu.Lock()
		h.acked[args[0]] = append(h.acked[args[0]], id)
		h.mu.Unlock()
	}
	ts.Fatalf("the disk of %s never failed", args[0])
}

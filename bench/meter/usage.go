// Package meter measures: what a process uses, and what goes over a wire.
package meter

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Usage is what this process has used until now.
type Usage struct {
	CPU  time.Duration // user and system
	Woke int64         // how often a thread slept and was woken
	RSS  int64         // resident now, in bytes
	Peak int64         // the most that was resident since [ResetPeak], in bytes
}

// Used returns the usage of this process. RSS and Peak are known on Linux alone.
func Used() (Usage, error) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return Usage{}, fmt.Errorf("usage of this process: %w", err)
	}
	u := Usage{CPU: time.Duration(r.Utime.Nano() + r.Stime.Nano()), Woke: r.Nvcsw}
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return u, nil
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, rest, _ := strings.Cut(lines.Text(), ":")
		kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
		switch {
		case err != nil:
		case name == "VmRSS":
			u.RSS = kib << 10
		case name == "VmHWM":
			u.Peak = kib << 10
		}
	}
	return u, nil
}

// ResetPeak forgets what was resident before now (proc(5), clear_refs).
func ResetPeak() error {
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		return fmt.Errorf("forget the peak: %w", err)
	}
	return nil
}

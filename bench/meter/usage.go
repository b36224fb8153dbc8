// Package meter measures: what a process uses, and what goes over a wire.
package meter

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	Own  int64         // of it neither the program nor other files, in bytes
	Peak int64         // the most that was resident since [ResetPeak], in bytes
}

// Used returns the usage of this process. RSS, Own and Peak are known on Linux alone.
func Used() (Usage, error) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return Usage{}, fmt.Errorf("usage of this process: %w", err)
	}
	u := Usage{CPU: time.Duration(r.Utime.Nano() + r.Stime.Nano()), Woke: r.Nvcsw}
	if of, err := statusOf("/proc/self/status"); err == nil {
		u.RSS, u.Own, u.Peak = of["VmRSS"]<<10, of["RssAnon"]<<10, of["VmHWM"]<<10
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

// UsedBy returns the usage of another process, which Linux alone tells. Threads that
// have ended are not in it. Woke counts a thread also when another was let run instead.
func UsedBy(pid int) (Usage, error) {
	var u Usage
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	if err != nil || len(tasks) == 0 {
		return u, fmt.Errorf("usage of process %d: it is not there", pid)
	}
	for _, task := range tasks {
		ran, err := os.ReadFile(filepath.Join(task, "schedstat"))
		if errors.Is(err, fs.ErrNotExist) {
			continue // it ended just now
		}
		if err != nil {
			return u, fmt.Errorf("usage of process %d: %w", pid, err)
		}
		var nanos int64
		if _, err := fmt.Sscan(string(ran), &nanos); err != nil {
			return u, fmt.Errorf("usage of process %d: %w", pid, err)
		}
		u.CPU += time.Duration(nanos)
		of, err := statusOf(filepath.Join(task, "status"))
		if err != nil {
			continue
		}
		u.Woke += of["voluntary_ctxt_switches"] + of["nonvoluntary_ctxt_switches"]
	}
	of, err := statusOf(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return u, fmt.Errorf("usage of process %d: %w", pid, err)
	}
	u.RSS, u.Own, u.Peak = of["VmRSS"]<<10, of["RssAnon"]<<10, of["VmHWM"]<<10
	return u, nil
}

// statusOf reads the numbers of a file like /proc/PID/status; sizes are in KiB.
func statusOf(name string) (map[string]int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := map[string]int64{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		name, rest, _ := strings.Cut(lines.Text(), ":")
		if n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64); err == nil {
			out[name] = n
		}
	}
	return out, lines.Err()
}

// Sent is how many bytes and packets went out of an interface of this network, headers
// included. Linux alone tells.
func Sent(name string) (bytes, packets int64, err error) {
	data, err := os.ReadFile("/proc/self/net/dev")
	if err != nil {
		return 0, 0, fmt.Errorf("count what was sent: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		who, rest, found := strings.Cut(line, ":")
		if fields := strings.Fields(rest); found && strings.TrimSpace(who) == name && len(fields) > 9 {
			bytes, err = strconv.ParseInt(fields[8], 10, 64)
			packets, perr := strconv.ParseInt(fields[9], 10, 64)
			return bytes, packets, errors.Join(err, perr)
		}
	}
	return 0, 0, fmt.Errorf("count what was sent: no interface %s", name)
}

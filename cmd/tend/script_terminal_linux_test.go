package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// terminal is a tend with a terminal of its own.
type terminal struct {
	cmd  *exec.Cmd
	ptmx *os.File

	mu   sync.Mutex // guards seen
	seen []byte     // what it wrote since the last look
}

// openTerminal returns the two ends of a new pseudo terminal.
func openTerminal() (ptmx, tty *os.File, err error) {
	if ptmx, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		return nil, nil, err
	}
	n := 0
	if err = unix.IoctlSetPointerInt(int(ptmx.Fd()), unix.TIOCSPTLCK, 0); err == nil {
		n, err = unix.IoctlGetInt(int(ptmx.Fd()), unix.TIOCGPTN)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(int(ptmx.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 60, Col: 120})
	}
	if err == nil {
		tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		ptmx.Close()
		return nil, nil, err
	}
	return ptmx, tty, nil
}

// terminals tells whether this machine gives out terminals.
var terminals = sync.OnceValue(func() bool {
	ptmx, tty, err := openTerminal()
	if err != nil {
		return false
	}
	ptmx.Close()
	tty.Close()
	return true
})

// terminalKey is where a script's terminal is among its values.
type terminalKey struct{}

// cmdTerminal runs a tend on a terminal: terminal start HOME VERB…, type TEXT
// (Enter follows), sees PATTERN, ends CODE (after SIGINT, if it does not by itself).
func cmdTerminal(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || neg {
		ts.Fatalf("usage: terminal start HOME VERB… | type TEXT | sees PATTERN | ends CODE")
	}
	held := ts.Value(terminalKey{}).(*terminal)
	switch args[0] {
	case "start":
		held.start(ts, args[1], args[2:])
	case "type":
		_, err := held.ptmx.WriteString(args[1] + "\n")
		ts.Check(err)
	case "sees":
		held.sees(ts, regexp.MustCompile(args[1]))
	case "ends":
		held.ends(ts, args[1])
	default:
		ts.Fatalf("terminal %s: unknown", args[0])
	}
}

func (t *terminal) start(ts *testscript.TestScript, home string, args []string) {
	ptmx, tty, err := openTerminal()
	ts.Check(err)
	defer tty.Close() // the child has its own
	cmd := exec.Command(program(ts), append([]string{"--home", homeDir(ts, home)}, args...)...)
	cmd.Env, cmd.Dir = environment(ts), ts.Getenv("WORK")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	ts.Check(cmd.Start())
	t.cmd, t.ptmx, t.seen = cmd, ptmx, nil
	ts.Defer(func() {
		_ = cmd.Process.Kill() // gone already, if the script ended it
		ptmx.Close()
	})
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := ptmx.Read(buf)
			t.mu.Lock()
			t.seen = append(t.seen, buf[:n]...)
			t.mu.Unlock()
			if err != nil {
				return // the terminal is gone
			}
		}
	}()
}

// sees waits until the terminal shows a pattern, and forgets all up to it.
func (t *terminal) sees(ts *testscript.TestScript, pattern *regexp.Regexp) {
	for until := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		t.mu.Lock()
		seen := string(t.seen)
		at := pattern.FindStringIndex(seen)
		if at != nil {
			t.seen = t.seen[at[1]:]
		}
		t.mu.Unlock()
		if at != nil {
			return
		}
		if time.Now().After(until) {
			ts.Fatalf("the terminal never showed %q, but:\n%s", pattern, seen)
		}
	}
}

// ends waits for the program's end and wants its exit code.
func (t *terminal) ends(ts *testscript.TestScript, code string) {
	_ = t.cmd.Process.Signal(syscall.SIGINT) // gone already, if it ended by itself
	_ = t.cmd.Wait()                         // the exit code says it
	if got := fmt.Sprint(t.cmd.ProcessState.ExitCode()); got != code {
		ts.Fatalf("tend on the terminal: exit %s, want %s", got, code)
	}
}

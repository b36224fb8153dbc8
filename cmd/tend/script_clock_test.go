package main

import (
	"os"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// clocksVariable names a folder in the environment of a script's homes. The file
// there that has a home's name, or else the one called all, says by how much that
// home's clock is ahead.
const clocksVariable = "TEND_TEST_CLOCKS"

// moveClock puts the clock of the home that the command line names in the place of
// the machine's, in the program that the scripts run.
func moveClock() {
	dir := os.Getenv(clocksVariable)
	if dir == "" {
		return
	}
	home := homeName()
	wallClock = func() time.Time { return time.Now().Add(ahead(dir, home)) }
}

func ahead(dir, home string) time.Duration {
	for _, name := range []string{home, "all"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			continue
		}
		if by, err := time.ParseDuration(string(text)); err == nil {
			return by
		}
	}
	return 0
}

// cmdClock sets how far clocks are ahead of the machine's: clock DURATION for all
// homes, clock HOME DURATION for one. Running nodes go on with it at once; what
// they do by a timer waits for that timer, or for the next start.
func cmdClock(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 1 {
		args = []string{"all", args[0]}
	}
	if len(args) != 2 || neg {
		ts.Fatalf("usage: clock [HOME] DURATION")
	}
	_, err := time.ParseDuration(args[1])
	ts.Check(err)
	dir := ts.Getenv(clocksVariable)
	ts.Check(os.MkdirAll(dir, 0o700))
	// Renamed into place: a node may read it at this moment.
	draft := filepath.Join(dir, ".draft")
	ts.Check(os.WriteFile(draft, []byte(args[1]), 0o600))
	ts.Check(os.Rename(draft, filepath.Join(dir, args[0])))
}

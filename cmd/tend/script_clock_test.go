package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptDay takes the place of the day on which the scripts begin:
//
//	go test ./cmd/tend -run 'TestScript/demo$' -day 2028-02-29
var scriptDay = flag.String("day", "", "the day on which the scripts begin, like 2028-02-29; none: today or tomorrow")

// scriptHour is the hour in UTC at which every script begins. So none of them comes to
// the end of a day, nor to the hour of a letter, unless it says so.
const scriptHour = 10

// clocksVariable names a folder in the environment of a script's homes. The file
// there that has a home's name, or else the one called all, says by how much that
// home's clock is ahead of the script's, and the one called .script by how much that
// is ahead of the machine's.
const clocksVariable = "TEND_TEST_CLOCKS"

const scriptsClock = ".script"

// setUpClock lets a script begin at its hour, and puts its days into $D0 to $D9.
func setUpClock(env *testscript.Env) error {
	now := time.Now().UTC()
	begin := time.Date(now.Year(), now.Month(), now.Day(), scriptHour, 0, 0, 0, time.UTC)
	if begin.Before(now) {
		begin = begin.AddDate(0, 0, 1)
	}
	if *scriptDay != "" {
		day, err := time.Parse(time.DateOnly, *scriptDay)
		if err != nil {
			return err
		}
		begin = day.Add(scriptHour * time.Hour)
	}
	for day := range 10 {
		env.Setenv(fmt.Sprintf("D%d", day), begin.AddDate(0, 0, day).Format(time.DateOnly))
	}
	dir := filepath.Join(env.WorkDir, ".clocks")
	env.Setenv(clocksVariable, dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, scriptsClock), []byte(begin.Sub(now).String()), 0o600)
}

// moveClock puts the clock of the home that the command line names in the place of
// the machine's, in the program that the scripts run.
func moveClock() {
	dir := os.Getenv(clocksVariable)
	if dir == "" {
		return
	}
	home := homeName()
	script, _ := duration(filepath.Join(dir, scriptsClock)) // none: the machine's
	wallClock = func() time.Time { return time.Now().Add(script + ahead(dir, home)) }
}

func ahead(dir, home string) time.Duration {
	for _, name := range []string{home, "all"} {
		if by, err := duration(filepath.Join(dir, name)); err == nil {
			return by
		}
	}
	return 0
}

// duration reads a file with a duration.
func duration(name string) (time.Duration, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return 0, err
	}
	return time.ParseDuration(string(text))
}

// cmdClock sets how far clocks are ahead of the script's: clock DURATION for all
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

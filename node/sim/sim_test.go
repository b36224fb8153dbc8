package sim_test

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tend/node/sim"
)

var (
	seedFlag  = flag.Uint64("seed", 1, "first seed of the random scenarios")
	seedsFlag = flag.Int("seeds", 20, "how many random scenarios")
	stepFlag  = flag.Uint64("step", 1, "with -for: play every so-manieth seed")
	triesFlag = flag.Int("tries", 300, "how many runs to spend on making a failing scenario smaller")
	forFlag   = flag.Duration("for", 0, "go on with further seeds for that long, and say how it goes (cmd/soak)")
	fileFlag  = flag.String("file", "", "play this scenario too")
	traceFlag = flag.Bool("tell", false, "say everything that happens")
)

func log(t *testing.T) io.Writer {
	if *traceFlag {
		return os.Stdout
	}
	return nil
}

// play runs a scenario; if it fails, it is shrunk and printed as a scenario that
// fails in the same way.
func play(t *testing.T, s *sim.Scenario) *sim.Outcome {
	t.Helper()
	o := sim.Run(t, s, sim.Options{Log: log(t)})
	if o.Failure == nil {
		return o
	}
	fmt.Printf("seed %d: %v\n", s.Seed, o.Failure) // shrinking takes its time
	if *triesFlag == 0 {
		t.Fail()
		return o
	}
	small := sim.Shrink(s, o.Failure.What, *triesFlag, func(try *sim.Scenario) *sim.Failure { return sim.Run(t, try, sim.Options{}).Failure })
	t.Errorf("seed %d: %v\n\nThis is enough for it (put it into a file of testdata):\n\n%s\n%v", s.Seed, o.Failure, small, sim.Run(t, small, sim.Options{}).Failure)
	return o
}

// TestSeeds draws scenarios from seeds and plays them.
func TestSeeds(t *testing.T) {
	seeds := *seedsFlag
	if testing.Short() {
		seeds = min(seeds, 6)
	}
	for seed := *seedFlag; seed < *seedFlag+uint64(seeds); seed++ {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) { play(t, sim.Draw(seed)) })
	}
}

// TestScenarios plays the scenarios of testdata.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	if *fileFlag != "" {
		files = append(files, *fileFlag)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s, err := sim.Parse(string(text))
			if err != nil {
				t.Fatal(err)
			}
			if o := sim.Run(t, s, sim.Options{Log: log(t)}); o.Failure != nil {
				t.Error(o.Failure)
			}
		})
	}
}

// TestSameSeedSameTrace: a run is a function of its scenario alone.
func TestSameSeedSameTrace(t *testing.T) {
	for seed := uint64(21); seed <= 23; seed++ {
		s := sim.Draw(seed)
		first := sim.Run(t, s, sim.Options{})
		if again := sim.Run(t, s, sim.Options{}); again.Trace != first.Trace || again.Events != first.Events {
			t.Errorf("seed %d: trace %x of %d events, and the first time %x of %d", seed, again.Trace[:4], again.Events, first.Trace[:4], first.Events)
		}
		text, err := sim.Parse(s.String())
		if err != nil {
			t.Fatal(err)
		}
		if read := sim.Run(t, text, sim.Options{}); read.Trace != first.Trace {
			t.Errorf("seed %d: as read from its text the trace is another", seed)
		}
	}
}

// TestSoak is what cmd/soak runs: seeds, one after the other, until the time is up.
func TestSoak(t *testing.T) {
	if *forFlag == 0 {
		t.Skip("only with -for")
	}
	begin, n, events := time.Now(), 0, 0
	tell := func() { fmt.Printf("soak: %d seeds, %d events, %.0f s\n", n, events, time.Since(begin).Seconds()) }
	for seed := *seedFlag; time.Since(begin) < *forFlag && n < *seedsFlag; seed += *stepFlag {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) { events += play(t, sim.Draw(seed)).Events })
		if n++; n%20 == 0 {
			tell()
		}
	}
	tell()
}

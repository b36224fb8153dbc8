// Command soak plays random scenarios of node/sim for a while, one process for each
// worker, and says how many held. It builds the test binary of node/sim, since the
// chance inside Go's crypto can be made to repeat in test binaries alone, so it is
// run from the repository and needs the Go tool:
//
//	go run ./node/sim/cmd/soak -for 10m
//	go run ./node/sim/cmd/soak -seeds 10000 -workers 2
//	go run ./node/sim/cmd/soak -seed 4711 -seeds 1
//
// A seed that fails is shrunk to a scenario that can be read, and the exit code is 1.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"sync"
	"time"
)

func main() {
	seed := flag.Uint64("seed", 1, "the first seed")
	seeds := flag.Int("seeds", 0, "how many seeds; 0: as many as there is time for")
	span := flag.Duration("for", 0, "how long; 0: until all seeds are played, or ten minutes if their number is not said either")
	workers := flag.Int("workers", runtime.NumCPU(), "how many processes play at once")
	flag.Parse()
	failed, err := soak(*seed, *seeds, *span, max(1, *workers))
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(2)
	}
	if failed {
		os.Exit(1)
	}
}

// forever is more seeds than there is time for.
const forever = 1 << 40

func soak(seed uint64, seeds int, span time.Duration, workers int) (failed bool, err error) {
	switch {
	case seeds == 0 && span == 0:
		seeds, span = forever, 10*time.Minute
	case seeds == 0:
		seeds = forever
	case span == 0:
		span = 1000 * time.Hour
	}
	workers = min(workers, seeds)
	dir, err := os.MkdirTemp("", "soak")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "sim.test")
	build := exec.Command("go", "test", "-c", "-o", binary, "tend/node/sim")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		return false, fmt.Errorf("build the simulation: %w", err)
	}
	fmt.Printf("soak: from seed %d, %d workers\n", seed, workers)
	begin := time.Now()
	all := make([]played, workers)
	var wg sync.WaitGroup
	for i := range all {
		share := seeds / workers
		if i < seeds%workers {
			share++
		}
		wg.Go(func() { all[i] = work(binary, dir, seed+uint64(i), workers, share, span) })
	}
	wg.Wait()
	var sum played
	for _, p := range all {
		sum.seeds, sum.events, sum.failed = sum.seeds+p.seeds, sum.events+p.events, sum.failed || p.failed
	}
	took := time.Since(begin).Seconds()
	verdict := "all invariants held"
	if sum.failed {
		verdict = "NOT all invariants held, see above"
	}
	fmt.Printf("soak: %d seeds, %d events in %.0f s: %.1f seeds/s; %s\n", sum.seeds, sum.events, took, float64(sum.seeds)/took, verdict)
	return sum.failed, nil
}

// played is what one worker did.
type played struct {
	seeds, events int
	failed        bool
}

// noise is what a test binary says of tests that pass.
var noise = regexp.MustCompile(`^\s*(PASS$|=== |--- PASS)`)

var progress = regexp.MustCompile(`^soak: (\d+) seeds, (\d+) events`)

// work runs one process over every workers-th seed, and passes on what it says but
// its progress.
func work(binary, dir string, seed uint64, workers, seeds int, span time.Duration) (p played) {
	cmd := exec.Command(binary, "-test.run=^TestSoak$", "-test.v", "-test.timeout=0", "-seed", strconv.FormatUint(seed, 10), "-step", strconv.Itoa(workers),
		"-seeds", strconv.Itoa(seeds), "-for", span.String())
	cmd.Dir = dir
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		return played{failed: true}
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if m := progress.FindStringSubmatch(lines.Text()); m != nil {
			p.seeds, _ = strconv.Atoi(m[1])
			p.events, _ = strconv.Atoi(m[2])
			continue
		}
		if !noise.MatchString(lines.Text()) {
			fmt.Println(lines.Text())
		}
	}
	_, _ = io.Copy(io.Discard, out)
	p.failed = cmd.Wait() != nil
	return p
}

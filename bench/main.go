// Command bench plays the workload care-1 on Tend and on go-ds-crdt, in one run on one
// machine, and writes what each took: as a table, and as a picture.
//
//	go run . -out results            # about a quarter of an hour
//	go run . -quick -out results     # a minute, for trying it out
//
// Each replica lives in a process of its own. What goes between two of them goes over
// a wire on loopback that counts it. CPU is user and system time of all processes
// that take part; the wire's is not in it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"tend/bench/report"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	var (
		asSide = flag.String("side", "", "be a replica of this system and take orders on standard input; for the program's own use")
		out    = flag.String("out", "results", "the folder for care1.md and care1.svg")
		quick  = flag.Bool("quick", false, "a tenth of everything")
		large  = flag.Bool("large", false, "also a million changes, a line that breaks ten times, and fifty replicas, of Tend alone")
		of     = flag.String("systems", "tend,go-ds-crdt,go-ds-crdt/100", "what to measure, by name")
		tasks  = flag.String("tasks", "T1,T2,T3,T4,T5", "which tasks; T6 comes with T5, T3 needs T2; T2/1M, T5/1M and T4/50 are those of -large; idle is for itself")
		apart  = flag.Bool("village", false, "be homes on a network of their own; for the program's own use")
		rest   = flag.Duration("rest", 2*time.Minute, "how long the homes of the task idle are watched")
		work   = flag.String("work", "", "a folder to work in, whose filled histories stay and serve the next run; else one that goes afterwards")
		tend   = flag.String("tend", "", "the tend whose homes the task idle watches; built if there is none")
	)
	flag.Parse()
	if *asSide != "" {
		return serveSide(*asSide, os.Stdin, os.Stdout)
	}
	if *apart {
		return serveVillage(os.Stdin, os.Stdout)
	}
	names := strings.Split(*of, ",")
	for _, name := range names {
		if systems[name] == nil {
			return fmt.Errorf("no system %q; there are %q", name, sortedKeys(systems))
		}
	}
	dir, keep := *work, *work != ""
	if !keep {
		var err error
		if dir, err = os.MkdirTemp("", "care-1-"); err != nil {
			return err
		}
	}
	b := &bench{dir: dir, keep: keep, table: &report.Table{}, quick: *quick, rest: *rest, tend: *tend, wired: map[string]int64{}}
	defer b.close()
	wanted := strings.Split(*tasks, ",")
	if *large {
		wanted = append(wanted, "T2/1M", "T5/1M", "T4/50")
	}
	for _, t := range b.plan() {
		if !slices.Contains(wanted, t.name) {
			continue
		}
		for _, name := range names {
			if slices.Contains(t.without, name) {
				continue
			}
			began := time.Now()
			if err := t.do(name); err != nil {
				return fmt.Errorf("%s of %s: %w", t.name, name, err)
			}
			fmt.Fprintf(os.Stderr, "%s of %s took %s\n", t.name, name, time.Since(began).Round(time.Second))
		}
	}
	return write(b.table, *out, names)
}

// task is something to be measured, and of what not.
type task struct {
	name    string
	do      func(system string) error
	without []string
}

// plan is what is measured, in the order in which it is. One node for each change
// takes go-ds-crdt too long for the large histories.
func (b *bench) plan() []task {
	small, many := b.small(), 10*b.small()
	slow := []string{"go-ds-crdt"}
	others := []string{"go-ds-crdt", "go-ds-crdt/100"}
	changes := small / 50
	return []task{
		{"T1", func(s string) error { return b.write(s) }, []string{"go-ds-crdt/100"}},
		{"T2", func(s string) error { return b.join(s, small) }, nil},
		{"T2", func(s string) error { return b.joinCut(s, small) }, others},
		{"T2", func(s string) error { return b.join(s, many) }, slow},
		{"T3", func(s string) error { return b.reunite(s, many) }, slow},
		{"T4", func(s string) error { return b.live(s, 3, changes) }, []string{"go-ds-crdt/100"}},
		{"T4", func(s string) error { return b.live(s, 10, changes) }, []string{"go-ds-crdt/100"}},
		{"T4/50", func(s string) error { return b.live(s, 50, changes/2) }, others},
		{"T5", func(s string) error { return b.ask(s, many) }, slow},
		{"T2/1M", func(s string) error { return b.join(s, 10*many) }, others},
		{"T2/1M", func(s string) error { return b.joinCut(s, 10*many) }, others},
		{"T5/1M", func(s string) error { return b.ask(s, 10*many) }, others},
		{"idle", func(string) error { return b.idleHomes(10, 10) }, others},
		{"idle", func(string) error { return b.idleHomes(300, 16) }, others},
	}
}

func write(table *report.Table, dir string, names []string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	md, err := os.Create(filepath.Join(dir, "care1.md"))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(md, "%s/%s, %d cores, %s\n\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	if err = errors.Join(err, table.Markdown(md, names), md.Close()); err != nil {
		return err
	}
	for _, other := range names[1:] {
		svg, err := os.Create(filepath.Join(dir, "care1-"+safe(other)+".svg"))
		if err != nil {
			return err
		}
		if err := errors.Join(table.Picture(svg, names[0], other), svg.Close()); err != nil {
			return err
		}
	}
	return nil
}

// safe is a system's name in the name of a file.
func safe(name string) string { return strings.ReplaceAll(name, "/", "-") }

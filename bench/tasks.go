package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tend/bench/care1"
	"tend/bench/meter"
	"tend/bench/report"
)

// bench is one run: where it works, and what it found.
type bench struct {
	dir   string
	keep  bool // the histories, for the next run
	table *report.Table
	quick bool
	rest  time.Duration    // how long the homes of the task idle are watched
	tend  string           // their program; empty until it is built
	sides []*side          // all that were started
	wired map[string]int64 // what a newcomer took over the wire, in bytes, by system and number of changes
}

// side starts a replica's process.
func (b *bench) side(name string) (*side, error) {
	s, err := newSide(name)
	if err == nil {
		b.sides = append(b.sides, s)
	}
	return s, err
}

// close ends what still runs, as it does after a failure, and removes the folder, or
// what else is in it than the histories that are kept.
func (b *bench) close() error {
	for _, s := range b.sides {
		if !s.ended {
			_ = s.cmd.Process.Kill()
			_ = s.cmd.Wait()
		}
	}
	if !b.keep {
		return os.RemoveAll(b.dir)
	}
	entries, err := os.ReadDir(b.dir)
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), histories+" ") {
			err = errors.Join(err, os.RemoveAll(filepath.Join(b.dir, e.Name())))
		}
	}
	return err
}

// histories begin the names of the folders of those that were filled.
const histories = "history"

// small is how many changes the small tasks take; the large ones take ten times as many.
func (b *bench) small() int {
	if b.quick {
		return 1_000
	}
	return 10_000
}

// folder is one of the run, named by its parts.
func (b *bench) folder(parts ...any) string {
	return filepath.Join(b.dir, strings.TrimSuffix(fmt.Sprintln(parts...), "\n"))
}

// history returns a folder with a replica that holds n changes, made once.
func (b *bench) history(name string, n int) (string, error) {
	dir := b.folder(histories, safe(name), n)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	s, err := b.side(name)
	if err != nil {
		return "", err
	}
	half := b.folder("half", safe(name), n)
	_, err = s.do(order{Do: "fill", Dir: half, N: n})
	if err = errors.Join(err, s.end()); err != nil {
		return "", err
	}
	return dir, os.Rename(half, dir)
}

// copied returns a copy of a folder, which a task may write to.
func (b *bench) copied(from string, as ...any) (string, error) {
	to := b.folder(as...)
	return to, errors.Join(os.RemoveAll(to), os.CopyFS(to, os.DirFS(from)))
}

// write is T1: needs written one by one, and together.
func (b *bench) write(name string) error {
	n := b.small()
	for _, way := range []struct {
		what string
		o    order
	}{{"one by one", order{Do: "append", N: n, Text: "alone"}}, {"100 together", order{Do: "together", N: n, Group: 100, Text: "together"}}} {
		dir := b.folder("T1", safe(name), way.o.Do)
		s, err := b.side(name)
		if err != nil {
			return err
		}
		_, err = s.all(order{Do: "open", Dir: dir}, order{Do: "begin"})
		if err != nil {
			return errors.Join(err, s.end())
		}
		t, err := s.do(way.o)
		if err = errors.Join(err, s.end()); err != nil {
			return err
		}
		size, err := sizeOf(dir)
		if err != nil {
			return err
		}
		b.table.Add(fmt.Sprintf("T1 %d written, %s", n, way.what), name, report.Row{
			"CPU µs/change": micro(t.CPU) / float64(n), "changes/s": float64(n) / t.Wall.Seconds(), "disk B/change": float64(size) / float64(n)})
	}
	return nil
}

// join is T2: an empty replica joins one with n changes. The joined one stays, for
// those that need two.
func (b *bench) join(name string, n int) error {
	from, err := b.history(name, n)
	if err != nil {
		return err
	}
	a, z, w, ticket, err := b.pair(name, from, n)
	if err != nil {
		return err
	}
	defer w.Close()
	was, err := a.do(order{Do: "holds"})
	if err != nil {
		return err
	}
	first, err := a.do(order{Do: "usage"})
	if err != nil {
		return err
	}
	empty, err := z.do(order{Do: "usage"})
	if err != nil {
		return err
	}
	began := time.Now()
	if _, err := z.do(order{Do: "meet", Text: ticket}); err != nil {
		return err
	}
	there, err := z.do(order{Do: "wait", N: was.N})
	if err != nil {
		return err
	}
	wall := time.Since(began)
	here, err := a.do(order{Do: "holds"})
	if err != nil {
		return err
	}
	cpu := here.Used.CPU - first.Used.CPU + there.Used.CPU - empty.Used.CPU
	b.table.Add(fmt.Sprintf("T2 a newcomer takes in %d", n), name, report.Row{"wall s": wall.Seconds(), "CPU s": cpu.Seconds(),
		"wire MB": float64(w.Bytes()) / 1e6, "peak MB, first": mega(here.Used.Peak), "peak MB, newcomer": mega(there.Used.Peak)})
	b.wired[fmt.Sprint(name, n)] = w.Bytes()
	return errors.Join(z.end(), a.end())
}

// cuts is how often the line of a newcomer breaks.
const cuts = 10

// joinCut is T2 once more, over a line that breaks at random bytes. It needs what join
// wrote down: how many bytes it takes when nothing breaks.
func (b *bench) joinCut(name string, n int) error {
	from, err := b.history(name, n)
	if err != nil {
		return err
	}
	whole := b.wired[fmt.Sprint(name, n)]
	r := rand.New(rand.NewPCG(3, uint64(n)))
	var at []int64
	for range cuts {
		at = append(at, r.Int64N(whole*9/10))
	}
	mine, err := b.copied(from, "cut", safe(name), n, "first")
	if err != nil {
		return err
	}
	a, z, w, ticket, err := b.connect(name, mine, b.folder("cut", safe(name), n, "second"), true)
	if err != nil {
		return err
	}
	defer w.Close()
	w.Cut(at)
	was, err := a.do(order{Do: "holds"})
	if err != nil {
		return err
	}
	began := time.Now()
	there, err := z.all(order{Do: "meet", Text: ticket}, order{Do: "wait", N: was.N})
	if err != nil {
		return err
	}
	b.table.Add(fmt.Sprintf("T2 a newcomer takes in %d, cut at random bytes", n), name, report.Row{"wall s": time.Since(began).Seconds(),
		"wire MB": float64(w.Bytes()) / 1e6, "cuts": float64(w.Cuts()), "kB more for each cut": float64(w.Bytes()-whole) / 1e3 / float64(max(1, w.Cuts())),
		"peak MB, newcomer": mega(there.Used.Peak)})
	return errors.Join(z.end(), a.end())
}

// pair opens a copy of a replica and an empty one, with a wire between them.
func (b *bench) pair(name, from string, n int) (a, z *side, w *meter.Wire, ticket string, err error) {
	mine, err := b.copied(from, "pair", safe(name), n, "first")
	if err != nil {
		return nil, nil, nil, "", err
	}
	other := b.folder("pair", safe(name), n, "second")
	if err := os.RemoveAll(other); err != nil {
		return nil, nil, nil, "", err
	}
	return b.connect(name, mine, other, false)
}

// connect opens two replicas with a wire between them; where it is the only way, they
// know of no other.
func (b *bench) connect(name, mine, other string, only bool) (a, z *side, w *meter.Wire, ticket string, err error) {
	if w, err = meter.NewWire(); err != nil {
		return nil, nil, nil, "", err
	}
	if a, err = b.side(name); err != nil {
		return nil, nil, nil, "", err
	}
	if z, err = b.side(name); err != nil {
		return nil, nil, nil, "", err
	}
	if _, err := a.do(order{Do: "open", Dir: mine}); err != nil {
		return nil, nil, nil, "", err
	}
	if only {
		if _, err := a.do(order{Do: "only", Text: w.At()}); err != nil {
			return nil, nil, nil, "", err
		}
	}
	t, err := a.do(order{Do: "listen", Text: w.At()})
	if err != nil {
		return nil, nil, nil, "", err
	}
	w.To(t.At)
	_, err = z.do(order{Do: "open", Dir: other})
	if only && err == nil {
		_, err = z.do(order{Do: "only", Text: "127.0.0.1:1"}) // where nobody listens
	}
	return a, z, w, t.Ticket, err
}

// apart is how many changes each side of T3 writes alone.
const apart = 500

// reunite is T3: two that share n changes write apart, meet, and meet again with
// nothing to say. It needs what join left.
func (b *bench) reunite(name string, n int) error {
	mine, other := b.folder("pair", safe(name), n, "first"), b.folder("pair", safe(name), n, "second")
	for i, dir := range []string{mine, other} {
		s, err := b.side(name)
		if err != nil {
			return err
		}
		_, err = s.all(order{Do: "open", Dir: dir}, order{Do: "together", N: apart, Group: 100, Text: fmt.Sprint("side", i)})
		if err = errors.Join(err, s.end()); err != nil {
			return err
		}
	}
	for _, what := range []string{"each wrote 500 apart", "nothing to exchange"} {
		a, z, w, ticket, err := b.connect(name, mine, other, false)
		if err != nil {
			return err
		}
		first, err := a.do(order{Do: "holds"})
		if err != nil {
			return err
		}
		second, err := z.do(order{Do: "holds"})
		if err != nil {
			return err
		}
		want := max(first.N, second.N)
		if what != "nothing to exchange" {
			want = min(first.N, second.N) + apart
		}
		began := time.Now()
		if _, err := z.do(order{Do: "meet", Text: ticket}); err != nil {
			return err
		}
		if err := errors.Join(a.start(order{Do: "wait", N: want}), z.start(order{Do: "wait", N: want})); err != nil {
			return err
		}
		here, err := a.done()
		there, zerr := z.done()
		if err = errors.Join(err, zerr); err != nil {
			return err
		}
		wall := time.Since(began)
		row := report.Row{"wall s": wall.Seconds(), "CPU ms": milli(here.Used.CPU-first.Used.CPU) + milli(there.Used.CPU-second.Used.CPU), "wire kB": float64(w.Bytes()) / 1e3}
		if what == "nothing to exchange" {
			if row, err = b.quiet(a, z, w); err != nil {
				return err
			}
		}
		b.table.Add(fmt.Sprintf("T3 %d shared, %s", n, what), name, row)
		if err := errors.Join(z.end(), a.end(), w.Close()); err != nil {
			return err
		}
	}
	return nil
}

// quiet is what two that are connected and agree say to one another in a while.
func (b *bench) quiet(a, z *side, w *meter.Wire) (report.Row, error) {
	time.Sleep(calm)
	bytes := w.Bytes()
	if err := errors.Join(a.start(order{Do: "rest", Every: rest}), z.start(order{Do: "rest", Every: rest})); err != nil {
		return nil, err
	}
	here, err := a.done()
	there, zerr := z.done()
	return report.Row{"kB/min": float64(w.Bytes()-bytes) / 1e3 / rest.Minutes(), "CPU ms/s, both": milli(here.CPU+there.CPU) / rest.Seconds(),
		"wake-ups/s, both": float64(here.Woke+there.Woke) / rest.Seconds()}, errors.Join(err, zerr)
}

const (
	settle = 5 * time.Second  // until a connection has said what it says first
	calm   = 32 * time.Second // until a replica has done what it does after the last change
	rest   = 20 * time.Second // how long an idle replica is watched
)

// live is T4: how long until a change is visible at the others, and then that they all
// have all of what is written at once.
func (b *bench) live(name string, replicas, changes int) error {
	sides, err := b.meeting(name, replicas)
	if err != nil {
		return err
	}
	first := sides[0]
	var titles []string
	for _, c := range care1.More("live", changes) {
		titles = append(titles, c.Title)
	}
	before, err := b.used(sides)
	if err != nil {
		return err
	}
	for _, s := range sides[1:] {
		if err := s.start(order{Do: "sees", Titles: titles}); err != nil {
			return err
		}
	}
	wrote, err := first.do(order{Do: "slowly", N: changes, Text: "live", Every: pace(replicas)})
	if err != nil {
		return err
	}
	var late, last []time.Duration
	everywhere := map[string]time.Duration{}
	for _, s := range sides[1:] {
		t, err := s.done()
		if err != nil {
			return err
		}
		for title, at := range t.Times {
			took := at.Sub(wrote.Times[title])
			late, everywhere[title] = append(late, took), max(everywhere[title], took)
		}
	}
	last = slices.Sorted(maps.Values(everywhere))
	after, err := b.used(sides)
	if err != nil {
		return err
	}
	idle, woke, err := b.idle(sides)
	if err != nil {
		return err
	}
	slices.Sort(late)
	each, all := rest.Seconds()*float64(replicas), milli(after-before)/float64(changes)
	task := fmt.Sprintf("T4 visible elsewhere, %d replicas", replicas)
	b.table.Add(task, name, report.Row{
		"p50 ms": milli(late[len(late)/2]), "p99 ms": milli(late[len(late)*99/100]), "CPU ms/change, all": all, "CPU ms/change, each": all / float64(replicas),
		"everywhere, p50 ms": milli(last[len(last)/2]), "everywhere, p99 ms": milli(last[len(last)*99/100]),
		"idle CPU ms/s, each": milli(idle) / each, "idle wake-ups/s, each": float64(woke) / each})
	err = b.burst(name, sides)
	for _, s := range slices.Backward(sides) {
		err = errors.Join(err, s.end())
	}
	return err
}

// pace is how often a need is written: not faster than a home of Tend gossips, and so
// that the machine, which does the work of all replicas, rests for half of the time.
func pace(replicas int) time.Duration { return max(60, 6*time.Duration(replicas)) * time.Millisecond }

// byOneTicket is how many join by one ticket, and with one replica: a member of a
// circle may let in no more than a few whom it does not know yet.
const byOneTicket = 10

// newTicket returns what others need to meet a replica.
func newTicket(s *side) (string, error) {
	at, err := s.do(order{Do: "listen", Text: "127.0.0.1:1"}) // to know where it is
	for tries := 0; err != nil && tries < 60; tries++ {       // until the circle knows who invites
		time.Sleep(time.Second)
		at, err = s.do(order{Do: "listen", Text: "127.0.0.1:1"})
	}
	if err != nil {
		return "", err
	}
	t, err := s.do(order{Do: "listen", Text: at.At})
	return t.Ticket, err
}

// meeting starts so many replicas, which join one another.
func (b *bench) meeting(name string, replicas int) ([]*side, error) {
	dir := b.folder("T4", safe(name), replicas)
	first, err := b.side(name)
	if err != nil {
		return nil, err
	}
	if _, err := first.all(order{Do: "open", Dir: filepath.Join(dir, "0")}, order{Do: "begin"}); err != nil {
		return nil, err
	}
	sides := []*side{first}
	for ticket := ""; len(sides) < replicas; {
		if len(sides)%byOneTicket == 1 {
			if ticket, err = newTicket(sides[len(sides)/byOneTicket]); err != nil {
				return nil, err
			}
		}
		s, err := b.side(name)
		if err != nil {
			return nil, err
		}
		if _, err := s.all(order{Do: "open", Dir: filepath.Join(dir, fmt.Sprint(len(sides)))}, order{Do: "meet", Text: ticket}); err != nil {
			return nil, err
		}
		sides = append(sides, s)
	}
	if _, err := first.do(order{Do: "append", N: 1, Text: "hello"}); err != nil {
		return nil, err
	}
	for _, s := range sides[1:] {
		if _, err := s.do(order{Do: "sees", Titles: []string{"hello 0"}}); err != nil {
			return nil, err
		}
	}
	time.Sleep(settle)
	return sides, nil
}

// burst lets all write at once, far more than gossip carries, and waits until all have
// all of it.
func (b *bench) burst(name string, sides []*side) error {
	n := 3 * b.small() / 10 / len(sides)
	was, err := sides[0].do(order{Do: "holds"})
	if err != nil {
		return err
	}
	before, err := b.used(sides)
	if err != nil {
		return err
	}
	began := time.Now()
	for i, s := range sides {
		if err := s.start(order{Do: "together", N: n, Group: 100, Text: fmt.Sprint("burst", i)}); err != nil {
			return err
		}
	}
	for _, s := range sides {
		if _, err := s.done(); err != nil {
			return err
		}
	}
	wrote := time.Since(began)
	for _, s := range sides {
		if err := s.start(order{Do: "wait", N: was.N + n*len(sides)}); err != nil {
			return err
		}
	}
	for _, s := range sides {
		if _, err := s.done(); err != nil {
			return err
		}
	}
	all := time.Since(began)
	after, err := b.used(sides)
	b.table.Add(fmt.Sprintf("T4 a burst of %d, %d replicas", n*len(sides), len(sides)), name, report.Row{"written s": wrote.Seconds(),
		"everywhere s": all.Seconds(), "CPU ms/change, each": milli(after-before) / float64(n*len(sides)) / float64(len(sides))})
	return err
}

// used is the CPU that all sides have used until now.
func (b *bench) used(sides []*side) (cpu time.Duration, err error) {
	for _, s := range sides {
		t, err := s.do(order{Do: "rest"})
		if err != nil {
			return 0, err
		}
		cpu += t.Used.CPU
	}
	return cpu, nil
}

// idle is what all sides use while nothing happens.
func (b *bench) idle(sides []*side) (cpu time.Duration, woke int64, err error) {
	time.Sleep(calm)
	for _, s := range sides {
		if err := s.start(order{Do: "rest", Every: rest}); err != nil {
			return 0, 0, err
		}
	}
	for _, s := range sides {
		t, err := s.done()
		if err != nil {
			return 0, 0, err
		}
		cpu, woke = cpu+t.CPU, woke+t.Woke
	}
	return cpu, woke, nil
}

// ask is T5 and T6: opening a replica of n changes, and asking it.
func (b *bench) ask(name string, n int) error {
	from, err := b.history(name, n)
	if err != nil {
		return err
	}
	dir, err := b.copied(from, "T5", safe(name), n)
	if err != nil {
		return err
	}
	began := time.Now()
	s, err := b.side(name)
	if err != nil {
		return err
	}
	needs, err := s.all(order{Do: "open", Dir: dir}, order{Do: "needs"})
	if err != nil {
		return errors.Join(err, s.end())
	}
	start := time.Since(began)
	if _, err := s.do(order{Do: "listen", Text: "127.0.0.1:1"}); err != nil {
		return err
	}
	time.Sleep(calm)
	idle, err := s.do(order{Do: "rest", Every: rest})
	if err != nil {
		return err
	}
	b.table.Add(fmt.Sprintf("T5 start on %d", n), name, report.Row{"until the first answer s": start.Seconds(), "CPU s": needs.Used.CPU.Seconds(),
		"RSS MB then": mega(needs.Used.RSS), "idle CPU ms/s": milli(idle.CPU) / rest.Seconds(), "idle wake-ups/s": float64(idle.Woke) / rest.Seconds()})
	row := report.Row{}
	for what, o := range map[string]order{"open needs ms": {Do: "needs"}, "by category ms": {Do: "filter", Text: care1.Categories[0]}, "text ms": {Do: "search", Text: care1.Rare}} {
		var walls []time.Duration
		for range 7 {
			t, err := s.do(o)
			if err != nil {
				return err
			}
			if t.N == 0 {
				return fmt.Errorf("%s finds nothing for %s", name, o.Do)
			}
			walls = append(walls, t.Wall)
		}
		slices.Sort(walls)
		row[what] = milli(walls[len(walls)/2])
	}
	b.table.Add(fmt.Sprintf("T6 asked over %d", n), name, row)
	return s.end()
}

// sizeOf is what a folder takes of the disk, in bytes.
func sizeOf(dir string) (int64, error) {
	var size int64
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		n, err := blocksOf(d)
		size += n
		return err
	})
	return size, err
}

func micro(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
func milli(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
func mega(bytes int64) float64      { return float64(bytes) / 1e6 }

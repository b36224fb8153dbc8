package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/pprof"
	"slices"
	"time"

	"tend/bench/care1"
	"tend/bench/dscrdt"
	"tend/bench/meter"
	"tend/bench/system"
	"tend/bench/tendsys"
)

// systems are those that are measured, by name. The two of go-ds-crdt differ in how
// many changes it was given at once, which is its user's choice.
var systems = map[string]system.System{
	"tend":           tendsys.System{},
	"go-ds-crdt":     dscrdt.System{Group: 1},
	"go-ds-crdt/100": dscrdt.System{Group: 100},
}

// order asks a side to do something; told is its answer.
type order struct {
	Do     string
	Dir    string   `json:",omitempty"`
	N      int      `json:",omitempty"`
	Group  int      `json:",omitempty"`
	Text   string   `json:",omitempty"`
	Titles []string `json:",omitempty"`
	Every  time.Duration
}

type told struct {
	Err    string `json:",omitempty"`
	N      int
	At     string               `json:",omitempty"`
	Ticket string               `json:",omitempty"`
	Times  map[string]time.Time `json:",omitempty"`
	Wall   time.Duration
	Used   meter.Usage   // in all, until the order was done
	CPU    time.Duration // of this order
	Woke   int64         // during this order
}

// serveSide does orders, one after the other, until its input ends.
func serveSide(name string, in io.Reader, out io.Writer) error {
	s := &served{system: systems[name]}
	if s.system == nil {
		return fmt.Errorf("no system %q", name)
	}
	orders, answers := json.NewDecoder(bufio.NewReader(in)), json.NewEncoder(out)
	for {
		var o order
		if err := orders.Decode(&o); errors.Is(err, io.EOF) {
			return s.close()
		} else if err != nil {
			return fmt.Errorf("read an order: %w", err)
		}
		before, err := meter.Used()
		if err != nil {
			return err
		}
		began := time.Now()
		var t told
		if err := s.do(o, &t); err != nil {
			t.Err = err.Error()
		}
		t.Wall = time.Since(began)
		if t.Used, err = meter.Used(); err != nil {
			return err
		}
		t.CPU, t.Woke = t.Used.CPU-before.CPU, t.Used.Woke-before.Woke
		if err := answers.Encode(t); err != nil {
			return fmt.Errorf("answer: %w", err)
		}
	}
}

type served struct {
	system  system.System
	replica system.Replica
	profile *os.File // of the replica that is open, or nil
}

// patience is how long one order may take.
const patience = 2 * time.Hour

func (s *served) do(o order, t *told) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	switch o.Do {
	case "fill":
		return s.system.Fill(ctx, o.Dir, o.N)
	case "open":
		if err := s.watch(); err != nil {
			return err
		}
		s.replica, err = s.system.Open(o.Dir)
		return err
	case "begin":
		return s.replica.Begin(ctx)
	case "append":
		return s.replica.Append(ctx, care1.More(o.Text, o.N))
	case "together":
		return s.replica.AppendTogether(ctx, care1.More(o.Text, o.N), o.Group)
	case "slowly":
		t.Times, err = s.slowly(ctx, o)
		return err
	case "only":
		return s.replica.Only(o.Text)
	case "listen":
		t.At, t.Ticket, err = s.replica.Listen(ctx, o.Text)
		return err
	case "meet":
		return s.replica.Meet(ctx, o.Text)
	case "wait":
		t.N, err = s.wait(ctx, o.N)
		return err
	case "sees":
		t.Times, err = s.replica.Sees(ctx, o.Titles)
		return err
	case "holds":
		t.N, err = s.replica.Holds()
		return err
	case "needs":
		t.N, err = s.replica.OpenNeeds()
		return err
	case "filter":
		t.N, err = s.replica.Filter(o.Text)
		return err
	case "search":
		t.N, err = s.replica.Search(o.Text)
		return err
	case "usage":
		return meter.ResetPeak()
	case "rest":
		time.Sleep(o.Every)
		return nil
	case "close":
		return s.close()
	}
	return fmt.Errorf("no order %q", o.Do)
}

func (s *served) close() error {
	if s.replica == nil {
		return nil
	}
	err := s.heap()
	err = errors.Join(err, s.replica.Close())
	s.replica = nil
	if s.profile != nil {
		pprof.StopCPUProfile()
		err = errors.Join(err, s.profile.Close())
		s.profile = nil
	}
	return err
}

// profiles names the environment variable with a folder for a CPU profile of each
// replica, from when it was opened until it is closed, and one of what it holds then.
const profiles = "CARE1_PROFILES"

// heap writes down what is in memory just before the replica is closed.
func (s *served) heap() error {
	if s.profile == nil {
		return nil
	}
	out, err := os.Create(s.profile.Name() + ".heap")
	if err != nil {
		return fmt.Errorf("profile a replica: %w", err)
	}
	runtime.GC()
	return errors.Join(pprof.WriteHeapProfile(out), out.Close())
}

func (s *served) watch() (err error) {
	dir := os.Getenv(profiles)
	if dir == "" || s.profile != nil {
		return nil
	}
	if s.profile, err = os.CreateTemp(dir, "side-*.prof"); err != nil {
		return fmt.Errorf("profile a replica: %w", err)
	}
	return pprof.StartCPUProfile(s.profile)
}

// slowly writes needs one by one with a pause after each, and says when each was
// handed to the system.
func (s *served) slowly(ctx context.Context, o order) (map[string]time.Time, error) {
	out := map[string]time.Time{}
	for _, c := range care1.More(o.Text, o.N) {
		out[c.Title] = time.Now()
		if err := s.replica.Append(ctx, []care1.Change{c}); err != nil {
			return nil, err
		}
		time.Sleep(o.Every)
	}
	return out, nil
}

// wait returns once the replica holds that much.
func (s *served) wait(ctx context.Context, want int) (int, error) {
	changed := s.replica.Changed(ctx)
	for {
		n, err := s.replica.Holds()
		if err != nil || n >= want {
			return n, err
		}
		// Counting costs some systems much, so it is not done at each change.
		select {
		case <-changed:
			time.Sleep(countEvery)
		case <-time.After(time.Second):
		case <-ctx.Done():
			return n, fmt.Errorf("it holds %d of %d: %w", n, want, ctx.Err())
		}
	}
}

const countEvery = 20 * time.Millisecond

// side is a replica in another process.
type side struct {
	name   string
	cmd    *exec.Cmd
	in     io.WriteCloser
	orders *json.Encoder
	told   *json.Decoder
	ended  bool
}

func newSide(name string) (*side, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, "-side", name)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start a side: %w", err)
	}
	return &side{name: name, cmd: cmd, in: in, orders: json.NewEncoder(in), told: json.NewDecoder(bufio.NewReader(out))}, nil
}

// start begins an order; the answer is read by done.
func (s *side) start(o order) error { return s.orders.Encode(o) }

func (s *side) done() (told, error) {
	var t told
	if err := s.told.Decode(&t); err != nil {
		return t, fmt.Errorf("%s: read the answer: %w", s.name, err)
	}
	if t.Err != "" {
		return t, fmt.Errorf("%s: %s", s.name, t.Err)
	}
	return t, nil
}

func (s *side) do(o order) (told, error) {
	if err := s.start(o); err != nil {
		return told{}, fmt.Errorf("%s: %w", s.name, err)
	}
	return s.done()
}

// all does several orders, and returns the last answer.
func (s *side) all(orders ...order) (t told, err error) {
	for _, o := range orders {
		if t, err = s.do(o); err != nil {
			return t, fmt.Errorf("%s: %w", o.Do, err)
		}
	}
	return t, nil
}

// end closes the replica and ends its process.
func (s *side) end() error {
	s.ended = true
	return errors.Join(s.in.Close(), s.cmd.Wait())
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

package sim

import (
	"container/heap"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"runtime/debug"
	"testing"
	"testing/cryptotest"
	"time"

	"tend/crdt"
)

// Bounds of a run. They end a run that does not end by itself, as a failure.
const (
	// maxEvents is how many things may happen in all, for each home and a few more.
	maxEvents = 12_000
	// calmEvents is how many may happen for each home between the healing of
	// everything and the calm after it: what liveness is held to.
	calmEvents = 20_000
	// calmFor is how long in virtual time that may take.
	calmFor = 2 * day
)

// began is the wall clock at the beginning of every scenario.
var began = time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC)

// Outcome is what came of a run.
type Outcome struct {
	// Trace is a digest of everything that happened, in order.
	Trace  [32]byte
	Events int
	Homes  int
	Ops    uint64 // in the fullest log
	// Failure is what does not hold; nil if all does.
	Failure *Failure
}

// Failure is an invariant that does not hold, or a wish that failed.
type Failure struct {
	// What names the invariant: a smaller scenario that breaks the same one is as
	// good a witness.
	What string
	// Detail says where, and what was seen.
	Detail string
}

// Error says what and where.
func (f *Failure) Error() string { return f.What + ": " + f.Detail }

// Options are how a run is looked at.
type Options struct {
	// Log takes a line for everything that happens; nil: none.
	Log io.Writer
	// Careless gives homes disks that say they have synced and have not: a bug on
	// purpose, so that tests see that it is found.
	Careless bool
	// Without leaves an invariant out, so that another one is seen to fail.
	Without string
}

// World is one run of a scenario.
type World struct {
	scenario *Scenario
	options  Options

	now    time.Duration // since began
	queue  queue
	queued uint64
	events int
	rand   *rand.Rand // what the wires and other faults do
	trace  hash.Hash
	first  *Failure

	circle crdt.ID // zero until somebody began
	homes  []*home // in the order of their first act
	named  map[string]*home
	net    *net
	things map[string]*thing  // by label
	slips  map[string]*slip   // by label
	forged map[crdt.ID]string // ops nobody may take in, with what is wrong with them
	calm   bool               // everything is healed
}

// event is something that will happen.
type event struct {
	at time.Duration
	n  uint64 // two at one time happen in the order they were said
	do func()
}

type queue []event

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].n < q[j].n
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(event)) }
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// Run plays a scenario. It takes over the process's source of cryptographic chance
// until t ends, so t must not be parallel.
func Run(t *testing.T, s *Scenario, o Options) *Outcome {
	cryptotest.SetGlobalRandom(t, s.Seed)
	w := &World{scenario: s, options: o, rand: rand.New(rand.NewPCG(s.Seed, 0x7465_6e64)), trace: sha256.New(),
		named: map[string]*home{}, things: map[string]*thing{}, slips: map[string]*slip{}, forged: map[crdt.ID]string{}}
	w.net = newNet(w)
	w.safely(w.play)
	return w.outcome()
}

// safely turns a panic into a failure: no peer's bytes, no fault and no wish may
// cause one.
func (w *World) safely(do func()) {
	defer func() {
		if r := recover(); r != nil {
			w.fail("panic", "%v\n%s", r, debug.Stack())
		}
	}()
	do()
}

func (w *World) play() {
	last := time.Duration(0)
	for _, a := range w.scenario.Acts {
		if a.At != AtEnd {
			last = a.At
			w.at(a.At, func() { w.act(a) })
		}
	}
	w.runUntil(last)
	if w.first != nil || w.circle.IsZero() {
		return
	}
	w.heal()
	w.settle()
	if w.first == nil {
		w.check()
	}
	for _, a := range w.scenario.Acts {
		if a.At == AtEnd && w.first == nil {
			w.act(a)
		}
	}
}

// runUntil lets everything happen that is due until then, or until something is
// wrong.
func (w *World) runUntil(until time.Duration) {
	for w.first == nil && len(w.queue) > 0 && w.queue[0].at <= until {
		e := heap.Pop(&w.queue).(event)
		w.now = max(w.now, e.at)
		w.events++
		if w.events > maxEvents*(len(w.homes)+5) {
			w.fail("endless", "%d events by %v", w.events, w.now)
			return
		}
		e.do()
	}
	if w.first == nil {
		w.now = max(w.now, until)
	}
}

// at lets something happen then.
func (w *World) at(when time.Duration, do func()) {
	w.queued++
	heap.Push(&w.queue, event{max(when, w.now), w.queued, do})
}

// in lets something happen after a while.
func (w *World) in(wait time.Duration, do func()) { w.at(w.now+wait, do) }

// wall is the true time.
func (w *World) wall() time.Time { return began.Add(w.now) }

// fail notes the first thing that does not hold; the run ends with it.
func (w *World) fail(what, format string, args ...any) {
	if w.first == nil && what != w.options.Without {
		w.first = &Failure{what, fmt.Sprintf(format, args...)}
		w.say("FAILED %s", w.first)
	}
}

// traced adds to the trace what happened, to whom.
func (w *World) traced(what string, h *home, more ...[]byte) {
	var head [17]byte
	binary.BigEndian.PutUint64(head[:], uint64(w.now))
	if h != nil {
		binary.BigEndian.PutUint64(head[8:], uint64(h.number)+1)
	}
	w.trace.Write(head[:])
	io.WriteString(w.trace, what)
	for _, m := range more {
		w.trace.Write(m)
	}
}

// say adds a line to the log.
func (w *World) say(format string, args ...any) {
	if w.options.Log != nil {
		fmt.Fprintf(w.options.Log, "%-14s %s\n", formatSpan(w.now), fmt.Sprintf(format, args...))
	}
}

// chance reports whether something befalls that does in a share of all cases.
func (w *World) chance(share float64) bool { return share > 0 && w.rand.Float64() < share }

// between draws a duration.
func (w *World) between(least, most time.Duration) time.Duration {
	if most <= least {
		return least
	}
	return least + time.Duration(w.rand.Int64N(int64(most-least)))
}

func (w *World) outcome() *Outcome {
	o := &Outcome{Events: w.events, Homes: len(w.homes), Failure: w.first}
	for _, h := range w.homes {
		if s := h.view(); s != nil {
			o.Ops = max(o.Ops, s.Ops)
			d := s.Frontier().Digest
			w.traced("end", h, d[:])
		}
	}
	copy(o.Trace[:], w.trace.Sum(nil))
	return o
}

// heal ends every fault: wires carry everything, homes are on, disks keep, clocks
// are right, and whoever cheated is gone.
func (w *World) heal() {
	w.say("everything heals")
	w.calm = true
	w.net.heal()
	for _, h := range w.homes {
		h.mend()
	}
	w.net.look()
}

// settle waits until all homes that share the circle hold the same.
func (w *World) settle() {
	from, events := w.now, w.events
	for w.first == nil {
		w.runUntil(w.now + 30*time.Second)
		if w.first != nil {
			return
		}
		late, waiting := w.apart()
		if late == "" && !waiting {
			return
		}
		if late == "" && w.leap() {
			from, events = w.now, w.events
			continue
		}
		if w.now-from > calmFor || w.events-events > calmEvents*(len(w.homes)+1) {
			w.fail("liveness", "after %v and %d events since all was healed: %s", w.now-from, w.events-events, late)
		}
	}
}

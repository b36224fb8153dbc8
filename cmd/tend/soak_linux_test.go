package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"tend/node/client"
)

var (
	soakFor  = flag.Duration("soak", 10*time.Second, "how long TestSoak lets five homes live; their memory is judged from five minutes on")
	soakSeed = flag.Uint64("soak.seed", 0, "what TestSoak draws from; 0: the time")
)

// TestSoak lets five homes live for a while, with all that may happen to them, and
// wants them to agree in the end, to have lost nothing, and to have grown no larger
// than what they keep. For an hour:
//
//	go test ./cmd/tend -run 'TestSoak$' -soak 1h -timeout 2h -v
func TestSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a while")
	}
	params := scripts("testdata/soak")
	params.Setup = func(env *testscript.Env) error {
		env.Setenv(vitalsVariable, filepath.Join(env.WorkDir, ".vitals"))
		if err := os.MkdirAll(env.Getenv(vitalsVariable), 0o700); err != nil {
			return err
		}
		if !networks() {
			t.Log("no networks of our own: nobody is cut off")
			return setUpHomes(env)
		}
		return setUpLand(env)
	}
	maps.Copy(params.Cmds, landCommands)
	params.Cmds["soak"] = cmdSoak
	testscript.Run(t, params)
}

// How often something happens, how long it lasts, and how many homes it may happen
// to at once.
const (
	soakPause   = 300 * time.Millisecond // between two things that happen, on average
	soakShort   = 2 * time.Second
	soakLong    = 40 * time.Second
	soakAtOnce  = 3
	soakSample  = 10 * time.Second
	soakHour    = 2 * time.Minute // after which every clock is put an hour forwards
	soakWrites  = 0.85            // of all that happens
	soakJudged  = 5 * time.Minute
	soakAnswers = 90 * time.Second // within which a home answers
)

// plight is what keeps a home from working as it should.
type plight int

const (
	well plight = iota
	stopped
	killed
	asleep
	cutOff
	wrongClock
)

var plights = []string{"well", "stopped", "killed", "asleep", "cut off", "clock wrong"}

// soaked is one home of a soak.
type soaked struct {
	name    string
	steady  bool // its node is never ended
	plight  plight
	until   time.Time
	skew    time.Duration
	acked   []string
	happens [6]int // by plight
	samples []vitals
}

// vitals are what a node takes at one moment.
type vitals struct {
	pid                       int
	rss, heap, fds, goroutine int // bytes, bytes, number, number
}

// soak is a soak under way.
type soak struct {
	ts     *testscript.TestScript
	homes  []*soaked
	rand   *rand.Rand
	end    time.Time
	world  time.Duration // by how much all clocks are ahead
	failed int           // writes that did
	writes int
}

// cmdSoak lets homes live: soak HOME… -- HOME…. The nodes of those before the --
// are never ended, and their growth is judged.
func cmdSoak(ts *testscript.TestScript, neg bool, args []string) {
	cut := slices.Index(args, "--")
	if cut < 1 || neg {
		ts.Fatalf("usage: soak HOME… -- HOME…")
	}
	seed := *soakSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	ts.Logf("seed %d, %v", seed, *soakFor)
	s := &soak{ts: ts, rand: rand.New(rand.NewPCG(seed, 0)), end: time.Now().Add(*soakFor)}
	for i, name := range slices.Delete(slices.Clone(args), cut, cut+1) {
		s.homes = append(s.homes, &soaked{name: name, steady: i < cut})
	}
	s.live()
	s.heal()
	s.judge()
}

// live lets things happen until the time is over.
func (s *soak) live() {
	sample, hour := time.Now(), time.Now().Add(soakHour)
	for time.Now().Before(s.end) {
		for _, h := range s.homes {
			if h.plight != well && time.Now().After(h.until) {
				s.relieve(h)
			}
		}
		if now := time.Now(); now.After(sample) {
			sample = now.Add(soakSample)
			s.measure()
		}
		if now := time.Now(); now.After(hour) {
			hour = now.Add(soakHour)
			s.world += time.Hour
			s.setClocks()
		}
		h := s.homes[s.rand.IntN(len(s.homes))]
		if s.rand.Float64() < soakWrites {
			s.write(h)
		} else {
			s.afflict(h)
		}
		time.Sleep(time.Duration(s.rand.Int64N(int64(2 * soakPause))))
	}
}

// afflict lets something happen to a home that is well.
func (s *soak) afflict(h *soaked) {
	ill := 0
	for _, o := range s.homes {
		if o.plight != well {
			ill++
		}
	}
	may := []plight{asleep, wrongClock}
	if !h.steady {
		may = append(may, stopped, killed)
	}
	if networks() {
		may = append(may, cutOff, cutOff)
	}
	if h.plight != well || ill >= soakAtOnce {
		return
	}
	h.plight = may[s.rand.IntN(len(may))]
	h.until = time.Now().Add(soakShort + time.Duration(s.rand.Int64N(int64(soakLong-soakShort))))
	h.happens[h.plight]++
	switch h.plight {
	case stopped:
		homesOf(s.ts).stop(s.ts, h.name, syscall.SIGTERM, soakAnswers)
	case killed:
		homesOf(s.ts).stop(s.ts, h.name, syscall.SIGKILL, soakAnswers)
	case asleep:
		cmdSignal(syscall.SIGSTOP)(s.ts, false, []string{h.name})
	case cutOff:
		cmdPlug("down")(s.ts, false, []string{h.name})
	case wrongClock:
		steps := []time.Duration{-26 * time.Hour, -time.Hour, -90 * time.Second, 90 * time.Second, 9 * time.Minute, 35 * time.Minute}
		h.skew = steps[s.rand.IntN(len(steps))]
		s.setClocks()
	}
}

// relieve ends what happened to a home.
func (s *soak) relieve(h *soaked) {
	switch h.plight {
	case stopped, killed:
		homesOf(s.ts).start(s.ts, h.name, nil)
	case asleep:
		cmdSignal(syscall.SIGCONT)(s.ts, false, []string{h.name})
	case cutOff:
		cmdPlug("up")(s.ts, false, []string{h.name})
	case wrongClock:
		h.skew = 0
		s.setClocks()
	}
	h.plight = well
}

func (s *soak) setClocks() {
	for _, h := range s.homes {
		cmdClock(s.ts, false, []string{h.name, (s.world + h.skew).String()})
	}
}

// write lets a home's person write something, and remembers what was acknowledged.
func (s *soak) write(h *soaked) {
	if h.plight == asleep || h.plight == stopped || h.plight == killed {
		return
	}
	ctx, stop := context.WithTimeout(context.Background(), soakAnswers)
	defer stop()
	c, err := client.Open(homeDir(s.ts, h.name))
	s.ts.Check(err)
	defer c.Close()
	s.writes++
	var done client.Done
	text := fmt.Sprintf("number %d of %s", s.writes, h.name)
	switch n := s.rand.IntN(4); {
	case n == 0:
		done, err = c.Offer(ctx, client.Offer{Text: text})
	case n == 1 && len(h.acked) > 0:
		_, err = c.Note(ctx, h.acked[s.rand.IntN(len(h.acked))], text)
	default:
		done, err = c.Ask(ctx, client.Ask{Text: text})
	}
	if err != nil {
		s.failed++
		s.ts.Logf("%s (%s) could not write: %v", h.name, plights[h.plight], err)
		return
	}
	if done.ID != "" {
		h.acked = append(h.acked, done.ID)
	}
}

// measure takes the vitals of every node that works.
func (s *soak) measure() {
	for _, h := range s.homes {
		nodes := homesOf(s.ts)
		nodes.mu.Lock()
		node := nodes.nodes[h.name]
		nodes.mu.Unlock()
		if node == nil || h.plight == asleep {
			continue
		}
		if v, err := vitalsOf(node.Process.Pid, filepath.Join(s.ts.Getenv(vitalsVariable), h.name)); err == nil {
			h.samples = append(h.samples, v)
		}
		if err := node.Process.Signal(syscall.Signal(0)); err != nil {
			s.ts.Fatalf("the node of %s ended by itself: %v\n%s", h.name, err, s.ts.ReadFile(h.name+".log"))
		}
	}
}

func vitalsOf(pid int, said string) (v vitals, err error) {
	v.pid = pid
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return v, err
	}
	fields := strings.Fields(string(statm))
	if len(fields) < 2 {
		return v, errors.New("no statm") // it is gone, and nobody waited for it yet
	}
	pages, err := strconv.Atoi(fields[1])
	if err != nil {
		return v, err
	}
	v.rss = pages * os.Getpagesize()
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return v, err
	}
	v.fds = len(fds)
	text, err := os.ReadFile(said)
	if err != nil {
		return v, err
	}
	_, err = fmt.Sscan(string(text), &v.goroutine, &v.heap)
	return v, err
}

// heal ends all plights and lets the clocks of all pass the one that was furthest
// ahead.
func (s *soak) heal() {
	for _, h := range s.homes {
		if h.plight != well {
			s.relieve(h)
		}
	}
	s.world += time.Hour
	s.setClocks()
	s.measure()
}

// judge wants all to agree, nothing to be lost, and nobody to have grown.
func (s *soak) judge() {
	var names []string
	for _, h := range s.homes {
		names = append(names, h.name)
	}
	cmdConverge(s.ts, false, append([]string{"5m"}, names...))
	acked := 0
	for _, h := range s.homes {
		acked += len(h.acked)
		for _, at := range names {
			s.holds(at, h)
		}
		quietly(s.ts, h.name, "verify")
		if out := quietly(s.ts, h.name, "--json", "look"); strings.Contains(string(out), `"forked_device"`) {
			s.ts.Fatalf("a place of a chain was used twice, says %s: %s", h.name, out)
		}
	}
	if s.failed > s.writes/100 {
		s.ts.Fatalf("%d of %d writes failed", s.failed, s.writes)
	}
	s.ts.Logf("%d writes, %d failed, %d needs and offers acknowledged and all at each of %d homes, %d ops", s.writes, s.failed, acked,
		len(s.homes), standingOf(s.ts, names[0]).Ops)
	s.ts.Logf("| home | stopped | killed | asleep | cut off | clock wrong | MB resident | MB heap | descriptors | goroutines |")
	s.ts.Logf("|---|---|---|---|---|---|---|---|---|---|")
	for _, h := range s.homes {
		was, is := h.course()
		s.ts.Logf("| %s | %d | %d | %d | %d | %d | %d, %d | %d, %d | %d, %d | %d, %d |", h.name, h.happens[stopped], h.happens[killed],
			h.happens[asleep], h.happens[cutOff], h.happens[wrongClock], was.rss>>20, is.rss>>20, was.heap>>20, is.heap>>20,
			was.fds, is.fds, was.goroutine, is.goroutine)
	}
	for _, h := range s.homes {
		if was, is := h.course(); h.steady && *soakFor >= soakJudged {
			s.flat(h.name, "resident bytes", was.rss, is.rss, 32<<20)
			s.flat(h.name, "heap bytes", was.heap, is.heap, 16<<20)
			s.flat(h.name, "descriptors", was.fds, is.fds, 20)
			s.flat(h.name, "goroutines", was.goroutine, is.goroutine, 40)
		}
	}
}

// holds wants what a home acknowledged to be at another.
func (s *soak) holds(at string, of *soaked) {
	c, err := client.Open(homeDir(s.ts, at))
	s.ts.Check(err)
	defer c.Close()
	needs, err := c.Needs(context.Background(), client.Filter{All: true})
	s.ts.Check(err)
	offers, err := c.Offers(context.Background(), client.Filter{All: true})
	s.ts.Check(err)
	have := map[string]bool{}
	for _, p := range append(needs, offers...) {
		have[p.ID] = true
	}
	for _, id := range of.acked {
		if !have[id] {
			s.ts.Fatalf("%s was acknowledged by %s and is not at %s", id, of.name, at)
		}
	}
}

// flat wants something to have grown by a quarter at most, and some.
func (s *soak) flat(name, what string, was, is, some int) {
	if is > was+was/4+some {
		s.ts.Fatalf("%s of %s went from %d to %d:\n%s", what, name, was, is,
			s.ts.ReadFile(filepath.Join(s.ts.Getenv(vitalsVariable), name+".goroutines")))
	}
}

// course returns the medians of the second fifth of a home's samples, when it has
// settled, and of the last.
func (h *soaked) course() (was, is vitals) {
	n := len(h.samples)
	if n == 0 {
		return was, is
	}
	fifth := max(1, n/5)
	return median(h.samples[min(fifth, n-1):min(2*fifth, n)]), median(h.samples[n-fifth:])
}

func median(all []vitals) vitals {
	of := func(what func(vitals) int) int {
		var numbers []int
		for _, v := range all {
			numbers = append(numbers, what(v))
		}
		slices.Sort(numbers)
		if len(numbers) == 0 {
			return 0
		}
		return numbers[len(numbers)/2]
	}
	return vitals{rss: of(func(v vitals) int { return v.rss }), heap: of(func(v vitals) int { return v.heap }),
		fds: of(func(v vitals) int { return v.fds }), goroutine: of(func(v vitals) int { return v.goroutine })}
}

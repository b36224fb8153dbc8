package main

import (
	"context"
	"flag"
	"fmt"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"tend/crdt"
	"tend/node/client"
)

// crashRounds takes the place of how often the scripts kill a node:
//
//	go test ./cmd/tend -run 'TestScript/crash$' -rounds 1000 -timeout 2h -v
var crashRounds = flag.Int("rounds", 0, "how often the script crash kills a node; 0: as often as it says")

// writers is how many ask at once in a burst, fewest how much of it must be acknowledged
// before the node is killed, however slow the machine is, and dayRounds how many bursts
// there are in a day: a device writes so much a day and no more.
const (
	writers   = 8
	fewest    = 5
	dayRounds = 20
)

// cmdCrashes runs a home's node again and again, writes to it from many at once,
// and kills it in the middle: crashes HOME ROUNDS MILLISECONDS. What was
// acknowledged is remembered.
func cmdCrashes(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 || neg {
		ts.Fatalf("usage: crashes HOME ROUNDS MILLISECONDS")
	}
	rounds, err := strconv.Atoi(args[1])
	ts.Check(err)
	ms, err := strconv.Atoi(args[2])
	ts.Check(err)
	most := crdt.MaxDayOps * 2 / 3 / dayRounds
	if *crashRounds > 0 {
		rounds, most = *crashRounds, 16 // so that the whole of it can be looked over in the end
	}
	for round := range rounds {
		if round > 0 && round%dayRounds == 0 {
			cmdClock(ts, false, []string{(time.Duration(round/dayRounds) * 24 * time.Hour).String()})
		}
		// Never at the same moment of the burst.
		burst(ts, args[0], round, time.Duration(ms+7*(round%dayRounds))*time.Millisecond, most)
	}
}

// burst runs a node, writes to it, and kills it a while after it acknowledged the first
// few, or when most were acknowledged.
func burst(ts *testscript.TestScript, name string, round int, after time.Duration, most int) {
	h := homesOf(ts)
	h.start(ts, name, nil)
	c, err := client.Open(homeDir(ts, name))
	ts.Check(err)
	defer c.Close()
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	var mu sync.Mutex // guards acked
	var acked []string
	some, enough := make(chan struct{}), make(chan struct{})
	for w := range writers {
		wg.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				done, err := c.Ask(ctx, client.Ask{Text: fmt.Sprintf("round %d, writer %d, number %d", round, w, i)})
				if err != nil {
					return // the node is gone: that is the point
				}
				mu.Lock()
				acked = append(acked, done.ID)
				if len(acked) == fewest {
					close(some)
				}
				if len(acked) == most {
					close(enough)
				}
				mu.Unlock()
			}
		})
	}
	select {
	case <-some:
	case <-time.After(patience):
		ts.Fatalf("in round %d fewer than %d things were acknowledged within %v:\n%s", round, fewest, patience, ts.ReadFile(name+".log"))
	}
	select {
	case <-time.After(after):
	case <-enough:
	}
	h.stop(ts, name, syscall.SIGKILL, patience)
	stop()
	wg.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.acked[name] = append(h.acked[name], acked...)
	ts.Logf("round %d: %d acknowledged, %d in all", round, len(acked), len(h.acked[name]))
}

// cmdKept wants everything that one home acknowledged to be held by others, within
// some minutes, as what was just acknowledged is still on its way: kept LEAST HOME
// AT…, at least LEAST things.
func cmdKept(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 3 || neg {
		ts.Fatalf("usage: kept LEAST HOME AT…")
	}
	least, err := strconv.Atoi(args[0])
	ts.Check(err)
	h := homesOf(ts)
	h.mu.Lock()
	acked := h.acked[args[1]]
	h.mu.Unlock()
	if len(acked) < least {
		ts.Fatalf("only %d things were acknowledged, want %d: the bursts were too short to mean anything", len(acked), least)
	}
	deadline := time.Now().Add(patienceToDie)
	for _, name := range args[2:] {
		for {
			lost := lacks(ts, name, acked)
			if lost == "" {
				break
			}
			if time.Now().After(deadline) {
				ts.Fatalf("%s was acknowledged by %s and is not on %s", lost, args[1], name)
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
}

// lacks returns one of some needs that a home does not hold; "" if it holds them all.
func lacks(ts *testscript.TestScript, name string, ids []string) string {
	c, err := client.Open(homeDir(ts, name))
	ts.Check(err)
	defer c.Close()
	needs, err := c.Needs(context.Background(), client.Filter{All: true})
	ts.Check(err)
	have := map[string]bool{}
	for _, n := range needs {
		have[n.ID] = true
	}
	for _, id := range ids {
		if !have[id] {
			return id
		}
	}
	return ""
}

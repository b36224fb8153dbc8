package sim_test

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"tend/node/sim"
)

// TestABugIsFoundAndShrunk gives homes disks that do not sync: that must be found, and
// shrunk to a few acts that still show it, as read from their text.
func TestABugIsFoundAndShrunk(t *testing.T) {
	play := func(s *sim.Scenario) *sim.Failure { return sim.Run(t, s, sim.Options{Careless: true}).Failure }
	s := sim.Draw(2)
	found := play(s)
	if found == nil {
		t.Fatal("a disk that does not sync goes unnoticed")
	}
	small := sim.Shrink(s, found.What, 200, play)
	if len(small.Acts) > 4 || len(small.Acts) >= len(s.Acts) {
		t.Errorf("%d acts are left of %d:\n%s", len(small.Acts), len(s.Acts), small)
	}
	read, err := sim.Parse(small.String())
	if err != nil {
		t.Fatal(err)
	}
	if again := play(read); again == nil || again.What != found.What {
		t.Errorf("as read from its text it fails by %v, want %s", again, found.What)
	}
	if whole := sim.Run(t, read, sim.Options{}).Failure; whole != nil {
		t.Errorf("on disks that sync: %v", whole)
	}
}

// TestALossIsFound: what was answered for and is gone after a power cut is named.
func TestALossIsFound(t *testing.T) {
	s, err := sim.Parse("0s ann begins\n1m ann stops\n2m ann starts\n3m ann asks soup\n3m1s ann falls\n4m ann falls\n")
	if err != nil {
		t.Fatal(err)
	}
	if f := sim.Run(t, s, sim.Options{}).Failure; f != nil {
		t.Errorf("on a disk that syncs: %v", f)
	}
	lost := false
	for seed := uint64(1); seed < 20 && !lost; seed++ { // a power cut may keep what it likes
		s.Seed = seed
		f := sim.Run(t, s, sim.Options{Careless: true, Without: "announced"}).Failure
		lost = f != nil && f.What == "acknowledged"
	}
	if !lost {
		t.Error("a wish that was answered for can be lost unnoticed")
	}
}

var homesFlag = flag.Int("homes", 12, "how many homes TestAMonthApart has")

// TestAMonthApart lets half of the homes not reach the other half for a month, during
// which both go on, and then all come to hold the same. With -homes 100 it takes some
// minutes.
func TestAMonthApart(t *testing.T) {
	n := *homesFlag
	if testing.Short() {
		n = min(n, 10)
	}
	s := &sim.Scenario{Seed: 100, Net: sim.Net{Least: 10 * time.Millisecond, Most: 200 * time.Millisecond, Loss: 0.01, Twice: 0.02, Late: 0.02}}
	at := time.Duration(0)
	act := func(wait time.Duration, who, does string, with ...string) {
		at += wait
		s.Acts = append(s.Acts, sim.Act{At: at, Who: who, Does: does, With: with})
	}
	name := func(i int) string { return fmt.Sprintf("h%02d", i) }
	act(0, name(0), "begins")
	for i := 1; i < n; i++ {
		act(time.Second, name(i), "joins", name(0))
	}
	split := make([]string, 0, n+1)
	for i := range n {
		if i == n/2 {
			split = append(split, "|")
		}
		split = append(split, name(i))
	}
	act(time.Hour, "world", "splits", split...)
	every := max(1, n/10)
	for i := 0; i < n; i += every {
		act(72*time.Hour, name(i), "asks", fmt.Sprint("n", i))
	}
	act(time.Hour, "world", "heals")
	for i := 0; i < n; i += every {
		for _, who := range []int{1, n/2 - 1, n / 2, n - 1} {
			s.Acts = append(s.Acts, sim.Act{At: sim.AtEnd, Who: name(who), Does: "sees", With: []string{fmt.Sprint("n", i)}})
		}
	}
	o := sim.Run(t, s, sim.Options{Log: log(t)})
	if o.Failure != nil {
		t.Error(o.Failure)
	}
	t.Logf("%d homes, %d ops, %d events", o.Homes, o.Ops, o.Events)
}

// TestParseRefuses: what is no scenario is said to be none, with the line.
func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"0s ann", "0s ann flies", "x ann begins", "0s ben joins", "2s ann begins\n1s ben joins ann", "seed x", "net speed 3",
		"net delay 1s", "net delay 2s 1s", "net loss"} {
		if s, err := sim.Parse(text); err == nil {
			t.Errorf("Parse(%q) = %v, want an error", text, s)
		}
	}
}

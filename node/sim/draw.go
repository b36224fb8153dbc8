package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// names of homes, in the order in which they come.
var names = []string{"ann", "ben", "cem", "dora", "eve", "fay", "gus", "hal", "ida", "jon"}

// Draw makes a scenario from a seed: a few homes, and some hours, days or months in
// which people do what people do and everything goes wrong that can.
func Draw(seed uint64) *Scenario {
	d := &draft{r: rand.New(rand.NewPCG(seed, 0x6472_6177)), s: &Scenario{Seed: seed}}
	d.net()
	n := 2 + d.r.IntN(3)
	if d.r.IntN(8) == 0 {
		n = 5 + d.r.IntN(4)
	}
	d.act("ann", "begins")
	d.inside = []string{"ann"}
	for _, name := range names[1:n] {
		d.pass(30 * time.Second)
		d.joins(name)
	}
	// Most stories begin when all have met; some do not wait.
	if d.r.IntN(4) > 0 {
		d.pass(5 * time.Minute)
	}
	paces := []time.Duration{10 * time.Second, 10 * time.Minute, 6 * time.Hour, time.Minute, 4 * day}
	if n > 4 {
		paces = paces[:4] // months of a large circle are many epochs for many homes
	}
	d.pace = pick(d.r, paces)
	for range 12 + d.r.IntN(26) {
		d.pass(d.pace)
		d.step()
	}
	return d.s
}

// draft is a scenario being drawn.
type draft struct {
	r      *rand.Rand
	s      *Scenario
	now    time.Duration
	pace   time.Duration
	inside []string // who was let in or is about to be
	made   []string // needs
	open   []string // decisions
	n      int
	liar   bool
}

func (d *draft) net() {
	d.s.Net = Net{Least: 5 * time.Millisecond, Most: []time.Duration{20 * time.Millisecond, 200 * time.Millisecond, 3 * time.Second}[d.r.IntN(3)]}
	if d.r.IntN(2) == 0 {
		d.s.Net.Loss = []float64{0.01, 0.1, 0.3}[d.r.IntN(3)]
		d.s.Net.Twice = []float64{0, 0.1}[d.r.IntN(2)]
		d.s.Net.Late = []float64{0, 0.2}[d.r.IntN(2)]
	}
	d.s.Net.NoGossip = d.r.IntN(6) == 0
}

func (d *draft) act(who, does string, with ...string) {
	d.s.Acts = append(d.s.Acts, Act{At: d.now, Who: who, Does: does, With: with})
}

// pass lets about that much time go by.
func (d *draft) pass(about time.Duration) {
	d.now += time.Duration(d.r.Int64N(int64(2 * about))).Truncate(time.Millisecond)
}

func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

func (d *draft) label(kind string) string { d.n++; return fmt.Sprint(kind, d.n) }

func (d *draft) joins(name string) {
	d.act(name, "joins", pick(d.r, d.inside))
	d.inside = append(d.inside, name)
}

// step draws what happens next: mostly what people do, else what goes wrong.
func (d *draft) step() {
	who := pick(d.r, d.inside)
	switch d.r.IntN(12) {
	case 0, 1, 2, 3:
		d.says(who)
	case 4, 5:
		d.answers(who)
	case 6:
		d.decides(who)
	case 7, 8, 9:
		d.suffers(who)
	case 10:
		d.wires()
	case 11:
		d.changes(who)
	}
}

func (d *draft) says(who string) {
	label := d.label("n")
	switch d.r.IntN(6) {
	case 0:
		d.act(who, "asks", label, pick(d.r, d.inside))
	case 1:
		d.act(who, "tenderly", label)
	default:
		d.act(who, "asks", label)
	}
	d.made = append(d.made, label)
}

func (d *draft) answers(who string) {
	if len(d.made) == 0 {
		return
	}
	d.act(who, pick(d.r, []string{"yes", "yes", "yes", "not-now", "done", "releases", "enough", "notes", "thanks", "retracts", "retracts"}), pick(d.r, d.made))
}

func (d *draft) decides(who string) {
	switch d.r.IntN(6) {
	case 0, 1:
		label := d.label("d")
		switch d.r.IntN(4) {
		case 0:
			d.act(who, "lapses", pick(d.r, d.inside), label)
		case 1:
			d.act(who, "proposes", label)
		default:
			d.act(who, "parts", pick(d.r, d.inside), label)
		}
		d.open = append(d.open, label)
	default:
		if len(d.open) > 0 {
			d.act(who, pick(d.r, []string{"consents", "consents", "concern", "enacts", "enacts"}), pick(d.r, d.open))
		}
	}
}

func (d *draft) suffers(who string) {
	switch d.r.IntN(10) {
	case 0, 1:
		d.act(who, "crashes", pick(d.r, []string{"drafted", "durable", "joined", "visible", "announced"}), fmt.Sprint(d.r.IntN(3)),
			formatSpan(pick(d.r, []time.Duration{time.Second, time.Minute, d.pace * 3})))
	case 2:
		d.act(who, "falls", formatSpan(pick(d.r, []time.Duration{time.Second, time.Minute, d.pace * 3})))
	case 3:
		d.act(who, pick(d.r, []string{"stops", "sleeps"}))
	case 4:
		d.act(who, pick(d.r, []string{"starts", "wakes"}))
	case 5:
		d.act(who, "disk", pick(d.r, []string{"fails", "lies", "unread"}), fmt.Sprint(1+d.r.IntN(4)))
	case 6:
		d.act(who, "disk", pick(d.r, []string{"full", "mend", "mend"}))
	case 7:
		d.act(who, "clock", pick(d.r, []string{"0s", "2m", "-2m", "30m", "-1d", "365d", "-1000d", "3h"}))
	case 8:
		d.act(who, "backup")
	case 9:
		d.act(who, pick(d.r, []string{"restores", "falls", "wakes", "starts"}))
	}
}

func (d *draft) wires() {
	if d.r.IntN(2) == 0 {
		d.act("world", "heals")
		return
	}
	with := slices.Clone(d.inside)
	d.r.Shuffle(len(with), func(i, j int) { with[i], with[j] = with[j], with[i] })
	d.act("world", "splits", slices.Insert(with, 1+d.r.IntN(len(with)), "|")...)
}

func (d *draft) changes(who string) {
	switch d.r.IntN(8) {
	case 0, 1:
		if len(d.inside) < len(names) {
			d.joins(names[len(d.inside)])
		}
	case 2:
		d.act(who, "leaves")
	case 3:
		d.act(who, "welcomes", pick(d.r, d.inside))
	case 4, 5:
		if !d.liar && who != "ann" {
			d.liar = true
			ways := slices.Clone(lies)
			d.r.Shuffle(len(ways), func(i, j int) { ways[i], ways[j] = ways[j], ways[i] })
			d.act(who, "cheats", ways[:1+d.r.IntN(4)]...)
		}
	case 6:
		if !d.liar {
			d.liar = true
			d.act("thief", "copies", who)
			d.inside = append(d.inside, "thief")
		}
	case 7:
		name := d.label("x")
		d.act(who, "links", name)
		d.inside = append(d.inside, name)
	}
}

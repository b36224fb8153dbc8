package sim

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"tend/node"
)

// verb is something that an act can say.
type verb struct {
	least int // words it takes at least
	do    func(h *home, with []string)
	world bool // said of the world
}

// verbs are the words of the scenario language. An act that cannot be done (the
// home is off, nobody of that name is in, the circle's rules say no) changes
// nothing: a smaller scenario stays one.
var verbs map[string]verb

func init() {
	verbs = map[string]verb{
		// people
		"begins":     {0, begins, false},                   // NAME: a circle
		"joins":      {1, joins, false},                    // at whose door
		"invites":    {1, invites, false},                  // SLIP [uses]
		"knocks":     {2, knocks, false},                   // with SLIP at whose door
		"leaves":     {0, leaves, false},                   //
		"welcomes":   {1, welcomes, false},                 // a newcomer
		"asks":       {1, asks, false},                     // NEED [of whom…]
		"tenderly":   {1, asksTenderly, false},             // NEED, to fade thirty days after closing
		"yes":        {1, saysYes, false},                  // to what
		"not-now":    {1, saysNotNow, false},               //
		"done":       {1, marksDone, false},                //
		"releases":   {1, releases, false},                 //
		"enough":     {1, saysEnough, false},               // to a need of their own
		"notes":      {1, notes, false},                    // on what
		"thanks":     {1, thanks, false},                   // for what
		"retracts":   {1, retracts, false},                 // what
		"proposes":   {1, proposes, false},                 // a text, LABEL
		"parts":      {2, parts, false},                    // from whom, LABEL
		"lapses":     {2, lapses, false},                   // whom, LABEL
		"consents":   {1, consents, false},                 // to LABEL
		"concern":    {1, concerned, false},                // about LABEL
		"enacts":     {1, enacts, false},                   // LABEL
		"trusts":     {2, trusts, false},                   // K, whom…
		"returns":    {3, returns, false},                  // as whom, with SLIP, at whose door
		"stands-for": {2, standsFor, false},                // MEMBER, the home that shows the code
		"lets-back":  {1, letsBack, false},                 // MEMBER
		"vetoes":     {0, vetoes, false},                   // whoever comes back in their name
		"links":      {1, links, false},                    // a new home as a further device
		"revokes":    {1, revokes, false},                  // another device of their own
		"keeps-time": {1, func(*home, []string) {}, false}, // a note; does nothing

		// what befalls a home
		"stops":    {0, func(h *home, _ []string) { h.stop() }, false},
		"starts":   {0, func(h *home, _ []string) { h.start() }, false},
		"sleeps":   {0, func(h *home, _ []string) { h.sleep() }, false},
		"wakes":    {0, func(h *home, _ []string) { h.wake() }, false},
		"falls":    {0, falls, false},   // [off for]
		"crashes":  {1, crashes, false}, // at STEP [after N] [off for]
		"clock":    {1, clock, false},   // how much it is ahead
		"disk":     {1, disk, false},    // full | mend | fails N | lies N | unread N
		"backup":   {0, func(h *home, _ []string) { h.keep() }, false},
		"restores": {0, func(h *home, _ []string) { h.restore() }, false},
		"copies":   {1, copies, false}, // a thief gets all that a home keeps
		"cheats":   {1, cheats, false}, // in these ways (lie.go)

		// the world
		"splits": {1, splits, true}, // a b | c d: those not named stay with the last
		"heals":  {0, func(h *home, _ []string) { h.w.net.side = nil; h.w.net.lookSoon() }, true},

		// what should be so
		"sees":      {1, seesThing, false},    // NEED
		"forgot":    {1, forgotThing, false},  // what was taken back
		"lacks":     {1, lacksThing, false},   // NEED
		"knows":     {1, knowsMember, false},  // that somebody is a member
		"misses":    {1, missesMember, false}, // somebody who is none (any more)
		"hears":     {1, hearsVoice, false},   // that somebody has voice
		"voiceless": {1, hearsNoVoice, false},
		"in":        {0, isIn, false},
		"out":       {0, isOut, false},
		"forked":    {1, seesFork, false}, // that somebody's device is shown to have forked
		"void":      {1, seesVoid, false}, // that a thing of their own has no effect
	}
}

// act does one act of the scenario.
func (w *World) act(a Act) {
	v := verbs[a.Does]
	w.say("> %s", a)
	w.traced(a.String(), nil)
	h := w.named[a.Who]
	switch {
	case v.world:
		h = &home{w: w}
	case h == nil && (a.Does == "begins" || a.Does == "joins" || a.Does == "knocks" || a.Does == "copies" || a.Does == "returns"):
		h = w.home(a.Who)
	case h == nil:
		return
	}
	v.do(h, a.With)
}

func falls(h *home, with []string) {
	if h.hand != nil {
		h.fall(span(with, 0, 10*time.Second))
	}
}

// steps are the names of the steps of a commit.
var steps = map[string]node.Step{"drafted": node.Drafted, "durable": node.Durable, "joined": node.Joined, "visible": node.Visible, "announced": node.Announced}

func crashes(h *home, with []string) {
	step, ok := steps[with[0]]
	if !ok {
		return
	}
	h.trap = trap{step: step, after: number(with, 1, 0), off: span(with, 2, 10*time.Second), set: true}
}

func clock(h *home, with []string) {
	h.skew = span(with, 0, 0)
	h.stirIfOn()
}

func disk(h *home, with []string) {
	n := number(with, 1, 1)
	h.hurt = true
	switch with[0] {
	case "full":
		h.disk.Fill()
	case "mend":
		h.disk.Mend()
		h.hurt = false
	case "fails":
		h.disk.FailWrite(n)
	case "lies":
		h.disk.FailAfterWrite(n)
	case "unread":
		h.disk.FailRead(n)
	}
}

// copies gives a thief all that another home keeps: its keys and its store.
func copies(h *home, with []string) {
	from := h.w.named[with[0]]
	if from == nil || from == h || from.w.circle.IsZero() {
		return
	}
	if h.hand != nil {
		h.fallSilent()
	}
	h.keys, h.peer = from.keys.Clone(), from.peer
	h.put(from.mem.Snapshot())
	h.cheats["thief"] = true
	h.start()
}

func cheats(h *home, with []string) {
	for _, lie := range with {
		h.cheats[lie] = true
	}
	h.cheat()
}

func splits(h *home, with []string) {
	sides := map[*home]int{}
	side := 0
	for _, word := range with {
		if word == "|" {
			side++
			continue
		}
		if o := h.w.named[word]; o != nil {
			sides[o] = side
		}
	}
	for _, o := range h.w.homes {
		if _, said := sides[o]; !said {
			sides[o] = side
		}
	}
	h.w.net.split(sides)
}

func (h *home) stirIfOn() {
	if h.on() {
		h.stir()
	}
}

// number reads a word as a number.
func number(with []string, at, otherwise int) int {
	if at >= len(with) {
		return otherwise
	}
	n, err := strconv.Atoi(with[at])
	if err != nil {
		return otherwise
	}
	return n
}

// span reads a word as a duration.
func span(with []string, at int, otherwise time.Duration) time.Duration {
	if at >= len(with) {
		return otherwise
	}
	d, err := parseSpan(with[at])
	if err != nil {
		return otherwise
	}
	return d
}

// canary is the word that marks what is said under a label, so that it can be
// looked for where it must not be.
func canary(label string) string { return canaryMark + label + "-" }

const canaryMark = "canary-"

// labelled finds the labels whose canaries are in data.
func labelled(data string) []string {
	var out []string
	for {
		at := strings.Index(data, canaryMark)
		if at < 0 {
			return out
		}
		data = data[at+len(canaryMark):]
		if end := strings.IndexByte(data, '-'); end > 0 && end < 40 && !slices.Contains(out, data[:end]) {
			out = append(out, data[:end])
		}
	}
}

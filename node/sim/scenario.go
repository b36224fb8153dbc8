package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Scenario says what happens. Acts are in the order of their times.
type Scenario struct {
	Seed uint64 // of everything that is left to chance
	Net  Net
	Acts []Act
}

// Net is how the wires between homes are.
type Net struct {
	Least, Most time.Duration // how long a message is under way
	Loss        float64       // share of gossip that is lost, and of streams that are cut at a frame
	Twice       float64       // share of gossip that comes twice
	Late        float64       // share of gossip that comes after what was sent later
	NoGossip    bool
}

// Act is one thing that somebody does, or that happens to them.
type Act struct {
	At   time.Duration // since the beginning; AtEnd: once all is healed and quiet
	Who  string        // a home, or "world"
	Does string        // a verb of the table in verbs.go
	With []string
}

// AtEnd is when acts are done that look at how it ended.
const AtEnd time.Duration = 1<<63 - 1

// String is the act as a line of a scenario's text.
func (a Act) String() string {
	return strings.Join(append([]string{formatTime(a.At), a.Who, a.Does}, a.With...), " ")
}

// String is the scenario's text; [Parse] reads it.
func (s *Scenario) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d\nnet delay %v %v loss %v twice %v late %v", s.Seed, s.Net.Least, s.Net.Most, s.Net.Loss, s.Net.Twice, s.Net.Late)
	if s.Net.NoGossip {
		b.WriteString(" gossip off")
	}
	b.WriteString("\n")
	for _, a := range s.Acts {
		fmt.Fprintln(&b, a)
	}
	return b.String()
}

// Parse reads a scenario:
//
//	# what this is about
//	seed 7
//	net delay 20ms 200ms loss 0.05 twice 0.02 late 0.1 gossip off
//	0s    ann begins
//	1m    bo joins ann
//	30d   world heals
//	end   bo sees soup
//
// Both first lines may be left out. Times may count days, and do not go back.
func Parse(text string) (*Scenario, error) {
	s := &Scenario{Seed: 1, Net: Net{Least: 5 * time.Millisecond, Most: 80 * time.Millisecond}}
	for n, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if err := s.parseLine(words); err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
	}
	if !slices.IsSortedFunc(s.Acts, func(a, b Act) int { return compareTimes(a.At, b.At) }) {
		return nil, fmt.Errorf("times go back")
	}
	return s, nil
}

func (s *Scenario) parseLine(words []string) (err error) {
	switch words[0] {
	case "seed":
		if len(words) != 2 {
			return fmt.Errorf("a seed is one number")
		}
		s.Seed, err = strconv.ParseUint(words[1], 10, 64)
		return err
	case "net":
		return s.Net.parse(words[1:])
	}
	if len(words) < 3 {
		return fmt.Errorf("an act is a time, who, and what they do")
	}
	a := Act{Who: words[1], Does: words[2], With: words[3:]}
	if a.At, err = parseTime(words[0]); err != nil {
		return err
	}
	v, ok := verbs[a.Does]
	switch {
	case !ok:
		return fmt.Errorf("nobody can %q", a.Does)
	case len(a.With) < v.least:
		return fmt.Errorf("%s takes at least %d words", a.Does, v.least)
	}
	s.Acts = append(s.Acts, a)
	return nil
}

func (n *Net) parse(words []string) (err error) {
	for len(words) > 0 && err == nil {
		name, rest := words[0], words[1:]
		needed := 1
		if name == "delay" {
			needed = 2
		}
		if len(rest) < needed {
			return fmt.Errorf("net %s: what?", name)
		}
		switch name {
		case "delay":
			if n.Least, err = time.ParseDuration(rest[0]); err == nil {
				n.Most, err = time.ParseDuration(rest[1])
			}
			if err == nil && (n.Least < 0 || n.Most < n.Least) {
				err = fmt.Errorf("net delay: from the least to the most")
			}
		case "loss":
			n.Loss, err = strconv.ParseFloat(rest[0], 64)
		case "twice":
			n.Twice, err = strconv.ParseFloat(rest[0], 64)
		case "late":
			n.Late, err = strconv.ParseFloat(rest[0], 64)
		case "gossip":
			n.NoGossip = rest[0] == "off"
		default:
			err = fmt.Errorf("net %s is unknown", name)
		}
		words = rest[needed:]
	}
	return err
}

const day = 24 * time.Hour

// parseTime reads a duration that may begin with days, or "end".
func parseTime(text string) (time.Duration, error) {
	if text == "end" {
		return AtEnd, nil
	}
	return parseSpan(text)
}

// parseSpan reads a duration that may begin with days, and with a minus.
func parseSpan(text string) (time.Duration, error) {
	rest, negative := strings.CutPrefix(text, "-")
	var sum time.Duration
	if days, after, ok := strings.Cut(rest, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil {
			return 0, fmt.Errorf("time %q: %w", text, err)
		}
		sum, rest = time.Duration(n)*day, after
	}
	if rest != "" {
		d, err := time.ParseDuration(rest)
		if err != nil {
			return 0, fmt.Errorf("time %q: %w", text, err)
		}
		sum += d
	}
	if negative {
		sum = -sum
	}
	return sum, nil
}

func formatTime(t time.Duration) string {
	if t == AtEnd {
		return "end"
	}
	return formatSpan(t)
}

func formatSpan(t time.Duration) string {
	if t < 0 {
		return "-" + formatSpan(-t)
	}
	if t < day {
		return t.String()
	}
	if t%day == 0 {
		return fmt.Sprintf("%dd", t/day)
	}
	return fmt.Sprintf("%dd%v", t/day, t%day)
}

func compareTimes(a, b time.Duration) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

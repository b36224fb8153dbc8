package sim

import (
	"math/rand/v2"
	"slices"
	"time"

	"tend/node"
)

// net is what lies between homes.
type net struct {
	w       *World
	side    map[*home]int // in a split; nil: none
	looking bool
	talks   []*talk
	order   map[*home][]*home // whom a home would rather be connected with
}

func newNet(w *World) *net { return &net{w: w, order: map[*home][]*home{}} }

// reach reports whether a message gets from one home to another.
func (n *net) reach(a, b *home) bool {
	return a != b && a.on() && b.on() && (n.side == nil || n.side[a] == n.side[b])
}

// heal ends all splits; from then on nothing is lost.
func (n *net) heal() {
	n.side = nil
	n.w.scenario = &Scenario{Seed: n.w.scenario.Seed, Acts: n.w.scenario.Acts,
		Net: Net{Least: n.w.scenario.Net.Least, Most: n.w.scenario.Net.Most, NoGossip: n.w.scenario.Net.NoGossip}}
}

// split puts homes on sides; those not named are on the last one.
func (n *net) split(sides map[*home]int) {
	n.side = sides
	n.lookSoon()
}

// lookSoon looks at who should be connected with whom, after a moment.
func (n *net) lookSoon() {
	if n.looking {
		return
	}
	n.looking = true
	n.w.in(500*time.Millisecond, func() {
		n.looking = false
		n.look()
	})
}

// look connects and cuts: homes are connected where one takes the other for the
// device of a member, or owes it a goodbye. In a large circle each sees to a few.
func (n *net) look() {
	wanted := n.wanted()
	for i, a := range n.w.homes {
		for _, b := range n.w.homes[:i] {
			is, want := slices.Contains(a.wire.links, b), wanted[[2]*home{a, b}] && n.reach(a, b)
			switch {
			case is && !want:
				n.cut(a, b)
			case !is && want:
				n.connect(a, b)
			case is:
				n.partings(a, b)
			}
		}
	}
}

// wanted are the pairs that should be connected, the later home first.
func (n *net) wanted() map[[2]*home]bool {
	out := map[[2]*home]bool{}
	for _, a := range n.w.homes {
		if !a.on() || a.view() == nil {
			continue
		}
		var fellows []*home
		for _, b := range n.favours(a) {
			if !n.reach(a, b) || b.view() == nil {
				continue
			}
			switch a.hand.Standing(b.peer) {
			case node.Fellow:
				fellows = append(fellows, b)
			case node.Parted:
				out[pair(a, b)] = true
			}
		}
		if len(fellows) > smallCircle {
			fellows = fellows[:linked]
		}
		for _, b := range fellows {
			out[pair(a, b)] = true
		}
	}
	return out
}

// favours are all other homes in an order of this home's own.
func (n *net) favours(a *home) []*home {
	if len(n.order[a]) != len(n.w.homes)-1 {
		all := slices.DeleteFunc(slices.Clone(n.w.homes), func(o *home) bool { return o == a })
		rand.New(rand.NewPCG(n.w.scenario.Seed, uint64(a.number))).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		n.order[a] = all
	}
	return n.order[a]
}

func pair(a, b *home) [2]*home {
	if a.number < b.number {
		a, b = b, a
	}
	return [2]*home{a, b}
}

func (n *net) connect(a, b *home) {
	for _, x := range []struct{ h, o *home }{{a, b}, {b, a}} {
		x.h.wire.links = append(x.h.wire.links, x.o)
		slices.SortFunc(x.h.wire.links, func(p, q *home) int { return p.number - q.number })
		x.h.hand.Clock(x.o.peer, x.o.now().Sub(x.h.now()))
		x.h.wire.stir()
	}
	opener, other := a, b
	if n.w.rand.IntN(2) == 0 {
		opener, other = b, a
	}
	opener.later(n.delay(), func() { opener.wire.greet(other) })
	other.later(n.delay(), func() {
		if other.on() {
			other.wire.part(opener)
		}
	})
}

// partings lets a connected pair say the goodbyes that became due.
func (n *net) partings(a, b *home) {
	for _, x := range []struct{ h, o *home }{{a, b}, {b, a}} {
		if x.h.hand.Standing(x.o.peer) == node.Parted {
			x.h.later(n.delay(), func() {
				if x.h.on() {
					x.h.wire.part(x.o)
				}
			})
		}
	}
}

// cut ends a connection and all talks on it.
func (n *net) cut(a, b *home) {
	drop := func(x *wire, o *home) {
		x.links = slices.DeleteFunc(slices.Clone(x.links), func(l *home) bool { return l == o })
		delete(x.holds, o)
		delete(x.tries, o)
	}
	drop(a.wire, b)
	drop(b.wire, a)
	for _, t := range n.talks {
		if e := t.ends[0]; e.h == a && e.other.h == b || e.h == b && e.other.h == a {
			t.close(errCut)
		}
	}
	n.talks = slices.DeleteFunc(n.talks, func(t *talk) bool { return t.over })
}

func (n *net) delay() time.Duration {
	return n.w.between(n.w.scenario.Net.Least, n.w.scenario.Net.Most)
}

// frame carries a frame of a stream. A stream keeps order and loses nothing, until
// it is cut.
func (n *net) frame(e *end, data []byte) {
	if n.w.chance(n.w.scenario.Net.Loss / 4) {
		n.w.in(n.delay(), func() { e.t.close(errCut) })
	}
	at := max(n.w.now+n.delay(), e.last)
	e.last = at
	e.flying++
	n.w.at(at, func() {
		e.flying--
		e.other.arrive(data)
	})
}

// datagram carries something that may be lost, come twice, or late.
func (n *net) datagram(a, b *home, arrive func()) {
	for range 2 {
		if n.w.chance(n.w.scenario.Net.Loss) {
			return
		}
		wait := n.delay()
		if n.w.chance(n.w.scenario.Net.Late) {
			wait += n.w.between(time.Second, time.Minute)
		}
		n.w.in(wait, func() {
			if n.reach(a, b) {
				arrive()
			}
		})
		if !n.w.chance(n.w.scenario.Net.Twice) {
			return
		}
	}
}

// idle ends a talk on which nothing moves.
func (n *net) idle(t *talk) {
	n.w.in(streamIdle, func() {
		if t.over {
			return
		}
		if n.w.now-t.moved >= streamIdle {
			t.close(errCut)
			return
		}
		n.idle(t)
	})
}

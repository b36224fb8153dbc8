package node

import (
	"errors"
	"time"
)

// Step is a place in a commit at which a program can end: what the step before it
// did is done, and nothing after it.
type Step int

// The steps of a commit (ARCHITECTURE.md, the way of data).
const (
	Drafted   Step = iota // judged and sealed on a working copy; nothing is kept
	Durable               // in the store, synced if own
	Joined                // the working copy is the state
	Visible               // answered and published
	Announced             // the network was told
)

// Hand is a node without a goroutine, for a simulation that is one: what is asked
// of a circle's loop is done before the call returns, and what a running node does
// by itself is done by [Hand.Upkeep]. All of it is the code that [Node.Run] runs.
// One goroutine at a time may use a Hand and its Node.
type Hand struct {
	*Node

	step    func(Step)
	busy    bool
	hurried time.Duration
	news    *listener[Move]
}

// ByHand opens all circles there are keys of. step, if it is not nil, is called at
// each step of each commit, and may panic to end the node there: the Hand must not
// be used any more then. What was waiting for the network by then is lost with it.
func ByHand(cfg Config, step func(Step)) (*Hand, error) {
	n, err := New(cfg)
	if err != nil {
		return nil, err
	}
	h := &Hand{Node: n, step: step, news: &listener[Move]{wake: make(chan struct{}, 1)}}
	n.hand = h
	n.moves.listeners[h.news] = struct{}{}
	return h, nil
}

// Upkeep does what is due in all circles, and says how long that may wait until
// it is looked at again.
func (h *Hand) Upkeep() time.Duration {
	wait := tickEvery
	for _, x := range h.runners() {
		h.hurried, x.hurried = 0, false
		h.alone(func() {
			x.sayName()
			wait = min(wait, x.upkeep())
			x.catchUp()
		})
		h.serve(x)
	}
	return wait
}

// Rest does what a node does that has nothing else to do: it writes checkpoints, and
// cleans the store's files of what was let go.
func (h *Hand) Rest() {
	for _, x := range h.runners() {
		h.alone(func() {
			x.checkpoint()
			x.forget(false)
		})
	}
}

// Hurried is how soon the next upkeep is asked for, because the circle waits for a
// sign from this home; zero if it is not.
func (h *Hand) Hurried() time.Duration { return h.hurried }

// News returns what changed since the last call, for the network.
func (h *Hand) News() []Move { return h.news.take() }

// serve does what waits in a circle's inbox, until nothing does.
func (h *Hand) serve(x *runner) {
	if h.busy {
		return // whoever is at work comes to it
	}
	for {
		select {
		case j := <-x.inbox:
			h.alone(func() {
				if wait, hurry := x.work(j); hurry {
					h.hurried = max(wait, 1)
				}
			})
		default:
			return
		}
	}
}

// alone does one thing of a circle's loop.
func (h *Hand) alone(do func()) {
	if h.busy {
		panic("a circle's loop asks itself")
	}
	h.busy = true
	do()
	h.busy = false
}

// ask is what runner.ask does, by hand.
func (h *Hand) ask(x *runner, j job) error {
	if h.busy {
		panic("a circle's loop asks itself")
	}
	h.serve(x)
	x.inbox <- j
	h.serve(x)
	select {
	case err := <-j.done:
		return err
	default:
		return errors.New("the loop did not answer")
	}
}

// passed tells whoever has the node in hand that a commit passed a step.
func (x *runner) passed(s Step) {
	if h := x.node.hand; h != nil && h.step != nil {
		h.step(s)
	}
}

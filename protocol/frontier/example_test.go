package frontier_test

import (
	"fmt"
	"testing"

	"tend/crdt"
	"tend/protocol/frontier"
)

// Two replicas meet: each has written something the other lacks. Frames go over a
// wire of the owner's making; here they are handed over.
func Example() {
	a := newReplica(&testing.T{}, "a").found()
	b := a.copyTo(newReplica(&testing.T{}, "b"))
	a.branch(1, crdt.ID{}, "a need")
	b.branch(2, crdt.ID{}, "an offer")

	asks := frontier.NewInitiator(a.config(1))
	answers := frontier.NewResponder(b.config(2))
	wire := asks.Start(frontier.HelloNow) // from a to b, then to and fro
	for from, to := a, b; ; from, to = to, from {
		s := map[*replica]*frontier.Session{a: asks, b: answers}[to]
		var back = wire[:0:0]
		for _, f := range wire {
			step, err := s.Receive(f)
			if err != nil {
				panic(err)
			}
			back = append(back, step.Send...)
			for _, batch := range step.Batches {
				back = append(back, s.Applied(to.commit(batch))...)
			}
		}
		for f, ok, err := s.Next(); ok; f, ok, err = s.Next() {
			if err != nil {
				panic(err)
			}
			back = append(back, f)
		}
		if done, equal := asks.Over(); done {
			fmt.Println("equal:", equal, "- ops here and there:", len(from.stored), len(to.stored))
			return
		}
		wire = back
	}
	// Output:
	// equal: true - ops here and there: 3 3
}

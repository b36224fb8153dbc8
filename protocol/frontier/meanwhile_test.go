package frontier_test

import (
	"fmt"
	"testing"

	"tend/crdt"
	"tend/protocol"
	"tend/protocol/frontier"
)

// TestAForkThatComesMeanwhile: while two logs with one branch each of a device
// compare, one of them gets the other's branch from elsewhere. What it says and
// ships is of the log as it was at HELLO: nothing on the wire may be mistaken for
// what it is not, and the next session makes both equal.
func TestAForkThatComesMeanwhile(t *testing.T) {
	for _, swap := range []bool{false, true} {
		for after := range 4 {
			t.Run(fmt.Sprintf("swap %v after %d frames", swap, after), func(t *testing.T) {
				a := newReplica(t, "a").found()
				var root crdt.ID
				for i := range 3 {
					root = a.branch(1, root, fmt.Sprint("common ", i)).ID
				}
				b := a.copyTo(newReplica(t, "b"))
				grow := func(r *replica, name string, n int) (branch []crdt.Op) {
					at := root
					for i := range n {
						op := r.branch(1, at, fmt.Sprint(name, i))
						branch, at = append(branch, op), op.ID
					}
					return branch
				}
				grow(a, "mine", 9)
				theirs := grow(b, "theirs", 3)
				one, two := a, b
				if swap {
					one, two = b, a
				}
				x, y := frontier.NewInitiator(one.config(1)), frontier.NewResponder(two.config(2))
				toY, toX := x.Start(frontier.HelloNow), []protocol.Frame(nil)
				frames := 0
				hear := func(s *frontier.Session, r *replica, in, out *[]protocol.Frame) bool {
					if frames++; frames == after+1 {
						for _, op := range theirs {
							a.take(op)
						}
					}
					if len(*in) == 0 {
						f, more, err := s.Next()
						if err != nil {
							t.Fatal(err)
						}
						if more {
							*out = append(*out, f)
						}
						return more
					}
					f := (*in)[0]
					*in = (*in)[1:]
					step, err := s.Receive(f)
					if err != nil {
						t.Fatalf("%s: %v", r.name, err)
					}
					if len(step.Bad) > 0 {
						t.Fatalf("%s finds %d ops with wrong signatures", r.name, len(step.Bad))
					}
					*out = append(*out, step.Send...)
					for _, batch := range step.Batches {
						*out = append(*out, s.Applied(r.commit(batch))...)
					}
					return true
				}
				for hear(y, two, &toY, &toX) || hear(x, one, &toX, &toY) {
				}
				meet(t, a, b, 3, plan{kind: frontier.HelloNow})
				equalSets(t, a, b)
			})
		}
	}
}

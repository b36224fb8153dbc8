package node_test

import (
	"fmt"
	"testing"

	"tend/crdt/circle"
)

// TestLooksKeepWhatTheyRead: a running home keeps between looks what it read of the posts;
// a state alone reads them anew.
func TestLooksKeepWhatTheyRead(t *testing.T) { unhurried(t, looksKeepWhatTheyRead) }

func looksKeepWhatTheyRead(t *testing.T) {
	ann := newHome(t, "Ann")
	id := ann.begin("Elm Street")
	for i := range 50 {
		ann.do(id, wish(fmt.Sprint("soup ", i)))
	}
	s, env := ann.view(id).State, ann.env(id)
	look := func(s *circle.State) float64 {
		return testing.AllocsPerRun(10, func() {
			if got := len(s.Posts(env, circle.Filter{Needs: true})); got != 50 {
				t.Fatalf("%d needs, want 50", got)
			}
		})
	}
	kept, anew := look(s), look(s.With(nil))
	if kept*4 > anew {
		t.Errorf("a look makes %v things, and one that keeps nothing %v", kept, anew)
	}
	ann.do(id, wish("soup 50"))
	if got := len(ann.view(id).State.Posts(env, circle.Filter{Needs: true})); got != 51 {
		t.Errorf("%d needs after one more, want 51", got)
	}
}

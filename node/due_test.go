package node_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"tend/node"
	"tend/storage"
)

// TestWhatIsDueIsDoneWhenAsked: a clock that was put a week ahead, and a home that
// makes its keys anew at once rather than at its next tick.
func TestWhatIsDueIsDoneWhenAsked(t *testing.T) {
	var clock skewed
	ann := newHomeOn(t, "Ann", storage.NewMem(), clock.now)
	id := ann.begin("Elm Street")
	if err := ann.DoDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := len(ann.view(id).People.Epochs())
	clock.by.Store(int64(8 * 24 * time.Hour))
	if err := ann.DoDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := len(ann.view(id).People.Epochs()); after != before+1 {
		t.Errorf("%d epochs after a week, want one more than %d", after, before)
	}
	gone, stop := context.WithCancel(t.Context())
	stop()
	old := ann.Node
	ann.shut()
	if err := old.DoDue(gone); !errors.Is(err, node.ErrClosed) && !errors.Is(err, context.Canceled) {
		t.Errorf("a node that stopped says %v", err)
	}
	ann.start()
}

package circle

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"tend/crdt"
)

type open struct{}

func (open) Lock()   {}
func (open) Unlock() {}

// TestReadingsOfOneThingKeepNoListOfAllThatChanged: a home of which somebody reads one
// need again and again while thousands of things are written.
func TestReadingsOfOneThingKeepNoListOfAllThatChanged(t *testing.T) {
	k, s := NewReadings(open{}), NewState(crdt.ID{})
	write := func(n int) {
		s = s.Fork()
		s.Apply(Change{Meta: Meta{ID: sha256.Sum256(fmt.Append(nil, n)), HLC: crdt.HLC(n)}, Body: &NeedPosted{Title: "soup", People: 1}})
	}
	write(0)
	if got := len(s.With(k).Posts(Env{}, Filter{})); got != 1 {
		t.Fatalf("%d needs, want one", got)
	}
	for n := range 2000 {
		write(n)
		s.With(k).Post(Env{}, crdt.ID{1})
		if len(k.unread) > fewUnread || len(k.invites.unread) > fewUnread {
			t.Fatalf("after %d needs %d and %d are noted", n, len(k.unread), len(k.invites.unread))
		}
	}
	if got := len(s.With(k).Posts(Env{}, Filter{})); got != 2000 {
		t.Errorf("%d needs, want 2000", got)
	}
}

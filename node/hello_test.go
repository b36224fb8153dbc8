package node_test

import (
	"errors"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node"
)

// askedIn is a home that was let into Ann's circle and has said no name.
func askedIn(t *testing.T) (ann, ben *home, id crdt.ID) {
	t.Helper()
	ann, ben = newHome(t, "Ann"), newHome(t, "Ben")
	id = ann.begin("Elm Street")
	state, err := ben.AskIn(ann.invites(id, node.InviteOptions{}))
	if err != nil {
		t.Fatal(err)
	}
	if ben.Nameless(id) {
		t.Error("nameless before anybody answered")
	}
	if err := knockAs(ben, ann, state); err != nil {
		t.Fatal(err)
	}
	var early *circle.Problem
	if err := ben.Hello(t.Context(), id, "Ben"); !errors.As(err, &early) || early.Code != circle.NotYet {
		t.Errorf("hello before the way in arrived: %v, want not yet", err)
	}
	meet(ben, ann, id)
	return ann, ben, id
}

// A newcomer who knocked without a name reads what the circle is, also after a
// restart; the others learn the name when it is said, and not before.
func TestSayingHelloAfterwards(t *testing.T) {
	ann, ben, id := askedIn(t)
	ben.restart()
	me := ben.view(id).Me
	if got := ben.view(id).People.Charter().Name; got != "Elm Street" {
		t.Errorf("the circle is called %q", got)
	}
	if !ben.Nameless(id) || ann.view(id).State.Name(me) != "" || ben.view(id).State.Name(me) != "" {
		t.Error("a name was said that nobody said")
	}
	if err := ben.Hello(t.Context(), id, ""); err == nil {
		t.Error("an empty name was said")
	}
	if err := ben.Hello(t.Context(), id, "Ben"); err != nil {
		t.Fatal(err)
	}
	meet(ben, ann, id)
	if got := ann.view(id).State.Name(me); got != "Ben" || ben.Nameless(id) {
		t.Errorf("after hello Ann calls them %q, nameless %v", got, ben.Nameless(id))
	}
}

// Whoever rather would not leaves without a name, and the home remembers that it
// never said one.
func TestNotNowLeavesWithoutAName(t *testing.T) {
	ann, ben, id := askedIn(t)
	me := ben.view(id).Me
	if err := ben.Leave(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	meet(ben, ann, id)
	m, ok := ann.view(id).People.Member(me)
	if !ok || m.Standing != membership.Left || ann.view(id).State.Name(me) != "" {
		t.Errorf("Ann sees %+v called %q, want somebody nameless who left", m.Standing, ann.view(id).State.Name(me))
	}
	if !ben.Nameless(id) {
		t.Error("the home forgot that it said no name")
	}
}

// A name given with the same invitation afterwards is the name, whether the door
// had opened by then or not.
func TestJoiningWithANameAfterAskingIn(t *testing.T) {
	for _, early := range []bool{true, false} {
		ann, ben := newHome(t, "Ann"), newHome(t, "Ben")
		id := ann.begin("Elm Street")
		code := ann.invites(id, node.InviteOptions{})
		state, err := ben.AskIn(code)
		if err != nil {
			t.Fatal(err)
		}
		if early {
			if _, err := ben.Join(code, "Ben"); err != nil {
				t.Fatal(err)
			}
		}
		if err := knockAs(ben, ann, state); err != nil {
			t.Fatal(err)
		}
		meet(ben, ann, id)
		if !early {
			if _, err := ben.Join(code, "Ben"); err != nil {
				t.Fatal(err)
			}
		}
		deadline(t, func() bool {
			meet(ben, ann, id)
			return ann.view(id).State.Name(ben.view(id).Me) == "Ben"
		})
		if ben.Nameless(id) {
			t.Errorf("nameless after the name was said; early %v", early)
		}
	}
}

package node

import (
	"context"
	"fmt"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node/replica"
	"tend/protocol"
)

// A newcomer may want to know whom they come to before they say who they are. Then
// their home knocks without a name: it is let in, reads how the circle does things,
// and writes the name once its person says hello, or leaves again (SPEC.md §6.3).

// Rows of the node's own: N|circle → nothing.
const rowNameless = 'N'

func namelessKey(id crdt.ID) []byte { return append([]byte{rowNameless}, id[:]...) }

// AskIn begins to knock with an invite as [Node.Join] does, and says no name. Once
// this home is in, [Node.Nameless] holds until [Node.Hello] or a leave.
func (n *Node) AskIn(code *protocol.Invite) (JoinState, error) {
	if x, err := n.runner(code.Circle); err == nil && x.unmet() {
		return n.meet(x, code, "")
	}
	return n.join(code, "")
}

// Nameless reports whether this home was let into a circle and its person has said
// no name there yet. It stays so where they left again without one.
func (n *Node) Nameless(id crdt.ID) bool {
	if _, asked, err := n.cfg.Store.Node().Get(namelessKey(id)); err != nil || !asked {
		return false
	}
	x, err := n.runner(id)
	if err != nil {
		return false
	}
	s := x.snap.Load()
	return s.State.Name(s.Me) == ""
}

// noteNameless keeps that this home comes into a circle without a name, before it is
// in.
func (n *Node) noteNameless(id crdt.ID, name string) error {
	if name != "" {
		return nil
	}
	if err := n.cfg.Store.Node().Put(row(namelessKey(id), []byte{})); err != nil {
		return fmt.Errorf("keep that no name was said: %w", err)
	}
	return nil
}

// nameJoining gives a joining that was begun without a name the one that was said now.
func (n *Node) nameJoining(j Joining, name string) error {
	if j.Name != "" || name == "" {
		return nil
	}
	return n.setJoinings(func(all []Joining) []Joining {
		for i := range all {
			if all[i].ID == j.ID {
				all[i].Name = name
			}
		}
		return all
	})
}

// nameAfterwards is nameJoining for a home that is in already: its loop writes the
// name with the next thing it does.
func (n *Node) nameAfterwards(x *runner, name string) error {
	if name == "" || !n.Nameless(x.id) {
		return nil
	}
	if err := x.ring.update(func(c *CircleKeys) { c.Name = name }); err != nil {
		return err
	}
	x.offer(job{do: func(*replica.Replica, time.Time) error { return nil }})
	return n.cfg.Store.Node().Put(row(namelessKey(x.id), nil))
}

// Hello says what the others are to call this member. The error is a
// [*circle.Problem] with code NotYet while the home's own admission has not arrived.
func (n *Node) Hello(ctx context.Context, id crdt.ID, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	x, err := n.runner(id)
	if err != nil {
		return unknownCircle(id)
	}
	if s := x.snap.Load(); s.Standing == membership.In && !s.Arrived {
		return circle.Refuse(circle.NotYet, "no.way_in")
	}
	if _, err := n.Do(ctx, id, circle.SetSection{Section: circle.SectionName, Values: []string{name}}); err != nil {
		return err
	}
	return n.cfg.Store.Node().Put(row(namelessKey(id), nil))
}

package api

import (
	"context"

	"tend/crdt"
	"tend/node/view"
)

// Returns is how a member who lost everything comes back.
type Returns interface {
	// NameTrustees names who may help this member back, and how many of them must; 0
	// is more than half.
	NameTrustees(ctx context.Context, id crdt.ID, list []crdt.ID, k int) (crdt.ID, error)
	// ComeBack asks at the doors of an invitation to be known again as name, by 24
	// words or, without, by those who will stand. It waits as Doors.Join does.
	ComeBack(ctx context.Context, code, name, phrase string) (view.Joining, error)
	// Recovery is what to show them.
	Recovery(ctx context.Context) (view.Recovery, error)
	// ReadRecovery tells the words of such a code.
	ReadRecovery(ctx context.Context, code string) (view.Recovery, error)
	// StandFor says that whoever shows the code is that member.
	StandFor(ctx context.Context, id, member crdt.ID, code string) (crdt.ID, error)
	// Asking are those who ask at this home's door to be let back in, the newest first.
	Asking(id crdt.ID) ([]view.Asking, error)
	// Meant says who it is that asks under a name by which the door knows nobody.
	Meant(ctx context.Context, id crdt.ID, name string, member crdt.ID) error
	// LeaveOut leaves the devices of a member who comes back out of what is written
	// here for a few. It returns the proposal to let them back.
	LeaveOut(ctx context.Context, id, member crdt.ID) (crdt.ID, error)
	// ObjectReturn says that whoever comes back in this member's name is another.
	ObjectReturn(ctx context.Context, id crdt.ID) (crdt.ID, error)
	// Return carries it out.
	Return(ctx context.Context, id, member crdt.ID) (crdt.ID, error)
}

// someone finds a member by name or id, and the circle that is meant.
func (c *call) someone(word string) (circleID, member crdt.ID, err error) {
	s, err := c.source()
	if err != nil {
		return crdt.ID{}, crdt.ID{}, err
	}
	member, err = s.State.ResolveMember(s.Env, word)
	return s.Circle, member, err
}

func nameTrustees(c *call) (any, error) {
	if _, err := c.need("member"); err != nil {
		return nil, err
	}
	k, err := c.number("of")
	if err != nil {
		return nil, err
	}
	var id crdt.ID
	var list []crdt.ID
	for _, word := range c.args["member"] {
		var one crdt.ID
		if id, one, err = c.someone(word); err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	made, err := c.api.upkeep.NameTrustees(c.ctx, id, list, k)
	return view.Done{ID: made.String()}, err
}

func comeBack(c *call) (any, error) {
	code, err := c.need("code")
	if err != nil {
		return nil, err
	}
	name, err := c.need("name")
	if err != nil {
		return nil, err
	}
	ctx, cancel, err := c.waiting(joinWait)
	if err != nil {
		return nil, err
	}
	defer cancel()
	return c.api.upkeep.ComeBack(ctx, code, name, c.text("phrase"))
}

func recovery(c *call) (any, error) { return c.api.upkeep.Recovery(c.ctx) }

func readRecovery(c *call) (any, error) {
	code, err := c.need("code")
	if err != nil {
		return nil, err
	}
	return c.api.upkeep.ReadRecovery(c.ctx, code)
}

func standFor(c *call) (any, error) {
	code, err := c.need("code")
	if err != nil {
		return nil, err
	}
	word, err := c.need("member")
	if err != nil {
		return nil, err
	}
	id, member, err := c.someone(word)
	if err != nil {
		return nil, err
	}
	made, err := c.api.upkeep.StandFor(c.ctx, id, member, code)
	return view.Done{ID: made.String()}, err
}

func asking(c *call) (any, error) {
	id, err := c.circle()
	if err != nil {
		return nil, err
	}
	list, err := c.api.upkeep.Asking(id)
	if list == nil {
		list = []view.Asking{}
	}
	return list, err
}

func meant(c *call) (any, error) {
	name, err := c.need("name")
	if err != nil {
		return nil, err
	}
	word, err := c.need("member")
	if err != nil {
		return nil, err
	}
	id, member, err := c.someone(word)
	if err != nil {
		return nil, err
	}
	return view.Done{ID: member.String()}, c.api.upkeep.Meant(c.ctx, id, name, member)
}

func leaveOut(c *call) (any, error) {
	word, err := c.need("member")
	if err != nil {
		return nil, err
	}
	id, member, err := c.someone(word)
	if err != nil {
		return nil, err
	}
	of, err := c.api.upkeep.LeaveOut(c.ctx, id, member)
	return view.Done{ID: of.String()}, err
}

func objectReturn(c *call) (any, error) {
	id, err := c.circle()
	if err != nil {
		return nil, err
	}
	made, err := c.api.upkeep.ObjectReturn(c.ctx, id)
	return view.Done{ID: made.String()}, err
}

func giveBack(c *call) (any, error) {
	word, err := c.need("member")
	if err != nil {
		return nil, err
	}
	id, member, err := c.someone(word)
	if err != nil {
		return nil, err
	}
	made, err := c.api.upkeep.Return(c.ctx, id, member)
	return view.Done{ID: made.String()}, err
}

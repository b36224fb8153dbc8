package circle

import (
	"slices"
	"time"

	"tend/crdt"
	"tend/crdt/membership"
)

// Env is who asks, where and when.
type Env struct {
	Me  crdt.ID
	Dev crdt.Device
	// Now is in the time zone of the node; Zone is that zone's IANA name.
	Now  time.Time
	Zone string
	// Members are those in the circle, in any order.
	Members []crdt.ID
	// Groups are one's own lists of people by folded name; their members ascend.
	Groups map[string][]crdt.ID
	// Kept are one's own words that wait here for their turn in talks, in any order.
	Kept []Waiting
	// Own is what this person keeps for themselves on this home alone.
	Own Own
	// CameSince reports whether an op came to this home after a moment, by the reader's
	// clock, since which this person is not to be disturbed; nil where nobody notes
	// that: then only what was written after it counts.
	CameSince func(op crdt.ID, since time.Time) bool
	// People is who belongs and decides; nil where only Members are known: then all
	// of them have voice.
	People *membership.View
	// Opened says of each decision who could decide, and was not away, as its author
	// knew it when opening it, ascending.
	Opened map[crdt.ID][]crdt.ID
}

// here reports whether a member is in the circle now.
func (e *Env) here(id crdt.ID) bool { return slices.Contains(e.Members, id) }

// Command is one wish, read and complete: a verb as a value. The types of this
// package are the only ones.
type Command interface {
	decide(s *State, env Env) (plan, error)
}

// InBulk is a command that is one of many, as an import makes them. It is met only
// while its device has written less than nine tenths of what it may in a day, so
// that what its person writes by hand still has room.
type InBulk struct{ Of Command }

func (c InBulk) decide(s *State, env Env) (plan, error) { return c.Of.decide(s, env) }

// Args are the positional words and flags of a verb: "text", "id" and "member",
// and the flags by their long names with '_' for '-'. A flag without a value is
// there with "true".
type Args map[string][]string

// Draft is one body to be written.
type Draft struct {
	// To is nil for the circle, else the members of the nook it is sealed to, the
	// writer among them, ascending.
	To []crdt.ID
	// Make returns the body; made are the ids of the earlier drafts of the same plan.
	Make func(made []crdt.ID) Body
	// Control, where it is set, returns a control op to be written in place of a body.
	// What it lacks of the log (the tips seen by an enact) the writer fills in.
	Control func(made []crdt.ID) membership.Body
}

// Result is what a verb has to say when it is done.
type Result struct {
	// ID is what the verb made or changed; IDs, where it was several.
	ID  crdt.ID
	IDs []crdt.ID
	// Unchanged says that all this had been said before; nothing was written.
	Unchanged bool
	// Asked are the people a direct ask went to, ascending.
	Asked []crdt.ID
	// CardOf is the member whose care card is best read now; zero for none.
	CardOf crdt.ID
	// Tell are the people who should hear of it soon: the others in an agreement that
	// was given back, or changed within a day of its date, ascending.
	Tell []crdt.ID
	// Place is kept on this node and becomes the place of each agreement made on ID.
	Place string
	// Retraction is the op that asks every home to forget; zero for none.
	Retraction crdt.ID
	// Group is kept on this node; without members it is let go there.
	Group *Group
	// Kept says that the words wait for their turn. Keep are words to be kept on this
	// node; those without a text are let go there.
	Kept bool
	Keep []Waiting
	// Agreements are those drafted in a talk, or still shared with whom one parts from.
	Agreements []crdt.ID
	// N is what one of several on one's page is called by; 0 where it is none.
	N int
	// Own are rows kept on this node alone.
	Own []OwnRow
	// Promised says that a yes of this person's was said, which may be more than they
	// meant to carry.
	Promised bool
	// Urgent says that a need is wanted by today: the circle's word about emergencies
	// belongs beside it.
	Urgent bool
	// Afar says that a post names where it is: how far the circle goes belongs beside it.
	Afar bool
	// Thanked are those to whom thanks went, ascending.
	Thanked []crdt.ID
}

// plan is what a command comes to: what to write, and what to say then.
type plan struct {
	drafts []Draft
	result func(made []crdt.ID) Result
}

// Decide returns the bodies that cmd comes to, in order, and what to say once they
// are written: result takes their ids. The error is a [*Problem]. Nothing is
// written or changed here. No drafts means that it had all been said before.
func Decide(s *State, env Env, cmd Command) ([]Draft, func(made []crdt.ID) Result, error) {
	p, err := cmd.decide(s, env)
	if err != nil {
		return nil, nil, err
	}
	for i := range p.drafts {
		p.drafts[i].To = audienceWith(p.drafts[i].To, env.Me)
	}
	return p.drafts, p.result, nil
}

// audienceWith returns to with me in it, ascending, no one twice; nil stays nil.
func audienceWith(to []crdt.ID, me crdt.ID) []crdt.ID {
	if to == nil {
		return nil
	}
	to = append(slices.Clone(to), me)
	slices.SortFunc(to, crdt.ID.Compare)
	return slices.Compact(to)
}

// fixed is a draft whose body does not depend on others.
func fixed(to []crdt.ID, b Body) Draft {
	return Draft{To: to, Make: func([]crdt.ID) Body { return b }}
}

// unchanged is the plan of a wish that was met before.
func unchanged(id crdt.ID) plan {
	return plan{result: func([]crdt.ID) Result { return Result{ID: id, Unchanged: true} }}
}

// about is the plan that writes drafts and names id.
func about(id crdt.ID, drafts ...Draft) plan {
	return plan{drafts: drafts, result: func([]crdt.ID) Result { return Result{ID: id} }}
}

// asked turns a body's own complaint into a usage problem, before anything is written.
func asked(b Body) error {
	if err := b.check(); err != nil {
		return unfit(err)
	}
	return nil
}

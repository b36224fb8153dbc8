package circle

import (
	"slices"
	"strings"

	"tend/crdt"
)

// MaxGroups is how many groups of one's own a circle may have.
const MaxGroups = 64

// Group is a list of people that one keeps for oneself, on one's own node only.
type Group struct {
	Name    string
	Members []crdt.ID // ascending; empty lets the group go
}

// SetGroup makes, changes or (without members) lets go of a group of one's own.
// Nothing is written into the circle: the node keeps [Result.Group].
type SetGroup struct{ Group Group }

func (c SetGroup) decide(s *State, env Env) (plan, error) {
	name := fold(c.Group.Name)
	if err := ruleName.check(c.Group.Name); err != nil || name == "" {
		return plan{}, usage("no.group_name")
	}
	if name == "circle" || name == "pod" || name == "me" || strings.HasPrefix(name, podWord) {
		return plan{}, usage("no.group_taken", c.Group.Name)
	}
	if slices.ContainsFunc(env.Members, func(m crdt.ID) bool { return fold(s.Name(m)) == name }) {
		return plan{}, usage("no.group_taken.member", c.Group.Name)
	}
	if len(c.Group.Members) > MaxTo {
		return plan{}, usage("no.many_people", MaxTo)
	}
	had, known := env.Groups[name]
	members := slices.Clone(c.Group.Members)
	slices.SortFunc(members, crdt.ID.Compare)
	members = slices.Compact(members)
	switch {
	case !known && len(members) == 0:
		return plan{}, notFound("no.group", c.Group.Name)
	case known && slices.Equal(had, members):
		return unchanged(crdt.ID{}), nil
	case !known && len(env.Groups) >= MaxGroups:
		return plan{}, usage("no.many_groups", MaxGroups)
	}
	return plan{result: func([]crdt.ID) Result { return Result{Group: &Group{Name: name, Members: members}} }}, nil
}

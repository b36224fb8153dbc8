package view

import (
	"cmp"
	"slices"
	"time"

	"tend/crdt"
	"tend/crdt/membership"
)

// Return is a member who lost everything and comes back: who stands for them, and
// what that still waits for.
type Return struct {
	Member Person   `json:"member"`
	Stood  []Person `json:"stood"`
	// Missing is how many more must stand.
	Missing int `json:"missing"`
	// Ripe is when enough stands will have waited; absent while too few stand.
	Ripe *time.Time `json:"ripe,omitempty"`
	// Ready says that any member with voice may let them back in now.
	Ready bool `json:"ready"`
	// LeftOut says that what this home writes for a few is not for their lost devices.
	LeftOut bool `json:"left_out"`
}

// Returns are those who come back, of each the return that is furthest, from the
// first who stands until it is done or let go; in the order of their ids.
func (s Source) Returns() []Return {
	out := []Return{}
	people, ok := s.People.(interface {
		Recoveries() []membership.RecoveryInfo
	})
	if !ok {
		return out
	}
	best := map[crdt.ID]membership.RecoveryInfo{}
	for _, r := range people.Recoveries() {
		if old, had := best[r.Target]; r.Open(s.Env.Now.UnixMilli()) && (!had || len(r.Stood) > len(old.Stood)) {
			best[r.Target] = r
		}
	}
	for id, r := range best {
		one := Return{Member: s.Person(id), Stood: s.people(r.Stood), Missing: max(0, r.Needs-len(r.Stood)), Ready: r.Ready, LeftOut: slices.Contains(s.LeftOut, id)}
		if r.Ripe > 0 {
			at := s.at(r.Ripe)
			one.Ripe = &at
		}
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b Return) int { return cmp.Compare(a.Member.ID, b.Member.ID) })
	return out
}

// trusteesSection is the section of a member's page that holds whom they named, for
// these and themselves alone: a salt, then ids.
const trusteesSection = "trustees"

// Trustees are those whom this member named to help them back, and how many of them
// must stand; none if nobody is named, or the list is not on this home yet.
func (s Source) Trustees() (named []Person, of int) {
	people, ok := s.People.(interface {
		TrusteesOf(crdt.ID) (membership.Trustees, bool)
	})
	if !ok {
		return nil, 0
	}
	t, some := people.TrusteesOf(s.Env.Me)
	section, here := s.State.Section(s.Env.Me, trusteesSection)
	if !some || !here {
		return nil, 0
	}
	for _, word := range section.Values[1:] {
		if id, err := crdt.ParseID(word); err == nil {
			named = append(named, s.Person(id))
		}
	}
	return named, int(t.K)
}

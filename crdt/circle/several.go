package circle

import "tend/crdt"

// Bounds of [PostSeveral]: with headers and seals all of it fits into one batch, which
// is on the disk whole or not at all.
const (
	MaxSeveral      = 200       // and each that keeps places for newcomers counts twice
	MaxSeveralBytes = 192 << 10 // of what is written, before it is sealed
)

// PostSeveral posts needs and offers for the circle, all of them or none.
type PostSeveral struct {
	Needs []bool // of each whether it is a need; else it is an offer
	Posts []Posted
	// Newcomers is how many places each keeps for newcomers; nil for none.
	Newcomers []int
}

// placesKept is how many places post i keeps for newcomers.
func (c PostSeveral) placesKept(i int) int {
	if i < len(c.Newcomers) {
		return c.Newcomers[i]
	}
	return 0
}

func (c PostSeveral) decide(s *State, env Env) (plan, error) {
	if len(c.Posts) == 0 {
		return plan{}, usage("no.several_none")
	}
	var all plan
	var at []int // the draft of each post
	size := 0
	for i, p := range c.Posts {
		one, err := posting(s, env, p, "", c.placesKept(i), func(p Posted) Body { return p.body(c.Needs[i]) })
		if err != nil {
			return plan{}, err
		}
		_, payload := Encode(one.drafts[0].Make(nil))
		size += len(payload)
		first := len(all.drafts)
		at = append(at, first)
		for _, d := range one.drafts {
			all.drafts = append(all.drafts, Draft{To: d.To, Make: func(made []crdt.ID) Body { return d.Make(made[first:]) }})
		}
	}
	if len(all.drafts) > MaxSeveral || size > MaxSeveralBytes {
		return plan{}, usage("no.several_many", MaxSeveral, MaxSeveralBytes)
	}
	all.result = func(made []crdt.ID) Result {
		var out Result
		for _, i := range at {
			out.IDs = append(out.IDs, made[i])
		}
		return out
	}
	return all, nil
}

// Ops is how many ops a command that is one of many comes to, as far as its type says.
func (c InBulk) Ops() int {
	if several, ok := c.Of.(PostSeveral); ok {
		n := len(several.Posts)
		for _, kept := range several.Newcomers {
			n += min(kept, 1)
		}
		return n
	}
	return 1
}

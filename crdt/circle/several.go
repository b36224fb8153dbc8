package circle

import "tend/crdt"

// Bounds of [PostSeveral]: with headers and seals all of it fits into one batch, which
// is on the disk whole or not at all.
const (
	MaxSeveral      = 200
	MaxSeveralBytes = 192 << 10 // of what is written, before it is sealed
)

// PostSeveral posts needs and offers for the circle, all of them or none.
type PostSeveral struct {
	Needs []bool // of each whether it is a need; else it is an offer
	Posts []Posted
}

func (c PostSeveral) decide(s *State, env Env) (plan, error) {
	if len(c.Posts) == 0 {
		return plan{}, usage("no.several_none", "", "There is nothing to post.")
	}
	var all plan
	size := 0
	for i, p := range c.Posts {
		one, err := posting(s, env, p, "", 0, func(p Posted) Body { return p.body(c.Needs[i]) })
		if err != nil {
			return plan{}, err
		}
		_, payload := Encode(one.drafts[0].Make(nil))
		size += len(payload)
		all.drafts = append(all.drafts, one.drafts...)
	}
	if len(c.Posts) > MaxSeveral || size > MaxSeveralBytes {
		return plan{}, usage("no.several_many", "Make two of it.", "That is more than can be posted at once: %d at most, with %d bytes of text together.", MaxSeveral, MaxSeveralBytes)
	}
	all.result = func(made []crdt.ID) Result { return Result{IDs: made} }
	return all, nil
}

// Ops is how many ops a command that is one of many comes to, as far as its type says.
func (c InBulk) Ops() int {
	if several, ok := c.Of.(PostSeveral); ok {
		return len(several.Posts)
	}
	return 1
}

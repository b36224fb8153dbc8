package circle

import (
	"fmt"

	"tend/crdt"
)

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

// Already returns of each post one of this person's own for the circle that says the same
// word for word, keeps as many places for newcomers and is open still; the zero id where
// there is none. It names none twice.
func (c PostSeveral) Already(s *State, env Env) []crdt.ID {
	text := func(need bool, p Posted, newcomers int) string {
		p.To = nil
		kind, payload := Encode(p.body(need))
		return fmt.Sprint(kind, newcomers, ":", string(payload))
	}
	own := map[string][]crdt.ID{}
	for _, p := range s.Posts(env, Filter{Mine: true}) {
		if p.Author == env.Me && p.Owner == env.Me && p.Audience == nil && p.Status == "open" {
			says := text(p.Need, p.Posted, p.Kept)
			own[says] = append(own[says], p.ID)
		}
	}
	out := make([]crdt.ID, len(c.Posts))
	for i, p := range c.Posts {
		says := text(c.Needs[i], p, c.placesKept(i))
		if same := own[says]; len(same) > 0 {
			out[i], own[says] = same[0], same[1:]
		}
	}
	return out
}

// Without returns c without those of its posts that leave names.
func (c PostSeveral) Without(leave func(i int) bool) PostSeveral {
	var out PostSeveral
	for i, p := range c.Posts {
		if !leave(i) {
			out.Needs, out.Posts, out.Newcomers = append(out.Needs, c.Needs[i]), append(out.Posts, p), append(out.Newcomers, c.placesKept(i))
		}
	}
	return out
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

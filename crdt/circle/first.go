package circle

import "time"

// What a newcomer might begin with.
const (
	FirstAsk   = "ask"
	FirstOffer = "offer"
)

// newFor is for how long after joining somebody is met with a first step. Who does not
// take it hears no more of it then.
const newFor = 14 * 24 * time.Hour

// firsts are the small steps that this person has not taken yet: one ask, then one
// offer. They are there while nothing else is, and in the first days in a circle.
func (r *reader) firsts(empty bool) []string {
	if !empty && !r.newHere() {
		return nil
	}
	asked, offered := false, false
	for _, p := range r.myPosts() {
		if p.author == r.env.Me {
			asked, offered = asked || p.need, offered || !p.need
		}
	}
	var out []string
	if !asked {
		out = append(out, FirstAsk)
	}
	if !offered {
		out = append(out, FirstOffer)
	}
	return out
}

func (r *reader) newHere() bool {
	if r.env.People == nil {
		return false
	}
	me, ok := r.env.People.Member(r.env.Me)
	return ok && r.env.Now.Sub(me.Joined.Time()) < newFor
}

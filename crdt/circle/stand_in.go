package circle

import (
	"slices"

	"tend/crdt"
)

// givenBack returns when somebody else gave a place on a slot back, ascending.
func (r *reader) givenBack(p *post, slot string) []crdt.HLC {
	var out []crdt.HLC
	for _, a := range r.agreementsOn(p) {
		for _, w := range a.words {
			if a.slot == slot && w.value == WordReleased && w.by != r.env.Me {
				out = append(out, w.hlc)
			}
		}
	}
	slices.Sort(out)
	return out
}

// lateOpenings returns when others gave back places that are open still and begin before
// tomorrow is over, ascending, where this person may be asked to stand in.
func (r *reader) lateOpenings(p *post) []crdt.HLC {
	if len(r.line(p).agreements) == 0 || !p.need || p.may(r.env.Me) {
		return nil
	}
	var out []crdt.HLC
	for _, s := range r.slotsBetween(p, dayOf(r.now), dayOf(r.now).AddDate(0, 0, 2)) {
		if s.Slot != "" && r.forMe(&s) {
			out = append(out, r.givenBack(p, s.Slot)...)
		}
	}
	if len(out) == 0 || !r.standsIn(p) || !r.couldHelp(p) {
		return nil
	}
	return out
}

// standsIn reports whether this person may be asked to stand in for somebody: they offer
// this kind of thing or follow it, and do not rest.
func (r *reader) standsIn(p *post) bool {
	if level, _, said := r.s.Room(r.env.Me, r.env.Now); said && level == RoomResting {
		return false
	}
	if r.follows(p) {
		return true
	}
	return p.Category != "" && slices.ContainsFunc(r.myPosts(), func(o *post) bool {
		return !o.need && o.owner == r.env.Me && o.status == "open" && o.folded() == p.folded()
	})
}

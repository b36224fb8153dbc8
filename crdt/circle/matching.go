package circle

import (
	"cmp"
	"slices"

	"tend/crdt"
)

// Match is one person who may have room for a need, or a use for an offer, with what
// speaks for asking them. It is a suggestion to one's own eyes: who is not in front may
// answer as well, and nobody is ever assigned.
type Match struct {
	Member crdt.ID
	// Why are the reasons, none of them is no reason against.
	Why []Said
	// room is 0 for whoever has some or said nothing, 1 for little, 2 for resting.
	room   int
	lately bool
	last   crdt.HLC
	fits   int
}

// latelyDays is how long somebody who said yes, or was asked, counts as asked lately.
const latelyDays = 14

// Match returns everyone else in the circle in spread order: those who rest come last,
// those with little room before them, and within that those who were asked not lately
// come first, then those whom more speaks for, then those whose last yes lies longest
// back. It reads only what the circle can see, and what this home knows of its own
// questions. False if id is no post.
func (s *State) Match(env Env, id crdt.ID) ([]Match, bool) {
	r, done := s.looking(env)
	defer done()
	p, ok := r.post(id)
	if !ok {
		return nil, false
	}
	last := r.lastAsked()
	offers := r.offersLike(p)
	out := []Match{}
	for _, m := range env.Members {
		if m != p.owner && m != p.author && m != env.Me {
			out = append(out, r.match(p, m, last[m], offers[m]))
		}
	}
	slices.SortFunc(out, func(a, b Match) int {
		return cmp.Or(cmp.Compare(a.room, b.room), asFirst(a.lately, b.lately), cmp.Compare(b.fits, a.fits), cmp.Compare(a.last, b.last), a.Member.Compare(b.Member))
	})
	return out, true
}

// asFirst puts false before true.
func asFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// match weighs one member. last is when they were last asked, or said yes.
func (r *reader) match(p *post, m crdt.ID, last crdt.HLC, offers bool) Match {
	out := Match{Member: m, last: last, lately: last.Time().After(r.env.Now.AddDate(0, 0, -latelyDays))}
	level, _, said := r.s.Room(m, r.env.Now)
	switch {
	case said && level == RoomLittle:
		out.room = 1
	case said && level == RoomResting:
		out.room = 2
	case said:
		out.fits++
		out.Why = append(out.Why, As("match.room"))
	}
	for _, reason := range []struct {
		holds bool
		word  Said
	}{
		{offers, As("match.offers")},
		{len(p.How) > 0 && r.listens(m), As("match.listens")},
		{r.freeFor(p, m), As("match.free")},
		{r.near(p, m), As("match.near")},
	} {
		if reason.holds {
			out.fits++
			out.Why = append(out.Why, reason.word)
		}
	}
	if !out.lately {
		out.Why = append(out.Why, As("match.not_lately"))
	}
	return out
}

func (r *reader) listens(m crdt.ID) bool {
	_, ok := r.s.Listening(m, r.env.Now)
	return ok
}

// near reports whether a member's area is that of the post, or of whose post it is.
func (r *reader) near(p *post, m crdt.ID) bool {
	area := p.Area
	if area == "" {
		area = r.area(p.owner)
	}
	theirs := fold(r.area(m))
	return theirs != "" && theirs == fold(area)
}

func (r *reader) area(m crdt.ID) string {
	if s, ok := r.s.Section(m, SectionPlace); ok {
		return s.Values[0]
	}
	return ""
}

// freeFor reports whether a member said that they are free on an open date of the post.
func (r *reader) freeFor(p *post, m crdt.ID) bool {
	said, ok := r.s.Section(m, SectionFree)
	if !ok {
		return false
	}
	var open []When
	for _, slot := range r.slotsBetween(p, dayOf(r.now), dayOf(r.now).AddDate(0, 0, slotWindow)) {
		if w, err := parseWhen(slot.When); err == nil && !w.Start.IsZero() && slot.open() {
			open = append(open, w)
		}
	}
	return slices.ContainsFunc(said.Values, func(v string) bool { return freeOn(v, said.HLC, open) })
}

// freeOn reports whether a time that somebody is free, dates or a rule that counts from
// when it was said, holds one of several.
func freeOn(value string, said crdt.HLC, times []When) bool {
	if free, err := parseWhen(value); err == nil {
		return !free.Start.IsZero() && slices.ContainsFunc(times, func(w When) bool { return covers(free, w) })
	}
	if _, err := ParseRule(value); err != nil || len(times) == 0 {
		return false
	}
	rule := Posted{When: []string{dayOf(said.Time()).Format(dateForm)}, Rule: value}
	days := slotsOf(&rule, nil).slots
	return slices.ContainsFunc(times, func(w When) bool { return slices.Contains(days, dayOf(w.Start).Format(dateForm)) })
}

// covers reports whether the time free holds all of w, or its day where free is of days.
func covers(free, w When) bool {
	if !free.Timed {
		return !dayOf(w.Start).Before(free.Start) && dayOf(w.Start).Before(free.over())
	}
	return w.Timed && !w.Start.Before(free.Start) && !w.over().After(free.over())
}

// offersLike are the members with an open offer that may meet a need, or a need that an
// offer may meet.
func (r *reader) offersLike(p *post) map[crdt.ID]bool {
	out := map[crdt.ID]bool{}
	for _, o := range r.newestPosts(true) {
		if o.need != p.need && !out[o.owner] && r.status(o) == "open" && similar(o, p) {
			out[o.owner] = true
		}
	}
	return out
}

// lastAsked is when each member last said yes to something that the whole circle sees,
// or was asked by this person themselves.
func (r *reader) lastAsked() map[crdt.ID]crdt.HLC {
	last := map[crdt.ID]crdt.HLC{}
	for _, a := range r.allAgreements() {
		who := a.made.Author
		if a.mayI && who == r.env.Me {
			who = a.body.About[0]
		} else if a.readers != nil {
			continue
		}
		last[who] = max(last[who], a.made.HLC)
	}
	return last
}

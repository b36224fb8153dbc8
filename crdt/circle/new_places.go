package circle

import (
	"strconv"

	"tend/crdt"
)

// readKept is how many places of each date its people keep for newcomers.
func (p *post) readKept() int {
	n, err := strconv.Atoi(p.rec.tag(tagNewcomers, p.may))
	if err != nil || n < 0 || n > MaxPeople {
		return 0
	}
	return n
}

// placesForNew returns how many of a slot's open places are kept for newcomers just now. On
// the day before its date, and after, they are anybody's: a kept place is to welcome
// people, and never to leave somebody waiting.
func (r *reader) placesForNew(p *post, slot string, yes []crdt.ID) int {
	kept := p.kept
	if kept == 0 || r.soonOn(p, slot) {
		return 0
	}
	for _, m := range yes {
		if r.env.isNew(m) {
			kept--
		}
	}
	return max(0, min(kept, p.wanted(slot)-len(yes)))
}

// soonOn reports whether a slot begins before tomorrow is over. An undated one never does.
func (r *reader) soonOn(p *post, slot string) bool {
	w, _ := p.slots().when(slot)
	return !w.Start.IsZero() && w.Start.Before(dayOf(r.now).AddDate(0, 0, 2))
}

// forMe reports whether an open slot has a place that this person may take.
func (r *reader) forMe(s *Slot) bool {
	return s.open() && (r.env.isNew(r.env.Me) || s.Wanted-len(s.Yes) > s.Kept)
}

// isNew reports whether a member is in and not yet welcomed by enough others: new here.
func (e *Env) isNew(member crdt.ID) bool {
	m, in := e.newcomer(member)
	return in && !m.Welcomed
}

// keepPlaces is the draft that keeps n places on a post for newcomers.
func keepPlaces(to []crdt.ID, n int, on func(made []crdt.ID) crdt.ID) Draft {
	return Draft{To: to, Make: func(made []crdt.ID) Body {
		return MarkAdded{On: on(made), What: MarkedTag, Value: tagNewcomers + strconv.Itoa(n)}
	}}
}

// keepPlacesFor says to those who read a post from now on what it keeps for newcomers.
func (p *post) keepPlacesFor(to []crdt.ID) []Draft {
	if p.kept == 0 {
		return nil
	}
	return []Draft{keepPlaces(to, p.kept, func([]crdt.ID) crdt.ID { return p.id })}
}

package circle

import (
	"slices"
	"strconv"
	"strings"

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

// placesFor says to those who read a post from now on what its first readers know by
// marks: what it keeps for newcomers, and where it has more places than it was posted with.
func (p *post) placesFor(to []crdt.ID) []Draft {
	var out []Draft
	if p.kept > 0 {
		out = append(out, keepPlaces(to, p.kept, func([]crdt.ID) crdt.ID { return p.id }))
	}
	for _, slot := range p.slots().slots {
		if n := p.extra(slot); n > 0 {
			out = append(out, fixed(to, MarkAdded{On: p.id, What: MarkedTag, Value: strings.TrimSpace(tagExtra + strconv.Itoa(n) + " " + slot)}))
		}
	}
	return out
}

// given is what those read who come to read a post from now on: of the dates that were
// left out by marks, which they do not get, as many as there is room for.
func (p *post) given() Posted {
	text := *p.Posted
	if len(p.skipped) > 0 {
		text.Skips = slices.Concat(p.Skips, p.skipped)
		slices.Sort(text.Skips)
		text.Skips = slices.Compact(text.Skips)
		text.Skips = text.Skips[:min(len(text.Skips), MaxSkips)]
	}
	return text
}

// extra returns how many places more a slot has than the post says: one by each mark, and
// of the marks before somebody came to read it as many as they were told of.
func (p *post) extra(slot string) int {
	if !p.rec.holds(KindMarkAdded) {
		return 0
	}
	var told mark
	for _, m := range p.rec.marks(MarkedTag) {
		if _, of, ok := readExtra(m.value); ok && of == slot && p.may(m.by) && (m.hlc > told.hlc || m.hlc == told.hlc && m.id.Compare(told.id) > 0) {
			told = m
		}
	}
	before, since := 0, 0
	for _, m := range p.rec.marks(MarkedExtra) {
		switch {
		case m.value != slot || !p.may(m.by):
		case m.hlc > told.hlc:
			since++
		default:
			before++
		}
	}
	n, _, _ := readExtra(told.value)
	return max(n, before) + since
}

// readExtra reads a tag that says how many places more a slot has.
func readExtra(value string) (n int, slot string, ok bool) {
	rest, ok := strings.CutPrefix(value, tagExtra)
	if !ok {
		return 0, "", false
	}
	count, slot, _ := strings.Cut(rest, " ")
	n, err := number(count, 1, MaxPeople)
	return n, slot, err == nil && checkSlot(slot) == nil
}

package circle

import (
	"slices"
	"time"

	"tend/crdt"
)

// line is what the view of a post takes from its record and from the agreements on it,
// whatever the time and whoever looks. It is kept with the post; its slices are shared
// by all views and never changed.
type line struct {
	skips      []string
	agreements []crdt.ID            // ascending
	yes        map[string][]crdt.ID // who holds a place, by slot; nil for nobody
	notNow     []crdt.ID            // who said so, but for the owner, ascending
	faded      bool
	fadesOn    string
	revision   int
	newest     crdt.HLC
	standBy    bool   // somebody asked to be asked first
	slots      []Slot // nothing in them is past, nor kept; nil where there are more than fewSlots
}

// fewSlots is how many slots of a post are kept ready. Those of a long rota are made when
// they are shown, so that what is kept of a post has a bound.
const fewSlots = 32

// line works the line of a post out, once.
func (r *reader) line(p *post) *line {
	if p.line == nil {
		p.line = r.readLine(p)
	}
	return p.line
}

func (r *reader) readLine(p *post) *line {
	l := &line{skips: p.Skips, newest: p.made.HLC, agreements: []crdt.ID{}}
	if len(p.skipped) > 0 {
		l.skips = slices.Concat(p.Skips, p.skipped)
	}
	for _, a := range r.agreementsOn(p) {
		l.agreements = append(l.agreements, a.id)
		if a.holdsPlace() {
			if l.yes == nil {
				l.yes = map[string][]crdt.ID{}
			}
			l.yes[a.slot] = append(l.yes[a.slot], a.made.Author)
		}
	}
	for s, who := range l.yes {
		slices.SortFunc(who, crdt.ID.Compare)
		l.yes[s] = slices.Clip(slices.Compact(who))
	}
	for _, w := range p.rec.words() {
		if w.value == WordNotNow && w.by != p.owner {
			l.notNow = append(l.notNow, w.by)
		}
	}
	slices.SortFunc(l.notNow, crdt.ID.Compare)
	l.notNow = slices.Clip(slices.Compact(l.notNow))
	for i := range p.rec.parts {
		l.faded = l.faded || p.rec.parts[i].faded
		switch c := &p.rec.parts[i].Change; c.Body.(type) {
		case PostEdited, PostStatusSet, MarkAdded, MarkRemoved:
			l.revision, l.newest = l.revision+1, max(l.newest, c.HLC)
		}
	}
	if at, ok := p.fadesAt(); ok {
		l.fadesOn = at.Time().Format(dateForm)
	}
	l.standBy = len(p.rec.marks(MarkedStandBy)) > 0
	if times := p.slots(); len(times.slots) <= fewSlots {
		l.slots = make([]Slot, len(times.slots))
		for i := range l.slots {
			l.slots[i] = p.slotAt(&times.times[i], l)
		}
	}
	return l
}

// slotAt is a slot as it is before its time has come.
func (p *post) slotAt(t *slotTime, l *line) Slot {
	out := Slot{Slot: t.slot, When: t.slot, Wanted: p.wanted(t.slot), Yes: l.yes[t.slot]}
	if !t.End.IsZero() {
		out.When = t.String()
	}
	if out.Yes == nil {
		out.Yes = []crdt.ID{}
	}
	out.Over = len(out.Yes) > out.Wanted && !p.ExtraOK
	if l.standBy {
		out.StandBy = p.standBy(t.slot, out.Yes)
	}
	return out
}

// slotsBetween returns the slots with who said yes, from one local reading to
// another; an undated slot is always among them. The caller changes none of them.
func (r *reader) slotsBetween(p *post, from, to time.Time) []Slot {
	times, l := p.slots(), r.line(p)
	first, last, n := 0, 0, 0
	asKept := l.slots != nil && p.kept == 0
	for i := range times.slots {
		t := &times.times[i]
		if !t.within(from, to) {
			continue
		}
		if n == 0 {
			first = i
		}
		last, n = i+1, n+1
		asKept = asKept && !t.past(r.now)
	}
	if asKept && n == last-first {
		return l.slots[first:last:last]
	}
	out := make([]Slot, 0, n)
	for i := first; i < last; i++ {
		t := &times.times[i]
		if !t.within(from, to) {
			continue
		}
		var slot Slot
		if l.slots != nil {
			slot = l.slots[i]
		} else {
			slot = p.slotAt(t, l)
		}
		slot.Past = t.past(r.now)
		slot.Kept = r.placesForNew(p, slot.Slot, slot.Yes)
		out = append(out, slot)
	}
	return out
}

// over reports whether all dates of a post have gone by.
func (r *reader) over(p *post) bool {
	over := p.slots().over
	return !over.IsZero() && !over.After(r.now)
}

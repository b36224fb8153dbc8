package circle

import (
	"time"

	"tend/crdt"
)

// gives reports whether, by an agreement, member carries something for another.
func (a *agreement) gives(member crdt.ID) bool {
	switch {
	case !a.has(member):
		return false
	case a.post != nil && a.post.need:
		return member != a.post.owner
	case a.post != nil:
		return member == a.post.owner
	}
	return a.mayI && member != a.body.About[0]
}

// gets reports whether, by an agreement, something is carried for member.
func (a *agreement) gets(member crdt.ID) bool {
	return a.has(member) && !a.gives(member) && (a.post != nil || a.mayI)
}

// caredForBy is for whom member carries something by an agreement; zero for nobody.
func (a *agreement) caredForBy(member crdt.ID) crdt.ID {
	switch {
	case !a.gives(member):
		return crdt.ID{}
	case a.mayI:
		return a.body.About[0]
	case a.post.need:
		return a.post.owner
	}
	return a.made.Author
}

// day is when what was agreed is: its date, or where it has none the day on which it
// was agreed.
func (r *reader) day(a *agreement) time.Time {
	if w, err := parseWhen(dated(a.slot, a.newest().terms.When)); err == nil && !w.Start.IsZero() && w.Start.Year() < 9999 {
		return dayOf(w.Start)
	}
	return dayOf(local(a.made.HLC.Time().In(r.env.Now.Location())))
}

// weekOf is the Monday of a day's week.
func weekOf(day time.Time) time.Time {
	day = dayOf(day)
	return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
}

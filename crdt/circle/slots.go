package circle

import (
	"slices"
	"strings"
	"time"
)

// slotTimes are the slots of a post with the When that yields each.
type slotTimes struct {
	slots []string // ascending, at most [MaxSlots]; [""] of an undated post
	times []slotTime
	over  time.Time // local reading at which all of slots are over; zero if there is none, or one is undated
}

// slotTime is when a slot is: those of slots first, then what is beyond [MaxSlots].
type slotTime struct {
	slot string
	When
	ends time.Time // local reading; zero of an undated slot
}

// when returns the When of a slot; false, and the zero When, if it is none of these.
func (t *slotTimes) when(slot string) (When, bool) {
	i, ok := slices.BinarySearchFunc(t.times, slot, func(t slotTime, slot string) int { return strings.Compare(t.slot, slot) })
	if !ok {
		return When{}, false
	}
	return t.times[i].When, true
}

// past reports whether its time is over at the local reading now.
func (t *slotTime) past(now time.Time) bool { return !t.ends.IsZero() && !t.ends.After(now) }

// within reports whether it lies in a span of local readings; an undated slot always does.
func (t *slotTime) within(from, to time.Time) bool {
	return t.slot == "" || t.ends.After(from) && t.Start.Before(to)
}

// slotsOf works the slots of a post out: those of its dates, or of its repeat from
// the first date on, without the skipped ones. Both skip lists count: the post's
// own, and marks.
func slotsOf(p *Posted, skipped []string) slotTimes {
	if len(p.When) == 0 {
		return slotTimes{slots: []string{""}, times: make([]slotTime, 1)}
	}
	var times []slotTime
	add := func(w When) {
		if s := w.slot(); !skips(p.Skips, s) && !skips(skipped, s) {
			times = append(times, slotTime{s, w, w.over()})
		}
	}
	rule, repeats := Rule{}, false
	if p.Rule != "" {
		r, err := ParseRule(p.Rule)
		rule, repeats = r, err == nil
	}
	for i, s := range p.When {
		w, err := parseWhen(s)
		switch {
		case err != nil:
		case repeats && i == 0:
			rule.dates(w.Start, func(day time.Time) bool {
				add(w.moved(day))
				return true
			})
		default:
			add(w)
		}
	}
	slices.SortStableFunc(times, func(a, b slotTime) int { return strings.Compare(a.slot, b.slot) })
	times = slices.Clip(slices.CompactFunc(times, func(a, b slotTime) bool { return a.slot == b.slot })) // the first of each
	out := slotTimes{slots: make([]string, min(len(times), MaxSlots)), times: times}
	for i := range out.slots {
		out.slots[i] = times[i].slot
		if ends := times[i].ends; ends.After(out.over) {
			out.over = ends
		}
	}
	return out
}

// skips reports whether a list of dates or slots leaves the slot out: a date
// leaves out what begins on it.
func skips(list []string, slot string) bool {
	return slices.ContainsFunc(list, func(s string) bool {
		return s == slot || (len(s) == len(dateForm) && strings.HasPrefix(slot, s+"T"))
	})
}

// slotPast reports whether a slot's time is over at the local reading now.
func slotPast(w When, now time.Time) bool {
	return !w.Start.IsZero() && !w.over().After(now)
}

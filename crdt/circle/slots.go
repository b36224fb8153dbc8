package circle

import (
	"slices"
	"strings"
	"time"
)

// slotTimes are the slots of a post with the When that yields each.
type slotTimes struct {
	slots []string // ascending; [""] of an undated post
	whens map[string]When
}

// slotsOf works the slots of a post out: those of its dates, or of its repeat from
// the first date on, without the skipped ones. Both skip lists count: the post's
// own, and marks.
func slotsOf(p *Posted, skipped []string) slotTimes {
	out := slotTimes{whens: map[string]When{}}
	add := func(w When) {
		s := w.slot()
		if _, twice := out.whens[s]; twice || skips(p.Skips, s) || skips(skipped, s) {
			return
		}
		out.whens[s] = w
		out.slots = append(out.slots, s)
	}
	if len(p.When) == 0 {
		out.whens[""] = When{}
		out.slots = []string{""}
		return out
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
	slices.Sort(out.slots)
	out.slots = out.slots[:min(len(out.slots), MaxSlots)]
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

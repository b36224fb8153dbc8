package ical

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"tend/node/view"
)

// zone is a time zone that entries are in, and between which readings of its clock.
type zone struct {
	name        string
	place       *time.Location
	first, last time.Time
}

// margin is how much longer than its entries a zone is described.
const margin = 366 * 24 * time.Hour

// maxChanges bounds how many changes of a clock one calendar describes; some zones
// changed it four times a year.
const maxChanges = 2000

// zonesOf are the zones of timed entries that this machine knows, by name.
func zonesOf(events []view.Event) []zone {
	found := map[string]zone{}
	for _, e := range events {
		if !e.Timed {
			continue
		}
		z, known := found[e.Zone]
		if !known {
			place, ok := placed(e.Zone)
			if !ok {
				continue
			}
			z = zone{name: e.Zone, place: place, first: e.From, last: e.Until}
		}
		last := e.Until
		if e.Repeat != nil && len(e.Repeat.Dates) > 0 {
			last = reading(e.Repeat.Dates[len(e.Repeat.Dates)-1])
		}
		z.last = latest(z.last, last)
		if e.From.Before(z.first) {
			z.first = e.From
		}
		found[e.Zone] = z
	}
	var out []zone
	for _, name := range slices.Sorted(maps.Keys(found)) {
		out = append(out, found[name])
	}
	return out
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// placed finds a zone by a name that somebody else may have written.
func placed(name string) (*time.Location, bool) {
	if name == "" || name == "Local" || strings.ContainsFunc(name, func(r rune) bool {
		return r != '/' && r != '_' && r != '-' && r != '+' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) {
		return nil, false
	}
	place, err := time.LoadLocation(name)
	return place, err == nil
}

// at is the instant at which the zone's clock shows a reading.
func (z *zone) at(reading time.Time) time.Time {
	return time.Date(reading.Year(), reading.Month(), reading.Day(), reading.Hour(), reading.Minute(), reading.Second(), 0, z.place)
}

// change is how a clock is set, from what it was before.
type change struct {
	from, to int // seconds east of UTC
	name     string
	summer   bool
}

// changes are the settings of the clock from before the first entry until after the
// last, each with the readings, on the clock as it was before, at which it began.
func (z *zone) changes() ([]change, map[change][]time.Time) {
	var order []change
	when := map[change][]time.Time{}
	at, last := z.at(z.first).Add(-margin), z.at(z.last).Add(margin)
	for range maxChanges {
		begin, end := at.In(z.place).ZoneBounds()
		name, to := at.In(z.place).Zone()
		c := change{from: to, to: to, name: name, summer: at.In(z.place).IsDST()}
		reading := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
		if !begin.IsZero() {
			_, c.from = begin.Add(-time.Second).In(z.place).Zone()
			reading = begin.UTC().Add(time.Duration(c.from) * time.Second)
		}
		if len(when[c]) == 0 {
			order = append(order, c)
		}
		when[c] = append(when[c], reading)
		if end.IsZero() || end.After(last) {
			break
		}
		at = end
	}
	return order, when
}

// component is the VTIMEZONE of the zone.
func (z *zone) component() *ics.VTimezone {
	out := ics.NewTimezone(z.name)
	order, when := z.changes()
	for _, c := range order {
		var base ics.ComponentBase
		first, rest := when[c][0], when[c][1:]
		base.SetProperty(ics.ComponentPropertyDtStart, first.Format(clockForm))
		base.SetProperty("TZOFFSETFROM", offset(c.from))
		base.SetProperty("TZOFFSETTO", offset(c.to))
		base.SetProperty("TZNAME", c.name)
		for _, t := range rest {
			base.AddProperty(ics.ComponentPropertyRdate, t.Format(clockForm))
		}
		if c.summer {
			out.Components = append(out.Components, &ics.Daylight{ComponentBase: base})
		} else {
			out.Components = append(out.Components, &ics.Standard{ComponentBase: base})
		}
	}
	return out
}

func offset(seconds int) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	text := fmt.Sprintf("%c%02d%02d", sign, seconds/3600, seconds/60%60)
	if seconds%60 != 0 {
		text += fmt.Sprintf("%02d", seconds%60)
	}
	return text
}

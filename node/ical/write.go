package ical

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	ics "github.com/arran4/golang-ical"

	"tend/node/view"
	"tend/node/words"
)

const (
	dayForm   = "20060102"
	clockForm = "20060102T150405"
	instant   = "20060102T150405Z"
)

// refresh is how often a program that subscribed should look again.
const refresh = "PT1H"

// Write writes a calendar of that name. What it says beside what people wrote is said in
// the words of in.
func Write(w io.Writer, in *words.Catalogue, name string, events []view.Event) error {
	cal := ics.NewCalendar()
	cal.SetProductId("-//Tend//Tend//EN")
	cal.SetMethod(ics.MethodPublish)
	cal.SetCalscale("GREGORIAN")
	cal.SetXWRCalName(clean(name))
	cal.SetXPublishedTTL(refresh)
	cal.SetRefreshInterval(refresh)
	zones := zonesOf(events)
	for _, z := range zones {
		cal.AddVTimezone(z.component())
	}
	for _, e := range events {
		cal.AddVEvent(entry(e, in, zones))
	}
	if err := cal.SerializeTo(w, ics.WithNewLine("\r\n")); err != nil {
		return fmt.Errorf("write a calendar: %w", err)
	}
	return nil
}

var statuses = map[string]ics.ObjectStatus{view.EventAgreed: ics.ObjectStatusConfirmed, view.EventProposed: ics.ObjectStatusTentative,
	view.EventOpen: ics.ObjectStatusTentative, view.EventCancelled: ics.ObjectStatusCancelled}

// entry makes the component of one entry.
func entry(e view.Event, in *words.Catalogue, zones []zone) *ics.VEvent {
	if e.Tender {
		e.Title = in.Say("week.private")
	}
	v := ics.NewEvent(e.ID + "@tend")
	v.SetProperty(ics.ComponentPropertyDtstamp, e.Changed.UTC().Format(instant))
	v.SetProperty(ics.ComponentPropertyLastModified, e.Changed.UTC().Format(instant))
	v.SetProperty(ics.ComponentPropertySequence, strconv.Itoa(e.Sequence))
	v.SetProperty(ics.ComponentPropertyStatus, string(statuses[e.State]))
	v.SetProperty(ics.ComponentPropertySummary, clean(e.Title))
	if e.Tender {
		v.SetProperty(ics.ComponentPropertyClass, string(ics.ClassificationPrivate))
	}
	if e.State == view.EventOpen {
		v.SetProperty(ics.ComponentPropertyTransp, string(ics.TransparencyTransparent)) // nobody's time is taken yet
	}
	c := clock{timed: e.Timed}
	for i := range zones {
		if zones[i].name == e.Zone {
			c.zone = &zones[i]
		}
	}
	v.SetProperty(ics.ComponentPropertyDtStart, c.text(e.From), c.params()...)
	v.SetProperty(ics.ComponentPropertyDtEnd, c.text(e.Until), c.params()...)
	if e.Repeat != nil {
		v.SetProperty(ics.ComponentPropertyRrule, c.rule(e))
		if len(e.Skips) > 0 {
			v.SetProperty(ics.ComponentPropertyExdate, c.skips(e.Skips), c.params()...)
		}
	}
	if e.Area != "" {
		v.SetProperty(ics.ComponentPropertyLocation, clean(e.Area))
	}
	if text := description(e, in); text != "" {
		v.SetProperty(ics.ComponentPropertyDescription, text)
	}
	if e.Remind > 0 {
		alarm := v.AddAlarm()
		alarm.SetAction(ics.ActionDisplay)
		alarm.SetTrigger(fmt.Sprintf("-PT%dH", int(e.Remind.Hours())))
		alarm.SetProperty(ics.ComponentPropertyDescription, clean(e.Title))
	}
	return v
}

// description says what there is to say beside title and date.
func description(e view.Event, in *words.Catalogue) string {
	var lines []string
	var names []string
	for _, p := range e.With {
		if name := strings.TrimSpace(clean(p.Name)); name != "" {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		lines = append(lines, in.Say("ical.with", "people", strings.Join(names, ", ")))
	}
	switch e.State {
	case view.EventOpen:
		lines = append(lines, in.Say("ical.open"))
	case view.EventProposed:
		lines = append(lines, in.Say("ical.proposed"))
	}
	if e.Costs != "" {
		lines = append(lines, clean(e.Costs))
	}
	return strings.Join(lines, "\n")
}

// clean is text that people wrote without what a calendar cannot hold: control
// characters, and what turns the direction of the text around it.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, text)
}

// clock writes the times of one entry.
type clock struct {
	timed bool
	zone  *zone // nil where none is known: then times float
}

func (c clock) params() []ics.PropertyParameter {
	switch {
	case !c.timed:
		return []ics.PropertyParameter{ics.WithValue(string(ics.ValueDataTypeDate))}
	case c.zone != nil:
		return []ics.PropertyParameter{ics.WithTZID(c.zone.name)}
	}
	return nil
}

func (c clock) text(t time.Time) string {
	if c.timed {
		return t.Format(clockForm)
	}
	return t.Format(dayForm)
}

// rule is the RRULE of an entry. It ends with the last date that Tend knows, however
// the rule itself ends, so that no calendar shows more. UNTIL is an instant where the
// entry's times have a zone, as RFC 5545 wants it.
func (c clock) rule(e view.Event) string {
	r := e.Repeat.Rule
	r.Count = 0
	last := e.From
	if n := len(e.Repeat.Dates); n > 0 {
		last = reading(e.Repeat.Dates[n-1])
	}
	r.Until = time.Time{}
	until := last.Format(dayForm)
	switch {
	case c.timed && c.zone != nil:
		until = c.zone.at(last).UTC().Format(instant)
	case c.timed:
		until = last.Format(clockForm)
	}
	return r.String() + ";UNTIL=" + until
}

func (c clock) skips(slots []string) string {
	out := make([]string, len(slots))
	for i, s := range slots {
		out[i] = c.text(reading(s))
	}
	return strings.Join(slices.Compact(out), ",")
}

// reading is a slot as a reading of a clock; zero for what is none.
func reading(slot string) time.Time {
	for _, form := range []string{"2006-01-02T15:04", "2006-01-02"} {
		if t, err := time.Parse(form, slot); err == nil {
			return t
		}
	}
	return time.Time{}
}

package ical_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	goical "github.com/emersion/go-ical"

	"tend/crdt/circle"
	"tend/node/ical"
	"tend/node/view"
	"tend/node/words"
)

var changed = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// event is an entry on a date as bodies hold it.
func event(t *testing.T, id, when, zone string) view.Event {
	t.Helper()
	w, err := circle.ParseWhen(when)
	if err != nil {
		t.Fatal(err)
	}
	span := w.Span()
	return view.Event{ID: id, Kind: view.KindAgreement, Title: "Soup", From: span.Start, Until: span.End, Timed: w.Timed, When: w.String(), Zone: zone,
		State: view.EventAgreed, Changed: changed}
}

// written is what another library reads of what was written.
func written(t *testing.T, events ...view.Event) (*goical.Calendar, string) {
	t.Helper()
	var out bytes.Buffer
	if err := ical.Write(&out, words.English, "Mill Lane", events); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for line := range strings.Lines(text) {
		if !strings.HasSuffix(line, "\r\n") || len(line) > 77 {
			t.Errorf("line %q does not end as it should, or is too long", line)
		}
	}
	cal, err := goical.NewDecoder(strings.NewReader(text)).Decode()
	if err != nil {
		t.Fatalf("read back: %v\n%s", err, text)
	}
	var again bytes.Buffer // its writer refuses what a calendar may not be
	if err := goical.NewEncoder(&again).Encode(cal); err != nil {
		t.Fatalf("not a proper calendar: %v\n%s", err, text)
	}
	return cal, text
}

// TestEntryReadBack holds that another library reads what was written.
func TestEntryReadBack(t *testing.T) {
	e := event(t, "a1", "2026-12-01T17:00/18:30", "Europe/Berlin")
	e.Title, e.Area, e.Costs = "Soup, bread; and \\ more\x07 für Béla, "+strings.Repeat("long ", 30), "Mill Lane 3", "we share"
	e.With, e.Sequence = []view.Person{{Name: "Ben\r\nATTENDEE:mailto:x@evil.example"}}, 3
	cal, text := written(t, e)
	if strings.Contains(text, "\r\nATTENDEE") {
		t.Errorf("a name became a line of its own:\n%s", text)
	}
	v := cal.Events()[0]
	for name, want := range map[string]string{"UID": "a1@tend", "SEQUENCE": "3", "STATUS": "CONFIRMED", "LOCATION": "Mill Lane 3",
		"SUMMARY": strings.ReplaceAll(e.Title, "\x07", ""), "DESCRIPTION": "With Ben  ATTENDEE:mailto:x@evil.example\nwe share"} {
		got := v.Props.Get(name)
		if got == nil {
			t.Errorf("no %s", name)
			continue
		}
		text, err := got.Text()
		if name == "UID" || name == "SEQUENCE" || name == "STATUS" {
			text, err = got.Value, nil
		}
		if err != nil || text != want {
			t.Errorf("%s = %q, %v, want %q", name, text, err, want)
		}
	}
	from, err := v.DateTimeStart(nil)
	if want := time.Date(2026, 12, 1, 16, 0, 0, 0, time.UTC); err != nil || !from.Equal(want) {
		t.Errorf("begins at %v, %v, want %v", from, err, want)
	}
}

// TestStates holds what a calendar shows of each state: cancelled is cancelled, and
// under the same UID as before.
func TestStates(t *testing.T) {
	for state, want := range map[string]string{view.EventAgreed: "CONFIRMED", view.EventProposed: "TENTATIVE", view.EventOpen: "TENTATIVE", view.EventCancelled: "CANCELLED"} {
		e := event(t, "a1", "2026-12-01", "Europe/Berlin")
		e.State = state
		cal, _ := written(t, e)
		v := cal.Events()[0]
		if got := v.Props.Get("STATUS").Value; got != want || v.Props.Get("UID").Value != "a1@tend" {
			t.Errorf("%s: STATUS %s, want %s", state, got, want)
		}
	}
}

// TestWholeDays holds that a day is a day, and that a range ends after its last.
func TestWholeDays(t *testing.T) {
	_, text := written(t, event(t, "a1", "2026-12-01/2026-12-05", "Europe/Berlin"))
	for _, want := range []string{"DTSTART;VALUE=DATE:20261201\r\n", "DTEND;VALUE=DATE:20261206\r\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "VTIMEZONE") {
		t.Error("a day has no zone")
	}
}

// TestUnknownZones holds that a zone nobody knows, or that somebody made up to do
// harm, leaves a time floating and writes nothing of its name.
func TestUnknownZones(t *testing.T) {
	for _, zone := range []string{"", "Local", "Mars/Olympus", "../../etc/passwd", "Europe/Berlin\r\nX:y", "/etc/localtime"} {
		_, text := written(t, event(t, "a1", "2026-12-01T17:00", zone))
		if !strings.Contains(text, "DTSTART:20261201T170000\r\n") || strings.Contains(text, "TZID") {
			t.Errorf("zone %q:\n%s", zone, text)
		}
	}
}

// observance is one STANDARD or DAYLIGHT as a program without a table of zones reads
// it.
type observance struct {
	from, to int
	begins   []time.Time // readings on the clock before
}

func observances(t *testing.T, cal *goical.Calendar, zone string) []observance {
	t.Helper()
	var out []observance
	for _, c := range cal.Children {
		if c.Name != "VTIMEZONE" || c.Props.Get("TZID").Value != zone {
			continue
		}
		for _, o := range c.Children {
			one := observance{from: seconds(t, o.Props.Get("TZOFFSETFROM").Value), to: seconds(t, o.Props.Get("TZOFFSETTO").Value)}
			for _, p := range append(o.Props["DTSTART"], o.Props["RDATE"]...) {
				at, err := time.Parse("20060102T150405", p.Value)
				if err != nil {
					t.Fatal(err)
				}
				one.begins = append(one.begins, at)
			}
			out = append(out, one)
		}
	}
	return out
}

func seconds(t *testing.T, text string) int {
	t.Helper()
	var sign rune
	var h, m int
	if _, err := fmt.Sscanf(text, "%c%02d%02d", &sign, &h, &m); err != nil {
		t.Fatalf("offset %q: %v", text, err)
	}
	n := h*3600 + m*60
	if sign == '-' {
		return -n
	}
	return n
}

// instantBy is the instant of a reading by the observances alone.
func instantBy(all []observance, reading time.Time) time.Time {
	var best time.Time
	offset := 0
	for _, o := range all {
		for _, b := range o.begins {
			// A reading belongs to what began last before it, by the clock as it is then.
			if begin := b.Add(time.Duration(o.to-o.from) * time.Second); !begin.After(reading) && !b.Before(best) {
				best, offset = b, o.to
			}
		}
	}
	return reading.Add(-time.Duration(offset) * time.Second)
}

// TestClockChanges holds that the VTIMEZONE alone, without any table of zones, gives
// every date of a long rota the instant that it has, over the changes of clocks north
// and south, in a zone of half hours and in those that never change or no longer do.
func TestClockChanges(t *testing.T) {
	for _, zone := range []string{"Europe/Berlin", "Europe/London", "America/New_York", "Australia/Adelaide", "Africa/Casablanca", "Asia/Kolkata", "America/Sao_Paulo", "UTC"} {
		place, err := time.LoadLocation(zone)
		if err != nil {
			t.Skipf("this machine has no table of zones: %v", err)
		}
		p := circle.Posted{When: []string{"2026-03-01T17:30"}, Rule: "FREQ=DAILY"}
		rota, _ := p.Rota()
		e := event(t, "a1", p.When[0], zone)
		e.Repeat = &rota
		cal, _ := written(t, e)
		all := observances(t, cal, zone)
		if len(all) == 0 {
			t.Fatalf("%s is not described", zone)
		}
		for _, slot := range rota.Dates {
			reading, err := time.Parse("2006-01-02T15:04", slot)
			if err != nil {
				t.Fatal(err)
			}
			want := time.Date(reading.Year(), reading.Month(), reading.Day(), reading.Hour(), reading.Minute(), 0, 0, place)
			if got := instantBy(all, reading); !got.Equal(want) {
				t.Fatalf("%s %s is %v, want %v", zone, slot, got, want.UTC())
			}
		}
	}
}

// TestRotas holds that an independent reader finds exactly the dates that Tend has, in
// every kind of rule, over changes of the clock and without those that are left out.
func TestRotas(t *testing.T) {
	for _, row := range []struct{ from, rule string }{
		{"2026-03-02T17:00", "FREQ=WEEKLY;BYDAY=MO,WE,FR"},
		{"2026-03-06T07:15/09:00", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"}, // begins on a Friday
		{"2026-03-06", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;COUNT=9"},
		{"2026-02-27T06:30", "FREQ=DAILY;COUNT=42"},
		{"2026-03-31", "FREQ=MONTHLY"},
		{"2026-03-01T20:00", "FREQ=MONTHLY;BYDAY=-1FR;COUNT=30"}, // more than a year of them
		{"2026-03-01T20:00", "FREQ=MONTHLY;BYMONTHDAY=1,15;UNTIL=20261101"},
		{"2026-03-01T10:00", "FREQ=DAILY;INTERVAL=3;UNTIL=20261101T095900"},
	} {
		for _, zone := range []string{"Europe/Berlin", ""} {
			p := circle.Posted{When: []string{row.from}, Rule: row.rule}
			rota, ok := p.Rota()
			if !ok || len(rota.Dates) < 3 {
				t.Fatalf("%s %s is no rota", row.from, row.rule)
			}
			e := event(t, "a1", rota.First.String(), zone)
			e.Repeat, e.Skips = &rota, []string{rota.Dates[1]}
			cal, text := written(t, e)
			place := time.UTC
			if zone != "" {
				var err error
				if place, err = time.LoadLocation(zone); err != nil {
					t.Skipf("this machine has no table of zones: %v", err)
				}
			}
			set, err := cal.Events()[0].RecurrenceSet(place)
			if err != nil {
				t.Fatalf("%s: %v\n%s", row.rule, err, text)
			}
			var got []string
			for _, at := range set.All() {
				form := "2006-01-02T15:04"
				if !e.Timed {
					form = "2006-01-02"
				}
				got = append(got, at.In(place).Format(form))
			}
			want := slices.Delete(slices.Clone(rota.Dates), 1, 2)
			if !slices.Equal(got, want) {
				t.Errorf("%s from %s in %q:\n got %v\nwant %v\n%s", row.rule, row.from, zone, got, want, text)
			}
		}
	}
}

// TestInTheWordsOfTheReader: what a calendar says beside what people wrote is in the first
// language of the reader that Tend speaks.
func TestInTheWordsOfTheReader(t *testing.T) {
	open, tender := event(t, "a1", "2026-12-01", ""), event(t, "a2", "2026-12-02", "")
	open.State, open.With = view.EventOpen, []view.Person{{Name: "Béla"}}
	tender.Title, tender.Tender = view.Private(), true
	for _, row := range []struct {
		spoken []string
		want   []string
	}{
		{[]string{"fr", "de-AT"}, []string{"DESCRIPTION:Mit Béla\\nNoch offen", "SUMMARY:etwas Persönliches"}},
		{[]string{"ar"}, []string{"SUMMARY:شيء خاص"}},
		{nil, []string{"DESCRIPTION:With Béla\\nStill open", "SUMMARY:something private"}},
	} {
		var out bytes.Buffer
		if err := ical.Write(&out, words.Of(row.spoken), "Mill Lane", []view.Event{open, tender}); err != nil {
			t.Fatal(err)
		}
		for _, want := range row.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("for %q there is no %q in\n%s", row.spoken, want, &out)
			}
		}
	}
}

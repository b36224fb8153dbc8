package circle_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/teambition/rrule-go"
	"pgregory.net/rapid"

	"tend/crdt/circle"
)

func TestReadWhen(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"2026-12-01", "2026-12-01"},
		{"2026-12-01T17:00", "2026-12-01T17:00"},
		{"2026-12-01T17:00/18:30", "2026-12-01T17:00/18:30"},
		{"2026-12-01T22:00/2026-12-02T06:00", "2026-12-01T22:00/2026-12-02T06:00"},
		{"2026-12-01T17:00/2026-12-01T18:30", "2026-12-01T17:00/18:30"},
		{"2026-12-01/2026-12-05", "2026-12-01/2026-12-05"},
		{"2026-12-01 17:00", "2026-12-01T17:00"},
		{"today", "2026-11-30"},
		{"Tomorrow", "2026-12-01"},
		{"mon", "2026-11-30"},
		{"sat", "2026-12-05"},
		{"sunday", "2026-12-06"},
		{"satT18:00", "2026-12-05T18:00"},
		{"tomorrow 9:30", "2026-12-01T09:30"},
		{"tomorrow 9:30-11:00", "2026-12-01T09:30/11:00"},
		{"2028-02-29", "2028-02-29"},
	} {
		got, err := circle.ReadWhen(tt.in, monday)
		if err != nil || got.String() != tt.want {
			t.Errorf("ReadWhen(%q) = %q, %v, want %q", tt.in, got, err, tt.want)
		}
	}
	for _, in := range []string{"", "2026-02-29", "2026-13-01", "2026-12-01T25:00", "2026-12-01T17:00/16:00", "2026-12-05/2026-12-01",
		"2026-12-01/2026-12-01", "2026-12-01T17:00/2026-12-02", "someday", "s", "tomorrow noon", "0001-01-01", "2026-12-01T17:00:00"} {
		if got, err := circle.ReadWhen(in, monday); err == nil {
			t.Errorf("ReadWhen(%q) = %q, want a problem", in, got)
		}
	}
}

func TestReadRule(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"daily", "FREQ=DAILY"},
		{"weekly x42", "FREQ=WEEKLY;COUNT=42"},
		{"mon,wed,fri", "FREQ=WEEKLY;BYDAY=MO,WE,FR"},
		{"fri,mon until 2026-12-31", "FREQ=WEEKLY;BYDAY=MO,FR;UNTIL=20261231"},
		{"monthly", "FREQ=MONTHLY"},
		{"FREQ=MONTHLY;BYDAY=-1FR,+1MO;INTERVAL=2", "FREQ=MONTHLY;INTERVAL=2;BYDAY=-1FR,1MO"},
		{"RRULE:FREQ=WEEKLY;UNTIL=20261231T235959Z", "FREQ=WEEKLY;UNTIL=20261231T235959"},
	} {
		got, err := circle.ReadRule(tt.in, monday)
		if err != nil || got.String() != tt.want {
			t.Errorf("ReadRule(%q) = %q, %v, want %q", tt.in, got, err, tt.want)
		}
	}
	for _, in := range []string{"", "often", "daily x0", "daily x401", "weekly until", "FREQ=YEARLY", "FREQ=DAILY;FREQ=DAILY", "INTERVAL=2",
		"FREQ=WEEKLY;BYDAY=1MO", "FREQ=WEEKLY;BYMONTHDAY=1", "FREQ=DAILY;COUNT=3;UNTIL=20261231", "FREQ=DAILY;BYHOUR=3", "FREQ=MONTHLY;BYMONTHDAY=0"} {
		if got, err := circle.ReadRule(in, monday); err == nil {
			t.Errorf("ReadRule(%q) = %q, want a problem", in, got)
		}
	}
}

// The slots of a repeat are those that an independent reading of RFC 5545 gives.
func TestSlotsAgainstRRule(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := time.Date(2026, 1, 1, 17, 30, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 800).Draw(t, "start"))
		r := circle.Rule{Freq: circle.Freq(rapid.IntRange(0, 2).Draw(t, "freq")), Interval: rapid.IntRange(1, 5).Draw(t, "interval")}
		// The oracle takes FR,4SU for Fridays that are fourth Sundays, so the two kinds
		// are not mixed.
		counted := r.Freq == circle.Monthly && rapid.Bool().Draw(t, "counted")
		for range rapid.IntRange(0, 3).Draw(t, "days") {
			d := circle.Weekday{Day: time.Weekday(rapid.IntRange(0, 6).Draw(t, "day"))}
			if counted {
				d.Nth = rapid.SampledFrom([]int{-5, -2, -1, 1, 2, 4, 5}).Draw(t, "nth")
			}
			r.ByDay = append(r.ByDay, d)
		}
		if r.Freq != circle.Weekly && rapid.Bool().Draw(t, "monthdays") {
			for range rapid.IntRange(1, 3).Draw(t, "monthdays") {
				r.ByMonthDay = append(r.ByMonthDay, rapid.SampledFrom([]int{-31, -2, -1, 1, 13, 29, 30, 31}).Draw(t, "monthday"))
			}
		}
		switch rapid.IntRange(0, 3).Draw(t, "end") {
		case 0:
			r.Count = rapid.IntRange(1, 50).Draw(t, "count")
		case 1:
			r.Until = dateOnly(start.AddDate(0, 0, rapid.IntRange(0, 300).Draw(t, "until")))
		case 2:
			r.Until, r.UntilTimed = start.AddDate(0, 0, rapid.IntRange(0, 300).Draw(t, "until")), true
		}
		parsed, err := circle.ParseRule(r.String())
		if err != nil {
			t.Fatalf("ParseRule(%q): %v", r, err)
		}
		again, err := circle.ParseRule(parsed.String())
		if err != nil || again.String() != parsed.String() {
			t.Fatalf("ParseRule(%q) = %q, %v", parsed, again, err)
		}
		got := slotsOf(t, start, parsed.String())
		if want := oracle(t, start, parsed); !slices.Equal(got, want) {
			t.Fatalf("slots of %q from %s = %v, want %v", parsed, start, got, want)
		}
	})
}

func dateOnly(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// slotsOf reads the slots from a posted need.
func slotsOf(t *rapid.T, start time.Time, rule string) []string {
	s := circle.NewState(circleID)
	m := circle.Meta{ID: opID(1), Author: people[0], HLC: 1 << 40}
	kind, payload := circle.Encode(&circle.NeedPosted{Title: "x", People: 1, When: []string{start.Format("2006-01-02T15:04")}, Rule: rule})
	c, err := circle.Decode(m, kind, payload)
	if err != nil {
		t.Fatalf("Decode: %v", err)
	}
	s.Apply(c)
	var out []string
	for _, slot := range s.Slots(circle.Env{Me: people[0], Now: monday}, opID(1), time.Time{}, time.Time{}) {
		out = append(out, slot.Slot)
	}
	return out
}

// oracle expands the rule with rrule-go. A date-only UNTIL takes in its whole day.
func oracle(t *rapid.T, start time.Time, r circle.Rule) []string {
	text := r.String()
	if !r.Until.IsZero() {
		form, end := "20060102", r.Until.Add(24*time.Hour-time.Second)
		if r.UntilTimed {
			form, end = "20060102T150405", r.Until
		}
		text = strings.Replace(text, "UNTIL="+r.Until.Format(form), "UNTIL="+end.Format("20060102T150405Z"), 1)
	}
	opt, err := rrule.StrToROption(text)
	if err != nil {
		t.Fatalf("oracle cannot read %q: %v", text, err)
	}
	opt.Dtstart = start
	if last := start.AddDate(0, 0, circle.SlotDays); opt.Until.IsZero() || opt.Until.After(last) {
		opt.Until = last // a rule without dates would be looked for until the year 9999
	}
	rule, err := rrule.NewRRule(*opt)
	if err != nil {
		t.Fatalf("oracle: %v", err)
	}
	var out []string
	for _, at := range rule.Between(start, start.AddDate(0, 0, circle.SlotDays), true) {
		if len(out) < circle.MaxSlots {
			out = append(out, at.Format("2006-01-02T15:04"))
		}
	}
	return out
}

func TestSkipsAndCounts(t *testing.T) {
	w := newWorld(t, "Ann")
	ann := w.homes["Ann"]
	id := ann.do("ask", "text", "Walk", "repeat", "tue,thu x4", "skip", "2026-12-03", "when", "2026-12-01T08:00")
	var got []string
	for _, s := range ann.state.Slots(ann.env(), id, time.Time{}, time.Time{}) {
		got = append(got, s.Slot)
	}
	if want := []string{"2026-12-01T08:00", "2026-12-08T08:00", "2026-12-10T08:00"}; !slices.Equal(got, want) {
		t.Errorf("slots = %v, want %v: a skipped date is counted", got, want)
	}
	open := ann.do("ask", "text", "Walk", "repeat", "wed")
	if s := ann.post(open).Slots; len(s) != 9 || s[0].Slot != "2026-12-02" {
		t.Errorf("slots = %+v, want Wednesdays for 60 days from the first", s)
	}
}

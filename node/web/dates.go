package web

import (
	"fmt"
	"html/template"
	"strings"
	"time"
)

// Dates of needs and agreements are local times as they were written.
const (
	dayForm  = "2006-01-02"
	hourForm = "2006-01-02T15:04"
)

// day names a date: today, tomorrow, or "Tuesday 1 December", with the year where
// it is another.
func (l *language) day(t, now time.Time) template.HTML {
	date := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	switch date.Sub(today) {
	case 0:
		return l.say("date.today")
	case 24 * time.Hour:
		return l.say("date.tomorrow")
	case -24 * time.Hour:
		return l.say("date.yesterday")
	}
	return l.fullDay(t, now)
}

// fullDay names a date by its day of the week.
func (l *language) fullDay(t, now time.Time) template.HTML {
	key := "date.day"
	if t.Year() != now.Year() {
		key = "date.day_year"
	}
	return l.say(key, "weekday", l.say(fmt.Sprintf("weekday.%d", int(t.Weekday()))), "n", t.Day(),
		"month", l.say(fmt.Sprintf("month.%d", int(t.Month()))), "year", t.Year())
}

// when reads a date as it was written: "2026-12-01", "2026-12-01T17:00",
// "2026-12-01T17:00/18:30" or "2026-12-01/2026-12-05". What is none is shown as it is.
func (l *language) when(text string, now time.Time) template.HTML {
	if text == "" {
		return l.say("date.whenever")
	}
	from, to, ranged := strings.Cut(text, "/")
	start, hour, ok := readDate(from)
	if !ok {
		return isolated(text)
	}
	if !ranged {
		return l.moment(start, hour, now)
	}
	if end, err := time.Parse("15:04", to); err == nil {
		return l.say("date.hours", "day", l.day(start, now), "from", start.Format("15:04"), "to", end.Format("15:04"))
	}
	end, endHour, ok := readDate(to)
	if !ok {
		return isolated(text)
	}
	return l.say("date.range", "from", l.moment(start, hour, now), "to", l.moment(end, endHour, now))
}

func (l *language) moment(t time.Time, hour bool, now time.Time) template.HTML {
	if !hour {
		return l.day(t, now)
	}
	return l.say("date.at", "day", l.day(t, now), "time", t.Format("15:04"))
}

func readDate(text string) (t time.Time, hour, ok bool) {
	if t, err := time.Parse(hourForm, text); err == nil {
		return t, true, true
	}
	t, err := time.Parse(dayForm, text)
	return t, false, err == nil
}

// ago says coarsely how long a thing is past: presence is never to the minute.
func (l *language) ago(t, now time.Time) template.HTML {
	switch d := now.Sub(t); {
	case d < 10*time.Minute:
		return l.say("ago.now")
	case t.Year() == now.Year() && t.YearDay() == now.YearDay():
		return l.say("ago.today")
	case d < 7*24*time.Hour:
		return l.say("ago.week")
	}
	return l.say("ago.while")
}

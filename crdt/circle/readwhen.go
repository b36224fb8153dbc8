package circle

import (
	"slices"
	"strings"
	"time"
)

// ReadWhen reads a date as a person writes it: a form of [When.String], or today,
// tomorrow or a weekday (the next one, today included), with a time after it as
// "T18:00" or " 18:00", also as hours "18:00-19:30". now is in the node's zone.
func ReadWhen(s string, now time.Time) (When, error) {
	text := strings.TrimSpace(s)
	if w, err := parseWhen(text); err == nil {
		return w, nil
	}
	word, clock := splitClock(strings.ToLower(text))
	day, ok := namedDay(word, now)
	if !ok {
		if t, timed, err := parsePoint(word); err == nil && !timed {
			day, ok = t, true
		}
	}
	if !ok {
		return When{}, usage("no.date", s)
	}
	if clock == "" {
		return When{Start: day}, nil
	}
	from, to, hours := strings.Cut(strings.ReplaceAll(clock, "-", "/"), "/")
	full := day.Format(dateForm) + "T" + pad(from)
	if hours {
		full += "/" + pad(to)
	}
	w, err := parseWhen(full)
	if err != nil {
		return When{}, usage("no.date", s)
	}
	return w, nil
}

// pad turns 9:00 into 09:00.
func pad(clock string) string {
	if len(clock) == len("9:00") {
		return "0" + clock
	}
	return clock
}

func splitClock(s string) (day, clock string) {
	if day, clock, ok := strings.Cut(s, " "); ok {
		return day, strings.TrimSpace(clock)
	}
	for i := 1; i+1 < len(s); i++ {
		if s[i] == 't' && s[i+1] >= '0' && s[i+1] <= '9' {
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

var dayWords = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

func namedDay(word string, now time.Time) (time.Time, bool) {
	today := dayOf(now)
	switch word {
	case "today":
		return today, true
	case "tomorrow":
		return today.AddDate(0, 0, 1), true
	}
	day, ok := weekdayOf(word)
	if !ok {
		return time.Time{}, false
	}
	return today.AddDate(0, 0, (int(day)-int(today.Weekday())+7)%7), true
}

func weekdayOf(word string) (time.Weekday, bool) {
	if len(word) < 2 {
		return 0, false
	}
	i := slices.IndexFunc(dayWords, func(d string) bool { return strings.HasPrefix(d, word) })
	return time.Weekday(i), i >= 0
}

// ReadRule reads a repeat as a person writes it: an RRULE of the subset, or daily,
// weekly, monthly or weekdays, each with "x42" or "until DATE" after it.
func ReadRule(s string, now time.Time) (Rule, error) {
	if strings.Contains(s, "=") {
		r, err := ParseRule(strings.ToUpper(strings.TrimSpace(s)))
		if err != nil {
			return Rule{}, usage("no.rule.value", saidBy(err))
		}
		return r, nil
	}
	words := strings.Fields(strings.ToLower(s))
	bad := usage("no.rule", s)
	if len(words) == 0 {
		return Rule{}, bad
	}
	r := Rule{Interval: 1}
	switch words[0] {
	case "daily":
		r.Freq = Daily
	case "weekly":
		r.Freq = Weekly
	case "monthly":
		r.Freq = Monthly
	default:
		r.Freq = Weekly
		for _, d := range strings.Split(words[0], ",") {
			day, ok := weekdayOf(d)
			if !ok {
				return Rule{}, bad
			}
			r.ByDay = append(r.ByDay, Weekday{Day: day})
		}
	}
	switch rest := words[1:]; {
	case len(rest) == 0:
	case len(rest) == 1 && strings.HasPrefix(rest[0], "x"):
		n, err := number(rest[0][1:], 1, MaxSlots)
		if err != nil {
			return Rule{}, bad
		}
		r.Count = n
	case len(rest) == 2 && rest[0] == "until":
		w, err := ReadWhen(rest[1], now)
		if err != nil {
			return Rule{}, err
		}
		r.Until = dayOf(w.Start)
	default:
		return Rule{}, bad
	}
	return ParseRule(r.String())
}

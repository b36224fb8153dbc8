package circle

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Freq is how a rule repeats.
type Freq int

// The frequencies.
const (
	Daily Freq = iota
	Weekly
	Monthly
)

var freqNames = [...]string{"DAILY", "WEEKLY", "MONTHLY"}

var dayNames = [...]string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}

// Weekday is one BYDAY entry: a day, and in a monthly rule which one of the month
// (1 first, -1 last, 0 every).
type Weekday struct {
	Day time.Weekday
	Nth int
}

// Rule is the subset of RFC 5545's RRULE that posts use, in floating local time.
type Rule struct {
	Freq     Freq
	Interval int
	ByDay    []Weekday
	// ByMonthDay holds days of the month, negative ones counted from its end.
	ByMonthDay []int
	// Count is how many dates there are, skipped ones included; 0 for no end by count.
	Count int
	// Until is the last reading that may be one of its dates; zero for none. UntilTimed
	// says that it was written with a time.
	Until      time.Time
	UntilTimed bool
}

// String returns the one form of r that bodies hold: parts in the order FREQ,
// INTERVAL, BYDAY, BYMONTHDAY, COUNT, UNTIL, those with their default left out.
func (r Rule) String() string {
	parts := []string{"FREQ=" + freqNames[r.Freq]}
	if r.Interval > 1 {
		parts = append(parts, "INTERVAL="+strconv.Itoa(r.Interval))
	}
	if len(r.ByDay) > 0 {
		days := make([]string, len(r.ByDay))
		for i, d := range r.ByDay {
			if d.Nth != 0 {
				days[i] = strconv.Itoa(d.Nth)
			}
			days[i] += dayNames[d.Day]
		}
		parts = append(parts, "BYDAY="+strings.Join(days, ","))
	}
	if len(r.ByMonthDay) > 0 {
		days := make([]string, len(r.ByMonthDay))
		for i, d := range r.ByMonthDay {
			days[i] = strconv.Itoa(d)
		}
		parts = append(parts, "BYMONTHDAY="+strings.Join(days, ","))
	}
	if r.Count > 0 {
		parts = append(parts, "COUNT="+strconv.Itoa(r.Count))
	}
	if !r.Until.IsZero() {
		form := "20060102"
		if r.UntilTimed {
			form = "20060102T150405"
		}
		parts = append(parts, "UNTIL="+r.Until.Format(form))
	}
	return strings.Join(parts, ";")
}

// ParseRule reads an RRULE of the subset, with or without "RRULE:" before it.
func ParseRule(s string) (Rule, error) {
	r := Rule{Interval: 1, Freq: -1}
	seen := map[string]bool{}
	for _, part := range strings.Split(strings.TrimPrefix(s, "RRULE:"), ";") {
		key, value, ok := strings.Cut(part, "=")
		if !ok || seen[key] {
			return Rule{}, flaw("typed.rule_at", s, part)
		}
		seen[key] = true
		if err := r.set(key, value); err != nil {
			return Rule{}, flaw("typed.rule_because", s, saidBy(err))
		}
	}
	switch {
	case r.Freq < 0:
		return Rule{}, flaw("typed.rule_how_often", s)
	case r.Count > 0 && !r.Until.IsZero():
		return Rule{}, flaw("typed.rule_ends_twice", s)
	case r.Freq != Monthly && slices.ContainsFunc(r.ByDay, func(d Weekday) bool { return d.Nth != 0 }):
		return Rule{}, flaw("typed.rule_weekdays", s)
	case r.Freq == Weekly && len(r.ByMonthDay) > 0:
		return Rule{}, flaw("typed.rule_month_days", s)
	}
	slices.SortFunc(r.ByDay, func(a, b Weekday) int { return (a.Nth+6)*8 + int(a.Day+6)%7 - (b.Nth+6)*8 - int(b.Day+6)%7 })
	r.ByDay = slices.Compact(r.ByDay)
	slices.Sort(r.ByMonthDay)
	r.ByMonthDay = slices.Compact(r.ByMonthDay)
	return r, nil
}

func (r *Rule) set(key, value string) (err error) {
	switch key {
	case "FREQ":
		if r.Freq = Freq(slices.Index(freqNames[:], value)); r.Freq < 0 {
			err = flaw("typed.rule_freq")
		}
	case "INTERVAL":
		r.Interval, err = number(value, 1, 366)
	case "COUNT":
		r.Count, err = number(value, 1, MaxSlots)
	case "BYDAY":
		for _, d := range strings.Split(value, ",") {
			var w Weekday
			if w, err = parseWeekday(d); err != nil {
				return err
			}
			r.ByDay = append(r.ByDay, w)
		}
	case "BYMONTHDAY":
		for _, d := range strings.Split(value, ",") {
			var n int
			if n, err = number(d, -31, 31); err != nil || n == 0 {
				return flaw("typed.rule_month_day", d)
			}
			r.ByMonthDay = append(r.ByMonthDay, n)
		}
	case "UNTIL":
		value = strings.TrimSuffix(value, "Z")
		form := "20060102"
		if r.UntilTimed = len(value) > len(form); r.UntilTimed {
			form = "20060102T150405"
		}
		r.Until, err = time.Parse(form, value)
		if err == nil && r.Until.Year() < 1970 {
			err = flaw("typed.rule_past", value)
		}
	default:
		err = flaw("typed.rule_word", key)
	}
	return err
}

func parseWeekday(s string) (Weekday, error) {
	if len(s) < 2 {
		return Weekday{}, flaw("typed.rule_weekday", s)
	}
	day := slices.Index(dayNames[:], s[len(s)-2:])
	w := Weekday{Day: time.Weekday(day)}
	var err error
	if head := s[:len(s)-2]; head != "" {
		w.Nth, err = number(strings.TrimPrefix(head, "+"), -5, 5)
	}
	if day < 0 || err != nil || (len(s) > 2 && w.Nth == 0) {
		return Weekday{}, flaw("typed.rule_weekday", s)
	}
	return w, nil
}

func number(s string, least, most int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most {
		return 0, flaw("typed.number", s, least, most)
	}
	return n, nil
}

// dates yields the days of the rule from the day of start on, ascending, within
// [SlotDays] and at most [MaxSlots] of them. As in RFC 5545 a start that does not
// fit the rule is none of its dates.
func (r Rule) dates(start time.Time, yield func(time.Time) bool) {
	first := dayOf(start)
	clock := start.Sub(first)
	last := first.AddDate(0, 0, SlotDays)
	n := 0
	for day := first; !day.After(last) && n < MaxSlots; day = day.AddDate(0, 0, 1) {
		if !r.Until.IsZero() && r.past(day, clock) {
			return
		}
		if !r.fits(first, day) {
			continue
		}
		if n++; !yield(day) || n == r.Count {
			return
		}
	}
}

func (r Rule) past(day time.Time, clock time.Duration) bool {
	if r.UntilTimed {
		return day.Add(clock).After(r.Until)
	}
	return day.After(r.Until)
}

// fits reports whether day is one of the rule's, counted from the day first.
func (r Rule) fits(first, day time.Time) bool {
	days := int(day.Sub(first) / (24 * time.Hour))
	switch r.Freq {
	case Daily:
		return days%r.Interval == 0 && r.onWeekday(day) && r.onMonthDay(day)
	case Weekly:
		monday := func(t time.Time) time.Time { return t.AddDate(0, 0, -int(t.Weekday()+6)%7) }
		weeks := int(monday(day).Sub(monday(first)) / (7 * 24 * time.Hour))
		if len(r.ByDay) == 0 && day.Weekday() != first.Weekday() {
			return false
		}
		return weeks%r.Interval == 0 && r.onWeekday(day)
	}
	months := (day.Year()-first.Year())*12 + int(day.Month()-first.Month())
	if len(r.ByDay) == 0 && len(r.ByMonthDay) == 0 && day.Day() != first.Day() {
		return false
	}
	return months%r.Interval == 0 && r.onWeekday(day) && r.onMonthDay(day)
}

func (r Rule) onWeekday(day time.Time) bool {
	if len(r.ByDay) == 0 {
		return true
	}
	fromStart := (day.Day()-1)/7 + 1
	fromEnd := -((monthDays(day)-day.Day())/7 + 1)
	return slices.ContainsFunc(r.ByDay, func(w Weekday) bool {
		return w.Day == day.Weekday() && (w.Nth == 0 || w.Nth == fromStart || w.Nth == fromEnd)
	})
}

func (r Rule) onMonthDay(day time.Time) bool {
	if len(r.ByMonthDay) == 0 {
		return true
	}
	return slices.Contains(r.ByMonthDay, day.Day()) || slices.Contains(r.ByMonthDay, day.Day()-monthDays(day)-1)
}

func monthDays(t time.Time) int {
	return time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

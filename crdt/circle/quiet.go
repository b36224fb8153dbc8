package circle

import (
	"slices"
	"strings"
	"time"
)

// quiet are hours in which a person is not disturbed, as they write them: spans of
// hours, each of every day or of some days of the week. They float as a [When] does:
// whoever asks reads them on their own clock, and nobody's zone is told.
type quiet []quietSpan

// quietSpan lasts from a minute of the day until another, which is on the next day
// where it is not later.
type quietSpan struct {
	from, until int // minutes since midnight
	days        [7]bool
}

// readQuiet reads "08:00-16:00 mon-fri, 22:00-07:00". A day alone is quiet as a whole.
func readQuiet(text string) (quiet, error) {
	var q quiet
	for _, part := range strings.FieldsFunc(text, func(c rune) bool { return c == ',' || c == '\n' || c == ';' }) {
		words := strings.Fields(strings.ToLower(part))
		if len(words) == 0 {
			continue
		}
		span := quietSpan{}
		if strings.Contains(words[0], ":") {
			from, until, ok := strings.Cut(words[0], "-")
			a, err := time.Parse("15:04", from)
			b, err2 := time.Parse("15:04", until)
			if !ok || err != nil || err2 != nil {
				return nil, usage("no.quiet", strings.TrimSpace(part))
			}
			span.from, span.until = a.Hour()*60+a.Minute(), b.Hour()*60+b.Minute()
			words = words[1:]
			if len(words) == 0 {
				words = []string{"sun-sat"}
			}
		}
		for _, w := range words {
			if !span.addDays(w) {
				return nil, usage("no.quiet", strings.TrimSpace(part))
			}
		}
		q = append(q, span)
	}
	return q, nil
}

// addDays reads a day or a range of days.
func (s *quietSpan) addDays(word string) bool {
	first, last, ranged := strings.Cut(word, "-")
	a, ok := weekdayOf(first)
	b := a
	if ranged && ok {
		b, ok = weekdayOf(last)
	}
	for d := a; ok; d = (d + 1) % 7 {
		s.days[d] = true
		if d == b {
			return true
		}
	}
	return false
}

// on returns when the span lasts that begins on a day; false if none does.
func (s quietSpan) on(day time.Time) (from, until time.Time, ok bool) {
	from = day.Add(time.Duration(s.from) * time.Minute)
	until = day.Add(time.Duration(s.until) * time.Minute)
	if !until.After(from) {
		until = until.AddDate(0, 0, 1)
	}
	return from, until, s.days[day.Weekday()]
}

// around returns since when and until when it is quiet at a floating moment; false if
// it is not. Spans that meet are one; of what is always quiet only a week is looked at.
func (q quiet) around(now time.Time) (since, until time.Time, ok bool) {
	const week = 7
	type span struct{ from, until time.Time }
	var all []span
	for back := -week - 1; back <= week; back++ {
		for _, s := range q {
			if from, until, on := s.on(dayOf(now).AddDate(0, 0, back)); on {
				all = append(all, span{from, until})
			}
		}
	}
	slices.SortFunc(all, func(a, b span) int { return a.from.Compare(b.from) })
	for _, s := range all {
		if ok && s.from.After(until) || !ok && s.from.After(now) {
			break
		}
		switch {
		case s.from.After(until):
			since, until = s.from, s.until
		case s.until.After(until):
			until = s.until
		}
		ok = until.After(now)
	}
	return since, until, ok
}

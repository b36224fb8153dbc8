package circle

import (
	"fmt"
	"strings"
	"time"
)

const (
	dateForm = "2006-01-02"
	timeForm = "2006-01-02T15:04"
)

// When is a date, a time, a span of hours or a range of dates, in local time that
// floats: it names what stands on a wall clock, and no instant.
type When struct {
	// Start and End are in UTC, standing for local readings. End is zero for a single
	// date or time. Timed says that hours were given.
	Start, End time.Time
	Timed      bool
}

// String returns the one form of w that bodies hold: 2006-01-02,
// 2006-01-02T15:04, 2006-01-02T15:04/16:30 (a later day's end is written whole) or
// 2006-01-02/2006-01-05.
func (w When) String() string {
	switch {
	case w.Start.IsZero():
		return ""
	case w.End.IsZero() && !w.Timed:
		return w.Start.Format(dateForm)
	case w.End.IsZero():
		return w.Start.Format(timeForm)
	case !w.Timed:
		return w.Start.Format(dateForm) + "/" + w.End.Format(dateForm)
	case sameDay(w.Start, w.End):
		return w.Start.Format(timeForm) + "/" + w.End.Format("15:04")
	}
	return w.Start.Format(timeForm) + "/" + w.End.Format(timeForm)
}

// slot returns the slot that w opens: its first date, with the time if it has one.
func (w When) slot() string {
	switch {
	case w.Start.IsZero():
		return ""
	case w.Timed:
		return w.Start.Format(timeForm)
	}
	return w.Start.Format(dateForm)
}

// over returns the local reading at which w is past: the end of its hours or of its
// last day. A time without an end lasts an hour.
func (w When) over() time.Time {
	switch {
	case w.Timed && w.End.IsZero():
		return w.Start.Add(time.Hour)
	case w.Timed:
		return w.End
	case w.End.IsZero():
		return w.Start.AddDate(0, 0, 1)
	}
	return w.End.AddDate(0, 0, 1)
}

// moved returns w beginning at another day, with the same hours and length.
func (w When) moved(day time.Time) When {
	shift := day.Sub(dayOf(w.Start))
	w.Start = w.Start.Add(shift)
	if !w.End.IsZero() {
		w.End = w.End.Add(shift)
	}
	return w
}

func sameDay(a, b time.Time) bool { return dayOf(a).Equal(dayOf(b)) }

func dayOf(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}

// local returns the wall-clock reading of t in its own zone, as floating time.
func local(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

// parsePoint reads a date or a date and time. Only years 1970 to 9999 exist here.
func parsePoint(s string) (t time.Time, timed bool, err error) {
	timed = len(s) == len(timeForm)
	n := pointForm{s: s, bad: !timed && len(s) != len(dateForm)}
	year, month, day := n.number(4, '-'), n.number(2, '-'), n.number(2, 'T')
	hour, minute := 0, 0
	if timed {
		hour, minute = n.number(2, ':'), n.number(2, 0)
	}
	t = time.Date(year, time.Month(month), day, hour, minute, 0, 0, time.UTC)
	if n.bad || n.s != "" || year < 1970 || t.Month() != time.Month(month) || t.Day() != day || hour > 23 || minute > 59 {
		return time.Time{}, false, fmt.Errorf("%q is no date that exists", s)
	}
	return t, timed, nil
}

// pointForm is what is left to read of a date. It is read for each post of a list, so
// package time's general way is not taken.
type pointForm struct {
	s   string
	bad bool
}

// number reads digits, and what stands after them unless nothing does.
func (n *pointForm) number(digits int, after byte) int {
	if len(n.s) < digits {
		n.bad = true
		return 0
	}
	v := 0
	for _, c := range []byte(n.s[:digits]) {
		n.bad = n.bad || c < '0' || c > '9'
		v = 10*v + int(c-'0')
	}
	if n.s = n.s[digits:]; n.s != "" {
		n.bad = n.bad || n.s[0] != after
		n.s = n.s[1:]
	}
	return v
}

func isDate(s string) bool {
	_, timed, err := parsePoint(s)
	return err == nil && !timed
}

// checkSlot returns an error unless s is "", a date, or a date and time.
func checkSlot(s string) error {
	if s == "" {
		return nil
	}
	if _, _, err := parsePoint(s); err != nil {
		return fmt.Errorf("%q is no slot", s)
	}
	return nil
}

// parseWhen reads a When in one of the forms of [When.String], or one that is
// written longer than needed.
func parseWhen(s string) (When, error) {
	first, last, ranged := strings.Cut(s, "/")
	var w When
	var err error
	if w.Start, w.Timed, err = parsePoint(first); err != nil || !ranged {
		return w, err
	}
	if w.Timed && len(last) == len("15:04") {
		last = first[:len(dateForm)] + "T" + last
	}
	end, timed, err := parsePoint(last)
	switch {
	case err != nil:
		return When{}, err
	case timed != w.Timed:
		return When{}, fmt.Errorf("%q begins with a time and ends with a date, or the other way round", s)
	case !end.After(w.Start):
		return When{}, fmt.Errorf("%q ends before it begins", s)
	}
	w.End = end
	return w, nil
}

package crdt

import "time"

// HLC is a hybrid logical clock reading: Unix milliseconds shifted left by 16,
// plus a 16-bit counter. It orders what people see and breaks ties in
// last-writer registers; it never decides authority between two people.
type HLC uint64

// MaxHLC is the first reading that is out of range.
const MaxHLC HLC = 1 << 62

// DayMillis is the length of an HLC day, the unit of chain budgets.
const DayMillis = 86_400_000

// At returns the first reading of the millisecond ms since the Unix epoch, ms ≥ 0.
func At(ms int64) HLC {
	if ms < 0 {
		return 0
	}
	return HLC(ms) << 16
}

// Millis returns the Unix milliseconds of h.
func (h HLC) Millis() int64 { return int64(h >> 16) }

// Day returns the day h falls on, counted from the Unix epoch in UTC.
func (h HLC) Day() uint64 { return uint64(h>>16) / DayMillis }

// Time returns the wall time of h in UTC; the counter is left out.
func (h HLC) Time() time.Time { return time.UnixMilli(h.Millis()).UTC() }

// Next returns the reading of a new op: the clock's, but always later than the
// latest of its parents (SPEC.md §3.4).
func Next(clock HLC, latestParent HLC) HLC {
	return max(clock, latestParent+1)
}

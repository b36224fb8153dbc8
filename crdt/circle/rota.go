package circle

// ParseWhen reads a date, a time, a span of hours or a range of dates in the form
// that bodies hold, [When.String].
func ParseWhen(s string) (When, error) { return parseWhen(s) }

// Slot returns the slot that w opens: its first date, with the time if it has one.
func (w When) Slot() string { return w.slot() }

// Span returns w with the end that it has where none was written: a time without an
// end lasts an hour, and a date a day. Of dates the end is the day after the last.
func (w When) Span() When {
	w.End = w.over()
	return w
}

// Rota is a post's repeat as calendars tell it.
type Rota struct {
	// First is the first date there is by the rule, which need not be the date that it
	// counts from. The rule gives the same dates from it.
	First When
	Rule  Rule
	// Dates are the slots of the rule ascending, those that are left out included: at
	// most [MaxSlots], and none later than [SlotDays] after the date it counts from.
	Dates []string
}

// Rota returns the repeat of a post; false if it has none that yields a date.
func (p *Posted) Rota() (Rota, bool) {
	if p.Rule == "" || len(p.When) == 0 {
		return Rota{}, false
	}
	rule, err := ParseRule(p.Rule)
	if err != nil {
		return Rota{}, false
	}
	from, err := parseWhen(p.When[0])
	if err != nil {
		return Rota{}, false
	}
	out := Rota{Rule: rule}
	bare := Posted{When: p.When[:1], Rule: p.Rule}
	times := slotsOf(&bare, nil)
	if len(times.slots) == 0 || from.Start.IsZero() {
		return Rota{}, false
	}
	out.Dates, out.First = times.slots, times.times[0].When
	return out, true
}

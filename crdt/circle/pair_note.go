package circle

import (
	"slices"
	"time"

	"tend/crdt"
	"tend/crdt/canon"
)

// PairNote is what a person keeps about another for themselves: how they take their
// tea, when their mother died. It never leaves the person's own home.
type PairNote struct {
	// N counts the notes about one member from 1, the oldest first; it is what a
	// person calls it by.
	N      int
	Member crdt.ID
	Text   string
	// On is the day that it reminds of, "" for none; Yearly says every year.
	On     string
	Yearly bool
	key    string
}

// pairNote is how a home keeps it.
type pairNote struct {
	_      struct{} `cbor:",toarray"`
	Text   string
	On     string
	Yearly bool
}

// PairNotes returns the notes about a member, the oldest first; about everybody for
// the zero id, by member.
func (o Own) PairNotes(member crdt.ID) []PairNote {
	out := []PairNote{}
	prefix := ownNote
	if !member.IsZero() {
		prefix += string(member[:])
	}
	for _, row := range o.rowsOf(prefix) {
		var kept pairNote
		if len(row.Key) != len(ownNote)+32+16 || canon.Unmarshal(row.Value, &kept) != nil {
			continue
		}
		note := PairNote{N: 1, Member: crdt.ID([]byte(row.Key[len(ownNote):][:32])), Text: kept.Text, On: kept.On, Yearly: kept.Yearly, key: row.Key}
		if last := len(out) - 1; last >= 0 && out[last].Member == note.Member {
			note.N = out[last].N + 1
		}
		out = append(out, note)
	}
	return out
}

// remindFor is for how many days a note speaks up, its own day among them: a home
// that was off that day still says it.
const remindFor = 7

// Due returns the notes that speak up now, by their day and then by member. Only the
// person whose home this is ever sees them.
func (o Own) Due(now time.Time) []PairNote {
	today := dayOf(local(now))
	type due struct {
		at   time.Time
		note PairNote
	}
	var found []due
	for _, note := range o.PairNotes(crdt.ID{}) {
		if at, ok := note.last(today); ok && today.Sub(at) < remindFor*24*time.Hour {
			note.On = at.Format(dateForm)
			found = append(found, due{at, note})
		}
	}
	slices.SortStableFunc(found, func(a, b due) int { return a.at.Compare(b.at) })
	out := []PairNote{}
	for _, d := range found {
		out = append(out, d.note)
	}
	return out
}

// last returns the newest of the note's days that has come by today; false if none has.
func (n PairNote) last(today time.Time) (time.Time, bool) {
	first, _, err := parsePoint(n.On)
	if err != nil || first.After(today) {
		return time.Time{}, false
	}
	if !n.Yearly {
		return first, true
	}
	at := inYear(first, today.Year())
	if at.After(today) {
		at = inYear(first, today.Year()-1)
	}
	return at, !at.Before(first)
}

// inYear is a day of another year in year; the 29th of February is the 28th where
// there is none.
func inYear(day time.Time, year int) time.Time {
	at := time.Date(year, day.Month(), day.Day(), 0, 0, 0, 0, time.UTC)
	if at.Month() != day.Month() {
		return time.Date(year, day.Month()+1, 0, 0, 0, 0, 0, time.UTC)
	}
	return at
}

// KeepPairNote keeps a note about a member on this home alone.
type KeepPairNote struct {
	Member crdt.ID
	Text   string
	On     string
	Yearly bool
}

func (c KeepPairNote) decide(s *State, env Env) (plan, error) {
	if err := ruleNote.check(c.Text); err != nil {
		return plan{}, unfit(err)
	}
	if slices.ContainsFunc(env.Own.PairNotes(c.Member), func(n PairNote) bool {
		return n.Text == c.Text && n.On == c.On && n.Yearly == c.Yearly
	}) {
		return unchanged(c.Member), nil
	}
	value := canon.MustMarshal(pairNote{Text: c.Text, On: c.On, Yearly: c.Yearly})
	return keptAlone(env, c.Member, OwnRow{ownNote + string(c.Member[:]) + stamped(env.Now, value), value})
}

// DropPairNote lets one of the notes about a member go.
type DropPairNote struct {
	Member crdt.ID
	N      int
}

func (c DropPairNote) decide(s *State, env Env) (plan, error) {
	for _, n := range env.Own.PairNotes(c.Member) {
		if n.N == c.N {
			return keptAlone(env, c.Member, OwnRow{Key: n.key})
		}
	}
	return plan{}, notFound("no.pair_note", s.who(c.Member))
}

// pairNote reads a note about a member, or with --drop which one goes.
func (p *parser) pairNote() Command {
	member := p.member()
	if p.has("drop") {
		return DropPairNote{Member: member, N: int(p.number("drop", 0, 1, MaxOwn))}
	}
	c := KeepPairNote{Member: member, Text: p.text("text"), On: p.date("on"), Yearly: p.flag("yearly")}
	if c.Yearly && c.On == "" {
		p.fail(usage("no.yearly"))
	}
	return c
}

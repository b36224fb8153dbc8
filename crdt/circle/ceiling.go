package circle

import (
	"slices"
	"strings"
	"time"

	"tend/crdt"
	"tend/crdt/canon"
)

// MaxCeiling is the highest ceiling that makes sense.
const MaxCeiling = 100

// Ceiling is how much a person means to carry in a week. It reminds them alone, and
// they may pass it.
type Ceiling struct {
	Week int // things a week; 0: no ceiling
	// TellRoom lets the home say "little room" once the ceiling is reached: that
	// travels, the number does not.
	TellRoom bool
}

// ceiling is how a home keeps it.
type ceiling struct {
	_        struct{} `cbor:",toarray"`
	Week     uint64
	TellRoom bool
}

// Ceiling returns one's own; false if there is none.
func (o Own) Ceiling() (Ceiling, bool) {
	var kept ceiling
	if canon.Unmarshal(o.rows[ownCeiling], &kept) != nil || kept.Week == 0 || kept.Week > MaxCeiling {
		return Ceiling{}, false
	}
	return Ceiling{Week: int(kept.Week), TellRoom: kept.TellRoom}, true
}

// SetCeiling sets one's ceiling, or with the zero Ceiling takes it away.
type SetCeiling struct{ Ceiling Ceiling }

func (c SetCeiling) decide(_ *State, env Env) (plan, error) {
	if had, _ := env.Own.Ceiling(); had == c.Ceiling {
		return unchanged(env.Me), nil
	}
	row := OwnRow{Key: ownCeiling}
	if c.Ceiling.Week > 0 {
		row.Value = canon.MustMarshal(ceiling{Week: uint64(c.Ceiling.Week), TellRoom: c.Ceiling.TellRoom})
	}
	return keptAlone(env, env.Me, row)
}

// setCeiling reads "2/week", or "none".
func (p *parser) setCeiling() Command {
	t, tell := p.text("text"), p.flag("tell_room")
	if t == "none" && !tell {
		return SetCeiling{}
	}
	n, err := number(strings.TrimSpace(strings.TrimSuffix(t, "/week")), 1, MaxCeiling)
	if err != nil {
		p.fail(usage("no.ceiling", t))
	}
	return SetCeiling{Ceiling{Week: n, TellRoom: tell}}
}

// carries reports whether the person said yes to carry something by an agreement that
// was not given back.
func (r *reader) carries(a *agreement) bool {
	word, _ := a.word(r.env.Me)
	over := a.state == StateReleased || a.state == StateLapsed
	return a.gives(r.env.Me) && !over && (word == WordYes || a.shared())
}

// carried returns what the person carries in the week that begins on a Monday.
func (r *reader) carried(week time.Time) []*agreement {
	return slices.DeleteFunc(r.myAgreements(), func(a *agreement) bool {
		return !r.carries(a) || !weekOf(r.day(a)).Equal(week)
	})
}

// AboveCeiling reports whether one of these agreements lies in a week in which the
// person carries more than they meant to. Nobody else can tell.
func (s *State) AboveCeiling(env Env, agreements ...crdt.ID) bool {
	own, ok := env.Own.Ceiling()
	if !ok {
		return false
	}
	r, done := s.looking(env)
	defer done()
	return slices.ContainsFunc(agreements, func(id crdt.ID) bool {
		a, known := r.agreement(id)
		return known && r.carries(a) && len(r.carried(weekOf(r.day(a)))) > own.Week
	})
}

// TellRoom says "little room" until the end of the week for a person whose ceiling is
// reached in it and who wished their home to say so. A home does this by itself. What
// the person said of their room since the last of these yeses holds.
type TellRoom struct{}

func (TellRoom) decide(s *State, env Env) (plan, error) {
	own, ok := env.Own.Ceiling()
	if !ok || !own.TellRoom {
		return unchanged(env.Me), nil
	}
	r := s.reader(env)
	week := weekOf(r.now)
	carried := r.carried(week)
	if len(carried) < own.Week {
		return unchanged(env.Me), nil
	}
	if room, said := s.section(env.Me, SectionRoom); said && !slices.ContainsFunc(carried, func(a *agreement) bool { return a.saidYes(env.Me) > room.HLC }) {
		return unchanged(env.Me), nil
	}
	if level, _, _ := s.Room(env.Me, env.Now); level == RoomLittle || level == RoomResting {
		return unchanged(env.Me), nil
	}
	const sunday = 6
	return SetSection{Section: SectionRoom, Values: []string{RoomLittle}, Until: week.AddDate(0, 0, sunday).Format(dateForm)}.decide(s, env)
}

// saidYes is when member last said yes to it: by a word, by having made it, or by an
// offer that somebody took up.
func (a *agreement) saidYes(member crdt.ID) crdt.HLC {
	var at crdt.HLC
	if a.made.Author == member || a.post != nil && a.post.owner == member && a.said(member, a.newest().rev) {
		at = a.made.HLC
	}
	for _, w := range a.words {
		if w.by == member && w.value == WordYes {
			at = max(at, w.hlc)
		}
	}
	return at
}

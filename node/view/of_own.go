package view

import (
	"fmt"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/node/words"
)

// PairNotes returns the reader's own notes about a member, or with "" about everybody.
// The error is a [*circle.Problem].
func (s Source) PairNotes(member string) ([]PairNote, error) {
	var about crdt.ID
	if member != "" {
		id, err := s.State.ResolveMember(s.Env, member)
		if err != nil {
			return nil, err
		}
		about = id
	}
	return s.pairNotes(s.Env.Own.PairNotes(about)), nil
}

func (s Source) pairNotes(all []circle.PairNote) []PairNote {
	out := []PairNote{}
	for _, n := range all {
		out = append(out, PairNote{N: n.N, Member: s.Person(n.Member), Text: n.Text, On: n.On, Yearly: n.Yearly})
	}
	return out
}

// Ceiling returns how much the reader means to carry in a week.
func (s Source) Ceiling() Ceiling {
	c, _ := s.Env.Own.Ceiling()
	return Ceiling{Week: c.Week, TellRoom: c.TellRoom}
}

// Reflections returns what the reader answered a question of their own.
func (s Source) Reflections() Reflections {
	v := Reflections{Question: words.Told.Say("reflect.question"), Answers: []Reflection{}}
	for _, r := range s.Env.Own.Reflections() {
		v.Answers = append(v.Answers, Reflection{Made: s.inZone(r.Made), Text: r.Text})
	}
	return v
}

// Mirror returns the reader's own.
func (s Source) Mirror() Mirror {
	m := s.State.Mirror(s.Env)
	v := Mirror{Since: m.Since, Lines: []string{}, Ask: words.Told.Tell(m.Ask), Rest: words.Told.Tell(m.Rest)}
	for _, line := range m.Lines {
		v.Lines = append(v.Lines, words.Told.Tell(line))
	}
	return v
}

// Followed returns the categories that the reader follows.
func (s Source) Followed() Followed {
	return Followed{Categories: append([]string{}, s.Env.Own.Followed()...)}
}

// Remind returns how long before an agreement the reader is reminded.
func (s Source) Remind() Remind {
	const day = 24 * time.Hour
	switch lead := s.Env.Own.Remind(); {
	case lead == 0:
		return Remind{"never"}
	case lead%day == 0:
		return Remind{fmt.Sprintf("%dd", lead/day)}
	default:
		return Remind{fmt.Sprintf("%dh", lead/time.Hour)}
	}
}

// rhythms are what a digest's days are called.
var rhythms = map[int]string{0: "never", 1: "day", 7: "week"}

// clockTime writes a time after midnight.
func clockTime(at time.Duration) string {
	return fmt.Sprintf("%02d:%02d", at/time.Hour, at%time.Hour/time.Minute)
}

// Digest returns what there is to tell the reader now, until their next digest or for a
// week. It does not count as told by that.
func (s Source) Digest() Digest {
	days := 7
	v := Digest{Every: rhythms[0]}
	if wish, ok := s.Env.Own.Rhythm(); ok {
		days = wish.Days
		v.Every, v.Out, v.Mail = rhythms[days], wish.Out, wish.Mail
		v.At = clockTime(wish.At)
	}
	d := s.State.ToTell(s.Env, days)
	v.HardDays = s.hardDays(d.HardDays)
	v.Asked, v.ICould, v.Ahead, v.Look = s.items(d.Asked), s.items(d.ICould), s.items(d.Ahead), s.attentions(d.Look)
	return v
}

// Distances are whom the reader keeps at a distance.
func (s Source) Distances() []Person { return s.people(s.Env.Own.Distant()) }

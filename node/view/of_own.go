package view

import (
	"tend/crdt"
	"tend/crdt/circle"
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
	v := Reflections{Question: circle.Question, Answers: []Reflection{}}
	for _, r := range s.Env.Own.Reflections() {
		v.Answers = append(v.Answers, Reflection{Made: s.inZone(r.Made), Text: r.Text})
	}
	return v
}

// Mirror returns the reader's own.
func (s Source) Mirror() Mirror {
	m := s.State.Mirror(s.Env)
	v := Mirror{Since: m.Since, Lines: []string{}, Ask: m.Ask.English, Rest: m.Rest.English}
	for _, line := range m.Lines {
		v.Lines = append(v.Lines, line.English)
	}
	return v
}

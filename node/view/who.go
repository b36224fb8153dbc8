package view

import (
	"tend/crdt/circle"
	"tend/node/words"
)

// Who returns the members that may have room for a need, in spread order, each with
// what speaks for asking them: see [circle.State.Match]. It is an order of suggestion,
// never a filter on who may answer. The error is a [*circle.Problem].
func (s Source) Who(word string) ([]Member, error) {
	id, err := s.State.Resolve(word)
	if err != nil {
		return nil, err
	}
	all, ok := s.State.Match(s.Env, id)
	if !ok {
		return nil, circle.Refuse(circle.NotFound, "no.not_post.who")
	}
	out := []Member{}
	for _, one := range all {
		m, ok := s.People.Member(one.Member)
		if !ok {
			continue
		}
		v := s.member(m)
		for _, why := range one.Why {
			v.Why, v.WhySaid = append(v.Why, words.Told.Tell(why)), append(v.WhySaid, why)
		}
		out = append(out, v)
	}
	return out, nil
}

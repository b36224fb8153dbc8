package view

import (
	"cmp"
	"slices"

	"tend/crdt"
	"tend/crdt/circle"
)

// Who returns the members that may have room for a need, in spread order: those
// who rest last, and before that those whose last yes lies longest back, so that
// it is not always the same people. It uses only what the reader may see anyway,
// and is an order of suggestion, never a filter on who may answer. The error is a
// [*circle.Problem].
func (s Source) Who(word string) ([]Member, error) {
	id, err := s.State.Resolve(word)
	if err != nil {
		return nil, err
	}
	post, ok := s.State.Post(s.Env, id)
	if !ok {
		return nil, &circle.Problem{Code: circle.NotFound, Said: circle.As("no.not_post"), Say: "That is neither a need nor an offer.", Hint: "tend list shows those there are."}
	}
	last := s.lastYes()
	type candidate struct {
		id   crdt.ID
		room int
	}
	var all []candidate
	for _, m := range s.People.Members() {
		if m.ID != post.Owner && m.ID != post.Author && m.ID != s.Env.Me {
			all = append(all, candidate{m.ID, s.roomRank(m.ID)})
		}
	}
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.room, b.room), cmp.Compare(last[a.id], last[b.id]), a.id.Compare(b.id))
	})
	out := []Member{}
	for _, c := range all {
		if m, ok := s.People.Member(c.id); ok {
			out = append(out, s.member(m))
		}
	}
	return out, nil
}

// lastYes is when each member last said yes to something the whole circle sees.
func (s Source) lastYes() map[crdt.ID]crdt.HLC {
	last := map[crdt.ID]crdt.HLC{}
	for _, a := range s.State.Agreements(s.Env, circle.Filter{All: true}) {
		if a.Audience == nil {
			last[a.Author] = max(last[a.Author], a.Made)
		}
	}
	return last
}

// roomRank puts those who said that they carry little, or rest, behind the others.
// Who said nothing lately stands with those who have room: silence is no answer.
func (s Source) roomRank(member crdt.ID) int {
	level, _, ok := s.State.Room(member, s.Env.Now)
	switch {
	case !ok || level == circle.RoomOpen || level == circle.RoomSome:
		return 0
	case level == circle.RoomLittle:
		return 1
	}
	return 2
}

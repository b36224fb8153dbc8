package circle_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"tend/crdt"
	"tend/crdt/circle"
)

// unguarded is the guard of readings that one goroutine uses.
type unguarded struct{}

func (unguarded) Lock()   {}
func (unguarded) Unlock() {}

// everyLook is all that somebody can look at.
func everyLook(s *circle.State, env circle.Env, ids []crdt.ID) []func() any {
	all := circle.Filter{All: true}
	looks := []func() any{
		func() any { return s.Today(env) }, func() any { return s.Week(env) }, func() any { return s.Map(env) },
		func() any { return s.Look(env) }, func() any { return s.Mirror(env) }, func() any { return s.ToTell(env, 7) },
		func() any { return s.Posts(env, all) }, func() any { return s.Agreements(env, all) },
		func() any { return s.Posts(env, circle.Filter{Mine: true, Limit: 2}) },
		func() any { return s.Agreements(env, circle.Filter{Limit: 2}) },
		func() any { return s.Talks(env, all) }, func() any { return s.Search(env, "soup") }, func() any { return s.Search(env, "hello") },
		func() any { return eachPost(s, env, circle.Filter{Needs: true}) }, func() any { return eachOnMap(s, env) },
	}
	for _, id := range ids {
		looks = append(looks, func() any { p, _ := s.Post(env, id); return p }, func() any { a, _ := s.Agreement(env, id); return a },
			func() any { m, _ := s.Match(env, id); return m }, func() any { v, _ := s.Talk(env, id); return v })
	}
	return looks
}

// looked is what some looks show, in their order, as JSON.
func looked(t *rapid.T, looks []func() any, order []int) string {
	shown := make([]any, len(order))
	for i, n := range order {
		shown[i] = looks[n]()
	}
	out, err := json.Marshal(shown)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// eachPost is what EachPost yields.
func eachPost(s *circle.State, env circle.Env, f circle.Filter) []circle.Post {
	out := []circle.Post{}
	s.EachPost(env, f, func(_, _ int, p *circle.Post) { out = append(out, *p) })
	return out
}

// eachOnMap is what EachOnMap yields.
func eachOnMap(s *circle.State, env circle.Env) []circle.MapRow {
	out := []circle.MapRow{}
	s.EachOnMap(env, func(category string) {
		out = append(out, circle.MapRow{Category: category, Offers: []circle.Post{}, Needs: []circle.Post{}})
	}, func(_, _ int, p *circle.Post) {
		row := &out[len(out)-1]
		if p.Need {
			row.Needs = append(row.Needs, *p)
		} else {
			row.Offers = append(row.Offers, *p)
		}
	})
	return out
}

// TestOneByOneAndTogetherAreTheSame: lists that are yielded line by line, and those made
// at once.
func TestOneByOneAndTogetherAreTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := circle.NewState(circleID)
		for _, c := range history(t) {
			s.Apply(c)
		}
		s = s.With(circle.NewReadings(unguarded{}))
		env := circle.Env{Me: rapid.SampledFrom(people).Draw(t, "me"), Members: people, Zone: "Europe/Berlin", Now: monday}
		f := circle.Filter{Needs: true, All: rapid.Bool().Draw(t, "all"), Limit: rapid.IntRange(0, 3).Draw(t, "limit")}
		if got, want := eachPost(s, env, f), s.Posts(env, f); !reflect.DeepEqual(got, want) {
			t.Fatalf("one by one: %v, together: %v", got, want)
		}
		agreements := []circle.Agreement{}
		s.EachAgreement(env, f, func(_, _ int, a *circle.Agreement) { agreements = append(agreements, *a) })
		if want := s.Agreements(env, f); !reflect.DeepEqual(agreements, want) {
			t.Fatalf("one by one: %v, together: %v", agreements, want)
		}
		if got, want := eachOnMap(s, env), s.Map(env); !reflect.DeepEqual(got, want) {
			t.Fatalf("the map one by one: %v, together: %v", got, want)
		}
	})
}

// TestReadingsChangeNoLook looks at a growing history, now and again at an older state
// of it, as each of its people and at several times, at everything or at some things, in
// any order: with what was read before, and without.
func TestReadingsChangeNoLook(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		changes := history(t)
		ids := everyRecord(changes)
		k := circle.NewReadings(unguarded{})
		s := circle.NewState(circleID)
		var published []*circle.State
		for len(changes) > 0 {
			n := rapid.IntRange(1, min(len(changes), 8)).Draw(t, "together")
			for _, c := range changes[:n] {
				s.Apply(c)
			}
			changes = changes[n:]
			published = append(published, s)
			s = s.Fork()
			at := len(published) - 1
			if rapid.IntRange(0, 3).Draw(t, "older") == 0 {
				at = rapid.IntRange(0, at).Draw(t, "at")
			}
			env := circle.Env{Me: rapid.SampledFrom(people).Draw(t, "me"), Members: people, Zone: "Europe/Berlin",
				Now: monday.AddDate(0, 0, rapid.IntRange(0, 3).Draw(t, "days"))}
			kept, anew := everyLook(published[at].With(k), env, ids), everyLook(published[at], env, ids)
			order := make([]int, len(anew))
			for i := range order {
				order[i] = i
			}
			order = rapid.Permutation(order).Draw(t, "order")
			order = order[:rapid.IntRange(1, len(order)).Draw(t, "looks")]
			got, want := looked(t, kept, order), looked(t, anew, order)
			if got != want {
				t.Fatalf("with readings:\n%s\nwithout:\n%s", got, want)
			}
		}
	})
}

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

// everyLook is all that somebody can look at, as JSON.
func everyLook(t *rapid.T, s *circle.State, env circle.Env, ids []crdt.ID) string {
	all := circle.Filter{All: true}
	looks := []any{s.Today(env), s.Week(env), s.Map(env), s.Look(env), s.Mirror(env), s.ToTell(env, 7), s.Posts(env, all), s.Agreements(env, all),
		s.Posts(env, circle.Filter{Mine: true, Limit: 2}), s.Agreements(env, circle.Filter{Limit: 2}), s.Talks(env, all), s.Search(env, "soup"), s.Search(env, "hello")}
	for _, id := range ids {
		p, _ := s.Post(env, id)
		a, _ := s.Agreement(env, id)
		m, _ := s.Match(env, id)
		looks = append(looks, p, a, m)
	}
	looks = append(looks, eachPost(s, env, circle.Filter{Needs: true}), eachOnMap(s, env))
	out, err := json.Marshal(looks)
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
// of it, as each of its people and at several times: with what was read before, and
// without.
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
			got, want := everyLook(t, published[at].With(k), env, ids), everyLook(t, published[at], env, ids)
			if got != want {
				t.Fatalf("with readings:\n%s\nwithout:\n%s", got, want)
			}
		}
	})
}

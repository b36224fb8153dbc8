package circle_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tend/crdt"
	"tend/crdt/circle"
)

// unguarded is the guard of readings that one goroutine uses.
type unguarded struct{}

func (unguarded) Lock()   {}
func (unguarded) Unlock() {}

// everyList is what somebody can look at of all that a circle has.
func everyList(s *circle.State, env circle.Env) []func() any {
	all := circle.Filter{All: true}
	from, to := env.Now.AddDate(0, 0, -3), env.Now.AddDate(0, 0, 7)
	return []func() any{
		func() any { return s.Today(env) }, func() any { return s.Week(env) }, func() any { return s.Map(env) },
		func() any { return s.Look(env) }, func() any { return s.Mirror(env) }, func() any { return s.ToTell(env, 7) },
		func() any { return s.Interrupts(env) }, func() any { return s.Soon(env) }, func() any { return s.HardDays(env, from, to) },
		func() any { return s.Posts(env, all) }, func() any { return s.Agreements(env, all) },
		func() any { return s.Posts(env, circle.Filter{Mine: true, Limit: 2}) },
		func() any { return s.Posts(env, circle.Filter{Category: "meals", Text: "soup"}) },
		func() any { return s.Agreements(env, circle.Filter{Limit: 2}) },
		func() any { return s.Agreements(env, circle.Filter{Mine: true, Category: "meals"}) },
		func() any { return s.Decisions(env, all) }, func() any { return s.Decisions(env, circle.Filter{Mine: true}) },
		func() any { return s.Talks(env, all) }, func() any { return s.Talks(env, circle.Filter{}) },
		func() any { return s.Search(env, "soup") }, func() any { return s.Search(env, "hello") },
		func() any { return eachPost(s, env, circle.Filter{Needs: true}) }, func() any { return eachOnMap(s, env) },
		func() any { return []any{s.Pod(env), s.CharterReview(env), s.CharterWords(env), s.Welcome(env)} },
	}
}

// everyPage is what somebody can look at under one id.
func everyPage(s *circle.State, env circle.Env, id crdt.ID) []func() any {
	return []func() any{
		func() any { p, _ := s.Post(env, id); return p }, func() any { a, _ := s.Agreement(env, id); return a },
		func() any { m, _ := s.Match(env, id); return m }, func() any { v, _ := s.Talk(env, id); return v },
		func() any { d, _ := s.Decision(env, id); return d }, func() any { return s.Slots(env, id, time.Time{}, time.Time{}) },
		func() any { return s.AboveCeiling(env, id) }, func() any { return s.Notes(id) },
		func() any { return []any{s.Consents(env, id), s.TenderDates(env, id), s.MayAsk(env, id)} },
	}
}

// looked is what some looks show, in their order, as JSON.
func looked(t *rapid.T, looks []func() any) string {
	shown := make([]any, len(looks))
	for i, look := range looks {
		shown[i] = look()
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
// of it, as each of its people and at several times, at some things in any order and
// again: with what was read before, and without.
func TestReadingsChangeNoLook(t *testing.T) {
	t.Run("written at random", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			lookAtGrowing(t, lived{changes: history(t), people: people})
		})
	})
	t.Run("lived", func(t *testing.T) {
		rapid.Check(t, func(r *rapid.T) { lookAtGrowing(r, live(t, r, threads)) })
	})
	t.Run("talked", func(t *testing.T) {
		rapid.Check(t, func(r *rapid.T) { lookAtGrowing(r, live(t, r, talks)) })
	})
	t.Run("acted for others", func(t *testing.T) {
		rapid.Check(t, func(r *rapid.T) { lookAtGrowing(r, live(t, r, proxies)) })
	})
}

func lookAtGrowing(t *rapid.T, l lived) {
	ids := append(everyRecord(l.changes), l.people...)
	k, s := circle.NewReadings(unguarded{}), circle.NewState(circleID)
	var published []*circle.State
	for came := 0; came < len(l.changes); {
		n := min(len(l.changes), came+rapid.IntRange(1, 8).Draw(t, "together"))
		for _, c := range l.changes[came:n] {
			s.Apply(c)
		}
		came = n
		env := l.someone(t, l.changes[came-1].HLC.Time())
		goAway(t, s, env.Now, l.changes[:came])
		published, s = append(published, s), s.Fork()
		seen := published[len(published)-1]
		if rapid.IntRange(0, 3).Draw(t, "older") == 0 {
			seen = rapid.SampledFrom(published).Draw(t, "seen")
		}
		kept, anew := someLooks(t, seen.With(k), seen, env, ids)
		if got, want := looked(t, kept), looked(t, anew); got != want {
			t.Fatalf("with readings:\n%s\nwithout:\n%s", got, want)
		}
	}
}

// someone looks at some time: mostly soon after what came last was written.
func (l *lived) someone(t *rapid.T, last time.Time) circle.Env {
	me := l.mostly
	if me.IsZero() || rapid.IntRange(0, 3).Draw(t, "another") == 0 {
		me = rapid.SampledFrom(l.people).Draw(t, "me")
	}
	now := last.UTC().Add(time.Duration(rapid.SampledFrom([]int{0, 0, 1, 11, 24, 48, 72, 40 * 24, 100 * 24}).Draw(t, "hours")) * time.Hour)
	return circle.Env{Me: me, Members: l.people, Zone: "Europe/Berlin", Now: now, Kept: l.kept[me], Own: l.own[me]}
}

// goAway has a state lose, now and then, what has faded by now, or a change that is of no
// effect any more.
func goAway(t *rapid.T, s *circle.State, now time.Time, came []circle.Change) {
	switch rapid.IntRange(0, 7).Draw(t, "goes") {
	case 0:
		at := crdt.At(now.UnixMilli())
		for _, id := range s.Fading(at) {
			s.Fade(id, at, rapid.IntRange(1, 10).Draw(t, "fade"))
		}
	case 1:
		i := rapid.IntRange(0, len(came)-1).Draw(t, "void")
		s.Rebuild(came[i].Record(), slices.Concat(came[:i], came[i+1:]))
		s.Void(came[i])
	}
}

// someLooks are some looks at one state, in any order, more than once among them, and the
// same at another.
func someLooks(t *rapid.T, s, same *circle.State, env circle.Env, ids []crdt.ID) (looks, again []func() any) {
	for range rapid.IntRange(1, 12).Draw(t, "looks") {
		in, alike := everyList(s, env), everyList(same, env)
		if rapid.IntRange(0, 2).Draw(t, "page") == 0 {
			id := rapid.SampledFrom(ids).Draw(t, "id")
			in, alike = everyPage(s, env, id), everyPage(same, env, id)
		}
		i := rapid.IntRange(0, len(in)-1).Draw(t, "look")
		looks, again = append(looks, in[i]), append(again, alike[i])
	}
	return looks, again
}

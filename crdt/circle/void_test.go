package circle_test

import (
	"slices"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
)

// without makes a state again in which some changes are void, as a node does.
func without(s *circle.State, all, void []circle.Change) *circle.State {
	next := s.Fork()
	for _, v := range void {
		stay := slices.DeleteFunc(slices.Clone(all), func(c circle.Change) bool {
			return slices.ContainsFunc(void, func(v circle.Change) bool { return v.ID == c.ID }) || next.EncodeStub(c.Record(), c.ID) != nil
		})
		next.Rebuild(v.Record(), stay)
	}
	for _, v := range void {
		next.Void(v)
	}
	return next
}

// TestWhatClosedItBecameVoid: homes let go of a post by what somebody wrote who was
// parted from meanwhile. When that turns void, they agree with those who still hold
// all of it, with newcomers, and with themselves after a restart.
func TestWhatClosedItBecameVoid(t *testing.T) {
	for _, what := range []string{"the closing", "the closing and how soon it fades", "all of it"} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t, "Ann", "Ben", "Cleo")
			ann, ben, cleo := w.homes["Ann"], w.homes["Ben"], w.homes["Cleo"]
			need := ann.do("ask", "text", "canary letter", "fade", "30d")
			w.meet()
			ben.do("note", "id", need.String(), "text", "canary note")
			ben.do("yes", "id", need.String())
			w.meet()
			ann.do("edit", "id", need.String(), "fade", "1d")
			ann.do("met", "id", need.String())
			w.meet()
			now := w.later(cleo, 72*time.Hour)
			w.meet()
			var void []circle.Change
			for _, c := range ann.wrote {
				_, closing := c.Body.(circle.PostStatusSet)
				_, edit := c.Body.(circle.PostEdited)
				if c.Record() == need && (closing || edit && what != "the closing" || what == "all of it") {
					void = append(void, c)
				}
			}
			if len(ann.letGo(now)) == 0 {
				t.Fatal("nothing faded")
			}
			all := slices.Concat(ann.wrote, ben.wrote, cleo.wrote)
			newcomer := circle.NewState(circleID)
			for _, c := range all {
				switch {
				case ann.state.EncodeStub(c.Record(), c.ID) != nil:
					newcomer.Lost(c.ID)
				case slices.ContainsFunc(void, func(v circle.Change) bool { return v.ID == c.ID }):
					newcomer.Void(c)
				default:
					newcomer.Apply(c)
				}
			}
			early, late := without(ann.state, all, void), without(cleo.state, all, void)
			again := circle.NewState(circleID) // from a checkpoint
			for _, piece := range late.EncodePieces(need, 200) {
				if err := again.LoadRecord(need, piece); err != nil {
					t.Fatal(err)
				}
			}
			if !slices.Equal(again.EncodeRecord(need), late.EncodeRecord(need)) {
				t.Error("a checkpoint does not hold it")
			}
			for _, r := range []struct {
				name  string
				state *circle.State
			}{{"who let go early", early}, {"who never did", late}} {
				for _, at := range []crdt.HLC{now, now + crdt.HLC(60*crdt.DayMillis<<16)} {
					if r.state.Digest(at) != newcomer.Digest(at) {
						t.Errorf("%s and a newcomer differ", r.name)
					}
				}
			}
			if p, ok := late.Post(cleo.env(), need); ok && p.Status == "met" && what == "the closing" {
				t.Error("a void closing closes")
			}
			// One that has its effect after all.
			back := late.Fork()
			for _, v := range void {
				back.Apply(v)
			}
			if got, want := back.EncodeRecord(need), cleo.state.EncodeRecord(need); !slices.Equal(got, want) {
				t.Error("what is void no longer is not as it was")
			}
		})
	}
}

package circle_test

import (
	"slices"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
)

// keepAlone runs a verb that keeps something on this home alone, and wants that it writes
// nothing.
func (h *home) keepAlone(own circle.Own, verb string, words ...string) circle.Own {
	h.w.t.Helper()
	env := h.env()
	env.Own = own
	cmd, err := circle.ParseCommand(h.state, env, verb, args(words))
	if err != nil {
		h.w.t.Fatalf("%s %q = %v", verb, words, err)
	}
	drafts, result, err := circle.Decide(h.state, env, cmd)
	if err != nil || len(drafts) > 0 {
		h.w.t.Fatalf("%s %q = %d drafts, %v, want none", verb, words, len(drafts), err)
	}
	return own.With(result(nil).Own...)
}

func TestPairNotesSpeakUpOnTheirDays(t *testing.T) {
	day := func(s string) time.Time {
		at, err := time.Parse("2006-01-02", s)
		if err != nil {
			t.Fatal(err)
		}
		return at.Add(9 * time.Hour)
	}
	for _, tt := range []struct {
		name, on, yearly string
		now              string
		want             string // the day it speaks of; "" where it is silent
	}{
		{"the day before", "2026-12-01", "", "2026-11-30", ""},
		{"on its day", "2026-12-01", "", "2026-12-01", "2026-12-01"},
		{"six days after", "2026-12-01", "", "2026-12-07", "2026-12-01"},
		{"seven days after", "2026-12-01", "", "2026-12-08", ""},
		{"a year after", "2026-12-01", "", "2027-12-01", ""},
		{"every year, a year after", "2026-12-01", "true", "2027-12-03", "2027-12-01"},
		{"every year, before the first", "2026-12-01", "true", "2025-12-01", ""},
		{"over the turn of the year", "2025-12-30", "true", "2027-01-02", "2026-12-30"},
		{"a leap day in a common year", "2024-02-29", "true", "2027-03-01", "2027-02-28"},
		{"a leap day in a leap year", "2024-02-29", "true", "2028-02-29", "2028-02-29"},
		{"no day", "", "", "2026-12-01", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, "Ann", "Ben")
			words := []string{"member", "Ben", "text", "his mother"}
			if tt.on != "" {
				words = append(words, "on", tt.on)
			}
			if tt.yearly != "" {
				words = append(words, "yearly", tt.yearly)
			}
			own := w.homes["Ann"].keepAlone(circle.Own{}, "pair-note", words...)
			got := ""
			if due := own.Due(day(tt.now)); len(due) > 0 {
				got = due[0].On
			}
			if got != tt.want {
				t.Errorf("Due(%s) speaks of %q, want %q", tt.now, got, tt.want)
			}
		})
	}
}

func TestPairNotesAreNumberedByMember(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo")
	ann := w.homes["Ann"]
	var own circle.Own
	for _, words := range [][]string{{"Ben", "one"}, {"Cleo", "other"}, {"Ben", "two"}, {"Ben", "three"}, {"Ben", "two"}} {
		w.now = w.now.Add(time.Second)
		own = ann.keepAlone(own, "pair-note", "member", words[0], "text", words[1])
	}
	own = ann.keepAlone(own, "pair-note", "member", "Ben", "drop", "2")
	texts := func(m crdt.ID) (out []string) {
		for i, n := range own.PairNotes(m) {
			if m != (crdt.ID{}) && n.N != i+1 {
				t.Errorf("note %q has number %d, want %d", n.Text, n.N, i+1)
			}
			out = append(out, n.Text)
		}
		return out
	}
	if got := texts(w.homes["Ben"].id); !slices.Equal(got, []string{"one", "three"}) {
		t.Errorf("about Ben: %q", got)
	}
	if got := texts(crdt.ID{}); len(got) != 3 {
		t.Errorf("about everybody: %q, want three", got)
	}
}

func TestOwnPassesOverWhatItCannotRead(t *testing.T) {
	own := circle.OwnOf(circle.OwnRow{Key: "n|short", Value: []byte{1}}, circle.OwnRow{Key: "c", Value: []byte("no")},
		circle.OwnRow{Key: "r|x", Value: []byte("no")}, circle.OwnRow{Key: "later kind", Value: []byte{0}})
	if _, ok := own.Ceiling(); ok || len(own.PairNotes(crdt.ID{})) > 0 || len(own.Reflections()) > 0 {
		t.Errorf("OwnOf of rows that cannot be read shows something")
	}
}

// withOwn is the home's env with what it keeps for itself.
func (h *home) withOwn(own circle.Own) circle.Env {
	env := h.env()
	env.Own = own
	return env
}

func TestACeilingRemindsItsOwnerAlone(t *testing.T) {
	w := newWorld(t, "Ann", "Ben")
	ann, ben := w.homes["Ann"], w.homes["Ben"]
	own := ann.keepAlone(circle.Own{}, "ceiling", "text", "1/week")
	var yes []crdt.ID
	for _, when := range []string{"2026-12-01", "2026-12-06", "2026-12-07"} {
		need := ben.do("ask", "text", "soup", "when", when)
		w.meet()
		yes = append(yes, ann.do("yes", "id", need.String()))
	}
	w.meet()
	for i, want := range []bool{true, true, false} { // two in this week, one in the next
		if got := ann.state.AboveCeiling(ann.withOwn(own), yes[i]); got != want {
			t.Errorf("AboveCeiling(%d) = %v, want %v", i, got, want)
		}
	}
	if ann.state.AboveCeiling(ann.env(), yes...) {
		t.Error("AboveCeiling without a ceiling")
	}
	if ben.state.AboveCeiling(ben.withOwn(own), yes...) {
		t.Error("AboveCeiling of one who receives")
	}
	ann.do("cannot", "id", yes[1].String())
	if ann.state.AboveCeiling(ann.withOwn(own), yes[0]) {
		t.Error("AboveCeiling counts what was given back")
	}
}

func TestRoomIsToldOnceAndOnlyWhereOneWishes(t *testing.T) {
	w := newWorld(t, "Ann", "Ben")
	ann, ben := w.homes["Ann"], w.homes["Ben"]
	need := ben.do("ask", "text", "soup", "when", "2026-12-01")
	w.meet()
	tell := func(own circle.Own) int {
		drafts, _, err := circle.Decide(ann.state, ann.withOwn(own), circle.TellRoom{})
		if err != nil {
			t.Fatal(err)
		}
		if len(drafts) > 0 {
			ann.write(drafts)
		}
		return len(drafts)
	}
	silent := ann.keepAlone(circle.Own{}, "ceiling", "text", "1/week")
	loud := ann.keepAlone(circle.Own{}, "ceiling", "text", "1/week", "tell_room", "true")
	if tell(loud) > 0 {
		t.Error("told below the ceiling")
	}
	ann.do("yes", "id", need.String())
	if tell(silent) > 0 {
		t.Error("told unasked")
	}
	if tell(loud) == 0 {
		t.Error("not told at the ceiling")
	}
	if level, until, ok := ann.state.Room(ann.id, w.now); !ok || level != circle.RoomLittle || until != "2026-12-06" {
		t.Errorf("Room = %s until %s, %v; want little until Sunday", level, until, ok)
	}
	if tell(loud) > 0 {
		t.Error("told twice")
	}
	ann.do("room", "text", "open")
	if tell(loud) > 0 {
		t.Error("overruled what the person said since")
	}
}

// TestRoomHasNoHistory: what a person said of their room, or of being open to listening,
// is taken back everywhere once they say something else; what they say now stays.
func TestRoomHasNoHistory(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo")
	ann, ben := w.homes["Ann"], w.homes["Ben"]
	said := map[string][]crdt.ID{}
	for _, step := range [][]string{{"room", "text", "open"}, {"room", "text", "little", "until", "2026-12-20"}, {"room", "text", "little", "to", "Ben"},
		{"room", "text", "resting", "to", "circle"}, {"listen", "text", "yes"}, {"listen", "text", "no"}, {"room", "text", "some"}} {
		ann.do(step[0], step[1:]...)
		for _, c := range ann.wrote {
			if b, ok := c.Body.(circle.MemberSectionSet); ok && !slices.Contains(said[b.Section], c.ID) && (b.Section == circle.SectionRoom || b.Section == circle.SectionListening) {
				said[b.Section] = append(said[b.Section], c.ID)
			}
		}
		w.meet()
	}
	for _, h := range []*home{ann, ben, w.homes["Cleo"]} {
		if level, _, ok := h.state.Room(ann.id, w.now); !ok || level != circle.RoomSome {
			t.Errorf("%s reads %q, %v", h.name, level, ok)
		}
		if _, ok := h.state.Listening(ann.id, w.now); ok {
			t.Errorf("%s reads that Ann listens", h.name)
		}
		for section, ops := range said {
			for i, op := range ops {
				if _, gone := h.state.Retraction(op); gone != (i < len(ops)-1) {
					t.Errorf("%s: %s, said as number %d of %d, is taken back: %t", h.name, section, i+1, len(ops), gone)
				}
			}
		}
	}
}

// TestWhoeverLeavesTakesBackWhatTheySaidOfThemselves: but the name, in every home, also
// what was there before; and there is nothing to take back twice.
func TestWhoeverLeavesTakesBackWhatTheySaidOfThemselves(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo")
	ann, ben := w.homes["Ann"], w.homes["Ben"]
	ann.do("me", "name", "Ann", "area", "Mill Lane", "contact", "call 1", "to", "circle")
	ann.do("me", "contact", "call 2", "to", "circle")
	ann.do("card", "text", "lands", "text", "a walk", "to", "Ben")
	w.meet()
	if _, ok := ben.state.Section(ann.id, circle.SectionContact); !ok {
		t.Fatal("Ben reads no contact of Ann's")
	}
	said := map[crdt.ID]bool{}
	for _, c := range ann.wrote {
		if b, ok := c.Body.(circle.MemberSectionSet); ok && b.Section != circle.SectionName {
			said[c.ID] = true
		}
	}
	if _, err := ann.carryOut("leaving", circle.LetGoOfMine{}); err != nil {
		t.Fatal(err)
	}
	w.meet()
	for _, h := range []*home{ann, ben, w.homes["Cleo"]} {
		if got := h.state.Name(ann.id); got != "Ann" {
			t.Errorf("%s reads the name %q", h.name, got)
		}
		for op := range said {
			if _, gone := h.state.Retraction(op); !gone {
				t.Errorf("%s still holds %s", h.name, op.Short())
			}
		}
	}
	if res, err := ann.carryOut("leaving", circle.LetGoOfMine{}); err != nil || !res.Unchanged {
		t.Errorf("once more = %+v, %v", res, err)
	}
}

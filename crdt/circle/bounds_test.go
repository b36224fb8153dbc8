package circle_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
)

// quietNow reports whether h is in quiet hours by its own bounds, and until when.
func (h *home) quietNow() (string, bool) { return h.state.Still(h.env(), h.id) }

func TestQuietHours(t *testing.T) {
	for _, one := range []struct{ hours, at, until string }{
		{"22:00-07:00", "2026-12-01T23:30", "2026-12-02T07:00"},
		{"22:00-07:00", "2026-12-02T06:59", "2026-12-02T07:00"},
		{"22:00-07:00", "2026-12-02T07:00", ""},
		{"22:00-07:00", "2026-12-01T21:59", ""},
		{"08:00-16:00 mon-fri, 22:00-07:00", "2026-12-01T09:00", "2026-12-01T16:00"},
		{"08:00-16:00 mon-fri, 22:00-07:00", "2026-12-05T09:00", ""},
		{"08:00-16:00 fri-mon", "2026-12-07T09:00", "2026-12-07T16:00"},
		{"22:00-07:00, 07:00-09:00", "2026-12-01T23:00", "2026-12-02T09:00"}, // they meet
		{"20:00-23:00, 22:00-07:00", "2026-12-01T21:00", "2026-12-02T07:00"}, // they overlap
		{"sat sun", "2026-12-05T12:00", "2026-12-07T00:00"},
		{"22:00-07:00 sat", "2026-12-06T03:00", "2026-12-06T07:00"}, // the night that began on Saturday
		{"22:00-07:00 sat", "2026-12-05T03:00", ""},
	} {
		w := newWorld(t, "Ann")
		w.homes["Ann"].do("bounds", "text", "quiet", "text", one.hours)
		at, err := time.ParseInLocation("2006-01-02T15:04", one.at, monday.Location())
		if err != nil {
			t.Fatal(err)
		}
		w.now = at
		if until, still := w.homes["Ann"].quietNow(); until != one.until || still != (one.until != "") {
			t.Errorf("%s at %s is quiet until %q, want %q", one.hours, one.at, until, one.until)
		}
	}
	w := newWorld(t, "Ann")
	for _, bad := range []string{"at night", "25:00-07:00", "22:00", "22:00-07:00 someday", "mon-"} {
		_, err := w.homes["Ann"].try("bounds", "text", "quiet", "text", bad)
		wantKept(t, err, circle.Usage, "quiet hours")
	}
	w.homes["Ann"].do("bounds", "text", "quiet", "text", "00:00-00:00")
	if until, still := w.homes["Ann"].quietNow(); !still || until == "" {
		t.Errorf("who is always quiet is so until %q, %t", until, still)
	}
}

func wantKept(t *testing.T, err error, code circle.Code, says string) {
	t.Helper()
	p, ok := errors.AsType[*circle.Problem](err)
	if !ok || p.Code != code || !strings.Contains(told(p.Said)+" "+hint(p), says) {
		t.Errorf("refusal = %v, want code %d and %q", err, code, says)
	}
}

// TestWhatIsAskedInQuietHoursLiesStill holds that what is asked of a person directly
// while they are not to be disturbed speaks up when that is over, and not before; and
// that nothing says how much it is.
func TestWhatIsAskedInQuietHoursLiesStill(t *testing.T) {
	for name, hush := range map[string]func(*home){
		"quiet hours": func(h *home) { h.do("bounds", "text", "quiet", "text", "22:00-07:00") },
		"resting":     func(h *home) { h.do("room", "text", "resting", "until", "2026-12-01T07:00") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "Ann", "Ben")
			ann, ben := w.homes["Ann"], w.homes["Ben"]
			ann.do("may-i", "member", "Ben", "text", "before")
			w.at(22, 30)
			hush(ben)
			w.meet()
			w.at(23, 0)
			ann.do("may-i", "member", "Ben", "text", "a walk")
			ann.do("ask", "text", "a hand", "to", "Ben")
			ann.do("ask", "text", "for him", "for", "Ben")
			ann.do("ask", "text", "for all")
			ann.do("talk", "step", "with", "member", "Ben", "text", "the stairs")
			ann.do("pod", "text", "add", "member", "Ben")
			w.meet()
			if got := ben.speaksUp(); !slices.Equal(got, []string{"before", "for all"}) {
				t.Errorf("what speaks up at night = %q", got)
			}
			if today := ben.state.Today(ben.env()); !today.Still || today.Until != "2026-12-01T07:00" {
				t.Errorf("Today says still %t until %q", today.Still, today.Until)
			}
			w.now = w.now.Add(8 * time.Hour)
			if got, want := ben.speaksUp(), []string{"a hand", "a walk", "before", "for all", "for him", "pod_asked", "the stairs"}; !slices.Equal(got, want) {
				t.Errorf("what speaks up in the morning = %q, want %q", got, want)
			}
			if today := ben.state.Today(ben.env()); today.Still {
				t.Error("it is quiet by day")
			}
		})
	}
}

// TestWhatCameInQuietHoursLiesStill: what was written before the hours and came in them
// lies still as well, where the home notes what came.
func TestWhatCameInQuietHoursLiesStill(t *testing.T) {
	w := newWorld(t, "Ann", "Ben")
	ann, ben := w.homes["Ann"], w.homes["Ben"]
	ben.do("bounds", "text", "quiet", "text", "22:00-07:00")
	w.at(20, 0)
	early := ann.do("may-i", "member", "Ben", "text", "early")
	ann.do("may-i", "member", "Ben", "text", "late")
	w.meet()
	w.at(22, 30)
	env := ben.env()
	if got := speaksUp(ben.state.Today(env)); !slices.Equal(got, []string{"early", "late"}) {
		t.Errorf("where nobody notes what came, %q speak up", got)
	}
	env.CameSince = func(op crdt.ID, since time.Time) bool {
		if want := time.Date(since.Year(), since.Month(), since.Day(), 22, 0, 0, 0, since.Location()); !since.Equal(want) {
			t.Errorf("it is quiet since %v", since)
		}
		return op != early
	}
	if got := speaksUp(ben.state.Today(env)); !slices.Equal(got, []string{"early"}) {
		t.Errorf("at night %q speak up", got)
	}
	env.Now = env.Now.Add(9 * time.Hour)
	if got := speaksUp(ben.state.Today(env)); !slices.Equal(got, []string{"early", "late"}) {
		t.Errorf("in the morning %q speak up", got)
	}
}

// at puts the clock of all on the day it is at an hour.
func (w *world) at(hour, minute int) {
	w.now = time.Date(w.now.Year(), w.now.Month(), w.now.Day(), hour, minute, 0, 0, w.now.Location())
	w.clock = crdt.At(w.now.UnixMilli())
}

// speaksUp is what the home of the day holds for h, sorted.
func (h *home) speaksUp() []string { return speaksUp(h.state.Today(h.env())) }

func speaksUp(today circle.Today) []string {
	out := []string{}
	for _, list := range [][]circle.Item{today.ForMe, today.ICould} {
		for _, i := range list {
			switch {
			case i.Post != nil:
				out = append(out, i.Post.Title)
			case i.Agreement != nil:
				out = append(out, i.Agreement.Terms.What)
			case i.Talk != nil:
				out = append(out, i.Talk.Sentence)
			}
		}
	}
	for _, at := range today.Look {
		out = append(out, at.Kind)
	}
	slices.Sort(out)
	return out
}

// TestWhoMayAskDirectly holds that an ask outside a person's bounds is not sent, says
// so kindly and names the open way, and that the open way stays open.
func TestWhoMayAskDirectly(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo")
	ann, ben, cleo := w.homes["Ann"], w.homes["Ben"], w.homes["Cleo"]
	direct := func(h *home) map[string]error {
		out := map[string]error{}
		for _, line := range [][]string{{"may-i", "member", "Ben", "text", "a walk"}, {"ask", "text", "a hand", "to", "Ben"}, {"offer", "text", "a cake", "to", "Ben"},
			{"pod", "text", "add", "member", "Ben"}, {"talk", "step", "with", "member", "Ben", "text", "the stairs"}} {
			_, out[line[0]] = h.try(line[0], line[1:]...)
		}
		return out
	}
	wants := func(h *home, open bool) {
		t.Helper()
		for verb, err := range direct(h) {
			switch {
			case open && err != nil:
				t.Errorf("%s %s: %v", h.name, verb, err)
			case !open:
				wantKept(t, err, circle.Kept, "Ben is glad to be asked")
			}
		}
	}
	ben.do("bounds", "text", "who", "text", "known")
	_, err := ben.try("bounds", "text", "who", "text", "my aunt")
	wantKept(t, err, circle.Usage, "everyone, known or pod")
	w.meet()
	wants(cleo, false)
	few := cleo.do("ask", "text", "company", "to", "Ann")
	w.meet()
	_, err = cleo.try("widen", "id", few.String(), "to", "Ben")
	wantKept(t, err, circle.Kept, "through the circle")

	// Whoever once agreed with them knows them.
	need := ben.do("ask", "text", "soup")
	w.meet()
	ann.do("yes", "id", need.String())
	w.meet()
	wants(ann, true)
	wants(cleo, false)

	// The pod alone.
	ben.do("bounds", "text", "who", "text", "pod")
	w.meet()
	_, err = ann.try("may-i", "member", "Ben", "text", "another walk")
	wantKept(t, err, circle.Kept, "through the circle")
	ben.do("pod", "text", "add", "member", "Cleo")
	w.meet()
	cleo.do("pod", "text", "yes", "member", "Ben")
	w.meet()
	wants(cleo, true)

	// Through the circle everyone may.
	ann.do("ask", "text", "anyone for a walk?")
	if !ann.state.MayAsk(ann.env(), ann.id) {
		t.Error("Ann may not ask herself")
	}
}

// TestUsualReplyTime tells who asked, once it is over, that they may ask others; the
// one asked is told nothing.
func TestUsualReplyTime(t *testing.T) {
	w := newWorld(t, "Ann", "Ben")
	ann, ben := w.homes["Ann"], w.homes["Ben"]
	ben.do("bounds", "text", "reply", "text", "2d")
	w.meet()
	id := ann.do("may-i", "member", "Ben", "text", "a walk")
	w.meet()
	looks := func(h *home) bool {
		return slices.ContainsFunc(h.state.Look(h.env()), func(a circle.Attention) bool {
			return a.Kind == circle.LookAskOthers && strings.Contains(told(a.Said), "You may ask someone else")
		})
	}
	w.now = w.now.Add(47 * time.Hour)
	if looks(ann) {
		t.Error("it is said before the time is over")
	}
	w.now = w.now.Add(2 * time.Hour)
	if !looks(ann) || looks(ben) {
		t.Errorf("afterwards it is said to Ann: %t, to Ben: %t", looks(ann), looks(ben))
	}
	ben.do("not-now", "id", id.String())
	w.meet()
	if looks(ann) {
		t.Error("an answer is not enough")
	}
}

// TestKindsNotFromMe lies beside an ask and keeps nobody from asking.
func TestKindsNotFromMe(t *testing.T) {
	w := newWorld(t, "Ann", "Ben")
	ann, ben := w.homes["Ann"], w.homes["Ben"]
	ben.do("bounds", "text", "not-from-me", "text", "driving, heavy lifting, Pets")
	w.meet()
	for title, want := range map[string]bool{"Driving to the doctor": true, "a cake": false, "lifting a cup": false, "some heavy lifting on Sunday": true} {
		id := ann.do("ask", "text", title, "to", "Ben")
		if got := ann.state.NotFromMe(ann.env(), ben.id, id); got != want {
			t.Errorf("%q is of a kind not from Ben: %t", title, got)
		}
	}
	pets := ann.do("ask", "text", "feed the cat", "category", "pets", "to", "Ben")
	if !ann.state.NotFromMe(ann.env(), ben.id, pets) {
		t.Error("a category is not seen")
	}
}

// TestDistanceIsKeptByOneAndToldToNobody holds that a distance changes what comes up by
// itself at one home, writes nothing, and changes nothing for the other.
func TestDistanceIsKeptByOneAndToldToNobody(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo")
	ann, ben := w.homes["Ann"], w.homes["Ben"]
	need := ben.do("ask", "text", "a lift", "when", "2026-12-02")
	ben.do("may-i", "member", "Ann", "text", "a walk")
	ben.do("ask", "text", "a hand", "to", "Ann")
	ben.do("talk", "step", "with", "member", "Ann", "text", "the stairs")
	ben.do("pod", "text", "add", "member", "Ann")
	w.homes["Cleo"].do("ask", "text", "soup")
	w.meet()
	before := len(ann.wrote)
	if _, err := ann.try("distance", "member", "Ann"); err == nil {
		t.Error("Ann keeps herself at a distance")
	}
	res, err := ann.try("distance", "member", "Ben")
	if err != nil || len(res.Own) != 1 || len(ann.wrote) != before {
		t.Fatalf("distance = %+v, %v, and wrote %d changes", res, err, len(ann.wrote)-before)
	}
	far := circle.OwnOf(res.Own...)
	if got := far.Distant(); !slices.Equal(got, []crdt.ID{ben.id}) {
		t.Errorf("Distant = %v", got)
	}
	env := ann.env()
	env.Own = far
	today := ann.state.Today(env)
	if len(today.ForMe) > 0 || len(today.ICould) != 1 || today.ICould[0].Post.Title != "soup" || len(today.Look) > 0 {
		t.Errorf("what comes up by itself = %+v", today)
	}
	if list := ann.state.Posts(env, circle.Filter{Needs: true}); len(list) != 3 {
		t.Errorf("who looks finds %d needs, want all", len(list))
	}
	// What Ann says reaches him as before.
	ann.do("yes", "id", need.String())
	ann.do("may-i", "member", "Ben", "text", "tea")
	w.meet()
	if got := ben.speaksUp(); !slices.Contains(got, "tea") {
		t.Errorf("Ben's day = %q, without what Ann offered", got)
	}
	if len(ann.state.Today(env).WeAgreed) != 2 {
		t.Error("what is agreed is gone")
	}
}

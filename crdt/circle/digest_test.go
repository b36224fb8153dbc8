package circle_test

import (
	"slices"
	"testing"
	"time"

	"tend/crdt/circle"
)

// told is what a digest for h would say, as titles: asked, could, ahead, look.
func (h *home) told(own circle.Own) [4][]string {
	env := h.env()
	env.Own = own
	d := h.state.ToTell(env, 7)
	var out [4][]string
	for i, items := range [][]circle.Item{d.Asked, d.ICould, d.Ahead} {
		for _, one := range items {
			switch {
			case one.Post != nil:
				out[i] = append(out[i], one.Post.Title)
			case one.Agreement != nil:
				out[i] = append(out[i], one.Agreement.Terms.What)
			case one.Talk != nil:
				out[i] = append(out[i], one.Talk.Sentence)
			}
		}
	}
	for _, at := range d.Look {
		out[3] = append(out[3], at.Kind)
	}
	if d.Empty() != (len(out[0])+len(out[1])+len(out[2])+len(out[3]) == 0) {
		h.w.t.Errorf("Empty() = %v of %v", d.Empty(), out)
	}
	return out
}

func (h *home) wantTold(own circle.Own, asked, could, ahead []string) {
	h.w.t.Helper()
	got := h.told(own)
	for i, want := range [][]string{asked, could, ahead} {
		if !slices.Equal(got[i], want) {
			h.w.t.Errorf("%s is told %q, want %q, %q and %q", h.name, got, asked, could, ahead)
			return
		}
	}
}

// TestADigestTellsOnceAndNothingOfNothing lets things come one after the other, some of
// them late, and holds what a digest says of each.
func TestADigestTellsOnceAndNothingOfNothing(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Cem")
	ann, bea, cem := w.homes["Ann"], w.homes["Bea"], w.homes["Cem"]
	own := bea.keepAlone(circle.Own{}, "follow", "text", "meals")
	told := func() { own = bea.keepAlone(own, "digest", "told", "true") }
	bea.wantTold(own, nil, nil, nil)

	// Needs of others are no news but of a kind that she follows.
	ann.do("ask", "text", "Boxes", "when", "2026-12-02")
	ann.do("ask", "text", "Soup", "category", "Meals", "when", "2026-12-03")
	w.meet()
	bea.wantTold(own, nil, []string{"Soup"}, nil)
	told()
	bea.wantTold(own, nil, nil, nil)

	// What is meant for her is, also when it comes late; a note is not.
	late := cem.do("may-i", "member", "Bea", "text", "mow your lawn")
	need := bea.do("ask", "text", "Walk the dog", "when", "2026-12-04T08:00")
	w.pass(1)
	ann.do("ask", "text", "Only for you", "to", "Bea")
	w.meet()
	ann.do("note", "id", need.Short(), "text", "which dog?")
	yes := ann.do("yes", "id", need.Short())
	w.meet()
	bea.wantTold(own, []string{"Walk the dog", "Only for you", "mow your lawn"}, nil, []string{"Walk the dog"})
	told()
	bea.wantTold(own, nil, nil, []string{"Walk the dog"}) // what is ahead is ahead until it is over

	// A change of an agreement of hers is told again, her own word is not.
	bea.do("yes", "id", late.Short())
	bea.wantTold(own, nil, nil, []string{"Walk the dog"})
	ann.do("cannot", "id", yes.Short())
	w.meet()
	bea.wantTold(own, []string{"Walk the dog"}, nil, nil)
	told()
	w.pass(90)
	bea.wantTold(circle.Own{}, nil, nil, nil) // by then nothing of it is news
}

// TestStandingByIsTold: a place that opens again is news for who stands by for it alone.
func TestStandingByIsTold(t *testing.T) {
	w := newWorld(t, "Ann", "Bea", "Cem", "Dan")
	need := w.homes["Ann"].do("ask", "text", "Lift", "when", "2026-12-04")
	w.meet()
	yes := w.homes["Bea"].do("yes", "id", need.Short())
	w.meet()
	w.homes["Cem"].do("stand-by", "id", need.Short())
	w.meet()
	w.homes["Cem"].wantTold(circle.Own{}, nil, nil, nil)
	w.homes["Bea"].do("cannot", "id", yes.Short())
	w.meet()
	w.homes["Cem"].wantTold(circle.Own{}, []string{"Lift"}, nil, nil)
	w.homes["Dan"].wantTold(circle.Own{}, nil, nil, nil)
}

func TestDigestComesInItsRhythm(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := func(s string) time.Time {
		now, err := time.ParseInLocation("2006-01-02 15:04", s, zone)
		if err != nil {
			t.Fatal(err)
		}
		return now
	}
	for _, tt := range []struct {
		every, last, now string
		want             bool
	}{
		{"day", "2026-11-30 07:30", "2026-11-30 07:31", false},
		{"day", "2026-11-30 07:30", "2026-11-30 08:00", true},
		{"day", "2026-11-30 08:00", "2026-12-01 07:59", false},
		{"day", "2026-11-30 08:00", "2026-12-01 08:01", true},
		{"day", "2026-11-30 08:00", "2026-12-05 03:00", true}, // the machine slept
		{"day", "2027-03-27 08:00", "2027-03-28 07:59", false},
		{"day", "2027-03-27 08:00", "2027-03-28 08:00", true}, // the clock went forward
		{"week", "2026-11-30 08:00", "2026-12-06 23:00", false},
		{"week", "2026-11-30 08:00", "2026-12-07 08:00", true},
		{"week", "2026-11-30 12:00", "2026-12-07 07:59", false},
	} {
		w := newWorld(t, "Ann")
		w.now = at(tt.last)
		own := w.homes["Ann"].keepAlone(circle.Own{}, "digest", "every", tt.every, "at", "8:00", "out", "/tmp/letter")
		if got := own.DigestDue(at(tt.now)); got != tt.want {
			t.Errorf("every %s, last %s: due at %s is %v, want %v", tt.every, tt.last, tt.now, got, tt.want)
		}
		if w.homes["Ann"].keepAlone(own, "digest", "every", "never").DigestDue(at(tt.now).AddDate(1, 0, 0)) {
			t.Error("it comes though it was ended")
		}
	}
	if (circle.Own{}).DigestDue(at("2026-11-30 08:00")) {
		t.Error("a digest comes that nobody wished for")
	}
}

func TestRemindedInTime(t *testing.T) {
	w := newWorld(t, "Ann", "Bea")
	ann, bea := w.homes["Ann"], w.homes["Bea"]
	need := ann.do("ask", "text", "Lift", "when", "2026-12-01T10:00") // in 25 hours
	w.meet()
	bea.do("yes", "id", need.Short())
	w.meet()
	for before, want := range map[string]int{"never": 0, "1d": 0, "25h": 0, "26h": 1, "2d": 1} {
		env := bea.env()
		env.Own = bea.keepAlone(circle.Own{}, "remind", "before", before)
		if got := len(bea.state.Soon(env)); got != want {
			t.Errorf("%s before: reminded of %d, want %d", before, got, want)
		}
	}
	for _, bad := range []string{"", "soon", "0h", "5", "31d", "-1h", "1.5h", "d"} {
		bea.refuses(circle.Usage, "remind", "before", bad)
	}
}

// TestWhatLiesStillIsToldLater: what is asked of somebody who rests is told once they do
// not, and not as if it had been told.
func TestWhatLiesStillIsToldLater(t *testing.T) {
	w := newWorld(t, "Ann", "Bea")
	ann, bea := w.homes["Ann"], w.homes["Bea"]
	bea.do("room", "text", "resting", "until", "2026-12-02")
	w.clock += 1 << 30 // a moment later
	ann.do("may-i", "member", "Bea", "text", "bring you soup")
	ann.do("ask", "text", "Only for you", "to", "Bea")
	w.meet()
	bea.wantTold(circle.Own{}, nil, nil, nil)
	own := bea.keepAlone(circle.Own{}, "digest", "told", "true")
	w.pass(5)
	bea.wantTold(own, []string{"Only for you", "bring you soup"}, nil, nil)
}

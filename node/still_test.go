package node_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
)

// TestWhatComesInQuietHoursLiesStill: Ann asks Ben two things by day, one of which
// reaches him then, and the other in his quiet hours, in which it lies still, also after
// his home was off. In the morning both are there.
func TestWhatComesInQuietHoursLiesStill(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().In(berlin)
	var clock atomic.Int64
	at := func(days, hour, minute int) {
		clock.Store(time.Date(now.Year(), now.Month(), now.Day()+1+days, hour, minute, 0, 0, berlin).UnixNano())
	}
	at(0, 12, 0)
	ann, ben := newHome(t, "Ann"), newHome(t, "Ben")
	for _, h := range []*home{ann, ben} {
		h.shut()
		h.now = func() time.Time { return time.Unix(0, clock.Load()).In(berlin) }
		h.start()
	}
	id := ann.begin("Elm Street")
	join(ben, ann, id)
	ben.do(id, circle.SetSection{Section: "bounds.quiet", Values: []string{"22:00-07:00"}})
	ask := func(title string) {
		ann.do(id, circle.PostNeed{Posted: circle.Posted{Title: title, People: 1, To: []crdt.ID{ben.view(id).Me}}})
	}
	sees := func(when string, want ...string) {
		t.Helper()
		var got []string
		for _, i := range ben.view(id).State.Today(ben.env(id)).ICould {
			got = append(got, i.Post.Title)
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s Ben sees %q, want %q", when, got, want)
		}
	}

	at(0, 20, 0)
	ask("early")
	meet(ben, ann, id)
	at(0, 21, 0)
	ask("late")
	at(0, 22, 30)
	sees("at night, before they meet,", "early")
	meet(ben, ann, id)
	if ops := ben.view(id).Ops; ops != ann.view(id).Ops {
		t.Fatalf("Ben holds %d ops of %d", ops, ann.view(id).Ops)
	}
	sees("at night", "early")
	ben.shut()
	at(0, 23, 30)
	ben.start()
	meet(ben, ann, id)
	sees("after his home was off", "early")
	at(1, 7, 1)
	sees("in the morning", "early", "late")

	// A rest goes over into the night, and lasts beyond it: nothing speaks up between.
	at(1, 14, 0)
	ben.do(id, circle.SetSection{Section: circle.SectionRoom, Values: []string{circle.RoomResting}})
	ask("in the rest")
	meet(ben, ann, id)
	at(1, 15, 0)
	ask("later in the rest")
	at(1, 15, 1)
	sees("while he rests", "early", "late")
	at(1, 16, 0)
	meet(ben, ann, id)
	for _, hour := range []int{22, 31, 32} {
		at(1, hour, 30)
		meet(ben, ann, id)
		sees(fmt.Sprintf("resting, %d:30,", hour%24), "early", "late")
	}
	at(2, 9, 0)
	ben.do(id, circle.SetSection{Section: circle.SectionRoom, Values: []string{circle.RoomOpen}})
	sees("rested", "early", "in the rest", "late", "later in the rest")

	// A home that was off when the hours began: what it held came before them.
	at(2, 20, 0)
	ask("by day")
	meet(ben, ann, id)
	ben.shut()
	at(2, 23, 0)
	ben.start()
	sees("the next night", "by day", "early", "in the rest", "late", "later in the rest")
	ask("at night")
	meet(ben, ann, id)
	sees("the next night, after they met,", "by day", "early", "in the rest", "late", "later in the rest")
	at(3, 8, 0)
	sees("the next morning", "at night", "by day", "early", "in the rest", "late", "later in the rest")
}

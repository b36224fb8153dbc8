package circle_test

import (
	"slices"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/crdt/membership/membertest"
)

// chartered is a world of three who decide by a charter to be looked at again on a day,
// and of Eva, whose voice waits for a welcome.
func chartered(t *testing.T, day string) (*world, *membertest.Circle, []*membertest.Person) {
	charter := membership.DefaultCharter("Our circle")
	charter.ReviewOn, charter.SponsorsFrom = day, 3
	c, people := membertest.GrownBy(charter, 3)
	people = append(people, c.Join(people[0], "fresh"))
	names := []string{"Ann", "Ben", "Cai", "Eva"}
	w := newWorld(t, names...)
	for i, p := range people {
		w.homes[names[i]].id = p.ID
	}
	w.people = c.Set.View()
	return w, c, people
}

// TestCharterComesBackForReview: on its day it is shown to everyone with voice and to
// nobody else; it goes when somebody proposes it again or anew, and comes back by the new
// one's day once that was adopted.
func TestCharterComesBackForReview(t *testing.T) {
	w, c, people := chartered(t, "2026-12-03")
	decide := []*home{w.homes["Ann"], w.homes["Ben"], w.homes["Cai"]}
	all := func(kinds ...string) {
		t.Helper()
		w.people = c.Set.View()
		for _, h := range decide {
			h.wantLooks(kinds...)
		}
		w.homes["Eva"].wantLooks()
	}
	all()
	w.pass(2)
	all()
	w.pass(1)
	all(circle.LookReviewDue)
	ann := decide[0]
	if at := ann.state.Look(ann.env())[0]; !slices.Equal(at.About, []crdt.ID{circleID}) || at.Choices[0].Do != "tend propose --renew charter" || at.Choices[1].Do != "tend propose TEXT --charter FILE" {
		t.Errorf("what is shown is %+v, want the circle, and the two ways", at)
	}
	for _, words := range [][]string{{"closes", "2026-12-20"}, {"as", "rhythm"}, {"about", "abcdef"}, {"remove", "Ben"}, {"lapse", "Ben"}} {
		ann.refuses(circle.Usage, "propose", append([]string{"renew", "charter"}, words...)...)
	}
	ann.refuses(circle.Usage, "propose", "renew", "charter", "review", "soonish")
	w.homes["Eva"].refuses(circle.Kept, "propose", "renew", "charter")

	propose := func(words ...string) (crdt.ID, membership.Charter) {
		t.Helper()
		cmd, err := circle.ParseCommand(ann.state, ann.env(), "propose", args(append([]string{"renew", "charter"}, words...)))
		if err != nil {
			t.Fatal(err)
		}
		drafts, _, err := circle.Decide(ann.state, ann.env(), cmd)
		if err != nil {
			t.Fatal(err)
		}
		body := drafts[len(drafts)-1].Control(nil).(*membership.Propose)
		charter, err := membership.DecodeCharter(body.Payload)
		if err != nil {
			t.Fatal(err)
		}
		c.Now = w.now.UnixMilli()
		return c.Tell(people[0], body), charter
	}
	id, charter := propose()
	if charter.ReviewOn != "2027-12-10" || charter.Name != "Our circle" {
		t.Errorf("it is proposed again as %+v, want the same with a day a year after the circle's week", charter)
	}
	all()
	if d, ok := ann.state.Decision(ann.env(), id); !ok || d.Text != "" || told(d.Would) != "Our way of doing things again, as it is." || d.ReviewOn != "2027-12-10" {
		t.Errorf("the decision is %+v", d)
	}
	w.pass(circle.LetGoDays) // nobody said anything, and it was let go
	all(circle.LookReviewDue)
	id, _ = propose("review", "2027-06-01")
	for _, p := range people[1:3] {
		c.Tell(p, &membership.Stand{Proposal: id})
	}
	c.Tell(people[0], &membership.Enact{Proposal: id, Seen: membertest.Seen(people[0])})
	all()
	if day := ann.state.CharterReview(ann.env()); day != "2027-06-01" {
		t.Errorf("it is looked at again on %q, want the new day", day)
	}
	w.pass(400)
	all(circle.LookReviewDue)
}

// TestCharterReviewDay: a day that was over when the charter came into force comes back a
// year after that; a charter without a day does not come back.
func TestCharterReviewDay(t *testing.T) {
	for named, want := range map[string]string{"": "", "2026-12-03": "2026-12-03", "2025-06-01": "2027-01-01", "2026-01-01": "2027-01-01", "2026-01-02": "2026-01-02"} {
		w, _, _ := chartered(t, named)
		if got := w.homes["Ann"].state.CharterReview(w.homes["Ann"].env()); got != want {
			t.Errorf("a charter of New Year 2026 that names %q is looked at again on %q, want %q", named, got, want)
		}
	}
	w := newWorld(t, "Ann")
	if got := w.homes["Ann"].state.CharterReview(w.homes["Ann"].env()); got != "" {
		t.Errorf("where nobody knows the charter, it is looked at again on %q", got)
	}
}

package circle_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
)

// linesOf writes a mirror as a person reads it.
func linesOf(m circle.Mirror) []string {
	var out []string
	for _, l := range m.Lines {
		out = append(out, told(l))
	}
	return append(out, told(m.Ask), told(m.Rest))
}

// numbered finds what a mirror never says: a digit outside of a date, a number in
// words, or a word that measures people against one another.
var numbered = regexp.MustCompile(`(?i)[0-9]|%|\b(two|three|four|five|six|seven|eight|nine|ten|dozen|half|twice|times|hours?|more than (you|they) (gave|got)|owes?|balance|score|total|average|most|least|only you|should|must)\b`)

var dateInWords = regexp.MustCompile(` on [A-Z][a-z]+day, [0-9]{1,2} [A-Z][a-z]+(, [0-9]{2}:[0-9]{2})?`)

func wantMirror(t *testing.T, m circle.Mirror, want ...string) {
	t.Helper()
	lines := linesOf(m)
	for _, l := range lines {
		if found := numbered.FindString(dateInWords.ReplaceAllString(l, "")); found != "" {
			t.Errorf("the mirror says %q in %q", found, l)
		}
	}
	if told(m.Ask) == "" || told(m.Rest) == "" {
		t.Errorf("the mirror ends without an ask or a rest: %q", lines)
	}
	for _, w := range want {
		if !slices.Contains(lines, w) {
			t.Errorf("the mirror does not say %q but %q", w, lines)
		}
	}
}

func TestMirrorSaysWhatMovedInWordsAndAFewNames(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo", "Dan", "Eve", "Fay")
	ann := w.homes["Ann"]
	wantMirror(t, ann.state.Mirror(ann.env()), "These months were quiet here. Much of care never stands in any program.",
		"Someone to talk to: a call, a message, or sitting together for a while.", "An evening with nothing in it. Resting may be said aloud, too.")

	// Long ago somebody listened to Ann.
	talk := ann.do("ask", "listening", "call", "when", "2026-12-02")
	w.meet()
	w.homes["Ben"].do("yes", "id", talk.String())
	w.meet()
	w.now = w.now.AddDate(0, 0, 120)
	w.clock = crdt.At(w.now.UnixMilli())
	for i, who := range []string{"Ben", "Ben", "Cleo", "Dan", "Eve", "Fay"} {
		need := w.homes[who].do("ask", "text", fmt.Sprint("soup ", i), "when", w.now.AddDate(0, 0, 1+i).Format("2006-01-02"))
		w.meet()
		ann.do("yes", "id", need.String())
	}
	next := w.homes["Cleo"].do("ask", "text", "a lift", "when", w.now.AddDate(0, 0, 30).Format("2006-01-02"))
	w.meet()
	ann.do("yes", "id", next.String())
	ann.do("check-in", "member", "Dan", "text", "you seemed tired")
	w.meet()
	w.now = w.now.AddDate(0, 0, 20)
	m := ann.state.Mirror(ann.env())
	wantMirror(t, m, "You were there to listen for Dan.", "Nobody has listened to you since December, as far as it stands here.",
		"You gave, and nothing came to you for a good while. It may be asked for.")
	carried := told(m.Lines[0])
	if !strings.HasPrefix(carried, "You carried much for Ben, ") || !strings.HasSuffix(carried, ", and others.") {
		t.Errorf("the mirror begins %q, want Ben first, few names, and others", carried)
	}
	if !strings.HasPrefix(told(m.Rest), "“a lift” on ") || !strings.Contains(told(m.Rest), "no reason is needed") {
		t.Errorf("Rest = %q, want what is still to come", told(m.Rest))
	}
	dan := w.homes["Dan"]
	wantMirror(t, dan.state.Mirror(dan.env()), "Ann listened to you.", "Something was carried for you, by Ann.",
		"Something small once more, of one who was glad to come: Ann.")
}

func TestMirrorCountsThanksAsCare(t *testing.T) {
	w := newWorld(t, "Ann", "Ben")
	ann, ben := w.homes["Ann"], w.homes["Ben"]
	need := ben.do("ask", "text", "soup", "when", "2026-12-01")
	w.meet()
	ann.do("yes", "id", need.String())
	w.meet()
	w.now = w.now.Add(48 * time.Hour)
	ben.do("thank", "id", need.String(), "text", "it was good")
	w.meet()
	wantMirror(t, ann.state.Mirror(ann.env()), "You carried something for Ben.", "Ben said thanks to you.")
	if lines := linesOf(ann.state.Mirror(ann.env())); slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, "nothing came to you") }) {
		t.Errorf("thanks are no care in %q", lines)
	}
	wantMirror(t, ben.state.Mirror(ben.env()), "You said thanks to Ann.", "Something was carried for you, by Ann.")
	w.now = w.now.AddDate(0, 0, circle.MirrorDays+1)
	wantMirror(t, ann.state.Mirror(ann.env()), "These months were quiet here. Much of care never stands in any program.")
}

func TestMirrorRemindsWhoCarriesMoreThanTheyMeantTo(t *testing.T) {
	w := newWorld(t, "Ann", "Ben")
	ann, ben := w.homes["Ann"], w.homes["Ben"]
	own := ann.keepAlone(circle.Own{}, "ceiling", "text", "1/week")
	for _, when := range []string{"2026-12-01", "2026-12-02", "2026-12-08", "2026-12-09", "2026-12-20"} {
		need := ben.do("ask", "text", "soup", "when", when)
		w.meet()
		if when == "2026-12-20" {
			ann.do("room", "text", "little")
		}
		ann.do("yes", "id", need.String())
		w.meet()
	}
	w.now = monday.AddDate(0, 0, 14)
	wantMirror(t, ann.state.Mirror(ann.withOwn(own)), "You carried more than you meant to, last week and the week before.",
		"You said yes while you had said that you have little room.")
	if slices.Contains(linesOf(ann.state.Mirror(ann.env())), "You carried more than you meant to, last week and the week before.") {
		t.Error("the mirror speaks of a ceiling that is not there")
	}
}

func TestPartingLeavesEverythingToEachOne(t *testing.T) {
	w := newWorld(t, "Ann", "Ben", "Cleo")
	ann, ben, cleo := w.homes["Ann"], w.homes["Ben"], w.homes["Cleo"]
	later, sooner := ben.do("ask", "text", "later", "when", "2026-12-09"), ben.do("ask", "text", "sooner", "when", "2026-12-03")
	w.meet()
	var agreed [2]string
	agreed[1] = ann.do("yes", "id", later.String()).String()
	agreed[0] = ann.do("yes", "id", sooner.String()).String()
	cleo.do("ask", "text", "other")
	w.meet()
	part := func(words ...string) circle.Result {
		t.Helper()
		r, err := ann.try("part", words...)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	wrote := len(ann.wrote)
	r := part("member", "Ben")
	if r.ID != ben.id || len(ann.wrote) != wrote {
		t.Errorf("parting without a word wrote %d ops about %s", len(ann.wrote)-wrote, r.ID.Short())
	}
	if len(r.Agreements) != 2 || r.Agreements[0].String() != agreed[0] || r.Agreements[1].String() != agreed[1] {
		t.Errorf("parting walks through %v, want %q", r.Agreements, agreed)
	}
	r = part("member", "Ben", "text", "thank you for the walks")
	if again := part("member", "Ben", "text", "thank you for the walks"); !again.Unchanged || again.ID != r.ID {
		t.Errorf("the same words again = %+v", again)
	}
	w.meet()
	if got := ben.state.Notes(ann.id); len(got) != 1 || got[0].Kind != circle.NoteFarewell || got[0].Text != "thank you for the walks" {
		t.Errorf("Ben reads %v", got)
	}
	if got := cleo.state.Notes(ann.id); len(got) != 0 {
		t.Errorf("Cleo reads %v", got)
	}
	for _, id := range r.Agreements {
		if a, _ := ben.state.Agreement(ben.env(), id); a.State != circle.StateAgreed {
			t.Errorf("parting made an agreement %s", a.State)
		}
	}
	ann.do("cannot", "id", agreed[0])
	w.meet()
	if r := part("member", "Ben"); len(r.Agreements) != 1 || r.Agreements[0].String() != agreed[1] {
		t.Errorf("after one is given back it walks through %v", r.Agreements)
	}
	ann.refuses(circle.Usage, "part", "member", "Ann")
}

package main

import (
	"strings"
	"testing"
	"time"

	"tend/node/view"
)

func TestSpan(t *testing.T) {
	rows := []struct {
		text string
		want time.Duration // 0: refused
	}{
		{"90m", 90 * time.Minute}, {"72h", 72 * time.Hour}, {"30d", 720 * time.Hour}, {"2w", 336 * time.Hour},
		{"", 0}, {"0h", 0}, {"-3h", 0}, {"d", 0}, {"1.5d", 0}, {"5000d", 0}, {"100000h", 0}, {"soon", 0}, {"3 d", 0},
	}
	for _, row := range rows {
		got, err := span(row.text)
		if got != row.want || (err == nil) != (row.want > 0) {
			t.Errorf("span(%q) = %v, %v, want %v", row.text, got, err, row.want)
		}
		if err != nil && asFailure(err).code != exitUsage {
			t.Errorf("span(%q): exit %d, want %d", row.text, asFailure(err).code, exitUsage)
		}
	}
}

func TestPlain(t *testing.T) {
	for text, want := range map[string]string{
		"soup":                    "soup",
		"Zoë's Käse":              "Zoë's Käse",
		"two\nlines":              "two lines",
		"red \x1b[31mink":         "red \ufffd[31mink",
		"turned \u202eback":       "turned \ufffdback",
		"bell \x07 and \u009b31m": "bell \ufffd and \ufffd31m",
	} {
		if got := plain(text); got != want {
			t.Errorf("plain(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestDates(t *testing.T) {
	s := &speaker{now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	for when, want := range map[string]string{
		"2026-12-01":             "Tue 1 Dec",
		"2026-12-01T17:00":       "Tue 1 Dec 17:00",
		"2027-01-02":             "Sat 2 Jan 2027",
		"2026-12-01T17:00/18:30": "Tue 1 Dec 17:00–18:30",
		"2026-12-01/2026-12-05":  "Tue 1 Dec – Sat 5 Dec",
		"whenever\x07":           "whenever\ufffd",
	} {
		if got := s.date(when); got != want {
			t.Errorf("date(%q) = %q, want %q", when, got, want)
		}
	}
	for ago, want := range map[time.Duration]string{
		time.Second: "just now", 5 * time.Minute: "5 minutes ago", 3 * time.Hour: "3 hours ago", 72 * time.Hour: "3 days ago",
	} {
		if got := s.ago(s.now.Add(-ago)); got != want {
			t.Errorf("ago(%v) = %q, want %q", ago, got, want)
		}
	}
}

func TestRepeats(t *testing.T) {
	for rule, want := range map[string]string{
		"FREQ=DAILY":                        "every day",
		"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO":   "every 2 weeks on Mon",
		"FREQ=WEEKLY;BYDAY=MO,WE,SU":        "every week on Mon, Wed and Sun",
		"FREQ=MONTHLY;BYDAY=1FR":            "every month on 1FR",
		"FREQ=MONTHLY;COUNT=3":              "every month, 3 times",
		"FREQ=WEEKLY;UNTIL=20261224T000000": "every week until 24 Dec 2026",
		"FREQ=SECONDLY":                     "FREQ=SECONDLY",
	} {
		if got := repeats(rule); got != want {
			t.Errorf("repeats(%q) = %q, want %q", rule, got, want)
		}
	}
}

func TestNames(t *testing.T) {
	ann, ben := view.Person{ID: strings.Repeat("a", 64), Name: "Ann"}, view.Person{ID: strings.Repeat("b", 64)}
	for want, people := range map[string][]view.Person{
		"":                                nil,
		"Ann":                             {ann},
		"Ann and someone (bbbbbbbb)":      {ann, ben},
		"Ann, Ann and someone (bbbbbbbb)": {ann, ann, ben},
	} {
		if got := names(people); got != want {
			t.Errorf("names = %q, want %q", got, want)
		}
	}
}

// TestPostLine holds that an over-full place is said as something to settle, and
// that nothing counts or scolds.
func TestPostLine(t *testing.T) {
	s := &speaker{now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	ann, ben, cai := view.Person{ID: "a1", Name: "Ann"}, view.Person{ID: "b1", Name: "Ben"}, view.Person{ID: "c1", Name: "Cai"}
	p := &view.Post{Kind: view.KindNeed, Title: "soup", Author: ann, Status: "open", People: 1,
		Slots: []view.Slot{{Slot: "2026-12-01", Wanted: 1, Yes: []view.Person{ben, cai}, Over: true}}}
	if got, want := s.postLine(p), "Ann could use: soup · Ben and Cai said yes to Tue 1 Dec, to settle together"; got != want {
		t.Errorf("postLine = %q, want %q", got, want)
	}
	p.Slots, p.For, p.Status = []view.Slot{{Wanted: 2, Yes: []view.Person{ben}}}, &cai, "enough"
	if got, want := s.postLine(p), "Cai, by Ann could use: soup · Ben said yes, 1 place open · enough for now"; got != want {
		t.Errorf("postLine = %q, want %q", got, want)
	}
}

// TestStandingFacts holds when a home says that it is caught up: only when
// somebody is connected, nothing waits, and nobody connected lacks anything.
func TestStandingFacts(t *testing.T) {
	rows := []struct {
		name    string
		facts   standingFacts
		network bool
		want    string
	}{
		{"nothing", standingFacts{}, true, "alone"},
		{"knocking", standingFacts{knocking: true}, true, "knocking"},
		{"one member", standingFacts{circles: 1}, true, "alone"},
		{"nobody connected", standingFacts{circles: 1, others: 2}, true, "alone"},
		{"no node", standingFacts{circles: 1, others: 2}, false, "alone"},
		{"connected, all held", standingFacts{circles: 1, others: 2, connected: 1}, true, "caught_up"},
		{"connected, waiting", standingFacts{circles: 1, others: 2, connected: 1, waiting: 3}, true, "travelling"},
		{"connected, lacking", standingFacts{circles: 1, others: 2, connected: 2, lacking: 1}, true, "travelling"},
		{"in one, knocking at another", standingFacts{circles: 1, others: 1, connected: 1, knocking: true}, true, "caught_up"},
	}
	for _, row := range rows {
		var st view.Status
		row.facts.write(&st, row.network, "not_reached")
		state, reason := st.State, st.Reason
		if state != row.want || (state == "alone" && reason == "") {
			t.Errorf("%s: write = %q, %q, want %q", row.name, state, reason, row.want)
		}
	}
}

// TestDatesCoveredInPart: a date on which somebody comes and a place is open is not
// passed over.
func TestDatesCoveredInPart(t *testing.T) {
	s := &speaker{now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	ann := view.Person{ID: strings.Repeat("a", 64), Name: "Ann"}
	slot := func(day string, yes ...view.Person) view.Slot { return view.Slot{Slot: day, Wanted: 2, Yes: yes} }
	for want, slots := range map[string][]view.Slot{
		"0 of 2 dates covered":               {slot("2026-12-01"), slot("2026-12-02")},
		"0 of 2 dates covered, more in part": {slot("2026-12-01", ann), slot("2026-12-02")},
		"1 of 3 dates covered, more in part": {slot("2026-12-01", ann, ann), slot("2026-12-02"), slot("2026-12-03", ann)},
		"Ann said yes, 1 place open":         {slot("2026-12-01", ann)},
	} {
		if got := strings.Join(s.cover(&view.Post{Slots: slots}), " · "); got != want {
			t.Errorf("cover = %q, want %q", got, want)
		}
	}
}

// TestOfManyWhoAreAsked: it is said at length of a few, and of whoever it does not reach
// now or who would rather not be asked that; nobody is left out.
func TestOfManyWhoAreAsked(t *testing.T) {
	var all []view.Asked
	for _, name := range []string{"Ann", "Ben", "Cleo", "Dan", "Eva", "Finn"} {
		all = append(all, view.Asked{Member: view.Person{Name: name}})
	}
	all[4].RestsUntil = "2026-12-01"
	for n, wantOthers := range map[int]string{2: "", 4: "", 5: "Dan", 6: "Dan Finn"} {
		long, others := atLength(all[:n])
		var got []string
		for _, p := range others {
			got = append(got, p.Name)
		}
		if strings.Join(got, " ") != wantOthers || len(long)+len(others) != n {
			t.Errorf("of %d it is said at length of %d, and not of %q; want %q", n, len(long), got, wantOthers)
		}
	}
}

package view_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node/view"
)

func TestAudienceJSON(t *testing.T) {
	rows := []struct {
		name, json string
		audience   view.Audience
		ok         bool
	}{
		{"circle", `"circle"`, view.Audience{}, true},
		{"some", `[{"id":"ab","name":"Ann"}]`, view.Audience{People: []view.Person{{ID: "ab", Name: "Ann"}}}, true},
		{"nobody", `[]`, view.Audience{People: []view.Person{}}, true},
		{"another word", `"everyone"`, view.Audience{}, false},
		{"a number", `3`, view.Audience{}, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var got view.Audience
			err := json.Unmarshal([]byte(row.json), &got)
			if (err == nil) != row.ok {
				t.Fatalf("Unmarshal(%s) = %v", row.json, err)
			}
			if !row.ok {
				return
			}
			if !reflect.DeepEqual(got, row.audience) {
				t.Errorf("Unmarshal(%s) = %v, want %v", row.json, got, row.audience)
			}
			if back, err := json.Marshal(row.audience); err != nil || string(back) != row.json {
				t.Errorf("Marshal(%v) = %s, %v, want %s", row.audience, back, err, row.json)
			}
		})
	}
}

func TestItemJSON(t *testing.T) {
	items := []view.Item{
		{Post: &view.Post{ID: "01", Kind: view.KindNeed, Slots: []view.Slot{}}},
		{Post: &view.Post{ID: "02", Kind: view.KindOffer, Slots: []view.Slot{}}},
		{Agreement: &view.Agreement{ID: "03", Kind: view.KindAgreement, About: []string{"01"}, Parties: []view.Party{}}},
		{Member: &view.Member{ID: "04", Name: "Ann", State: "member"}},
	}
	data, err := json.Marshal(items)
	if err != nil {
		t.Fatal(err)
	}
	var back []view.Item
	if err := json.Unmarshal(data, &back); err != nil || !reflect.DeepEqual(back, items) {
		t.Errorf("Unmarshal(%s) = %v, %v, want %v", data, back, err, items)
	}
	for i, kind := range []string{"need", "offer", "agreement", "member"} {
		if items[i].Kind() != kind || items[i].ID() != "0"+string(rune('1'+i)) {
			t.Errorf("item %d is %q %q", i, items[i].Kind(), items[i].ID())
		}
	}
	if _, err := json.Marshal(view.Item{}); err == nil {
		t.Error("an empty item was written")
	}
	if err := json.Unmarshal([]byte(`{"kind":"stone"}`), &view.Item{}); err == nil {
		t.Error("an item of a kind not known here was read")
	}
}

func TestCharterFile(t *testing.T) {
	full := membership.DefaultCharter("Oak Street")
	full.Purpose, full.Categories, full.ReviewOn = "to look after one another", []string{"food", "rides"}, "2027-01-06"
	full.History = membership.HistoryFromJoining
	full.Bounds = membership.Bounds{Ways: "knock", Quiet: "22:00-07:00", Reply: "2d", Radius: "3 km", Area: "Hill", Who: "everyone",
		NotFromMe: "money", Emergency: "call 112"}
	full.KDiv, full.BDiv, full.WindowDays, full.SponsorsFrom = 3, 7, 21, 0
	shown := view.Source{State: circle.NewState(crdt.ID{9}), People: chartered{full}, Env: circle.Env{Now: now}}.Charter()
	shown.OutsideHelp = []string{"Night line 0800 1110", "“Tilda”, the nurse"}
	text, err := view.WriteCharter(shown)
	if err != nil {
		t.Fatal(err)
	}
	got, help, err := view.ReadCharter(text, membership.DefaultCharter("another"))
	if err != nil || !reflect.DeepEqual(got, full) || !slices.Equal(help, shown.OutsideHelp) {
		t.Errorf("ReadCharter(%s) = %+v, %q, %v, want %+v, %q", text, got, help, err, full, shown.OutsideHelp)
	}
	for name, text := range map[string]string{
		"no TOML":           "name = ",
		"an unknown key":    "nmae = 'Oak'",
		"an unknown bound":  "[bounds]\nspeed = 'fast'",
		"a wrong history":   "history = 'some'",
		"a number as name":  "name = 3",
		"a negative number": "k_div = -1",
	} {
		if _, _, err := view.ReadCharter(text, full); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

// chartered is a circle of nobody with a charter.
type chartered struct{ charter membership.Charter }

func (chartered) Members() []membership.Member                     { return nil }
func (chartered) Everyone() []membership.Member                    { return nil }
func (chartered) Member(crdt.ID) (m membership.Member, found bool) { return }
func (c chartered) Charter() membership.Charter                    { return c.charter }

// circleOf is a circle of me and others who have all said their names.
type circleOf []membership.Member

func (c circleOf) Everyone() []membership.Member { return c }
func (c circleOf) Charter() membership.Charter   { return membership.DefaultCharter("Oak Street") }
func (c circleOf) Members() (in []membership.Member) {
	for _, m := range c {
		if m.Standing == membership.In {
			in = append(in, m)
		}
	}
	return in
}

func (c circleOf) Member(id crdt.ID) (membership.Member, bool) {
	for _, m := range c {
		if m.ID == id {
			return m, true
		}
	}
	return membership.Member{}, false
}

var (
	ann, bela, carl = crdt.ID{1}, crdt.ID{2}, crdt.ID{3}
	now             = time.Date(2026, 12, 3, 10, 30, 0, 0, time.UTC) // a Thursday
)

// source is a circle of Ann, who looks, Béla, and Carl, who has left.
func source() view.Source {
	s := circle.NewState(crdt.ID{9})
	n := byte(0)
	set := func(who crdt.ID, section, value string) {
		n++
		s.Apply(circle.Change{Meta: circle.Meta{ID: crdt.ID{100, n}, Author: who, HLC: crdt.At(int64(n))},
			Body: circle.MemberSectionSet{Member: who, Section: section, Values: []string{value}}})
	}
	set(ann, "name", "Ann")
	set(bela, "name", "Béla")
	set(carl, "name", "Carl")
	set(bela, "card.food", "no nuts")
	set(carl, "card.food", "no milk")
	return view.Source{Circle: crdt.ID{9}, State: s, Env: circle.Env{Me: ann, Now: now, Members: []crdt.ID{ann, bela}},
		People: circleOf{
			{ID: ann, Standing: membership.In, Welcomed: true, Devices: []membership.Device{{}, {Revoked: true}}},
			{ID: bela, Standing: membership.In, Welcomed: true, Away: true},
			{ID: carl, Standing: membership.Left, Voice: true},
		}}
}

func names(all []view.Member) string {
	var out []string
	for _, m := range all {
		out = append(out, m.Name+" "+m.State)
	}
	return strings.Join(out, ", ")
}

// TestAwayUntilIsADay: a control op says a day, and people are shown that day.
func TestAwayUntilIsADay(t *testing.T) {
	s := source()
	day := time.Date(2027, 2, 28, 0, 0, 0, 0, time.UTC)
	s.People = circleOf{{ID: bela, Standing: membership.In, Away: true, AwayUntil: uint64(day.Unix() / 86_400)}}
	got := s.Members(view.Filter{})
	if len(got) != 1 || got[0].AwayUntil == nil || got[0].AwayUntil.Format(time.DateOnly) != "2027-02-28" {
		t.Errorf("away until %+v, want 28 February 2027", got)
	}
}

func TestMembers(t *testing.T) {
	s := source()
	if got := names(s.Members(view.Filter{})); got != "Ann member, Béla away" {
		t.Errorf("Members = %s", got)
	}
	all := s.Members(view.Filter{All: true})
	if got := names(all); got != "Ann member, Béla away, Carl left" {
		t.Errorf("Members(all) = %s", got)
	}
	if all[0].Devices != 1 || all[1].Devices != 0 {
		t.Errorf("devices = %d and %d, want only one's own, and not the revoked one", all[0].Devices, all[1].Devices)
	}
	if all[1].Card["food"] != "no nuts" || all[2].Card != nil || all[2].Voice {
		t.Errorf("members = %+v, want nothing but the name of who left", all)
	}
}

func TestHiddenPresenceShowsTheWeek(t *testing.T) {
	s := source()
	s.Heard = func(crdt.ID) (time.Time, int, bool) { return now.Add(-time.Hour), 0, true }
	heard := func() time.Time { return *s.Members(view.Filter{Text: "béla"})[0].Heard }
	if got := heard(); !got.Equal(now.Add(-time.Hour)) {
		t.Errorf("heard = %v, want an hour ago", got)
	}
	s.State.Apply(circle.Change{Meta: circle.Meta{ID: crdt.ID{101}, Author: bela, HLC: crdt.At(50)},
		Body: circle.MemberSectionSet{Member: bela, Section: circle.SectionPresence, Values: []string{"hidden"}}})
	if got, want := heard(), time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("heard = %v, want only the week that began %v", got, want)
	}
}

func TestShowWhoLeft(t *testing.T) {
	item, err := source().Show("carl", false)
	if err != nil || item.Member == nil || item.Member.State != "left" {
		t.Errorf("Show(carl) = %+v, %v, want who left", item, err)
	}
}

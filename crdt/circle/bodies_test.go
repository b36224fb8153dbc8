package circle_test

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/circle"
)

// full is one body of each kind with every field set.
var full = map[uint64]circle.Body{
	circle.KindNeedPosted:  (*circle.NeedPosted)(fullPost()),
	circle.KindOfferPosted: (*circle.OfferPosted)(fullPost()),
	circle.KindPostEdited: circle.PostEdited{Post: crdt.ID{1}, Edits: []circle.Edit{
		{Field: circle.FieldTitle, Value: canon.MustMarshal("Dishes")}, {Field: circle.FieldPeople, Value: canon.MustMarshal(uint64(2))}}},
	circle.KindPostStatusSet: circle.PostStatusSet{Post: crdt.ID{1}, Status: circle.StatusEnough},
	circle.KindAudienceChanged: circle.AudienceChanged{Target: crdt.ID{1}, Snapshot: canon.MustMarshal(circle.Snapshot{
		Kind: circle.KindNeedPosted, Author: crdt.ID{2}, HLC: 7, Body: canon.MustMarshal(fullPost())})},
	circle.KindAgreementMade: circle.AgreementMade{About: []crdt.ID{{1}}, Slot: "2026-12-01T17:00",
		Terms: circle.Terms{What: "Dishes", When: "2026-12-01T17:00/18:30", Area: "Mill Lane", Costs: "we share"}},
	circle.KindAgreementPlace:   circle.AgreementPlace{Agreement: crdt.ID{1}, Where: "3rd floor\nleft", Code: "1234", Phone: "0123"},
	circle.KindTermsChanged:     circle.TermsChanged{Accord: crdt.ID{1}, Terms: circle.Terms{What: "Soup"}, Parents: []circle.Rev{{1}, {2}}},
	circle.KindWordGiven:        circle.WordGiven{On: crdt.ID{1}, Rev: circle.Rev{2}, Value: circle.WordReleased, Note: "sorry", Replaces: []crdt.ID{{3}, {4}}},
	circle.KindMarkAdded:        circle.MarkAdded{On: crdt.ID{1}, What: circle.MarkedExtra, Value: "2026-12-01"},
	circle.KindMarkRemoved:      circle.MarkRemoved{On: crdt.ID{1}, Mark: crdt.ID{2}},
	circle.KindNoteWritten:      circle.NoteWritten{On: crdt.ID{1}, What: circle.NoteThanks, Text: "Danke, שלום, 🌱"},
	circle.KindRetracted:        circle.Retracted{Op: crdt.ID{1}},
	circle.KindMemberSectionSet: circle.MemberSectionSet{Member: crdt.ID{1}, Section: "card.lands", Values: []string{"tea"}, Until: "2026-12-01"},
	circle.KindDecisionOpened:   circle.DecisionOpened{Text: "We meet on Sundays", Closes: 1_800_000_000, ReviewOn: "2027-12-01", About: crdt.ID{1}, Tag: "rhythm", Control: crdt.ID{2}},
	circle.KindDecisionClosed:   circle.DecisionClosed{Decision: crdt.ID{1}, Rev: circle.Rev{2}, Heard: []crdt.ID{{3}}},
	circle.KindTalkOpened:       circle.TalkOpened{With: crdt.ID{1}, About: crdt.ID{2}, Sentence: "I saw it otherwise", Fade: 90},
	circle.KindPodAsked:         circle.PodAsked{Person: crdt.ID{1}},
}

func fullPost() *circle.Posted {
	return &circle.Posted{Title: "Dishes", Details: "two\nlines", Category: "house", For: crdt.ID{1}, When: []string{"2026-12-01T17:00", "2026-12-05"},
		Zone: "Europe/Berlin", Rule: "FREQ=WEEKLY;COUNT=4", Skips: []string{"2026-12-08"}, People: 2, ExtraOK: true, Area: "Mill Lane", By: "2026-12-01",
		SignUp: circle.SignUpAskFirst, Costs: "we share", To: []crdt.ID{{1}, {2}}, Fade: 30, Tender: true, How: []uint64{circle.HowCall, circle.HowSit}, Under: 3}
}

func TestEveryKindComesBack(t *testing.T) {
	for _, k := range circle.Kinds() {
		b, ok := full[k.Number]
		if !ok {
			t.Errorf("no example of kind %d, %s", k.Number, k.Name)
			continue
		}
		if got := reflect.Indirect(reflect.ValueOf(b)).Type().Name(); got != k.Name {
			t.Errorf("kind %d is %s, the table says %s", k.Number, got, k.Name)
		}
		kind, payload := circle.Encode(b)
		m := circle.Meta{ID: crdt.ID{42}, Author: crdt.ID{1}, HLC: 9}
		c, err := circle.Decode(m, kind, payload)
		if err != nil || kind != k.Number {
			t.Errorf("Decode(%s) = %v", k.Name, err)
			continue
		}
		if _, again := circle.Encode(c.Body); !bytes.Equal(again, payload) || !reflect.DeepEqual(c.Body, b) {
			t.Errorf("%s comes back as %+v, want %+v", k.Name, c.Body, b)
		}
		if makes := c.Record() == m.ID; makes != k.Makes {
			t.Errorf("%s makes a record: %v, the table says %v", k.Name, makes, k.Makes)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	edit := func(change func(p *circle.Posted)) circle.Body {
		p := fullPost()
		change(p)
		return (*circle.NeedPosted)(p)
	}
	for name, b := range map[string]circle.Body{
		"no title":                edit(func(p *circle.Posted) { p.Title = "" }),
		"a control character":     edit(func(p *circle.Posted) { p.Title = "a\x07b" }),
		"a line break in a title": edit(func(p *circle.Posted) { p.Title = "a\nb" }),
		"a bidi override":         edit(func(p *circle.Posted) { p.Details = "a\u202eb" }),
		"nobody":                  edit(func(p *circle.Posted) { p.People = 0 }),
		"too many people":         edit(func(p *circle.Posted) { p.People = circle.MaxPeople + 1 }),
		"no such date":            edit(func(p *circle.Posted) { p.When = []string{"2026-02-30"} }),
		"a date in another form":  edit(func(p *circle.Posted) { p.When = []string{"2026-12-01T17:00/2026-12-01T18:00"} }),
		"a repeat of nothing":     edit(func(p *circle.Posted) { p.When = nil }),
		"a rule in another form":  edit(func(p *circle.Posted) { p.Rule = "FREQ=WEEKLY;INTERVAL=1" }),
		"skips with no date":      edit(func(p *circle.Posted) { p.Skips = []string{""} }),
		"readers out of order":    edit(func(p *circle.Posted) { p.To = []crdt.ID{{2}, {1}} }),
		"a reader twice":          edit(func(p *circle.Posted) { p.To = []crdt.ID{{2}, {2}} }),
		"unknown sign-up":         edit(func(p *circle.Posted) { p.SignUp = 2 }),
		"unknown listening":       edit(func(p *circle.Posted) { p.How = []uint64{3} }),
		"by with a time":          edit(func(p *circle.Posted) { p.By = "2026-12-01T10:00" }),
		"fade too long":           edit(func(p *circle.Posted) { p.Fade = circle.MaxFadeDays + 1 }),
		"an edit of nothing":      circle.PostEdited{Post: crdt.ID{1}},
		"an edit of whom it is for": circle.PostEdited{Post: crdt.ID{1}, Edits: []circle.Edit{
			{Field: circle.FieldFor, Value: canon.MustMarshal(crdt.ID{1})}}},
		"an edit with the wrong type": circle.PostEdited{Post: crdt.ID{1}, Edits: []circle.Edit{{Field: circle.FieldTitle, Value: []byte{1}}}},
		"a status nobody knows":       circle.PostStatusSet{Post: crdt.ID{1}, Status: 6},
		"a snapshot of a word": circle.AudienceChanged{Target: crdt.ID{1}, Snapshot: canon.MustMarshal(circle.Snapshot{
			Kind: circle.KindWordGiven, Body: canon.MustMarshal(circle.WordGiven{On: crdt.ID{1}, Value: 1})})},
		"about nothing":       circle.AgreementMade{Terms: circle.Terms{What: "x"}},
		"no slot":             circle.AgreementMade{About: []crdt.ID{{1}}, Slot: "2026-12-01/2026-12-02", Terms: circle.Terms{What: "x"}},
		"no terms":            circle.AgreementMade{About: []crdt.ID{{1}}},
		"both texts":          circle.TermsChanged{Accord: crdt.ID{1}, Text: "x", Terms: circle.Terms{What: "x"}},
		"neither text":        circle.TermsChanged{Accord: crdt.ID{1}},
		"no word":             circle.WordGiven{On: crdt.ID{1}},
		"a word nobody knows": circle.WordGiven{On: crdt.ID{1}, Value: circle.WordSaid + 1},
		"five replaced":       circle.WordGiven{On: crdt.ID{1}, Value: 1, Replaces: []crdt.ID{{1}, {2}, {3}, {4}, {5}}},
		"done with a value":   circle.MarkAdded{On: crdt.ID{1}, What: circle.MarkedDone, Value: "x"},
		"a party in capitals": circle.MarkAdded{On: crdt.ID{1}, What: circle.MarkedParty, Value: strings.Repeat("AB", 32)},
		"a mark nobody knows": circle.MarkAdded{On: crdt.ID{1}, What: circle.MarkedOpen + 1},
		"an empty note":       circle.NoteWritten{On: crdt.ID{1}},
		"a note nobody knows": circle.NoteWritten{On: crdt.ID{1}, What: circle.NoteFarewell + 1, Text: "x"},
		"no op":               circle.Retracted{},
		"a section in German": circle.MemberSectionSet{Member: crdt.ID{1}, Section: "größe", Values: []string{"x"}},
		"an empty value":      circle.MemberSectionSet{Member: crdt.ID{1}, Section: "card.lands", Values: []string{""}},
		"a long name":         circle.MemberSectionSet{Member: crdt.ID{1}, Section: "name", Values: []string{strings.Repeat("a", circle.MaxName+1)}},
		"nobody to talk with": circle.TalkOpened{Sentence: "x"},
		"nobody asked":        circle.PodAsked{},
	} {
		kind, payload := circle.Encode(b)
		if _, err := circle.Decode(circle.Meta{ID: crdt.ID{42}}, kind, payload); !errors.Is(err, circle.ErrForm) {
			t.Errorf("%s: Decode = %v, want ErrForm", name, err)
		}
		if err := circle.Check(b); !errors.Is(err, circle.ErrForm) {
			t.Errorf("%s: Check = %v, want ErrForm", name, err)
		}
	}
	_, payload := circle.Encode(full[circle.KindRetracted])
	for name, row := range map[string]struct {
		kind    uint64
		payload []byte
	}{
		"unknown kind":    {82, payload},
		"kind below":      {63, payload},
		"another kind":    {circle.KindMarkRemoved, payload},
		"a byte too many": {circle.KindRetracted, append(bytes.Clone(payload), 0)},
		"empty":           {circle.KindRetracted, nil},
		"too long":        {circle.KindRetracted, make([]byte, circle.MaxPayload+1)},
		"not UTF-8":       {circle.KindNoteWritten, append(append([]byte{0x83, 0x58, 0x20}, make([]byte, 32)...), 0, 0x61, 0xff)},
	} {
		if _, err := circle.Decode(circle.Meta{ID: crdt.ID{42}}, row.kind, row.payload); !errors.Is(err, circle.ErrForm) {
			t.Errorf("%s: Decode = %v, want ErrForm", name, err)
		}
	}
}

// Each text is held to its bound: one below and at it fit, one above does not, in
// characters and in bytes.
func TestTextBounds(t *testing.T) {
	post := func(set func(p *circle.Posted, s string)) func(string) circle.Body {
		return func(s string) circle.Body {
			p := circle.Posted{Title: "x", People: 1}
			set(&p, s)
			return (*circle.NeedPosted)(&p)
		}
	}
	for _, tt := range []struct {
		name         string
		chars, bytes int
		body         func(string) circle.Body
	}{
		{"title", circle.MaxTitle, circle.MaxTitleBytes, post(func(p *circle.Posted, s string) { p.Title = s })},
		{"details", circle.MaxDetails, circle.MaxDetailsBytes, post(func(p *circle.Posted, s string) { p.Details = s })},
		{"category", circle.MaxCategory, circle.MaxCategoryBytes, post(func(p *circle.Posted, s string) { p.Category = s })},
		{"area", circle.MaxArea, circle.MaxAreaBytes, post(func(p *circle.Posted, s string) { p.Area = s })},
		{"costs", circle.MaxCosts, circle.MaxCostsBytes, post(func(p *circle.Posted, s string) { p.Costs = s })},
		{"where", circle.MaxPlace, circle.MaxPlaceBytes, func(s string) circle.Body { return circle.AgreementPlace{Agreement: crdt.ID{1}, Where: s} }},
		{"phone", circle.MaxPhone, circle.MaxPhoneBytes, func(s string) circle.Body { return circle.AgreementPlace{Agreement: crdt.ID{1}, Phone: s} }},
		{"note", circle.MaxNote, circle.MaxNoteBytes, func(s string) circle.Body { return circle.NoteWritten{On: crdt.ID{1}, Text: s} }},
		{"word note", circle.MaxWordNote, circle.MaxWordNoteBytes, func(s string) circle.Body { return circle.WordGiven{On: crdt.ID{1}, Value: 1, Note: s} }},
		{"decision", circle.MaxText, circle.MaxTextBytes, func(s string) circle.Body { return circle.DecisionOpened{Text: s} }},
		{"name", circle.MaxName, circle.MaxNameBytes, func(s string) circle.Body {
			return circle.MemberSectionSet{Member: crdt.ID{1}, Section: "name", Values: []string{s}}
		}},
	} {
		wide := strings.Repeat("🌱", tt.bytes/4)
		for _, s := range []string{strings.Repeat("a", tt.chars-1), strings.Repeat("a", tt.chars), wide[:min(len(wide), 4*tt.chars)]} {
			if err := circle.Check(tt.body(s)); err != nil {
				t.Errorf("%s of %d bytes: %v", tt.name, len(s), err)
			}
		}
		for _, s := range []string{strings.Repeat("a", tt.chars+1), strings.Repeat("🌱", tt.bytes/4) + "a"} {
			if err := circle.Check(tt.body(s)); err == nil {
				t.Errorf("%s of %d bytes is accepted", tt.name, len(s))
			}
		}
	}
}

// FuzzDecode: a body from a peer never panics, comes back as the same bytes if it
// is accepted, and never breaks what anybody is shown.
func FuzzDecode(f *testing.F) {
	for kind, b := range full {
		_, payload := circle.Encode(b)
		f.Add(kind, payload)
	}
	base := posts(4)
	f.Fuzz(func(t *testing.T, kind uint64, payload []byte) {
		c, err := circle.Decode(circle.Meta{ID: crdt.ID{42}, Author: people[0], HLC: base[0].HLC + 1}, kind, payload)
		if err != nil {
			if !errors.Is(err, circle.ErrForm) {
				t.Fatalf("Decode = %v, want ErrForm", err)
			}
			return
		}
		if k, again := circle.Encode(c.Body); k != kind || !bytes.Equal(again, payload) {
			t.Fatalf("Decode(%d, %x) comes back as %d, %x", kind, payload, k, again)
		}
		s := apply(append(base, c))
		seen(s, people[0])
		if err := circle.NewState(circleID).LoadRecord(c.Record(), s.EncodeRecord(c.Record())); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzLoadRecord: a checkpoint's row that is broken is refused or holds changes, and
// never more than it says.
func FuzzLoadRecord(f *testing.F) {
	for _, b := range full {
		c := circle.Change{Meta: circle.Meta{ID: crdt.ID{42}, Author: people[0], HLC: 9, Audience: nook([]crdt.ID{{1}, {2}})}, Body: b}
		id := c.Record()
		f.Add(id[:], apply([]circle.Change{c}).EncodeRecord(id))
	}
	f.Fuzz(func(t *testing.T, id, row []byte) {
		if len(id) != 32 {
			return
		}
		s := circle.NewState(circleID)
		if err := s.LoadRecord(crdt.ID(id), row); err != nil {
			return
		}
		if again := s.EncodeRecord(crdt.ID(id)); len(again) > len(row) {
			t.Fatalf("%d bytes become %d", len(row), len(again))
		}
	})
}

// TestARowCutShortIsRefused: but where one of its changes ends.
func TestARowCutShortIsRefused(t *testing.T) {
	changes := posts(3)
	yes := circle.Change{Meta: circle.Meta{ID: crdt.ID{99}, Author: people[0], HLC: changes[0].HLC + 1, Audience: nook([]crdt.ID{{1}, {2}})},
		Body: circle.NoteWritten{On: changes[0].ID, Text: "hello"}}
	id := changes[0].ID
	one, both := apply(changes[:1]).EncodeRecord(id), apply(append(changes, yes)).EncodeRecord(id)
	for cut := range both {
		s := circle.NewState(circleID)
		err := s.LoadRecord(id, both[:cut])
		if whole := cut == 0 || cut == len(one); (err == nil) != whole {
			t.Errorf("a row of %d of %d bytes: %v", cut, len(both), err)
		}
	}
	s := circle.NewState(circleID)
	if err := s.LoadRecord(id, both); err != nil || len(s.Touched()) > 0 {
		t.Errorf("LoadRecord = %v, touched %v", err, s.Touched())
	}
	if err := s.LoadRecord(changes[1].ID, both); err == nil {
		t.Error("a row of another record is taken")
	}
}

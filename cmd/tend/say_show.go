package main

import (
	"maps"
	"slices"
	"strings"

	"tend/crdt/circle"
	"tend/node/view"
)

// show writes one thing whole, with what was said on it.
func (s *speaker) show(item view.Item) {
	switch {
	case item.Post != nil:
		s.post(item.Post)
	case item.Agreement != nil:
		s.agreement(item.Agreement)
	case item.Member != nil:
		s.member(item.Member)
	case item.Retracted != nil:
		s.retracted(item.Retracted)
	case item.Decision != nil:
		s.decision(item.Decision)
	case item.Talk != nil:
		s.talk(item.Talk)
	}
}

func (s *speaker) field(label, value string) {
	if value != "" {
		s.line("  %-11s %s", label, value)
	}
}

func (s *speaker) post(p *view.Post) {
	s.line("%s  %s", short(p.ID), s.postLine(p))
	if p.Faded {
		s.line("  This has faded, as was agreed; its words were let go.")
		return
	}
	if p.Details != "" {
		s.line("%s", paragraphs(p.Details, "  "))
	}
	s.field("category", plain(p.Category))
	s.field("costs", plain(p.Costs))
	s.field("how", and(p.How))
	if p.SignUp == "ask-first" {
		s.field("yes", "asks me first")
	}
	if p.Audience.People != nil {
		s.field("open to", names(p.Audience.People))
	}
	for _, slot := range p.Slots {
		when := "whenever"
		if slot.Slot != "" {
			when = s.date(slot.Slot)
		}
		who := "open"
		if len(slot.Yes) > 0 {
			who = names(slot.Yes)
			if open := slot.Wanted - len(slot.Yes); open > 0 {
				who += ", " + count(open, "place") + " open"
			}
		}
		if slot.Kept > 0 {
			who += ", " + count(slot.Kept, "place") + " kept until the day before for who is new here"
		}
		for _, h := range slot.Heard {
			who += ", " + name(h.Member) + "'s home was heard " + s.ago(h.At)
		}
		s.line("  %-16s %s", when, who)
	}
	if len(p.NotNow) > 0 {
		s.field("not now", names(p.NotNow))
	}
	for _, id := range p.Agreements {
		s.line("  agreement   %s", short(id))
	}
	s.notes(p.Notes)
}

func (s *speaker) agreement(a *view.Agreement) {
	s.line("%s  %s", short(a.ID), s.agreementLine(a))
	s.field("where", plain(a.Area))
	s.field("costs", plain(a.Costs))
	if a.ReviewOn != "" {
		s.field("look again", s.date(a.ReviewOn))
	}
	if a.Place != nil {
		s.field("place", plain(a.Place.Where))
		s.field("code", plain(a.Place.Code))
		s.field("phone", plain(a.Place.Phone))
	}
	for _, p := range a.Parties {
		word := partyWords[p.Word]
		if p.Word == "yes" && !p.Current {
			word = "yes, to an earlier text"
		}
		s.field(name(p.Member), word)
	}
	if len(a.Texts) > 1 {
		s.line("")
		s.line("Texts")
		for _, t := range a.Texts {
			mark := " "
			if t.Newest {
				mark = "*"
			}
			when := t.When
			if when == "" {
				when = t.Slot
			}
			by := ""
			if t.By != nil {
				by = "  (" + name(*t.By) + ")"
			}
			s.line("  %s %s  %s  %s%s", mark, short(t.Rev), plain(t.What), s.date(when), by)
		}
	}
	s.notes(a.Notes)
}

// partyWords are what a party's word is called.
var partyWords = map[string]string{
	"yes":      "yes",
	"not_now":  "not now",
	"released": "gave it back",
	"none":     "has not said yet",
}

func (s *speaker) member(m *view.Member) {
	s.line("%s  %s", short(m.ID), s.memberLine(m))
	if len(m.Languages) > 0 {
		s.field("speaks", and(m.Languages))
	}
	for _, way := range m.Contact {
		s.field("reach", plain(way))
	}
	for _, when := range m.Free {
		s.field("free", s.freeTime(when))
	}
	for _, part := range []map[string]string{m.Card, m.Bounds} {
		for _, key := range slices.Sorted(maps.Keys(part)) {
			s.field(key, plain(part[key]))
		}
	}
	if len(m.Consents) > 0 {
		s.line("")
		s.line("Wished beforehand:")
		s.consents(m.Consents)
	}
	if len(m.TenderDates) > 0 {
		s.line("")
		s.line("Hard days:")
		s.tenderDates(m.TenderDates)
	}
	s.notes(m.Notes)
	if len(m.MyNotes) > 0 {
		s.line("")
		s.line("Only you have this:")
		s.pairNotes(m.MyNotes)
	}
}

// noteWords are what a note is called by its kind; a comment needs no word.
var noteWords = map[string]string{"thanks": "thanks", "check_in": "check-in", "farewell": "farewell", "reason": "reason"}

func (s *speaker) notes(list []view.Note) {
	if len(list) == 0 {
		return
	}
	s.line("")
	for _, n := range list {
		kind := ""
		if word, ok := noteWords[n.Kind]; ok {
			kind = " (" + word + ")"
		}
		s.line("  %s  %s%s, %s:", short(n.ID), name(n.Author), kind, s.ago(n.Made))
		s.line("%s", paragraphs(n.Text, "            "))
	}
}

// charter writes what the circle agreed on.
func (s *speaker) charter(c view.Charter) {
	s.line("%s", plain(c.Name))
	if c.Purpose != "" {
		s.line("%s", paragraphs(c.Purpose, "  "))
	}
	for _, key := range slices.Sorted(maps.Keys(c.Bounds)) {
		s.field(key, plain(c.Bounds[key]))
	}
	if len(c.Categories) > 0 {
		s.field("categories", plain(and(c.Categories)))
	} else {
		var first []string
		for _, category := range circle.Categories {
			first = append(first, category.English)
		}
		s.field("categories", strings.Join(first, ", ")+"; or any of your own")
	}
	for _, help := range c.OutsideHelp {
		s.field("outside", plain(help))
	}
	switch c.History {
	case "all":
		s.field("newcomers", "read everything from the beginning")
	case "from-joining":
		s.field("newcomers", "read from their joining on")
	}
	s.field("review on", s.date(c.ReviewOn))
	for _, w := range c.Words {
		s.field(name(w.Member), plain(w.Text))
	}
}

// card writes how to care for someone, at the moment somebody said yes to them.
func (s *speaker) card(card map[string]string) {
	s.line("  How care lands for them:")
	for _, key := range slices.Sorted(maps.Keys(card)) {
		s.line("    %-8s %s", key, plain(card[key]))
	}
}

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

// field writes something about a thing beside its label, and pair beside what stands
// there without being a sentence of ours; without a value neither writes anything.
func (s *speaker) field(key, value string) { s.pair(sentence(key), value) }

func (s *speaker) pair(label, value string) {
	if value != "" {
		s.line("  %-11s %s", label, value)
	}
}

func (s *speaker) post(p *view.Post) {
	s.line("%s  %s", short(p.ID), s.postLine(p))
	if p.Faded {
		s.under("show.faded")
		return
	}
	if p.Details != "" {
		s.line("%s", paragraphs(p.Details, "  "))
	}
	s.field("label.category", plain(p.Category))
	s.field("label.costs", plain(p.Costs))
	s.field("label.how", and(p.How))
	if p.SignUp == "ask-first" {
		s.field("label.yes", sentence("post.asks_me_first"))
	}
	if p.Audience.People != nil {
		s.field("label.open_to", names(p.Audience.People))
	}
	for _, slot := range p.Slots {
		when := sentence("post.whenever")
		if slot.Slot != "" {
			when = s.date(slot.Slot)
		}
		who := []string{sentence("post.slot_open")}
		if len(slot.Yes) > 0 {
			who = []string{names(slot.Yes)}
			if open := slot.Wanted - len(slot.Yes); open > 0 {
				who = append(who, sentence("post.open", "n", open))
			}
		}
		if slot.Kept > 0 {
			who = append(who, sentence("post.kept", "n", slot.Kept))
		}
		for _, h := range slot.Heard {
			who = append(who, sentence("post.home_heard", "name", name(h.Member), "ago", s.ago(h.At)))
		}
		s.line("  %-16s %s", when, strings.Join(who, ", "))
	}
	if len(p.NotNow) > 0 {
		s.field("label.not_now", names(p.NotNow))
	}
	for _, id := range p.Agreements {
		s.under("show.agreement", "id", short(id))
	}
	s.notes(p.Notes)
}

func (s *speaker) agreement(a *view.Agreement) {
	s.line("%s  %s", short(a.ID), s.agreementLine(a))
	s.field("label.where", plain(a.Area))
	s.field("label.costs", plain(a.Costs))
	if a.ReviewOn != "" {
		s.field("label.look_again", s.date(a.ReviewOn))
	}
	if a.Place != nil {
		s.field("label.place", plain(a.Place.Where))
		s.field("label.code", plain(a.Place.Code))
		s.field("label.phone", plain(a.Place.Phone))
	}
	for _, p := range a.Parties {
		word := called("party.word", p.Word)
		if p.Word == "yes" && !p.Current {
			word = sentence("party.earlier_yes")
		}
		s.pair(name(p.Member), word)
	}
	if len(a.Texts) > 1 {
		s.line("")
		s.say("texts.heading")
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

func (s *speaker) member(m *view.Member) {
	s.line("%s  %s", short(m.ID), s.memberLine(m))
	if len(m.Languages) > 0 {
		s.field("label.speaks", and(m.Languages))
	}
	for _, way := range m.Contact {
		s.field("label.reach", plain(way))
	}
	for _, when := range m.Free {
		s.field("label.free", s.freeTime(when))
	}
	for _, part := range []map[string]string{m.Card, m.Bounds} {
		for _, key := range slices.Sorted(maps.Keys(part)) {
			s.pair(key, plain(part[key]))
		}
	}
	if len(m.Consents) > 0 {
		s.line("")
		s.say("member.wishes")
		s.consents(m.Consents)
	}
	if len(m.TenderDates) > 0 {
		s.line("")
		s.say("member.hard_days")
		s.tenderDates(m.TenderDates)
	}
	s.notes(m.Notes)
	if len(m.MyNotes) > 0 {
		s.line("")
		s.say("member.my_notes")
		s.pairNotes(m.MyNotes)
	}
}

func (s *speaker) notes(list []view.Note) {
	if len(list) == 0 {
		return
	}
	s.line("")
	for _, n := range list {
		kind := ""
		if word := called("note.kind", n.Kind); word != "" {
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
		s.pair(key, plain(c.Bounds[key]))
	}
	if len(c.Categories) > 0 {
		s.field("label.categories", plain(and(c.Categories)))
	} else {
		var first []string
		for _, category := range circle.Categories {
			first = append(first, told.Say("category."+category.Key))
		}
		s.field("label.categories", sentence("charter.categories", "list", strings.Join(first, ", ")))
	}
	for _, help := range c.OutsideHelp {
		s.field("label.outside", plain(help))
	}
	switch c.History {
	case "all":
		s.field("label.newcomers", sentence("charter.all"))
	case "from-joining":
		s.field("label.newcomers", sentence("charter.from_joining"))
	}
	s.field("label.review_on", s.date(c.ReviewOn))
	for _, w := range c.Words {
		s.pair(name(w.Member), plain(w.Text))
	}
}

// card writes how to care for someone, at the moment somebody said yes to them.
func (s *speaker) card(card map[string]string) {
	s.under("card.heading")
	for _, key := range slices.Sorted(maps.Keys(card)) {
		s.line("    %-8s %s", key, plain(card[key]))
	}
}

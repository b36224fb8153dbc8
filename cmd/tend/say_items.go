package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tend/crdt/circle"
	"tend/node/view"
)

// today writes the home page: what asks for me, what I could do, what we agreed,
// and what needs looking at together, that first.
func (s *speaker) today(t view.Today) {
	first := true
	if len(t.Look) > 0 {
		s.heading(&first, "Look at this together")
		s.attentions(t.Look)
	}
	if len(t.Soon) > 0 {
		s.heading(&first, "Soon")
		s.items(t.Soon)
	}
	if len(t.Reminders) > 0 {
		s.heading(&first, "You wrote yourself")
		s.pairNotes(t.Reminders)
	}
	if len(t.HardDays) > 0 {
		s.heading(&first, "To think of")
		s.hardDays(t.HardDays)
	}
	for _, part := range []struct {
		title string
		items []view.Item
	}{{"For me", t.ForMe}, {"I could", t.ICould}, {"We agreed", t.WeAgreed}} {
		if len(part.items) > 0 {
			s.heading(&first, part.title)
			s.items(part.items)
		}
	}
	if first {
		s.line("Nothing is asked for just now. That's fine too.")
	}
	s.firsts(t.First)
	for _, i := range t.ForMe {
		if i.Post != nil && i.Post.Stale {
			s.line("")
			s.line("Is “%s” still so?  tend still-true %s", plain(i.Post.Title), short(i.Post.ID))
		}
	}
	switch {
	case t.StillUntil != "":
		s.line("")
		s.line("What is asked of you meanwhile lies still until %s.", s.date(t.StillUntil))
	case t.Still:
		s.line("")
		s.line("What is asked of you lies still while you rest.")
	}
}

// firsts are the small steps that somebody new here has not taken yet. There is no need
// to take one.
func (s *speaker) firsts(list []string) {
	if len(list) > 0 {
		s.line("")
	}
	for _, step := range list {
		switch step {
		case circle.FirstAsk:
			s.line("One small ask:    tend ask \"Could someone water my plants?\"")
		case circle.FirstOffer:
			s.line("One small offer:  tend offer \"I can listen on Sundays\"")
		}
	}
}

func (s *speaker) items(items []view.Item) {
	for _, i := range items {
		switch {
		case i.Post != nil:
			s.line("  %s  %s", short(i.Post.ID), s.postLine(i.Post))
		case i.Agreement != nil:
			s.line("  %s  %s", short(i.Agreement.ID), s.agreementLine(i.Agreement))
		case i.Member != nil:
			s.line("  %s  %s", short(i.Member.ID), s.memberLine(i.Member))
		case i.Decision != nil:
			s.line("  %s  %s", short(i.Decision.ID), s.decisionLine(i.Decision))
		case i.Talk != nil:
			s.line("  %s  %s", short(i.Talk.ID), s.talkLine(i.Talk))
		}
	}
}

// list writes a list of anything; an empty one says so kindly.
func (s *speaker) list(items []view.Item) {
	if len(items) == 0 {
		s.line("Nothing here just now. That's fine too.")
		return
	}
	s.items(items)
}

// postLine is a need or an offer in one line.
func (s *speaker) postLine(p *view.Post) string {
	who := name(p.Author)
	if p.For != nil {
		who = name(*p.For)
		if p.For.ID != p.Author.ID {
			who += ", by " + name(p.Author)
		}
	}
	verb := "could use"
	if p.Kind == view.KindOffer {
		verb = "can"
	}
	parts := []string{fmt.Sprintf("%s %s: %s", who, verb, plain(p.Title))}
	if len(p.When) > 0 {
		parts = append(parts, s.dates(p.When))
	}
	if p.Repeat != "" {
		parts = append(parts, repeats(p.Repeat))
	}
	if p.By != "" {
		parts = append(parts, "by "+s.date(p.By))
	}
	if p.Area != "" {
		parts = append(parts, plain(p.Area))
	}
	parts = append(parts, s.cover(p)...)
	if word, ok := statusWords[p.Status]; ok {
		parts = append(parts, word)
	}
	if p.Stale {
		parts = append(parts, "said some time ago")
	}
	return strings.Join(parts, " · ")
}

// statusWords are what a post's status is called; open needs no word.
var statusWords = map[string]string{
	"waiting":   "waiting for their leave",
	"enough":    "enough for now",
	"met":       "taken care of",
	"withdrawn": "taken down",
	"resting":   "resting",
}

// cover says who said yes to a post: once for a post with one slot, else how
// many of its slots are covered.
func (s *speaker) cover(p *view.Post) []string {
	covered := 0
	var parts []string
	var standing []view.Person
	for _, slot := range p.Slots {
		for _, who := range slot.StandBy {
			if !slices.Contains(standing, who) {
				standing = append(standing, who)
			}
		}
		if len(slot.Yes) >= slot.Wanted {
			covered++
		}
		if slot.Over {
			where := ""
			if slot.Slot != "" {
				where = " to " + s.date(slot.Slot)
			}
			parts = append(parts, fmt.Sprintf("%s said yes%s, to settle together", names(slot.Yes), where))
		}
	}
	switch {
	case len(parts) > 0:
	case len(p.Slots) == 1 && len(p.Slots[0].Yes) > 0:
		word := names(p.Slots[0].Yes) + " said yes"
		if open := p.Slots[0].Wanted - len(p.Slots[0].Yes); open > 0 {
			word += fmt.Sprintf(", %s open", count(open, "place"))
		}
		parts = append(parts, word)
	case len(p.Slots) > 1:
		parts = append(parts, fmt.Sprintf("%d of %d dates covered", covered, len(p.Slots)))
	}
	if len(standing) > 0 {
		parts = append(parts, names(standing)+" would like to be asked first if a place opens")
	}
	return parts
}

// repeats says an RRULE of the subset Tend writes in a few words.
func repeats(rule string) string {
	fields := map[string]string{}
	for _, f := range strings.Split(strings.TrimPrefix(rule, "RRULE:"), ";") {
		key, value, _ := strings.Cut(f, "=")
		fields[key] = value
	}
	word, ok := map[string]string{"DAILY": "every day", "WEEKLY": "every week", "MONTHLY": "every month"}[fields["FREQ"]]
	if !ok {
		return plain(rule)
	}
	if n := fields["INTERVAL"]; n != "" && n != "1" {
		word = "every " + n + " " + map[string]string{"DAILY": "days", "WEEKLY": "weeks", "MONTHLY": "months"}[fields["FREQ"]]
	}
	if days := fields["BYDAY"]; days != "" {
		word += " on " + weekdays(days)
	}
	if n := fields["COUNT"]; n != "" {
		word += ", " + n + " times"
	}
	if until := fields["UNTIL"]; until != "" {
		if day, err := time.Parse("20060102", until[:min(len(until), 8)]); err == nil {
			until = day.Format("2 Jan 2006")
		}
		word += " until " + plain(until)
	}
	return word
}

// weekdays says the days of a rule; what is none stays as it is.
func weekdays(days string) string {
	list := strings.Split(days, ",")
	for i, d := range list {
		if word, ok := map[string]string{"MO": "Mon", "TU": "Tue", "WE": "Wed", "TH": "Thu", "FR": "Fri", "SA": "Sat", "SU": "Sun"}[d]; ok {
			list[i] = word
		}
	}
	return and(list)
}

// freeTime says one of the times at which somebody is free: a date, or a rule.
func (s *speaker) freeTime(when string) string {
	if strings.Contains(when, "FREQ=") {
		return repeats(when)
	}
	return s.date(when)
}

// agreementStates are what an agreement's state is called.
var agreementStates = map[string]string{
	"proposed": "not everyone said yes yet",
	"agreed":   "agreed",
	"done":     "done",
	"passed":   "its date has gone by",
	"released": "given back",
	"lapsed":   "it didn't come together",
}

func (s *speaker) agreementLine(a *view.Agreement) string {
	var people []view.Person
	for _, p := range a.Parties {
		people = append(people, p.Member)
	}
	parts := []string{names(people) + ": " + plain(a.What)}
	switch {
	case a.When != "":
		parts = append(parts, s.date(a.When))
	case a.Slot != "":
		parts = append(parts, s.date(a.Slot))
	}
	return strings.Join(append(parts, agreementStates[a.State]), " · ")
}

// roomWords are what a member's room is called.
var roomWords = map[string]string{
	"open":    "has room",
	"some":    "has some room",
	"little":  "has little room",
	"resting": "is resting",
}

func (s *speaker) memberLine(m *view.Member) string {
	parts := []string{name(view.Person{ID: m.ID, Name: m.Name})}
	switch m.State {
	case "newcomer":
		parts = append(parts, "new here")
	case "away":
		word := "away"
		if m.AwayUntil != nil {
			word += " until " + m.AwayUntil.Format("2 Jan")
		}
		parts = append(parts, word)
	case "left":
		parts = append(parts, "has left")
	case "removed":
		parts = append(parts, "asked to go")
	}
	if m.Room != nil {
		word := roomWords[m.Room.Level]
		if m.Room.Until != "" {
			word += " until " + s.date(m.Room.Until)
		}
		parts = append(parts, word)
	}
	if m.Listening != nil {
		word := "open to listening now"
		if m.Listening.Until != "" {
			word = "open to listening until " + s.date(m.Listening.Until)
		}
		parts = append(parts, word)
	}
	if m.Area != "" {
		parts = append(parts, plain(m.Area))
	}
	if m.Heard != nil {
		parts = append(parts, "heard "+s.ago(*m.Heard))
	}
	return strings.Join(parts, " · ")
}

// attentions writes what people should settle, each with the commands that do.
func (s *speaker) attentions(list []view.Attention) {
	for _, a := range list {
		ids := make([]string, len(a.About))
		for i, id := range a.About {
			ids[i] = short(id)
		}
		s.line("  %s  %s", strings.Join(ids, " "), plain(a.Text))
		for _, c := range a.Choices {
			s.line("            %s:  %s", plain(c.Say), plain(c.Do))
		}
	}
}

// look writes the list alone; an empty one says so.
func (s *speaker) look(list []view.Attention) {
	if len(list) == 0 {
		s.line("Nothing to settle just now.")
		return
	}
	s.attentions(list)
}

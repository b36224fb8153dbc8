package main

import (
	"slices"
	"strconv"
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
		s.heading(&first, "today.look")
		s.attentions(t.Look)
	}
	if len(t.Soon) > 0 {
		s.heading(&first, "today.soon")
		s.items(t.Soon)
	}
	if len(t.Reminders) > 0 {
		s.heading(&first, "today.reminders")
		s.pairNotes(t.Reminders)
	}
	if len(t.HardDays) > 0 {
		s.heading(&first, "today.hard_days")
		s.hardDays(t.HardDays)
	}
	for _, part := range []struct {
		title string
		items []view.Item
	}{{"today.for_me", t.ForMe}, {"today.i_could", t.ICould}, {"today.we_agreed", t.WeAgreed}} {
		if len(part.items) > 0 {
			s.heading(&first, part.title)
			s.items(part.items)
		}
	}
	if first {
		s.say("today.empty")
	}
	s.firsts(t.First)
	for _, i := range t.ForMe {
		if i.Post != nil && i.Post.Stale {
			s.line("")
			s.say("today.still_so", "title", plain(i.Post.Title), "id", short(i.Post.ID))
		}
	}
	switch {
	case t.StillUntil != "":
		s.line("")
		s.say("today.still_until", "when", s.date(t.StillUntil))
	case t.Still:
		s.line("")
		s.say("today.still")
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
			s.say("today.first_ask")
		case circle.FirstOffer:
			s.say("today.first_offer")
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
		s.say("list.empty")
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
			who = sentence("post.by_another", "name", who, "author", name(p.Author))
		}
	}
	kind := "post.need"
	if p.Kind == view.KindOffer {
		kind = "post.offer"
	}
	parts := []string{sentence(kind, "name", who, "title", plain(p.Title))}
	if len(p.When) > 0 {
		parts = append(parts, s.dates(p.When))
	}
	if p.Repeat != "" {
		parts = append(parts, repeats(p.Repeat))
	}
	if p.By != "" {
		parts = append(parts, sentence("post.by", "date", s.date(p.By)))
	}
	if p.Area != "" {
		parts = append(parts, plain(p.Area))
	}
	parts = append(parts, s.cover(p)...)
	if word := called("post.status", p.Status); word != "" {
		parts = append(parts, word)
	}
	if p.Stale {
		parts = append(parts, sentence("post.stale"))
	}
	return strings.Join(parts, " · ")
}

// cover says who said yes to a post: once for a post with one slot, else how
// many of its slots are covered, and whether more are in part.
func (s *speaker) cover(p *view.Post) []string {
	covered, partly := 0, false
	var parts []string
	var standing []view.Person
	for _, slot := range p.Slots {
		for _, who := range slot.StandBy {
			if !slices.Contains(standing, who) {
				standing = append(standing, who)
			}
		}
		switch {
		case len(slot.Yes) >= slot.Wanted:
			covered++
		case len(slot.Yes) > 0:
			partly = true
		}
		if slot.Over {
			if slot.Slot == "" {
				parts = append(parts, sentence("post.over", "people", names(slot.Yes)))
			} else {
				parts = append(parts, sentence("post.over_on", "people", names(slot.Yes), "date", s.date(slot.Slot)))
			}
		}
	}
	switch {
	case len(parts) > 0:
	case len(p.Slots) == 1 && len(p.Slots[0].Yes) > 0:
		people := names(p.Slots[0].Yes)
		if open := p.Slots[0].Wanted - len(p.Slots[0].Yes); open > 0 {
			parts = append(parts, sentence("post.yes_open", "people", people, "n", open))
		} else {
			parts = append(parts, sentence("post.yes", "people", people))
		}
	case partly:
		parts = append(parts, sentence("post.covered_partly", "n", covered, "of", len(p.Slots)))
	case len(p.Slots) > 1:
		parts = append(parts, sentence("post.covered", "n", covered, "of", len(p.Slots)))
	}
	if len(standing) > 0 {
		parts = append(parts, sentence("post.standing", "people", names(standing)))
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
	key := "repeats.daily"
	switch fields["FREQ"] {
	case "DAILY":
	case "WEEKLY":
		key = "repeats.weekly"
	case "MONTHLY":
		key = "repeats.monthly"
	default:
		return plain(rule)
	}
	every, err := strconv.Atoi(fields["INTERVAL"])
	if err != nil {
		every = 1
	}
	word := sentence(key, "n", every)
	if days := fields["BYDAY"]; days != "" {
		word = sentence("repeats.on", "rhythm", word, "days", weekdays(days))
	}
	if n, err := strconv.Atoi(fields["COUNT"]); err == nil {
		word = sentence("repeats.times", "rhythm", word, "n", n)
	}
	if until := fields["UNTIL"]; until != "" {
		if day, err := time.Parse("20060102", until[:min(len(until), 8)]); err == nil {
			until = day.Format("2 Jan 2006")
		}
		word = sentence("list.until", "word", word, "when", plain(until))
	}
	return word
}

// weekdays says the days of a rule; what is none stays as it is.
func weekdays(days string) string {
	list := strings.Split(days, ",")
	for i, d := range list {
		if word := called("weekday", strings.ToLower(d)); word != "" {
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

func (s *speaker) agreementLine(a *view.Agreement) string {
	var people []view.Person
	for _, p := range a.Parties {
		people = append(people, p.Member)
	}
	parts := []string{sentence("agreement.line", "people", names(people), "what", plain(a.What))}
	switch {
	case a.When != "":
		parts = append(parts, s.date(a.When))
	case a.Slot != "":
		parts = append(parts, s.date(a.Slot))
	}
	return strings.Join(append(parts, called("agreement.state", a.State)), " · ")
}

func (s *speaker) memberLine(m *view.Member) string {
	parts := []string{name(view.Person{ID: m.ID, Name: m.Name})}
	switch m.State {
	case "newcomer":
		parts = append(parts, sentence("member.new"))
	case "away":
		word := sentence("member.away")
		if m.AwayUntil != nil {
			word = sentence("list.until", "word", word, "when", m.AwayUntil.Format("2 Jan"))
		}
		parts = append(parts, word)
	case "left":
		parts = append(parts, sentence("member.left"))
	case "removed":
		parts = append(parts, sentence("member.removed"))
	}
	if m.Room != nil {
		word := called("member.room", m.Room.Level)
		if m.Room.Until != "" {
			word = sentence("list.until", "word", word, "when", s.date(m.Room.Until))
		}
		parts = append(parts, word)
	}
	if m.Listening != nil {
		word := sentence("member.listening")
		if m.Listening.Until != "" {
			word = sentence("member.listening_until", "when", s.date(m.Listening.Until))
		}
		parts = append(parts, word)
	}
	if m.Area != "" {
		parts = append(parts, plain(m.Area))
	}
	if m.Heard != nil {
		parts = append(parts, sentence("member.heard", "ago", s.ago(*m.Heard)))
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
		s.say("look.empty")
		return
	}
	s.attentions(list)
}

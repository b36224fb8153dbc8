package view

import (
	"slices"
	"strings"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
)

// Members returns the members of the circle by name; with All also those who left.
func (s Source) Members(f Filter) []Member {
	out := []Member{}
	for _, m := range s.People.Everyone() {
		if m.Standing != membership.In && !f.All {
			continue
		}
		v := s.member(m)
		if f.Mine && m.ID != s.Env.Me || f.Listening && v.Listening == nil {
			continue
		}
		if f.Text != "" && !strings.Contains(folded(v.Name), folded(f.Text)) {
			continue
		}
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b Member) int { return byName(Person{a.ID, a.Name}, Person{b.ID, b.Name}) })
	return limited(out, f.Limit)
}

func (s Source) member(m membership.Member) Member {
	v := Member{ID: m.ID.String(), Name: s.State.Name(m.ID), State: stateOf(m), Voice: m.Voice && m.Standing == membership.In}
	if m.Standing != membership.In {
		return v // what is of those who left is let go at once; their name and word stay
	}
	v.Card, v.Bounds = filled(s.State.Card(m.ID)), filled(s.State.Bounds(m.ID))
	if level, until, ok := s.State.Room(m.ID, s.Env.Now); ok {
		v.Room = &Room{Level: level, Until: until}
	}
	if until, ok := s.State.Listening(m.ID, s.Env.Now); ok {
		v.Listening = &Listening{Until: until}
	}
	v.Languages = s.values(m.ID, circle.SectionLanguages)
	v.Contact = s.values(m.ID, circle.SectionContact)
	v.Unlisted = s.State.Unlisted(m.ID)
	v.Free = s.values(m.ID, circle.SectionFree)
	v.Consents, v.TenderDates = s.consents(m.ID), s.tenderDates(m.ID)
	v.Area = strings.Join(s.values(m.ID, circle.SectionPlace), ", ")
	if m.Away && m.AwayUntil > 0 {
		y, month, day := time.Unix(int64(m.AwayUntil)*crdt.DayMillis/1000, 0).UTC().Date()
		until := time.Date(y, month, day, 0, 0, 0, 0, s.Env.Now.Location())
		v.AwayUntil = &until
	}
	if m.ID == s.Env.Me {
		v.Readers = s.readers(v)
	}
	s.heard(&v, m)
	return v
}

// readers are who reads what this person says of themselves.
func (s Source) readers(v Member) map[string]Readers {
	var said []string
	for prefix, texts := range map[string]map[string]string{"card.": v.Card, "bounds.": v.Bounds} {
		for key := range texts {
			said = append(said, prefix+key)
		}
	}
	for section, says := range map[string]bool{circle.SectionLanguages: len(v.Languages) > 0, circle.SectionContact: len(v.Contact) > 0,
		circle.SectionPlace: v.Area != "", circle.SectionFree: len(v.Free) > 0, circle.SectionRoom: v.Room != nil} {
		if says {
			said = append(said, section)
		}
	}
	if len(said) == 0 {
		return nil
	}
	out := map[string]Readers{}
	for _, section := range said {
		to, pod := s.State.SectionReaders(s.Env, section)
		r := Readers{Pod: pod}
		if to != nil && !pod {
			r.People = s.people(to)
		}
		out[section] = r
	}
	return out
}

// heard says when the member was last heard from, to others and in their own
// measure: a hidden presence shows at most the week.
func (s Source) heard(v *Member, m membership.Member) {
	if m.ID == s.Env.Me {
		for _, d := range m.Devices {
			if !d.Revoked {
				v.Devices++
			}
		}
		return
	}
	if at, _, ok := s.heardFrom(m.ID); ok {
		v.Heard = &at
	}
}

// heardFrom says when a member's home was last heard from, as finely as they show it, and
// how many ops it is known to lack; false if never, and of oneself.
func (s Source) heardFrom(member crdt.ID) (at time.Time, behind int, ok bool) {
	if s.Heard == nil || member == s.Env.Me {
		return time.Time{}, 0, false
	}
	if at, behind, ok = s.Heard(member); !ok {
		return time.Time{}, 0, false
	}
	if hidden := s.values(member, circle.SectionPresence); len(hidden) > 0 && hidden[0] == "hidden" {
		at = weekOf(s.inZone(at))
	}
	return s.inZone(at), behind, true
}

// weekOf is the Monday on which the week of t began.
func weekOf(t time.Time) time.Time {
	back := (int(t.Weekday()) + 6) % 7
	return time.Date(t.Year(), t.Month(), t.Day()-back, 0, 0, 0, 0, t.Location())
}

func (s Source) inZone(t time.Time) time.Time {
	return t.In(s.Env.Now.Location()).Truncate(time.Second)
}

// LanguagesOf are those that a member speaks, as they said it.
func (s Source) LanguagesOf(member crdt.ID) []string {
	return s.values(member, circle.SectionLanguages)
}

func (s Source) values(member crdt.ID, section string) []string {
	if sec, ok := s.State.Section(member, section); ok {
		return sec.Values
	}
	return nil
}

// filled returns m, or nil where it is empty: then the key is missing.
func filled(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	return m
}

func stateOf(m membership.Member) string {
	switch {
	case m.Standing == membership.Left:
		return "left"
	case m.Standing == membership.Removed:
		return "removed"
	case m.Away || m.Lapsed:
		return "away"
	case !m.Welcomed:
		return "newcomer"
	}
	return "member"
}

func folded(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// Done returns what a verb answers.
func (s Source) Done(r circle.Result) Done {
	v := Done{IDs: hexes(r.IDs), Unchanged: r.Unchanged, Kept: r.Kept, N: r.N, Agreements: hexes(r.Agreements)}
	if !r.ID.IsZero() && len(r.IDs) == 0 {
		v.ID = r.ID.String()
	}
	for _, id := range r.Asked {
		one := s.Asked(id)
		one.NotFromMe = s.State.NotFromMe(s.Env, id, r.ID)
		v.Asked = append(v.Asked, one)
	}
	if !r.CardOf.IsZero() {
		v.Card = filled(s.State.Card(r.CardOf))
	}
	v.NotReached = s.notReached(r)
	if v.Urgent = r.Urgent; r.Urgent {
		v.Emergency = s.Charter().Bounds["emergency"]
	}
	if r.Afar {
		v.Radius = s.Charter().Bounds["radius"]
	}
	for _, id := range r.Thanked {
		if says := s.State.Card(id)["thanks"]; says != "" {
			v.Thanks = append(v.Thanks, Thanks{Member: s.Person(id), Says: says})
		}
	}
	v.AboveCeiling = r.Promised && s.State.AboveCeiling(s.Env, append(r.IDs, r.ID)...)
	if !r.Retraction.IsZero() {
		f := s.forgetting(r.Retraction)
		v.AskedToForget = &f
	}
	return v
}

// Asked tells how someone likes to be asked, and whether it lies still for now.
func (s Source) Asked(id crdt.ID) Asked {
	v := s.Reached(id)
	v.Reply, v.ThroughCircle = s.State.Reply(s.Env, id), !s.State.MayAsk(s.Env, id)
	return v
}

// Reached is Asked without how long an answer takes and whether the reader may ask them
// directly, which is dear to find out for many.
func (s Source) Reached(id crdt.ID) Asked {
	bounds := s.State.Bounds(id)
	v := Asked{Member: s.Person(id), Radius: bounds["radius"], Area: bounds["area"]}
	v.StillUntil, _ = s.State.Still(s.Env, id)
	if ways := bounds["ways"]; ways != "" {
		v.Ways = strings.Split(ways, "\n")
	}
	if level, until, ok := s.State.Room(id, s.Env.Now); ok && level == circle.RoomResting {
		v.RestsUntil = until
	}
	return v
}

// notReached names those who should hear soon and whose homes are known to lack
// the word, with the phone that was shared in that agreement.
func (s Source) notReached(r circle.Result) []NotReached {
	var out []NotReached
	for _, id := range r.Tell {
		if s.Heard != nil {
			if _, behind, ok := s.Heard(id); ok && behind == 0 {
				continue
			}
		}
		v := NotReached{Member: s.Person(id)}
		if a, ok := s.State.Agreement(s.Env, r.ID); ok && a.Place != nil {
			v.Call = a.Place.Phone
		}
		out = append(out, v)
	}
	return out
}

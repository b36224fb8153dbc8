package circle

import (
	"cmp"
	"slices"
	"time"

	"tend/crdt"
)

// MirrorDays is how far back the mirror looks.
const MirrorDays = 90

// Mirror is what moved through a person lately, in words and a few names, for them
// alone: it is worked out on their own home from what they are in anyhow, and no
// number about anybody is in it. It ends with one possible ask and one possible rest.
type Mirror struct {
	Since     string // 2006-01-02
	Lines     []Said
	Ask, Rest Said
}

// care is one thing that somebody did for somebody.
type care struct {
	day    time.Time
	with   []crdt.ID // the others, never the person
	listen bool
}

// reflected is what the mirror sees.
type reflected struct {
	r              *reader
	from, today    time.Time
	gave, got      []care
	heardBefore    time.Time // when somebody last listened, before from; zero if never
	thanked, thank []crdt.ID // whom the person thanked, and who thanked them
	thankedOn      time.Time // when somebody last thanked the person; zero if never
}

// Mirror returns the person's own.
func (s *State) Mirror(env Env) Mirror {
	r, done := s.looking(env)
	defer done()
	today := dayOf(r.now)
	m := &reflected{r: r, today: today, from: today.AddDate(0, 0, -MirrorDays)}
	for _, a := range r.myAgreements() {
		if a.state == StateDone || a.state == StatePassed {
			m.sawAgreement(a)
		}
	}
	m.sawNotes()
	return Mirror{Since: m.from.Format(dateForm), Lines: m.lines(), Ask: m.ask(), Rest: m.rest()}
}

// sawAgreement takes in what happened by an agreement of the person's.
func (m *reflected) sawAgreement(a *agreement) {
	me := m.r.env.Me
	gives, gets := a.gives(me), a.gets(me)
	one := care{day: m.r.day(a), listen: a.post != nil && len(a.post.How) > 0}
	for _, o := range a.others(me) {
		if a.gives(o) != gives {
			one.with = append(one.with, o)
		}
	}
	switch {
	case one.day.After(m.today), len(one.with) == 0:
	case one.day.Before(m.from):
		if gets && one.listen && one.day.After(m.heardBefore) {
			m.heardBefore = one.day
		}
	case gives:
		m.gave = append(m.gave, one)
	case gets:
		m.got = append(m.got, one)
	}
}

// sawNotes takes in thanks, and check-ins, which are a way of listening.
func (m *reflected) sawNotes() {
	me := m.r.env.Me
	m.r.caring(func(id crdt.ID, rec *record) bool {
		for i := range rec.parts {
			c := &rec.parts[i].Change
			note, ok := c.Body.(NoteWritten)
			if !ok {
				continue
			}
			day := dayOf(local(c.HLC.Time().In(m.r.env.Now.Location())))
			if day.Before(m.from) || day.After(m.today) {
				continue
			}
			mine := c.Author == me
			switch {
			case note.What == NoteCheckIn && mine && id != me:
				m.gave = append(m.gave, care{day, []crdt.ID{id}, true})
			case note.What == NoteCheckIn && !mine && id == me:
				m.got = append(m.got, care{day, []crdt.ID{c.Author}, true})
			case note.What == NoteThanks && mine:
				m.thanked = append(m.thanked, m.others(c)...)
			case note.What == NoteThanks && slices.Contains(c.Audience.Members, me):
				m.thank = append(m.thank, c.Author)
				if day.After(m.thankedOn) {
					m.thankedOn = day
				}
			}
		}
		return true
	})
}

// caring yields the records that hold thanks or a check-in, and it may be others, by id.
func (r *reader) caring(yield func(crdt.ID, *record) bool) {
	if r.kept == nil {
		r.s.records.all(yield)
		return
	}
	for _, id := range r.kept.cares.in(r.s) {
		if !yield(id, r.s.record(id)) {
			return
		}
	}
}

// others are whom the person wrote to.
func (m *reflected) others(c *Change) []crdt.ID {
	return slices.DeleteFunc(slices.Clone(c.Audience.Members), func(o crdt.ID) bool { return o == m.r.env.Me })
}

// fewNames is how many people a line of the mirror names.
const fewNames = 3

// few names the people of a list once each, those who are in it most first; of more
// than a few, that there are others.
func (m *reflected) few(of []crdt.ID) Said {
	times := map[crdt.ID]int{}
	var once []crdt.ID
	for _, o := range of {
		if times[o]++; times[o] == 1 {
			once = append(once, o)
		}
	}
	slices.SortFunc(once, func(a, b crdt.ID) int { return cmp.Or(cmp.Compare(times[b], times[a]), a.Compare(b)) })
	if len(once) <= fewNames {
		return As("mirror.names", m.r.names(once))
	}
	var list People
	for _, o := range once[:fewNames] {
		list = append(list, m.r.s.who(o))
	}
	return As("mirror.names_more", list)
}

// among returns the people of the cares that are, or are not, listening.
func among(all []care, listen bool) []crdt.ID {
	var out []crdt.ID
	for _, c := range all {
		if c.listen == listen {
			out = append(out, c.with...)
		}
	}
	return out
}

// much is from how many things on one has carried much; nobody reads the number.
const much = 5

func (m *reflected) lines() []Said {
	var out []Said
	add := func(when bool, line Said) {
		if when {
			out = append(out, line)
		}
	}
	carried, brought := among(m.gave, false), among(m.got, false)
	listened, heard := among(m.gave, true), among(m.got, true)
	if len(carried) >= much {
		add(true, As("mirror.gave_much", m.few(carried)))
	} else {
		add(len(carried) > 0, As("mirror.gave", m.few(carried)))
	}
	add(len(listened) > 0, As("mirror.listened", m.few(listened)))
	add(len(m.thanked) > 0, As("mirror.thanked", m.few(m.thanked)))
	if len(brought) >= much {
		add(true, As("mirror.got_much", m.few(brought)))
	} else {
		add(len(brought) > 0, As("mirror.got", m.few(brought)))
	}
	add(len(heard) > 0, As("mirror.heard", m.few(heard)))
	add(len(heard) == 0 && !m.heardBefore.IsZero(), As("mirror.heard_since", SinceMonth{m.heardBefore}))
	add(len(m.thank) > 0, As("mirror.thank", m.few(m.thank)))
	add(len(out) == 0, As("mirror.quiet"))
	add(m.twoWeeksAbove(), As("mirror.above"))
	add(m.onlyGave(), As("mirror.only_gave"))
	add(m.yesWithLittle(), As("mirror.little"))
	return out
}

// twoWeeksAbove reports whether the two weeks that are over were above the ceiling.
func (m *reflected) twoWeeksAbove() bool {
	own, ok := m.r.env.Own.Ceiling()
	week := weekOf(m.today)
	return ok && len(m.r.carried(week.AddDate(0, 0, -7))) > own.Week && len(m.r.carried(week.AddDate(0, 0, -14))) > own.Week
}

// nothingFor is after how many days without anything for oneself the mirror says so.
const nothingFor = 60

// onlyGave reports whether the person gave and nothing came to them; thanks are something.
func (m *reflected) onlyGave() bool {
	since := m.today.AddDate(0, 0, -nothingFor)
	return len(m.gave) > 0 && m.thankedOn.Before(since) && !slices.ContainsFunc(m.got, func(c care) bool { return !c.day.Before(since) })
}

// yesWithLittle reports whether the person said yes to something still to come after
// they said that they have little room or rest.
func (m *reflected) yesWithLittle() bool {
	level, _, ok := m.r.s.Room(m.r.env.Me, m.r.env.Now)
	room, _ := m.r.s.Section(m.r.env.Me, SectionRoom)
	return ok && (level == RoomLittle || level == RoomResting) && slices.ContainsFunc(m.r.myAgreements(), func(a *agreement) bool {
		return a.live() && m.r.carries(a) && a.saidYes(m.r.env.Me) > room.HLC
	})
}

// ask is one thing that the person might ask for.
func (m *reflected) ask() Said {
	came := m.r.notFar(among(m.got, false))
	switch {
	case len(among(m.got, true)) == 0:
		return As("mirror.ask_listen")
	case len(came) == 0:
		return As("mirror.ask_small")
	}
	return As("mirror.ask_again", m.few(came))
}

// rest is one thing that the person might let be.
func (m *reflected) rest() Said {
	var next *agreement
	for _, a := range m.r.myAgreements() {
		if !a.live() || !m.r.carries(a) || m.r.day(a).Before(m.today) || a.post != nil && a.post.Tender {
			continue
		}
		if next == nil || m.r.day(a).Before(m.r.day(next)) {
			next = a
		}
	}
	if next == nil || len(m.gave) < much {
		return As("mirror.rest")
	}
	terms := next.newest().terms
	return As("mirror.rest_back", terms.What, OnDate(dated(next.slot, terms.When)))
}

package web

import (
	"html/template"
	"slices"

	"tend/node/view"
)

// homeModel is the home screen.
type homeModel struct {
	Status                  statusLine
	Greeting, Today         template.HTML
	Ring                    ring
	ForMe, ICould, WeAgreed []card
	Offers                  []card
	MoreCould, MoreOffers   bool // the list goes on among all that there is
	Look                    []lookCard
	Still                   template.HTML   // that what is asked lies still just now
	Soon                    []soonLine      // what begins within the time that one wishes to be reminded before
	Reminders               []keptLine      // notes for the reader alone that speak up now
	HardDays                []hardLine      // of others, on which it is good to think of them
	First                   []firstStep     // small steps, for somebody new here
	Quiet                   bool            // nothing is asked for just now
	Alone                   bool            // nobody else is in the circle yet
	Backup                  template.HTML   // a word about a backup, where one would be good
	Care                    []template.HTML // what else would be good for this home
}

// soonLine is something agreed that begins soon.
type soonLine struct {
	Href, What string
	When       template.HTML
}

// atOnce is how many cards of one list a screen shows before it says where there are
// more; readAtOnce is how many are read for it, of which some are shown elsewhere.
const (
	atOnce     = 40
	readAtOnce = 4 * atOnce
)

// statusLine says truthfully how far this home and the others are.
type statusLine struct {
	State string // as in view.Status
	Text  template.HTML
	// Why is why this home is alone, and Cures are what helps; "" where it is not.
	Why   template.HTML
	Cures []template.HTML
}

// lookCard is something that the people concerned should look at together.
type lookCard struct {
	Kind    string
	Title   template.HTML
	Text    template.HTML
	Href    string
	Choices []choice
}

// choice is a way to settle it: a wish to post, or a screen to go to.
type choice struct {
	Say    template.HTML
	Button *button
	Href   string
}

// home is the first screen of a circle.
func (in *inside) home() error {
	st, err := in.site.upkeep.Glance(in.r.Context())
	if err != nil {
		return err
	}
	today := in.src.Today()
	members := in.src.Members(view.Filter{})
	could := today.ICould[:min(len(today.ICould), atOnce)]
	m := homeModel{ForMe: in.items(today.ForMe), ICould: in.items(could), MoreCould: len(could) < len(today.ICould), WeAgreed: in.items(today.WeAgreed),
		Look: in.looks(in.src.Look()), Reminders: in.keptLines(today.Reminders), HardDays: in.hardLines(today.HardDays), First: in.firstSteps(today.First), Greeting: in.greeting(members), Today: in.oneThing(today),
		Ring: in.ring(members, connectedIn(st, in.id.String())), Status: in.statusLine(st), Alone: len(members) < 2}
	far := in.src.Distances()
	newest := in.src.Posts(view.KindOffer, view.Filter{Limit: readAtOnce})
	m.MoreOffers = len(newest) == readAtOnce
	for _, p := range newest {
		if slices.ContainsFunc(far, func(one view.Person) bool { return one.ID == p.Author.ID }) {
			continue
		}
		if !slices.ContainsFunc(m.ICould, func(c card) bool { return c.ID == p.ID }) && !slices.ContainsFunc(m.ForMe, func(c card) bool { return c.ID == p.ID }) {
			m.Offers = append(m.Offers, in.postCard(p))
		}
	}
	if len(m.Offers) > atOnce {
		m.Offers, m.MoreOffers = m.Offers[:atOnce], true
	}
	switch {
	case today.StillUntil != "":
		m.Still = in.lang.say("home.still_until", "day", in.lang.when(today.StillUntil, in.now))
	case today.Still:
		m.Still = in.lang.say("home.still")
	}
	for _, i := range today.Soon {
		m.Soon = append(m.Soon, soonLine{Href: in.href(i.Agreement.ID), What: i.Agreement.What, When: in.lang.when(whenOf(*i.Agreement), in.now)})
	}
	m.Quiet = len(m.ForMe)+len(m.ICould) == 0
	if err := in.care(st, &m); err != nil {
		return err
	}
	in.fillOne(m.WeAgreed)
	return in.show("home", "home", in.lang.say("home.title"), m)
}

// care fills in what would be good for this home. A backup is made at the machine
// itself, and is not spoken of for a while once a word about it was put aside.
func (in *inside) care(st view.Status, m *homeModel) error {
	kept, err := in.site.upkeep.Keeping(in.r.Context())
	if err != nil {
		return err
	}
	for i, word := range st.Cared {
		say := in.speaker().say(word, st.Care[i])
		switch {
		case word.Key != "care.backup":
			m.Care = append(m.Care, say)
		case kept.BackupDue && !in.head.Phone:
			m.Backup = say
		}
	}
	return nil
}

// fillOne fills the first button of what was agreed: the one on the screen.
func (in *inside) fillOne(cards []card) {
	for i := range cards {
		for j := range cards[i].Buttons {
			if b := &cards[i].Buttons[j]; b.Icon == "check" {
				b.Filled = true
				return
			}
		}
	}
}

func connectedIn(st view.Status, id string) []view.Person {
	for _, c := range st.Circles {
		if c.ID == id {
			return c.Connected
		}
	}
	return nil
}

// greeting is by the hour.
func (in *inside) greeting(members []view.Member) template.HTML {
	key := "home.evening"
	switch h := in.now.Hour(); {
	case h >= 5 && h < 11:
		key = "home.morning"
	case h >= 11 && h < 18:
		key = "home.day"
	}
	i := slices.IndexFunc(members, func(m view.Member) bool { return m.ID == in.me })
	if i < 0 || members[i].Name == "" {
		return in.lang.say(key + "_nameless")
	}
	return in.lang.say(key, "name", members[i].Name)
}

// oneThing says the one thing that matters today.
func (in *inside) oneThing(t view.Today) template.HTML {
	day := in.now.Format(dayForm)
	for _, i := range t.WeAgreed {
		a := i.Agreement
		if a == nil || a.State != "agreed" || len(whenOf(*a)) < len(day) || whenOf(*a)[:len(day)] != day {
			continue
		}
		return in.lang.say("home.one_thing", "what", a.What, "when", in.lang.when(whenOf(*a), in.now))
	}
	if len(t.ForMe)+len(t.ICould)+len(t.WeAgreed) == 0 {
		return in.lang.say("home.nothing")
	}
	return in.lang.say("home.no_hurry")
}

// statusLine is the caught-up sentence.
func (in *inside) statusLine(st view.Status) statusLine {
	line := statusLine{State: st.State}
	if st.Why.Key != "" {
		line.Why = in.speaker().say(st.Why, st.Reason)
		for i, way := range st.Ways {
			line.Cures = append(line.Cures, in.speaker().say(way, st.Cures[i]))
		}
	}
	for _, c := range st.Circles {
		if c.ID != in.id.String() {
			continue
		}
		if c.Members < 2 {
			line.Text = in.lang.say("sync.nobody_yet")
			return line
		}
		if st.State == "travelling" && c.Waiting > 0 {
			line.Text = in.lang.say("sync.travelling_some", "n", c.Waiting)
			return line
		}
		if latest, ok := latestHeard(c.Heard); ok && st.State == "caught_up" {
			line.Text = in.lang.say("sync.caught_up_with", "name", in.name(latest.Member), "when", in.lang.ago(latest.At, in.now))
			return line
		}
	}
	line.Text = in.lang.say("sync." + st.State)
	return line
}

func latestHeard(all []view.Heard) (view.Heard, bool) {
	if len(all) == 0 {
		return view.Heard{}, false
	}
	return slices.MaxFunc(all, func(a, b view.Heard) int { return a.At.Compare(b.At) }), true
}

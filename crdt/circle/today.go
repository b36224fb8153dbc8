package circle

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"tend/crdt"
)

// Item is one line of a look; exactly one of its fields is set.
type Item struct {
	Post      *Post
	Agreement *Agreement
	Decision  *Decision
	Talk      *Talk
}

// Today is what a person sees first.
type Today struct {
	// ForMe are one's own needs and offers, what waits for one's leave or word, what was
	// offered to oneself, and where a place opened that one stands by for; newest first. A
	// need whose time is over asks for nothing any more if somebody came.
	ForMe []Item
	// ICould are the needs of others with an open place, those of kinds that one follows
	// before the others, soonest first.
	ICould []Item
	// WeAgreed are one's agreements that are still to come, and one's yeses that wait
	// for another's; soonest first.
	WeAgreed []Item
	// Look is what needs looking at together.
	Look []Attention
	// HardDays are those of others, of today and of the days just gone.
	HardDays []HardDay
	// First are the small steps, [FirstAsk] and [FirstOffer], that somebody new here has
	// not taken yet; nil for none.
	First []string
	// Still says that this person is in their quiet hours, or rests, until Until, a date
	// or a date and time or "". What was asked of them since lies still and is in none
	// of the lists; how much that is, is said nowhere.
	Still bool
	Until string
}

// Today returns the look of the day for this person.
func (s *State) Today(env Env) Today {
	r, done := s.looking(env)
	defer done()
	t := Today{ForMe: []Item{}, ICould: []Item{}, WeAgreed: []Item{}, Look: r.look(), HardDays: r.s.HardDays(env, r.now.AddDate(0, 0, 1-hardFor), r.now)}
	t.Until, t.Still = r.s.Still(env, env.Me)
	var forMe []*post
	var could []helpable
	waits := func(p *post) bool {
		return (p.audience != nil || p.status == "waiting") && r.liesStill(p.author, p.made.ID, p.made.HLC)
	}
	for _, p := range r.myPosts() {
		if !p.closed() && !waits(p) && !r.caredForInTime(p) {
			forMe = append(forMe, p)
		}
	}
	for _, p := range r.currentPosts() {
		switch {
		case r.over(p) || r.status(p) != "open" || r.far(p.owner) || r.mayEdit(p, env.Me) || waits(p):
		case r.opened(p):
			forMe = append(forMe, p)
		case p.need && r.couldHelp(p):
			could = append(could, helpable{p, r.follows(p), r.soonest(p)})
		}
	}
	slices.SortFunc(forMe, newestFirst)
	slices.SortStableFunc(could, func(a, b helpable) int {
		return cmp.Or(asFirst(!a.followed, !b.followed), strings.Compare(a.soonest, b.soonest))
	})
	posts := make([]*post, len(could))
	for i := range could {
		posts[i] = could[i].post
	}
	t.ForMe, t.ICould = r.items(forMe), r.items(posts)
	var agreed []Agreement
	for _, a := range r.myAgreements() {
		word, _ := a.word(env.Me)
		switch {
		case !a.live():
		case a.mayI && word == WordNone && r.liesStill(a.made.Author, a.made.ID, a.made.HLC):
		case a.state == StateProposed && word != WordYes:
			v := r.viewAgreement(a)
			t.ForMe = append(t.ForMe, Item{Agreement: &v})
		default:
			agreed = append(agreed, r.viewAgreement(a))
		}
	}
	slices.SortStableFunc(agreed, func(a, b Agreement) int {
		return cmp.Or(strings.Compare(dated(a.Slot, a.Terms.When), dated(b.Slot, b.Terms.When)), cmp.Compare(b.Made, a.Made))
	})
	for _, a := range agreed {
		t.WeAgreed = append(t.WeAgreed, Item{Agreement: &a})
	}
	t.ForMe = append(append(t.ForMe, r.toDecide()...), r.toTalk()...)
	slices.SortStableFunc(t.ForMe, func(a, b Item) int { return cmp.Compare(b.made(), a.made()) })
	t.First = r.firsts(len(t.ForMe)+len(t.ICould)+len(t.WeAgreed)+len(t.Look)+len(t.HardDays) == 0)
	return t
}

func (i Item) made() crdt.HLC {
	if i.Post != nil {
		return i.Post.Made
	}
	if i.Decision != nil {
		return i.Decision.Made
	}
	if i.Talk != nil {
		return i.Talk.Made
	}
	return i.Agreement.Made
}

// late sorts what has no date after all that has one.
const late = "9999-99-99"

// helpable is a post with what sorts it among those that one could help with.
type helpable struct {
	*post
	followed bool
	soonest  string
}

// soonest returns the first open slot that is shown of a post, for sorting.
func (r *reader) soonest(p *post) string {
	for _, s := range r.slotsBetween(p, r.today, r.today.AddDate(0, 0, slotWindow)) {
		if s.open() && s.Slot != "" {
			return s.Slot
		}
	}
	return cmp.Or(p.By, late)
}

// items are posts as lines of a look.
func (r *reader) items(posts []*post) []Item {
	views, out := r.views(posts), make([]Item, len(posts))
	for i := range views {
		out[i].Post = &views[i]
	}
	return out
}

func dated(slot, when string) string { return cmp.Or(slot, when, late) }

// couldHelp reports whether a post has an open place for this person, who has
// neither said yes to one nor "not now".
func (r *reader) couldHelp(p *post) bool {
	l, me := r.line(p), r.env.Me
	if slices.Contains(l.notNow, me) || me == p.owner && slices.ContainsFunc(p.rec.words(), func(w word) bool { return w.by == me && w.value == WordNotNow }) {
		return false
	}
	var taken map[string]bool
	if len(l.agreements) > 0 {
		taken = map[string]bool{}
		for _, a := range r.own(p, nil, (*agreement).live) {
			taken[a.slot] = true
		}
	}
	slots := r.slotsBetween(p, r.today, r.now.AddDate(2, 0, 0))
	for i := range slots {
		if r.forMe(&slots[i]) && !taken[slots[i].Slot] {
			return true
		}
	}
	return false
}

// opened reports whether a place is open on a date for which this person asked to be
// asked first, or one that was given back so late that whoever might stand in is asked.
func (r *reader) opened(p *post) bool {
	if r.line(p).standBy && slices.ContainsFunc(r.slotsBetween(p, dayOf(r.now), r.now.AddDate(2, 0, 0)), func(s Slot) bool {
		return s.open() && slices.Contains(s.StandBy, r.env.Me)
	}) {
		return true
	}
	return len(r.lateOpenings(p)) > 0
}

// caredForInTime reports whether the time of a need is over, by its dates or else by the day by
// which it was, and somebody came. That nobody said that it was met changes nothing in it.
func (r *reader) caredForInTime(p *post) bool {
	if !p.need || len(r.line(p).yes) == 0 {
		return false
	}
	if len(p.When) > 0 {
		return r.over(p)
	}
	by, err := parseWhen(p.By)
	return err == nil && !by.Start.IsZero() && !by.over().After(r.now)
}

// Day is one day of the week board.
type Day struct {
	Date    string // 2006-01-02
	Entries []Entry
	// HardDays are others' on that day, each person once, without any words. They are for
	// the reader alone and go on no paper.
	HardDays []HardDay
}

// Entry is one line of a day: a slot of a need with who comes, or what two agreed
// between them.
type Entry struct {
	Slot string
	// What is the title; of a tender post "something private", and Tender is set.
	What      string
	Tender    bool
	Post      crdt.ID   // zero where there is none
	Agreement crdt.ID   // the person's own, zero if it is others'
	Wanted    int       // places; zero where there is no post
	Yes       []crdt.ID // who comes, ascending
	Mine      bool      // one's own post, or one comes
}

// weekDays is how many days the week board shows.
const weekDays = 7

// Week returns the seven days from today: each date of each open need, covered or
// not, and what this person agreed; by time, then title.
func (s *State) Week(env Env) []Day {
	r, done := s.looking(env)
	defer done()
	today := dayOf(r.now)
	days := make([]Day, weekDays)
	for i := range days {
		days[i] = Day{Date: today.AddDate(0, 0, i).Format(dateForm), Entries: []Entry{}}
	}
	put := func(slot string, e Entry) {
		t, _, err := parsePoint(slot)
		if i := int(dayOf(t).Sub(today) / (24 * time.Hour)); err == nil && i >= 0 && i < weekDays {
			days[i].Entries = append(days[i].Entries, e)
		}
	}
	for _, h := range namedOnce(r.s.HardDays(env, today, today.AddDate(0, 0, weekDays-1))) {
		i := slices.IndexFunc(days, func(d Day) bool { return d.Date == h.Date })
		days[i].HardDays = append(days[i].HardDays, h)
	}
	shown := map[crdt.ID]bool{}
	end := today.AddDate(0, 0, weekDays)
	needs := slices.DeleteFunc(slices.Clone(r.currentPosts()), func(p *post) bool { return !p.need || len(r.slotsBetween(p, today, end)) == 0 })
	slices.SortFunc(needs, byPostID)
	for _, p := range needs {
		for _, slot := range r.slotsBetween(p, today, end) {
			e := Entry{Slot: slot.Slot, What: p.Title, Post: p.id, Wanted: slot.Wanted, Yes: slot.Yes, Mine: r.mayEdit(p, env.Me)}
			if p.Tender {
				e.What, e.Tender = "", true
			}
			for _, a := range r.own(p, []string{slot.Slot}, (*agreement).holdsPlace) {
				if a.made.Author == env.Me {
					e.Agreement, e.Mine = a.id, true
				}
				shown[a.id] = true
			}
			put(slot.Slot, e)
		}
	}
	for _, a := range r.myAgreements() {
		if !shown[a.id] && (a.state == StateAgreed || a.state == StatePassed) {
			text := a.newest().terms
			e := Entry{Slot: dated(a.slot, text.When), What: text.What, Agreement: a.id, Yes: a.others(env.Me), Mine: true}
			if a.tender() {
				e.What, e.Tender = "", true
			}
			if w, err := parseWhen(e.Slot); err == nil {
				e.Slot = w.slot()
			}
			put(e.Slot, e)
		}
	}
	for i := range days {
		slices.SortStableFunc(days[i].Entries, func(a, b Entry) int {
			return cmp.Or(strings.Compare(a.Slot, b.Slot), strings.Compare(a.What, b.What))
		})
	}
	return days
}

// MapRow is what a circle has and could use in one category.
type MapRow struct {
	Category      string
	Offers, Needs []Post
}

// Map returns the open offers and needs by category, ascending; newest first within.
func (s *State) Map(env Env) []MapRow {
	r, done := s.looking(env)
	defer done()
	out := []MapRow{}
	for _, in := range r.mapped() {
		out = append(out, MapRow{Category: in.category, Offers: r.views(in.offers), Needs: r.views(in.needs)})
	}
	return out
}

// EachOnMap yields the rows of [State.Map], and after each its offers and then its needs,
// as [State.EachPost] does.
func (s *State) EachOnMap(env Env, row func(category string), line func(i, of int, p *Post)) {
	r, done := s.looking(env)
	defer done()
	for _, in := range r.mapped() {
		row(in.category)
		r.each(in.offers, line)
		r.each(in.needs, line)
	}
}

// mapRow is a row of the map before lines are made of it.
type mapRow struct {
	category      string
	offers, needs []*post
}

func (r *reader) mapped() []*mapRow {
	rows := map[string]*mapRow{}
	for _, p := range r.currentPosts() {
		if status := r.status(p); status != "open" || p.need && r.over(p) {
			continue
		}
		in := rows[p.folded()]
		if in == nil {
			in = &mapRow{category: p.Category}
			rows[p.folded()] = in
		}
		if p.need {
			in.needs = append(in.needs, p)
		} else {
			in.offers = append(in.offers, p)
		}
	}
	var out []*mapRow
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		out = append(out, rows[key])
	}
	return out
}

package circle

import (
	"cmp"
	"slices"
	"strings"

	"tend/crdt"
	"tend/crdt/canon"
)

// Digest is what has come since this person was last told, and what is ahead of them: a
// letter to oneself. Each thing that came is told once.
type Digest struct {
	// Asked is what asks for this person alone or changed in their agreements: a "May I",
	// an ask or a talk meant for them, a yes to their need, a word or other terms, and a
	// place that opened again for which they stand by; newest first.
	Asked []Item
	// ICould are open needs of kinds that they follow, newest first.
	ICould []Item
	// Ahead are their agreements of the days to come, soonest first.
	Ahead []Item
	// HardDays are those of others in the days to come, each person once a day, without any
	// words.
	HardDays []HardDay
	// Look is what needs looking at together.
	Look []Attention
}

// Empty reports whether there is nothing to say: then no letter is made.
func (d *Digest) Empty() bool {
	return len(d.Asked)+len(d.ICould)+len(d.Ahead)+len(d.HardDays)+len(d.Look) == 0
}

// told is what a home remembers of what it told: of each thing how many changes by
// others it had.
type told struct {
	_     struct{} `cbor:",toarray"`
	At    int64    // Unix seconds
	Known []toldOf // ascending by id
}

type toldOf struct {
	_       struct{} `cbor:",toarray"`
	ID      crdt.ID
	Changes uint64
}

// maxTold bounds what is remembered, the newest; newsDays is for how long something is
// news, and so how long it is remembered.
const (
	maxTold  = 1000
	newsDays = 60
)

func (o Own) told() told {
	var t told
	if canon.Unmarshal(o.rows[ownTold], &t) != nil || len(t.Known) > maxTold {
		return told{}
	}
	return t
}

func (t *told) changes(id crdt.ID) uint64 {
	if i, ok := slices.BinarySearchFunc(t.Known, id, func(k toldOf, id crdt.ID) int { return k.ID.Compare(id) }); ok {
		return t.Known[i].Changes
	}
	return 0
}

// ToTell returns what there is to tell, looking ahead some days.
func (s *State) ToTell(env Env, days int) Digest {
	r, done := s.looking(env)
	defer done()
	was := env.Own.told()
	d := Digest{Look: r.look()}
	for _, n := range r.news() {
		if n.changes <= was.changes(n.id) {
			continue
		}
		if n.followed {
			d.ICould = append(d.ICould, n.item)
		} else {
			d.Asked = append(d.Asked, n.item)
		}
	}
	d.Ahead = r.ahead(days)
	d.HardDays = namedOnce(r.s.HardDays(env, r.now, r.now.AddDate(0, 0, days-1)))
	return d
}

// ahead are this person's agreements that begin within some days.
func (r *reader) ahead(days int) []Item {
	var found []Agreement
	for _, a := range r.myAgreements() {
		w, err := parseWhen(dated(a.slot, a.newest().terms.When))
		if err == nil && a.has(r.env.Me) && a.state == StateAgreed && !a.past && w.over().After(r.now) && w.Start.Before(dayOf(r.now).AddDate(0, 0, days)) {
			found = append(found, r.viewAgreement(a))
		}
	}
	slices.SortStableFunc(found, func(a, b Agreement) int {
		return strings.Compare(dated(a.Slot, a.Terms.When), dated(b.Slot, b.Terms.When))
	})
	var out []Item
	for i := range found {
		out = append(out, Item{Agreement: &found[i]})
	}
	return out
}

// newsItem is something that may be told, with how many changes by others it has.
type newsItem struct {
	id       crdt.ID
	item     Item
	changes  uint64
	newest   crdt.HLC
	followed bool // not meant for this person, but of a kind that they follow
}

// news is all of the last days that a digest may tell, newest first. Only what is not
// followed may interrupt somebody.
func (r *reader) news() []newsItem {
	var out []newsItem
	isNews := func(n newsItem) bool {
		return n.changes > 0 && n.newest.Time().After(r.env.Now.AddDate(0, 0, -newsDays))
	}
	for _, a := range r.myAgreements() {
		word, _ := a.word(r.env.Me)
		if !a.has(r.env.Me) || a.mayI && word == WordNone && r.liesStill(a.made.Author, a.made.ID, a.made.HLC) {
			continue
		}
		if n := r.byOthers(a.rec, changesAgreement); isNews(n) {
			v := r.viewAgreement(a)
			n.item = Item{Agreement: &v}
			out = append(out, n)
		}
	}
	for _, p := range r.newsOfPosts() {
		var opened newsItem
		forMe := r.openedForMe(p)
		switch {
		case p.may(r.env.Me) && p.status != "waiting" && !forMe:
			continue
		case (p.audience != nil || p.status == "waiting" || forMe) && r.liesStill(p.author, p.made.ID, p.made.HLC):
			continue // until the quiet hours are over
		case p.audience != nil || forMe || r.standsByOpened(p, &opened):
		case p.need && r.follows(p) && r.status(p) == "open" && r.couldHelp(p):
			opened.followed = true
		default:
			continue
		}
		n := r.byOthers(p.rec, makesPost)
		n.changes, n.newest, n.followed = n.changes+opened.changes, max(n.newest, opened.newest), opened.followed
		if isNews(n) {
			v := r.view(p)
			n.item = Item{Post: &v}
			out = append(out, n)
		}
	}
	for _, item := range r.toTalk() {
		if rec, ok := r.s.records.get(item.Talk.ID); ok {
			n := r.byOthers(rec, func(Body) bool { return true })
			if n.item = item; isNews(n) {
				out = append(out, n)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b newsItem) int { return cmp.Compare(b.newest, a.newest) })
	return out
}

// newsOfPosts are the open posts of which there may be news: those that are current, the
// newest first, and this person's own.
func (r *reader) newsOfPosts() []*post {
	out := slices.Clone(r.currentPosts())
	for _, p := range r.myPosts() {
		if !p.closed() && p.gone(r.today) {
			out = append(out, p)
		}
	}
	return out
}

// byOthers counts the changes of a record by others that are news.
func (r *reader) byOthers(rec *record, counts func(Body) bool) newsItem {
	n := newsItem{id: rec.id}
	for i := range rec.parts {
		if c := &rec.parts[i].Change; c.Author != r.env.Me && counts(c.Body) {
			n.changes, n.newest = n.changes+1, max(n.newest, c.HLC)
		}
	}
	return n
}

// changesAgreement reports whether a change of an agreement is news for its parties:
// notes and thanks wait for whoever looks.
func changesAgreement(b Body) bool {
	switch b.(type) {
	case AgreementMade, WordGiven, TermsChanged, AgreementPlace, AudienceChanged:
		return true
	}
	return false
}

func makesPost(b Body) bool {
	switch b.(type) {
	case *NeedPosted, *OfferPosted, AudienceChanged:
		return true
	}
	return false
}

// standsByOpened reports whether somebody gave back a date of p that is open, and this
// person stands by for it or, the day before or later, may stand in; it counts each time
// that happened.
func (r *reader) standsByOpened(p *post, n *newsItem) bool {
	var given []crdt.HLC
	var standing []mark
	if r.line(p).standBy {
		standing = p.rec.marks(MarkedStandBy)
	}
	for _, m := range standing {
		if m.by != r.env.Me {
			continue
		}
		for _, s := range r.slotsBetween(p, dayOf(r.now), r.now.AddDate(2, 0, 0)) {
			if s.Slot != m.value || !s.open() {
				continue
			}
			given = append(given, slices.DeleteFunc(r.givenBack(p, s.Slot), func(at crdt.HLC) bool { return at <= m.hlc })...)
		}
	}
	if len(given) == 0 {
		given = r.lateOpenings(p)
	}
	for _, at := range given {
		n.changes, n.newest = n.changes+1, max(n.newest, at)
	}
	return len(given) > 0
}

// tell is the row that remembers all there is to tell as told.
func (r *reader) tell() OwnRow {
	t := told{At: r.env.Now.Unix(), Known: []toldOf{}}
	for _, n := range r.news() {
		if len(t.Known) < maxTold {
			t.Known = append(t.Known, toldOf{ID: n.id, Changes: n.changes})
		}
	}
	slices.SortFunc(t.Known, func(a, b toldOf) int { return a.ID.Compare(b.ID) })
	return OwnRow{Key: ownTold, Value: canon.MustMarshal(t)}
}

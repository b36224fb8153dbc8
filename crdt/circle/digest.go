package circle

import (
	"cmp"
	"slices"
	"strings"
	"time"

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
	maxOut   = 4096 // bytes of a file's name
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
	for _, a := range r.allAgreements() {
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
	for _, a := range r.allAgreements() {
		word, _ := a.word(r.env.Me)
		if !a.has(r.env.Me) || a.mayI && word == WordNone && r.liesStill(a.made.Author, a.made.HLC) {
			continue
		}
		if n := r.byOthers(a.rec, changesAgreement); isNews(n) {
			v := r.viewAgreement(a)
			n.item = Item{Agreement: &v}
			out = append(out, n)
		}
	}
	for _, p := range r.allPosts() {
		n := r.byOthers(p.rec, makesPost)
		switch {
		case p.closed() || p.may(r.env.Me) && p.status != "waiting":
			continue
		case (p.audience != nil || p.status == "waiting") && r.liesStill(p.author, p.made.HLC):
			continue // until the quiet hours are over
		case p.audience != nil || r.standsByOpened(p, &n):
		case p.need && r.env.Own.follows(p.Category) && r.status(p) == "open" && r.couldHelp(p):
			n.followed = true
		default:
			continue
		}
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
	case NeedPosted, OfferPosted, AudienceChanged:
		return true
	}
	return false
}

// standsByOpened reports whether this person stands by for a date of p that somebody
// gave back and that is open; it counts each time that happened.
func (r *reader) standsByOpened(p *post, n *newsItem) bool {
	opened := false
	for _, m := range p.rec.marks(MarkedStandBy) {
		if m.by != r.env.Me {
			continue
		}
		for _, s := range r.slotsBetween(p, dayOf(r.now), r.now.AddDate(2, 0, 0)) {
			if s.Slot != m.value || !s.open() {
				continue
			}
			for _, a := range r.agreementsOn(p) {
				for _, w := range a.words {
					if a.slot == s.Slot && w.value == WordReleased && w.by != r.env.Me && w.hlc > m.hlc {
						opened, n.changes, n.newest = true, n.changes+1, max(n.newest, w.hlc)
					}
				}
			}
		}
	}
	return opened
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

// Rhythm is how often a person wishes a digest, in which hour, and into which file
// their home writes it.
type Rhythm struct {
	Days int // 1 or 7; 0: never
	At   time.Duration
	Out  string
}

type rhythm struct {
	_    struct{} `cbor:",toarray"`
	Days uint64
	At   uint64 // minutes after midnight
	Out  string
}

// Rhythm returns one's own; false if there is none.
func (o Own) Rhythm() (Rhythm, bool) {
	var kept rhythm
	if canon.Unmarshal(o.rows[ownDigest], &kept) != nil || kept.Days != 1 && kept.Days != 7 || kept.At >= 24*60 {
		return Rhythm{}, false
	}
	return Rhythm{Days: int(kept.Days), At: time.Duration(kept.At) * time.Minute, Out: kept.Out}, true
}

// DigestDue reports whether a digest is to be made now: its hour has come since the last
// one, and for a weekly one seven days have begun since.
func (o Own) DigestDue(now time.Time) bool {
	wish, ok := o.Rhythm()
	if !ok {
		return false
	}
	last := time.Unix(o.told().At, 0).In(now.Location())
	y, m, d := now.Date()
	hour := time.Date(y, m, d, int(wish.At/time.Hour), int(wish.At%time.Hour/time.Minute), 0, 0, now.Location())
	if now.Before(hour) {
		hour = hour.AddDate(0, 0, -1)
	}
	return last.Before(hour.AddDate(0, 0, 1-wish.Days))
}

// SetRhythm says how often; the zero Rhythm is never. What is there now counts as told.
type SetRhythm struct{ Rhythm Rhythm }

func (c SetRhythm) decide(s *State, env Env) (plan, error) {
	had, _ := env.Own.Rhythm()
	if c.Rhythm.Days > 0 && c.Rhythm.Out == "" {
		c.Rhythm.Out = had.Out
	}
	switch {
	case had == c.Rhythm:
		return unchanged(env.Me), nil
	case c.Rhythm.Days == 0:
		return keptAlone(env, env.Me, OwnRow{Key: ownDigest})
	case c.Rhythm.Out == "" || len(c.Rhythm.Out) > maxOut:
		return plan{}, usage("no.digest_where", "--out FILE names the file that this home writes.", "Where should it go?")
	}
	row := OwnRow{ownDigest, canon.MustMarshal(rhythm{Days: uint64(c.Rhythm.Days), At: uint64(c.Rhythm.At / time.Minute), Out: c.Rhythm.Out})}
	return keptAlone(env, env.Me, row, s.reader(env).tell())
}

// Told says that this person has been told all that a digest holds now.
type Told struct{}

func (Told) decide(s *State, env Env) (plan, error) {
	return keptAlone(env, env.Me, s.reader(env).tell())
}

// digest reads --every with --at and --out, or that all was told.
func (p *parser) digest() Command {
	if p.flag("told") {
		return Told{}
	}
	c := SetRhythm{Rhythm{At: 8 * time.Hour, Out: p.text("out")}}
	switch t := p.text("every"); t {
	case "day":
		c.Rhythm.Days = 1
	case "week":
		c.Rhythm.Days = 7
	case "never":
		c.Rhythm = Rhythm{}
	default:
		p.fail(usage("no.choice", "It is day, week or never.", "%q is no rhythm.", t))
	}
	if at := p.text("at"); at != "" {
		t, err := time.Parse("15:04", pad(at))
		if err != nil {
			p.fail(usage("no.hour", "Like 08:00.", "%q is no time of day.", at))
		}
		if c.Rhythm.Days > 0 {
			c.Rhythm.At = time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
		}
	}
	return c
}

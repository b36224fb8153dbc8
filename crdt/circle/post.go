package circle

import (
	"cmp"
	"slices"
	"time"

	"tend/crdt"
)

// Post is a need or an offer as one member sees it now.
type Post struct {
	ID   crdt.ID
	Need bool
	// Posted holds the fields as they are now.
	Posted
	Author crdt.ID
	// Owner is whose need or offer it is: whom it is for, else its author.
	Owner crdt.ID
	// Status is "open", "waiting", "enough", "met", "withdrawn" or "resting".
	Status string
	Made   crdt.HLC
	// Edited is when a field last changed; zero if none did.
	Edited crdt.HLC
	// Audience is nil for the circle, else its readers, ascending.
	Audience []crdt.ID
	// Slots are those from today for 60 days (see [State.Slots] for every one), ascending.
	Slots []Slot
	// NotNow are those who said so, ascending; only they and the owner ever see it.
	NotNow []crdt.ID
	// Agreements about it, ascending.
	Agreements []crdt.ID
	// FadesOn is the date on which it is let go; "" while it is kept.
	FadesOn string
	// Faded says that its words were let go here; Title is [Faded] then.
	Faded bool
	// Revision grows with each edit, status and date left out, never otherwise; Newest is
	// the clock of the latest of them.
	Revision int
	Newest   crdt.HLC
	// Kept is how many places of each date are kept for newcomers.
	Kept int
	// Stale says of an open offer that nobody has said for long whether it is still so.
	// It stays where it is; its owner is asked.
	Stale bool
}

// Slot is one open place on a date.
type Slot struct {
	// Slot is "2006-01-02T15:04", "2006-01-02", or "" for an undated post. When is the
	// date that yields it, in full.
	Slot, When string
	Wanted     int
	// Yes are those who said yes and stand by it, ascending.
	Yes []crdt.ID
	// StandBy are those who hold no place there and asked to be asked first if one
	// opens, in the order in which they did; nil for nobody.
	StandBy []crdt.ID
	// Kept is how many of its open places are kept for newcomers just now.
	Kept int
	// Over says that more said yes than there are places, and that nobody has said
	// that extra hands are welcome.
	Over bool
	// Past says that its time is over.
	Past bool
}

// open reports whether the slot has a place that nobody has taken.
func (s *Slot) open() bool { return !s.Past && len(s.Yes) < s.Wanted }

// post is a post as read from its record. What looks ask of every post stands together, and
// first: what they wait for is memory.
type post struct {
	status        string
	need          bool
	dropped       bool // of one that is kept: it reads otherwise now
	owner, author crdt.ID
	audience      []crdt.ID
	line          *line     // once worked out
	kind          string    // its category folded, once worked out
	since         crdt.HLC  // of the status; zero if it was never set
	heard         crdt.HLC  // when its people last said anything of it
	kept          int       // how many places of each date are kept for newcomers
	version                 // what it says now
	earlier       []version // oldest first; nil of a post that nobody edited
	id            crdt.ID
	made          *Change
	by            crdt.ID // who signed what it says here: its author, or who gave it to these readers
	skipped       []string
	rec           *record
	titled        bool // words are those of the title
	words         []string
}

// version is a post's text since some time.
type version struct {
	dates   *slotTimes // once worked out
	*Posted            // what a body says, or what an edit made of that; never changed
	said    *Change    // that said so
}

var statusNames = [...]string{"open", "enough", "met", "withdrawn", "resting"}

// may reports whether who may edit the post: its author and whom it is for.
func (p *post) may(who crdt.ID) bool { return who == p.author || who == p.owner }

// readPost reads a post from its record, by what the given parts say. Rights are
// judged by allowed, which is told who wrote a change.
func readPost(r *record, use func(*Change) bool, allowed func(p *post, who crdt.ID) bool) (*post, bool) {
	made, by, ok := r.madeBy(use)
	if !ok {
		return nil, false
	}
	p := &post{id: r.id, made: made, by: by, author: made.Author, owner: made.Author, audience: r.audience(), rec: r, heard: made.HLC}
	switch b := made.Body.(type) {
	case *NeedPosted:
		p.need, p.version = true, version{Posted: (*Posted)(b), said: made}
	case *OfferPosted:
		p.version = version{Posted: (*Posted)(b), said: made}
	default:
		return nil, false
	}
	if !p.For.IsZero() {
		p.owner = p.For
	}
	for _, c := range r.ordered(use) {
		if at, fades := p.fadesAt(); fades && at <= c.HLC {
			break // it has faded by then, and nothing brings it back
		}
		if !allowed(p, c.Author) {
			continue
		}
		switch b := c.Body.(type) {
		case PostEdited:
			p.edit(c, b)
		case PostStatusSet:
			p.heard = c.HLC
			if b.Status < StatusStillTrue {
				p.status, p.since = statusNames[b.Status], c.HLC
			}
		case MarkAdded:
			if b.What == MarkedSkip {
				p.skipped = append(p.skipped, b.Value)
			}
		}
	}
	if p.status == "" {
		p.status = p.firstStatus(r)
	}
	p.kept = p.readKept()
	return p, true
}

// edit applies one edit, and keeps the text that it makes.
func (p *post) edit(c *Change, b PostEdited) {
	text := *p.Posted
	for _, e := range b.Edits {
		e.apply(&text)
	}
	p.earlier, p.version, p.heard = append(p.earlier, p.version), version{Posted: &text, said: c}, c.HLC
}

// texts returns how many texts the post has had, the one of now included.
func (p *post) texts() int { return len(p.earlier) + 1 }

// text returns its text i, of texts, oldest first.
func (p *post) text(i int) *version {
	if i < len(p.earlier) {
		return &p.earlier[i]
	}
	return &p.version
}

// wrote returns who signed its text i.
func (p *post) wrote(i int) crdt.ID {
	if i == 0 {
		return p.by
	}
	return p.text(i).said.Author
}

// edited returns when its text last changed; zero if nobody edited it.
func (p *post) edited() crdt.HLC {
	if len(p.earlier) == 0 {
		return 0
	}
	return p.version.said.HLC
}

// firstStatus is the status of a post whose status nobody set: open, or waiting
// for the leave of the one it is for.
func (p *post) firstStatus(r *record) string {
	if p.owner == p.author || p.Under > 0 {
		return "open"
	}
	own := slices.DeleteFunc(r.words(), func(w word) bool { return w.by != p.owner })
	switch careful(own).value {
	case WordYes:
		return "open"
	case WordNotNow, WordReleased:
		return "withdrawn"
	}
	for i := range r.parts {
		if _, widened := r.parts[i].Body.(AudienceChanged); widened && r.parts[i].Author == p.owner {
			return "open"
		}
	}
	return "waiting"
}

// ordered returns the changes that use lets through, by clock and then by op id.
func (r *record) ordered(use func(*Change) bool) []*Change {
	out := make([]*Change, 0, len(r.parts))
	for i := range r.parts {
		if c := &r.parts[i].Change; use(c) {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b *Change) int { return cmp.Or(cmp.Compare(a.HLC, b.HLC), a.ID.Compare(b.ID)) })
	return out
}

func every(*Change) bool { return true }

func whole(c *Change) bool { return c.Audience.Whole() }

// slots works the slots of a text out, once. skipped are dates taken out of its rule.
func (v *version) slots(skipped []string) *slotTimes {
	if v.dates == nil {
		t := slotsOf(v.Posted, skipped)
		v.dates = &t
	}
	return v.dates
}

// terms returns what a yes at slot says yes to, by one of the texts.
func (v *version) terms(slot string, skipped []string) Terms {
	when, _ := v.slots(skipped).when(slot)
	return Terms{What: v.Title, When: when.String(), Area: v.Area, Costs: v.Costs}
}

// slots returns the slots of now.
func (p *post) slots() *slotTimes { return p.version.slots(p.skipped) }

func (p *post) termsNow(slot string) Terms { return p.version.terms(slot, p.skipped) }

// gave reports whether those who were let in later were given terms of this rev by
// the post's own people, who may have told them less than it says to the first.
func (p *post) gave(slot string, rev Rev) bool {
	for i := range p.rec.parts {
		c := &p.rec.parts[i].Change
		snap, ok := c.snapshot()
		if !ok || !p.may(c.Author) {
			continue
		}
		var given *Posted
		switch b := snap.Body.(type) {
		case *NeedPosted:
			given = (*Posted)(b)
		case *OfferPosted:
			given = (*Posted)(b)
		default:
			continue
		}
		told := version{Posted: given}
		if told.terms(slot, p.skipped).rev(slot) == rev {
			return true
		}
	}
	return false
}

// wanted returns how many people a slot has places for.
func (p *post) wanted(slot string) int { return int(p.People) + p.extra(slot) }

// closed reports whether the post is met or withdrawn.
func (p *post) closed() bool { return p.status == "met" || p.status == "withdrawn" }

const dayHLC = crdt.DayMillis << 16

// fadesAt returns the reading at which the post is let go; false while it is kept.
func (p *post) fadesAt() (crdt.HLC, bool) {
	if !p.closed() || p.Fade == 0 || p.since == 0 {
		return 0, false
	}
	return p.since + crdt.HLC(p.Fade*dayHLC), true
}

// lasts reports whether the post is not let go yet at a reading.
func (p *post) lasts(now crdt.HLC) bool {
	at, fades := p.fadesAt()
	return !fades || at > now
}

// reader reads records of one state for one person, each once.
type reader struct {
	s     *State
	env   Env
	now   time.Time         // local reading
	today time.Time         // the day of now
	posts map[crdt.ID]*post // nil for what is none
	made  map[crdt.ID]*agreement
	kept  *Readings // whose maps posts and made are; nil for none
	// drafts are agreements that came out of a talk. They settle it as this look reads it,
	// so no other look has them.
	drafts map[crdt.ID]*agreement

	actsFor map[crdt.ID]bool // whom this person acts for, as far as it was asked
	rests   map[crdt.ID]bool // who rests now, as far as it was asked
	distant map[crdt.ID]bool // whom this person keeps at a distance, as far as it was asked

	followed map[string]bool // categories folded; nil until it was asked

	deciding []crdt.ID             // who can decide now; nil until it was asked
	decided  map[crdt.ID]*decision // decisions read; nil for what is none

	talksRead bool
	allTalks  []*talk // ascending by id
	talkOf    map[crdt.ID]*talk
}

func (s *State) reader(env Env) *reader {
	now := local(env.Now)
	return &reader{s: s, env: env, now: now, today: dayOf(now), posts: map[crdt.ID]*post{}, made: map[crdt.ID]*agreement{}, drafts: map[crdt.ID]*agreement{}}
}

// post reads a post; false if id is none that is known.
func (r *reader) post(id crdt.ID) (*post, bool) {
	if p, ok := r.posts[id]; ok {
		return p, p != nil
	}
	p, ok := readPost(r.s.record(id), every, func(p *post, who crdt.ID) bool { return r.mayEdit(p, who) })
	if !ok {
		p = nil
	}
	r.posts[id] = p
	return p, ok
}

// mayEdit reports whether who may edit p: author, for, or the proxy that one of
// them named.
func (r *reader) mayEdit(p *post, who crdt.ID) bool {
	return p.may(who) || r.proxy(p.author, who) || p.owner != p.author && r.proxy(p.owner, who)
}

// proxy reports whether member named who as the one who may act for them.
func (r *reader) proxy(member, who crdt.ID) bool {
	if who != r.env.Me {
		return r.s.proxy(member, who)
	}
	return remembered(&r.actsFor, member, func() bool { return r.s.proxy(member, who) })
}

// rest reports whether a member rests now.
func (r *reader) rest(member crdt.ID) bool {
	return remembered(&r.rests, member, func() bool {
		level, _, ok := r.s.Room(member, r.env.Now)
		return ok && level == RoomResting
	})
}

// remembered asks about a member once and then remembers the answer.
func remembered(known *map[crdt.ID]bool, member crdt.ID, ask func() bool) bool {
	if answer, ok := (*known)[member]; ok {
		return answer
	}
	if *known == nil {
		*known = map[crdt.ID]bool{}
	}
	answer := ask()
	(*known)[member] = answer
	return answer
}

// proxy reports whether member named who as the one who may act for them.
func (s *State) proxy(member, who crdt.ID) bool { return s.proxyBy(member, who, every) }

func (s *State) proxyBy(member, who crdt.ID, use func(*Change) bool) bool {
	c, ok := s.sectionBy(member, SectionProxy, use)
	return ok && slices.Contains(c.Body.(MemberSectionSet).Values, who.String())
}

// standBy returns who stands by for a slot and is not among those who said yes.
func (p *post) standBy(slot string, yes []crdt.ID) []crdt.ID {
	marks := slices.DeleteFunc(p.rec.marks(MarkedStandBy), func(m mark) bool { return m.value != slot || slices.Contains(yes, m.by) })
	slices.SortFunc(marks, func(a, b mark) int { return cmp.Or(cmp.Compare(a.hlc, b.hlc), a.id.Compare(b.id)) })
	var out []crdt.ID
	for _, m := range marks {
		if !slices.Contains(out, m.by) {
			out = append(out, m.by)
		}
	}
	return out
}

// agreementsOn reads the agreements about a post, ascending by id.
func (r *reader) agreementsOn(p *post) []*agreement {
	ids, _ := r.s.links.get(p.id)
	var out []*agreement
	for _, id := range ids {
		if a, ok := r.agreement(id); ok && a.post == p {
			out = append(out, a)
		}
	}
	return out
}

// slotWindow is how far ahead a post's slots are shown when nobody asks for all.
const slotWindow = 60

// view returns the post as a person sees it.
func (r *reader) view(p *post) Post {
	var v Post
	r.viewInto(&v, p)
	return v
}

// viewInto is view into the place of a line in a list.
func (r *reader) viewInto(v *Post, p *post) {
	l, today := r.line(p), r.today
	v.ID, v.Need, v.Posted, v.Author, v.Owner = p.id, p.need, *p.Posted, p.by, p.owner
	v.Status, v.Made, v.Edited, v.Audience = r.status(p), p.made.HLC, p.edited(), p.audience
	v.Slots, v.Agreements, v.Skips = r.slotsBetween(p, today, today.AddDate(0, 0, slotWindow)), l.agreements, l.skips
	v.Kept, v.Stale = p.kept, r.stale(p, v.Status)
	v.Faded, v.FadesOn, v.Revision, v.Newest = l.faded, l.fadesOn, l.revision, l.newest
	switch me := r.env.Me; {
	case me == p.owner || me == p.author:
		v.NotNow = l.notNow
	case slices.Contains(l.notNow, me):
		v.NotNow = []crdt.ID{me}
	}
}

// status is that of the post, or "resting" for an offer whose author rests.
func (r *reader) status(p *post) string {
	if !p.need && p.status == "open" && r.rest(p.owner) {
		return RoomResting
	}
	return p.status
}

// Post returns a need or an offer; false if id is none that is known here.
func (s *State) Post(env Env, id crdt.ID) (Post, bool) {
	r, done := s.looking(env)
	defer done()
	p, ok := r.post(id)
	if !ok {
		return Post{}, false
	}
	return r.view(p), true
}

// Slots returns the slots of a post from one local date to another, the first
// included, ascending; all of them if both are zero. Nil if id is no post.
func (s *State) Slots(env Env, id crdt.ID, from, to time.Time) []Slot {
	r, done := s.looking(env)
	defer done()
	p, ok := r.post(id)
	if !ok {
		return nil
	}
	if to.IsZero() {
		to = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	}
	return r.slotsBetween(p, dayOf(from), to)
}

// Filter chooses posts and agreements for a list. The zero Filter takes what is
// alive: what is met, withdrawn, resting, released, lapsed or done needs All.
type Filter struct {
	Needs, Offers bool // neither means both
	All           bool
	Mine          bool
	Category      string
	// Text holds words that must all occur, in any case.
	Text string
	// Listening takes only posts that ask for someone to talk to.
	Listening bool
	// Limit is how many there are at most; 0 for all.
	Limit int
}

// Posts returns the posts that a filter takes, newest first.
func (s *State) Posts(env Env, f Filter) []Post {
	r, done := s.looking(env)
	defer done()
	return r.views(r.taken(f))
}

// EachPost yields the posts that a filter takes, newest first, each with its place among
// how many. What p points to is another post at the next call; line must not look itself.
func (s *State) EachPost(env Env, f Filter, line func(i, of int, p *Post)) {
	r, done := s.looking(env)
	defer done()
	r.each(r.taken(f), line)
}

func (r *reader) each(posts []*post, line func(i, of int, p *Post)) {
	var v Post
	for i, p := range posts {
		v = Post{}
		r.viewInto(&v, p)
		line(i, len(posts), &v)
	}
}

// taken are the posts that a filter takes, newest first.
func (r *reader) taken(f Filter) []*post {
	var out []*post
	chosen := choose(f)
	for _, p := range r.postsOf(f) {
		if !r.takes(p, chosen) {
			continue
		}
		if out = append(out, p); len(out) == f.Limit {
			break
		}
	}
	return out
}

// postsOf are those among which a filter chooses, newest first.
func (r *reader) postsOf(f Filter) []*post {
	if !f.Mine {
		return r.newestPosts(!f.All)
	}
	mine := r.myPosts()
	slices.SortFunc(mine, newestFirst)
	return mine
}

func (r *reader) views(posts []*post) []Post {
	out := make([]Post, len(posts))
	for i, p := range posts {
		r.viewInto(&out[i], p)
	}
	return out
}

// allPosts reads every post that is kept, ascending by id.
func (r *reader) allPosts() []*post {
	if r.kept != nil {
		r.kept.list(r)
		return r.lasting(r.kept.byID)
	}
	var out []*post
	r.s.records.all(func(id crdt.ID, rec *record) bool {
		if !rec.mayBePost() {
			return true
		}
		if p, ok := r.post(id); ok {
			out = append(out, p)
		}
		return true
	})
	return r.lasting(out)
}

// lasting returns those of posts that are not let go yet.
func (r *reader) lasting(posts []*post) []*post {
	now := crdt.At(r.env.Now.UnixMilli())
	out := make([]*post, 0, len(posts))
	for _, p := range posts {
		if p.lasts(now) {
			out = append(out, p)
		}
	}
	return out
}

// newestPosts returns every post that is kept, or with open those that are not closed,
// the newest first and then by id. The caller does not change it.
func (r *reader) newestPosts(open bool) []*post {
	if r.kept == nil {
		all := r.allPosts()
		if open {
			all = slices.DeleteFunc(all, (*post).closed)
		}
		slices.SortFunc(all, newestFirst)
		return all
	}
	r.kept.list(r)
	if open {
		return r.kept.open // nothing open is ever let go
	}
	return r.lasting(r.kept.newest)
}

// myPosts returns the posts that are kept and that this person may edit, ascending.
func (r *reader) myPosts() []*post {
	if r.kept != nil {
		r.kept.of(r, r.env.Me)
		return r.lasting(r.kept.mine)
	}
	return slices.DeleteFunc(r.allPosts(), func(p *post) bool { return !r.mayEdit(p, r.env.Me) })
}

// mayBePost rules out most records at a glance.
func (r *record) mayBePost() bool {
	if i := r.find(r.id); i >= 0 {
		k := r.parts[i].Body.kind()
		return k == KindNeedPosted || k == KindOfferPosted
	}
	return slices.ContainsFunc(r.parts, func(p part) bool { return p.Body.kind() == KindAudienceChanged })
}

// choice is a filter with what of it need be worked out only once.
type choice struct {
	Filter
	category string
	words    query
}

func choose(f Filter) choice { return choice{f, fold(f.Category), queryOf(f.Text)} }

func (r *reader) takes(p *post, f choice) bool {
	if f.category != "" && f.category != p.folded() {
		return false
	}
	status := r.status(p)
	switch {
	case f.Needs != f.Offers && f.Needs != p.need:
		return false
	case f.Mine && !r.mayEdit(p, r.env.Me):
		return false
	case !f.All && (p.closed() || status == RoomResting && !p.may(r.env.Me)):
		return false
	case f.Listening && len(p.How) == 0:
		return false
	}
	return f.words.among(p.Title, p.Details, p.Category, p.Area)
}

// folded is the category of a post as categories are compared, worked out once.
func (p *post) folded() string {
	if p.kind == "" && p.Category != "" {
		p.kind = fold(p.Category)
	}
	return p.kind
}

package circle

import (
	"cmp"
	"crypto/sha256"
	"slices"
	"time"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/membership"
)

// States of a decision.
const (
	DecisionOpen      = "open"
	DecisionAdopted   = "adopted"
	DecisionToReshape = "to_reshape"
	DecisionLetGo     = "let_go"
	DecisionReviewDue = "review_due"
)

// Tags of a decision that the charter page shows.
const (
	TagOutsideHelp = "outside-help"
	TagRhythm      = "rhythm"
)

// Bounds and defaults of decisions.
const (
	// DecisionDays is how long a decision is open where nobody says otherwise.
	DecisionDays = 7
	// LetGoDays is after how long a decision about the circle that was not carried
	// out is let go.
	LetGoDays = 30
)

// DecisionWord is one person's word on a version of a decision's text.
type DecisionWord struct {
	Member crdt.ID
	Word   WordValue // WordConsent, WordStandAside or WordConcern
	Text   string
}

// DecisionText is one version of a decision's text.
type DecisionText struct {
	Rev    Rev
	Text   string
	By     crdt.ID
	HLC    crdt.HLC
	Newest bool
	Words  []DecisionWord // on an earlier text, where they stay; ascending by member
}

// Decision is a decision as one member sees it now. Who has not spoken is nowhere
// in it.
type Decision struct {
	ID, Author crdt.ID
	// Text is the newest. Would names what it says in the catalogues, where nobody wrote
	// it: of a decision about the circle that came without a reason.
	Text     string
	Would    Said
	State    string
	Words    []DecisionWord // ascending by member
	Closes   time.Time
	ReviewOn string // a date, "" for none
	About    crdt.ID
	Tag      string
	// Does is what it does to the circle: a What of [membership.Propose]; 0 for an
	// ordinary decision. Target is the member concerned, or zero.
	Does    uint64
	Target  crdt.ID
	Charter *membership.Charter
	// Needed is how many are to be heard, or of a decision about the circle to
	// consent for it to go at once; Heard is how many have spoken.
	Needed, Heard int
	Texts         []DecisionText // oldest first
	Made          crdt.HLC
	// DecidedBy carried a decision about the circle out.
	DecidedBy []crdt.ID
	// Beside are the words that the person named laid beside it, oldest first.
	Beside []Note
}

// NeededOf returns how many of n with voice are to be heard for a decision to be
// adopted once it closed: two thirds of up to seven, else a third, at least 5 and
// at most 12.
func NeededOf(n int) int {
	if n <= 7 {
		return (2*n + 2) / 3
	}
	return min(12, max(5, (n+2)/3))
}

// decision is an ordinary decision as read from its record.
type decision struct {
	id    crdt.ID
	rec   *record
	made  Change
	body  DecisionOpened
	texts []text // by clock and id; the last is the newest
	span  crdt.HLC
	// opened are those who could decide when it was opened; now those who can now, both
	// ascending.
	opened, now []crdt.ID

	// Once worked out: the state, and the words of said and of saidInTime.
	state         string
	words, inTime []word
}

// decisionsKey is the link under which all decisions are found.
var decisionsKey = crdt.ID{}

// DecisionIDs returns the ordinary decisions that are known here, ascending. The
// slice must not be changed.
func (s *State) DecisionIDs() []crdt.ID {
	ids, _ := s.links.get(decisionsKey)
	return ids
}

// voices are those who can decide now and are not away, ascending.
func (r *reader) voices() []crdt.ID {
	if r.deciding == nil {
		if r.env.People != nil {
			r.deciding = r.env.People.Voices()
		} else {
			r.deciding = slices.Clone(r.env.Members)
			slices.SortFunc(r.deciding, crdt.ID.Compare)
		}
	}
	return r.deciding
}

// mayDecide reports whether a member has voice.
func (e *Env) mayDecide(member crdt.ID) bool {
	if e.People == nil {
		return e.here(member)
	}
	return e.People.HasVoice(member)
}

// decision reads an ordinary decision, once; false if id is none that is known.
func (r *reader) decision(id crdt.ID) (*decision, bool) {
	if d, ok := r.decided[id]; ok {
		return d, d != nil
	}
	d, ok := r.readDecision(id)
	if r.decided == nil {
		r.decided = map[crdt.ID]*decision{}
	}
	r.decided[id] = d
	return d, ok
}

func (r *reader) readDecision(id crdt.ID) (*decision, bool) {
	rec, ok := r.s.records.get(id)
	if !ok {
		return nil, false
	}
	i := rec.find(id)
	if i < 0 {
		return nil, false
	}
	body, ok := rec.parts[i].Body.(DecisionOpened)
	if !ok {
		return nil, false
	}
	d := &decision{id: id, rec: rec, made: rec.parts[i].Change, body: body, now: r.voices()}
	if d.opened, ok = r.env.Opened[id]; !ok {
		d.opened = d.now
	}
	if closes := closesAt(body); closes > d.made.HLC {
		d.span = closes - d.made.HLC
	}
	d.texts = []text{{rev: TextRev(body.Text), by: d.made.Author, id: id, hlc: d.made.HLC}}
	for i := range rec.parts {
		c := &rec.parts[i].Change
		if b, ok := c.Body.(TermsChanged); ok && b.Text != "" && c.Author == d.made.Author {
			d.texts = append(d.texts, text{rev: TextRev(b.Text), by: c.Author, id: c.ID, hlc: c.HLC})
		}
	}
	slices.SortFunc(d.texts[1:], func(x, y text) int { return cmp.Or(cmp.Compare(x.hlc, y.hlc), x.id.Compare(y.id)) })
	return d, true
}

// textAt returns the text of the version at i.
func (d *decision) textAt(i int) string {
	if i == 0 {
		return d.body.Text
	}
	return d.rec.parts[d.rec.find(d.texts[i].id)].Body.(TermsChanged).Text
}

func (d *decision) newest() text { return d.texts[len(d.texts)-1] }

func (d *decision) newestText() string { return d.textAt(len(d.texts) - 1) }

// latestClose is the last time, in Unix seconds, that a clock reading can hold.
const latestClose = 1 << 35

func closesAt(b DecisionOpened) crdt.HLC { return crdt.At(int64(min(b.Closes, latestClose)) * 1000) }

// closes is when the newest text closes: each has as long as the first.
func (d *decision) closes() crdt.HLC {
	if len(d.texts) == 1 {
		return closesAt(d.body)
	}
	return d.newest().hlc + d.span
}

// counts reports whether member's word counts: they could decide when it was
// opened, or can now.
func (d *decision) counts(member crdt.ID) bool {
	return isOneOf(d.opened, member) || isOneOf(d.now, member)
}

// isOneOf reports whether a member is one of some, who ascend.
func isOneOf(some []crdt.ID, member crdt.ID) bool {
	_, is := slices.BinarySearchFunc(some, member, crdt.ID.Compare)
	return is
}

// said returns the words on the newest text that stand: one of each person, ascending by
// member. The proposer's own is implied by the text, whose id it has. The caller changes
// none of them.
func (d *decision) said() []word {
	if d.words == nil {
		d.words = d.saidOn(d.newest(), crdt.MaxHLC)
	}
	return d.words
}

// saidInTime is said of those words that were given before the newest text closed.
func (d *decision) saidInTime() []word {
	if d.inTime == nil {
		if closes := d.closes(); slices.ContainsFunc(d.rec.parts, func(p part) bool { return p.HLC > closes }) {
			d.inTime = d.saidOn(d.newest(), closes)
		} else {
			d.inTime = d.said()
		}
	}
	return d.inTime
}

// saidOn is said of any version, as it was at a time; never nil.
func (d *decision) saidOn(t text, limit crdt.HLC) []word {
	words := slices.DeleteFunc(d.rec.wordsBy(limit), func(w word) bool { return w.rev != t.rev || !decides(w.value) })
	if t.hlc <= limit && !slices.ContainsFunc(words, func(w word) bool { return w.by == t.by }) {
		words = append(words, word{id: t.id, by: t.by, hlc: t.hlc, rev: t.rev, value: WordConsent})
	}
	slices.SortStableFunc(words, func(a, b word) int { return a.by.Compare(b.by) })
	out := make([]word, 0, len(words))
	for len(words) > 0 {
		n := 1
		for n < len(words) && words[n].by == words[0].by {
			n++
		}
		out, words = append(out, careful(words[:n])), words[n:]
	}
	return slices.Clip(out)
}

func decides(w WordValue) bool {
	return w == WordConsent || w == WordStandAside || w == WordConcern
}

// concern returns the first concern among words that count.
func (d *decision) concern(words []word) (word, bool) {
	for _, w := range words {
		if w.value == WordConcern && d.counts(w.by) {
			return w, true
		}
	}
	return word{}, false
}

// heard counts the people whose word counts.
func (d *decision) heard(words []word) int {
	n := 0
	for _, w := range words {
		if d.counts(w.by) {
			n++
		}
	}
	return n
}

// all reports whether everyone has spoken who could decide when it was opened, has
// voice still and is not away.
func (d *decision) all(words []word) bool {
	for _, m := range d.opened {
		if isOneOf(d.now, m) && !slices.ContainsFunc(words, func(w word) bool { return w.by == m }) {
			return false
		}
	}
	return d.heard(words) > 0
}

// closing is a [DecisionClosed] that counts.
type closing struct {
	id    crdt.ID
	by    crdt.ID
	hlc   crdt.HLC
	heard []word
}

// closings returns those on the newest text that its proposer wrote, or after it
// closed anyone with voice; by clock and id.
func (d *decision) closings() []closing {
	var out []closing
	for i := range d.rec.parts {
		c := &d.rec.parts[i].Change
		b, ok := c.Body.(DecisionClosed)
		if !ok || b.Rev != d.newest().rev || c.Author != d.made.Author && (c.HLC < d.closes() || !d.counts(c.Author)) {
			continue
		}
		out = append(out, closing{c.ID, c.Author, c.HLC, d.listed(b.Heard)})
	}
	slices.SortFunc(out, func(a, b closing) int { return cmp.Or(cmp.Compare(a.hlc, b.hlc), a.id.Compare(b.id)) })
	return out
}

// listed returns the words with these ids on the newest text.
func (d *decision) listed(ids []crdt.ID) []word {
	newest := d.newest()
	var out []word
	for _, id := range ids {
		if id == newest.id {
			out = append(out, word{id: id, by: newest.by, hlc: newest.hlc, rev: newest.rev, value: WordConsent})
			continue
		}
		if i := d.rec.find(id); i >= 0 {
			c := &d.rec.parts[i].Change
			if w, ok := c.Body.(WordGiven); ok && w.Rev == newest.rev && decides(w.Value) {
				out = append(out, word{id, c.Author, c.HLC, w.Rev, w.Value, w.Note})
			}
		}
	}
	return out
}

// people leaves of words one of each person.
func people(words []word) []word {
	var out []word
	for _, w := range words {
		if !slices.ContainsFunc(out, func(o word) bool { return o.by == w.by }) {
			out = append(out, w)
		}
	}
	return out
}

// adopts reports whether a closing adopts the text: those it heard are enough, or
// before the text closed all, and none of them has a concern.
func (d *decision) adopts(c closing) bool {
	if _, concerned := d.concern(c.heard); concerned {
		return false
	}
	if c.hlc < d.closes() {
		return d.all(c.heard)
	}
	return d.heard(people(c.heard)) >= d.needed()
}

func (d *decision) needed() int { return NeededOf(len(d.opened)) }

// adopted reports whether the newest text is: by a closing, or because everyone
// had spoken in time and no concern stood.
func (d *decision) adopted() bool {
	if slices.ContainsFunc(d.closings(), d.adopts) {
		return true
	}
	words := d.saidInTime()
	_, concerned := d.concern(words)
	return !concerned && d.all(words)
}

// forever is a clock reading after all that may be.
const forever = crdt.HLC(1<<62 - 1)

// decisionState works the state out, once.
func (r *reader) decisionState(d *decision) string {
	if d.state == "" {
		d.state = r.stateOf(d)
	}
	return d.state
}

func (r *reader) stateOf(d *decision) string {
	if d.adopted() {
		today := r.now.Format(dateForm)
		if d.body.ReviewOn != "" && d.body.ReviewOn <= today && !r.reviewed(d) {
			return DecisionReviewDue
		}
		return DecisionAdopted
	}
	words := d.said()
	if _, concerned := d.concern(words); concerned {
		return DecisionToReshape
	}
	if crdt.At(r.env.Now.UnixMilli()) >= d.closes() && d.heard(words) < d.needed() {
		return DecisionLetGo
	}
	return DecisionOpen
}

// reviewed reports whether a later decision about d was adopted: it renews or ends it.
func (r *reader) reviewed(d *decision) bool {
	ids, _ := r.s.links.get(d.id)
	return slices.ContainsFunc(ids, func(id crdt.ID) bool {
		later, ok := r.decision(id)
		return ok && later.body.About == d.id && later.adopted()
	})
}

func (r *reader) viewDecision(d *decision) Decision {
	v := Decision{ID: d.id, Author: d.made.Author, Text: d.newestText(), State: r.decisionState(d), Closes: d.closes().Time(),
		ReviewOn: d.body.ReviewOn, About: d.body.About, Tag: d.body.Tag, Needed: d.needed(), Made: d.made.HLC}
	words := d.said()
	v.Heard = d.heard(words)
	v.Words = wordsOf(words)
	for i, t := range d.texts {
		one := DecisionText{Rev: t.rev, Text: d.textAt(i), By: t.by, HLC: t.hlc, Newest: i == len(d.texts)-1}
		if !one.Newest {
			one.Words = wordsOf(d.saidOn(t, crdt.MaxHLC))
		}
		v.Texts = append(v.Texts, one)
	}
	return v
}

func wordsOf(words []word) []DecisionWord {
	var out []DecisionWord
	for _, w := range words {
		out = append(out, DecisionWord{Member: w.by, Word: w.value, Text: w.note})
	}
	return out
}

// Decision returns a decision, ordinary or about the circle; false if id is none
// that is known here.
func (s *State) Decision(env Env, id crdt.ID) (Decision, bool) {
	r := s.reader(env)
	if d, ok := r.decision(id); ok {
		return r.viewDecision(d), true
	}
	if p, ok := env.proposal(id); ok {
		return r.viewProposal(p), true
	}
	return Decision{}, false
}

// Decisions returns the decisions that a filter takes, newest first. Without All
// those let go, and those of the circle's own that are carried out, are left out. Those
// whose text nobody wrote are taken whatever words are looked for: what they say is in
// the catalogues.
func (s *State) Decisions(env Env, f Filter) []Decision {
	r := s.reader(env)
	return r.decisionsThat(func(d *decision) bool {
		return (f.All || r.decisionState(d) != DecisionLetGo) && (!f.Mine || d.made.Author == env.Me) && Matches(f.Text, d.newestText())
	}, func(d *Decision) bool {
		over := d.State == DecisionLetGo || d.State == DecisionAdopted
		return (f.All || !over) && (!f.Mine || d.Author == env.Me) && (d.Would.Key != "" || Matches(f.Text, d.Text))
	})
}

// decisionsThat are the ordinary decisions and those about the circle that are taken, newest
// first.
func (r *reader) decisionsThat(takes func(*decision) bool, takesOurs func(*Decision) bool) []Decision {
	out := []Decision{}
	for _, id := range r.s.DecisionIDs() {
		if d, ok := r.decision(id); ok && takes(d) {
			out = append(out, r.viewDecision(d))
		}
	}
	if r.env.People != nil {
		for _, p := range r.env.People.Proposals() {
			if v := r.viewProposal(p); takesOurs(&v) {
				out = append(out, v)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Decision) int { return cmp.Or(cmp.Compare(b.Made, a.Made), a.ID.Compare(b.ID)) })
	return out
}

// TextRev names a text that is words alone.
func TextRev(text string) Rev { return sha256.Sum256(canon.MustMarshal(text)) }

// toDecide are the open decisions on which this person has not spoken.
func (r *reader) toDecide() []Item {
	out := []Item{}
	if !r.env.mayDecide(r.env.Me) {
		return out
	}
	open := r.decisionsThat(func(d *decision) bool {
		return !slices.ContainsFunc(d.said(), func(w word) bool { return w.by == r.env.Me }) && r.decisionState(d) == DecisionOpen
	}, func(d *Decision) bool {
		return d.State == DecisionOpen && d.Target != r.env.Me && !slices.ContainsFunc(d.Words, func(w DecisionWord) bool { return w.Member == r.env.Me })
	})
	for i := range open {
		out = append(out, Item{Decision: &open[i]})
	}
	return out
}

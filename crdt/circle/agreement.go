package circle

import (
	"cmp"
	"slices"
	"time"

	"tend/crdt"
)

// States of an agreement.
const (
	StateProposed = "proposed"
	StateAgreed   = "agreed"
	StateDone     = "done"
	StatePassed   = "passed"
	StateReleased = "released"
	StateLapsed   = "lapsed"
)

// Agreement is who does what, when, as one member sees it now.
type Agreement struct {
	ID crdt.ID
	// About are the posts, or of a "May I" the member asked.
	About []crdt.ID
	// Terms are those of the newest text.
	Terms Terms
	Slot  string
	// Place is nil but for its parties, once one of them said where.
	Place *Place
	// Parties ascend by member.
	Parties []Party
	State   string
	Rev     Rev
	// Texts are all versions, oldest first.
	Texts []Text
	Made  crdt.HLC
	// Author said yes first, or asked "May I".
	Author crdt.ID
	// Audience is nil for the circle, else its readers, ascending.
	Audience []crdt.ID
	// MayI says that there is no post: its author offered it to one person.
	MayI bool
	// Tender says that the post it is about is; its text belongs on no wall.
	Tender bool
	// Zone is the IANA name of the zone its date was written in, "" unknown. It serves
	// reminders and calendars only.
	Zone string
	// Revision grows with each text and each word of a party, never otherwise; Newest
	// is the clock of the latest of them.
	Revision int
	Newest   crdt.HLC
	// ReviewOn is the day on which its people look at it again; "" for none.
	ReviewOn string
}

// Party is one person in an agreement and their word.
type Party struct {
	Member crdt.ID
	Word   WordValue
	// Current says that the word is on the newest text.
	Current bool
}

// Place is where, for the people in an agreement.
type Place struct{ Where, Code, Phone string }

// Text is one version of an agreement's text.
type Text struct {
	Rev   Rev
	Terms Terms
	By    crdt.ID
	HLC   crdt.HLC
	// Newest says that no other text follows it. Two newest ones are two texts at once.
	Newest bool
}

// agreement is an agreement as read from its record.
type agreement struct {
	id      crdt.ID
	rec     *record
	made    *Change
	body    AgreementMade
	post    *post // nil of a May I, and while the post is not known
	mayI    bool
	talk    *talk // that it was drafted in; nil for none
	slot    string
	readers []crdt.ID // nil for the circle, else ascending
	parties []crdt.ID // ascending
	texts   []text    // by clock and id
	heads   []*text   // those that no other follows, oldest first
	words   []word    // those of the parties that stand
	agreed  bool      // all stand by one text
	ends    When      // when it is over, by the text that counts; zero if it has no date
	ended   string    // the state that marks and words gave it, whatever the time; "" for none
	state   string
	past    bool
	at      time.Time  // local reading of state and past
	line    *Agreement // once worked out; see agreementLine
	dropped bool       // of one that is kept: it reads otherwise now
}

// text is one version, or the return of one.
type text struct {
	rev     Rev
	terms   Terms
	by, id  crdt.ID
	hlc     crdt.HLC
	parents []Rev
	ofPost  bool
	changed bool // laid beside the others by a TermsChanged
	old     bool // another text follows it
}

// agreement reads an agreement; false if id is none that is known.
func (r *reader) agreement(id crdt.ID) (*agreement, bool) {
	if a, ok := r.made[id]; ok {
		return r.asOfNow(a), true
	}
	if a, ok := r.drafts[id]; ok {
		return a, true
	}
	rec, ok := r.s.records.get(id)
	if !ok {
		return nil, false
	}
	made, _, ok := rec.madeBy(every)
	if rec.find(id) < 0 {
		made, ok = rec.shownByBoth()
	}
	if !ok {
		return nil, false
	}
	body, ok := made.Body.(AgreementMade)
	if !ok {
		return nil, false
	}
	a := &agreement{id: id, rec: rec, made: made, body: body, slot: body.Slot, readers: rec.audience()}
	a.post, _ = r.post(body.About[0])
	if a.post == nil {
		if a.talk, ok = r.talk(body.About[0]); ok && !a.talk.mayHold(a) {
			return nil, false
		}
	}
	a.mayI = a.post == nil && (slices.Contains(made.Audience.Members, body.About[0]) || rec.find(id) < 0)
	a.readParties()
	a.readTexts()
	for _, w := range rec.words() {
		if a.has(w.by) {
			a.words = append(a.words, w)
		}
	}
	a.readEnd()
	a.readState(r.now)
	if a.talk == nil {
		r.made[id] = a
		return a, true
	}
	r.drafts[id] = a
	r.settle(a.talk)
	return a, true
}

// asOfNow returns a with its state of now.
func (r *reader) asOfNow(a *agreement) *agreement {
	if !a.at.Equal(r.now) {
		a.readState(r.now)
	}
	return a
}

// has reports whether member is a party.
func (a *agreement) has(member crdt.ID) bool {
	_, ok := slices.BinarySearchFunc(a.parties, member, crdt.ID.Compare)
	return ok
}

// readParties finds who is in it: its author, the post's owner or the member asked,
// and whom a party added.
func (a *agreement) readParties() {
	a.parties = []crdt.ID{a.made.Author}
	switch {
	case a.talk != nil:
		a.parties = append(a.parties, a.talk.other(a.made.Author))
	case a.post != nil:
		a.parties = append(a.parties, a.post.owner)
	case a.mayI:
		a.parties = append(a.parties, a.body.About[0])
	}
	slices.SortFunc(a.parties, crdt.ID.Compare)
	a.parties = slices.Compact(a.parties)
	added := a.rec.marks(MarkedParty)
	for grew := true; grew && len(a.parties) < MaxParties; {
		grew = false
		for _, m := range added {
			id, err := crdt.ParseID(m.value)
			if err == nil && a.has(m.by) && !a.has(id) && len(a.parties) < MaxParties {
				i, _ := slices.BinarySearchFunc(a.parties, id, crdt.ID.Compare)
				a.parties = slices.Insert(a.parties, i, id)
				grew = true
			}
		}
	}
}

// readTexts finds the versions of the text and which of them are followed by
// another.
func (a *agreement) readTexts() {
	first := text{rev: a.body.Terms.rev(a.slot), terms: a.body.Terms, by: a.made.Author, id: a.made.ID, hlc: a.made.HLC}
	a.texts = append(a.texts, first)
	for i := range a.rec.parts {
		c := &a.rec.parts[i].Change
		if b, ok := c.Body.(TermsChanged); ok && a.has(c.Author) && b.Text == "" {
			a.texts = append(a.texts, text{rev: b.Terms.rev(a.slot), terms: b.Terms, by: c.Author, id: c.ID, hlc: c.HLC, parents: b.Parents, changed: true})
		}
	}
	if a.post != nil {
		a.addPostTexts(first)
	}
	a.supersede()
	slices.SortFunc(a.texts, func(x, y text) int { return cmp.Or(cmp.Compare(x.hlc, y.hlc), x.id.Compare(y.id)) })
	a.readHeads()
}

// addPostTexts lays the post's terms at each edit beside the others. What is older
// than a first text of its own terms was seen by the one who wrote that.
func (a *agreement) addPostTexts(first text) {
	p := a.post
	var own []text
	for i := range p.texts() {
		v := p.text(i)
		t := v.terms(a.slot, p.skipped)
		rev := t.rev(a.slot)
		if len(own) == 0 || own[len(own)-1].rev != rev {
			own = append(own, text{rev: rev, terms: t, by: p.wrote(i), id: v.said.ID, hlc: v.said.HLC, ofPost: true})
		}
	}
	for i := range own {
		own[i].old = i < len(own)-1
	}
	newest := own[len(own)-1]
	fromPost := slices.ContainsFunc(own, func(t text) bool { return t.rev == first.rev })
	switch {
	case fromPost:
		a.texts[0].old = newest.rev != first.rev
	case newest.hlc > first.hlc:
		a.texts[0].old = true
	case p.gave(a.slot, first.rev):
		own = []text{first}
		own[0].by, own[0].ofPost = p.by, true
	default:
		own = nil // terms of one's own, written after the post said what it says
	}
	a.texts = append(a.texts, own...)
}

// supersede marks texts that another follows: those that a change names as its
// parents, and changes written before the post's newest terms.
func (a *agreement) supersede() {
	var newest *text
	for i := range a.texts {
		if t := &a.texts[i]; t.ofPost && !t.old {
			newest = t
		}
	}
	for i := range a.texts {
		t := &a.texts[i]
		if t.changed && newest != nil && newest.hlc > t.hlc && newest.rev != t.rev {
			t.old = true
		}
		for j := range a.texts {
			by := &a.texts[j]
			if i != j && slices.Contains(by.parents, t.rev) && by.hlc > t.hlc {
				t.old = true
			}
		}
	}
}

// readHeads finds the texts that no other follows, oldest first, none twice. The last
// is the newest.
func (a *agreement) readHeads() {
	for i := range a.texts {
		if t := &a.texts[i]; !t.old && !slices.ContainsFunc(a.heads, func(h *text) bool { return h.rev == t.rev }) {
			a.heads = append(a.heads, t)
		}
	}
	if a.heads == nil {
		a.heads = []*text{&a.texts[len(a.texts)-1]}
	}
}

func (a *agreement) newest() *text { return a.heads[len(a.heads)-1] }

// said reports whether member's yes stands on rev: given, or implied by writing the
// text, or by an open sign-up for terms that are the post's own.
func (a *agreement) said(member crdt.ID, rev Rev) bool {
	for _, w := range a.words {
		if w.by == member && w.rev == rev && w.value == WordYes {
			return true
		}
	}
	for _, t := range a.texts {
		if t.rev != rev {
			continue
		}
		if t.by == member && !t.ofPost {
			return true
		}
		if t.ofPost && member == a.post.owner && a.post.SignUp == SignUpOpen {
			return true
		}
	}
	return false
}

// word returns member's word and whether it is on a text that none follows. A
// released word or a "not now" is on the agreement, whatever its text.
func (a *agreement) word(member crdt.ID) (WordValue, bool) {
	own := careful(slices.DeleteFunc(slices.Clone(a.words), func(w word) bool { return w.by != member }))
	if own.value.care() > 0 {
		return own.value, true
	}
	for _, h := range a.heads {
		if a.said(member, h.rev) {
			return WordYes, true
		}
	}
	for _, t := range a.texts {
		if a.said(member, t.rev) {
			return WordYes, false
		}
	}
	return own.value, false
}

// standing returns the newest text that everyone stands by; false if there is none.
func (a *agreement) standing() (*text, bool) {
	heads := a.heads
	for i := len(heads) - 1; i >= 0; i-- {
		all := len(a.parties) > 1
		for _, m := range a.parties {
			w, _ := a.word(m)
			all = all && w == WordYes && a.said(m, heads[i].rev)
		}
		if all {
			return heads[i], true
		}
	}
	return nil, false
}

// shared reports whether the whole circle was let into what two agreed: only once
// both said yes, so the snapshot stands for both.
func (a *agreement) shared() bool { return a.mayI && a.rec.find(a.id) < 0 }

// readEnd finds what of the state does not depend on the time: whether all stand by one
// text, when that is over, and what ended it before.
func (a *agreement) readEnd() {
	when := ""
	switch text, all := a.standing(); {
	case all:
		a.agreed, when = true, text.terms.When
	case a.shared():
		a.agreed = true
	default:
		when = a.newest().terms.When
	}
	if w, err := parseWhen(when); err == nil {
		a.ends = w
	} else if w, err := parseWhen(a.slot); err == nil && a.slot != "" {
		a.ends = w
	}
	a.ended = a.endedBy()
}

// endedBy returns the state that marks and words alone give; "" for none.
func (a *agreement) endedBy() string {
	if len(a.marked(MarkedDone)) > 0 && len(a.marked(MarkedUndone)) == 0 {
		return StateDone
	}
	ended := ""
	for _, m := range a.parties {
		switch w, _ := a.word(m); w {
		case WordReleased:
			return StateReleased
		case WordNotNow:
			ended = StateLapsed
		}
	}
	return ended
}

// readState works the state out for a local reading.
func (a *agreement) readState(now time.Time) {
	a.at, a.past = now, slotPast(a.ends, now)
	switch {
	case a.ended != "":
		a.state = a.ended
	case a.agreed && a.past:
		a.state = StatePassed
	case a.agreed:
		a.state = StateAgreed
	case a.past:
		a.state = StateLapsed
	default:
		a.state = StateProposed
	}
}

// marked returns the marks of a kind that parties made.
func (a *agreement) marked(what uint64) []mark {
	return slices.DeleteFunc(a.rec.marks(what), func(m mark) bool { return !a.has(m.by) })
}

// live reports whether the agreement may still come to something.
func (a *agreement) live() bool { return a.state == StateProposed || a.state == StateAgreed }

// holdsPlace reports whether it takes a place on its slot: of a need also when it
// is done or past; an offer is free again once it is done.
func (a *agreement) holdsPlace() bool {
	switch a.state {
	case StateAgreed, StatePassed:
		return true
	case StateDone:
		return a.post == nil || a.post.need
	}
	return false
}

// tender reports whether its text belongs on no wall: its post's does not, or it came
// out of a talk.
func (a *agreement) tender() bool { return a.talk != nil || a.post != nil && a.post.Tender }

// others returns the parties but one, ascending.
func (a *agreement) others(but crdt.ID) []crdt.ID {
	return slices.DeleteFunc(slices.Clone(a.parties), func(m crdt.ID) bool { return m == but })
}

// place returns what a party last said of where.
func (a *agreement) place() *Place {
	var best *Change
	for i := range a.rec.parts {
		c := &a.rec.parts[i].Change
		if _, ok := c.Body.(AgreementPlace); ok && a.has(c.Author) && (best == nil || later(c, best)) {
			best = c
		}
	}
	if best == nil {
		return nil
	}
	b := best.Body.(AgreementPlace)
	return &Place{Where: b.Where, Code: b.Code, Phone: b.Phone}
}

// revision counts the texts after the first, and the words of the parties, those
// included that another word replaced; newest is the clock of the latest.
func (a *agreement) revision() (n int, newest crdt.HLC) {
	for _, t := range a.texts {
		n, newest = n+1, max(newest, t.hlc)
	}
	for i := range a.rec.parts {
		c := &a.rec.parts[i].Change
		if _, ok := c.Body.(WordGiven); ok && a.has(c.Author) {
			n, newest = n+1, max(newest, c.HLC)
		}
	}
	return n - 1, newest
}

// viewAgreement returns the agreement as a person sees it.
func (r *reader) viewAgreement(a *agreement) Agreement {
	if a.line == nil {
		a.line = r.agreementLine(a)
	}
	v := *a.line
	v.State = a.state
	if !a.live() {
		v.ReviewOn = ""
	}
	if !a.has(r.env.Me) {
		v.Place = nil
	}
	return v
}

// agreementLine is what its view shows at any time, to its parties, while it is alive. It
// is kept with the agreement; its slices are shared by all views and never changed.
func (r *reader) agreementLine(a *agreement) *Agreement {
	newest := a.newest()
	if agreed, ok := a.standing(); ok {
		newest = agreed
	}
	v := &Agreement{ID: a.id, About: a.body.About, Terms: newest.terms, Slot: a.slot, Rev: newest.rev, Made: a.made.HLC,
		Author: a.made.Author, Audience: a.readers, MayI: a.mayI, Tender: a.tender(), ReviewOn: a.reviewOn(), Place: a.place()}
	v.Revision, v.Newest = a.revision()
	if a.post != nil {
		v.Zone = a.post.Zone
	}
	v.Parties = make([]Party, 0, len(a.parties))
	for _, m := range a.parties {
		word, current := a.word(m)
		if a.shared() && word == WordNone {
			word, current = WordYes, true
		}
		v.Parties = append(v.Parties, Party{Member: m, Word: word, Current: current})
	}
	for _, t := range a.texts {
		if slices.ContainsFunc(v.Texts, func(o Text) bool { return o.Rev == t.rev }) {
			continue
		}
		head := slices.ContainsFunc(a.heads, func(h *text) bool { return h.rev == t.rev })
		v.Texts = append(v.Texts, Text{Rev: t.rev, Terms: t.terms, By: t.by, HLC: t.hlc, Newest: head})
	}
	return v
}

// Agreement returns an agreement; false if id is none that is known here.
func (s *State) Agreement(env Env, id crdt.ID) (Agreement, bool) {
	r, done := s.looking(env)
	defer done()
	a, ok := r.agreement(id)
	if !ok {
		return Agreement{}, false
	}
	return r.viewAgreement(a), true
}

// Agreements returns the agreements that a filter takes, newest first. Without All
// those that are released, lapsed or done are left out.
func (s *State) Agreements(env Env, f Filter) []Agreement {
	r, done := s.looking(env)
	defer done()
	taken := r.takenAgreements(f)
	out := make([]Agreement, len(taken))
	for i, a := range taken {
		out[i] = r.viewAgreement(a)
	}
	return out
}

// EachAgreement yields the agreements of [State.Agreements] as [State.EachPost] does posts.
func (s *State) EachAgreement(env Env, f Filter, line func(i, of int, a *Agreement)) {
	r, done := s.looking(env)
	defer done()
	taken := r.takenAgreements(f)
	var v Agreement
	for i, a := range taken {
		v = r.viewAgreement(a)
		line(i, len(taken), &v)
	}
}

// takenAgreements are those that a filter takes, newest first.
func (r *reader) takenAgreements(f Filter) []*agreement {
	var taken []*agreement
	chosen := choose(f)
	for _, a := range r.agreementsOf(f) {
		over := a.state == StateReleased || a.state == StateLapsed || a.state == StateDone
		if (over && !f.All) || (f.Mine && !a.has(r.env.Me)) || len(chosen.words) > 0 && !chosen.words.among(a.newest().terms.What, a.newest().terms.Area) {
			continue
		}
		if f.Category != "" && (a.post == nil || a.post.folded() != chosen.category) {
			continue
		}
		if taken = append(taken, a); len(taken) == f.Limit {
			break
		}
	}
	return taken
}

// agreementsOf are those among which a filter chooses, newest first.
func (r *reader) agreementsOf(f Filter) []*agreement {
	if !f.Mine {
		return r.latestAgreements()
	}
	mine := r.myAgreements()
	slices.SortFunc(mine, latestFirst)
	return mine
}

// allAgreements reads every agreement whose post is kept, ascending by id.
func (r *reader) allAgreements() []*agreement {
	if r.kept == nil {
		var out []*agreement
		r.s.records.all(func(id crdt.ID, _ *record) bool {
			if a, ok := r.agreement(id); ok {
				out = append(out, a)
			}
			return true
		})
		return r.ofKept(out)
	}
	r.kept.list(r)
	return r.besides(r.kept.agreements, byAgreementID)
}

// latestAgreements are the same, the newest first and then by id.
func (r *reader) latestAgreements() []*agreement {
	if r.kept == nil {
		all := r.allAgreements()
		slices.SortFunc(all, latestFirst)
		return all
	}
	r.kept.list(r)
	return r.besides(r.kept.latest, latestFirst)
}

// myAgreements are those that this person is in, ascending by id.
func (r *reader) myAgreements() []*agreement {
	if r.kept == nil {
		return slices.DeleteFunc(r.allAgreements(), func(a *agreement) bool { return !a.has(r.env.Me) })
	}
	r.kept.of(r, r.env.Me)
	return slices.DeleteFunc(r.besides(r.kept.with, byAgreementID), func(a *agreement) bool { return !a.has(r.env.Me) })
}

// besides returns those of a kept list whose post is kept, as they are now, and in their
// places those that came out of talks.
func (r *reader) besides(kept []*agreement, order func(a, b *agreement) int) []*agreement {
	out := make([]*agreement, 0, len(kept)+len(r.kept.ofTalks))
	for _, a := range kept {
		out = append(out, r.asOfNow(a))
	}
	for _, id := range r.kept.ofTalks {
		if a, ok := r.agreement(id); ok {
			out = append(out, a)
		}
	}
	if len(out) > len(kept) {
		slices.SortFunc(out, order)
	}
	return r.ofKept(out)
}

// ofKept leaves out those whose post is let go.
func (r *reader) ofKept(all []*agreement) []*agreement {
	now := crdt.At(r.env.Now.UnixMilli())
	return slices.DeleteFunc(all, func(a *agreement) bool { return a.post != nil && !a.post.lasts(now) })
}

package circle

import (
	"cmp"
	"slices"
	"strings"

	"tend/crdt"
)

// Gates of a talk. Each opens only on a word of both.
const (
	TalkInvited    = "invited"
	TalkListening  = "listening"
	TalkFeeling    = "feeling"
	TalkCommon     = "common"
	TalkPartnering = "partnering"
	TalkEnded      = "ended"
)

// What a talk comes to. A pause ends nothing: the gate stays.
const (
	OutcomeAgreement = "agreement"
	OutcomePause     = "pause"
	OutcomeParting   = "parting"
	OutcomeEnded     = "ended"
)

// TalkFade is after how many days a talk fades where nobody says otherwise.
const TalkFade = 90

// Talk is two people trying to hear each other, as one of those in it sees it now.
type Talk struct {
	ID crdt.ID
	// Two are its two people, who tells first before the other. Third accompanies
	// them, once all three said yes; zero for nobody.
	Two   [2]crdt.ID
	Third crdt.ID
	// ThirdAsked is whom both would like along and who has not said yes; ThirdBy are
	// those of the two who asked for somebody the other has not said yes to, ascending.
	ThirdAsked crdt.ID
	ThirdBy    []ThirdWish
	About      crdt.ID
	Sentence   string
	Gate       string
	Outcome    string // "" while it goes on and is not paused
	// Over says that it ended for good, and not because one of the two is away from the
	// circle.
	Over bool
	// Paused is who paused it, ascending; PausedUntil the latest day one of them named.
	Paused      []crdt.ID
	PausedUntil string
	// YourTurn says that it waits for the person asking; Next is the verb that comes
	// next for them, "" for none.
	YourTurn bool
	Next     string
	// Kept are words that wait on this home for their turn, by verb.
	Kept    []Waiting
	Answers []TalkAnswer // ascending by member
	Steps   []TalkStep
	Common  []TalkSentence
	// Drafts are the agreements drafted at its end, ascending.
	Drafts  []crdt.ID
	Fade    uint64 // days
	FadesOn string // a date; "" while it goes on
	// Faded says that its words were let go.
	Faded bool
	Made  crdt.HLC
}

// ThirdWish is somebody whom one of the two would like along.
type ThirdWish struct{ By, Member crdt.ID }

// TalkAnswer is what somebody said to being in a talk: yes, later, not_now, pause,
// end, or released where they parted.
type TalkAnswer struct {
	Member crdt.ID
	Word   WordValue
	Text   string
	Until  string // a date
}

// TalkStep is one thing said in a talk. Word is what the other marked it with, Said
// what they wrote beside that.
type TalkStep struct {
	ID, Author crdt.ID
	Kind       string // "invitation", or a note's
	Text       string
	Word       WordValue
	Said       string
	HLC        crdt.HLC
}

// TalkSentence is one of those that may be common ground: it is where both are in Ours.
type TalkSentence struct {
	ID, By crdt.ID
	Text   string
	Ours   []crdt.ID // ascending
}

// invitation is a TalkOpened that is sealed to the two, or what two of them gave a
// third to know.
type invitation struct {
	TalkOpened
	id, by crdt.ID
	hlc    crdt.HLC
	third  crdt.ID // who knows it by snapshots only
	faded  bool
}

func (v *invitation) pair() [2]crdt.ID { return pairOf(v.by, v.With) }

func pairOf(a, b crdt.ID) [2]crdt.ID {
	if a.Compare(b) > 0 {
		a, b = b, a
	}
	return [2]crdt.ID{a, b}
}

// talk is a talk as read: one invitation, or several that crossed.
type talk struct {
	id          crdt.ID      // the smallest of the invitations
	invitations []invitation // ascending by id
	two         [2]crdt.ID   // who tells first, then the other
	// rec holds what counts of all the invitations' records.
	rec      *record
	words    []word
	accepted []crdt.ID // thirds whom both named, ascending
	third    crdt.ID
	beside   bool // read by somebody who knows it as a third, and not what came before
	turns    [2]turn
	feelings []Change
	common   []Change
	gate     string // leaving out ends that only agreements bring
	drafts   []*agreement
	drafted  bool // a third reads a draft
	settled  bool
}

// turn is one of the two telling, and the other saying it back.
type turn struct {
	teller, listener crdt.ID
	says, backs      []Change
	heard            bool
}

// talks reads every talk that is known here, ascending by id, without their drafts.
func (r *reader) talks() []*talk {
	if r.talksRead {
		return r.allTalks
	}
	r.talksRead, r.talkOf = true, map[crdt.ID]*talk{}
	pairs := map[[2]crdt.ID][]invitation{}
	for v := range r.invitations {
		pairs[v.pair()] = append(pairs[v.pair()], v)
	}
	for _, list := range pairs {
		slices.SortFunc(list, func(a, b invitation) int { return cmp.Or(cmp.Compare(a.hlc, b.hlc), a.id.Compare(b.id)) })
		for len(list) > 0 {
			n := r.crossing(list)
			t := r.readTalk(slices.Clone(list[:n]))
			list = list[n:]
			r.allTalks = append(r.allTalks, t)
			for _, v := range t.invitations {
				r.talkOf[v.id] = t
			}
		}
	}
	slices.SortFunc(r.allTalks, func(a, b *talk) int { return a.id.Compare(b.id) })
	return r.allTalks
}

// invitations yields all that are known here, by id.
func (r *reader) invitations(yield func(invitation) bool) {
	if r.kept != nil {
		for _, id := range r.kept.invites.in(r.s) {
			if v, ok := r.s.record(id).invitation(); ok && !yield(v) {
				return
			}
		}
		return
	}
	r.s.records.all(func(_ crdt.ID, rec *record) bool {
		v, ok := rec.invitation()
		return !ok || yield(v)
	})
}

// crossing counts how many invitations from the first on are one talk: each was
// written before any of those before it was over.
func (r *reader) crossing(list []invitation) int {
	over := r.overAt(&list[0])
	for i := 1; i < len(list); i++ {
		if list[i].hlc > over {
			return i
		}
		over = min(over, r.overAt(&list[i]))
	}
	return len(list)
}

// overAt is when a talk was over by what is written on one invitation alone: ended,
// parted from, answered with a "not now", or come to an agreement.
func (r *reader) overAt(v *invitation) crdt.HLC {
	over := forever
	rec := r.s.record(v.id)
	for i := range rec.parts {
		c := &rec.parts[i].Change
		w, ok := c.Body.(WordGiven)
		if ok && w.Rev == (Rev{}) && sealedTo(c, v.by, v.With) && ends(v, c.Author, w.Value) {
			over = min(over, c.HLC)
		}
	}
	ids, _ := r.s.links.get(v.id)
	for _, id := range ids {
		if at, ok := r.s.record(id).closedTalk(v.by, v.With); ok {
			over = min(over, at)
		}
	}
	return over
}

func ends(v *invitation, by crdt.ID, w WordValue) bool {
	switch w {
	case WordEnd, WordReleased:
		return by == v.by || by == v.With
	case WordNotNow:
		return by == v.With
	}
	return false
}

// sealedTo reports whether a change is sealed to two people, or to them and one more.
func sealedTo(c *Change, a, b crdt.ID) bool {
	m := c.Audience.Members
	return (len(m) == 2 || len(m) == 3) && slices.Contains(m, a) && slices.Contains(m, b)
}

// beside returns who is sealed to beside the two; false if nobody is.
func beside(c *Change, two [2]crdt.ID) (crdt.ID, bool) {
	for _, m := range c.Audience.Members {
		if m != two[0] && m != two[1] {
			return m, true
		}
	}
	return crdt.ID{}, false
}

// invitation reads what invites to a talk; false if the record is none. Somebody who
// does not read the invitation itself knows it once both have given it to them, so
// that neither asks in the other's name.
func (r *record) invitation() (invitation, bool) {
	if i := r.find(r.id); i >= 0 {
		c := &r.parts[i].Change
		b, ok := c.Body.(TalkOpened)
		if !ok || b.With == c.Author || len(c.Audience.Members) != 2 || !sealedTo(c, c.Author, b.With) {
			return invitation{}, false
		}
		return invitation{TalkOpened: b, id: r.id, by: c.Author, hlc: c.HLC, faded: r.parts[i].faded}, true
	}
	var v invitation
	gave, fade := map[crdt.ID]bool{}, uint64(MaxFadeDays)
	for i := range r.parts {
		c := &r.parts[i].Change
		snap, ok := c.snapshot()
		if !ok {
			continue
		}
		b, ok := snap.Body.(TalkOpened)
		if !ok || len(c.Audience.Members) != 3 || !sealedTo(c, snap.Author, b.With) {
			continue
		}
		third, _ := beside(c, pairOf(snap.Author, b.With))
		if len(gave) > 0 && (v.by != snap.Author || v.With != b.With || v.third != third) {
			return invitation{}, false
		}
		fade = min(fade, b.fade())
		if len(gave) == 0 || c.Author == snap.Author {
			v = invitation{TalkOpened: b, id: r.id, by: snap.Author, hlc: snap.HLC, third: third, faded: r.parts[i].faded}
		}
		gave[c.Author] = true
	}
	v.Fade = fade
	return v, gave[v.by] && gave[v.With]
}

// talk finds a talk by the id of one of its invitations.
func (r *reader) talk(id crdt.ID) (*talk, bool) {
	if !r.s.mayBeTalk(id) {
		return nil, false
	}
	r.talks()
	t, ok := r.talkOf[id]
	return t, ok
}

// mayBeTalk rules out most ids at a glance.
func (s *State) mayBeTalk(id crdt.ID) bool {
	rec, ok := s.records.get(id)
	if !ok {
		return false
	}
	_, is := rec.invitation()
	return is
}

// readTalk reads what crossing invitations come to. Nothing of it depends on order.
func (r *reader) readTalk(invitations []invitation) *talk {
	slices.SortFunc(invitations, func(a, b invitation) int { return a.id.Compare(b.id) })
	first := &invitations[0]
	t := &talk{id: first.id, invitations: invitations, two: [2]crdt.ID{first.by, first.With}}
	if t.beside = !first.third.IsZero(); t.beside {
		t.accepted = []crdt.ID{first.third}
	}
	t.gather(r.s)
	t.words = t.rec.words()
	t.readThird()
	t.readNotes()
	t.gate = t.readGate()
	return t
}

// gather takes what counts of the records: what one of the two sealed to both, or
// somebody in the talk to the two and a third whom both named.
func (t *talk) gather(s *State) {
	t.rec = &record{id: t.id}
	for _, with := range []bool{false, true} {
		for _, v := range t.invitations {
			rec := s.record(v.id)
			for i := range rec.parts {
				p := rec.parts[i]
				third, more := beside(&p.Change, t.two)
				if more != with || !sealedTo(&p.Change, t.two[0], t.two[1]) {
					continue
				}
				if t.of(p.Author) && (!more || slices.Contains(t.accepted, third)) || more && p.Author == third && slices.Contains(t.accepted, third) {
					t.rec.parts = append(t.rec.parts, p)
				}
			}
		}
		slices.SortFunc(t.rec.parts, func(a, b part) int { return a.ID.Compare(b.ID) })
		if !with && t.accepted == nil {
			t.accepted = t.namedByBoth()
		}
	}
}

// of reports whether member is one of the two.
func (t *talk) of(member crdt.ID) bool { return member == t.two[0] || member == t.two[1] }

// holds reports whether member is one of the two, or a third whom both named.
func (t *talk) holds(member crdt.ID) bool { return t.of(member) || slices.Contains(t.accepted, member) }

func (t *talk) other(me crdt.ID) crdt.ID {
	if me == t.two[0] {
		return t.two[1]
	}
	return t.two[0]
}

// wishes are whom each of the two would like along, ascending.
func (t *talk) wishes() []ThirdWish {
	var out []ThirdWish
	for _, m := range t.rec.marks(MarkedParty) {
		id, err := crdt.ParseID(m.value)
		w := ThirdWish{By: m.by, Member: id}
		if err == nil && t.of(m.by) && !t.of(id) && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	slices.SortFunc(out, func(a, b ThirdWish) int { return cmp.Or(a.By.Compare(b.By), a.Member.Compare(b.Member)) })
	return out
}

func (t *talk) wishesFor(by, member crdt.ID) bool {
	return slices.Contains(t.wishes(), ThirdWish{By: by, Member: member})
}

func (t *talk) namedByBoth() []crdt.ID {
	var out []crdt.ID
	for _, w := range t.wishes() {
		if w.By == t.two[0] && t.wishesFor(t.two[1], w.Member) {
			out = append(out, w.Member)
		}
	}
	return out
}

// readThird finds who is in it beside the two: of those both named the first who
// said yes and has not stepped out.
func (t *talk) readThird() {
	for _, m := range t.accepted {
		if t.standing(m).value == WordYes && !t.left(m) {
			t.third = m
			return
		}
	}
}

// left reports whether a third stepped out; nothing takes that back.
func (t *talk) left(member crdt.ID) bool {
	return slices.ContainsFunc(t.rec.parts, func(p part) bool {
		b, ok := p.Body.(WordGiven)
		return ok && b.Rev == (Rev{}) && b.Value == WordEnd && p.Author == member
	})
}

// asked is whom both named and who may still say yes; zero for nobody.
func (t *talk) asked() crdt.ID {
	if !t.third.IsZero() {
		return crdt.ID{}
	}
	for _, m := range t.accepted {
		if w := t.standing(m).value; w == WordNone || w == WordLater {
			return m
		}
	}
	return crdt.ID{}
}

// standing is somebody's word on the talk as a whole.
func (t *talk) standing(member crdt.ID) word { return t.mark(member, Rev{}) }

// mark is somebody's word on one note.
func (t *talk) mark(member crdt.ID, on Rev) word {
	return careful(slices.DeleteFunc(slices.Clone(t.words), func(w word) bool { return w.by != member || w.rev != on }))
}

// willing reports whether one of the two has said yes to the talk: by inviting, by
// that word, or by coming with a third whom they asked for.
func (t *talk) willing(member crdt.ID) bool {
	switch t.standing(member).value {
	case WordYes, WordPause, WordEnd, WordReleased:
		return true
	case WordNone:
		invited := slices.ContainsFunc(t.invitations, func(v invitation) bool { return v.by == member })
		return invited || t.cameWith(member)
	}
	return false
}

// cameWith reports whether a third whom somebody asked for ever said yes.
func (t *talk) cameWith(member crdt.ID) bool {
	return slices.ContainsFunc(t.rec.parts, func(p part) bool {
		b, ok := p.Body.(WordGiven)
		return ok && b.Rev == (Rev{}) && b.Value == WordYes && slices.Contains(t.accepted, p.Author) && t.wishesFor(member, p.Author)
	})
}

func (t *talk) begun() bool { return t.willing(t.two[0]) && t.willing(t.two[1]) }

// ended reports whether one of the two ended it or parted; nothing takes that back.
func (t *talk) ended(w WordValue) bool {
	return slices.ContainsFunc(t.rec.parts, func(p part) bool {
		b, ok := p.Body.(WordGiven)
		return ok && b.Rev == (Rev{}) && b.Value == w && t.of(p.Author)
	})
}

// refused reports whether whoever was invited said "not now".
func (t *talk) refused() bool {
	for _, m := range t.two {
		if t.standing(m).value == WordNotNow {
			return true
		}
	}
	return false
}

// readNotes sorts what was said by whose turn it is.
func (t *talk) readNotes() {
	t.turns = [2]turn{{teller: t.two[0], listener: t.two[1]}, {teller: t.two[1], listener: t.two[0]}}
	for _, c := range t.rec.ordered(every) {
		b, ok := c.Body.(NoteWritten)
		if !ok || !t.of(c.Author) {
			continue
		}
		for i := range t.turns {
			turn := &t.turns[i]
			switch {
			case b.What == NoteSay && c.Author == turn.teller:
				turn.says = append(turn.says, *c)
			case b.What == NoteSayBack && c.Author == turn.listener:
				turn.backs = append(turn.backs, *c)
			}
		}
		switch b.What {
		case NoteFeeling:
			t.feelings = append(t.feelings, *c)
		case NoteCommon:
			t.common = append(t.common, *c)
		}
	}
	for i := range t.turns {
		turn := &t.turns[i]
		turn.heard = len(turn.says) > 0 && slices.ContainsFunc(turn.backs, func(c Change) bool {
			return t.mark(turn.teller, Rev(c.ID)).value == WordHeard
		})
	}
}

// felt reports whether something that one of the two wrote for the other was felt.
func (t *talk) felt(by crdt.ID) bool {
	return slices.ContainsFunc(t.feelings, func(c Change) bool {
		return c.Author == by && t.mark(t.other(by), Rev(c.ID)).value == WordFelt
	})
}

// readGate finds how far the two have come.
func (t *talk) readGate() string {
	switch {
	case t.ended(WordEnd), t.ended(WordReleased), t.refused():
		return TalkEnded
	}
	return t.reached()
}

// reached is the gate that the two have come to, whether or not they went on.
func (t *talk) reached() string {
	switch {
	case t.beside:
		return t.reachedBeside()
	case !t.begun():
		return TalkInvited
	case !t.turns[0].heard || !t.turns[1].heard:
		return TalkListening
	case !t.felt(t.two[0]) || !t.felt(t.two[1]):
		return TalkFeeling
	case !t.shared():
		return TalkCommon
	}
	return TalkPartnering
}

// reachedBeside is how far the two have come as a third can tell, who does not read
// the marks of before they came: as far as what is written for them goes.
func (t *talk) reachedBeside() string {
	switch {
	case t.third.IsZero():
		return TalkInvited
	case t.shared() || t.drafted:
		return TalkPartnering
	case len(t.common) > 0:
		return TalkCommon
	case len(t.feelings) > 0:
		return TalkFeeling
	}
	return TalkListening
}

// shared reports whether the two ever marked one sentence as both of theirs.
func (t *talk) shared() bool {
	return slices.ContainsFunc(t.common, func(c Change) bool {
		return slices.ContainsFunc(t.rec.parts, func(p part) bool {
			w, ok := p.Body.(WordGiven)
			return ok && w.Rev == Rev(c.ID) && w.Value == WordOurs && p.Author == t.other(c.Author)
		})
	})
}

// paused are those of the two who paused it, ascending.
func (t *talk) paused() []crdt.ID {
	var out []crdt.ID
	for _, m := range t.two {
		if t.standing(m).value == WordPause {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, crdt.ID.Compare)
	return out
}

// everyone are those in it, ascending: whom new words are sealed to.
func (t *talk) everyone() []crdt.ID {
	out := []crdt.ID{t.two[0], t.two[1]}
	if !t.third.IsZero() {
		out = append(out, t.third)
	}
	slices.SortFunc(out, crdt.ID.Compare)
	return out
}

// untilOf reads the day that the note of a pause or a "later" begins with.
func untilOf(note string) (until, text string) {
	line, rest, _ := strings.Cut(note, "\n")
	if checkDate("date", line) != nil {
		return "", note
	}
	return line, rest
}

func noteUntil(until, text string) string {
	if until == "" && text == "" {
		return ""
	}
	return until + "\n" + text
}

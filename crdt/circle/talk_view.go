package circle

import (
	"cmp"
	"slices"
	"strings"

	"tend/crdt"
)

// Waiting is words of one's own that wait on this home for their turn in a talk.
// They are never sent before.
type Waiting struct {
	Talk crdt.ID
	// Verb is what they are said with: say, say-back, common or partner.
	Verb string
	Text string
}

// settle reads the drafts of a talk, and lets those go that it did not end in. An
// agreement that asks for its talk while this runs gets it without.
func (r *reader) settle(t *talk) {
	if t.settled {
		return
	}
	t.settled = true
	for _, v := range t.invitations {
		ids, _ := r.s.links.get(v.id)
		for _, id := range ids {
			a, ok := r.agreement(id)
			if ok && a.talk == t && !slices.Contains(t.drafts, a) {
				t.drafts = append(t.drafts, a)
			}
		}
	}
	slices.SortFunc(t.drafts, func(a, b *agreement) int { return a.id.Compare(b.id) })
	if t.beside && len(t.drafts) > 0 {
		t.drafted = true
		t.gate = t.readGate()
	}
	if !t.over() {
		return
	}
	for _, a := range t.drafts {
		if a.state == StateProposed {
			a.state = StateLapsed
		}
	}
}

// over reports whether the talk came to its end.
func (t *talk) over() bool { return t.gate == TalkEnded || t.agreedOn() != nil }

// agreedOn is a draft that both stand by, or once did; nil for none.
func (t *talk) agreedOn() *agreement {
	var once *agreement
	for _, a := range t.drafts {
		if _, now := a.standing(); now {
			return a
		}
		if _, closed := a.rec.closedTalk(t.two[0], t.two[1]); closed && once == nil {
			once = a
		}
	}
	return once
}

// outcome is what an ended talk came to.
func (t *talk) outcome() string {
	a := t.agreedOn()
	switch {
	case a != nil && (t.gate != TalkEnded || a.state == StateAgreed || a.state == StateDone || a.state == StatePassed):
		return OutcomeAgreement
	case t.ended(WordReleased):
		return OutcomeParting
	}
	return OutcomeEnded
}

// closedTalk returns when two people had both said yes to one text of an agreement
// about a talk, whatever they said since.
func (r *record) closedTalk(a, b crdt.ID) (crdt.HLC, bool) {
	i := r.find(r.id)
	if i < 0 {
		return 0, false
	}
	made, ok := r.parts[i].Body.(AgreementMade)
	if !ok || r.parts[i].faded { // only what nobody agreed to fades
		return 0, false
	}
	yes := map[crdt.ID]map[Rev]crdt.HLC{a: {}, b: {}}
	says := func(c *Change, rev Rev) {
		by, in := yes[c.Author]
		if !in || !sealedTo(c, a, b) {
			return
		}
		if at, said := by[rev]; !said || c.HLC < at {
			by[rev] = c.HLC
		}
	}
	for i := range r.parts {
		c := &r.parts[i].Change
		switch body := c.Body.(type) {
		case AgreementMade:
			says(c, body.Terms.rev(made.Slot))
		case TermsChanged:
			if body.Text == "" {
				says(c, body.Terms.rev(made.Slot))
			}
		case WordGiven:
			if body.Value == WordYes {
				says(c, body.Rev)
			}
		}
	}
	first, closed := forever, false
	for rev, at := range yes[a] {
		if other, both := yes[b][rev]; both {
			first, closed = min(first, max(at, other)), true
		}
	}
	return first, closed
}

// apart reports whether one of the two is not in the circle now.
func (r *reader) apart(t *talk) bool { return !r.env.here(t.two[0]) || !r.env.here(t.two[1]) }

// fadesAt is when the words of a talk are let go: so many days after it was over, or
// where nobody ended it, after the last word in it and the day it was paused until.
func (r *reader) fadesAt(t *talk) (crdt.HLC, bool) {
	r.settle(t)
	at := crdt.HLC(0)
	for i := range t.rec.parts {
		at = max(at, t.rec.parts[i].HLC)
	}
	if t.over() {
		for _, p := range t.rec.parts {
			w, ok := p.Body.(WordGiven)
			if ok && w.Rev == (Rev{}) && t.of(p.Author) && (w.Value == WordEnd || w.Value == WordReleased || w.Value == WordNotNow && t.refused()) {
				at = min(at, p.HLC)
			}
		}
		for _, a := range t.drafts {
			if closed, ok := a.rec.closedTalk(t.two[0], t.two[1]); ok {
				at = min(at, closed)
			}
		}
	} else if until := t.pausedUntil(); until != "" {
		if w, err := parseWhen(until); err == nil {
			at = max(at, crdt.At(w.Start.UnixMilli()))
		}
	}
	return at + crdt.HLC(t.fade()*dayHLC), true
}

// fade is the shortest time of one of the invitations, in days.
func (t *talk) fade() uint64 {
	days := uint64(MaxFadeDays)
	for _, v := range t.invitations {
		days = min(days, v.fade())
	}
	return days
}

// pausedUntil is the latest day that one of those who paused named.
func (t *talk) pausedUntil() string {
	until := ""
	for _, m := range t.paused() {
		day, _ := untilOf(t.standing(m).note)
		until = max(until, day)
	}
	return until
}

func (r *reader) viewTalk(t *talk) Talk {
	r.settle(t)
	v := Talk{ID: t.id, Two: t.two, Third: t.third, ThirdAsked: t.asked(), About: t.invitations[0].About, Sentence: t.invitations[0].Sentence,
		Gate: t.gate, Fade: t.fade(), Made: t.invitations[0].hlc, Faded: t.invitations[0].faded}
	v.Over = t.over()
	if t.over() || r.apart(t) || t.left(r.env.Me) || t.beside && t.standing(r.env.Me).value == WordNotNow {
		v.Gate, v.Outcome = TalkEnded, t.outcome()
		at, _ := r.fadesAt(t)
		v.FadesOn = at.Time().In(r.env.Now.Location()).Format(dateForm)
	} else if v.Paused = t.paused(); len(v.Paused) > 0 {
		v.Outcome, v.PausedUntil = OutcomePause, t.pausedUntil()
	}
	for _, w := range t.wishes() {
		if !t.wishesFor(t.other(w.By), w.Member) {
			v.ThirdBy = append(v.ThirdBy, w)
		}
	}
	for _, m := range append(t.everyone(), t.accepted...) {
		w := t.standing(m)
		if w.value == WordNone || slices.ContainsFunc(v.Answers, func(a TalkAnswer) bool { return a.Member == m }) {
			continue
		}
		until, text := untilOf(w.note)
		v.Answers = append(v.Answers, TalkAnswer{Member: m, Word: w.value, Text: text, Until: until})
	}
	slices.SortFunc(v.Answers, func(a, b TalkAnswer) int { return a.Member.Compare(b.Member) })
	v.Steps, v.Common = r.stepsOf(t), r.sentencesOf(t)
	for _, a := range t.drafts {
		v.Drafts = append(v.Drafts, a.id)
	}
	v.Kept = r.keptFor(t)
	v.Next, v.YourTurn = r.nextIn(t, v)
	return v
}

// keptFor are the words of this person that wait for their turn in a talk, by verb.
func (r *reader) keptFor(t *talk) []Waiting {
	var out []Waiting
	for _, k := range r.env.Kept {
		if slices.ContainsFunc(t.invitations, func(v invitation) bool { return v.id == k.Talk }) &&
			!slices.ContainsFunc(out, func(o Waiting) bool { return o.Verb == k.Verb }) {
			out = append(out, k)
		}
	}
	slices.SortFunc(out, func(a, b Waiting) int { return strings.Compare(a.Verb, b.Verb) })
	return out
}

// came reports whether the turn of something written has come; only then anybody but
// its writer is shown it.
func (t *talk) came(c *Change) bool {
	if t.beside {
		return true
	}
	reached := t.reached()
	switch c.Body.(NoteWritten).What {
	case NoteSay:
		return reached != TalkInvited && (c.Author == t.two[0] || t.turns[0].heard)
	case NoteSayBack:
		if c.Author == t.two[1] {
			return reached != TalkInvited && len(t.turns[0].says) > 0
		}
		return reached != TalkInvited && t.turns[0].heard && len(t.turns[1].says) > 0
	case NoteFeeling:
		return reached != TalkInvited && reached != TalkListening
	case NoteCommon:
		return reached == TalkCommon || reached == TalkPartnering
	}
	return true
}

// stepsOf lists what was said, in the order of the turns: invitations, each telling
// with what was said back, what each wrote for the other, and what stands beside it.
func (r *reader) stepsOf(t *talk) []TalkStep {
	out := []TalkStep{}
	for _, v := range t.invitations {
		out = append(out, TalkStep{ID: v.id, Author: v.by, Kind: "invitation", Text: v.Sentence, HLC: v.hlc})
	}
	slices.SortStableFunc(out, func(a, b TalkStep) int { return cmp.Compare(a.HLC, b.HLC) })
	add := func(list []Change) {
		list = slices.Clone(list)
		slices.SortFunc(list, func(a, b Change) int { return cmp.Or(cmp.Compare(a.HLC, b.HLC), a.ID.Compare(b.ID)) })
		for i := range list {
			c := &list[i]
			if c.Author != r.env.Me && !t.came(c) {
				continue
			}
			b := c.Body.(NoteWritten)
			step := TalkStep{ID: c.ID, Author: c.Author, Kind: b.What.String(), Text: b.Text, HLC: c.HLC}
			if t.of(c.Author) && (b.What == NoteSayBack || b.What == NoteFeeling) {
				w := t.mark(t.other(c.Author), Rev(c.ID))
				step.Word, step.Said = w.value, w.note
			}
			out = append(out, step)
		}
	}
	var beside []Change
	for _, c := range t.rec.ordered(every) {
		if b, ok := c.Body.(NoteWritten); ok && (b.What == NoteComment || b.What == NoteFarewell) {
			beside = append(beside, *c)
		}
	}
	for i := range t.turns {
		add(slices.Concat(t.turns[i].says, t.turns[i].backs))
	}
	add(t.feelings)
	add(beside)
	return out
}

// sentencesOf lists the sentences that may be common ground, oldest first.
func (r *reader) sentencesOf(t *talk) []TalkSentence {
	var out []TalkSentence
	for i := range t.common {
		c := &t.common[i]
		if c.Author != r.env.Me && !t.came(c) {
			continue
		}
		out = append(out, TalkSentence{ID: c.ID, By: c.Author, Text: c.Body.(NoteWritten).Text, Ours: t.oursOf(c)})
	}
	return out
}

// oursOf are those of the two who call a sentence theirs; its writer does unless
// they said otherwise since.
func (t *talk) oursOf(c *Change) []crdt.ID {
	var out []crdt.ID
	for _, m := range t.two {
		w := t.mark(m, Rev(c.ID)).value
		if w == WordOurs || w == WordNone && m == c.Author {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, crdt.ID.Compare)
	return out
}

// nextIn is what comes next for the person asking, and whether the talk waits for it.
func (r *reader) nextIn(t *talk, v Talk) (verb string, yours bool) {
	me := r.env.Me
	said := t.standing(me).value
	switch {
	case v.Gate == TalkEnded:
		return "", false
	case !t.of(me):
		return map[bool]string{true: "yes"}[t.third != me], t.third != me && said == WordNone
	case said == WordPause:
		day := v.PausedUntil
		return "yes", day != "" && day <= r.now.Format(dateForm)
	case len(v.Paused) > 0:
		return "", false
	case v.Gate == TalkInvited:
		return map[bool]string{true: "yes"}[!t.willing(me)], !t.willing(me) && said == WordNone && !r.wishesThird(t)
	case v.Gate == TalkListening:
		return t.nextListening(me)
	case v.Gate == TalkFeeling:
		return t.nextFeeling(me)
	case v.Gate == TalkCommon:
		return r.nextCommon(t)
	}
	for _, a := range t.drafts {
		if word, current := a.word(me); a.state == StateProposed && !(word == WordYes && current) {
			return "yes", true
		}
	}
	open := slices.ContainsFunc(t.drafts, (*agreement).live)
	return map[bool]string{false: "partner"}[open], !open
}

// wishesThird reports whether this person would come with somebody beside them.
func (r *reader) wishesThird(t *talk) bool {
	return slices.ContainsFunc(t.wishes(), func(w ThirdWish) bool { return w.By == r.env.Me })
}

// turnNow is whose telling it is; nil once both were heard.
func (t *talk) turnNow() *turn {
	for i := range t.turns {
		if !t.turns[i].heard {
			return &t.turns[i]
		}
	}
	return nil
}

// unmarked is the newest of what one wrote for the other that they have not marked;
// of those marked the newest, where all are.
func (t *talk) unmarked(list []Change, by crdt.ID) (c *Change, marked WordValue) {
	for i := range list {
		if list[i].Author != by {
			continue
		}
		w := t.mark(t.other(by), Rev(list[i].ID)).value
		if c == nil || w == WordNone || marked != WordNone {
			c, marked = &list[i], w
		}
	}
	return c, marked
}

func (t *talk) nextListening(me crdt.ID) (string, bool) {
	turn := t.turnNow()
	back, marked := t.unmarked(turn.backs, turn.listener)
	switch {
	case len(turn.says) == 0:
		return map[bool]string{true: "say"}[me == turn.teller], me == turn.teller
	case back != nil && marked == WordNone:
		return map[bool]string{true: "heard"}[me == turn.teller], me == turn.teller
	}
	return map[bool]string{true: "say_back"}[me == turn.listener], me == turn.listener
}

func (t *talk) nextFeeling(me crdt.ID) (string, bool) {
	if theirs, marked := t.unmarked(t.feelings, t.other(me)); theirs != nil && marked == WordNone {
		return "felt", true
	}
	own, marked := t.unmarked(t.feelings, me)
	say := own == nil || marked == WordNotQuite
	return map[bool]string{true: "say"}[say], say
}

func (r *reader) nextCommon(t *talk) (string, bool) {
	own := false
	for i := range t.common {
		c := &t.common[i]
		own = own || c.Author == r.env.Me
		if c.Author != r.env.Me && t.mark(r.env.Me, Rev(c.ID)).value == WordNone {
			return "ours", true
		}
	}
	return "common", !own
}

// Talk returns a talk; false if id is none that this person is in.
func (s *State) Talk(env Env, id crdt.ID) (Talk, bool) {
	r, done := s.looking(env)
	defer done()
	t, ok := r.talk(id)
	if !ok || !t.holds(env.Me) {
		return Talk{}, false
	}
	return r.viewTalk(t), true
}

// Talks returns the talks this person is in, newest first. Without All those that
// are over are left out, and in any case those that have faded.
func (s *State) Talks(env Env, f Filter) []Talk {
	r, done := s.looking(env)
	defer done()
	return r.talksFor(f)
}

func (r *reader) talksFor(f Filter) []Talk {
	out := []Talk{}
	now, words := crdt.At(r.env.Now.UnixMilli()), queryOf(f.Text)
	for _, t := range r.talks() {
		if !t.holds(r.env.Me) {
			continue
		}
		at, _ := r.fadesAt(t)
		v := r.viewTalk(t)
		if v.Faded || at <= now || v.Gate == TalkEnded && !f.All || !words.among(v.Sentence, r.s.Name(t.other(r.env.Me))) {
			continue
		}
		out = append(out, v)
	}
	slices.SortStableFunc(out, func(a, b Talk) int { return cmp.Or(cmp.Compare(b.Made, a.Made), a.ID.Compare(b.ID)) })
	return out
}

// IsTalk reports whether a record is a talk, or a draft or a note in one: nothing of
// it is found by searching, and nothing elsewhere is about it.
func (s *State) IsTalk(id crdt.ID) bool {
	if in, ok := s.where.get(id); ok {
		id = in
	}
	if s.mayBeTalk(id) {
		return true
	}
	made, ok := s.record(id).maker()
	if !ok {
		return false
	}
	if _, is := made.Body.(TalkOpened); is {
		return true
	}
	a, ok := made.Body.(AgreementMade)
	return ok && s.mayBeTalk(a.About[0])
}

// toTalk are the talks that wait for this person.
func (r *reader) toTalk() []Item {
	out := []Item{}
	for _, v := range r.talksFor(Filter{}) {
		if v.YourTurn && (v.Gate != TalkInvited || !r.liesStill(v.from(r.env.Me), v.ID, v.Made)) {
			out = append(out, Item{Talk: &v})
		}
	}
	return out
}

// ownTwoInTalks are talks in which two devices of this person said different things:
// of the whole, or of something the other wrote.
func (r *reader) ownTwoInTalks() []Attention {
	var out []Attention
	for _, t := range r.talks() {
		if !t.of(r.env.Me) || t.gate == TalkEnded {
			continue
		}
		said := map[Rev][]WordValue{}
		for _, w := range t.words {
			if w.by == r.env.Me && !slices.Contains(said[w.rev], w.value) {
				said[w.rev] = append(said[w.rev], w.value)
			}
		}
		for _, rev := range sortedRevs(said) {
			if values := said[rev]; len(values) > 1 {
				out = append(out, r.twoInTalk(t, rev, values))
			}
		}
	}
	return out
}

func sortedRevs(m map[Rev][]WordValue) []Rev {
	out := make([]Rev, 0, len(m))
	for rev := range m {
		out = append(out, rev)
	}
	slices.SortFunc(out, func(a, b Rev) int { return crdt.ID(a).Compare(crdt.ID(b)) })
	return out
}

// talkChoices are what a person may answer when two devices of theirs said two things.
var talkChoices = map[WordValue]struct {
	say  Said
	step string
}{
	WordYes: {As("choice.talk_yes"), "yes"}, WordLater: {As("choice.talk_later"), "later"},
	WordNotNow: {As("choice.talk_not_now"), "not-now"}, WordPause: {As("choice.talk_pause"), "pause"},
	WordHeard: {As("choice.talk_heard"), "heard"}, WordNotQuite: {As("choice.talk_not_quite"), "not-quite"},
	WordFelt: {As("choice.talk_felt"), "felt"}, WordOurs: {As("choice.talk_ours"), "ours"},
}

func (r *reader) twoInTalk(t *talk, rev Rev, values []WordValue) Attention {
	slices.Sort(values)
	at := Attention{Kind: LookOwnTwo, About: []crdt.ID{t.id}}.Saying("looks.own_two_talk", r.s.who(t.other(r.env.Me)))
	for _, w := range values {
		choice, ok := talkChoices[w]
		if !ok {
			continue
		}
		do := "tend talk " + choice.step + " " + cmdID(t.id)
		if rev != (Rev{}) {
			do += " " + cmdID(crdt.ID(rev))
		}
		at.Choices = append(at.Choices, Choose(choice.say, do))
	}
	return at
}

// mayHold reports whether an agreement about a talk is one of its drafts: one of the
// two wrote it, for those in it, and its turn has come.
func (t *talk) mayHold(a *agreement) bool {
	i := a.rec.find(a.id)
	return i >= 0 && !a.rec.parts[i].faded && t.of(a.made.Author) && sealedTo(a.made, t.two[0], t.two[1]) && (t.beside || t.reached() == TalkPartnering)
}

// from is the one of the two who is not me: who invited, where the turn is mine.
func (t *Talk) from(me crdt.ID) crdt.ID {
	for _, m := range t.Two {
		if m != me {
			return m
		}
	}
	return crdt.ID{}
}

package circle

import (
	"slices"
	"strings"

	"tend/crdt"
)

// OpenTalk invites somebody to a talk, about something or about nothing in
// particular. Only the two ever read it.
type OpenTalk struct {
	Member, About crdt.ID
	Sentence      string
	Fade          uint64 // days; 0: TalkFade
}

func (c OpenTalk) decide(s *State, env Env) (plan, error) {
	r := s.reader(env)
	switch {
	case c.Member == env.Me:
		return plan{}, kept("no.yourself", "", "That is yourself.")
	case !env.here(c.Member):
		return plan{}, notFound("no.not_here", "tend list members shows who is here.", "That person is not in this circle.")
	}
	name := s.who(c.Member)
	for _, t := range r.talks() {
		if r.settle(t); !t.of(env.Me) || !t.of(c.Member) || t.over() {
			continue
		}
		switch {
		case !t.willing(env.Me):
			return plan{}, kept("no.talk_invited", "tend talk yes "+cmdID(t.id)+" says yes to it.", "%s has invited you to a talk.", name)
		case !t.begun():
			return plan{}, kept("no.talk_asked", "tend talk end "+cmdID(t.id)+" takes it back.", "Your invitation lies with %s; later and not now are full answers too.", name)
		}
		return plan{}, kept("no.talk_with", "tend show "+cmdID(t.id)+" opens it.", "You are in a talk with %s.", name)
	}
	if !c.About.IsZero() && !s.readableBy(env, c.About, c.Member) {
		return plan{}, kept("no.talk_about", "Say in your own words what it is about.", "%s does not read that.", name)
	}
	if c.Fade == 0 {
		c.Fade = TalkFade
	}
	b := TalkOpened{With: c.Member, About: c.About, Sentence: c.Sentence, Fade: c.Fade}
	if b.Sentence == "" {
		return plan{}, usage("no.talk_sentence", "One sentence is enough: what you would like to talk about.", "What is it about, in a sentence?")
	}
	if err := asked(b); err != nil {
		return plan{}, err
	}
	return plan{drafts: []Draft{fixed([]crdt.ID{c.Member}, b)}, result: func(made []crdt.ID) Result {
		return Result{ID: made[0], Asked: []crdt.ID{c.Member}}
	}}, nil
}

// readableBy reports whether a member reads a record, as far as is known here.
func (s *State) readableBy(env Env, id, member crdt.ID) bool {
	if p, ok := env.proposal(id); ok {
		return p.ID == id
	}
	if env.here(id) {
		return true
	}
	readers := s.record(id).audience()
	return readers == nil || slices.Contains(readers, member)
}

// theTalk finds a talk that one is in, for a wish about it.
func (r *reader) theTalk(id crdt.ID) (*talk, error) {
	t, ok := r.talk(id)
	if !ok {
		return nil, notFound("no.talk_none", "tend list talks shows those you are in.", "That is no talk.")
	}
	r.settle(t)
	return t, nil
}

// goesOn says why nothing is said in a talk any more, or nil.
func (r *reader) goesOn(t *talk) error {
	other := t.other(r.env.Me)
	switch {
	case t.over():
		return kept("no.talk_over", "tend talk with MEMBER invites to another one.", "That talk is over.")
	case r.apart(t) && t.of(r.env.Me):
		return kept("no.talk_apart", "What was said stays between you.", "%s is no longer in this circle.", r.s.who(other))
	case r.apart(t):
		return kept("no.talk_apart_them", "What was said stays among you.", "One of them is no longer in this circle.")
	}
	return nil
}

// next is the hint that names what comes next for this person in a talk.
func (r *reader) next(t *talk) string {
	v := r.viewTalk(t)
	if v.Next == "" {
		return "It is with " + r.s.who(t.other(r.env.Me)).String() + " now."
	}
	return "Next for you:  tend talk " + strings.ReplaceAll(v.Next, "_", "-") + " " + cmdID(t.id)
}

func inTalk(t *talk, b Body) Draft { return fixed(t.everyone(), b) }

// wordOn is one's own word on the talk, or on one note in it.
func (t *talk) wordOn(me crdt.ID, on Rev, value WordValue, note string) WordGiven {
	b := WordGiven{On: t.id, Rev: on, Value: value, Note: note, Replaces: []crdt.ID{}}
	for _, w := range t.words {
		if w.by == me && w.rev == on && len(b.Replaces) < MaxReplaces {
			b.Replaces = append(b.Replaces, w.id)
		}
	}
	slices.SortFunc(b.Replaces, crdt.ID.Compare)
	return b
}

// said reports whether a word is the only one that stands, and says the same.
func (t *talk) said(me crdt.ID, on Rev, value WordValue, note string) bool {
	n, same := 0, false
	for _, w := range t.words {
		if w.by == me && w.rev == on {
			n, same = n+1, w.value == value && (w.note == note || note == "")
		}
	}
	return n == 1 && same
}

// AnswerTalk is one's own word on a talk as a whole: WordYes, WordLater, WordNotNow,
// WordPause, WordEnd, or WordReleased to part.
type AnswerTalk struct {
	ID    crdt.ID
	Word  WordValue
	Text  string
	Until string // a date
}

func (c AnswerTalk) decide(s *State, env Env) (plan, error) {
	r := s.reader(env)
	t, err := r.theTalk(c.ID)
	if err != nil {
		return plan{}, err
	}
	if c.Until != "" && c.Until < r.now.Format(dateForm) {
		return plan{}, usage("no.date_past", "", "That date is past.")
	}
	switch c.Word {
	case WordYes:
		return r.yesInTalk(t, c)
	case WordLater, WordNotNow:
		return r.notYetInTalk(t, c)
	case WordPause:
		return r.pauseTalk(t, c)
	}
	return r.endTalk(t, c)
}

func (r *reader) yesInTalk(t *talk, c AnswerTalk) (plan, error) {
	me := r.env.Me
	back := t.of(me) && t.gate == TalkEnded && t.standing(me).value == WordNotNow && !t.ended(WordEnd) && !t.ended(WordReleased)
	if err := r.goesOn(t); err != nil && (!back || r.apart(t)) {
		return plan{}, err
	}
	if !t.of(me) {
		return r.answerAsThird(t, WordYes, c)
	}
	if t.standing(me).value == WordYes && len(t.saidOf(me)) == 1 || t.willing(me) && t.standing(me).value == WordNone {
		if t.gate == TalkPartnering {
			return r.yesToDraft(t, c.Text)
		}
		return unchanged(t.id), nil
	}
	return r.speak(t, WordYes, noteUntil("", c.Text))
}

// saidOf are the words on the whole that stand of one person.
func (t *talk) saidOf(member crdt.ID) []word {
	return slices.DeleteFunc(slices.Clone(t.words), func(w word) bool { return w.by != member || w.rev != (Rev{}) })
}

// speak writes one's word on the whole.
func (r *reader) speak(t *talk, value WordValue, note string) (plan, error) {
	b := t.wordOn(r.env.Me, Rev{}, value, note)
	if err := asked(b); err != nil {
		return plan{}, err
	}
	return about(t.id, inTalk(t, b)), nil
}

// answerAsThird is the word of somebody whom the two would like along; it goes to
// the two of them.
func (r *reader) answerAsThird(t *talk, value WordValue, c AnswerTalk) (plan, error) {
	if t.said(r.env.Me, Rev{}, value, c.Text) {
		return unchanged(t.id), nil
	}
	if t.left(r.env.Me) {
		return plan{}, kept("no.talk_left", "They may invite you to another talk.", "You have stepped out of it.")
	}
	b := t.wordOn(r.env.Me, Rev{}, value, noteUntil(c.Until, c.Text))
	if err := asked(b); err != nil {
		return plan{}, err
	}
	return about(t.id, fixed(t.two[:], b)), nil
}

// yesToDraft is a yes to the newest draft that waits for one.
func (r *reader) yesToDraft(t *talk, note string) (plan, error) {
	var waits *agreement
	for _, a := range t.drafts {
		word, current := a.word(r.env.Me)
		if a.state == StateProposed && !(word == WordYes && current) && (waits == nil || a.made.HLC >= waits.made.HLC) {
			waits = a
		}
	}
	if waits == nil {
		return unchanged(t.id), nil
	}
	drafts, err := r.yesOn(waits, note)
	if err != nil {
		return plan{}, err
	}
	return plan{drafts: drafts, result: func([]crdt.ID) Result {
		return Result{ID: t.id, IDs: nil, Agreements: []crdt.ID{waits.id}, Unchanged: len(drafts) == 0}
	}}, nil
}

func (r *reader) notYetInTalk(t *talk, c AnswerTalk) (plan, error) {
	me := r.env.Me
	invited := !t.of(me) && t.third != me || t.of(me) && !t.willing(me)
	switch {
	case t.said(me, Rev{}, c.Word, noteUntil(c.Until, c.Text)):
		return unchanged(t.id), nil
	case t.over() && t.standing(me).value != WordNotNow || r.apart(t):
		return plan{}, r.goesOn(t)
	case !invited && t.standing(me).value == WordNone:
		return plan{}, kept("no.talk_yours", "tend talk end "+cmdID(t.id)+" takes it back.", "You invited to it.")
	case !invited:
		return plan{}, kept("no.talk_in", "tend talk pause keeps the place, tend talk end ends it quietly.", "You are in it already.")
	case !t.of(me):
		return r.answerAsThird(t, c.Word, c)
	}
	return r.speak(t, c.Word, noteUntil(c.Until, c.Text))
}

func (r *reader) pauseTalk(t *talk, c AnswerTalk) (plan, error) {
	me := r.env.Me
	note := noteUntil(c.Until, c.Text)
	if err := r.goesOn(t); err != nil {
		return plan{}, err
	}
	switch {
	case !t.of(me):
		return plan{}, kept("no.talk_pause_third", "tend talk end "+cmdID(t.id)+" steps out, whenever you like.", "The two of them pause it; you may be there or not.")
	case !t.begun():
		return plan{}, kept("no.talk_not_begun", "tend talk later is a full answer too.", "It has not begun.")
	case t.said(me, Rev{}, WordPause, note):
		return unchanged(t.id), nil
	}
	return r.speak(t, WordPause, note)
}

// endTalk ends a talk, quietly or by parting, on every invitation that crossed; or
// it lets a third step out. One's own draft that nobody has said yes to goes with it.
func (r *reader) endTalk(t *talk, c AnswerTalk) (plan, error) {
	me := r.env.Me
	if !t.of(me) {
		if t.third != me && !t.left(me) {
			return r.notYetInTalk(t, AnswerTalk{ID: c.ID, Word: WordNotNow, Text: c.Text})
		}
		if t.left(me) {
			return unchanged(t.id), nil
		}
		b := t.wordOn(me, Rev{}, WordEnd, noteUntil("", c.Text))
		if err := asked(b); err != nil {
			return plan{}, err
		}
		return about(t.id, inTalk(t, b)), nil
	}
	if t.over() && slices.ContainsFunc(t.saidOf(me), func(w word) bool { return w.value == c.Word }) {
		return unchanged(t.id), nil
	}
	if t.over() {
		return plan{}, r.goesOn(t)
	}
	var drafts []Draft
	farewell := NoteWritten{On: t.id, What: NoteFarewell, Text: c.Text}
	if c.Text != "" {
		if err := asked(farewell); err != nil {
			return plan{}, err
		}
		drafts = append(drafts, fixed(t.two[:], farewell))
	}
	for _, v := range t.invitations {
		b := t.wordOn(me, Rev{}, c.Word, "")
		if b.On = v.id; v.id != t.id {
			b.Replaces = []crdt.ID{}
		}
		drafts = append(drafts, inTalk(t, b))
	}
	for _, a := range t.drafts {
		if a.state == StateProposed && a.made.Author == me {
			drafts = append(drafts, r.release(a)...)
		}
	}
	var shared []crdt.ID
	if c.Word == WordReleased {
		shared = r.sharedWith(t.other(me))
	}
	return plan{drafts: drafts, result: func([]crdt.ID) Result { return Result{ID: t.id, Agreements: shared} }}, nil
}

// sharedWith are the agreements that one has with somebody and that may still come
// to something, ascending: each is given back only by itself.
func (r *reader) sharedWith(member crdt.ID) []crdt.ID {
	var out []crdt.ID
	for _, a := range r.allAgreements() {
		if a.has(r.env.Me) && a.has(member) && a.state == StateAgreed {
			out = append(out, a.id)
		}
	}
	return out
}

// SpeakInTalk is words of one's own in a talk, by the verb say, say-back or common.
// Before their turn they are kept on this home; without a text what was kept is said.
type SpeakInTalk struct {
	ID   crdt.ID
	Verb string
	Text string
}

func (c SpeakInTalk) decide(s *State, env Env) (plan, error) {
	r := s.reader(env)
	t, err := r.theTalk(c.ID)
	if err != nil {
		return plan{}, err
	}
	if err := r.goesOn(t); err != nil {
		return plan{}, err
	}
	if !t.of(env.Me) {
		return r.speakAsThird(t, c)
	}
	what, due := r.due(t, c.Verb)
	if due < 0 {
		return plan{}, kept("no.talk_past_turn", r.next(t), "Its place in this talk is past.")
	}
	text, waited := c.Text, false
	for _, k := range r.keptFor(t) {
		if k.Verb == c.Verb {
			waited = true
			if text == "" {
				text = k.Text
			}
		}
	}
	if text == "" {
		return plan{}, usage("no.talk_words", "tend talk "+c.Verb+" "+cmdID(t.id)+" TEXT", "What would you like to say?")
	}
	b := NoteWritten{On: t.id, What: what, Text: text}
	if err := asked(b); err != nil {
		return plan{}, err
	}
	if due == 0 || len(t.paused()) > 0 {
		return r.keep(t, c.Verb, text), nil
	}
	p := about(t.id, inTalk(t, b))
	if waited {
		p.result = func([]crdt.ID) Result { return Result{ID: t.id, Keep: r.letGo(t, c.Verb)} }
	}
	return p, nil
}

// due says what a verb writes, and whether it is its turn (1), still to come (0) or
// past (-1).
func (r *reader) due(t *talk, verb string) (what NoteKind, due int) {
	me, gate := r.env.Me, t.gate
	early := gate == TalkInvited
	own, theirs := &t.turns[0], &t.turns[1]
	if t.two[1] == me {
		own, theirs = theirs, own
	}
	listening := gate == TalkListening
	switch verb {
	case "say":
		switch {
		case early:
			return NoteSay, 0
		case listening && t.turnNow() == own:
			return NoteSay, 1
		case listening:
			return NoteSay, 0 // one's telling, or what one will feel, comes later
		case gate == TalkFeeling:
			return NoteFeeling, 1
		}
		return NoteSay, -1
	case "say-back":
		switch {
		case listening && t.turnNow() == theirs && len(theirs.says) > 0:
			return NoteSayBack, 1
		case early || listening && !theirs.heard:
			return NoteSayBack, 0
		}
		return NoteSayBack, -1
	}
	if gate == TalkCommon || gate == TalkPartnering {
		return NoteCommon, 1
	}
	return NoteCommon, 0
}

// speakAsThird is what somebody says who accompanies the two: it stands beside.
func (r *reader) speakAsThird(t *talk, c SpeakInTalk) (plan, error) {
	switch {
	case t.third != r.env.Me:
		return plan{}, kept("no.talk_third_not_in", "tend talk yes "+cmdID(t.id)+" joins them.", "You are not in it yet.")
	case c.Verb != "say":
		return plan{}, kept("no.talk_two", "tend talk say "+cmdID(t.id)+" TEXT says something beside it.", "That is for the two of them.")
	}
	b := NoteWritten{On: t.id, Text: c.Text}
	if err := asked(b); err != nil {
		return plan{}, err
	}
	return about(t.id, inTalk(t, b)), nil
}

// keep is the plan of words whose turn has not come.
func (r *reader) keep(t *talk, verb, text string) plan {
	same := slices.Contains(r.keptFor(t), Waiting{Talk: t.id, Verb: verb, Text: text})
	return plan{result: func([]crdt.ID) Result {
		return Result{ID: t.id, Kept: true, Unchanged: same, Keep: []Waiting{{Talk: t.id, Verb: verb, Text: text}}}
	}}
}

// letGo forgets what was kept for a verb.
func (r *reader) letGo(t *talk, verb string) []Waiting {
	var out []Waiting
	for _, v := range t.invitations {
		out = append(out, Waiting{Talk: v.id, Verb: verb})
	}
	return out
}

// MarkInTalk is one's own word on what the other wrote: WordHeard, WordNotQuite,
// WordFelt or WordOurs.
type MarkInTalk struct {
	ID   crdt.ID
	Word WordValue
	// Text names a sentence, by its id or its words, for WordOurs; else it is said
	// beside the mark.
	Text string
}

func (c MarkInTalk) decide(s *State, env Env) (plan, error) {
	r := s.reader(env)
	t, err := r.theTalk(c.ID)
	if err != nil {
		return plan{}, err
	}
	if err := r.goesOn(t); err != nil {
		return plan{}, err
	}
	switch {
	case !t.of(env.Me):
		return plan{}, kept("no.talk_two", "tend talk say "+cmdID(t.id)+" TEXT says something beside it.", "That is for the two of them.")
	case len(t.paused()) > 0:
		return plan{}, kept("no.talk_paused", "Whoever paused it takes it up again:  tend talk yes "+cmdID(t.id), "The talk is paused.")
	}
	on, note, err := r.markable(t, c)
	if err != nil {
		return plan{}, err
	}
	if t.said(env.Me, Rev(on.ID), c.Word, note) {
		return unchanged(t.id), nil
	}
	b := t.wordOn(env.Me, Rev(on.ID), c.Word, note)
	if err := asked(b); err != nil {
		return plan{}, err
	}
	return about(t.id, inTalk(t, b)), nil
}

// markable finds what a mark is on, and what is said beside it.
func (r *reader) markable(t *talk, c MarkInTalk) (on *Change, note string, err error) {
	me, gate := r.env.Me, t.gate
	nothing := kept("no.talk_nothing", r.next(t), "There is nothing yet to mark so.")
	list := []Change{}
	switch turn := t.turnNow(); {
	case gate == TalkListening && turn.teller == me && (c.Word == WordHeard || c.Word == WordNotQuite):
		list = turn.backs
	case gate == TalkFeeling && (c.Word == WordFelt || c.Word == WordNotQuite):
		list = t.feelings
	case (gate == TalkCommon || gate == TalkPartnering) && (c.Word == WordOurs || c.Word == WordNotQuite):
		return r.sentence(t, c)
	}
	for i := range list {
		if list[i].Author != me && named(list[i].ID, c.Text) {
			return &list[i], "", nil
		}
	}
	if on, _ = t.unmarked(list, t.other(me)); on == nil {
		return nil, "", nothing
	}
	return on, c.Text, nil
}

// named reports whether a text is the beginning of an id, long enough to mean it.
func named(id crdt.ID, text string) bool {
	return len(text) >= MinPrefix && strings.HasPrefix(id.String(), strings.ToLower(text))
}

// sentence finds the sentence that a mark is on: by its id, by its words, or the only
// one that waits.
func (r *reader) sentence(t *talk, c MarkInTalk) (*Change, string, error) {
	var found []*Change
	for i := range t.common {
		s := &t.common[i]
		waits := s.Author != r.env.Me && t.mark(r.env.Me, Rev(s.ID)).value == WordNone
		if named(s.ID, c.Text) || fold(s.Body.(NoteWritten).Text) == fold(c.Text) || c.Text == "" && waits {
			found = append(found, s)
		}
	}
	if len(found) == 1 {
		return found[0], "", nil
	}
	p := notFound("no.talk_which", "tend show "+cmdID(t.id)+" lists the sentences with their ids.", "Which sentence?")
	if len(found) == 0 && len(t.common) == 0 {
		return nil, "", kept("no.talk_no_sentence", r.next(t), "There is no sentence yet.")
	}
	for _, s := range found {
		p.IDs = append(p.IDs, s.ID)
	}
	return nil, "", p
}

// PartnerInTalk drafts the agreement that a talk may end in; of the other's draft,
// or with its words, it is a yes.
type PartnerInTalk struct {
	ID   crdt.ID
	Text string
	// Until is the day on which the two look at it again, "" for none.
	Until string
}

func (c PartnerInTalk) decide(s *State, env Env) (plan, error) {
	r := s.reader(env)
	t, err := r.theTalk(c.ID)
	if err != nil {
		return plan{}, err
	}
	if err := r.goesOn(t); err != nil {
		return plan{}, err
	}
	if !t.of(env.Me) {
		return plan{}, kept("no.talk_two", "tend talk say "+cmdID(t.id)+" TEXT says something beside it.", "That is for the two of them.")
	}
	text, waited := c.Text, false
	for _, k := range r.keptFor(t) {
		if k.Verb == "partner" {
			waited = true
			if text == "" {
				text = k.Text
			}
		}
	}
	open := slices.IndexFunc(t.drafts, (*agreement).live)
	switch {
	case text == "" && t.gate == TalkPartnering && open >= 0:
		return r.yesToDraft(t, "")
	case text == "":
		return plan{}, usage("no.talk_try", "tend talk partner "+cmdID(t.id)+" TEXT drafts an agreement.", "What could you try together?")
	}
	b := AgreementMade{About: []crdt.ID{}, Terms: Terms{What: text, When: c.Until}}
	for _, v := range t.invitations {
		b.About = append(b.About, v.id)
	}
	b.About = b.About[:min(len(b.About), MaxAbout)]
	if err := asked(b); err != nil {
		return plan{}, err
	}
	if t.gate != TalkPartnering || len(t.paused()) > 0 {
		return r.keep(t, "partner", text), nil
	}
	var p plan
	if open >= 0 {
		p, err = r.redraft(t.drafts[open], b.Terms)
	} else {
		p = plan{drafts: []Draft{inTalk(t, b)}, result: func(made []crdt.ID) Result { return Result{Agreements: made} }}
	}
	if err != nil {
		return plan{}, err
	}
	result := p.result
	p.result = func(made []crdt.ID) Result {
		res := result(made)
		if res.ID = t.id; waited {
			res.Keep = r.letGo(t, "partner")
		}
		return res
	}
	return p, nil
}

// redraft is a yes to a draft of the same words, or another text of it.
func (r *reader) redraft(a *agreement, terms Terms) (plan, error) {
	newest := a.newest()
	if fold(newest.terms.What) == fold(terms.What) && (terms.When == "" || terms.When == newest.terms.When) {
		drafts, err := r.yesOn(a, "")
		return plan{drafts: drafts, result: func([]crdt.ID) Result {
			return Result{Agreements: []crdt.ID{a.id}, Unchanged: len(drafts) == 0}
		}}, err
	}
	b := TermsChanged{Accord: a.id, Terms: terms, Parents: []Rev{}}
	for _, h := range a.heads() {
		if len(b.Parents) < MaxParents {
			b.Parents = append(b.Parents, h.rev)
		}
	}
	slices.SortFunc(b.Parents, func(x, y Rev) int { return crdt.ID(x).Compare(crdt.ID(y)) })
	if err := asked(b); err != nil {
		return plan{}, err
	}
	return plan{drafts: []Draft{fixed(a.rec.audience(), b)}, result: func([]crdt.ID) Result {
		return Result{Agreements: []crdt.ID{a.id}}
	}}, nil
}

// BringThird names somebody whom one would like along. They are asked once the other
// has named them as well, and are in it once they have said yes.
type BringThird struct {
	ID, Member crdt.ID
	// Earlier says that one's own words so far go along.
	Earlier bool
}

func (c BringThird) decide(s *State, env Env) (plan, error) {
	r := s.reader(env)
	t, err := r.theTalk(c.ID)
	if err != nil {
		return plan{}, err
	}
	if err := r.goesOn(t); err != nil {
		return plan{}, err
	}
	switch name := s.who(c.Member); {
	case !t.of(env.Me):
		return plan{}, kept("no.talk_third_two", "", "Whom they bring along is for the two of them.")
	case t.of(c.Member):
		return plan{}, kept("no.talk_in_already", "", "%s is in it already.", name)
	case !env.here(c.Member):
		return plan{}, notFound("no.not_here", "tend list members shows who is here.", "That person is not in this circle.")
	case !t.third.IsZero() && t.third != c.Member:
		return plan{}, kept("no.talk_third_is", "They may step out, and then another may come.", "%s accompanies you.", s.who(t.third))
	case !t.asked().IsZero() && t.asked() != c.Member:
		return plan{}, kept("no.talk_third_asked", "Let them answer first.", "%s is asked.", s.who(t.asked()))
	}
	var drafts []Draft
	if !t.wishesFor(env.Me, c.Member) {
		drafts = append(drafts, fixed(t.two[:], MarkAdded{On: t.id, What: MarkedParty, Value: c.Member.String()}))
	}
	if c.Earlier && !t.givesEarlier(env.Me) {
		drafts = append(drafts, fixed(t.two[:], MarkAdded{On: t.id, What: MarkedOpen}))
	}
	if len(drafts) == 0 {
		return unchanged(t.id), nil
	}
	both := t.wishesFor(t.other(env.Me), c.Member)
	if both && !r.toldThird(t, c.Member) {
		drafts = append(drafts, fixed(append([]crdt.ID{c.Member}, t.two[:]...), r.forThird(t, c.Earlier || t.givesEarlier(env.Me))))
	}
	return plan{drafts: drafts, result: func([]crdt.ID) Result {
		if both {
			return Result{ID: t.id, Asked: []crdt.ID{c.Member}}
		}
		return Result{ID: t.id}
	}}, nil
}

// givesEarlier reports whether one of the two lets their earlier words go along.
func (t *talk) givesEarlier(member crdt.ID) bool {
	return slices.ContainsFunc(t.rec.marks(MarkedOpen), func(m mark) bool { return m.by == member })
}

// FollowTalks does what one's own earlier words in talks have decided: it tells a
// third, whom both named, of the talk, and gives them one's earlier words, where one
// said so, once they are in it. A home does this by itself.
type FollowTalks struct{}

func (FollowTalks) decide(s *State, env Env) (plan, error) {
	r := s.reader(env)
	var drafts []Draft
	for _, t := range r.talks() {
		if r.settle(t); !t.of(env.Me) || t.over() || r.apart(t) {
			continue
		}
		if m := t.asked(); !m.IsZero() && env.here(m) && !r.toldThird(t, m) {
			drafts = append(drafts, fixed(append([]crdt.ID{m}, t.two[:]...), r.forThird(t, t.givesEarlier(env.Me))))
		}
		if !t.third.IsZero() && env.here(t.third) && t.givesEarlier(env.Me) {
			drafts = append(drafts, t.earlier(env.Me)...)
		}
	}
	if len(drafts) == 0 {
		return unchanged(env.Me), nil
	}
	return about(env.Me, drafts...), nil
}

// toldThird reports whether this person told a third of the talk.
func (r *reader) toldThird(t *talk, third crdt.ID) bool {
	return slices.ContainsFunc(r.s.record(t.id).parts, func(p part) bool {
		_, is := p.Body.(AudienceChanged)
		to, more := beside(&p.Change, t.two)
		return is && p.Author == r.env.Me && more && to == third
	})
}

// forThird is the talk as a third is told of it. The sentence is its author's, and
// goes along only where they said so.
func (r *reader) forThird(t *talk, earlier bool) AudienceChanged {
	first := t.invitations[0]
	b := first.TalkOpened
	if first.by != r.env.Me || !earlier {
		b.Sentence = Faded
	}
	return AudienceChanged{Target: t.id, Snapshot: snapshotOf(first.by, first.hlc, b)}
}

// earlier are one's own words of before a third came, as words beside the talk;
// nothing if they were given already.
func (t *talk) earlier(me crdt.ID) []Draft {
	var out []Draft
	for _, c := range t.rec.ordered(every) {
		b, ok := c.Body.(NoteWritten)
		if _, more := beside(c, t.two); !ok || c.Author != me {
			continue
		} else if more && b.What == NoteComment {
			return nil
		} else if !more && b.What != NoteFarewell {
			out = append(out, inTalk(t, NoteWritten{On: t.id, Text: b.Text}))
		}
	}
	return out
}

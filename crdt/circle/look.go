package circle

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"tend/crdt"
)

// Attention is one thing that the people concerned should settle together.
type Attention struct {
	// Kind is one of the Look constants.
	Kind string
	// About are the records concerned, those to act on first.
	About []crdt.ID
	// Said names the sentence in the catalogues.
	Said
	Choices []Choice
}

// Saying is a with a sentence.
func (a Attention) Saying(key string, with ...any) Attention {
	a.Said = As(key, with...)
	return a
}

// Choice is one way to settle it.
type Choice struct {
	// Said names in the catalogues what a person chooses.
	Said
	// Do is the command line that does it; where Laid is set, that is the text of it,
	// in place of the word TEXT.
	Do   string
	Laid Said
}

// Choose is a choice in words of its own.
func Choose(word Said, do string) Choice { return Choice{Said: word, Do: do} }

// Kinds of Attention.
const (
	LookTwoYeses         = "two_yeses"
	LookTermsMoved       = "terms_moved"
	LookCrossed          = "crossed"
	LookClosedMeanwhile  = "closed_meanwhile"
	LookRestingMeanwhile = "resting_meanwhile"
	LookTwoTexts         = "two_texts"
	LookOwnTwo           = "own_two"
	LookNarrowed         = "narrowed"
	LookPodAsked         = "pod_asked"
	LookOpenedToo        = "opened_too"
	LookAskOthers        = "ask_others"
	LookSameNeed         = "same_need"
	LookAsWished         = "as_wished"
	LookConsentChanged   = "consent_changed"
	LookHomeAgain        = "home_again"
	LookReviewDue        = "review_due"

	LookNewcomerConcern = "newcomer_concern"
	LookLetInMeanwhile  = "let_in_meanwhile"
)

// Look returns what needs looking at together by this person, and by no one who is
// not concerned; in the order of the kinds above, then by record. Nothing in it is
// decided by a timer or by who was first.
func (s *State) Look(env Env) []Attention {
	r, done := s.looking(env)
	defer done()
	return r.look()
}

func (r *reader) look() []Attention {
	out := r.aboutYou()
	posts, mine := r.myPosts(), r.myAgreements()
	for _, p := range posts {
		if at, ok := r.actedUnder(p); ok {
			out = append(out, at)
		}
	}
	for _, p := range askedOrPromised(posts, mine) {
		out = append(out, r.twoYeses(p)...)
	}
	for _, find := range []func(*agreement) (Attention, bool){
		r.termsMoved, r.crossed, r.closedMeanwhile, r.restingMeanwhile, r.askOthers, r.twoTexts, r.ownTwoWords, r.openedToo, r.homeAgain, r.reviewDue,
	} {
		for _, a := range mine {
			if at, ok := find(a); ok {
				out = append(out, at)
			}
		}
	}
	out = append(out, r.overlaps(mine)...)
	out = append(out, r.ownTwoOnDecisions()...)
	out = append(out, r.ownTwoInTalks()...)
	for _, p := range posts {
		if at, ok := r.narrowed(p); ok {
			out = append(out, at)
		}
	}
	out = append(out, r.sameNeeds(posts)...)
	out = append(out, r.heardLate()...)
	out = append(out, r.decisionsDue()...)
	if at, ok := r.charterDue(); ok {
		out = append(out, at)
	}
	out = append(out, r.welcomedAndParted()...)
	out = append(out, r.podAsked()...)
	out = append(out, r.newcomerConcerns()...)
	return append(out, r.letInMeanwhile()...)
}

// cmdID is how a choice names a record: enough digits for any circle.
func cmdID(id crdt.ID) string { return id.String()[:16] }

func say(key, verb string, id crdt.ID, args ...string) Choice {
	return sayIn(As(key), verb, id, args...)
}

func sayIn(word Said, verb string, id crdt.ID, args ...string) Choice {
	return Choose(word, strings.Join(append([]string{"tend", verb, cmdID(id)}, args...), " "))
}

// names lists people for a sentence, "you" first.
func (r *reader) names(ids []crdt.ID) People {
	var out People
	for _, id := range ids {
		if id == r.env.Me {
			out = append(People{{ID: id, Me: true}}, out...)
		} else {
			out = append(out, r.s.who(id))
		}
	}
	return out
}

// askedOrPromised are posts and those that agreements are about, ascending, none twice.
func askedOrPromised(posts []*post, agreements []*agreement) []*post {
	out := slices.Clone(posts)
	for _, a := range agreements {
		if a.post != nil {
			out = append(out, a.post)
		}
	}
	slices.SortFunc(out, byPostID)
	return slices.Compact(out)
}

// twoYeses: more people agreed to one slot than it has places. The asker and the
// helpers see it.
func (r *reader) twoYeses(p *post) []Attention {
	var out []Attention
	if p.closed() || len(r.line(p).agreements) < 2 {
		return nil
	}
	asker := r.mayEdit(p, r.env.Me)
	for _, slot := range r.slotsBetween(p, dayOf(r.now), r.now.AddDate(2, 0, 0)) {
		me := slices.Contains(slot.Yes, r.env.Me)
		if !slot.Over || slot.Past || !me && !asker {
			continue
		}
		at := Attention{Kind: LookTwoYeses}.Saying("looks.two_yeses", Count(len(slot.Yes)), p.Title, OnDate(slot.When), r.names(slot.Yes))
		var own *agreement
		for _, a := range r.agreementsOn(p) {
			if a.slot == slot.Slot && a.holdsPlace() {
				at.About = append(at.About, a.id)
				if a.made.Author == r.env.Me {
					own = a
				}
			}
		}
		at.About = append(at.About, p.id)
		if asker {
			at.Choices = append(at.Choices, say("choice.both", "both", p.id, "--slot", quoted(slot.Slot)))
		}
		if own != nil {
			at.Choices = append(at.Choices, r.otherSlots(p, own)...)
			at.Choices = append(at.Choices, say("choice.step_back", "cannot", own.id))
		}
		out = append(out, at)
	}
	return out
}

func quoted(slot string) string {
	if slot == "" {
		return "''"
	}
	return slot
}

// otherSlots offers open slots of a post in place of an agreement's own.
func (r *reader) otherSlots(p *post, a *agreement) []Choice {
	const most = 3
	var out []Choice
	for _, s := range r.slotsBetween(p, dayOf(r.now), dayOf(r.now).AddDate(0, 0, slotWindow)) {
		if len(out) < most && s.Slot != a.slot && s.Slot != "" && s.open() && len(r.own(p, []string{s.Slot}, (*agreement).live)) == 0 {
			out = append(out, sayIn(As("choice.instead", OnDate(s.Slot)), "yes", a.id, "--slot", s.Slot))
		}
	}
	return out
}

// termsMoved: a text followed the one that this person said yes to.
func (r *reader) termsMoved(a *agreement) (Attention, bool) {
	word, current := a.word(r.env.Me)
	if word != WordYes || current || a.past || !a.live() {
		return Attention{}, false
	}
	newest := a.newest()
	at := Attention{Kind: LookTermsMoved, About: append([]crdt.ID{a.id}, a.body.About...)}
	gone := a.post != nil && newest.ofPost && a.slot != "" && newest.terms.When == ""
	switch {
	case gone:
		at = at.Saying("looks.dates_moved", newest.terms.What, OnDate(a.slot))
		at.Choices = r.otherSlots(a.post, a)
	default:
		at = at.Saying("looks.terms_moved", newest.terms.What, OnDate(newest.terms.When))
		at.Choices = []Choice{say("choice.still", "yes", a.id)}
	}
	at.Choices = append(at.Choices, say("choice.give_back", "cannot", a.id))
	return at, true
}

// crossed: one said it was done, another that they cannot make it.
func (r *reader) crossed(a *agreement) (Attention, bool) {
	done := a.marked(MarkedDone)
	var cannot []crdt.ID
	for _, m := range a.parties {
		word, _ := a.word(m)
		saidDone := slices.ContainsFunc(done, func(d mark) bool { return d.by == m })
		if word == WordReleased && !saidDone {
			cannot = append(cannot, m)
		}
	}
	if len(done) == 0 || len(cannot) == 0 || len(a.marked(MarkedUndone)) > 0 {
		return Attention{}, false
	}
	at := Attention{Kind: LookCrossed, About: append([]crdt.ID{a.id}, a.body.About...)}.Saying("looks.crossed", a.newest().terms.What, r.names([]crdt.ID{done[0].by}), r.names(cannot))
	if slices.Contains(cannot, r.env.Me) {
		at.Choices = append(at.Choices, say("choice.happened", "done", a.id))
	}
	at.Choices = append(at.Choices, say("choice.happened_not", "done", a.id, "--not"))
	return at, true
}

// closedMeanwhile: the need was met or withdrawn while this person's yes was on its
// way, or stands.
func (r *reader) closedMeanwhile(a *agreement) (Attention, bool) {
	if !a.needsKeeping(r.env.Me) || a.past || !a.live() {
		return Attention{}, false
	}
	return Attention{Kind: LookClosedMeanwhile, About: []crdt.ID{a.id, a.post.id},
		Choices: []Choice{say("choice.keep", "yes", a.id), say("choice.free", "cannot", a.id)}}.Saying("looks.closed_meanwhile", a.post.Title, OnDate(a.newest().terms.When)), true
}

// needsKeeping reports whether the post was closed and member, who is not its
// owner, has said yes but not since.
func (a *agreement) needsKeeping(member crdt.ID) bool {
	if a.post == nil || !a.post.closed() || member == a.post.owner {
		return false
	}
	if word, _ := a.word(member); word != WordYes {
		return false
	}
	return !slices.ContainsFunc(a.words, func(w word) bool {
		return w.by == member && w.value == WordYes && w.hlc > a.post.since
	})
}

// openedToo: both wish the circle to see what they agreed, and this person, who said
// so first, has not shown it yet.
func (r *reader) openedToo(a *agreement) (Attention, bool) {
	me := r.env.Me
	if !a.mayI || a.rec.shows(me) || !slices.ContainsFunc(a.marked(MarkedOpen), func(m mark) bool { return m.by == me }) {
		return Attention{}, false
	}
	i := slices.IndexFunc(a.others(me), a.rec.shows)
	if i < 0 {
		return Attention{}, false
	}
	return Attention{Kind: LookOpenedToo, About: []crdt.ID{a.id},
		Choices: []Choice{say("choice.show", "widen", a.id, "--to", "circle")}}.Saying("looks.opened_too", r.s.who(a.others(me)[i]), a.newest().terms.What), true
}

// restingMeanwhile: this person asked someone who had just gone to rest.
func (r *reader) restingMeanwhile(a *agreement) (Attention, bool) {
	if !a.mayI || a.made.Author != r.env.Me || a.state != StateProposed {
		return Attention{}, false
	}
	asked := a.body.About[0]
	level, until, ok := r.s.Room(asked, r.env.Now)
	if !ok || level != RoomResting {
		return Attention{}, false
	}
	at := Attention{Kind: LookRestingMeanwhile, About: []crdt.ID{a.id}, Choices: []Choice{say("choice.take_back", "cannot", a.id)}}
	if until == "" {
		return at.Saying("looks.resting", r.s.who(asked)), true
	}
	return at.Saying("looks.resting_until", r.s.who(asked), UntilDay(until)), true
}

// twoTexts: two versions at once. Each party chooses one, or writes a third.
func (r *reader) twoTexts(a *agreement) (Attention, bool) {
	heads := a.heads
	if len(heads) < 2 || a.past || !a.live() {
		return Attention{}, false
	}
	at := Attention{Kind: LookTwoTexts, About: append([]crdt.ID{a.id}, a.body.About...)}
	var texts Phrases
	for _, h := range heads {
		texts = append(texts, As("looks.version", r.names([]crdt.ID{h.by}), h.terms.What, OnDate(h.terms.When)))
		at.Choices = append(at.Choices, Choose(As("choice.version", h.terms.What, OnDate(h.terms.When)),
			fmt.Sprintf("tend change %s --what %s --when %s --area %s --costs %s", cmdID(a.id), shellWord(h.terms.What),
				shellWord(h.terms.When), shellWord(h.terms.Area), shellWord(h.terms.Costs))))
	}
	return at.Saying("looks.two_texts", texts), true
}

// shellWord quotes a word for a command line.
func shellWord(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// ownTwoWords: two devices of this person said different things.
func (r *reader) ownTwoWords(a *agreement) (Attention, bool) {
	if !a.twoWords(r.env.Me) {
		return Attention{}, false
	}
	return Attention{Kind: LookOwnTwo, About: append([]crdt.ID{a.id}, a.body.About...),
		Choices: []Choice{say("choice.come", "yes", a.id), say("choice.give_back", "cannot", a.id)}}.Saying("looks.own_two", a.newest().terms.What), true
}

// span is the time an agreement takes.
type span struct {
	a        *agreement
	from, to time.Time
}

// overlaps: this person promised their own time twice; of several, each with the next.
// What others do for them meanwhile needs nobody to be in two places.
func (r *reader) overlaps(mine []*agreement) []Attention {
	var spans []span
	for _, a := range mine {
		if w, err := parseWhen(a.newest().terms.When); err == nil && a.state == StateAgreed && !a.past && w.Timed && r.carries(a) {
			spans = append(spans, span{a, w.Start, w.over()})
		}
	}
	slices.SortStableFunc(spans, func(x, y span) int { return cmp.Or(x.from.Compare(y.from), x.a.id.Compare(y.a.id)) })
	out := []Attention{}
	for i := 1; i < len(spans); i++ {
		if x, y := spans[i-1], spans[i]; y.from.Before(x.to) {
			out = append(out, overlap(x.a, y.a))
		}
	}
	return out
}

func overlap(x, y *agreement) Attention {
	one, two := x.newest().terms, y.newest().terms
	back := func(a *agreement, what string) Choice {
		return sayIn(As("choice.give_this_back", what), "cannot", a.id)
	}
	return Attention{Kind: LookOwnTwo, About: []crdt.ID{x.id, y.id}, Choices: []Choice{back(x, one.What), back(y, two.What)}}.Saying("looks.overlap", one.What, two.What, OnDate(one.When))
}

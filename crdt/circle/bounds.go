package circle

import (
	"slices"
	"strings"
	"time"

	"tend/crdt"
)

// Who may ask a member directly, as the bounds say it.
const (
	AskEveryone = "everyone"
	AskKnown    = "known"
	AskPod      = "pod"
)

// bound returns what a member said of their bounds under a key, else what the circle
// agreed on, which a member only narrows.
func (s *State) bound(env Env, member crdt.ID, key string) string {
	if sec, ok := s.Section(member, "bounds."+key); ok {
		return strings.Join(sec.Values, "\n")
	}
	if env.People == nil {
		return ""
	}
	switch b := env.People.Charter().Bounds; key {
	case "quiet":
		return b.Quiet
	case "reply":
		return b.Reply
	}
	return ""
}

// Reply is how long an answer of a member's usually takes, in their own words or else
// in the circle's; "" if nobody said.
func (s *State) Reply(env Env, member crdt.ID) string { return s.bound(env, member, "reply") }

// still says since when, by the reader's clock, a member is not to be disturbed, and
// until when: by their quiet hours, or because they rest. until is empty where a rest
// has no end.
func (s *State) still(env Env, member crdt.ID) (since time.Time, until string, ok bool) {
	if q, err := readQuiet(s.bound(env, member, "quiet")); err == nil {
		var to time.Time
		if since, to, ok = q.around(local(env.Now)); ok {
			until = to.Format(timeForm)
		}
	}
	level, rested, said := s.Room(member, env.Now)
	if !said || level != RoomResting {
		return since, until, ok
	}
	room, _ := s.Section(member, SectionRoom)
	began := local(room.HLC.Time().In(env.Now.Location()))
	if !ok {
		return began, rested, true
	}
	if began.Before(since) { // both: from the first that began until the last that ends
		since = began
	}
	if rested == "" || len(rested) == len(time.DateOnly) && rested >= until[:len(time.DateOnly)] || rested > until { // a date counts to its end
		until = rested
	}
	return since, until, true
}

// Still reports whether nothing should disturb a member now, and until when, as a date
// or a date and time; empty where nobody said. Every interruption asks this first.
func (s *State) Still(env Env, member crdt.ID) (until string, still bool) {
	_, until, still = s.still(env, member)
	return until, still
}

// StillSince reports since when, by the reader's clock, this person is not to be
// disturbed; false if they may be.
func (s *State) StillSince(env Env) (since time.Time, still bool) {
	since, _, still = s.still(env, env.Me)
	return since, still
}

// liesStill reports whether an op of somebody else's lies still for now: it was written
// since this person's quiet hours or their rest began, or came since, and speaks up when
// those end; or this person keeps them at a distance.
func (r *reader) liesStill(by, op crdt.ID, written crdt.HLC) bool {
	if by == r.env.Me || r.far(by) {
		return by != r.env.Me
	}
	since, still := r.s.StillSince(r.env)
	return still && (!local(written.Time().In(r.env.Now.Location())).Before(since) ||
		r.env.CameSince != nil && r.env.CameSince(op, since))
}

// MayAsk reports whether this person may ask a member directly, by what the member
// said of that. The circle's own bounds refuse nothing.
func (s *State) MayAsk(env Env, member crdt.ID) bool {
	who, said := s.Section(member, "bounds.who")
	if !said || member == env.Me {
		return true
	}
	switch who.Values[0] {
	case AskPod:
		return s.shareAPod(env, member)
	case AskKnown:
		return s.shareAPod(env, member) || s.know(env, member)
	}
	return true
}

// shareAPod reports whether a member is of a pod that this person is of: then both
// said yes to being asked there.
func (s *State) shareAPod(env Env, member crdt.ID) bool {
	if slices.Contains(s.ownPod(env), member) {
		return true
	}
	for _, p := range s.podPairs(env, env.Me) {
		if p.person == env.Me && p.said() == PodYes && slices.Contains(s.podOf(env, p.owner), member) {
			return true
		}
	}
	return false
}

// know reports whether one of the two welcomed the other, or they ever agreed on
// something.
func (s *State) know(env Env, member crdt.ID) bool {
	if env.People != nil {
		me, _ := env.People.Member(env.Me)
		them, _ := env.People.Member(member)
		if me.By == member || them.By == env.Me || env.People.Sponsored(me.Admission, member) || env.People.Sponsored(them.Admission, env.Me) {
			return true
		}
	}
	r, done := s.looking(env)
	defer done()
	return slices.ContainsFunc(r.myAgreements(), func(a *agreement) bool {
		return a.has(env.Me) && a.has(member) && a.saidYes(env.Me) > 0 && a.saidYes(member) > 0
	})
}

// mayAskAll is the kind refusal where somebody does not wish to be asked directly by
// this person. It names the open way.
func (s *State) mayAskAll(env Env, members []crdt.ID) error {
	for _, m := range members {
		if env.here(m) && !s.MayAsk(env, m) {
			return kept("no.ask_circle", s.who(m))
		}
	}
	return nil
}

// NotFromMe reports whether what a record asks is of a kind that a member said they do
// not give. It keeps nobody from asking.
func (s *State) NotFromMe(env Env, member, id crdt.ID) bool {
	sec, said := s.Section(member, "bounds.not-from-me")
	if !said {
		return false
	}
	var category, title string
	if p, ok := s.Post(env, id); ok {
		category, title = p.Category, p.Title
	} else if a, ok := s.Agreement(env, id); ok {
		title = a.Terms.What
	}
	words := searchWords(title)
	for _, kind := range strings.FieldsFunc(strings.Join(sec.Values, "\n"), func(c rune) bool { return strings.ContainsRune(",;\n", c) }) {
		kind = strings.TrimSpace(kind)
		if of := searchWords(kind); len(of) > 0 && (fold(kind) == fold(category) || allAmong(words, of)) {
			return true
		}
	}
	return false
}

// allAmong reports whether all of some words are among others.
func allAmong(words, of []string) bool {
	return !slices.ContainsFunc(of, func(w string) bool { return !slices.Contains(words, w) })
}

// askOthers: nobody has answered within the time that they usually take. The one who
// asked is told that they may ask someone else as well; the one asked is told nothing.
func (r *reader) askOthers(a *agreement) (Attention, bool) {
	if !a.mayI || a.made.Author != r.env.Me || a.state != StateProposed {
		return Attention{}, false
	}
	asked := a.body.About[0]
	word, _ := a.word(asked)
	usual, ok := readReply(r.s.Reply(r.env, asked))
	if _, still := r.s.Still(r.env, asked); !ok || still || word != WordNone || r.env.Now.Before(a.made.HLC.Time().Add(usual)) {
		return Attention{}, false
	}
	return Attention{Kind: LookAskOthers, About: []crdt.ID{a.id}, Choices: []Choice{say("choice.take_back", "cannot", a.id)}}.Saying("looks.ask_others", a.newest().terms.What, r.s.who(asked)), true
}

// readReply reads a usual reply time: 2d, 12h. In other words it is shown and no more.
func readReply(text string) (time.Duration, bool) {
	text = strings.TrimSpace(text)
	for unit, of := range map[string]time.Duration{"d": 24 * time.Hour, "h": time.Hour} {
		if n, err := number(strings.TrimSuffix(text, unit), 1, 999); err == nil && strings.HasSuffix(text, unit) {
			return time.Duration(n) * of, true
		}
	}
	return 0, false
}

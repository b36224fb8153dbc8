package circle

import (
	"slices"
	"strings"
	"time"

	"tend/crdt"
)

// own returns the person's own agreements on a post that want lets through, those
// at the named slots if any are, by slot.
func (r *reader) own(p *post, slots []string, want func(*agreement) bool) []*agreement {
	if len(r.line(p).agreements) == 0 {
		return nil
	}
	out := slices.DeleteFunc(r.agreementsOn(p), func(a *agreement) bool {
		return !a.has(r.env.Me) || !want(a) || (slots != nil && !slices.Contains(slots, a.slot))
	})
	slices.SortStableFunc(out, func(a, b *agreement) int { return strings.Compare(a.slot, b.slot) })
	return out
}

// theirs finds the agreements that id means to the person: itself, or their own on
// a post, at the named slots if any are. Never none without an error.
func (r *reader) theirs(id crdt.ID, slots []string, want func(*agreement) bool) ([]*agreement, error) {
	if a, ok := r.agreement(id); ok {
		if !a.has(r.env.Me) {
			return nil, kept("no.between_others")
		}
		return []*agreement{a}, nil
	}
	p, ok := r.post(id)
	if !ok {
		return nil, notFound("no.not_agreeable")
	}
	out := r.own(p, slots, want)
	if len(out) == 0 {
		return nil, notFound("no.no_agreement")
	}
	return out, nil
}

// oneOf is theirs where there may be only one.
func (r *reader) oneOf(id crdt.ID, slots []string, want func(*agreement) bool) (*agreement, error) {
	found, err := r.theirs(id, slots, want)
	if err != nil {
		return nil, err
	}
	if len(found) > 1 {
		ids := make([]crdt.ID, len(found))
		for i, a := range found {
			ids[i] = a.id
		}
		slices.SortFunc(ids, crdt.ID.Compare)
		p := notFound("no.which_agreement", shorts(ids))
		p.IDs = ids
		return nil, p
	}
	return found[0], nil
}

func anyState(*agreement) bool { return true }

func noSlot(p *post, slot string) *Problem {
	return notFound("no.not_slot", slot, slotList(p.slots().slots))
}

// slotList names a few slots for a person.
func slotList(slots []string) Said {
	const most = 12
	if len(slots) == 1 && slots[0] == "" {
		return As("typed.no_date")
	}
	if len(slots) > most {
		return Words(strings.Join(slots[:most], ", ") + "…")
	}
	return Words(strings.Join(slots, ", "))
}

// SayYes is one's own yes: to a post at some slots, or to the newest text of an
// agreement. On a post that waits for one's leave it is that leave.
type SayYes struct {
	ID    crdt.ID
	Slots []string
	// Every takes each open slot; Days, if any, only those weekdays.
	Every bool
	Days  []time.Weekday
	// When makes terms of one's own.
	When string
	Note string
}

func (c SayYes) decide(s *State, env Env) (plan, error) {
	p, err := c.said(s, env)
	if err != nil {
		return plan{}, err
	}
	result := p.result
	p.result = func(made []crdt.ID) Result {
		out := result(made)
		out.Promised = !out.Unchanged
		return out
	}
	return p, nil
}

func (c SayYes) said(s *State, env Env) (plan, error) {
	r := s.reader(env)
	if a, ok := r.agreement(c.ID); ok {
		return r.yesAgain(a, c)
	}
	p, ok := r.post(c.ID)
	switch {
	case !ok:
		return plan{}, notFound("no.not_agreeable")
	case p.status == "waiting" && p.owner == env.Me:
		return r.leave(p), nil
	case r.openedForMe(p):
		return r.letStay(p), nil
	case p.owner == env.Me:
		return r.ownersYes(p, c)
	}
	slots, err := r.slotsFor(p, c)
	if err != nil {
		return plan{}, err
	}
	return r.yesTo(p, slots, c)
}

// ownersYes is a yes by the one whose post it is: to what somebody proposed on it.
func (r *reader) ownersYes(p *post, c SayYes) (plan, error) {
	waits := func(a *agreement) bool {
		word, current := a.word(r.env.Me)
		return a.state == StateProposed && (word != WordYes || !current)
	}
	if len(r.own(p, c.Slots, waits)) == 0 {
		return plan{}, kept("no.own_yes")
	}
	a, err := r.oneOf(p.id, c.Slots, waits)
	if err != nil {
		return plan{}, err
	}
	return r.yesAgain(a, SayYes{ID: a.id, Note: c.Note})
}

// slotsFor works out which slots a yes means.
func (r *reader) slotsFor(p *post, c SayYes) ([]string, error) {
	if c.Slots != nil {
		return r.coming(p, c.Slots)
	}
	times := p.slots()
	if len(times.slots) == 1 {
		return times.slots, nil
	}
	var open, mine, keeps []string
	for _, s := range r.slotsBetween(p, dayOf(r.now), dayOf(r.now).AddDate(0, 0, SlotDays+1)) {
		if live := r.own(p, []string{s.Slot}, (*agreement).live); len(live) > 0 {
			mine = append(mine, s.Slot)
		} else if (r.forMe(&s) || p.ExtraOK && !s.Past) && onDays(s.Slot, c.Days) {
			open = append(open, s.Slot)
		} else if s.open() && onDays(s.Slot, c.Days) {
			keeps = append(keeps, s.Slot)
		}
	}
	switch {
	case c.Every && len(open) > 0, len(open) == 1 && len(mine) == 0:
		return open, nil
	case len(mine) > 0 && (c.Every || len(open) == 0):
		return mine, nil
	case len(open) == 0 && len(keeps) > 0:
		return nil, keptForNewcomers()
	case len(open) == 0:
		return nil, kept("no.taken_all")
	}
	return nil, notFound("no.which_date", slotList(open))
}

func onDays(slot string, days []time.Weekday) bool {
	t, _, err := parsePoint(slot)
	return len(days) == 0 || (err == nil && slices.Contains(days, t.Weekday()))
}

// yesTo makes one agreement for each slot, or says yes again to the one there is.
func (r *reader) yesTo(p *post, slots []string, c SayYes) (plan, error) {
	var out plan
	ids := make([]crdt.ID, len(slots)) // zero: made by the draft of that number
	from := make([]int, len(slots))
	for i, slot := range slots {
		if a := r.current(p, slot); a != nil {
			again, err := r.yesOn(a, c.Note)
			if err != nil {
				return plan{}, err
			}
			out.drafts, ids[i] = append(out.drafts, again...), a.id
			continue
		}
		if err := r.mayTake(p, slot); err != nil {
			return plan{}, err
		}
		b := AgreementMade{About: []crdt.ID{p.id}, Slot: slot, Terms: p.termsNow(slot)}
		if c.When != "" {
			b.Terms.When = c.When
		}
		if err := asked(b); err != nil {
			return plan{}, err
		}
		from[i] = len(out.drafts)
		out.drafts = append(out.drafts, fixed(p.audience, b))
		if c.Note != "" {
			at := from[i]
			if err := asked(NoteWritten{On: p.id, Text: c.Note}); err != nil {
				return plan{}, err
			}
			out.drafts = append(out.drafts, Draft{To: p.audience, Make: func(made []crdt.ID) Body {
				return NoteWritten{On: made[at], Text: c.Note}
			}})
		}
	}
	none, cared := len(out.drafts) == 0, r.caredFor(p)
	out.result = func(made []crdt.ID) Result {
		res := Result{Unchanged: none, CardOf: cared}
		for i := range ids {
			if ids[i].IsZero() {
				ids[i] = made[from[i]]
			}
		}
		if len(ids) == 1 && !c.Every {
			res.ID = ids[0]
		} else {
			res.IDs = ids
		}
		return res
	}
	return out, nil
}

// caredFor is whose card is read when a yes is said: the one who receives.
func (r *reader) caredFor(p *post) crdt.ID {
	if p.need {
		return p.owner
	}
	return crdt.ID{}
}

// current finds the person's own agreement on a slot that a new yes would be said
// to again: of an offer not one that is over.
func (r *reader) current(p *post, slot string) *agreement {
	own := r.own(p, []string{slot}, func(a *agreement) bool {
		over := a.state == StateDone || a.state == StatePassed || a.state == StateReleased
		return a.made.Author == r.env.Me && (p.need || !over)
	})
	if len(own) == 0 {
		return nil
	}
	return own[0]
}

// mayTake says in which cases a place is not there to be taken.
func (r *reader) mayTake(p *post, slot string) error {
	w, _ := p.slots().when(slot)
	switch status := r.status(p); {
	case status == "waiting":
		return kept("no.waits.leave", r.s.who(p.owner))
	case p.closed():
		return kept("no.cared_for")
	case status == "enough":
		return kept("no.enough")
	case status == RoomResting:
		return kept("no.offer_rests")
	case slotPast(w, r.now):
		return kept("no.date_past")
	}
	yes := r.line(p).yes[slot]
	switch open := p.wanted(slot) - len(yes); {
	case p.ExtraOK:
	case open <= 0:
		return kept("no.taken")
	case !r.env.isNew(r.env.Me) && open <= r.placesForNew(p, slot, yes):
		return keptForNewcomers()
	}
	return nil
}

func keptForNewcomers() error {
	return kept("no.kept_for_new")
}

// yesAgain is a yes said to an agreement by its id.
func (r *reader) yesAgain(a *agreement, c SayYes) (plan, error) {
	me := r.env.Me
	if !a.has(me) {
		return plan{}, kept("no.between_others")
	}
	if len(c.Slots) == 1 && c.Slots[0] != a.slot && a.post != nil && a.made.Author == me {
		move, err := r.yesTo(a.post, c.Slots, c)
		if err != nil {
			return plan{}, err
		}
		move.drafts = append(move.drafts, r.release(a)...)
		return move, nil
	}
	if c.When != "" && c.When != a.newest().terms.When {
		return ChangeTerms{ID: a.id, When: &c.When}.decide(r.s, r.env)
	}
	drafts, err := r.yesOn(a, c.Note)
	if err != nil {
		return plan{}, err
	}
	cared := a.caredForBy(me)
	return plan{drafts: drafts, result: func([]crdt.ID) Result {
		return Result{ID: a.id, Unchanged: len(drafts) == 0, CardOf: cared}
	}}, nil
}

// yesOn is a yes to the newest text; nothing if that stands already.
func (r *reader) yesOn(a *agreement, note string) ([]Draft, error) {
	word, current := a.word(r.env.Me)
	newest := a.newest()
	stands := word == WordYes && current && a.said(r.env.Me, newest.rev) && !a.twoWords(r.env.Me) && !a.needsKeeping(r.env.Me)
	if stands {
		return nil, nil
	}
	if word == WordReleased && a.post != nil && a.made.Author == r.env.Me {
		if err := r.mayTake(a.post, a.slot); err != nil {
			return nil, err
		}
	}
	b := WordGiven{On: a.id, Rev: newest.rev, Value: WordYes, Note: note, Replaces: a.rec.replacing(r.env.Me)}
	if err := asked(b); err != nil {
		return nil, err
	}
	return []Draft{fixed(a.readers, b)}, nil
}

// twoWords reports whether member's current words disagree.
func (a *agreement) twoWords(member crdt.ID) bool {
	var first WordValue
	for _, w := range a.words {
		if w.by != member {
			continue
		}
		if first != WordNone && w.value != first {
			return true
		}
		first = w.value
	}
	return false
}

// release is the giving back of one's place; nothing if it was given back.
func (r *reader) release(a *agreement) []Draft {
	if word, _ := a.word(r.env.Me); word == WordReleased && !a.twoWords(r.env.Me) {
		return nil
	}
	b := WordGiven{On: a.id, Rev: a.newest().rev, Value: WordReleased, Replaces: a.rec.replacing(r.env.Me)}
	return []Draft{fixed(a.readers, b)}
}

// SayNotNow is a full answer, seen only by the people concerned.
type SayNotNow struct{ ID crdt.ID }

func (c SayNotNow) decide(s *State, env Env) (plan, error) {
	r := s.reader(env)
	if p, ok := r.post(c.ID); ok {
		return r.notNow(p)
	}
	a, err := r.oneOf(c.ID, nil, anyState)
	if err != nil {
		return plan{}, err
	}
	word, _ := a.word(env.Me)
	switch {
	case word == WordNotNow && !a.twoWords(env.Me):
		return unchanged(a.id), nil
	case a.state == StateAgreed || a.state == StateDone || a.state == StatePassed:
		return plan{}, kept("no.agreed_both")
	}
	b := WordGiven{On: a.id, Rev: a.newest().rev, Value: WordNotNow, Replaces: a.rec.replacing(env.Me)}
	return about(a.id, fixed(a.parties, b)), nil
}

func (r *reader) notNow(p *post) (plan, error) {
	me := r.env.Me
	to := []crdt.ID{p.owner, p.author}
	if p.owner == me && p.status != "waiting" {
		return plan{}, kept("no.own_post.withdraw")
	}
	if live := r.own(p, nil, (*agreement).live); len(live) > 0 && p.owner != me {
		return plan{}, kept("no.yes_given")
	}
	for _, w := range p.rec.words() {
		if w.by == me && w.value == WordNotNow {
			return unchanged(p.id), nil
		}
	}
	b := WordGiven{On: p.id, Value: WordNotNow, Replaces: p.rec.replacing(me)}
	return about(p.id, fixed(to, b)), nil
}

// Release gives a place back, with no reason asked.
type Release struct {
	ID    crdt.ID
	Slots []string
	// Every gives back all that are still to come.
	Every bool
}

func (c Release) decide(s *State, env Env) (plan, error) {
	r := s.reader(env)
	live := func(a *agreement) bool { return a.live() }
	found, err := r.theirs(c.ID, c.Slots, live)
	if err != nil {
		if given, again := r.theirs(c.ID, c.Slots, func(a *agreement) bool { return a.state == StateReleased }); again == nil {
			return unchanged(given[0].id), nil
		}
		return plan{}, err
	}
	if !c.Every && len(found) > 1 {
		if _, err := r.oneOf(c.ID, c.Slots, live); err != nil {
			return plan{}, err
		}
	}
	var out plan
	var ids, tell []crdt.ID
	for _, a := range found {
		out.drafts = append(out.drafts, r.release(a)...)
		ids = append(ids, a.id)
		tell = append(tell, a.others(env.Me)...)
	}
	slices.SortFunc(tell, crdt.ID.Compare)
	tell = slices.Compact(tell)
	none := len(out.drafts) == 0
	out.result = func([]crdt.ID) Result {
		res := Result{Unchanged: none, Tell: tell}
		if len(ids) == 1 && !c.Every {
			res.ID = ids[0]
		} else {
			res.IDs = ids
		}
		return res
	}
	return out, nil
}

// MarkDone says that it happened; Not, that it did not.
type MarkDone struct {
	ID    crdt.ID
	Slots []string
	Not   bool
}

func (c MarkDone) decide(s *State, env Env) (plan, error) {
	r := s.reader(env)
	a, err := r.oneOf(c.ID, c.Slots, func(a *agreement) bool {
		return a.state == StateAgreed || a.state == StatePassed || a.state == StateDone
	})
	if err != nil {
		return plan{}, err
	}
	if _, agreed := a.standing(); !agreed && a.state != StateDone && a.state != StateReleased && !a.shared() {
		return plan{}, kept("no.not_all_yes")
	}
	add, takeBack := uint64(MarkedDone), uint64(MarkedUndone)
	if c.Not {
		add, takeBack = takeBack, add
	}
	var drafts []Draft
	to := a.readers
	for _, m := range a.marked(takeBack) {
		if m.by == env.Me {
			drafts = append(drafts, fixed(to, MarkRemoved{On: a.id, Mark: m.id}))
		}
	}
	others := slices.ContainsFunc(a.marked(takeBack), func(m mark) bool { return m.by != env.Me })
	has := slices.ContainsFunc(a.marked(add), func(m mark) bool { return m.by == env.Me })
	if !has && (!c.Not || others) {
		drafts = append(drafts, fixed(to, MarkAdded{On: a.id, What: add}))
	}
	if len(drafts) == 0 {
		return unchanged(a.id), nil
	}
	return about(a.id, drafts...), nil
}

// ChangeTerms lays a new text before the parties: their earlier yeses stay on the
// old one. Fields that are nil stay as they are.
type ChangeTerms struct {
	ID                      crdt.ID
	Slots                   []string
	What, When, Area, Costs *string
	With                    []crdt.ID
	// Review is the day to look at it again, or "". It is in no text, so it asks nobody.
	Review string
}

func (c ChangeTerms) decide(s *State, env Env) (plan, error) {
	r := s.reader(env)
	a, err := r.oneOf(c.ID, c.Slots, (*agreement).live)
	if err != nil {
		return plan{}, err
	}
	heads := a.heads
	b := TermsChanged{Accord: a.id, Terms: heads[len(heads)-1].terms}
	for at, to := range map[*string]*string{&b.Terms.What: c.What, &b.Terms.When: c.When, &b.Terms.Area: c.Area, &b.Terms.Costs: c.Costs} {
		if to != nil {
			*at = *to
		}
	}
	for _, h := range heads {
		b.Parents = append(b.Parents, h.rev)
	}
	slices.SortFunc(b.Parents, func(x, y Rev) int { return crdt.ID(x).Compare(crdt.ID(y)) })
	b.Parents = b.Parents[:min(len(b.Parents), MaxParents)]
	var drafts []Draft
	to := a.readers
	if len(heads) > 1 || b.Terms != heads[0].terms {
		if err := asked(b); err != nil {
			return plan{}, err
		}
		drafts = append(drafts, fixed(to, b))
		if word, _ := a.word(env.Me); word.care() > 0 {
			yes := WordGiven{On: a.id, Rev: b.Terms.rev(a.slot), Value: WordYes, Replaces: a.rec.replacing(env.Me)}
			drafts = append(drafts, fixed(to, yes))
		}
	}
	for _, m := range c.With {
		switch {
		case a.has(m):
			continue
		case !env.here(m):
			return plan{}, notFound("no.not_here")
		case to != nil && !slices.Contains(to, m):
			return plan{}, kept("no.not_shared", s.who(m))
		case len(a.parties)+len(c.With) > MaxParties:
			return plan{}, usage("no.many_people.agreement", MaxParties)
		}
		drafts = append(drafts, fixed(to, MarkAdded{On: a.id, What: MarkedParty, Value: m.String()}))
	}
	changed := len(drafts) > 0
	if c.Review != "" && c.Review != a.reviewOn() {
		drafts = append(drafts, fixed(to, MarkAdded{On: a.id, What: MarkedTag, Value: tagReview + c.Review}))
	}
	if len(drafts) == 0 {
		return unchanged(a.id), nil
	}
	var tell []crdt.ID
	if changed && a.soon(r.now) {
		tell = a.others(env.Me)
	}
	return plan{drafts: drafts, result: func([]crdt.ID) Result { return Result{ID: a.id, Tell: tell} }}, nil
}

// soon reports whether the agreement's time begins within a day, or has begun.
func (a *agreement) soon(now time.Time) bool {
	w, err := parseWhen(a.newest().terms.When)
	return err == nil && w.Start.Before(now.Add(24*time.Hour))
}

// SetPlace says where, for the people in the agreement alone. Fields that are nil
// stay as they are.
type SetPlace struct {
	ID                 crdt.ID
	Slots              []string
	Where, Code, Phone *string
}

func (c SetPlace) decide(s *State, env Env) (plan, error) {
	r := s.reader(env)
	a, err := r.oneOf(c.ID, c.Slots, func(a *agreement) bool { return a.live() || a.state == StatePassed })
	if err != nil {
		return plan{}, err
	}
	var was Place
	if p := a.place(); p != nil {
		was = *p
	}
	next := was
	if c.Where != nil {
		next.Where = *c.Where
	}
	if c.Code != nil {
		next.Code = *c.Code
	}
	if c.Phone != nil {
		next.Phone = *c.Phone
	}
	if next == was {
		return unchanged(a.id), nil
	}
	b := AgreementPlace{Agreement: a.id, Where: next.Where, Code: next.Code, Phone: next.Phone}
	if err := asked(b); err != nil {
		return plan{}, err
	}
	return about(a.id, fixed(a.parties, b)), nil
}

// AskMayI offers something to one person. It stays between the two.
type AskMayI struct {
	Member     crdt.ID
	Text, When string
}

func (c AskMayI) decide(s *State, env Env) (plan, error) {
	if c.Member == env.Me {
		return plan{}, kept("no.yourself")
	}
	if !env.here(c.Member) {
		return plan{}, notFound("no.not_here")
	}
	if err := s.mayAskAll(env, []crdt.ID{c.Member}); err != nil {
		return plan{}, err
	}
	b := AgreementMade{About: []crdt.ID{c.Member}, Terms: Terms{What: c.Text, When: c.When}}
	if w, err := parseWhen(c.When); err == nil {
		b.Slot = w.slot()
	}
	if err := asked(b); err != nil {
		return plan{}, err
	}
	return plan{drafts: []Draft{fixed([]crdt.ID{c.Member}, b)}, result: func(made []crdt.ID) Result {
		return Result{ID: made[0], Asked: []crdt.ID{c.Member}, CardOf: c.Member}
	}}, nil
}

package circle

import (
	"slices"

	"tend/crdt"
)

// TenderFade is after how many days a tender post fades unless its author says
// otherwise.
const TenderFade = 30

// PostNeed and PostOffer say what one could use, and what one can do.
type (
	PostNeed struct {
		Posted Posted
		// Place stays on this node; see [Result].
		Place string
		// Newcomers is how many of its places on each date are kept for them.
		Newcomers int
	}
	PostOffer struct {
		Posted    Posted
		Place     string
		Newcomers int
	}
)

func (c PostNeed) decide(s *State, env Env) (plan, error) {
	return posting(s, env, c.Posted, c.Place, c.Newcomers, func(p Posted) Body { return p.body(true) })
}

func (c PostOffer) decide(s *State, env Env) (plan, error) {
	return posting(s, env, c.Posted, c.Place, c.Newcomers, func(p Posted) Body { return p.body(false) })
}

func posting(s *State, env Env, p Posted, place string, newcomers int, body func(Posted) Body) (plan, error) {
	if p.For == env.Me {
		p.For = crdt.ID{}
	}
	if !p.For.IsZero() && !env.here(p.For) {
		return plan{}, notFound("no.not_here.for")
	}
	if p.Under > 0 {
		if err := s.mayActUnder(env, p); err != nil {
			return plan{}, err
		}
		if p.To != nil {
			p.To = append(slices.Clone(p.To), p.For) // whoever it is for reads it first
		}
	} else if err := s.mayAskAll(env, []crdt.ID{p.For}); err != nil {
		return plan{}, err
	}
	p.To = audienceWith(p.To, env.Me)
	if err := s.mayAskAll(env, slices.DeleteFunc(slices.Clone(p.To), func(m crdt.ID) bool { return m == p.For })); err != nil {
		return plan{}, err
	}
	if err := asked(body(p)); err != nil {
		return plan{}, err
	}
	if t := slotsOf(&p, nil); len(t.slots) == 0 {
		return plan{}, usage("no.no_date_left")
	}
	if uint64(newcomers) > p.People {
		return plan{}, usage("no.kept_many")
	}
	to := p.To
	if !p.For.IsZero() && p.Under == 0 {
		to = []crdt.ID{p.For} // waits for their leave, seen by the two alone
	}
	askedOf := slices.DeleteFunc(slices.Clone(to), func(m crdt.ID) bool { return m == env.Me })
	drafts := []Draft{fixed(to, body(p))}
	if newcomers > 0 {
		drafts = append(drafts, keepPlaces(to, newcomers, func(made []crdt.ID) crdt.ID { return made[0] }))
	}
	_, need := body(p).(*NeedPosted)
	var cared crdt.ID
	if !need && len(askedOf) == 1 {
		cared = askedOf[0]
	}
	return plan{drafts: drafts, result: func(made []crdt.ID) Result {
		return Result{ID: made[0], Asked: askedOf, Place: place, CardOf: cared, Urgent: need && urgent(env, p.By), Afar: p.Area != ""}
	}}, nil
}

// urgent reports whether something is wanted by today: a good moment to say what this is
// not for.
func urgent(env Env, by string) bool {
	w, err := parseWhen(by)
	return err == nil && !w.Start.IsZero() && !dayOf(w.Start).After(dayOf(local(env.Now)))
}

// editable finds a post that the person may edit.
func (r *reader) editable(id crdt.ID) (*post, error) {
	p, ok := r.post(id)
	if !ok {
		return nil, notFound("no.not_post")
	}
	if !r.mayEdit(p, r.env.Me) {
		return nil, kept("no.post_theirs", r.s.who(p.owner))
	}
	return p, nil
}

// gone returns a problem if the post has faded: nothing brings it back.
func (r *reader) gone(p *post) error {
	if at, fades := p.fadesAt(); fades && at <= crdt.At(r.env.Now.UnixMilli()) {
		return kept("no.faded")
	}
	return nil
}

// EditPost sets fields of one's own post. Fields holds their numbers, Set the values.
type EditPost struct {
	ID     crdt.ID
	Set    Posted
	Fields []uint64
	// To gives it to fewer people; nil leaves its readers as they are.
	To []crdt.ID
	// Newcomers is how many places on each date are kept for them; nil leaves that.
	Newcomers *int
}

func (c EditPost) decide(s *State, env Env) (plan, error) {
	r := s.reader(env)
	p, err := r.editable(c.ID)
	if err != nil {
		return plan{}, err
	}
	if err := r.gone(p); err != nil {
		return plan{}, err
	}
	set, next := c.Set, *p.Posted
	fields := slices.Clone(c.Fields)
	slices.Sort(fields)
	b := PostEdited{Post: c.ID}
	for _, n := range slices.Compact(fields) {
		if set.field(n) == nil {
			return plan{}, usage("no.fixed")
		}
		e, was := editOf(&set, n), editOf(&next, n)
		if !slices.Equal(e.Value, was.Value) {
			b.Edits = append(b.Edits, e)
			e.apply(&next)
		}
	}
	narrower := c.To != nil && !slices.Equal(c.To, p.audience)
	keeps := c.Newcomers != nil && *c.Newcomers != p.kept
	if len(b.Edits) == 0 && !narrower && !keeps {
		return unchanged(c.ID), nil
	}
	if keeps && uint64(*c.Newcomers) > next.People {
		return plan{}, usage("no.kept_many")
	}
	if err := next.check(); err != nil {
		return plan{}, unfit(err)
	}
	if t := slotsOf(&next, p.skipped); len(t.slots) == 0 {
		return plan{}, usage("no.no_date_left")
	}
	if narrower {
		d, err := r.narrow(p, c.To, next)
		if err != nil {
			return plan{}, err
		}
		drafts := append([]Draft{d}, b.drafts(d.To)...)
		if keeps {
			drafts = append(drafts, c.keepPlaces(d.To))
		}
		return about(c.ID, drafts...), nil
	}
	var drafts []Draft
	if len(b.Edits) > 0 {
		if err := asked(b); err != nil {
			return plan{}, err
		}
		drafts = b.drafts(p.audience)
	}
	if keeps {
		drafts = append(drafts, c.keepPlaces(p.audience))
	}
	nearer := p.need && next.By != p.By && urgent(env, next.By)
	moved := next.Area != "" && next.Area != p.Area
	return plan{drafts: drafts, result: func([]crdt.ID) Result { return Result{ID: c.ID, Urgent: nearer, Afar: moved} }}, nil
}

func (c EditPost) keepPlaces(to []crdt.ID) Draft {
	return keepPlaces(to, *c.Newcomers, func([]crdt.ID) crdt.ID { return c.ID })
}

// drafts writes when the post fades by itself: that stays when the words go, so
// that who comes later can tell.
func (b PostEdited) drafts(to []crdt.ID) []Draft {
	var fade, rest []Edit
	for _, e := range b.Edits {
		if e.Field == FieldFade {
			fade = append(fade, e)
		} else {
			rest = append(rest, e)
		}
	}
	var out []Draft
	for _, edits := range [][]Edit{rest, fade} {
		if len(edits) > 0 {
			out = append(out, fixed(to, PostEdited{Post: b.Post, Edits: edits}))
		}
	}
	return out
}

// SetPostStatus says how it stands with one's own post.
type SetPostStatus struct {
	ID     crdt.ID
	Status uint64
}

func (c SetPostStatus) decide(s *State, env Env) (plan, error) {
	r := s.reader(env)
	p, err := r.editable(c.ID)
	if err != nil {
		return plan{}, err
	}
	switch {
	case p.need && (c.Status == StatusResting || c.Status == StatusStillTrue):
		return plan{}, kept("no.only_offers")
	case !p.need && (c.Status == StatusEnough || c.Status == StatusMet):
		return plan{}, kept("no.only_needs")
	case p.status == "waiting" && c.Status != StatusWithdrawn:
		return plan{}, kept("no.waits", s.who(p.owner))
	case c.Status < StatusStillTrue && statusNames[c.Status] == p.status:
		return unchanged(c.ID), nil
	}
	if err := r.gone(p); err != nil {
		return plan{}, err
	}
	return about(c.ID, fixed(p.rec.everReaders(), PostStatusSet{Post: c.ID, Status: c.Status})), nil
}

// MakeBoth adds one place on a date, so that both who said yes come. It is for the
// one whose post it is. A nil Slot is the one with more yeses than places.
type MakeBoth struct {
	ID   crdt.ID
	Slot *string
}

func (c MakeBoth) decide(s *State, env Env) (plan, error) {
	r := s.reader(env)
	id := c.ID
	if a, ok := r.agreement(id); ok && a.post != nil {
		id = a.post.id
		if c.Slot == nil {
			c.Slot = &a.slot
		}
	}
	p, err := r.editable(id)
	if err != nil {
		return plan{}, err
	}
	var over []string
	for s, yes := range r.line(p).yes {
		if len(yes) > p.wanted(s) && (c.Slot == nil || *c.Slot == s) {
			over = append(over, s)
		}
	}
	slices.Sort(over)
	if c.Slot != nil && !slices.Contains(p.slots().slots, *c.Slot) && len(over) == 0 {
		return plan{}, noSlot(p, *c.Slot)
	}
	switch len(over) {
	case 0:
		return unchanged(id), nil
	case 1:
		return about(id, fixed(p.audience, MarkAdded{On: id, What: MarkedExtra, Value: over[0]})), nil
	}
	return plan{}, notFound("no.which_date.over", slotList(over))
}

// StandBy asks to be asked first if a place opens again. Not takes that back.
type StandBy struct {
	ID    crdt.ID
	Slots []string
	Not   bool
}

func (c StandBy) decide(s *State, env Env) (plan, error) {
	r := s.reader(env)
	p, ok := r.post(c.ID)
	if !ok {
		return plan{}, notFound("no.not_post")
	}
	if p.owner == env.Me {
		return plan{}, kept("no.own_post")
	}
	own := slices.DeleteFunc(p.rec.marks(MarkedStandBy), func(m mark) bool {
		return m.by != env.Me || (c.Slots != nil && !slices.Contains(c.Slots, m.value))
	})
	var drafts []Draft
	if c.Not {
		for _, m := range own {
			drafts = append(drafts, fixed(p.audience, MarkRemoved{On: c.ID, Mark: m.id}))
		}
	} else {
		slots, err := r.coming(p, c.Slots)
		if err != nil {
			return plan{}, err
		}
		for _, slot := range slots {
			if !slices.ContainsFunc(own, func(m mark) bool { return m.value == slot }) {
				drafts = append(drafts, fixed(p.audience, MarkAdded{On: c.ID, What: MarkedStandBy, Value: slot}))
			}
		}
	}
	if len(drafts) == 0 {
		return unchanged(c.ID), nil
	}
	return about(c.ID, drafts...), nil
}

// coming checks slots that were named; none named are all that are still to come.
func (r *reader) coming(p *post, named []string) ([]string, error) {
	times := p.slots()
	for _, s := range named {
		if _, ok := times.when(s); !ok {
			return nil, noSlot(p, s)
		}
	}
	if named != nil {
		return named, nil
	}
	var out []string
	for i, s := range times.slots {
		if !times.times[i].past(r.now) {
			out = append(out, s)
		}
	}
	return out, nil
}

// Widen gives a post, or what was agreed on a "May I", to more readers. To is the
// new ones, nil for the circle. Title and Details are what they will read instead.
type Widen struct {
	ID             crdt.ID
	To             []crdt.ID
	Title, Details *string
}

func (c Widen) decide(s *State, env Env) (plan, error) {
	r := s.reader(env)
	if a, ok := r.agreement(c.ID); ok {
		return r.open(a, c)
	}
	p, err := r.editable(c.ID)
	switch {
	case err != nil:
		return plan{}, err
	case p.status == "waiting":
		return plan{}, kept("no.waits", s.who(p.owner))
	case p.audience == nil:
		return unchanged(c.ID), nil
	case r.gone(p) != nil:
		return plan{}, r.gone(p)
	case !p.may(env.Me):
		return plan{}, kept("no.widen_theirs", s.who(p.owner))
	}
	to := c.To
	if to != nil {
		if to = audienceWith(append(slices.Clone(to), p.audience...), env.Me); slices.Equal(to, p.audience) {
			return unchanged(c.ID), nil
		}
		if err := s.mayAskAll(env, slices.DeleteFunc(slices.Clone(to), func(m crdt.ID) bool { return slices.Contains(p.audience, m) })); err != nil {
			return plan{}, err
		}
		if len(to) > MaxTo {
			return plan{}, usage("no.many_people.widen", MaxTo)
		}
	}
	text := p.given()
	text.To = to
	if c.Title != nil {
		text.Title = *c.Title
	}
	if c.Details != nil {
		text.Details = *c.Details
	}
	if err := asked(text.body(p.need)); err != nil {
		return plan{}, err
	}
	b := AudienceChanged{Target: c.ID, Snapshot: snapshotOf(p.author, p.made.HLC, text.body(p.need))}
	return plan{drafts: append([]Draft{fixed(to, b)}, p.placesFor(to)...), result: func([]crdt.ID) Result {
		return Result{ID: c.ID, Asked: slices.DeleteFunc(slices.Clone(to), func(m crdt.ID) bool { return slices.Contains(p.audience, m) })}
	}}, nil
}

func (p Posted) body(need bool) Body {
	if need {
		return (*NeedPosted)(&p)
	}
	return (*OfferPosted)(&p)
}

// shows reports whether member gave a record to the circle.
func (r *record) shows(member crdt.ID) bool {
	return slices.ContainsFunc(r.parts, func(p part) bool {
		return p.Body.kind() == KindAudienceChanged && p.Author == member && p.Audience.Whole()
	})
}

// open lets the circle see what two people agreed, once both wish it. Each of them
// writes it for the circle, so that nobody takes one's word for the other's: who
// opened it first does so when they open it again.
func (r *reader) open(a *agreement, c Widen) (plan, error) {
	switch {
	case !a.mayI:
		return plan{}, kept("no.seen_as_post")
	case !a.has(r.env.Me):
		return plan{}, kept("no.widen_two")
	case c.To != nil:
		return plan{}, kept("no.widen_circle")
	case a.rec.shows(r.env.Me):
		return unchanged(a.id), nil
	}
	text, agreed := a.standing()
	if !agreed {
		return plan{}, kept("no.widen_both")
	}
	mine, theirs := false, false
	for _, m := range a.marked(MarkedOpen) {
		mine, theirs = mine || m.by == r.env.Me, theirs || m.by != r.env.Me
	}
	var drafts []Draft
	if !mine {
		drafts = append(drafts, fixed(a.parties, MarkAdded{On: a.id, What: MarkedOpen}))
	}
	if theirs {
		b := AgreementMade{About: a.body.About, Slot: a.slot, Terms: text.terms}
		drafts = append(drafts, fixed(nil, AudienceChanged{Target: a.id, Snapshot: snapshotOf(a.made.Author, a.made.HLC, b)}))
	}
	if len(drafts) == 0 {
		return unchanged(a.id), nil
	}
	return about(a.id, drafts...), nil
}

// leave opens a waiting post as the one it is for wishes: a yes, and the post
// itself given to those it was meant for, so that its author need not be there.
func (r *reader) leave(p *post) plan {
	yes := WordGiven{On: p.id, Value: WordYes, Replaces: p.rec.replacing(r.env.Me)}
	to := p.To
	if len(to) == 0 {
		to = nil
	}
	b := AudienceChanged{Target: p.id, Snapshot: snapshotOf(p.author, p.made.HLC, p.given().body(p.need))}
	return about(p.id, append([]Draft{fixed([]crdt.ID{p.author}, yes), fixed(to, b)}, p.placesFor(to)...)...)
}

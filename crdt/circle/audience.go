package circle

import (
	"slices"
	"strings"

	"tend/crdt"
)

// Sections of a member's page that say who reads what.
const (
	SectionPod      = "pod"       // who is in my pod, for those in it
	SectionCheckIns = "check_ins" // whether my pod may read check-ins about me
	checkInsOpen    = "open"

	// toSection and the name of a section after it say, for oneself alone, who a
	// section is for where that is not its default: toPod or toPeople.
	toSection = "to."
	toPod     = "pod"
	toPeople  = "people"
)

// forPod reports whether a section is for one's pod unless one says otherwise. The
// others are for the circle: everyone has to honour them.
func forPod(section string) bool {
	switch section {
	case SectionName, SectionRoom, SectionListening, SectionPresence, SectionProxy, SectionListed:
		return false
	case "card.access", "card.low":
		return true
	}
	return !strings.HasPrefix(section, "card.") && !strings.HasPrefix(section, "bounds.")
}

// ownSections returns the names of the sections that member wrote, ascending.
func (s *State) ownSections(member crdt.ID) []string {
	r := s.record(member)
	var out []string
	for i := range r.parts {
		if b, ok := r.parts[i].Body.(MemberSectionSet); ok && r.parts[i].Author == member && !strings.HasPrefix(b.Section, toSection) {
			out = append(out, b.Section)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// followsPod reports whether one's own section goes along with one's pod as that
// changes; old is its newest version.
func (s *State) followsPod(me crdt.ID, section string, old *Change) bool {
	if mark, ok := s.Section(me, toSection+section); ok {
		return mark.Values[0] == toPod
	}
	return forPod(section) && !old.Audience.Whole()
}

// readers works out whom a section is sealed to (nil: the circle) and what stands
// in its mark: nothing where that is the default.
func (c SetSection) readers(s *State, env Env, old *Change) (to []crdt.ID, mark []string) {
	to, mark = c.chosen(s, env, old)
	values := c.Values
	if len(values) == 0 && old != nil {
		values = old.Body.(MemberSectionSet).Values
	}
	if also := alsoFor(env, c.Section, values); to != nil && also != nil {
		to = audienceWith(append(slices.Clone(to), also...), env.Me)
	}
	return to, mark
}

// chosen is readers by what was said of them.
func (c SetSection) chosen(s *State, env Env, old *Change) (to []crdt.ID, mark []string) {
	isPod := forPod(c.Section)
	switch {
	case c.Circle:
		return nil, nil
	case c.Pod && isPod:
		return s.ownPod(env), nil
	case c.Pod:
		return s.ownPod(env), []string{toPod}
	case c.To != nil && isPod:
		return audienceWith(c.To, env.Me), []string{toPeople}
	case c.To != nil:
		return audienceWith(c.To, env.Me), nil
	case old == nil && isPod:
		return s.ownPod(env), nil
	case old == nil:
		return nil, nil
	}
	kept, _ := s.Section(env.Me, toSection+c.Section)
	switch {
	case s.followsPod(env.Me, c.Section, old):
		return s.ownPod(env), kept.Values
	case old.Audience.Whole():
		return nil, kept.Values
	}
	return audienceWith(old.Audience.Members, env.Me), kept.Values
}

// SectionReaders returns who reads a section of one's own page, or would if it said
// something: nil for the circle, else members, ascending. pod says that these are one's
// pod, whoever is in it.
func (s *State) SectionReaders(env Env, section string) (to []crdt.ID, pod bool) {
	old, said := s.section(env.Me, section)
	to, _ = SetSection{Section: section}.readers(s, env, old)
	if !said {
		return to, forPod(section)
	}
	return to, s.followsPod(env.Me, section, old)
}

// everReaders returns all who were ever given the record (nil: the circle),
// ascending: whoever holds an older copy hears that it is closed, and it fades
// there too. More than a list holds are left to the readers of now.
func (r *record) everReaders() []crdt.ID {
	made, _ := r.maker()
	var out []crdt.ID
	for i := range r.parts {
		c := &r.parts[i].Change
		_, given := c.Body.(AudienceChanged)
		switch {
		case c.ID != r.id && !(given && mayWiden(&made, c.Author)):
			continue
		case c.Audience.Whole():
			return nil
		}
		out = append(out, c.Audience.Members...)
	}
	slices.SortFunc(out, crdt.ID.Compare)
	if out = slices.Compact(out); len(out) > MaxTo {
		return r.audience()
	}
	return out
}

// holders returns who was given a record once and is not among its readers now, as
// far as is known here: they may still hold the older copy. Ascending; without the
// person asking.
func (r *record) holders(env Env) []crdt.ID {
	now := r.audience()
	if now == nil {
		return nil
	}
	var out []crdt.ID
	made, _ := r.maker()
	for i := range r.parts {
		c := &r.parts[i].Change
		if _, given := c.Body.(AudienceChanged); c.ID != r.id && !(given && mayWiden(&made, c.Author)) {
			continue
		}
		if c.Audience.Whole() {
			out = append(out, env.Members...)
		} else {
			out = append(out, c.Audience.Members...)
		}
	}
	slices.SortFunc(out, crdt.ID.Compare)
	return slices.DeleteFunc(slices.Compact(out), func(m crdt.ID) bool { return m == env.Me || slices.Contains(now, m) })
}

// narrowed: its author gave a post to fewer people, and others may still hold the
// older copy.
func (r *reader) narrowed(p *post) (Attention, bool) {
	if !p.may(r.env.Me) || p.closed() {
		return Attention{}, false
	}
	still := p.rec.holders(r.env)
	if len(still) == 0 {
		return Attention{}, false
	}
	at := Attention{Kind: LookNarrowed, About: []crdt.ID{p.id}, Choices: []Choice{say("choice.take_down", "withdraw", p.id)}}
	if len(still) > 1 {
		return at.Saying("looks.narrowed_several", Count(len(still)), p.Title), true
	}
	return at.Saying("looks.narrowed", r.names(still), p.Title), true
}

// narrow gives a post to fewer people: all that is written on it from now on is
// sealed to them alone.
func (r *reader) narrow(p *post, to []crdt.ID, text Posted) (Draft, error) {
	me := r.env.Me
	if p.For != (crdt.ID{}) {
		to = append(slices.Clone(to), p.author, p.owner)
	}
	to = audienceWith(to, me)
	switch {
	case !p.may(me):
		return Draft{}, kept("no.readers_theirs", r.s.who(p.owner))
	case p.status == "waiting":
		return Draft{}, kept("no.waits", r.s.who(p.owner))
	case len(to) > MaxTo:
		return Draft{}, usage("no.many_people", MaxTo)
	}
	for _, m := range to {
		if p.audience != nil && !slices.Contains(p.audience, m) {
			return Draft{}, kept("no.not_read_by.yet", r.s.who(m))
		}
	}
	for _, a := range r.agreementsOn(p) {
		for _, m := range a.parties {
			if a.live() && !slices.Contains(to, m) {
				return Draft{}, kept("no.said_yes", r.s.who(m))
			}
		}
	}
	text.To = to
	return fixed(to, AudienceChanged{Target: p.id, Snapshot: snapshotOf(p.author, p.made.HLC, text.body(p.need))}), nil
}

// Widening is what more readers would get, before anybody is asked.
type Widening struct {
	ID crdt.ID
	// Readers are all who would read it then, nil for the circle; New are those who
	// do not read it yet. Both ascending.
	Readers, New []crdt.ID
	// Title and Details are what the new ones would read.
	Title, Details string
	// Notes counts what stays with its first readers.
	Notes int
}

// Widening returns what a widening would do. Nothing is written. The error is a
// [*Problem].
func (s *State) Widening(env Env, c Widen) (Widening, error) {
	p, err := c.decide(s, env)
	if err != nil {
		return Widening{}, err
	}
	v := Widening{ID: c.ID, Notes: len(s.Notes(c.ID))}
	for _, d := range p.drafts {
		b, ok := d.Make(nil).(AudienceChanged)
		if !ok {
			continue
		}
		snap, err := b.open(c.ID)
		if err != nil {
			return Widening{}, err
		}
		switch body := snap.Body.(type) {
		case *NeedPosted:
			v.Title, v.Details = body.Title, body.Details
		case *OfferPosted:
			v.Title, v.Details = body.Title, body.Details
		case AgreementMade:
			v.Title = body.Terms.What
		}
		v.Readers = d.To
		all := d.To
		if all == nil {
			all = slices.Clone(env.Members)
			slices.SortFunc(all, crdt.ID.Compare)
		}
		before := s.record(c.ID).audience()
		for _, m := range all {
			if before != nil && !slices.Contains(before, m) {
				v.New = append(v.New, m)
			}
		}
	}
	return v, nil
}

package circle

import (
	"slices"

	"tend/crdt"
	"tend/crdt/membership"
)

// proposal returns a decision about the circle.
func (e *Env) proposal(id crdt.ID) (membership.Proposal, bool) {
	if e.People == nil {
		return membership.Proposal{}, false
	}
	return e.People.Proposal(id)
}

// note returns a note by its own id.
func (s *State) note(id crdt.ID) (NoteWritten, bool) {
	in, ok := s.where.get(id)
	if !ok {
		return NoteWritten{}, false
	}
	rec := s.record(in)
	if i := rec.find(id); i >= 0 {
		b, ok := rec.parts[i].Body.(NoteWritten)
		return b, ok
	}
	return NoteWritten{}, false
}

// proposalText is the reason that was written with it, or what it would do.
func (r *reader) proposalText(p membership.Proposal) Said {
	if n, ok := r.s.note(p.Reason); ok {
		return Words(n.Text)
	}
	switch p.What {
	case membership.Remove:
		return As("would.remove", r.s.who(p.Target))
	case membership.Lapse:
		return As("would.lapse", r.s.who(p.Target))
	case membership.Recover:
		return As("would.recover", r.s.who(p.Target))
	}
	if r.env.renews(p.Charter) {
		return As("would.charter_again")
	}
	return As("would.charter")
}

func (r *reader) proposalState(p membership.Proposal) string {
	switch {
	case len(p.Enacts) > 0:
		return DecisionAdopted
	case p.What == membership.ChangeTo && (p.Tally.Against > 0 || r.reshapedBy(p)):
		return DecisionToReshape
	case p.What != membership.ChangeTo && p.Tally.N > 0 && p.Tally.Against >= p.Tally.Stops:
		return DecisionToReshape
	case crdt.At(r.env.Now.UnixMilli()) >= p.HLC+crdt.At(LetGoDays*crdt.DayMillis),
		p.What != membership.ChangeTo && !r.env.here(p.Target):
		return DecisionLetGo
	}
	return DecisionOpen
}

// reshapedBy reports whether a later charter proposal names p.
func (r *reader) reshapedBy(p membership.Proposal) bool {
	return slices.ContainsFunc(r.env.People.Proposals(), func(o membership.Proposal) bool {
		return o.What == membership.ChangeTo && o.Target == p.ID
	})
}

func (r *reader) viewProposal(p membership.Proposal) Decision {
	would := r.proposalText(p)
	text := would.Words()
	v := Decision{ID: p.ID, Author: p.By, Text: text, State: r.proposalState(p), Does: p.What, Made: p.HLC, Charter: p.Charter,
		Closes: (p.HLC + crdt.At(int64(p.Window)*crdt.DayMillis)).Time(), Needed: p.Tally.AtOnce(p.What), DecidedBy: p.EnactedBy,
		Texts: []DecisionText{{Rev: TextRev(text), Text: text, By: p.By, HLC: p.HLC, Newest: true}}}
	if text == "" {
		v.Would = would
	}
	if p.What == membership.ChangeTo {
		v.About = p.Target
		if p.Charter != nil {
			v.ReviewOn = p.Charter.ReviewOn
		}
	} else {
		v.Target = p.Target
	}
	rec := r.s.record(p.ID)
	words := rec.words()
	for _, w := range p.Words {
		word := DecisionWord{Member: w.Member, Word: WordConsent}
		if w.Concern {
			word.Word = WordConcern
			if n, ok := r.s.note(w.Reason); ok {
				word.Text = n.Text
			}
		} else {
			for _, said := range words {
				if said.by == w.Member && said.value == WordConsent {
					word.Text = said.note
				}
			}
		}
		v.Words = append(v.Words, word)
	}
	for _, w := range words {
		if w.value == WordStandAside && !slices.ContainsFunc(v.Words, func(o DecisionWord) bool { return o.Member == w.by }) {
			v.Words = append(v.Words, DecisionWord{Member: w.by, Word: w.value, Text: w.note})
		}
	}
	slices.SortFunc(v.Words, func(a, b DecisionWord) int { return a.Member.Compare(b.Member) })
	v.Heard = len(v.Words)
	for _, n := range rec.notes() {
		if p.What == membership.Remove && n.Author == p.Target {
			v.Beside = append(v.Beside, n)
		}
	}
	return v
}

// Kinds of Attention about decisions.
const (
	LookAboutYou  = "about_you"
	LookHeardLate = "heard_late"
	LookWelcomed  = "welcomed_and_parted"
)

// aboutYou are open proposals to part from this person: the first thing they see.
func (r *reader) aboutYou() []Attention {
	out := []Attention{}
	if r.env.People == nil {
		return out
	}
	for _, p := range r.env.People.Proposals() {
		if p.What != membership.Remove || p.Target != r.env.Me || r.proposalState(p) != DecisionOpen {
			continue
		}
		out = append(out, Attention{Kind: LookAboutYou, About: []crdt.ID{p.ID},
			Choices: []Choice{say("choice.own_words", "note", p.ID, "TEXT"),
				Choose(As("choice.leave"), "tend leave --farewell TEXT")}}.Saying("looks.about_you", r.s.who(p.By), r.proposalText(p)))
	}
	return out
}

// welcomedAndParted are open proposals to part from somebody whom others welcomed
// without knowing of it: shown to the one who wrote the one, and to those who wrote the
// other, until these have said how they see it now; and to no two of them while they
// hear each other first.
func (r *reader) welcomedAndParted() []Attention {
	out := []Attention{}
	if r.env.People == nil {
		return out
	}
	for _, p := range r.env.People.Proposals() {
		if len(p.Crossed) == 0 || p.Target == r.env.Me || r.proposalState(p) != DecisionOpen {
			continue
		}
		said := r.viewProposal(p).Words
		open := slices.DeleteFunc(slices.Clone(p.Crossed), func(m crdt.ID) bool { // who left will not say
			return !r.env.here(m) || slices.ContainsFunc(said, func(w DecisionWord) bool { return w.Member == m })
		})
		mine := slices.Contains(open, r.env.Me)
		if p.By == r.env.Me {
			open = slices.DeleteFunc(open, func(m crdt.ID) bool { return r.hearing(p, m) })
		}
		if mine && !r.hearing(p, p.By) || p.By == r.env.Me && len(open) > 0 {
			out = append(out, r.welcomedAndPartedOf(p, open, mine))
		}
	}
	return out
}

// hearing reports whether a talk with another goes on that began after the proposal, or
// waits for an answer. Once it ended, what crossed is looked at again.
func (r *reader) hearing(p membership.Proposal, other crdt.ID) bool {
	t := r.talkWith(other)
	return t != nil && slices.ContainsFunc(t.invitations, func(v invitation) bool { return v.hlc > p.HLC })
}

// talkWith is the talk of this person with another that is not over; nil for none. In a
// circle that one of them left there is none.
func (r *reader) talkWith(other crdt.ID) *talk {
	for _, t := range r.talks() {
		if r.settle(t); t.of(r.env.Me) && t.of(other) && !t.over() && !r.apart(t) {
			return t
		}
	}
	return nil
}

func (r *reader) welcomedAndPartedOf(p membership.Proposal, welcomed []crdt.ID, mine bool) Attention {
	at := Attention{Kind: LookWelcomed, About: []crdt.ID{p.ID, p.Target}}
	other := welcomed[0]
	if mine {
		other = p.By
		at.Choices = []Choice{say("choice.concern", "concern", p.ID, "TEXT"), say("choice.aside", "stand-aside", p.ID),
			say("choice.consent", "consent", p.ID)}
	}
	if r.env.here(other) {
		do := "tend talk with " + cmdID(other) + " TEXT"
		if t := r.talkWith(other); t != nil { // one from before; they could not begin another
			do = "tend show " + cmdID(t.id)
		}
		at.Choices = append(at.Choices, Choose(As("choice.hear_each_other", r.s.who(other)), do))
	}
	return at.Saying("looks.welcomed_and_parted", r.names(welcomed), r.s.who(p.Target), r.names([]crdt.ID{p.By}), r.proposalText(p))
}

// heardLate are concerns given before a decision closed that its closing did not
// know: shown to everyone with voice, until one of them answers it, also by laying the
// text before the circle again.
func (r *reader) heardLate() []Attention {
	out := []Attention{}
	if !r.env.mayDecide(r.env.Me) {
		return out
	}
	var all []*decision
	for _, id := range r.s.DecisionIDs() {
		if d, ok := r.decision(id); ok {
			all = append(all, d)
		}
	}
	for _, d := range all {
		for _, w := range d.late() {
			again := func(o *decision) bool { return o.body.About == d.id && o.made.HLC > w.hlc }
			if !slices.ContainsFunc(all, again) {
				out = append(out, r.late(d, w))
			}
		}
	}
	return out
}

// decisionsDue are decisions whose day to be looked at again has come, for everyone with
// voice, until somebody proposes something about them. They hold meanwhile.
func (r *reader) decisionsDue() []Attention {
	out := []Attention{}
	if !r.env.mayDecide(r.env.Me) {
		return out
	}
	for _, id := range r.s.DecisionIDs() {
		d, ok := r.decision(id)
		if !ok || d.body.ReviewOn == "" || r.decisionState(d) != DecisionReviewDue {
			continue
		}
		later, _ := r.s.links.get(id)
		proposed := slices.ContainsFunc(later, func(id crdt.ID) bool {
			o, ok := r.decision(id)
			return ok && o.body.About == d.id && r.decisionState(o) == DecisionOpen
		})
		if !proposed {
			out = append(out, Attention{Kind: LookReviewDue, About: []crdt.ID{id}, Choices: []Choice{
				Choose(As("choice.renew"), "tend propose --renew "+cmdID(id))}}.Saying(
				"looks.decision_due", d.newestText()))
		}
	}
	return out
}

// late returns the concerns that no closing heard though they were in time.
func (d *decision) late() []word {
	closings := d.closings()
	if !slices.ContainsFunc(closings, d.adopts) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(d.saidInTime()), func(w word) bool {
		return w.value != WordConcern || !d.counts(w.by) || slices.ContainsFunc(closings, func(c closing) bool {
			return slices.ContainsFunc(c.heard, func(h word) bool { return h.id == w.id })
		})
	})
}

func (r *reader) late(d *decision, w word) Attention {
	text := d.newestText()
	who := r.s.who(w.by)
	concern := As("looks.a_concern")
	if w.note != "" {
		concern = Words(w.note)
	}
	at := Attention{Kind: LookHeardLate, About: []crdt.ID{d.id}, Choices: []Choice{{Said: As("choice.propose_again"),
		Do: "tend propose TEXT --about " + cmdID(d.id), Laid: As("choice.propose_again.text", text, who, concern)}}}
	if d.made.Author == r.env.Me {
		at.Choices = append(at.Choices, say("choice.reshape", "reshape", d.id, shellWord(text)))
	}
	at.Choices = append(at.Choices, say("choice.holds", "enact", d.id))
	return at.Saying("looks.heard_late", who, text, concern)
}

package circle

import (
	"bytes"
	"slices"

	"tend/crdt"
	"tend/crdt/membership"
)

// CharterReview is the day on which the circle looks at its charter again, "" for none:
// the one that the charter names. One that came into force on that day or later, as where
// somebody forgot to name another, comes back a year after it did, so that no charter
// falls out of sight by a slip of the pen.
func (s *State) CharterReview(env Env) string { return s.reader(env).charterReview() }

func (r *reader) charterReview() string {
	if r.env.People == nil {
		return ""
	}
	named := r.env.People.Charter().ReviewOn
	since := r.env.People.CharterSince().Time().In(r.env.Now.Location())
	if named == "" || named > since.Format(dateForm) {
		return named
	}
	return since.AddDate(1, 0, 0).Format(dateForm)
}

// charterDue: the day has come, for everyone with voice, until somebody proposes another
// charter or the same again. It holds meanwhile.
func (r *reader) charterDue() (Attention, bool) {
	day := r.charterReview()
	if day == "" || day > r.now.Format(dateForm) || !r.env.mayDecide(r.env.Me) {
		return Attention{}, false
	}
	proposed := slices.ContainsFunc(r.env.People.Proposals(), func(p membership.Proposal) bool {
		return p.What == membership.ChangeTo && r.proposalState(p) == DecisionOpen
	})
	if proposed {
		return Attention{}, false
	}
	return Attention{Kind: LookReviewDue, About: []crdt.ID{r.s.circle}, Choices: []Choice{
		Choose(As("choice.renew"), "tend propose --renew "+RenewCharter),
		Choose(As("choice.charter_anew"), "tend propose TEXT --charter FILE"),
	}}.Saying("looks.charter_due"), true
}

// RenewCharter stands for the charter in force where a proposal says what it renews.
const RenewCharter = "charter"

// renewed is the charter in force with another day to be looked at again, by default a
// year after the circle has had its time to see the proposal.
func (p *parser) renewed() *membership.Charter {
	if p.env.People == nil {
		p.fail(noDecision())
		return nil
	}
	c := p.env.People.Charter()
	c.ReviewOn = p.date("review")
	if c.ReviewOn == "" {
		c.ReviewOn = p.env.Now.AddDate(1, 0, int(c.WindowDays)).Format(dateForm)
	}
	return &c
}

// renews reports whether a proposed charter is the one in force but for its day to be
// looked at again.
func (e *Env) renews(proposed *membership.Charter) bool {
	if proposed == nil {
		return false
	}
	now := e.People.Charter()
	now.ReviewOn = proposed.ReviewOn
	return bytes.Equal(membership.EncodeCharter(now), membership.EncodeCharter(*proposed))
}

package circle

import (
	"slices"

	"tend/crdt"
)

// mayActUnder is the kind refusal where a member did not wish beforehand that this
// person asks for them, or where the wish has run out.
func (s *State) mayActUnder(env Env, p Posted) error {
	if p.For.IsZero() {
		return usage("no.under_for.else")
	}
	if len(s.wished(env, p.For, int(p.Under), env.Me, crdt.MaxHLC, env.Now)) > 0 {
		return nil
	}
	return kept("no.not_wished", s.who(p.For))
}

// actedUnder is what came of a wish beforehand: somebody acted on it. The one whose wish
// it is hears first, and may close it. Where the wish was changed meanwhile both hear, in
// thanks, and it is for the one whose wish it was to say. Whether it stood, only those
// can judge who may read it; so nobody else is shown anything, and the post is open for
// everybody until it is closed.
func (r *reader) actedUnder(p *post) (Attention, bool) {
	me := r.env.Me
	if p.Under == 0 || p.owner == p.author || p.closed() || me != p.owner && me != p.author || r.ownersWord(p) == WordYes {
		return Attention{}, false
	}
	day := p.made.HLC.Time().In(r.env.Now.Location())
	then := r.s.wished(r.env, p.owner, int(p.Under), p.author, p.made.HLC, day)
	now := r.s.wished(r.env, p.owner, int(p.Under), p.author, crdt.MaxHLC, day)
	stands := slices.IndexFunc(now, func(c Consent) bool {
		return slices.ContainsFunc(then, func(o Consent) bool { return o.If == c.If && o.Then == c.Then })
	})
	at := Attention{Kind: LookConsentChanged, About: []crdt.ID{p.id}}
	stay := say("choice.let_stay", "yes", p.id)
	closeIt := say("choice.close_it", "withdraw", p.id)
	switch {
	case stands >= 0 && me != p.owner:
		return Attention{}, false
	case stands >= 0:
		at.Kind, at.Choices = LookAsWished, []Choice{say("choice.good", "yes", p.id), closeIt}
		return at.Saying("looks.as_wished", r.s.who(p.author), p.Title, now[stands].If, now[stands].Then), true
	case me != p.owner:
		at.Choices = []Choice{closeIt, say("choice.show", "show", p.id)}
		return at.Saying("looks.consent_changed_for", r.s.who(p.owner), p.Title), true
	}
	at.Choices = []Choice{stay, closeIt}
	return at.Saying("looks.consent_changed", r.s.who(p.author), p.Title), true
}

// openedForMe reports whether somebody opened a post for this person by a wish of theirs,
// and they have not said yet that it may stay.
func (r *reader) openedForMe(p *post) bool {
	return p.Under > 0 && p.owner == r.env.Me && p.author != r.env.Me && r.ownersWord(p) != WordYes
}

// ownersWord is what the one whose post it is said to it.
func (r *reader) ownersWord(p *post) WordValue {
	own := slices.DeleteFunc(p.rec.words(), func(w word) bool { return w.by != p.owner })
	return careful(own).value
}

// letStay is the yes of the one for whom somebody acted on a wish beforehand: from then
// on it rests on that word.
func (r *reader) letStay(p *post) plan {
	return about(p.id, fixed([]crdt.ID{p.author}, WordGiven{On: p.id, Value: WordYes, Replaces: p.rec.replacing(r.env.Me)}))
}

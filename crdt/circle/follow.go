package circle

import (
	"slices"

	"tend/crdt/canon"
)

// MaxFollowed is how many categories a person may follow.
const MaxFollowed = 100

// Followed are the categories whose needs this person wishes to hear of, in the order
// in which they named them: kinds of need that they can meet. Nobody else knows.
func (o Own) Followed() []string {
	var out []string
	if canon.Unmarshal(o.rows[ownFollowed], &out) != nil || len(out) > MaxFollowed {
		return nil
	}
	return out
}

// follows reports whether this person follows the category of a post.
func (r *reader) follows(p *post) bool {
	if r.followed == nil {
		r.followed = map[string]bool{}
		for _, c := range r.env.Own.Followed() {
			r.followed[fold(c)] = true
		}
	}
	return p.Category != "" && r.followed[p.folded()]
}

// Follow says which categories one follows, in place of those before.
type Follow struct{ Categories []string }

func (c Follow) decide(_ *State, env Env) (plan, error) {
	if slices.Equal(c.Categories, env.Own.Followed()) {
		return unchanged(env.Me), nil
	}
	row := OwnRow{Key: ownFollowed}
	if len(c.Categories) > 0 {
		row.Value = canon.MustMarshal(c.Categories)
	}
	return keptAlone(env, env.Me, row)
}

// follow reads categories, or "none".
func (p *parser) follow() Command {
	var c Follow
	for _, word := range p.all("text") {
		if len(p.all("text")) == 1 && word == "none" {
			break
		}
		if err := ruleCategory.check(word); err != nil || fold(word) == "" {
			p.fail(usage("no.category", word))
			continue
		}
		if !slices.ContainsFunc(c.Categories, func(o string) bool { return fold(o) == fold(word) }) {
			c.Categories = append(c.Categories, word)
		}
	}
	if len(c.Categories) > MaxFollowed {
		p.fail(usage("no.many_followed", MaxFollowed))
	}
	return c
}

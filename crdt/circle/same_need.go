package circle

import (
	"slices"

	"tend/crdt"
)

// sameNeeds are pairs of needs that two people wrote for one person and that may be
// the same: shown to the two and to the one it is for, who decides. Saying yes to both
// is a decision as well, and so is doing nothing.
func (r *reader) sameNeeds(mine []*post) []Attention {
	forAnother := func(p *post) bool { return p.author != p.owner }
	if !slices.ContainsFunc(mine, forAnother) {
		return nil // one of each pair is for another, and whoever wrote it or has it is concerned
	}
	needs := slices.DeleteFunc(slices.Clone(r.currentPosts()), func(p *post) bool {
		return !p.need || p.status != "waiting" && p.status != "open" || r.over(p)
	})
	slices.SortFunc(needs, byPostID)
	byOwner := map[crdt.ID][]*post{}
	for _, p := range needs {
		byOwner[p.owner] = append(byOwner[p.owner], p)
	}
	var out []Attention
	for _, one := range needs {
		if !forAnother(one) {
			continue
		}
		for _, two := range byOwner[one.owner] {
			if twice := two.author != two.owner && two.id.Compare(one.id) < 0; twice || !maySame(one, two) {
				continue
			}
			if at, mine := r.sameNeed(one, two); mine {
				out = append(out, at)
			}
		}
	}
	return out
}

// maySame reports whether two needs of one owner were written by two people, may be
// one, and the owner has not said yet that both stand.
func maySame(a, b *post) bool {
	return a.author != b.author && alike(a, b) && !bothStand(a, b)
}

// bothStand reports whether the owner gave leave to what others wrote of the two: then
// they have seen both.
func bothStand(a, b *post) bool {
	for _, p := range []*post{a, b} {
		leave := slices.ContainsFunc(p.rec.words(), func(w word) bool { return w.by == p.owner && w.value == WordYes })
		widened := slices.ContainsFunc(p.rec.parts, func(c part) bool { return c.Author == p.owner && c.Body.kind() == KindAudienceChanged })
		if p.author != p.owner && !leave && !widened {
			return false
		}
	}
	return true
}

// similar reports whether two posts are about the same: a category, or a word of their
// titles.
func similar(a, b *post) bool {
	if a.Category != "" && a.folded() == b.folded() {
		return true
	}
	words := b.titleWords()
	return slices.ContainsFunc(a.titleWords(), func(w string) bool { return slices.Contains(words, w) })
}

// alike reports whether two posts may mean one thing: they are about the same, and no
// dates keep them apart.
func alike(a, b *post) bool {
	if about := similar(a, b); !about || len(a.When) == 0 || len(b.When) == 0 {
		return about
	}
	days := map[string]bool{}
	for _, s := range a.slots().slots {
		days[s[:min(len(s), len(dateForm))]] = true
	}
	return slices.ContainsFunc(b.slots().slots, func(s string) bool { return days[s[:min(len(s), len(dateForm))]] })
}

// titleWords are those of its title, worked out once.
func (p *post) titleWords() []string {
	if !p.titled {
		p.titled, p.words = true, titleWords(p.Title)
	}
	return p.words
}

// titleWords are the words of a title that tell what it is about, as search reads them:
// short ones do not.
func titleWords(title string) []string {
	const least = 4
	return slices.DeleteFunc(searchWords(title), func(w string) bool { return len([]rune(w)) < least })
}

// sameNeed is the pair as this person sees it; false for who is not concerned.
func (r *reader) sameNeed(a, b *post) (Attention, bool) {
	me := r.env.Me
	at := Attention{Kind: LookSameNeed, About: []crdt.ID{a.id, b.id}}
	for _, p := range []*post{a, b} {
		take := As("choice.take_this_down", p.Title)
		switch {
		case p.status == "waiting" && me == p.owner:
			at.Choices = append(at.Choices, sayIn(As("choice.want_this", p.Title), "yes", p.id), sayIn(take, "not-now", p.id))
		case me == p.owner || me == p.author:
			at.Choices = append(at.Choices, sayIn(take, "withdraw", p.id))
		}
	}
	if me == a.owner {
		return at.Saying("looks.same_need_yours", a.Title, r.names([]crdt.ID{a.author}), b.Title, r.names([]crdt.ID{b.author})), true
	}
	return at.Saying("looks.same_need", a.Title, r.names([]crdt.ID{a.author}), b.Title, r.names([]crdt.ID{b.author}), r.names([]crdt.ID{a.owner})), len(at.Choices) > 0
}

package circle

import (
	"cmp"
	"slices"
	"strings"

	"tend/crdt"
)

// query is what somebody looks for: the stems of their words.
type query []string

// queryOf reads what somebody looks for. Signs alone, as a small picture, are looked
// for as they are.
func queryOf(words string) query {
	if q := searchWords(words); len(q) > 0 {
		return q
	}
	return strings.Fields(searchFold(words))
}

// in reports whether every word of q is in a text that is folded already.
func (q query) in(folded string) bool {
	return !slices.ContainsFunc(q, func(w string) bool { return !strings.Contains(folded, w) })
}

// matches reports whether every word of what somebody looks for occurs in one of texts:
// in any case and form, also within another word. Nothing to look for matches.
func matches(words string, texts ...string) bool {
	q := queryOf(words)
	return len(q) == 0 || q.in(searchFold(strings.Join(texts, "\n")))
}

// Found is one thing a search came upon; exactly one of its fields is set.
type Found struct {
	Post      *Post
	Agreement *Agreement
	Note      *Note
	Member    crdt.ID
}

// Search returns what the person may see that holds all the words, in any case:
// members, then posts, agreements and notes, each newest first. An empty query finds
// nothing, and nothing finds what was said in a talk.
func (s *State) Search(env Env, words string) []Found {
	out := []Found{}
	if strings.TrimSpace(words) == "" {
		return out
	}
	members := slices.Clone(env.Members)
	slices.SortFunc(members, crdt.ID.Compare)
	for _, m := range members {
		if matches(words, s.Name(m)) {
			out = append(out, Found{Member: m})
		}
	}
	for _, p := range s.Posts(env, Filter{All: true, Text: words}) {
		out = append(out, Found{Post: &p})
	}
	for _, a := range s.Agreements(env, Filter{All: true, Text: words}) {
		if s.IsTalk(a.ID) {
			continue
		}
		out = append(out, Found{Agreement: &a})
	}
	var notes []Note
	s.records.all(func(id crdt.ID, r *record) bool {
		for _, n := range r.notes() {
			if matches(words, n.Text) && !s.IsTalk(id) {
				notes = append(notes, n)
			}
		}
		return true
	})
	slices.SortStableFunc(notes, func(a, b Note) int { return cmp.Compare(b.HLC, a.HLC) })
	for _, n := range notes {
		out = append(out, Found{Note: &n})
	}
	return out
}

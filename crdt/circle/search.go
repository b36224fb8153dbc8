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
func matches(words string, texts ...string) bool { return queryOf(words).among(texts...) }

// among reports whether every word of q occurs in one of texts.
func (q query) among(texts ...string) bool {
	return len(q) == 0 || q.in(searchFold(strings.Join(texts, "\n")))
}

// Found is one thing a search came upon; exactly one of its fields is set.
type Found struct {
	Post      *Post
	Agreement *Agreement
	Note      *Note
	Member    crdt.ID
}

// Search returns what the person may see that holds all the words, in any case and
// form: members, then posts, agreements and notes, each newest first. No words find
// nothing, and nothing finds what was said in a talk.
func (s *State) Search(env Env, words string) []Found {
	var all []crdt.ID
	s.records.all(func(id crdt.ID, _ *record) bool { all = append(all, id); return true })
	return s.SearchIn(env, words, all)
}

// SearchIn is [State.Search] that reads some of the records, in which all that holds
// the words must be: see [Index.May].
func (s *State) SearchIn(env Env, words string, may []crdt.ID) []Found {
	if strings.TrimSpace(words) == "" {
		return []Found{}
	}
	r, done := s.looking(env)
	defer done()
	f := &finding{reader: r, all: choose(Filter{All: true, Text: words})}
	for _, id := range may {
		f.read(id)
	}
	out := []Found{}
	members := slices.Clone(env.Members)
	slices.SortFunc(members, crdt.ID.Compare)
	for _, m := range members {
		if matches(words, s.Name(m)) {
			out = append(out, Found{Member: m})
		}
	}
	slices.SortStableFunc(f.posts, func(a, b Post) int { return cmp.Compare(b.Made, a.Made) })
	for _, p := range f.posts {
		out = append(out, Found{Post: &p})
	}
	slices.SortStableFunc(f.agreements, func(a, b Agreement) int { return cmp.Compare(b.Made, a.Made) })
	for _, a := range f.agreements {
		out = append(out, Found{Agreement: &a})
	}
	slices.SortStableFunc(f.notes, func(a, b Note) int { return cmp.Compare(b.HLC, a.HLC) })
	for _, n := range f.notes {
		out = append(out, Found{Note: &n})
	}
	return out
}

// finding gathers what a search comes upon.
type finding struct {
	*reader
	all        choice
	posts      []Post
	agreements []Agreement
	notes      []Note
}

// read takes from one record what holds the words.
func (f *finding) read(id crdt.ID) {
	rec, ok := f.s.records.get(id)
	if !ok || f.s.IsTalk(id) {
		return
	}
	now := crdt.At(f.env.Now.UnixMilli())
	if rec.mayBePost() {
		if p, ok := f.post(id); ok && p.lasts(now) && f.takes(p, f.all) {
			f.posts = append(f.posts, f.view(p))
		}
	}
	if a, ok := f.agreement(id); ok && (a.post == nil || a.post.lasts(now)) && f.all.words.among(a.newest().terms.What, a.newest().terms.Area) {
		f.agreements = append(f.agreements, f.viewAgreement(a))
	}
	for _, n := range rec.notes() {
		if f.all.words.among(n.Text) {
			f.notes = append(f.notes, n)
		}
	}
}

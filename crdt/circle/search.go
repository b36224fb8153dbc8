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

// Matches reports whether every word of what somebody looks for occurs in one of texts:
// in any case and form, also within another word. Nothing to look for matches.
func Matches(words string, texts ...string) bool { return queryOf(words).among(texts...) }

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
	return s.SearchIn(env, words, all, 0)
}

// SearchIn is [State.Search] that reads some of the records, in which all that holds
// the words must be: see [Index.May]. It may leave away what comes after the first most,
// unless that is 0.
func (s *State) SearchIn(env Env, words string, may []crdt.ID, most int) []Found {
	out := []Found{}
	if strings.TrimSpace(words) == "" {
		return out
	}
	members := slices.Clone(env.Members)
	slices.SortFunc(members, crdt.ID.Compare)
	for _, m := range members {
		if Matches(words, s.Name(m)) {
			out = append(out, Found{Member: m})
		}
	}
	r, done := s.looking(env)
	defer done()
	f := &finding{reader: r, all: choose(Filter{All: true, Text: words}), found: out, most: most}
	for _, id := range may {
		f.read(id)
	}
	f.addPosts()
	f.addAgreements()
	f.addNotes()
	return f.found
}

// finding gathers what a search comes upon. Lines are made of what is shown alone.
type finding struct {
	*reader
	all        choice
	found      []Found
	most       int
	posts      []*post
	agreements []*agreement
	noted      []*record
}

// read takes from one record what may hold the words.
func (f *finding) read(id crdt.ID) {
	rec, ok := f.s.records.get(id)
	if !ok || f.s.IsTalk(id) {
		return
	}
	if rec.mayBePost() {
		if p, ok := f.post(id); ok {
			f.posts = append(f.posts, p)
		}
	}
	if a, ok := f.agreement(id); ok {
		f.agreements = append(f.agreements, a)
	}
	if rec.holds(KindNoteWritten) {
		f.noted = append(f.noted, rec)
	}
}

// enough reports whether there is as much as was asked for.
func (f *finding) enough() bool { return f.most > 0 && len(f.found) >= f.most }

func (f *finding) addPosts() {
	slices.SortFunc(f.posts, newestFirst)
	for _, p := range f.lasting(f.posts) {
		if f.enough() {
			return
		}
		if f.takes(p, f.all) {
			v := f.view(p)
			f.found = append(f.found, Found{Post: &v})
		}
	}
}

func (f *finding) addAgreements() {
	slices.SortFunc(f.agreements, latestFirst)
	for _, a := range f.ofKept(f.agreements) {
		if f.enough() {
			return
		}
		if text := a.newest().terms; f.all.words.among(text.What, text.Area) {
			v := f.viewAgreement(a)
			f.found = append(f.found, Found{Agreement: &v})
		}
	}
}

// addNotes adds every note there is: several may be on one thing, which is shown once.
func (f *finding) addNotes() {
	if f.enough() {
		return
	}
	var notes []Note
	for _, rec := range f.noted {
		notes = append(notes, slices.DeleteFunc(rec.notes(), func(n Note) bool { return !f.all.words.among(n.Text) })...)
	}
	slices.SortStableFunc(notes, func(a, b Note) int { return cmp.Compare(b.HLC, a.HLC) })
	for i := range notes {
		f.found = append(f.found, Found{Note: &notes[i]})
	}
}

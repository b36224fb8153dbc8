package circle

import (
	"slices"

	"tend/crdt"
)

// Index tells quickly which records of a state may hold the words that somebody looks
// for: for each record what search reads of it, folded. It follows the state, so what is
// taken back or fades is gone from it as soon as it is gone from there; nothing of it is
// ever stored. The zero Index is empty. It is for one user at a time.
type Index struct {
	state *State
	texts map[crdt.ID]string
	text  []byte // of one record, while it is read
}

// Follow brings the index up to s: what it costs is the records that differ from those
// it followed last, and at first all of them.
func (ix *Index) Follow(s *State) {
	if ix.state == s {
		return
	}
	var old *branch[*record]
	if ix.state != nil {
		old = ix.state.records.root
	}
	if ix.texts == nil {
		ix.texts = make(map[crdt.ID]string, s.records.n)
	}
	differ(old, s.records.root, func(id crdt.ID) {
		rec, ok := s.records.get(id)
		if !ok {
			delete(ix.texts, id)
			return
		}
		if ix.text = rec.searched(ix.text[:0]); len(ix.text) > 0 {
			ix.texts[id] = string(ix.text)
		} else {
			delete(ix.texts, id)
		}
	})
	ix.state = s
}

// May returns the records that may hold all the words, ascending: each that does is
// among them. What is agreed about one of them is, too, as it takes its words from there.
func (ix *Index) May(words string) []crdt.ID {
	q := queryOf(words)
	if len(q) == 0 || ix.state == nil {
		return nil
	}
	var out []crdt.ID
	for id, text := range ix.texts {
		if q.in(text) {
			about, _ := ix.state.links.get(id)
			out = append(append(out, id), about...)
		}
	}
	slices.SortFunc(out, crdt.ID.Compare)
	return slices.Compact(out)
}

// differ yields the ids at which two tries differ, in no order; some that do not may be
// among them, and none twice but where branches were split.
func differ(a, b *branch[*record], yield func(crdt.ID)) {
	switch {
	case a == b:
	case a != nil && b != nil && a.kids != nil && b.kids != nil:
		for i := range a.kids {
			differ(a.kids[i], b.kids[i], yield)
		}
	default:
		each := func(id crdt.ID, _ *record) bool { yield(id); return true }
		a.walk(each)
		b.walk(each)
	}
}

// searched appends what search reads of a record, as it was at any time, folded: line by
// line.
func (r *record) searched(to []byte) []byte {
	for i := range r.parts {
		eachSearched(r.parts[i].Body, func(text string) {
			if text != "" {
				to = append(appendFold(to, text), '\n')
			}
		})
	}
	return to
}

// eachSearched yields the texts of a body that search reads.
func eachSearched(body Body, yield func(text string)) {
	posted := func(p *Posted) {
		for _, text := range []string{p.Title, p.Details, p.Category, p.Area} {
			yield(text)
		}
	}
	agreed := func(t *Terms) {
		yield(t.What)
		yield(t.Area)
	}
	switch b := body.(type) {
	case *NeedPosted:
		posted((*Posted)(b))
	case *OfferPosted:
		posted((*Posted)(b))
	case PostEdited:
		var p Posted
		for _, e := range b.Edits {
			e.apply(&p)
		}
		posted(&p)
	case AgreementMade:
		agreed(&b.Terms)
	case TermsChanged:
		agreed(&b.Terms)
	case NoteWritten:
		yield(b.Text)
	case AudienceChanged:
		if snap, err := b.open(b.Target); err == nil {
			eachSearched(snap.Body, yield)
		}
	}
}

package circle

import (
	"cmp"
	"fmt"
	"slices"

	"tend/crdt"
)

// WordValue is what a person says on a text.
type WordValue uint64

// The words. Their numbers are part of the format.
const (
	WordNone WordValue = iota
	WordYes
	WordNotNow
	WordReleased
	WordConsent
	WordStandAside
	WordConcern
	WordLater
	WordHeard
	WordNotQuite
	WordFelt
	WordOurs
	WordPause
	WordEnd
	WordSaid // a member's own sentence, as on the charter
	wordEnd  // first number that is no word
)

var wordNames = [...]string{"none", "yes", "not_now", "released", "consent", "stand_aside", "concern",
	"later", "heard", "not_quite", "felt", "ours", "pause", "end", "said"}

// String returns the word as interface JSON has it.
func (w WordValue) String() string {
	if w >= wordEnd {
		return fmt.Sprintf("word %d", uint64(w))
	}
	return wordNames[w]
}

// care orders words for the case that a person said two things at once: the
// more careful one counts until they have answered which it is.
func (w WordValue) care() int {
	switch w {
	case WordReleased, WordConcern, WordEnd:
		return 3
	case WordNotNow, WordStandAside, WordPause, WordNotQuite:
		return 2
	case WordLater:
		return 1
	}
	return 0
}

// WordGiven is a person's own word on one version of a text. Only they can write it,
// and only they can replace it.
type WordGiven struct {
	_        struct{} `cbor:",toarray"`
	On       crdt.ID  // a record, or the circle
	Rev      Rev      // the text; zero where the record has only one
	Value    WordValue
	Note     string
	Replaces []crdt.ID // earlier words of the same person, at most MaxReplaces, ascending
}

func (WordGiven) kind() uint64      { return KindWordGiven }
func (b WordGiven) record() crdt.ID { return b.On }
func (b WordGiven) check() error {
	if b.On.IsZero() {
		return fmt.Errorf("a word on nothing")
	}
	if b.Value == WordNone || b.Value >= wordEnd {
		return fmt.Errorf("word %d is not known", b.Value)
	}
	if len(b.Replaces) > MaxReplaces || !ascending(b.Replaces) {
		return fmt.Errorf("the words replaced are more than %d or not in order", MaxReplaces)
	}
	return ruleWordNote.check(b.Note)
}

// word is one word with who gave it and when.
type word struct {
	id    crdt.ID
	by    crdt.ID
	hlc   crdt.HLC
	rev   Rev
	value WordValue
	note  string
}

// words merges the words on one record: those that no word of the same person
// replaces, ascending by clock and id.
func (r *record) words() []word { return r.wordsBy(crdt.MaxHLC) }

// wordsBy is words as they were at a time.
func (r *record) wordsBy(limit crdt.HLC) []word {
	type own struct{ by, id crdt.ID }
	var replaced map[own]bool
	given := 0
	for i := range r.parts {
		c := &r.parts[i].Change
		w, ok := c.Body.(WordGiven)
		if !ok || c.HLC > limit {
			continue
		}
		given++
		for _, id := range w.Replaces {
			if replaced == nil {
				replaced = map[own]bool{}
			}
			replaced[own{c.Author, id}] = true
		}
	}
	if given == 0 {
		return nil
	}
	out := make([]word, 0, given)
	for i := range r.parts {
		c := &r.parts[i].Change
		if w, ok := c.Body.(WordGiven); ok && c.HLC <= limit && !replaced[own{c.Author, c.ID}] {
			out = append(out, word{c.ID, c.Author, c.HLC, w.Rev, w.Value, w.Note})
		}
	}
	slices.SortFunc(out, func(a, b word) int {
		return cmp.Or(cmp.Compare(a.hlc, b.hlc), a.id.Compare(b.id))
	})
	return out
}

// careful returns the one of words that counts: the most careful, and of those
// the newest. The zero word if there is none.
func careful(words []word) word {
	var best word
	for _, w := range words {
		if best.value == WordNone || w.value.care() >= best.value.care() {
			best = w
		}
	}
	return best
}

// replacing returns the ids of member's current words on r, the most careful
// first to be named when there are too many, ascending.
func (r *record) replacing(member crdt.ID) []crdt.ID {
	own := slices.DeleteFunc(r.words(), func(w word) bool { return w.by != member })
	slices.SortStableFunc(own, func(a, b word) int { return cmp.Compare(b.value.care(), a.value.care()) })
	ids := []crdt.ID{}
	for _, w := range own[:min(len(own), MaxReplaces)] {
		ids = append(ids, w.id)
	}
	slices.SortFunc(ids, crdt.ID.Compare)
	return ids
}

package circle

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tend/crdt"
)

// holds reports whether a word stands anywhere in the index.
func (ix *Index) holds(word string) bool {
	for _, text := range ix.texts {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// TestNothingTakenBackOrFadedIsInTheIndex writes a canary into everything that search
// reads, lets it be taken back or fade, and looks for it in the whole index.
func TestNothingTakenBackOrFadedIsInTheIndex(t *testing.T) {
	ann, n := crdt.ID(sha256.Sum256([]byte("Ann"))), 0
	change := func(b Body) Change {
		n++
		return Change{Meta: Meta{ID: sha256.Sum256(fmt.Append(nil, "op", n)), Author: ann, HLC: crdt.At(int64(n) * crdt.DayMillis)}, Body: b}
	}
	need := change(&NeedPosted{Title: "canary one", Details: "Ⓒanary two", People: 1, Fade: 3})
	edit := change(PostEdited{Post: need.ID, Edits: []Edit{editOf(&Posted{Area: "canary street"}, FieldArea)}})
	yes := change(AgreementMade{About: []crdt.ID{need.ID}, Terms: Terms{What: "canary terms"}})
	note := change(NoteWritten{On: need.ID, Text: "a CANARY sings"})
	met := change(PostStatusSet{Post: need.ID, Status: StatusMet})
	all := []Change{need, edit, yes, note, met}

	state := func(changes ...Change) *State {
		s := NewState(crdt.ID{})
		for _, c := range changes {
			s.Apply(c)
		}
		return s.Fork()
	}
	t.Run("taken back", func(t *testing.T) {
		var ix Index
		s := state(all...)
		for ix.Follow(s); !ix.holds("canary"); {
			t.Fatal("the canary is not in the index at all")
		}
		for _, c := range all {
			next := s.Fork()
			next.Apply(change(Retracted{Op: c.ID}))
			s = next
			ix.Follow(s)
		}
		if ix.holds("canary") {
			t.Errorf("what was taken back stands in the index: %q", ix.texts)
		}
	})
	t.Run("faded", func(t *testing.T) {
		var ix Index
		s := state(all...)
		ix.Follow(s)
		next := s.Fork()
		for _, id := range []crdt.ID{need.ID, yes.ID} {
			next.Fade(id, crdt.At(int64(n+400)*crdt.DayMillis), 1000)
		}
		ix.Follow(next)
		if ix.holds("canary") {
			t.Errorf("what faded stands in the index: %q", ix.texts)
		}
	})
}

// TestIndexFollows holds an index that followed many states, back and forth, against
// reading everything.
func TestIndexFollows(t *testing.T) {
	words := []string{"soup", "dogs", "lift", "Häuser", "散歩"}
	ann := crdt.ID(sha256.Sum256([]byte("Ann")))
	rapid.Check(t, func(t *rapid.T) {
		states := []*State{NewState(crdt.ID{})}
		var ix Index
		var made []crdt.ID
		for n := range rapid.IntRange(1, 40).Draw(t, "ops") {
			next := states[len(states)-1].Fork()
			c := Change{Meta: Meta{ID: sha256.Sum256(fmt.Append(nil, n)), Author: ann, HLC: crdt.HLC(n+1) << 16}}
			word := rapid.SampledFrom(words).Draw(t, "word")
			switch on := made; {
			case len(on) == 0 || rapid.Bool().Draw(t, "new"):
				c.Body = &NeedPosted{Title: word, People: 1}
				made = append(made, c.ID)
			case rapid.Bool().Draw(t, "back"):
				c.Body = Retracted{Op: rapid.SampledFrom(on).Draw(t, "op")}
			default:
				c.Body = NoteWritten{On: rapid.SampledFrom(on).Draw(t, "op"), Text: word}
				made = append(made, c.ID)
			}
			next.Apply(c)
			states = append(states, next)
		}
		env := Env{Me: ann, Now: time.UnixMilli(0)}
		for range 20 {
			s := rapid.SampledFrom(states).Draw(t, "state")
			word := rapid.SampledFrom(words).Draw(t, "look for")
			ix.Follow(s)
			want, got := keysOf(s.Search(env, word)), keysOf(s.SearchIn(env, word, ix.May(word), 0))
			if !slices.Equal(got, want) {
				t.Fatalf("the index finds %v of %q, reading everything %v", got, word, want)
			}
			most := rapid.IntRange(1, 5).Draw(t, "most")
			first := keysOf(s.SearchIn(env, word, ix.May(word), most))
			if len(first) < min(most, len(want)) || !slices.Equal(first, want[:min(len(first), len(want))]) {
				t.Fatalf("of %v the first %d are given as %v", want, most, first)
			}
		}
	})
}

func keysOf(found []Found) []string {
	var out []string
	for _, f := range found {
		switch {
		case f.Post != nil:
			out = append(out, f.Post.ID.Short())
		case f.Note != nil:
			out = append(out, f.Note.ID.Short())
		case f.Agreement != nil:
			out = append(out, f.Agreement.ID.Short())
		}
	}
	return out
}

package circle_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
)

// posts returns n needs, and for every second one a yes.
func posts(n int) []circle.Change {
	var out []circle.Change
	add := func(author crdt.ID, b circle.Body) crdt.ID {
		id := crdt.ID(sha256.Sum256(fmt.Append(nil, "bench", len(out))))
		out = append(out, circle.Change{Meta: circle.Meta{ID: id, Author: author, HLC: crdt.At(monday.UnixMilli()) + crdt.HLC(len(out))<<16}, Body: b})
		return id
	}
	for i := range n {
		when := monday.AddDate(0, 0, i%50).Format("2006-01-02T15:04")
		need := add(people[i%4], &circle.NeedPosted{Title: fmt.Sprintf("Dishes %d", i), Category: "house", People: 1, When: []string{when}})
		if i%2 == 0 {
			add(people[(i+1)%4], circle.AgreementMade{About: []crdt.ID{need}, Slot: when, Terms: circle.Terms{What: fmt.Sprintf("Dishes %d", i), When: when}})
		}
	}
	return out
}

// BenchmarkApply takes 10,000 posts and 5,000 agreements into an empty state.
func BenchmarkApply(b *testing.B) {
	changes := posts(10_000)
	b.ReportAllocs()
	for b.Loop() {
		apply(changes)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(changes)), "ns/change")
}

// BenchmarkForkApply is what one change costs a node that holds 100,000 records.
func BenchmarkForkApply(b *testing.B) {
	changes := posts(66_668)
	s := apply(changes).Fork()
	note := circle.Change{Meta: circle.Meta{Author: people[0]}, Body: circle.NoteWritten{Text: "hello"}}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s = s.Fork()
		note.ID = sha256.Sum256(fmt.Append(nil, "note", i))
		note.Body = circle.NoteWritten{On: changes[i%len(changes)].ID, Text: "hello"}
		s.Apply(note)
	}
}

// BenchmarkDigest is over 100,000 records.
func BenchmarkDigest(b *testing.B) {
	s := apply(posts(66_668)).Fork()
	for b.Loop() {
		s.Digest(crdt.MaxHLC)
	}
}

// BenchmarkToday is what one member of four sees of 10,000 posts.
func BenchmarkToday(b *testing.B) {
	s := apply(posts(10_000))
	env := circle.Env{Me: people[0], Now: monday, Members: people}
	for b.Loop() {
		s.Today(env)
	}
}

// BenchmarkLoad starts from a checkpoint of 10,000 posts and their agreements.
func BenchmarkLoad(b *testing.B) {
	s := apply(posts(10_000))
	ids := s.Touched()
	rows := make([][]byte, len(ids))
	for i, id := range ids {
		rows[i] = s.EncodeRecord(id)
	}
	for b.Loop() {
		got := circle.NewState(circleID)
		for i, id := range ids {
			if err := got.LoadRecord(id, rows[i]); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkYes is one yes decided in a circle of 10,000 posts.
func BenchmarkYes(b *testing.B) {
	changes := posts(10_000)
	s := apply(changes)
	env := circle.Env{Me: people[3], Now: monday.AddDate(0, 0, -1), Members: people}
	id := changes[2].ID.String()
	for b.Loop() {
		cmd, err := circle.ParseCommand(s, env, "yes", circle.Args{"id": {id}})
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := circle.Decide(s, env, cmd); err != nil {
			b.Fatal(err)
		}
	}
}

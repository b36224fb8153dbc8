package circle_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tend/crdt"
	"tend/crdt/circle"
)

var people = []crdt.ID{{1}, {2}, {3}, {4}}

// opID is the id of the n-th change of a history.
func opID(n int) crdt.ID { return sha256.Sum256(fmt.Append(nil, "law", n)) }

// history draws a set of changes that refer to one another at random, forwards and
// backwards, by whoever likes to.
func history(t *rapid.T) []circle.Change {
	n := rapid.IntRange(1, 40).Draw(t, "n")
	out := make([]circle.Change, n)
	for i := range out {
		target := func() crdt.ID { return opID(rapid.IntRange(0, n-1).Draw(t, "target")) }
		person := func() crdt.ID { return rapid.SampledFrom(people).Draw(t, "person") }
		m := circle.Meta{ID: opID(i), Author: person(), HLC: crdt.At(monday.UnixMilli()) + crdt.HLC(rapid.IntRange(0, 20).Draw(t, "hlc"))<<20}
		if rapid.IntRange(0, 3).Draw(t, "nook") == 0 {
			m.Audience = nook([]crdt.ID{{1}, {2}})
		}
		out[i] = circle.Change{Meta: m, Body: body(t, target, person)}
		kind, payload := circle.Encode(out[i].Body)
		c, err := circle.Decode(m, kind, payload)
		if err != nil {
			t.Fatalf("generated a body that cannot be read: %v", err)
		}
		out[i] = c
	}
	return out
}

func body(t *rapid.T, target, person func() crdt.ID) circle.Body {
	slot := rapid.SampledFrom([]string{"", "2026-12-01T17:00", "2026-12-02T17:00"})
	terms := func() circle.Terms {
		return circle.Terms{What: rapid.SampledFrom([]string{"soup", "bread"}).Draw(t, "what"), When: slot.Draw(t, "when")}
	}
	posted := func() circle.Posted {
		p := circle.Posted{Title: "soup", People: 1, SignUp: rapid.Uint64Range(0, 1).Draw(t, "signup"), When: []string{}}
		if rapid.Bool().Draw(t, "dated") {
			p.When = []string{"2026-12-01T17:00", "2026-12-02T17:00"}
			p.Rule = rapid.SampledFrom([]string{"", "", "FREQ=DAILY;COUNT=3", "FREQ=DAILY;COUNT=40"}).Draw(t, "rule")
			if p.Rule == "" && rapid.Bool().Draw(t, "days") {
				p.When = append(p.When, "2026-11-29/2026-12-03")
			}
		}
		if rapid.IntRange(0, 3).Draw(t, "for") == 0 {
			p.For = person()
		}
		return p
	}
	rev := func() circle.Rev {
		kind, payload := circle.Encode(circle.AgreementMade{About: []crdt.ID{{9}}, Terms: terms()})
		return sha256.Sum256(append(payload, byte(kind)))
	}
	switch rapid.IntRange(0, 16).Draw(t, "kind") {
	case 0, 1:
		p := posted()
		return (*circle.NeedPosted)(&p)
	case 2:
		p := posted()
		return (*circle.OfferPosted)(&p)
	case 3:
		when, _ := rapid.SampledFrom([][]byte{{0x80}, {0x81, 0x6a, '2', '0', '2', '6', '-', '1', '2', '-', '0', '3'}}).Draw(t, "edit"), 0
		return circle.PostEdited{Post: target(), Edits: []circle.Edit{{Field: circle.FieldWhen, Value: when}}}
	case 4:
		return circle.PostStatusSet{Post: target(), Status: rapid.Uint64Range(0, 5).Draw(t, "status")}
	case 5, 6:
		about := target()
		if rapid.IntRange(0, 4).Draw(t, "mayi") == 0 {
			about = person()
		}
		return circle.AgreementMade{About: []crdt.ID{about}, Slot: slot.Draw(t, "slot"), Terms: terms()}
	case 7:
		return circle.AgreementPlace{Agreement: target(), Where: "here"}
	case 8:
		return circle.TermsChanged{Accord: target(), Terms: terms(), Parents: []circle.Rev{rev()}}
	case 9:
		return circle.WordGiven{On: target(), Rev: rev(), Value: circle.WordValue(rapid.Uint64Range(1, 3).Draw(t, "word")), Replaces: []crdt.ID{target()}}
	case 10:
		return circle.MarkAdded{On: target(), What: rapid.Uint64Range(circle.MarkedDone, circle.MarkedUndone).Draw(t, "mark")}
	case 11:
		return circle.MarkRemoved{On: target(), Mark: target()}
	case 12:
		return circle.NoteWritten{On: target(), Text: "hello"}
	case 13:
		return circle.TalkOpened{With: person(), Sentence: "hello"}
	case 14:
		return circle.NoteWritten{On: target(), What: circle.NoteKind(rapid.Uint64Range(0, 8).Draw(t, "note")), Text: "hello"}
	case 15:
		on := circle.Rev{}
		if rapid.Bool().Draw(t, "on a note") {
			on = circle.Rev(target())
		}
		return circle.WordGiven{On: target(), Rev: on, Value: circle.WordValue(rapid.Uint64Range(1, 13).Draw(t, "word")), Replaces: []crdt.ID{target()}}
	}
	switch rapid.IntRange(0, 3).Draw(t, "section") {
	case 0:
		return circle.MemberSectionSet{Member: person(), Section: circle.SectionName, Values: []string{"Ann"}}
	case 1:
		return circle.MemberSectionSet{Member: person(), Section: circle.SectionProxy, Values: []string{person().String()}}
	}
	return circle.Retracted{Op: target()}
}

func apply(changes []circle.Change) *circle.State {
	s := circle.NewState(circleID)
	for _, c := range changes {
		s.Apply(c)
	}
	return s
}

// record ids that any history can touch.
func everyRecord(changes []circle.Change) []crdt.ID {
	ids := slices.Clone(people)
	for _, c := range changes {
		ids = append(ids, c.ID, c.Record())
	}
	slices.SortFunc(ids, crdt.ID.Compare)
	return slices.Compact(ids)
}

// mustEqual compares everything that is kept of two states, and what people see.
func mustEqual(t *rapid.T, what string, ids []crdt.ID, a, b *circle.State) {
	for _, id := range ids {
		if x, y := a.EncodeRecord(id), b.EncodeRecord(id); !bytes.Equal(x, y) {
			t.Fatalf("%s: record %s = %x, want %x", what, id.Short(), x, y)
		}
	}
	if x, y := a.Digest(crdt.MaxHLC), b.Digest(crdt.MaxHLC); x != y {
		t.Fatalf("%s: digest %s, want %s", what, x, y)
	}
	if a.Len() != b.Len() {
		t.Fatalf("%s: %d records, want %d", what, a.Len(), b.Len())
	}
	for _, me := range people {
		if x, y := seen(a, me), seen(b, me); x != y {
			t.Fatalf("%s: member %s sees\n%s\nwant\n%s", what, me.Short(), x, y)
		}
	}
}

// seen prints all that a member is shown.
func seen(s *circle.State, me crdt.ID) string {
	env := circle.Env{Me: me, Now: monday.Add(26 * time.Hour), Members: people}
	out, err := json.Marshal([]any{s.Today(env), s.Week(env), s.Posts(env, circle.Filter{All: true}),
		s.Agreements(env, circle.Filter{All: true}), s.Search(env, "hello"), s.Map(env), s.Talks(env, circle.Filter{All: true})})
	if err != nil {
		panic(err)
	}
	return string(out)
}

func TestAnyOrderAndTwiceGiveEqualStates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		changes := history(t)
		want := apply(changes)
		ids := everyRecord(changes)
		shuffled := rapid.Permutation(changes).Draw(t, "order")
		mustEqual(t, "another order", ids, apply(shuffled), want)
		mustEqual(t, "twice", ids, apply(append(slices.Clone(shuffled), changes...)), want)

		forked := circle.NewState(circleID)
		for i, c := range shuffled {
			if i%3 == 0 {
				forked = forked.Fork()
			}
			forked.Apply(c)
		}
		mustEqual(t, "in batches", ids, forked, want)
	})
}

func TestCheckpointComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		changes := history(t)
		want, ids := apply(changes), everyRecord(changes)
		got := circle.NewState(circleID)
		for _, id := range rapid.Permutation(ids).Draw(t, "order") {
			if row := want.EncodeRecord(id); row != nil {
				if err := got.LoadRecord(id, row); err != nil {
					t.Fatalf("LoadRecord: %v", err)
				}
			}
		}
		mustEqual(t, "loaded", ids, got, want)
		limit, pieces := rapid.IntRange(1, 2000).Draw(t, "limit"), circle.NewState(circleID)
		for _, id := range ids {
			for _, piece := range want.EncodePieces(id, limit) {
				if err := pieces.LoadRecord(id, piece); err != nil {
					t.Fatalf("LoadRecord of a piece: %v", err)
				}
				if len(piece) > max(limit, 600) {
					t.Fatalf("a piece of %d bytes, want at most %d", len(piece), limit)
				}
			}
		}
		mustEqual(t, "loaded from pieces", ids, pieces, want)
		for _, c := range changes {
			got.Apply(c)
		}
		mustEqual(t, "loaded, then the log again", ids, got, want)
	})
}

func TestForkLeavesTheOriginalAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		changes := history(t)
		cut := rapid.IntRange(0, len(changes)).Draw(t, "cut")
		ids := everyRecord(changes)
		published := apply(changes[:cut]).Fork()
		twin := apply(changes[:cut])
		a, b := published.Fork(), published.Fork()
		for _, c := range changes[cut:] {
			a.Apply(c)
		}
		for _, id := range ids {
			b.Rebuild(id, nil)
		}
		mustEqual(t, "published", ids, published, twin)
		mustEqual(t, "fork", ids, a, apply(changes))
		mustEqual(t, "emptied fork", ids, b, circle.NewState(circleID))
		for _, id := range ids {
			if !slices.Contains(a.Touched(), id) && !a.Same(published, id) {
				t.Fatalf("record %s changed and is not among those touched", id.Short())
			}
		}
	})
}

// Taking changes out and rebuilding their records is as if they had never come.
func TestRebuildForgets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		changes := history(t)
		void := rapid.SampledFrom(people).Draw(t, "void")
		var stay []circle.Change
		rebuild := map[crdt.ID]bool{}
		for _, c := range changes {
			if c.Author != void {
				stay = append(stay, c)
				continue
			}
			rebuild[c.Record()] = true
			if gone, ok := c.Body.(circle.Retracted); ok {
				for _, x := range changes {
					if x.ID == gone.Op {
						rebuild[x.Record()] = true
					}
				}
			}
		}
		got := apply(changes).Fork()
		for _, id := range everyRecord(changes) {
			if rebuild[id] {
				got.Rebuild(id, stay)
			}
		}
		mustEqual(t, "rebuilt", everyRecord(changes), got, apply(stay))
	})
}

// What only two may read changes nothing in the digest that all must share.
func TestDigestCoversTheCircleAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		changes := history(t)
		var open []circle.Change
		for _, c := range changes {
			gone, retracts := c.Body.(circle.Retracted)
			if retracts && slices.ContainsFunc(changes, func(x circle.Change) bool { return x.ID == gone.Op }) && !c.Audience.Whole() {
				t.Skip("a retraction is sealed as what it takes back")
			}
			if c.Audience.Whole() {
				open = append(open, c)
			}
		}
		if a, b := apply(changes).Digest(0), apply(open).Digest(0); a != b {
			t.Fatalf("digest with sealed parts %s, without %s", a, b)
		}
		closes := slices.ContainsFunc(open, func(c circle.Change) bool {
			b, ok := c.Body.(circle.PostStatusSet)
			return ok && (b.Status == circle.StatusMet || b.Status == circle.StatusWithdrawn)
		})
		if closes {
			return // what was closed before anything of it came is left out
		}
		if len(apply(open).Touched()) > 0 && apply(open).Digest(0) == circle.NewState(circleID).Digest(0) {
			t.Fatalf("the digest does not see the circle's changes")
		}
	})
}

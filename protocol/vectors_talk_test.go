package protocol_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/circle"
	"tend/crdt/membership"
)

// talkChange is one change of a talk as its vectors hold it.
type talkChange struct {
	_       struct{} `cbor:",toarray"`
	ID      crdt.ID
	Author  crdt.ID
	HLC     crdt.HLC
	Members []crdt.ID
	Kind    uint64
	Payload []byte
}

// runTalks reads changes as one member does, in the order given and the other way
// round, and says what talks they come to.
func runTalks(in fields) (fields, error) {
	var changes []talkChange
	if err := canon.Unmarshal(in.bytes("changes"), &changes); err != nil {
		return nil, err
	}
	var members []crdt.ID
	for _, name := range strings.Fields(in["members"]) {
		members = append(members, sha256.Sum256([]byte(name)))
	}
	env := circle.Env{Me: sha256.Sum256([]byte(in["reader"])), Now: time.UnixMilli(1_800_000_000_000).UTC(), Members: members}
	read := func() (string, error) {
		s := circle.NewState(fixtureCircle)
		for _, c := range changes {
			if !slices.Contains(c.Members, env.Me) {
				continue
			}
			sum := sha256.Sum256(canon.MustMarshal(c.Members))
			m := circle.Meta{ID: c.ID, Author: c.Author, HLC: c.HLC, Audience: circle.Audience{Nook: membership.EpochID(sum[:16]), Members: c.Members}}
			change, err := circle.Decode(m, c.Kind, c.Payload)
			if err != nil {
				return "", err
			}
			s.Apply(change)
		}
		var out []string
		for _, t := range s.Talks(env, circle.Filter{All: true}) {
			line := fmt.Sprintf("%s first %s gate %s outcome %q", t.ID, t.Two[0], t.Gate, t.Outcome)
			if !t.Third.IsZero() {
				line += fmt.Sprintf(" third %s", t.Third)
			}
			for _, step := range t.Steps {
				line += " " + step.Kind
			}
			out = append(out, line)
		}
		return strings.Join(out, "; "), nil
	}
	got, err := read()
	if err != nil {
		return nil, err
	}
	slices.Reverse(changes)
	if again, _ := read(); again != got {
		return nil, fmt.Errorf("in another order: %s, not %s", again, got)
	}
	return fields{"talks": got}, nil
}

func talkCases(*testing.T) []vector {
	ann, ben, cleo := crdt.ID(sha256.Sum256([]byte("Ann"))), crdt.ID(sha256.Sum256([]byte("Ben"))), crdt.ID(sha256.Sum256([]byte("Cleo")))
	two, three := []crdt.ID{ann, ben}, []crdt.ID{ann, ben, cleo}
	slices.SortFunc(two, crdt.ID.Compare)
	slices.SortFunc(three, crdt.ID.Compare)
	var all []talkChange
	var cases []vector
	begin := func() { all = nil }
	write := func(by crdt.ID, to []crdt.ID, b circle.Body) crdt.ID {
		kind, payload := circle.Encode(b)
		id := crdt.ID(sha256.Sum256(fmt.Append(nil, "talk", len(cases), len(all))))
		all = append(all, talkChange{ID: id, Author: by, HLC: crdt.At(1_799_000_000_000 + int64(len(all))*1000), Members: to, Kind: kind, Payload: payload})
		return id
	}
	add := func(name, reader, members string) {
		cases = append(cases, vector{Name: name, In: fields{"reader": reader, "members": members, "changes": hexOf(canon.MustMarshal(all))}})
	}
	word := func(by crdt.ID, on, note crdt.ID, w circle.WordValue) crdt.ID {
		return write(by, two, circle.WordGiven{On: on, Rev: circle.Rev(note), Value: w, Replaces: []crdt.ID{}})
	}
	note := func(by, on crdt.ID, what circle.NoteKind, text string) crdt.ID {
		return write(by, two, circle.NoteWritten{On: on, What: what, Text: text})
	}
	const everyone = "Ann Ben Cleo"
	id := write(ann, two, circle.TalkOpened{With: ben, Sentence: "The kitchen", Fade: 90})
	add("invited", "Ben", everyone)
	note(ben, id, circle.NoteSay, "early")
	word(ben, id, crdt.ID{}, circle.WordYes)
	note(ann, id, circle.NoteSay, "one")
	add("what comes early is not shown", "Ann", everyone)
	back := note(ben, id, circle.NoteSayBack, "one")
	word(ann, id, back, circle.WordNotQuite)
	add("not quite", "Ben", everyone)
	back = note(ben, id, circle.NoteSayBack, "one, or rather two")
	word(ann, id, back, circle.WordHeard)
	add("the turn of what came early", "Ann", everyone)
	back = note(ann, id, circle.NoteSayBack, "early")
	word(ben, id, back, circle.WordHeard)
	for _, by := range two {
		other := two[0]
		if by == other {
			other = two[1]
		}
		word(other, id, note(by, id, circle.NoteFeeling, "heavy"), circle.WordFelt)
	}
	add("common ground", "Ben", everyone)
	word(ben, id, note(ann, id, circle.NoteCommon, "We like it clean"), circle.WordOurs)
	add("partnering", "Ann", everyone)
	draft := circle.AgreementMade{About: []crdt.ID{id}, Terms: circle.Terms{What: "Sundays"}}
	made := write(ben, two, draft)
	kept := append([]talkChange(nil), all...)
	word(ann, id, crdt.ID{}, circle.WordEnd)
	add("ended quietly", "Ben", everyone)
	all = kept
	s := circle.NewState(fixtureCircle)
	kind, payload := circle.Encode(draft)
	change, _ := circle.Decode(circle.Meta{ID: made, Author: ben}, kind, payload)
	s.Apply(change)
	a, _ := s.Agreement(circle.Env{Me: ben}, made)
	write(ann, two, circle.WordGiven{On: made, Rev: a.Rev, Value: circle.WordYes, Replaces: []crdt.ID{}})
	add("ended in an agreement", "Ann", everyone)
	add("of somebody who left", "Ann", "Ann Cleo")

	begin()
	write(ann, two, circle.TalkOpened{With: ben, Sentence: "The kitchen", Fade: 90})
	second := write(ben, two, circle.TalkOpened{With: ann, Sentence: "The noise", Fade: 30})
	add("two that crossed", "Ann", everyone)
	word(ann, second, crdt.ID{}, circle.WordReleased)
	write(ben, two, circle.TalkOpened{With: ann, Sentence: "Once more", Fade: 30})
	add("two that crossed, a parting, and one after it", "Ben", everyone)

	begin()
	id = write(ann, two, circle.TalkOpened{With: ben, Sentence: "The kitchen", Fade: 90})
	write(ann, two, circle.MarkAdded{On: id, What: circle.MarkedParty, Value: cleo.String()})
	write(ben, two, circle.MarkAdded{On: id, What: circle.MarkedParty, Value: cleo.String()})
	tell := func(by crdt.ID) {
		k, p := circle.Encode(circle.TalkOpened{With: ben, Sentence: "…", Fade: 90})
		write(by, three, circle.AudienceChanged{Target: id, Snapshot: canon.MustMarshal(circle.Snapshot{Kind: k, Author: ann, HLC: all[0].HLC, Body: p})})
	}
	tell(ann)
	add("a third who was told by one alone", "Cleo", everyone)
	tell(ben)
	add("a third who is asked", "Cleo", everyone)
	write(cleo, three, circle.WordGiven{On: id, Value: circle.WordYes, Replaces: []crdt.ID{}})
	add("a third who is in it", "Ben", everyone)
	note(ann, id, circle.NoteSay, "for the two, before")
	write(ann, three, circle.NoteWritten{On: id, What: circle.NoteSay, Text: "for three"})
	add("what a third reads", "Cleo", everyone)
	return cases
}

package view

import (
	"slices"
	"strings"

	"tend/crdt"
	"tend/crdt/circle"
)

// Talks returns the talks that the reader is in, newest first; with All also those
// that are over.
func (s Source) Talks(f Filter) []Talk {
	out := []Talk{}
	for _, t := range s.State.Talks(s.Env, f.of(KindTalk)) {
		out = append(out, s.talk(t))
	}
	return limited(out, f.Limit)
}

func (s Source) talk(t circle.Talk) Talk {
	v := Talk{ID: t.ID.String(), Kind: KindTalk, Circle: s.Circle.String(), Two: s.people(t.Two[:]), With: s.people(t.Two[:]), Sentence: t.Sentence,
		Gate: t.Gate, Outcome: t.Outcome, YourTurn: t.YourTurn, Next: t.Next, PausedUntil: t.PausedUntil, Kept: len(t.Kept) > 0,
		Steps: []TalkStep{}, Common: []Sentence{}, Agreements: hexes(t.Drafts), FadesOn: t.FadesOn, Faded: t.Faded, Made: s.at(t.Made)}
	if !t.Third.IsZero() {
		p := s.Person(t.Third)
		v.Third, v.With = &p, append(v.With, p)
	}
	v.With = slices.DeleteFunc(v.With, func(p Person) bool { return p.ID == s.Env.Me.String() })
	if !t.ThirdAsked.IsZero() {
		p := s.Person(t.ThirdAsked)
		v.ThirdAsked = &p
	}
	for _, w := range t.ThirdBy {
		v.ThirdBy = append(v.ThirdBy, ThirdWish{By: s.Person(w.By), Member: s.Person(w.Member)})
	}
	if !t.About.IsZero() {
		v.About = t.About.String()
	}
	if len(t.Paused) > 0 {
		v.PausedBy = s.people(t.Paused)
	}
	for _, k := range t.Kept {
		v.KeptWords = append(v.KeptWords, KeptWords{Step: strings.ReplaceAll(k.Verb, "-", "_"), Text: k.Text})
	}
	for _, a := range t.Answers {
		v.Answers = append(v.Answers, TalkAnswer{Member: s.Person(a.Member), Word: a.Word.String(), Text: a.Text, Until: a.Until})
	}
	for _, step := range t.Steps {
		v.Steps = append(v.Steps, s.talkStep(step))
	}
	for _, c := range t.Common {
		v.Common = append(v.Common, Sentence{ID: c.ID.String(), Author: s.Person(c.By), Text: c.Text, Ours: s.people(c.Ours)})
	}
	return v
}

func (s Source) talkStep(t circle.TalkStep) TalkStep {
	v := TalkStep{ID: t.ID.String(), Kind: t.Kind, Author: s.Person(t.Author), Text: t.Text, Said: t.Said, Made: s.at(t.HLC)}
	if t.Word != circle.WordNone {
		v.Word = t.Word.String()
	}
	return v
}

// InTalk reports whether an agreement was drafted in a talk.
func (s Source) InTalk(a Agreement) bool {
	id, err := crdt.ParseID(a.ID)
	return err == nil && s.State.IsTalk(id)
}

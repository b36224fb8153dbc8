package view

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
)

// ExportFormat is the number of the form that [Source.Everything] has. A later one
// may have more kinds of lines and more keys; a name keeps its meaning.
const ExportFormat = 1

// The kinds of lines of an export that are none of an [Item].
const (
	KindExport  = "export"
	KindCharter = "charter"
	KindPod     = "pod"
	KindGroup   = "group"
	KindNote    = "note"
	KindOwn     = "own"
)

// ExportHead is the first line of an export: whose it is, and of when.
type ExportHead struct {
	Kind   string    `json:"kind"` // "export"
	Format int       `json:"format"`
	Circle string    `json:"circle"`
	Name   string    `json:"name"`
	By     Person    `json:"by"`
	Made   time.Time `json:"made"`
	Zone   string    `json:"zone,omitempty"`
}

// ExportCharter, ExportPod, ExportGroup, ExportNote and ExportOwn are lines of an
// export. A group is on this home alone, as is what is one's own; the note is one on
// the circle itself.
type (
	ExportCharter struct {
		Kind string `json:"kind"`
		Charter
	}
	ExportPod struct {
		Kind string `json:"kind"`
		Pod
	}
	ExportGroup struct {
		Kind string `json:"kind"`
		Group
	}
	ExportNote struct {
		Kind string `json:"kind"`
		Note Note   `json:"note"`
	}
	ExportOwn struct {
		Kind        string       `json:"kind"`
		Ceiling     *Ceiling     `json:"ceiling,omitempty"`
		Reflections *Reflections `json:"reflections,omitempty"`
		Distances   []Person     `json:"distances,omitempty"`
		// Followed, Remind and Digest are what this person wishes to hear of, and when.
		Followed []string      `json:"followed,omitempty"`
		Remind   string        `json:"remind,omitempty"`
		Digest   *ExportRhythm `json:"digest,omitempty"`
		// Waiting are their words that wait here for their turn in talks.
		Waiting []ExportWaiting `json:"waiting,omitempty"`
	}
	// ExportRhythm is how often this home writes its person a letter, and where to.
	ExportRhythm struct {
		Every string `json:"every"`
		At    string `json:"at"`
		Out   string `json:"out,omitempty"`
		Mail  string `json:"mail,omitempty"`
	}
	// ExportWaiting are words for a talk, and the verb that they will be said with.
	ExportWaiting struct {
		Talk string `json:"talk"`
		Verb string `json:"verb"`
		Text string `json:"text"`
	}
)

// Everything yields all that this home may see of the circle, as of this one moment:
// a head, what the circle agreed on, the people, this member's pod, groups and what is
// their own on this home alone (notes about somebody stand with the person), then
// needs, offers, agreements, decisions and talks with all their dates, notes and
// texts, newest first in each. What is sealed to others is not in it, for it cannot
// be read here. Each value writes itself as one JSON object with a "kind".
func (s Source) Everything() iter.Seq[any] {
	return func(yield func(any) bool) {
		charter := s.Charter()
		head := ExportHead{Kind: KindExport, Format: ExportFormat, Circle: s.Circle.String(), Name: charter.Name,
			By: s.Person(s.Env.Me), Made: s.Env.Now.Truncate(time.Second), Zone: s.Env.Zone}
		if !yield(head) || !yield(ExportCharter{KindCharter, charter}) {
			return
		}
		for _, n := range s.notes(s.Circle) {
			if !yield(ExportNote{KindNote, n}) {
				return
			}
		}
		if !s.exportPeople(yield) {
			return
		}
		for _, id := range s.exported() {
			if item, ok := s.item(id, true); ok && !yield(s.withNotes(item, id)) {
				return
			}
		}
	}
}

// exportPeople yields the members, also those who left, and what is this member's own.
func (s Source) exportPeople(yield func(any) bool) bool {
	for _, m := range s.People.Everyone() {
		v := s.member(m)
		if !yield(s.withNotes(Item{Member: &v}, m.ID)) {
			return false
		}
	}
	if !yield(ExportPod{KindPod, s.Pod()}) {
		return false
	}
	for _, g := range s.Groups() {
		if !yield(ExportGroup{KindGroup, g}) {
			return false
		}
	}
	own, any := s.exportOwn()
	return !any || yield(own)
}

// exportOwn is what is this member's alone; false where there is nothing.
func (s Source) exportOwn() (ExportOwn, bool) {
	v := ExportOwn{Kind: KindOwn}
	if c := s.Ceiling(); c.Week > 0 {
		v.Ceiling = &c
	}
	if r := s.Reflections(); len(r.Answers) > 0 {
		v.Reflections = &r
	}
	if far := s.Distances(); len(far) > 0 {
		v.Distances = far
	}
	v.Followed = s.Env.Own.Followed()
	if r := s.Remind(); r.Before != "never" {
		v.Remind = r.Before
	}
	if wish, ok := s.Env.Own.Rhythm(); ok {
		v.Digest = &ExportRhythm{Every: rhythms[wish.Days], At: clockTime(wish.At), Out: wish.Out, Mail: wish.Mail}
	}
	for _, w := range s.Env.Kept {
		v.Waiting = append(v.Waiting, ExportWaiting{Talk: w.Talk.String(), Verb: w.Verb, Text: w.Text})
	}
	slices.SortFunc(v.Waiting, func(a, b ExportWaiting) int { return cmp.Or(cmp.Compare(a.Talk, b.Talk), cmp.Compare(a.Verb, b.Verb)) })
	return v, v.Ceiling != nil || v.Reflections != nil || v.Distances != nil || v.Followed != nil || v.Remind != "" || v.Digest != nil || v.Waiting != nil
}

// exported are the records of an export, in its order.
func (s Source) exported() []crdt.ID {
	var out []crdt.ID
	for _, f := range []circle.Filter{{All: true, Needs: true}, {All: true, Offers: true}} {
		for _, p := range s.State.Posts(s.Env, f) {
			out = append(out, p.ID)
		}
	}
	for _, a := range s.State.Agreements(s.Env, circle.Filter{All: true}) {
		out = append(out, a.ID)
	}
	for _, d := range s.State.Decisions(s.Env, circle.Filter{All: true}) {
		out = append(out, d.ID)
	}
	for _, t := range s.State.Talks(s.Env, circle.Filter{All: true}) {
		out = append(out, t.ID)
	}
	return out
}

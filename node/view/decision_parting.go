package view

import (
	"slices"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node/words"
)

// Parting is what a home is told whose person was asked to go.
type Parting struct {
	// Decision is the id of the decision, to show.
	Decision  string    `json:"decision"`
	DecidedBy []Person  `json:"decided_by"`
	Why       string    `json:"why,omitempty"`
	At        time.Time `json:"at"`
	// WithoutEffect is what I wrote meanwhile and nobody who decided had seen.
	WithoutEffect []WithoutEffect `json:"without_effect,omitempty"`
	// Stays, Export and Door are sentences: what I keep, how to take it along, and
	// that I may be invited again.
	Stays  string `json:"stays"`
	Export string `json:"export"`
	Door   string `json:"door"`
}

// WithoutEffect is something I wrote that has no effect in the circle, and why.
type WithoutEffect struct {
	ID   string `json:"id"`
	Text string `json:"text,omitempty"`
	Why  string `json:"why"`
}

// Sentences of a parting.
var (
	stays  = circle.As("typed.parting_stays")
	export = circle.As("typed.parting_export")
	door   = circle.As("typed.parting_door")
	unseen = circle.As("typed.parting_unseen")
)

// Parting returns what this member is told of their parting; nil if they were not
// asked to go.
func (s Source) Parting() *Parting {
	m, ok := s.People.Member(s.Env.Me)
	if !ok || m.Standing != membership.Removed || s.Env.People == nil {
		return nil
	}
	v := &Parting{DecidedBy: []Person{}, Stays: words.Told.Tell(stays), Export: words.Told.Tell(export), Door: words.Told.Tell(door)}
	for _, p := range s.Env.People.Proposals() {
		if p.What != membership.Remove || p.Target != s.Env.Me || len(p.Enacts) == 0 {
			continue
		}
		if v.Decision == "" {
			v.Decision, v.At = p.ID.String(), s.at(p.Enacted)
			if d, ok := s.State.Decision(s.Env, p.ID); ok && !p.Reason.IsZero() {
				v.Why = d.Text
			}
			if s.Told != "" {
				v.Why = s.Told
			}
		}
		for _, w := range p.Words {
			if who := s.Person(w.Member); !w.Concern && !slices.Contains(v.DecidedBy, who) {
				v.DecidedBy = append(v.DecidedBy, who)
			}
		}
	}
	v.WithoutEffect = s.withoutEffect()
	return v
}

func (s Source) withoutEffect() []WithoutEffect {
	var out []WithoutEffect
	for _, o := range s.Void {
		out = append(out, WithoutEffect{ID: o.Op.String(), Text: words.Told.Tell(o.Gist), Why: words.Told.Tell(unseen)})
	}
	return out
}

// Void is an op of one's own that has no effect, with a few of its words.
type Void struct {
	Op   crdt.ID
	Gist circle.Said
}

// Kinds of what a parted home looks at.
const (
	lookAskedToGo     = "asked_to_go"
	lookWithoutEffect = "without_effect"
)

// parted are, for one who was asked to go, who decided and what stays, on a device
// that was ended who did that; and for anyone what they wrote that has no effect.
func (s Source) parted() []circle.Attention {
	var out []circle.Attention
	if p := s.Parting(); p != nil {
		var by, why circle.Said
		if len(p.DecidedBy) > 0 {
			by = circle.As("looks.decided_by", whoAll(p.DecidedBy))
		}
		if p.Why != "" {
			why = circle.As("looks.why", p.Why)
		}
		out = append(out, circle.Attention{Kind: lookAskedToGo}.Saying("looks.asked_to_go", by, why, stays, export, door))
	}
	ended := s.Ended()
	if ended != nil {
		out = append(out, ended.attention())
	}
	for _, o := range s.Void {
		at := circle.Attention{Kind: lookWithoutEffect, About: []crdt.ID{o.Op}}
		if ended != nil {
			at = at.Saying("looks.without_effect_ended", o.Gist, unseenHere)
		} else {
			at = at.Saying("looks.without_effect", o.Gist, unseen)
		}
		out = append(out, at)
	}
	return out
}

// whoAll are people for a sentence.
func whoAll(people []Person) circle.People {
	var out circle.People
	for _, p := range people {
		id, err := crdt.ParseID(p.ID)
		if err == nil {
			out = append(out, circle.Who{ID: id, Name: p.Name})
		}
	}
	return out
}

package view

import (
	"slices"
	"strings"

	"tend/crdt/circle"
	"tend/node/words"
)

// Today returns the home page of this member.
func (s Source) Today() Today {
	t := s.State.Today(s.Env)
	v := Today{ForMe: s.items(t.ForMe), ICould: s.items(t.ICould), WeAgreed: s.items(t.WeAgreed), Look: s.attentions(append(s.parted(), t.Look...)),
		Reminders: s.pairNotes(s.Env.Own.Due(s.Env.Now)), Still: t.Still, StillUntil: t.Until,
		HardDays: s.hardDays(t.HardDays), First: t.First}
	for _, a := range s.State.Soon(s.Env) {
		one := s.agreement(a)
		v.Soon = append(v.Soon, Item{Agreement: &one})
	}
	return v
}

func (s Source) items(all []circle.Item) []Item {
	out := make([]Item, 0, len(all))
	w := s.pen()
	for _, i := range all {
		switch {
		case i.Post != nil:
			p := new(Post)
			w.post(p, i.Post)
			out = append(out, Item{Post: p})
		case i.Agreement != nil:
			a := new(Agreement)
			w.agreement(a, i.Agreement)
			out = append(out, Item{Agreement: a})
		case i.Decision != nil:
			d := s.decision(*i.Decision)
			d.Texts = nil
			out = append(out, Item{Decision: &d})
		case i.Talk != nil:
			t := s.talk(*i.Talk)
			out = append(out, Item{Talk: &t})
		}
	}
	return out
}

// Look returns what this member and others should look at together.
func (s Source) Look() []Attention {
	return s.attentions(slices.Concat(s.parted(), s.State.Look(s.Env), s.chains(), s.newer(), s.ahead(), s.comingBack()))
}

func (s Source) attentions(all []circle.Attention) []Attention {
	out := []Attention{}
	for _, at := range all {
		v := Attention{Kind: at.Kind, About: hexes(at.About), Said: at.Said, Text: words.Told.Tell(at.Said), Choices: []Choice{}}
		for _, c := range at.Choices {
			v.Choices = append(v.Choices, choice(c))
		}
		out = append(out, v)
	}
	return out
}

// choice is one with its words, and its command as it is typed.
func choice(c circle.Choice) Choice {
	v := Choice{Said: c.Said, Say: words.Told.Tell(c.Said), Do: c.Do}
	if c.Laid.Key != "" {
		v.Do = strings.Replace(v.Do, "TEXT", shellWord(words.Told.Tell(c.Laid)), 1)
	}
	return v
}

// Week returns the week board: seven days from today.
func (s Source) Week() []Day {
	out := []Day{}
	for _, d := range s.State.Week(s.Env) {
		day := Day{Date: d.Date, Entries: []Entry{}, HardDays: s.hardDays(d.HardDays)}
		for _, e := range d.Entries {
			day.Entries = append(day.Entries, s.entry(e))
		}
		out = append(out, day)
	}
	return out
}

func (s Source) entry(e circle.Entry) Entry {
	v := Entry{ID: e.Post.String(), Kind: KindNeed, Slot: e.Slot, Title: e.What, Tender: e.Tender, State: "open", Mine: e.Mine, Wanted: e.Wanted, People: s.people(e.Yes)}
	if e.Tender {
		v.Title = Private()
	}
	if e.Post.IsZero() {
		v.ID, v.Kind = e.Agreement.String(), KindAgreement
	}
	if !e.Agreement.IsZero() {
		v.Agreement = e.Agreement.String()
	}
	if len(e.Yes) >= e.Wanted {
		v.State = "covered"
	}
	return v
}

// Map returns the open offers and needs by category, newest first in each; those
// without a category come first.
func (s Source) Map() []Shelf {
	w, out := s.pen(), []Shelf{}
	s.State.EachOnMap(s.Env, func(category string) {
		out = append(out, Shelf{Category: category, Offers: []Post{}, Needs: []Post{}})
	}, func(i, of int, p *circle.Post) {
		shelf := &out[len(out)-1]
		if p.Need {
			w.line(&shelf.Needs)(i, of, p)
		} else {
			w.line(&shelf.Offers)(i, of, p)
		}
	})
	return out
}

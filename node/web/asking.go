package web

import (
	"html/template"
	"strings"

	"tend/crdt"
	"tend/node/view"
)

// beforeAsking is what is good to know before one asks somebody directly: whether it
// reaches them now, and how long an answer usually takes.
type beforeAsking struct {
	Through template.HTML // that they are glad to be asked through the circle; "" where one may ask
	Says    []template.HTML
}

func (in *inside) asking(member string) beforeAsking {
	id, err := crdt.ParseID(member)
	if err != nil || id == in.src.Env.Me {
		return beforeAsking{}
	}
	a, name := in.src.Asked(id), in.name(in.src.Person(id))
	if a.ThroughCircle {
		return beforeAsking{Through: in.lang.say("asking.through", "name", name)}
	}
	out := beforeAsking{Says: in.bounded(name, a)}
	if a.Reply != "" {
		out.Says = append(out.Says, in.lang.say("asking.reply", "name", name, "time", a.Reply))
	}
	return out
}

// bounded says whether asking reaches somebody now, and how they like to be asked.
func (in *inside) bounded(name template.HTML, a view.Asked) []template.HTML {
	var out []template.HTML
	switch {
	case a.RestsUntil != "":
		out = append(out, in.lang.say("asking.rests", "name", name, "day", in.lang.when(a.RestsUntil, in.now)))
	case a.StillUntil != "":
		out = append(out, in.lang.say("asking.still", "name", name, "day", in.lang.when(a.StillUntil, in.now)))
	}
	if len(a.Ways) > 0 {
		out = append(out, in.lang.say("asking.ways", "name", name, "ways", strings.Join(a.Ways, ", ")))
	}
	if a.Radius != "" {
		out = append(out, in.lang.say("asking.radius", "name", name, "text", a.Radius))
	}
	if a.Area != "" {
		out = append(out, in.lang.say("asking.area", "name", name, "text", a.Area))
	}
	return out
}

// whomLine is somebody to choose in the form of a need or an offer, with what is good to
// know before one asks them alone. Only what they said themselves stands there: what holds
// for the whole circle would stand beside everybody.
type whomLine struct {
	option
	Says   []template.HTML
	Folded bool // Says stands behind a summary
	still  bool // what is asked of them now lies still
}

// fewWhom is of how many people it stands open how they like to be asked.
const fewWhom = 3

// foldWhom folds it of the others, unless they rest or have quiet hours: in a large circle
// the form would be longer than what one asks.
func foldWhom(whom []whomLine) {
	open := 0
	for i := range whom {
		l := &whom[i]
		if len(l.Says) == 0 || l.still {
			continue
		}
		open++
		l.Folded = open > fewWhom
	}
}

func (in *inside) whomLine(one view.Member, on bool) whomLine {
	name := in.name(view.Person{ID: one.ID, Name: one.Name})
	l := whomLine{option: option{Value: one.ID, Label: name, On: on}}
	id, err := crdt.ParseID(one.ID)
	if err != nil {
		return l
	}
	a := in.src.Reached(id)
	if one.Bounds["quiet"] == "" {
		a.StillUntil = ""
	}
	l.Says, l.still = in.bounded(name, a), a.RestsUntil != "" || a.StillUntil != ""
	if reply := one.Bounds["reply"]; reply != "" {
		l.Says = append(l.Says, in.lang.say("asking.reply", "name", name, "time", reply))
	}
	return l
}

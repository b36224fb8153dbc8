package web

import (
	"html/template"

	"tend/crdt"
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
	var out beforeAsking
	switch {
	case a.ThroughCircle:
		out.Through = in.lang.say("asking.through", "name", name)
		return out
	case a.RestsUntil != "":
		out.Says = append(out.Says, in.lang.say("asking.rests", "name", name, "day", in.lang.when(a.RestsUntil, in.now)))
	case a.StillUntil != "":
		out.Says = append(out.Says, in.lang.say("asking.still", "name", name, "day", in.lang.when(a.StillUntil, in.now)))
	}
	if a.Reply != "" {
		out.Says = append(out.Says, in.lang.say("asking.reply", "name", name, "time", a.Reply))
	}
	return out
}

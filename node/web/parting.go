package web

import (
	"html/template"
	"slices"

	"tend/crdt/circle"
	"tend/node/view"
)

// partModel is what a person can do who finds it hard with another one: first what
// needs nobody else, then what the circle decides.
type partModel struct {
	Name       template.HTML
	Agreements []card // what the two still have agreed, each to be given back by itself
	TalkWith   string // where a talk with them begins
	Part       string // where a few words of parting are posted
	Words      string // as typed
	Distance   string // where distance is set or ended, and whether it is set now
	Far        bool
	Ask        string // where the question to the circle is posted
	Text       string
	Typed      bool
}

func (in *inside) part() error {
	item, err := in.src.Show(in.r.PathValue("thing"), false)
	if err != nil {
		return err
	}
	if item.Member == nil || item.Member.ID == in.me {
		return in.leaveDoor()
	}
	v := *item.Member
	m := partModel{Name: in.name(view.Person{ID: v.ID, Name: v.Name}), TalkWith: in.head.Circle.Base + "/talk-with/" + v.ID, Distance: in.head.Circle.Base + "/on/" + v.ID + "/distance",
		Far:  slices.ContainsFunc(in.src.Distances(), func(p view.Person) bool { return p.ID == v.ID }),
		Part: in.head.Circle.Base + "/on/" + v.ID + "/part", Ask: in.head.Circle.Base + "/part/" + v.ID, Text: in.typed("text"), Typed: in.form != nil}
	if in.r.PathValue("verb") == "part" { // words for them alone came back, not those for the circle
		m.Words, m.Text, m.Typed = m.Text, "", false
	}
	for _, a := range in.src.Agreements(view.Filter{Mine: true}) {
		if a.State != "agreed" && a.State != "proposed" || !isParty(a, v.ID) {
			continue
		}
		c := in.agreementCard(a)
		c.Buttons = []button{in.verb(a.ID, "cannot", "verb.cannot", "undo-2")}
		m.Agreements = append(m.Agreements, c)
	}
	return in.show("part", "circle", in.lang.say("part.title"), m)
}

func isParty(a view.Agreement, member string) bool {
	for _, p := range a.Parties {
		if p.Member.ID == member {
			return true
		}
	}
	return false
}

// partWish lays before the circle to part from a person.
func (in *inside) partWish() error {
	form, err := readForm(in.w, in.r)
	if err != nil {
		return err
	}
	in.form = form
	done, err := in.do("propose", circle.Args{"text": {form.Get("text")}, "remove": {in.r.PathValue("thing")}})
	if err != nil {
		return in.problemAt(err, in.part)
	}
	return in.to("/show/"+done.ID, "propose")
}

package web

import (
	"html/template"

	"tend/crdt/circle"
	"tend/node/view"
)

// groupsModel are lists of people of one's own, kept on this home alone.
type groupsModel struct {
	Lists []groupLine
	Who   []option
	Name  string
	To    string
}

type groupLine struct {
	Name   string
	People template.HTML
}

func (in *inside) groups() error {
	m := groupsModel{To: in.head.Circle.Base + "/lists", Name: in.typed("name")}
	for _, g := range in.src.Groups() {
		m.Lists = append(m.Lists, groupLine{Name: g.Name, People: in.names(g.Members)})
	}
	for _, one := range in.src.Members(view.Filter{}) {
		if one.ID != in.me {
			m.Who = append(m.Who, option{Value: one.ID, Label: in.name(view.Person{ID: one.ID, Name: one.Name}), On: hasValue(in.form["member"], one.ID)})
		}
	}
	return in.show("groups", "me", in.lang.say("groups.title"), m)
}

func (in *inside) groupWish() error {
	form, err := readForm(in.w, in.r)
	if err != nil {
		return err
	}
	in.form = form
	args := argsOf(form, "name", "member")
	if form.Get("drop") == "" && len(args["member"]) == 0 {
		return in.problemAt(circle.Refuse(circle.Usage, "no.whom"), in.groups)
	}
	if _, err := in.do("group", args); err != nil {
		return in.problemAt(err, in.groups)
	}
	return in.to("/lists", "me")
}

// together are those whom one may ask at once: the pod, where somebody said yes, and
// one's own lists.
func (in *inside) together(chosen []string) []option {
	var out []option
	for _, p := range in.src.Pod().Mine {
		if p.Said == "yes" {
			out = append(out, option{Value: "pod", Label: in.lang.say("pod.title"), On: hasValue(chosen, "pod")})
			break
		}
	}
	for _, g := range in.src.Groups() {
		out = append(out, option{Value: g.Name, Label: in.lang.say("groups.one", "name", g.Name), On: hasValue(chosen, g.Name)})
	}
	return out
}

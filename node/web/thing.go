package web

import (
	"html/template"

	"tend/node/view"
)

// showThing is the screen of one need, offer, agreement, decision, talk or person.
func (in *inside) showThing() error { return in.thing(in.r.PathValue("thing")) }

func (in *inside) thing(word string) error {
	item, err := in.src.Show(word, in.r.URL.Query().Get("all") != "")
	if err != nil {
		return err
	}
	switch {
	case item.Post != nil:
		return in.showPost(*item.Post)
	case item.Agreement != nil:
		return in.showAgreement(*item.Agreement)
	case item.Decision != nil:
		return in.showDecision(*item.Decision)
	case item.Talk != nil:
		return in.showTalk(*item.Talk)
	case item.Member != nil:
		return in.showPerson(*item.Member)
	}
	return in.show("gone", "", in.lang.say("gone.title"), in.lang.say("gone.text", "name", in.name(item.Retracted.Author)))
}

// noteLine is something that somebody wrote beside a thing.
type noteLine struct {
	By, Kind template.HTML
	Text     string
	Mine     bool
	ID       string
	Take     *button // takes it back
}

func (in *inside) notes(all []view.Note) []noteLine {
	out := []noteLine{}
	for _, n := range all {
		line := noteLine{By: in.name(n.Author), Text: n.Text, Mine: n.Author.ID == in.me, ID: n.ID}
		if key := "note." + n.Kind; in.lang.Has(key) {
			line.Kind = in.lang.say(key)
		}
		if line.Mine {
			take := in.verb(n.ID, "retract", "verb.take_back", "", field{"at", in.r.PathValue("thing")})
			take.Kind = "quiet"
			line.Take = &take
		}
		out = append(out, line)
	}
	return out
}

package web

import (
	"cmp"
	"html/template"
	"slices"
	"strings"

	"tend/node/view"
)

// card is one thing on a screen, in a few lines.
type card struct {
	ID, Href    string
	Kind        string // "need", "offer", "agreement", "decision", "talk" or "member"
	Icon        string
	Band        template.HTML // an agreement's time, on the washed band
	Title       template.HTML
	Private     bool // its words are for few
	Details     string
	By          template.HTML
	When        []template.HTML
	Area, Costs string
	State       template.HTML
	Buttons     []button
}

// button is a wish that one tap says.
type button struct {
	To     string // where it is posted
	Label  template.HTML
	Icon   string
	Filled bool // at most once on a screen: for what the person has agreed to already
	Kind   string
	Fields []field
}

type field struct{ Name, Value string }

func (in *inside) href(id string) string { return in.head.Circle.Base + "/show/" + id }

// verb makes a button for a wish about a thing.
func (in *inside) verb(id, verb, key, icon string, fields ...field) button {
	return button{To: in.head.Circle.Base + "/on/" + id + "/" + verb, Label: in.lang.say(key), Icon: icon, Fields: fields}
}

// name is a person for a sentence; "someone" whose name has not come yet.
func (in *inside) name(p view.Person) template.HTML {
	switch {
	case p.ID == in.me:
		return in.lang.say("person.you")
	case p.Name == "":
		return in.lang.say("person.someone")
	}
	return isolated(p.Name)
}

func (in *inside) names(all []view.Person) template.HTML {
	parts := make([]template.HTML, len(all))
	for i, p := range all {
		parts[i] = in.name(p)
	}
	return in.lang.list(parts)
}

// items makes cards of a list.
func (in *inside) items(all []view.Item) []card {
	out := []card{}
	for _, i := range all {
		switch {
		case i.Post != nil:
			out = append(out, in.postCard(*i.Post))
		case i.Agreement != nil:
			out = append(out, in.agreementCard(*i.Agreement))
		case i.Decision != nil:
			out = append(out, in.decisionCard(*i.Decision))
		case i.Talk != nil:
			out = append(out, in.talkCard(*i.Talk))
		case i.Member != nil:
			out = append(out, card{ID: i.Member.ID, Href: in.href(i.Member.ID), Kind: "member", Icon: "users", Title: escaped(i.Member.Name)})
		}
	}
	return out
}

func (in *inside) postCard(p view.Post) card {
	c := card{ID: p.ID, Href: in.href(p.ID), Kind: p.Kind, Icon: "hand-helping", Title: escaped(p.Title), Private: p.Tender, Details: p.Details,
		Area: p.Area, Costs: p.Costs, By: in.byline(p), When: in.whens(p)}
	if p.Kind == view.KindOffer {
		c.Icon = "hand-heart"
	}
	if p.Status != "open" {
		c.State = in.lang.say("status." + p.Status)
	}
	mine := p.Author.ID == in.me
	if p.Stale {
		key := "post.stale"
		if mine {
			key = "post.stale_mine"
			c.Buttons = []button{in.verb(p.ID, "still-true", "verb.still", "leaf")}
		}
		c.State = in.lang.say(key)
	}
	switch yes := in.whoComes(p); {
	case p.Status != "open":
	case in.opened(p):
		c.State = in.lang.say("post.opened")
	case len(yes) > 0 && (mine || in.saidYes(p)):
		c.State = capital(in.lang.say("post.yes_by", "names", in.names(yes)))
	}
	switch {
	case p.Status == "waiting" && p.For != nil && p.For.ID == in.me:
		c.Buttons = []button{in.verb(p.ID, "yes", "verb.may_go_out", "check"), in.verb(p.ID, "not-now", "verb.not_now", "")}
	case p.Status == "open" && !mine && !in.saidYes(p):
		key, icon := "verb.could_do", "hand-helping"
		if p.Kind == view.KindOffer {
			key, icon = "verb.love_that", "hand-heart"
		}
		yes := in.verb(p.ID, "yes", key, icon)
		switch open := openSlots(p); {
		case len(open) == 0 && len(p.Slots) > 0:
			c.State = in.lang.say("slot.covered")
		case len(open) > 1:
			// Several days: the person chooses on the post's own screen.
			yes = button{}
			c.Buttons = append(c.Buttons, button{To: in.href(p.ID), Label: in.lang.say(key), Icon: icon, Kind: "link"})
		default:
			yes.Kind = p.Kind
			c.Buttons = append(c.Buttons, yes)
		}
	}
	return c
}

// byline says whose it is, and for whom.
func (in *inside) byline(p view.Post) template.HTML {
	key := "by." + p.Kind
	if p.For == nil && p.Author.ID == in.me {
		return in.lang.say(key + "_mine")
	}
	if p.For != nil && p.Author.ID == in.me {
		return in.lang.say(key+"_for_mine", "whom", in.name(*p.For))
	}
	if p.For != nil {
		return in.lang.say(key+"_for", "name", in.name(p.Author), "whom", in.name(*p.For))
	}
	return in.lang.say(key, "name", in.name(p.Author))
}

func (in *inside) whens(p view.Post) []template.HTML {
	var out []template.HTML
	for _, w := range p.When {
		out = append(out, in.lang.when(w, in.now))
	}
	if p.By != "" {
		out = append(out, in.lang.say("date.by", "day", in.lang.when(p.By, in.now)))
	}
	if p.Repeat != "" {
		out = append(out, in.lang.rhythm(p.Repeat))
	}
	return out
}

func (in *inside) saidYes(p view.Post) bool {
	for _, s := range p.Slots {
		if slices.ContainsFunc(s.Yes, func(who view.Person) bool { return who.ID == in.me }) {
			return true
		}
	}
	return false
}

// opened reports whether a place is open where this person stands by.
func (in *inside) opened(p view.Post) bool {
	return slices.ContainsFunc(openSlots(p), func(s view.Slot) bool {
		return slices.ContainsFunc(s.StandBy, func(who view.Person) bool { return who.ID == in.me })
	})
}

// whoComes are those who said yes to a post on any date, nobody twice.
func (in *inside) whoComes(p view.Post) []view.Person {
	var out []view.Person
	for _, s := range p.Slots {
		for _, who := range s.Yes {
			if !slices.Contains(out, who) {
				out = append(out, who)
			}
		}
	}
	return out
}

// openSlots are those with a place left.
func openSlots(p view.Post) []view.Slot {
	var out []view.Slot
	for _, s := range p.Slots {
		if len(s.Yes) < s.Wanted || p.ExtraOK {
			out = append(out, s)
		}
	}
	return out
}

func (in *inside) agreementCard(a view.Agreement) card {
	c := card{ID: a.ID, Href: in.href(a.ID), Kind: view.KindAgreement, Icon: "handshake", Title: escaped(a.What), Area: a.Area, Costs: a.Costs,
		State: in.lang.say("state." + a.State), Band: in.lang.when(whenOf(a), in.now)}
	var with []view.Person
	var mine view.Party
	for _, p := range a.Parties {
		if p.Member.ID == in.me {
			mine = p
		} else {
			with = append(with, p.Member)
		}
	}
	c.By = in.lang.say("by.agreement", "names", in.names(with))
	switch {
	case mine.Member.ID == "":
	case a.State == "proposed" && (mine.Word != "yes" || !mine.Current):
		c.Buttons = []button{in.verb(a.ID, "yes", "verb.works_for_me", "check"), in.verb(a.ID, "not-now", "verb.not_now", "")}
	case a.State == "agreed" || a.State == "passed":
		done := in.verb(a.ID, "done", "verb.done", "check")
		c.Buttons = []button{done, {To: c.Href, Label: in.lang.say("verb.something_changed"), Kind: "link"}}
	}
	return c
}

// whenOf is the time of an agreement: what its text says, which may be another than
// that of the slot it holds.
func whenOf(a view.Agreement) string { return cmp.Or(a.When, a.Slot) }

func (in *inside) decisionCard(d view.Decision) card {
	return card{ID: d.ID, Href: in.href(d.ID), Kind: view.KindDecision, Icon: "scale", Title: in.titleOf(d),
		By: in.lang.say("by.decision", "name", in.name(d.Author)), State: in.lang.say("decision." + d.State)}
}

// textOf is the text of a decision; where nobody wrote one, what it would do.
func (in *inside) textOf(d view.Decision) template.HTML {
	if d.Would.Key == "" {
		return escaped(d.Text)
	}
	return in.speaker().say(d.Would, d.Text)
}

func (in *inside) titleOf(d view.Decision) template.HTML {
	if d.Would.Key == "" {
		return escaped(firstLine(d.Text))
	}
	return in.textOf(d)
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// initials are the first two letters of a name.
func initials(name string) string {
	letters := []rune(strings.TrimSpace(name))
	if len(letters) == 0 {
		return "·"
	}
	return string(letters[:min(2, len(letters))])
}

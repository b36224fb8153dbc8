package web

import (
	"encoding/hex"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node/view"
)

// charterModel is how the circle does things, and what that means to each.
type charterModel struct {
	Purpose    string
	Bounds     []sectionLine
	Categories []string
	Help       []string
	Review     template.HTML
	History    template.HTML
	Words      []charterLine
	Mine       string // this member's own word, or what they typed
	Fresh      bool   // they have just come in
	// Again is the form that proposes it again as it is, once its day to be looked at
	// again has come; nil before.
	Again *againModel
}

// againModel is what that form holds: its new day, and why.
type againModel struct{ Review, Text string }

// charterLine is a member's own word.
type charterLine struct {
	personLine
	Text string
}

func (in *inside) charter() error {
	c := in.src.Charter()
	m := charterModel{Purpose: c.Purpose, Bounds: in.boundLines(c.Bounds), Categories: c.Categories, Help: c.OutsideHelp,
		History: in.lang.say("history." + c.History), Fresh: in.r.URL.Query().Get("said") == "joined"}
	if c.ReviewOn != "" {
		m.Review = in.lang.say("decision.review", "day", in.lang.when(c.ReviewOn, in.now))
	}
	if in.charterDue() {
		m.Again = &againModel{Review: in.nextYear()}
		if len(in.form["review"]) > 0 {
			m.Again.Review, m.Again.Text = in.typed("review"), in.typed("why")
		}
	}
	for _, w := range c.Words {
		if w.Member.ID == in.me {
			m.Mine = w.Text
		}
		m.Words = append(m.Words, charterLine{personLine{Href: in.href(w.Member.ID), Name: w.Member.Name, Initials: initials(w.Member.Name)}, w.Text})
	}
	if len(in.form["text"]) > 0 {
		m.Mine = in.typed("text")
	}
	return in.show("charter", "circle", in.lang.say("circle.how"), m)
}

// charterDue reports whether the day has come to look at the charter again, and nobody
// has proposed anything yet.
func (in *inside) charterDue() bool {
	return slices.ContainsFunc(in.src.Look(), func(a view.Attention) bool {
		return a.Kind == circle.LookReviewDue && a.About[0] == in.id.String()
	})
}

func (in *inside) nextYear() string { return in.now.AddDate(1, 0, 0).Format(time.DateOnly) }

// charterWish says what the charter means to oneself.
func (in *inside) charterWish() error {
	form, err := readForm(in.w, in.r)
	if err != nil {
		return err
	}
	in.form = form
	if _, err := in.do("charter", circle.Args{"text": {"word", in.line("text")}}); err != nil {
		return in.problemAt(err, in.charter)
	}
	return in.to("/charter", "charter")
}

// wordOf is what the charter means to a member.
func (in *inside) wordOf(member string) string {
	words := in.src.Charter().Words
	if i := slices.IndexFunc(words, func(w view.CharterWord) bool { return w.Member.ID == member }); i >= 0 {
		return words[i].Text
	}
	return ""
}

// changeModel is the form that lays another charter before the circle: the one in
// force, to be written over.
type changeModel struct {
	Typed  map[string]string
	Bounds []sectionLine
	Of     string // the proposal that is written over; "" for the charter in force
}

// drafted finds the proposal of a charter that is written over; nil where none is
// named.
func (in *inside) drafted(id string) (*view.Decision, error) {
	if id == "" {
		return nil, nil
	}
	item, err := in.src.Show(id, false)
	if err != nil {
		return nil, err
	}
	if item.Decision == nil || item.Decision.Charter == nil {
		return nil, &notice{status: http.StatusNotFound, key: "shell.unknown"}
	}
	return item.Decision, nil
}

func (in *inside) charterForm() error {
	c := in.src.Charter()
	of := in.r.FormValue("of")
	draft, err := in.drafted(of)
	if err != nil {
		return err
	}
	if draft != nil {
		c = *draft.Charter
	}
	m := changeModel{Of: of, Typed: map[string]string{"purpose": c.Purpose, "review": c.ReviewOn, "text": "", "categories": strings.Join(c.Categories, "\n")}}
	if draft == nil && c.ReviewOn != "" && c.ReviewOn <= in.now.Format(time.DateOnly) {
		m.Typed["review"] = in.nextYear() // the day that has come is not the next one
	}
	for name := range m.Typed {
		if len(in.form[name]) > 0 {
			m.Typed[name] = in.typed(name)
		}
	}
	for _, key := range boundsKeys {
		line := sectionLine{Key: key, Label: in.lang.say("ours." + key), Text: c.Bounds[key]}
		if len(in.form["section."+key]) > 0 {
			line.Text = in.typed("section." + key)
		}
		m.Bounds = append(m.Bounds, line)
	}
	return in.show("change", "circle", in.lang.say("change.title"), m)
}

// charterChange proposes what was written; nothing changes until all consent.
func (in *inside) charterChange() error {
	form, err := readForm(in.w, in.r)
	if err != nil {
		return err
	}
	in.form = form
	draft, err := in.drafted(form.Get("of"))
	if err != nil {
		return err
	}
	c := in.src.People.Charter()
	c.Purpose, c.ReviewOn = in.line("purpose"), in.line("review")
	if _, typed := form["categories"]; typed {
		c.Categories = lines(form.Get("categories"))
	}
	for key, text := range boundTexts(&c.Bounds) {
		*text = in.line("section." + key)
	}
	if err := c.Check(); err != nil {
		return in.problemAt(circle.Refuse(circle.Usage, "no.charter"), in.charterForm)
	}
	verb, args := "propose", circle.Args{"text": {form.Get("text")}, "charter": {hex.EncodeToString(membership.EncodeCharter(c))}}
	if draft != nil {
		verb, args["id"] = "reshape", []string{draft.ID}
	}
	done, err := in.do(verb, args)
	if err != nil {
		return in.problemAt(err, in.charterForm)
	}
	return in.to("/show/"+done.ID, "propose")
}

func (in *inside) line(name string) string {
	return strings.TrimSpace(strings.ReplaceAll(in.typed(name), "\r\n", "\n"))
}

func boundTexts(b *membership.Bounds) map[string]*string {
	return map[string]*string{"ways": &b.Ways, "quiet": &b.Quiet, "reply": &b.Reply, "radius": &b.Radius, "area": &b.Area,
		"who": &b.Who, "not-from-me": &b.NotFromMe, "emergency": &b.Emergency}
}

// boundLines are bounds, each in words: who may ask is one of three.
func (in *inside) boundLines(texts map[string]string) []sectionLine {
	lines := in.sections("bounds", texts, boundsKeys)
	for i := range lines {
		if key := "who." + lines[i].Text; lines[i].Key == "who" && in.lang.Has(key) {
			lines[i].Text = in.lang.plain(key)
		}
	}
	return lines
}

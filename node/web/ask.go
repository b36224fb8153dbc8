package web

import (
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"tend/crdt/circle"
	"tend/node/view"
)

// askModel is the form for a need, for an offer, and for changing either.
type askModel struct {
	Kind       string // "need" or "offer"
	Edit       string // the id of what is changed; "" for a new one
	To         string // where it is posted
	Typed      map[string]string
	Whens      []string // dates: those given, and room for more
	Whom       []whomLine
	Wished     []option // for somebody who wished it beforehand
	Together   []option // the pod, and lists of one's own
	Everyone   bool
	Categories []string
	Tender     bool
	ExtraOK    bool
	AskFirst   bool
	How        []option
	Repeats    []option
}

// wishRunes is how much of a wish stands in a list to choose from.
const wishRunes = 60

// askFields are the fields of the form that circle.ParseCommand reads.
var askFields = []string{"text", "details", "category", "by", "people", "extra_ok", "repeat", "area", "place", "costs", "for", "sign_up", "tender", "listening", "to"}

// starters are the categories a circle begins with, until it has its own.
var starters = []string{"listening", "meals", "errands", "lifts", "childcare", "house", "pets", "paperwork", "repairs", "things", "stay", "knowhow"}

// askForm is an empty form.
func (in *inside) askForm() error {
	in.form = map[string][]string{"kind": {in.r.URL.Query().Get("kind")}, "text": {in.r.URL.Query().Get("text")}, "for": {in.r.URL.Query().Get("for")}}
	return in.drawAsk("")
}

// drawAsk draws the form with what was typed.
func (in *inside) drawAsk(edit string) error {
	m := askModel{Kind: view.KindNeed, Edit: edit, To: in.head.Circle.Base + "/ask",
		Typed:  in.typedAll("text", "details", "category", "by", "people", "repeat", "area", "place", "costs", "for"),
		Tender: in.typed("tender") != "", ExtraOK: in.typed("extra_ok") != "", AskFirst: in.typed("sign_up") == "ask-first"}
	if in.typed("kind") == view.KindOffer {
		m.Kind = view.KindOffer
	}
	if edit != "" {
		m.To = in.head.Circle.Base + "/edit/" + edit
	}
	m.Whens = whensTyped(in.form)
	m.Categories = in.src.Charter().Categories
	if len(m.Categories) == 0 {
		for _, key := range starters {
			m.Categories = append(m.Categories, in.lang.plain("category."+key))
		}
	}
	chosen := map[string]bool{}
	for _, w := range in.form["to"] {
		chosen[w] = true
	}
	m.Together = in.together(in.form["to"])
	m.Everyone = len(chosen) == 0 || chosen["circle"]
	for _, one := range in.src.Members(view.Filter{}) {
		if one.ID != in.me {
			m.Whom = append(m.Whom, in.whomLine(one, chosen[one.ID]))
			for _, c := range one.Consents {
				if value := wishValue(one.ID, c.N); in.mayDo(c) {
					m.Wished = append(m.Wished, option{Value: value, On: value == m.Typed["for"],
						Label: in.lang.say("ask.for_wished", "name", in.name(view.Person{ID: one.ID, Name: one.Name}), "what", shortened(c.If, wishRunes))})
				}
			}
		}
	}
	for _, how := range []string{"call", "text", "sit"} {
		m.How = append(m.How, option{Value: how, Label: in.lang.say("how." + how), On: hasValue(in.form["listening"], how)})
	}
	m.Repeats = in.repeats(m.Typed["repeat"])
	title := "ask.title_" + m.Kind
	if edit != "" {
		title = "ask.title_edit"
	}
	return in.show("ask", "", in.lang.say(title), m)
}

// rhythms are the repeats that the form offers.
var rhythms = []string{"", "daily", "weekly", "monthly", "mon,tue,wed,thu,fri"}

// repeats are the repeats to choose from; one that was written elsewhere stays.
func (in *inside) repeats(now string) []option {
	var out []option
	for i, r := range rhythms {
		out = append(out, option{Value: r, Label: in.lang.say([]string{"repeat.never", "repeat.daily", "repeat.weekly", "repeat.monthly", "repeat.workdays"}[i]), On: r == now})
	}
	if !hasValue(rhythms, now) {
		out = append(out, option{Value: now, Label: in.lang.say("repeat.as_now"), On: true})
	}
	return out
}

func hasValue(all []string, v string) bool {
	for _, one := range all {
		if one == v {
			return true
		}
	}
	return false
}

// whensTyped are the dates of a form, each day with its hours as one text, and one
// empty row for another.
func whensTyped(form map[string][]string) []string {
	out := []string{}
	for i := range form["day"] {
		if w := whenTyped(form, i); w != "" {
			out = append(out, w)
		}
	}
	return append(out, "")
}

// whenTyped reads row i of the fields day, from and until.
func whenTyped(form map[string][]string, i int) string {
	at := func(name string) string {
		if i < len(form[name]) {
			return strings.TrimSpace(form[name][i])
		}
		return ""
	}
	day, from, until := at("day"), at("from"), at("until")
	switch {
	case day == "":
		return ""
	case from == "":
		return day
	case until == "":
		return day + "T" + from
	}
	return day + "T" + from + "/" + until
}

// ask posts a need or an offer.
func (in *inside) ask() error {
	form, err := readForm(in.w, in.r)
	if err != nil {
		return err
	}
	in.form = form
	verb := "ask"
	if form.Get("kind") == view.KindOffer {
		verb = "offer"
	}
	done, err := in.do(verb, askArgs(form))
	if err != nil {
		return in.askAgain(err, "")
	}
	return in.to("/show/"+done.ID, verb)
}

// askArgs are the arguments of a filled form.
func askArgs(form map[string][]string) circle.Args {
	args := argsOf(form, askFields...)
	for _, w := range whensTyped(form) {
		if w != "" {
			args["when"] = append(args["when"], w)
		}
	}
	if whom := args["for"]; len(whom) > 0 {
		member, under := splitWish(whom[0])
		if args["for"] = []string{member}; under != "" {
			args["under"] = []string{under}
		}
	}
	if hasValue(args["to"], "circle") {
		delete(args, "to")
	}
	return args
}

// askAgain draws the form once more, with the sentence about what was typed.
func (in *inside) askAgain(err error, edit string) error {
	say, code := in.site.problem(in.lang, err)
	if say == nil {
		return err
	}
	in.head.Said, in.code = say, code
	return in.drawAsk(edit)
}

// editForm is the form with what stands there now.
func (in *inside) editForm() error {
	p, err := in.ownPost()
	if err != nil {
		return err
	}
	in.form = formOf(p)
	return in.drawAsk(p.ID)
}

func (in *inside) ownPost() (view.Post, error) {
	item, err := in.src.Show(in.r.PathValue("thing"), false)
	if err != nil {
		return view.Post{}, err
	}
	if item.Post == nil || item.Post.Author.ID != in.me {
		return view.Post{}, &notice{status: http.StatusNotFound, key: "shell.unknown"}
	}
	return *item.Post, nil
}

// formOf is a post as its form was filled in.
func formOf(p view.Post) map[string][]string {
	form := map[string][]string{"kind": {p.Kind}, "text": {p.Title}, "details": {p.Details}, "category": {p.Category}, "by": {p.By},
		"people": {strconv.Itoa(p.People)}, "repeat": {p.Repeat}, "area": {p.Area}, "costs": {p.Costs}, "sign_up": {p.SignUp}, "listening": p.How}
	if p.Tender {
		form["tender"] = []string{"true"}
	}
	if p.ExtraOK {
		form["extra_ok"] = []string{"true"}
	}
	for _, w := range p.When {
		from, until, _ := strings.Cut(w, "/")
		day, hour, _ := strings.Cut(from, "T")
		form["day"], form["from"], form["until"] = append(form["day"], day), append(form["from"], hour), append(form["until"], until)
	}
	return form
}

// edit changes those fields that are not as they were.
func (in *inside) edit() error {
	p, err := in.ownPost()
	if err != nil {
		return err
	}
	form, err := readForm(in.w, in.r)
	if err != nil {
		return err
	}
	form.Set("kind", p.Kind)
	in.form = form
	before := formOf(p)
	if form.Get("sign_up") == "" {
		form.Set("sign_up", "open") // a box that is not ticked is not sent
	}
	args := circle.Args{"id": {p.ID}}
	for _, name := range []string{"text", "details", "category", "by", "people", "repeat", "area", "costs", "sign_up"} {
		if was := strings.Join(before[name], ""); form.Get(name) != was {
			args[name] = []string{form.Get(name)}
		}
	}
	for _, name := range []string{"tender", "extra_ok"} {
		if (form.Get(name) != "") != (len(before[name]) > 0) {
			args[name] = []string{strconv.FormatBool(form.Get(name) != "")}
		}
	}
	now := whensTyped(form)
	if was := whensTyped(map[string][]string{"day": before["day"], "from": before["from"], "until": before["until"]}); strings.Join(now, " ") != strings.Join(was, " ") {
		args["when"] = now // the empty one at its end says that none is left
	}
	if len(args) == 1 {
		return in.to("/show/"+p.ID, "")
	}
	if _, err := in.do("edit", args); err != nil {
		return in.askAgain(err, p.ID)
	}
	return in.to("/show/"+p.ID, "edit")
}

// problemAt says a problem beside a screen and draws that again; other errors are
// for the shell.
func (in *inside) problemAt(err error, draw func() error) error {
	say, code := in.site.problem(in.lang, err)
	if say == nil {
		return err
	}
	in.head.Said, in.code = say, code
	return draw()
}

// escaped is people's text as a title.
func escaped(text string) template.HTML { return template.HTML(template.HTMLEscapeString(text)) }

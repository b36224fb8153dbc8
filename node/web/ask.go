package web

import (
	"html/template"
	"net/http"
	"slices"
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
	Days       []option      // of each week, on which it comes again
	Skips      []string      // dates that fall out: those given, and room for more
	Emergency  string        // what the circle says of emergencies
	Radius     string        // how far the circle goes, beside where it is
	Listeners  template.HTML // who is open to listening now; "" for nobody
	Talk       string        // where the form for someone to talk to is; "" on that itself
	Listening  bool          // it is that form
}

// wishRunes is how much of a wish stands in a list to choose from.
const wishRunes = 60

// askFields are the fields of the form that circle.ParseCommand reads.
var askFields = []string{"text", "details", "category", "by", "people", "extra_ok", "repeat", "area", "place", "costs", "for", "sign_up", "tender", "listening", "newcomers", "to"}

// askForm is an empty form.
func (in *inside) askForm() error {
	in.form = map[string][]string{"kind": {in.r.URL.Query().Get("kind")}, "text": {in.r.URL.Query().Get("text")}, "for": {in.r.URL.Query().Get("for")}}
	if in.r.URL.Query().Get("listening") != "" {
		in.form["listening"], in.form["to"] = listeningWays, circle.Listeners(in.src.State, in.src.Env)
	}
	return in.drawAsk("")
}

// listeningWays are the ways in which somebody may listen.
var listeningWays = []string{"call", "text", "sit"}

// drawAsk draws the form with what was typed.
func (in *inside) drawAsk(edit string) error {
	m := askModel{Kind: view.KindNeed, Edit: edit, To: in.head.Circle.Base + "/ask",
		Typed:  in.typedAll("text", "details", "category", "by", "people", "repeat", "area", "place", "costs", "for", "newcomers", "repeat_until"),
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
		for _, c := range circle.Categories {
			m.Categories = append(m.Categories, in.lang.plain("category."+c.Key))
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
	foldWhom(m.Whom)
	for _, how := range listeningWays {
		m.How = append(m.How, option{Value: how, Label: in.lang.say("how." + how), On: hasValue(in.form["listening"], how)})
	}
	m.Repeats = in.repeats(m.Typed["repeat"])
	for _, d := range weekdays {
		m.Days = append(m.Days, option{Value: d.short, Label: in.lang.say("weekday." + strconv.Itoa(d.number)), On: hasValue(in.form["weekday"], d.short)})
	}
	m.Skips = append(filledIn(in.form["skip"]), "", "")
	ours := in.src.Charter().Bounds
	m.Emergency, m.Radius = ours["emergency"], ours["radius"]
	in.listening(&m)
	title := "ask.title_" + m.Kind
	if edit != "" {
		title = "ask.title_edit"
	}
	return in.show("ask", "", in.lang.say(title), m)
}

// listening says who is open to listening now, and where one asks them.
func (in *inside) listening(m *askModel) {
	if m.Kind != view.KindNeed || m.Edit != "" {
		return
	}
	var open []view.Person
	for _, one := range in.src.Members(view.Filter{Listening: true}) {
		if one.ID != in.me {
			open = append(open, view.Person{ID: one.ID, Name: one.Name})
		}
	}
	if len(open) > 0 {
		m.Listeners = in.lang.say("ask.listening_now", "names", in.names(open))
	}
	if m.Listening = len(in.form["listening"]) > 0; !m.Listening {
		m.Talk = in.head.Circle.Base + "/ask?kind=need&listening=1"
	}
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

// whenTyped reads row i of the fields day, from, until and last, the last day of several.
func whenTyped(form map[string][]string, i int) string {
	at := func(name string) string {
		if i < len(form[name]) {
			return strings.TrimSpace(form[name][i])
		}
		return ""
	}
	day, from, until, last := at("day"), at("from"), at("until"), at("last")
	switch {
	case day == "":
		return ""
	case last != "" && last != day && (from == "" || until == ""):
		return day + "/" + last
	case last != "" && last != day:
		return day + "T" + from + "/" + last + "T" + until
	case from == "":
		return day
	case until == "":
		return day + "T" + from
	}
	return day + "T" + from + "/" + until
}

// repeatTyped is how often it comes again: on some days of each week, or by the list.
func repeatTyped(form map[string][]string) string {
	repeat := strings.Join(form["weekday"], ",")
	if repeat == "" {
		repeat = strings.Join(form["repeat"], "")
	}
	until := strings.TrimSpace(strings.Join(form["repeat_until"], ""))
	if repeat == "" || until == "" || strings.Contains(repeat, "FREQ=") {
		return repeat
	}
	return repeat + " until " + until
}

// tenderKind reports whether a category is tender unless one says otherwise, by its name
// in the language of the page.
func (in *inside) tenderKind(category string) bool {
	for _, c := range circle.Categories {
		if c.Tender && strings.EqualFold(strings.TrimSpace(category), in.lang.plain("category."+c.Key)) {
			return true
		}
	}
	return false
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
	args := askArgs(form)
	if in.tenderKind(form.Get("category")) {
		args["tender"] = []string{"true"}
	}
	done, err := in.do(verb, args)
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
	delete(args, "repeat")
	if repeat := repeatTyped(form); repeat != "" {
		args["repeat"] = []string{repeat}
	}
	if skips := filledIn(form["skip"]); len(skips) > 0 && len(args["repeat"]) > 0 {
		args["skip"] = skips
	}
	if whom := args["for"]; len(whom) > 0 {
		member, under := splitWish(whom[0])
		if args["for"] = []string{member}; under != "" {
			args["under"] = []string{under}
		}
	}
	if hasValue(args["to"], "circle") {
		args["to"] = []string{"circle"} // in words: someone to talk to is otherwise for a few
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
		form["day"], form["from"] = append(form["day"], dayOf(w)), append(form["from"], fromOf(w))
		form["until"], form["last"] = append(form["until"], toOf(w)), append(form["last"], lastOf(w))
	}
	for _, s := range p.Skips {
		form["skip"] = append(form["skip"], dayOf(s))
	}
	if p.Newcomers > 0 {
		form["newcomers"] = []string{strconv.Itoa(p.Newcomers)}
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
	form.Set("repeat", repeatTyped(form))
	if form.Get("newcomers") == "" && len(before["newcomers"]) > 0 {
		form.Set("newcomers", "0")
	}
	for _, name := range []string{"text", "details", "category", "by", "people", "repeat", "area", "costs", "sign_up", "newcomers"} {
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
	if was := whensTyped(map[string][]string{"day": before["day"], "from": before["from"], "until": before["until"], "last": before["last"]}); strings.Join(now, " ") != strings.Join(was, " ") {
		args["when"] = now // the empty one at its end says that none is left
	}
	if skips := filledIn(form["skip"]); !slices.Equal(skips, before["skip"]) {
		args["skip"] = append(skips, "")
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

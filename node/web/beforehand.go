package web

import (
	"html/template"
	"net/url"
	"strconv"
	"strings"

	"tend/crdt/circle"
	"tend/node/view"
)

// beforehandModel is what a member says of hard times while they are easy: what others
// may do then without asking first, and which days are hard.
type beforehandModel struct {
	To       string
	Consents []consentLine
	Dates    []dateLine
	Typed    map[string]string
	Who      []option
	Readers  []option // of a wish
	Seers    []option // of a hard day
	Yearly   bool
	Only     bool // no follow-ups
}

// consentLine is a wish beforehand. Do is where the reader acts on it, "" where it is not
// for them; Drop lets one's own go.
type consentLine struct {
	If, Then   string
	For, Until template.HTML
	Open       template.HTML
	Do         string
	Drop       button
}

// dateLine is a hard day.
type dateLine struct {
	Text, Welcome string
	Day, Next     template.HTML
	Open          template.HTML
	Drop          button
}

// beforehandFields are the fields of both forms.
var beforehandFields = []string{"if", "then", "until", "day", "what", "welcome"}

func (in *inside) beforehand() error {
	item, err := in.src.Show(in.me, false)
	if err != nil {
		return err
	}
	m := beforehandModel{To: in.head.Circle.Base + "/me/", Typed: in.typedAll(beforehandFields...), Yearly: in.typed("yearly") != "", Only: in.typed("follow_up") == "none"}
	if item.Member != nil {
		m.Consents, m.Dates = in.consentLines(*item.Member), in.dateLines(*item.Member)
	}
	m.Readers = in.readersOf(in.typed("then") != "")
	m.Seers = in.readersOf(in.typed("what") != "")
	m.Who = append(m.Who, option{Value: "pod", Label: in.lang.say("pod.title"), On: len(in.form["who"]) == 0 || hasValue(in.form["who"], "pod")})
	m.Who = append(m.Who, in.others(in.form["who"]...)...)
	return in.show("beforehand", "me", in.lang.say("beforehand.title"), m)
}

// readersOf are those who may read something: the pod, unless one says otherwise.
func (in *inside) readersOf(typed bool) []option {
	out := []option{{Value: "", Label: in.lang.say("readers.pod")}, {Value: "circle", Label: in.lang.say("readers.circle")}}
	out = append(out, in.others()...)
	for i := range out {
		out[i].On = typed && out[i].Value == in.typed("to")
	}
	return out
}

func (in *inside) consentLines(v view.Member) []consentLine {
	var out []consentLine
	for _, c := range v.Consents {
		l := consentLine{If: c.If, Then: c.Then, Open: in.openTo(c.Audience), For: in.lang.say("consents.for", "names", in.names(c.Who)), Drop: in.dropOf("consent-in-advance", c.N)}
		switch {
		case len(c.Who) == 0 && c.Pod:
			l.For = in.lang.say("consents.for_pod")
		case len(c.Who) == 0:
			l.For = in.lang.say("consents.nobody")
		}
		if c.Until != "" {
			l.Until = in.lang.say("consents.until", "day", in.lang.when(c.Until, in.now))
		}
		if in.mayDo(c) {
			title := []rune(c.Then)
			l.Do = in.head.Circle.Base + "/ask?" + url.Values{"kind": {view.KindNeed}, "for": {wishValue(v.ID, c.N)},
				"text": {string(title[:min(len(title), circle.MaxTitle)])}}.Encode()
		}
		out = append(out, l)
	}
	return out
}

// mayDo reports whether a wish is for this member.
func (in *inside) mayDo(c view.Consent) bool {
	for _, p := range c.Who {
		if p.ID == in.me {
			return true
		}
	}
	return false
}

// wishValue is how a form names somebody and a wish of theirs; splitWish reads it.
func wishValue(member string, n int) string { return member + ":" + strconv.Itoa(n) }

func splitWish(value string) (member, under string) {
	member, under, _ = strings.Cut(value, ":")
	return member, under
}

func (in *inside) dateLines(v view.Member) []dateLine {
	var out []dateLine
	for _, d := range v.TenderDates {
		l := dateLine{Text: d.Text, Welcome: d.Welcome, Day: in.lang.when(d.Date, in.now), Open: in.openTo(d.Audience), Drop: in.dropOf("tender-date", d.N)}
		if d.Yearly {
			l.Day = in.lang.say("own.yearly", "day", l.Day)
		}
		if d.Next != "" && d.Next != d.Date {
			l.Next = in.lang.say("dates.next", "day", in.lang.when(d.Next, in.now))
		}
		out = append(out, l)
	}
	return out
}

// dropOf is the button that lets one of one's own go.
func (in *inside) dropOf(verb string, n int) button {
	return button{To: in.head.Circle.Base + "/me/" + verb, Kind: "quiet", Label: in.lang.say("verb.let_go"), Fields: []field{{"drop", strconv.Itoa(n)}}}
}

// openTo says who reads what is one's own.
func (in *inside) openTo(a *view.Audience) template.HTML {
	if a == nil {
		return ""
	}
	if a.People == nil {
		return in.lang.say("beforehand.open_all")
	}
	var others []view.Person
	for _, p := range a.People {
		if p.ID != in.me {
			others = append(others, p)
		}
	}
	if len(others) == 0 {
		return in.lang.say("beforehand.open_none")
	}
	return in.lang.say("beforehand.open", "names", in.names(others))
}

// beforehandWish does what one of the forms says.
func (in *inside) beforehandWish(verb string, form url.Values) error {
	said := "me"
	args := argsOf(form, "to")
	switch {
	case form.Get("drop") != "":
		args["text"], said = []string{"drop", form.Get("drop")}, "let_go"
	case verb == "tender-date":
		args = argsOf(form, "to", "welcome", "yearly", "follow_up")
		args["text"] = []string{"add", form.Get("day"), form.Get("what")}
	default:
		args = argsOf(form, "to", "who", "until")
		args["text"] = []string{"add", form.Get("if"), form.Get("then")}
	}
	if _, err := in.do(verb, args); err != nil {
		return in.problemAt(err, in.beforehand)
	}
	return in.to("/beforehand", said)
}

// hardLine is a day on which it is good to think of somebody.
type hardLine struct {
	Text, Day, Welcome template.HTML
	Href               string
}

func (in *inside) hardLines(all []view.HardDay) []hardLine {
	var out []hardLine
	for _, d := range all {
		key := "hard.day"
		if d.After != "" {
			key = "hard.think"
		}
		l := hardLine{Text: in.lang.say(key, "name", in.name(d.Member)), Day: in.lang.when(d.Date, in.now), Href: in.href(d.Member.ID)}
		if d.Welcome != "" {
			l.Welcome = in.lang.say("hard.welcome", "text", d.Welcome)
		}
		out = append(out, l)
	}
	return out
}

// firstStep is a small step for somebody new here.
type firstStep struct {
	Kind, Icon, Href string
	Title, Text      template.HTML
}

func (in *inside) firstSteps(steps []string) []firstStep {
	var out []firstStep
	for _, step := range steps {
		l := firstStep{Kind: view.KindNeed, Icon: "hand-helping", Title: in.lang.say("first.ask"), Text: in.lang.say("first.ask_text")}
		words := in.lang.plain("first.ask_text")
		if step == circle.FirstOffer {
			l = firstStep{Kind: view.KindOffer, Icon: "hand-heart", Title: in.lang.say("first.offer"), Text: in.lang.say("first.offer_text")}
			words = in.lang.plain("first.offer_text")
		}
		l.Href = in.head.Circle.Base + "/ask?" + url.Values{"kind": {l.Kind}, "text": {words}}.Encode()
		out = append(out, l)
	}
	return out
}

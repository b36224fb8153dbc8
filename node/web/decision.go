package web

import (
	"html/template"

	"tend/node/view"
)

// decisionModel is the screen of a decision.
type decisionModel struct {
	card
	Text    template.HTML
	Open    bool
	Mine    bool
	Does    template.HTML
	Closes  template.HTML
	Review  template.HTML
	Words   []decisionLine
	Earlier []earlierText // oldest first
	Beside  []noteLine
	Notes   []noteLine
	Typed   map[string]string
	Thing   string
	Consent button
	Aside   button
	Enact   button
	Renew   *button
	Would   []sectionLine // what the charter would say
	Reshape string        // the text to write over; "" where it is nobody's here to do
	Rewrite string        // where a proposed charter is written over; "" where there is none
}

// earlierText is a text that another followed, with the words that stay on it.
type earlierText struct {
	Text  string
	Words []decisionLine
}

type decisionLine struct {
	personLine
	Says template.HTML
	Text string
	Kind string
}

func (in *inside) showDecision(d view.Decision) error {
	m := decisionModel{card: in.decisionCard(d), Text: in.textOf(d), Open: d.State == "open" || d.State == "to_reshape", Mine: d.Author.ID == in.me,
		Beside: in.notes(d.Beside), Notes: in.notes(d.Notes), Typed: in.typedAll("text"), Thing: in.head.Circle.Base + "/on/" + d.ID,
		Consent: in.verb(d.ID, "consent", "verb.consent", "check"), Aside: in.verb(d.ID, "stand-aside", "verb.stand_aside", ""),
		Enact: in.verb(d.ID, "enact", "verb.enact", "scale"), Closes: in.lang.say("decision.closes", "day", in.lang.day(d.Closes, in.now))}
	if d.Does != "" {
		whom := template.HTML("")
		if d.Target != nil {
			whom = in.name(*d.Target)
		}
		m.Does = in.lang.say("does."+d.Does, "name", whom)
	}
	if d.ReviewOn != "" {
		m.Review = in.lang.say("decision.review", "day", in.lang.when(d.ReviewOn, in.now))
	}
	if m.Mine && m.Open && d.Does == "" {
		m.Reshape = d.Text
	}
	if d.Charter != nil && m.Open {
		m.Rewrite = in.head.Circle.Base + "/charter/change?of=" + d.ID
	}
	if d.Charter != nil {
		m.Would = append([]sectionLine{{Key: "purpose", Label: in.lang.say("change.purpose"), Text: d.Charter.Purpose}}, in.boundLines(d.Charter.Bounds)...)
	}
	if d.State == "review_due" {
		renew := button{To: in.head.Circle.Base + "/propose", Label: in.lang.say("verb.renew"), Icon: "repeat", Fields: []field{{"renew", d.ID}, {"text", d.Text}}}
		m.Renew = &renew
	}
	m.Words = in.decisionLines(d.Words)
	for _, t := range d.Texts {
		if !t.Newest {
			m.Earlier = append(m.Earlier, earlierText{Text: t.Text, Words: in.decisionLines(t.Words)})
		}
	}
	return in.show("decision", "circle", in.lang.say("decision.title"), m)
}

// decisionLines says each person's own word on a text of a decision.
func (in *inside) decisionLines(words []view.DecisionWord) []decisionLine {
	var out []decisionLine
	for _, w := range words {
		key := "dword." + w.Word
		if w.Member.ID == in.me {
			key += "_you"
		}
		out = append(out, decisionLine{personLine: personLine{Name: w.Member.Name, Initials: initials(w.Member.Name)},
			Says: capital(in.lang.say(key, "name", in.name(w.Member))), Text: w.Text, Kind: w.Word})
	}
	return out
}

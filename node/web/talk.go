package web

import (
	"html/template"
	"net/http"
	"slices"
	"strings"

	"tend/crdt/circle"
	"tend/node/view"
)

// talksModel is the list of one's talks.
type talksModel struct{ Open, Over []card }

func (in *inside) talks() error {
	m := talksModel{}
	for _, t := range in.src.Talks(view.Filter{All: true}) {
		if t.Gate == "ended" {
			m.Over = append(m.Over, in.talkCard(t))
		} else {
			m.Open = append(m.Open, in.talkCard(t))
		}
	}
	return in.show("talks", "me", in.lang.say("talk.list"), m)
}

func (in *inside) talkCard(t view.Talk) card {
	c := card{ID: t.ID, Href: in.href(t.ID), Kind: view.KindTalk, Icon: "ear", Title: escaped(t.Sentence), Private: true,
		By: in.lang.say("talk.with", "name", in.names(t.With)), State: in.talkState(t)}
	if t.Faded {
		c.Title = in.lang.say("talk.faded")
	}
	return c
}

// talkState says in a sentence where a talk stands.
func (in *inside) talkState(t view.Talk) template.HTML {
	switch {
	case t.Outcome == "pause" && t.PausedUntil != "":
		return in.lang.say("talk.paused_until", "day", in.lang.when(t.PausedUntil, in.now))
	case t.Outcome != "":
		return in.lang.say("talk.outcome_" + t.Outcome)
	case t.YourTurn:
		return in.lang.say("talk.your_turn")
	}
	return in.lang.say("talk.gate_" + t.Gate)
}

// talkWithModel is the first page: what a talk is for, and what it is not.
type talkWithModel struct {
	Name, To string
	About    *card
	Typed    map[string]string
	Asking   beforeAsking
}

func (in *inside) talkWithForm() error {
	item, err := in.src.Show(in.r.PathValue("thing"), false)
	if err != nil {
		return err
	}
	if item.Member == nil {
		return &notice{status: http.StatusNotFound, key: "shell.unknown"}
	}
	m := talkWithModel{Name: item.Member.Name, To: in.head.Circle.Base + "/talk-with/" + item.Member.ID, Typed: in.typedAll("text", "fade", "about"), Asking: in.asking(item.Member.ID)}
	if about := in.r.URL.Query().Get("about"); about != "" {
		m.Typed["about"] = about
	}
	if m.Typed["fade"] == "" {
		m.Typed["fade"] = "90"
	}
	if about, err := in.src.Show(m.Typed["about"], false); err == nil {
		if cards := in.items([]view.Item{about}); len(cards) == 1 {
			m.About = &cards[0]
			m.About.Buttons = nil
		}
	}
	return in.show("talkwith", "circle", in.lang.say("talk.title"), m)
}

func (in *inside) talkWith() error {
	form, err := readForm(in.w, in.r)
	if err != nil {
		return err
	}
	in.form = form
	args := argsOf(form, "text", "about", "fade")
	args["step"], args["member"] = []string{"with"}, []string{in.r.PathValue("thing")}
	done, err := in.do("talk", args)
	if err != nil {
		return in.problemAt(err, in.talkWithForm)
	}
	return in.to("/show/"+done.ID, "talk_with")
}

// talkModel is the screen of a talk: what was said, and whatever may come next.
type talkModel struct {
	ID, To      string
	With        template.HTML
	Other       string // of the two the other's name
	State       template.HTML
	Gate, Next  string
	Over, Faded bool
	Invited     bool // the first page stands on the invitation as well
	Mine        bool // the reader is one of the two
	About       *card
	Sentence    string
	Answers     []template.HTML
	Steps       []stepLine
	Both, One   []sentenceLine
	Drafts      []card
	Third       template.HTML
	ThirdNames  []option
	ThirdSay    *button
	Ahead       string // what may be written ahead: a step, "" for nothing
	Say         string // what a text is prefilled with
	AheadSay    string
	Fades       template.HTML
	CanPause    bool
	Paused      bool
}

// stepLine is one thing said, and what the other marked it with.
type stepLine struct {
	By, Kind   template.HTML
	Text       string
	Mark, Said template.HTML
	Marked     string
	Mine       bool
}

// sentenceLine is a sentence that may be common ground.
type sentenceLine struct {
	By   template.HTML
	Text string
	Ours *button
	Not  *button
}

func (in *inside) showTalk(t view.Talk) error {
	m := talkModel{ID: t.ID, To: in.head.Circle.Base + "/talk/" + t.ID, With: in.names(t.With), State: in.talkState(t), Gate: t.Gate, Next: t.Next,
		Over: t.Gate == "ended", Faded: t.Faded, Sentence: t.Sentence, Invited: t.Gate == "invited", Paused: t.Outcome == "pause"}
	for _, p := range t.Two {
		if p.ID == in.me {
			m.Mine = true
		} else {
			m.Other = p.Name
		}
	}
	in.talkWords(t, &m)
	in.talkThird(t, &m)
	m.CanPause = m.Mine && !m.Over && !m.Invited
	if m.Mine && !m.Over {
		m.Ahead = map[string]string{"invited": "say", "listening": "say", "feeling": "common", "common": "partner"}[t.Gate]
	}
	if m.Ahead == strings.ReplaceAll(t.Next, "_", "-") && t.YourTurn {
		m.Ahead = ""
	}
	for _, k := range t.KeptWords {
		switch step := strings.ReplaceAll(k.Step, "_", "-"); {
		case k.Step == t.Next:
			m.Say = k.Text
		case step == m.Ahead:
			m.AheadSay = k.Text
		}
	}
	if typed := in.typed("text"); typed != "" {
		m.Say = typed
	}
	if t.About != "" {
		if about, err := in.src.Show(t.About, false); err == nil {
			if cards := in.items([]view.Item{about}); len(cards) == 1 {
				m.About = &cards[0]
				m.About.Buttons = nil
			}
		}
	}
	for _, id := range t.Agreements {
		if item, err := in.src.Show(id, false); err == nil && item.Agreement != nil {
			m.Drafts = append(m.Drafts, in.agreementCard(*item.Agreement))
			m.Drafts[len(m.Drafts)-1].Buttons = nil
		}
	}
	if t.FadesOn != "" && !t.Faded {
		m.Fades = in.lang.say("talk.fades", "day", in.lang.when(t.FadesOn, in.now))
	}
	return in.show("talk", "me", in.lang.say("talk.title"), m)
}

// talkWords are what was said, and the sentences.
func (in *inside) talkWords(t view.Talk, m *talkModel) {
	for _, a := range t.Answers {
		line := in.lang.say("talk.word_"+a.Word, "name", in.name(a.Member))
		if a.Text != "" {
			line = in.lang.say("talk.word_with", "word", line, "text", isolated(a.Text))
		}
		m.Answers = append(m.Answers, capital(line))
	}
	for _, s := range t.Steps {
		line := stepLine{By: in.name(s.Author), Kind: in.lang.say("talk.step_"+s.Kind, "name", in.name(s.Author)), Text: s.Text, Mine: s.Author.ID == in.me, Marked: s.Word}
		if line.Mine {
			line.Kind = in.lang.say("talk.mine_" + s.Kind)
		}
		if s.Word != "" {
			line.Mark = in.lang.say("talk.mark_" + s.Word)
		}
		if s.Said != "" {
			line.Said = isolated(s.Said)
		}
		m.Steps = append(m.Steps, line)
	}
	open := m.Mine && (t.Gate == "common" || t.Gate == "partnering") && t.Outcome == ""
	for _, c := range t.Common {
		line := sentenceLine{By: in.name(c.Author), Text: c.Text}
		mine := slices.ContainsFunc(c.Ours, func(p view.Person) bool { return p.ID == in.me })
		switch {
		case open && !mine:
			b := in.step(t.ID, "ours", "talk.do_ours", "check", field{"text", c.ID})
			line.Ours = &b
		case open:
			b := in.step(t.ID, "not-quite", "talk.do_not_ours", "", field{"text", c.ID})
			b.Kind = "quiet"
			line.Not = &b
		}
		if len(c.Ours) == 2 {
			m.Both = append(m.Both, line)
		} else {
			m.One = append(m.One, line)
		}
	}
}

// talkThird is who accompanies the two, or may.
func (in *inside) talkThird(t view.Talk, m *talkModel) {
	switch {
	case t.Third != nil && t.Third.ID == in.me, t.ThirdAsked != nil && t.ThirdAsked.ID == in.me:
		return
	case t.Third != nil:
		m.Third = in.lang.say("talk.third", "name", in.name(*t.Third))
		return
	case t.ThirdAsked != nil:
		m.Third = in.lang.say("talk.third_asked", "name", in.name(*t.ThirdAsked))
		return
	case !m.Mine || m.Over:
		return
	}
	for _, w := range t.ThirdBy {
		if w.By.ID == in.me {
			m.Third = in.lang.say("talk.third_mine", "name", in.name(w.Member))
			continue
		}
		m.Third = in.lang.say("talk.third_by", "name", in.name(w.By), "third", in.name(w.Member))
		b := in.step(t.ID, "third", "talk.do_third_too", "users", field{"member", w.Member.ID})
		m.ThirdSay = &b
	}
	for _, p := range in.src.Members(view.Filter{}) {
		if p.ID != in.me && !slices.ContainsFunc(t.Two, func(two view.Person) bool { return two.ID == p.ID }) {
			m.ThirdNames = append(m.ThirdNames, option{Value: p.ID, Label: in.name(view.Person{ID: p.ID, Name: p.Name})})
		}
	}
}

// step makes a button for a step of a talk.
func (in *inside) step(id, step, key, icon string, fields ...field) button {
	return button{To: in.head.Circle.Base + "/talk/" + id + "/" + step, Label: in.lang.say(key), Icon: icon, Fields: fields}
}

// talkStep does a step of a talk and shows it anew. What does not go is said there,
// with what was typed.
func (in *inside) talkStep() error {
	id, step := in.r.PathValue("thing"), in.r.PathValue("step")
	if !slices.Contains(circle.TalkSteps, step) {
		return &notice{status: http.StatusNotFound, key: "shell.unknown"}
	}
	form, err := readForm(in.w, in.r)
	if err != nil {
		return err
	}
	in.form = form
	known := []string{"text"}
	switch step {
	case "later", "pause", "partner":
		known = append(known, "until")
	case "third":
		known = []string{"member", "earlier"}
	}
	args := argsOf(form, known...)
	args["step"], args["id"] = []string{step}, []string{id}
	done, err := in.do("talk", args)
	if err != nil {
		return in.problemAt(err, func() error { return in.thing(id) })
	}
	said := "talk_" + strings.ReplaceAll(step, "-", "_")
	if done.Kept {
		said = "talk_kept"
	}
	return in.to("/show/"+id, said)
}

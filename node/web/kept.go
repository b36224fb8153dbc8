package web

import (
	"html/template"
	"net/url"
	"strconv"
	"strings"

	"tend/crdt/circle"
	"tend/node/view"
)

// What a person keeps for themselves on this home alone: how much they mean to carry,
// notes about somebody, and answers to a question of their own. The circle is never
// told any of it.

// ceilingModel is how much a person means to carry in a week.
type ceilingModel struct {
	Week     string // "" for no ceiling
	TellRoom bool
}

// ceiling is what is kept, or what was typed over it.
func (in *inside) ceiling() ceilingModel {
	if typed, ok := in.form["week"]; ok {
		return ceilingModel{Week: strings.Join(typed, ""), TellRoom: in.typed("tell_room") != ""}
	}
	now := in.src.Ceiling()
	if now.Week == 0 {
		return ceilingModel{}
	}
	return ceilingModel{Week: strconv.Itoa(now.Week), TellRoom: now.TellRoom}
}

// ceilingArgs reads the form; an empty number is no ceiling, and then there is nothing
// to tell.
func ceilingArgs(form url.Values) circle.Args {
	week := strings.TrimSpace(form.Get("week"))
	if week == "" {
		return circle.Args{"text": {"none"}}
	}
	args := argsOf(form, "tell_room")
	args["text"] = []string{week + "/week"}
	return args
}

// answerLine is an answer to the question of now and then.
type answerLine struct {
	Made template.HTML
	Text string
}

// answers are those of this person, the newest first.
func (in *inside) answers() []answerLine {
	all := in.src.Reflections().Answers
	out := make([]answerLine, 0, len(all))
	for i := len(all) - 1; i >= 0; i-- {
		out = append(out, answerLine{Made: in.lang.day(all[i].Made, in.now), Text: all[i].Text})
	}
	return out
}

// keptLine is a note about somebody for this person alone.
type keptLine struct {
	Who, On template.HTML // On is "" for a note that reminds of no day
	Href    string
	Text    string
	Drop    button
}

func (in *inside) keptLines(all []view.PairNote) []keptLine {
	out := []keptLine{}
	for _, n := range all {
		line := keptLine{Who: in.name(n.Member), Href: in.href(n.Member.ID), Text: n.Text,
			Drop: in.verb(n.Member.ID, "pair-note", "verb.let_go", "", field{"drop", strconv.Itoa(n.N)})}
		line.Drop.Kind = "quiet"
		if n.On != "" {
			line.On = in.lang.when(n.On, in.now)
			if n.Yearly {
				line.On = in.lang.say("own.yearly", "day", line.On)
			}
		}
		out = append(out, line)
	}
	return out
}

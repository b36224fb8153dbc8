package web

import (
	"html/template"
	"slices"
	"strconv"
	"strings"

	"tend/crdt/circle"
)

// weekdays are the days as a rule names them, Monday first, and their numbers in the
// catalogues.
var weekdays = []struct {
	rule, short string
	number      int
}{{"MO", "mon", 1}, {"TU", "tue", 2}, {"WE", "wed", 3}, {"TH", "thu", 4}, {"FR", "fri", 5}, {"SA", "sat", 6}, {"SU", "sun", 0}}

// freeRows is how many single days the form has room for beside those that are said.
const freeRows = 2

// freeModel is the form for when one has time.
type freeModel struct {
	Days  []option // of each week
	Whens []string
}

// freeForm is filled with what was said.
func (in *inside) freeForm(said []string) freeModel {
	m := freeModel{}
	days := map[string]bool{}
	for _, f := range said {
		if rule, ok := strings.CutPrefix(f, "FREQ=WEEKLY;BYDAY="); ok {
			for day := range strings.SplitSeq(rule, ",") {
				days[day] = true
			}
		} else if !strings.HasPrefix(f, "FREQ=") {
			m.Whens = append(m.Whens, f)
		}
	}
	m.Whens = append(m.Whens, make([]string, freeRows)...)
	for _, d := range weekdays {
		m.Days = append(m.Days, option{Value: d.short, Label: in.lang.say("weekday." + strconv.Itoa(d.number)), On: days[d.rule]})
	}
	return m
}

// saveFree says when one has time; nothing chosen says that one does not know.
func (in *inside) saveFree() error {
	args := circle.Args{}
	if days := in.form["weekday"]; len(days) > 0 {
		args["repeat"] = []string{strings.Join(days, ",")}
	}
	for i := range in.form["day"] {
		if w := whenTyped(in.form, i); w != "" {
			args["text"] = append(args["text"], w)
		}
	}
	if len(args) == 0 {
		args["none"] = []string{"true"}
	}
	_, err := in.do("free", args)
	return err
}

// freeWords is one time at which somebody is free.
func (in *inside) freeWords(said string) template.HTML {
	if strings.HasPrefix(said, "FREQ=") {
		return in.lang.rhythm(said)
	}
	return in.lang.when(said, in.now)
}

// rhythm says how often a thing comes again, as far as there is a word for it.
func (l *language) rhythm(rule string) template.HTML {
	switch rule {
	case "FREQ=DAILY":
		return l.say("repeat.daily")
	case "FREQ=WEEKLY":
		return l.say("repeat.weekly")
	case "FREQ=MONTHLY":
		return l.say("repeat.monthly")
	}
	days, weekly := strings.CutPrefix(rule, "FREQ=WEEKLY;BYDAY=")
	var names []template.HTML
	for day := range strings.SplitSeq(days, ",") {
		if i := slices.IndexFunc(weekdays, func(d struct {
			rule, short string
			number      int
		}) bool {
			return d.rule == day
		}); i >= 0 {
			names = append(names, l.say("weekday."+strconv.Itoa(weekdays[i].number)))
		}
	}
	if !weekly || len(names) == 0 {
		return l.say("date.repeats")
	}
	return l.say("repeat.on", "days", l.list(names))
}

package web

import (
	"net/http"
	"net/url"
	"slices"

	"tend/crdt/circle"
	"tend/node/view"
)

// wishOf is a verb that a thing's screen may say, with the fields it takes.
type wishOf struct {
	fields []string
	quick  bool // one tap says it whole: a choice of "look" may become a button
}

// wishes are the verbs about one thing. What their fields mean,
// circle.ParseCommand says.
var wishes = map[string]wishOf{
	"yes":         {[]string{"slot", "every", "when", "note"}, true},
	"not-now":     {nil, true},
	"stand-by":    {[]string{"slot", "not"}, true},
	"cannot":      {[]string{"slot", "every"}, true},
	"both":        {[]string{"slot"}, true},
	"done":        {[]string{"slot", "not"}, true},
	"change":      {[]string{"slot", "when", "area", "what", "costs", "with", "review"}, true},
	"place":       {[]string{"slot", "where", "code", "phone"}, false},
	"thank":       {[]string{"text"}, false},
	"note":        {[]string{"text", "to"}, false},
	"enough":      {nil, true},
	"met":         {nil, true},
	"withdraw":    {nil, true},
	"reopen":      {nil, true},
	"rest":        {nil, true},
	"still-true":  {nil, true},
	"retract":     {nil, false},
	"widen":       {[]string{"to", "text", "details"}, false},
	"consent":     {[]string{"text"}, true},
	"stand-aside": {[]string{"text"}, true},
	"concern":     {[]string{"text"}, false},
	"enact":       {nil, true},
	"reshape":     {[]string{"text"}, false},
	"may-i":       {[]string{"text", "when"}, false},
	"check-in":    {[]string{"text"}, false},
	"part":        {[]string{"text"}, false},
	"distance":    {[]string{"not"}, false},
	"pair-note":   {[]string{"text", "on", "yearly", "drop"}, false},
	"welcome":     {nil, false},
}

// onMember are the verbs whose thing is a person.
var onMember = []string{"may-i", "check-in", "part", "pair-note", "distance"}

// wordsIn names the field with the words of a verb, where a screen has several fields
// for words: what does not go comes back in its own.
var wordsIn = map[string]string{"check-in": "note", "pair-note": "kept", "concern": "why"}

// emptied are the fields that a form may send empty on purpose: it clears them.
var emptied = map[string][]string{"slot": {""}}

// wish carries out a verb about one thing, and shows what became of it. What does
// not go is said on the thing's own screen, with all that was typed.
func (in *inside) wish() error {
	verb, thing := in.r.PathValue("verb"), in.r.PathValue("thing")
	known, ok := wishes[verb]
	if !ok {
		return &notice{status: http.StatusNotFound, key: "shell.unknown"}
	}
	form, err := readForm(in.w, in.r)
	if err != nil {
		return err
	}
	in.form = form
	done, err := in.doWish(verb, thing, known, form)
	if err != nil {
		say, code := in.site.problem(in.lang, err)
		if say == nil {
			return err
		}
		in.head.Said, in.code = say, code
		if verb == "part" {
			return in.part()
		}
		return in.thing(thing)
	}
	return in.afterWish(verb, thing, form, done)
}

func (in *inside) doWish(verb, thing string, known wishOf, form url.Values) (view.Done, error) {
	if verb == "welcome" {
		member, err := in.src.State.ResolveMember(in.src.Env, thing)
		if err != nil {
			return view.Done{}, err
		}
		id, err := in.site.upkeep.Welcome(in.r.Context(), in.id, member)
		return view.Done{ID: id.String()}, err
	}
	args := argsOf(form, known.fields...)
	if w := whenTyped(form, 0); w != "" && slices.Contains(known.fields, "when") {
		args["when"] = []string{w}
	}
	if own, ok := wordsIn[verb]; ok && len(form[own]) > 0 {
		args["text"] = form[own]
	}
	for name := range emptied {
		if slices.Contains(known.fields, name) && len(form[name]) > 0 && len(args[name]) == 0 {
			args[name] = form[name] // the one slot of an undated thing is ""
		}
	}
	if slices.Contains(onMember, verb) {
		args["member"] = []string{thing}
	} else {
		args["id"] = []string{thing}
	}
	return in.do(verb, args)
}

// do says a verb to the circle and reads the circle again.
func (in *inside) do(verb string, args circle.Args) (view.Done, error) {
	cmd, err := circle.ParseCommand(in.src.State, in.src.Env, verb, args)
	if err != nil {
		return view.Done{}, err
	}
	result, err := in.site.service.Do(in.r.Context(), in.id, cmd)
	if err != nil {
		return view.Done{}, err
	}
	if in.src, err = in.site.service.View(in.id); err != nil {
		return view.Done{}, err
	}
	return in.src.Done(result), nil
}

// afterWish leads to where the wish can be seen.
func (in *inside) afterWish(verb, thing string, form url.Values, done view.Done) error {
	said := verb
	if len(done.NotReached) > 0 {
		said = "not_reached"
	}
	switch {
	case done.AboveCeiling:
		said = "above_ceiling"
	case verb == "concern" && len(form["why"]) > 0:
		said = "doubt" // about letting somebody in; its form is on their screen
	case verb == "stand-by" && form.Get("not") != "":
		said = "not_stand_by"
	case verb == "pair-note" && form.Get("drop") != "":
		said = "let_go"
	}
	switch {
	case form.Get("from") == "home" && (verb != "yes" || len(done.Card) == 0): // a card is read at once
		return in.to("", said)
	case verb == "part" || verb == "distance":
		return in.to("/part/"+url.PathEscape(thing), said)
	case verb == "retract" && form.Get("at") != "":
		thing = form.Get("at")
	case verb == "retract" || verb == "withdraw" && form.Get("from") == "":
		return in.to("", said)
	case verb == "yes" || verb == "not-now" || verb == "may-i":
		if done.ID != "" {
			thing = done.ID
		}
	}
	return in.to("/show/"+url.PathEscape(thing), said)
}

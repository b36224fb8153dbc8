package web

import (
	"strings"

	"tend/node/view"
)

// looks makes cards of what should be looked at together.
func (in *inside) looks(all []view.Attention) []lookCard {
	out := []lookCard{}
	for _, a := range all {
		c := lookCard{Kind: a.Kind, Title: in.lang.say("look.title"), Text: a.Text}
		if key := "look." + a.Kind; in.lang.has(key) {
			c.Title = in.lang.say(key)
		}
		if len(a.About) > 0 {
			c.Href = in.href(a.About[0])
		}
		for _, ch := range a.Choices {
			c.Choices = append(c.Choices, in.choice(ch))
		}
		out = append(out, c)
	}
	return out
}

// choice turns the command line that settles a thing into a wish of the page; one
// that the page has no button for leads to the thing itself.
func (in *inside) choice(c view.Choice) choice {
	out := choice{Say: c.Say}
	words := splitCommand(c.Do)
	if len(words) < 3 || words[0] != "tend" {
		out.Href = in.head.Circle.Base + "/circle"
		return out
	}
	verb, id := words[1], words[2]
	out.Href = in.href(id)
	if !wishes[verb].quick {
		return out
	}
	b := in.verb(id, verb, "verb.send", "")
	for i := 3; i+1 < len(words); i += 2 {
		name, ok := strings.CutPrefix(words[i], "--")
		if !ok {
			return out
		}
		b.Fields = append(b.Fields, field{strings.ReplaceAll(name, "-", "_"), words[i+1]})
	}
	if (len(words)-3)%2 != 0 {
		return out // a flag without a value: its own screen has it
	}
	out.Button = &b
	return out
}

// splitCommand cuts a command line into words as a shell does, as far as choices
// use it: single quotes, and a backslash outside of them.
func splitCommand(line string) []string {
	var words []string
	var word strings.Builder
	began, quoted, escaped := false, false, false
	for _, c := range line {
		switch {
		case escaped:
			word.WriteRune(c)
			escaped = false
		case c == '\'':
			quoted, began = !quoted, true
		case quoted:
			word.WriteRune(c)
		case c == '\\':
			escaped, began = true, true
		case c == ' ':
			if began {
				words = append(words, word.String())
				word.Reset()
			}
			began = false
		default:
			word.WriteRune(c)
			began = true
		}
	}
	if began {
		words = append(words, word.String())
	}
	return words
}

// lookTogether is the screen of all of it.
func (in *inside) lookTogether() error {
	return in.show("look", "home", in.lang.say("look.title"), in.looks(in.src.Look()))
}

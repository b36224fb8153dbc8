package web

import (
	"slices"
	"strings"

	"tend/crdt/circle"
	"tend/node/view"
)

// looks makes cards of what should be looked at together.
func (in *inside) looks(all []view.Attention) []lookCard {
	out := []lookCard{}
	for _, a := range all {
		c := lookCard{Kind: a.Kind, Title: in.lang.say("look.title"), Text: in.speaker().say(a.Said, a.Text)}
		if key := "look." + a.Kind; in.lang.Has(key) {
			c.Title = in.lang.say(key)
		}
		switch {
		case len(a.About) == 0:
		case a.About[0] == in.id.String(): // the circle's own way of doing things
			c.Href = in.head.Circle.Base + "/charter"
		default:
			c.Href = in.href(a.About[0])
		}
		for _, ch := range a.Choices {
			c.Choices = append(c.Choices, in.choice(ch))
		}
		out = append(out, c)
	}
	return out
}

// elsewhere are the screens for choices whose command is not about one thing.
var elsewhere = map[string]string{"leave": "/leave", "propose": "/propose", "pod": "/pod", "recover": "/returns"}

// choice turns the command line that settles a thing into a wish of the page; one
// that the page has no button for leads to where it is done.
func (in *inside) choice(c view.Choice) choice {
	words := splitCommand(c.Do)
	base, word := in.head.Circle.Base, in.speaker().say(c.Said, c.Say)
	switch {
	case len(words) < 2 || words[0] != "tend":
		return choice{Say: word, Href: base + "/look"}
	case words[1] == "device":
		return choice{Say: word, Href: "/devices"}
	case words[1] == "pod" && len(words) == 4:
		b := button{To: base + "/pod", Fields: []field{{"text", words[2]}, {"member", words[3]}}}
		return choice{Say: word, Button: &b}
	case words[1] == "talk" && len(words) >= 4 && words[2] == "with":
		return choice{Say: word, Href: base + "/talk-with/" + words[3]}
	case words[1] == "talk" && len(words) >= 4:
		b := button{To: base + "/talk/" + words[3] + "/" + words[2]}
		if len(words) == 5 {
			b.Fields = []field{{"text", words[4]}}
		}
		return choice{Say: word, Button: &b}
	case words[1] == "propose" && slices.Contains(words, "--charter"):
		return choice{Say: word, Href: base + "/charter/change"}
	case words[1] == "propose" && len(words) == 4 && words[3] == circle.RenewCharter:
		return choice{Say: word, Href: base + "/charter#again"}
	case words[1] == "propose" && len(words) == 4 && words[2] == "--renew":
		return choice{Say: word, Href: in.href(words[3])} // its own screen has it
	case elsewhere[words[1]] != "":
		return choice{Say: word, Href: base + elsewhere[words[1]]}
	case len(words) < 3:
		return choice{Say: word, Href: base + "/look"}
	}
	out := choice{Say: word, Href: in.href(words[2])}
	if !wishes[words[1]].quick || len(words)%2 == 0 {
		return out // it needs more words, or a flag stands alone: its own screen has it
	}
	b := in.verb(words[2], words[1], "verb.send", "")
	for i := 3; i < len(words); i += 2 {
		b.Fields = append(b.Fields, field{strings.ReplaceAll(strings.TrimPrefix(words[i], "--"), "-", "_"), words[i+1]})
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

package web

import (
	"html/template"

	"tend/crdt/circle"
)

// mirrorModel is what moved through a person lately, for them alone: sentences, and
// no number about anybody.
type mirrorModel struct {
	Since     template.HTML
	Lines     []template.HTML
	Ask, Rest template.HTML
}

// mirror shows a person their own. It is worked out here and kept nowhere.
func (in *inside) mirror() error {
	seen := in.src.State.Mirror(in.src.Env)
	say := func(s circle.Said) template.HTML { return in.speaker().say(s, "") }
	m := mirrorModel{Since: in.lang.when(seen.Since, in.now), Ask: say(seen.Ask), Rest: say(seen.Rest)}
	for _, line := range seen.Lines {
		m.Lines = append(m.Lines, say(line))
	}
	return in.show("mirror", "me", in.lang.say("mirror.title"), m)
}

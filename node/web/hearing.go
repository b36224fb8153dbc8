package web

import (
	"net/url"
	"strings"

	"tend/crdt/circle"
)

// hearingModel is what there is to tell a person since they were last told, and what
// they wish to hear of. The circle is never told any of it.
type hearingModel struct {
	Asked, ICould, Ahead []card
	HardDays             []hardLine
	Look, Quiet          bool
	Told                 bool     // there is something that can be told as read
	Kinds                []string // those followed, and room for more
	Before               []option
	To                   string
}

// remindChoices are the times before that the page offers.
var remindChoices = []string{"never", "1h", "3h", "1d", "2d", "7d"}

func (in *inside) hearing() error {
	d := in.src.Digest()
	m := hearingModel{Asked: in.items(d.Asked), ICould: in.items(d.ICould), Ahead: in.items(d.Ahead), HardDays: in.hardLines(d.HardDays), Look: len(d.Look) > 0, Quiet: d.Empty(),
		Told: len(d.Asked)+len(d.ICould) > 0, Kinds: in.src.Followed().Categories, To: in.head.Circle.Base + "/me/"}
	if typed, ok := in.form["kinds"]; ok {
		m.Kinds = filledIn(typed)
	}
	m.Kinds = append(m.Kinds, "", "")
	now, known := in.src.Remind().Before, false
	for _, before := range remindChoices {
		m.Before = append(m.Before, option{Value: before, Label: in.lang.say("hearing.before_" + before), On: before == now})
		known = known || before == now
	}
	if !known {
		m.Before = append(m.Before, option{Value: now, Label: isolated(now), On: true})
	}
	return in.show("digest", "me", in.lang.say("hearing.title"), m)
}

// filledIn are the values that are not blank.
func filledIn(all []string) []string {
	var out []string
	for _, v := range all {
		if v = strings.TrimSpace(v); v != "" {
			out = append(out, v)
		}
	}
	return out
}

// hearingWish does what one of its forms says. Into which file a home writes is not
// said on a page, which may be open on somebody's telephone.
func (in *inside) hearingWish(verb string, form url.Values) error {
	args := circle.Args{"told": {"true"}}
	switch verb {
	case "follow":
		if args = (circle.Args{"text": filledIn(form["kinds"])}); len(args["text"]) == 0 {
			args["text"] = []string{"none"}
		}
	case "remind":
		args = argsOf(form, "before")
	}
	if _, err := in.do(verb, args); err != nil {
		return in.problemAt(err, in.hearing)
	}
	return in.to("/digest", "kept_here")
}

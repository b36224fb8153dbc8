package api

import (
	"net/http"

	"tend/crdt/circle"
	"tend/node/view"
)

// verb is one verb of daily care: POST /v1/do/{name}.
type verb struct {
	name, summary string
	params        []param
}

const (
	fieldFlags = "text details category when* by people extra_ok repeat skip* area costs sign_up tender fade listening* newcomers circle"
	askFlags   = fieldFlags + " place for under to* bulk"
)

// verbs are those this version knows; what their words mean, circle.ParseCommand
// says. A test holds the two lists to each other.
var verbs = []verb{
	{"ask", "Asks for something.", params(askFlags)},
	{"away", "Asks not to be counted on, until a day or until I am back.", params("until circle")},
	{"back", "Says that I am back.", params("circle")},
	{"both", "One more place on that date: both come.", params("id slot circle")},
	{"bounds", "One of my bounds: text is the key and what it says.", params("text* to* circle")},
	{"cannot", "Gives a place back.", params("id slot* every circle")},
	{"card", "A section of my care card: text is the section and what it says.", params("text* to* circle")},
	{"ceiling", "How much I mean to carry in a week, on this home alone: text is 2/week or none.", params("text tell_room circle")},
	{"change", "A new text; earlier yeses ask again.", params("id slot* when area what costs with* review circle")},
	{"charter", "What the charter means to me: text is word and what I say; empty takes it back.", params("text* circle")},
	{"check-in", "A check-in on a member, readable by them.", params("member text circle")},
	{"concern", "A concern about a decision, or about letting a newcomer in, with a reason or none.", params("id text circle")},
	{"consent", "Consents to a decision.", params("id text circle")},
	{"consent-in-advance", "A standing consent of mine: text is add, what may happen and what to do then, or drop and its number.", params("text* who* until to* circle")},
	{"digest", "How often this home writes me a digest, in which hour, into which file and to which address; or, with told, that I was told all there is now.", params("every at out mail told circle")},
	{"distance", "Keeps a member at a distance, on this home alone and told to nobody; with not no longer.", params("member not circle")},
	{"done", "Says that it happened, or with not that it did not.", params("id slot* not circle")},
	{"edit", "Changes a need or an offer.", params("id to* " + fieldFlags)},
	{"enact", "Closes a decision, or carries one about the circle out.", params("id circle")},
	{"enough", "Enough for now.", params("id circle")},
	{"follow", "Says which categories of needs I follow, on this home alone: text is categories, or none.", params("text* circle")},
	{"free", "When I am free.", params("text* repeat* none to* circle")},
	{"group", "A list of people of my own, on this home alone; without members it goes.", params("name member* circle")},
	{"listen", "Open to listening now: text is yes or no.", params("text until to* circle")},
	{"may-i", "Makes a specific offer to one person.", params("member text when circle")},
	{"me", "What the others call me, and more about me.", params("name languages* area contact* presence listed to* circle")},
	{"met", "It is cared for.", params("id circle")},
	{"not-now", "Says not now: a full answer.", params("id circle")},
	{"note", "Writes a note on anything.", params("id text to* circle")},
	{"offer", "Offers something.", params(askFlags)},
	{"pair-note", "A note about a member for me alone, on this home; drop lets one go.", params("member text on yearly drop circle")},
	{"part", "Parts from somebody, with a few words for them alone or none; what the two still share is in agreements.", params("member text circle")},
	{"place", "Where, for the people in this agreement only.", params("id slot* where code phone circle")},
	{"pod", "About pods: text is add, yes, not-now, leave, remove or check-ins.", params("text member* check_ins circle")},
	{"propose", "Lays a text before the circle; charter is a charter as TOML.", params("text remove charter lapse about as renew review closes circle")},
	{"reflect", "An answer to a question of my own, on this home alone.", params("text circle")},
	{"remind", "How long before an agreement I am reminded, on this home alone: before is 1h, 2d or never.", params("before circle")},
	{"reopen", "Opens it again.", params("id circle")},
	{"reshape", "A new text of a decision; earlier words stay on the old one.", params("id text charter circle")},
	{"rest", "Lets an offer rest.", params("id circle")},
	{"retract", "Takes back what one wrote.", params("id circle")},
	{"room", "What I can carry now: text is open, some, little or resting.", params("text until to* circle")},
	{"stand-aside", "Stands aside from a decision.", params("id text circle")},
	{"stand-by", "Asks to be asked first if a place opens again.", params("id slot* not circle")},
	{"still-true", "Says that it is still so.", params("id circle")},
	{"talk", "A step of a talk: with, yes, later, not-now, say, say-back, heard, not-quite, felt, common, ours, partner, pause, end, part or third.", params("step id member text about fade until earlier circle")},
	{"tender-date", "A hard day of mine: text is add, a date and what it is, or drop and its number.", params("text* yearly follow_up* welcome to* circle")},
	{"thank", "Gives thanks.", params("id text circle")},
	{"widen", "Asks more people.", params("id to* text details yes circle")},
	{"withdraw", "Takes it down.", params("id circle")},
	{"yes", "Says yes.", params("id slot* every when note circle")},
}

// verbNamed finds a verb. Whatever this version does not know has no route.
func verbNamed(name string) (verb, error) {
	for _, v := range verbs {
		if v.name == name {
			return v, nil
		}
	}
	return verb{}, refuse(kindUnknown, "api.unknown_verb", name)
}

// do carries out a verb.
func (v verb) do(c *call) (view.Done, error) {
	s, err := c.source()
	if err != nil {
		return view.Done{}, err
	}
	args := circle.Args{}
	for key, values := range c.args {
		if key != "circle" {
			args[key] = values
		}
	}
	if err := readCharter(s, args); err != nil {
		return view.Done{}, err
	}
	cmd, err := circle.ParseCommand(s.State, s.Env, v.name, args)
	if err != nil {
		return view.Done{}, err
	}
	result, err := c.api.service.Do(c.ctx, s.Circle, cmd)
	if err != nil {
		return view.Done{}, err
	}
	// Look again: the answer names people and cards as they are after the wish.
	if s, err = c.api.service.View(s.Circle); err != nil {
		return view.Done{}, err
	}
	return s.Done(result), nil
}

// serveVerb is the route of all verbs.
func (h *Handler) serveVerb(w http.ResponseWriter, r *http.Request) error {
	v, err := verbNamed(r.PathValue("command"))
	if err != nil {
		return err
	}
	args, err := bodyArgs(w, r)
	if err != nil {
		return err
	}
	if err := checkArgs(args, v.params); err != nil {
		return err
	}
	done, err := v.do(&call{ctx: r.Context(), api: h, args: args})
	if err != nil {
		return err
	}
	return writeJSON(w, done)
}

package circle

import (
	"slices"
	"strings"
	"time"

	"tend/crdt"
)

// SetSections sets several sections of one's own page at once.
type SetSections []SetSection

func (c SetSections) decide(s *State, env Env) (plan, error) {
	var drafts []Draft
	for _, one := range c {
		p, err := one.decide(s, env)
		if err != nil {
			return plan{}, err
		}
		drafts = append(drafts, p.drafts...)
	}
	if len(drafts) == 0 {
		return unchanged(env.Me), nil
	}
	return about(env.Me, drafts...), nil
}

// section returns a section to set, with the audience that --to names.
func (p *parser) section(name string, until string, values ...string) SetSection {
	w := p.whom("to")
	values = slices.DeleteFunc(values, func(v string) bool { return v == "" })
	c := SetSection{Section: name, Values: values, Until: until, Circle: w.circle, Pod: w.pod}
	if !w.pod {
		c.To = w.to
	}
	return c
}

func (p *parser) me() Command {
	var c SetSections
	if p.has("name") {
		if strings.TrimSpace(p.text("name")) == "" {
			p.fail(usage("no.name"))
		}
		c = append(c, p.section(SectionName, "", strings.TrimSpace(p.text("name"))))
	}
	if p.has("languages") {
		c = append(c, p.section(SectionLanguages, "", strings.FieldsFunc(strings.Join(p.all("languages"), ","), func(r rune) bool { return r == ',' || r == ' ' })...))
	}
	if p.has("area") {
		c = append(c, p.section(SectionPlace, "", p.text("area")))
	}
	if p.has("contact") {
		c = append(c, p.section(SectionContact, "", p.all("contact")...))
	}
	if p.has("presence") {
		v := p.text("presence")
		if v != "shown" && v != "hidden" {
			p.fail(usage("no.choice.presence", v))
		}
		c = append(c, p.section(SectionPresence, "", v))
	}
	if p.has("listed") {
		switch p.text("listed") {
		case "no":
			c = append(c, p.section(SectionListed, "", listedNo))
		case "yes":
			c = append(c, p.section(SectionListed, ""))
		default:
			p.fail(usage("no.choice.yes_no", p.text("listed")))
		}
	}
	if len(c) == 0 {
		p.fail(usage("no.nothing_said.me"))
	}
	return c
}

func (p *parser) room() Command {
	level := p.text("text")
	if !slices.Contains(roomLevels, level) {
		p.fail(usage("no.room", level))
	}
	return p.section(SectionRoom, p.until(), level)
}

// until reads --until as a date or a date and time.
func (p *parser) until() string {
	w, err := parseWhen(p.when("until"))
	if err != nil {
		return ""
	}
	return w.slot()
}

// listeningFor is how long one is open to listening who did not say.
const listeningFor = 4 * time.Hour

func (p *parser) listen() Command {
	word, until := p.text("text"), p.until()
	if word != "yes" && word != "no" {
		p.fail(usage("no.choice.yes_no", word))
	}
	if word == "no" {
		return p.section(SectionListening, "")
	}
	if until == "" {
		until = local(p.env.Now).Add(listeningFor).Format(timeForm)
	}
	return p.section(SectionListening, until, "yes")
}

// keyed reads a key and its text: the words of "text" in order.
func (p *parser) keyed(prefix string, what Said, keys []string) Command {
	words := p.all("text")
	if len(words) != 2 {
		p.fail(usage("no.section", what, strings.Join(keys, ", ")))
		return SetSection{}
	}
	if !slices.Contains(keys, words[0]) {
		p.fail(usage("no.section.unknown", words[0], what, strings.Join(keys, ", ")))
	}
	return p.section(prefix+words[0], "", words[1])
}

// pod reads what one does about pods: "text" is the verb, "member" whom it is about.
func (p *parser) pod() Command {
	members := p.members("member")
	one := func() crdt.ID {
		if len(members) != 1 {
			p.fail(usage("no.whom.one"))
			return crdt.ID{}
		}
		return members[0]
	}
	switch word := p.text("text"); word {
	case "add":
		if len(members) == 0 {
			p.fail(usage("no.pod_whom"))
		}
		return AskIntoPod{Members: members}
	case "yes":
		return AnswerPod{Owner: one(), Word: WordYes}
	case "not-now":
		return AnswerPod{Owner: one(), Word: WordNotNow}
	case "leave":
		return AnswerPod{Owner: one(), Word: WordReleased}
	case "remove":
		return DropFromPod{Member: one()}
	case "check-ins":
		return p.checkIns()
	default:
		p.fail(usage("no.choice.pod", word))
		return nil
	}
}

// checkIns reads whether my pod may read check-ins about me.
func (p *parser) checkIns() Command {
	c := SetSection{Section: SectionCheckIns, Pod: true}
	switch word := p.text("check_ins"); word {
	case "open":
		c.Values = []string{checkInsOpen}
	case "closed":
	default:
		p.fail(usage("no.choice.open_closed", word))
	}
	return c
}

// group reads a list of one's own.
func (p *parser) myGroup() Command {
	return SetGroup{Group{Name: p.text("name"), Members: p.members("member")}}
}

func (p *parser) card() Command { return p.keyed("card.", As("typed.card"), CardKeys) }

// bounds reads one bound. Those that act must be such as can be acted on.
func (p *parser) bounds() Command {
	if words := p.all("text"); len(words) == 2 && strings.TrimSpace(words[1]) != "" {
		switch value := strings.TrimSpace(words[1]); words[0] {
		case "quiet":
			if _, err := readQuiet(value); err != nil {
				p.fail(err)
			}
		case "who":
			if !slices.Contains([]string{AskEveryone, AskKnown, AskPod}, value) {
				p.fail(usage("no.choice.who_asks", value))
			}
		}
	}
	return p.keyed("bounds.", As("typed.bounds"), BoundsKeys)
}

func (p *parser) free() Command {
	var values []string
	for _, t := range p.all("text") {
		values = append(values, p.readWhen(t))
	}
	for _, t := range p.all("repeat") {
		if r, err := ReadRule(t, p.env.Now); err != nil {
			p.fail(err)
		} else {
			values = append(values, r.String())
		}
	}
	none := p.flag("none")
	if none == (len(values) > 0) {
		p.fail(usage("no.free"))
	}
	return p.section(SectionFree, "", values...)
}

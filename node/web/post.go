package web

import (
	"html/template"
	"slices"

	"tend/node/view"
)

// slotLine is one open place on a date.
type slotLine struct {
	When    template.HTML
	People  template.HTML // who comes; "" for nobody yet
	State   template.HTML
	First   template.HTML // who stands by; "" for nobody
	Heard   template.HTML // when the homes of those who come were last heard
	Kept    template.HTML // that a place is kept for who is new here
	Covered bool
	Over    bool
	Buttons []button
}

// postModel is the screen of a need or an offer.
type postModel struct {
	card
	Mine, Waiting bool
	Audience      template.HTML
	Slots         []slotLine
	Every         *button
	Reply         *replyModel
	NotNow        *button
	NotNowBy      template.HTML // its author alone sees who said it
	Own           []button      // what its author may do
	Edit          string
	Widen         []option // whom its author may ask as well
	Room          []personLine
	Notes         []noteLine
	Note          string        // typed
	How           template.HTML // in which ways somebody may listen
	Urgent        template.HTML // that this is no emergency line, where it is wanted by today
	Emergency     string        // what the circle says of emergencies
	Agreements    []card
	Cards         []careCard // of those it is for
	Thing         string     // where wishes about it are posted
}

// option is one box to tick, or one entry of a list to choose from.
type option struct {
	Value string
	Label template.HTML
	On    bool
}

// personLine is a person in a list, with a word about them.
type personLine struct {
	Href, Name, Initials string
	Class                string
	Word                 template.HTML
}

func (in *inside) showPost(p view.Post) error {
	m := postModel{card: in.postCard(p), Mine: p.Author.ID == in.me, Waiting: p.Status == "waiting", Notes: in.notes(p.Notes),
		Note: in.typed("text"), Thing: in.head.Circle.Base + "/on/" + p.ID}
	m.Audience = in.lang.say("audience.circle")
	if p.Audience.People != nil {
		m.Audience = in.lang.say("audience.some", "names", in.names(p.Audience.People))
	}
	for _, s := range p.Slots {
		m.Slots = append(m.Slots, in.slotLine(p, s))
	}
	if open := openSlots(p); len(open) > 1 && !m.Mine && p.Status == "open" {
		every := in.verb(p.ID, "yes", "verb.every", "repeat", field{"every", "all"})
		m.Every = &every
	}
	if p.Status == "open" && !m.Mine {
		no := in.verb(p.ID, "not-now", "verb.not_now", "")
		m.NotNow = &no
	}
	m.Reply = in.reply(p)
	if len(p.How) > 0 {
		var ways []template.HTML
		for _, how := range p.How {
			ways = append(ways, in.lang.say("how."+how))
		}
		m.How = in.lang.list(ways)
	}
	if m.Mine && p.Kind == view.KindNeed && p.Status == "open" && p.By != "" && p.By <= in.now.Format(dayForm) {
		m.Urgent, m.Emergency = in.lang.say("ask.emergency"), in.src.Charter().Bounds["emergency"]
	}
	switch {
	case p.Kind == view.KindNeed:
		m.Cards = in.careCards(caredFor(p))
	case m.Mine && len(p.Audience.People) == 2:
		m.Cards = in.careCards(p.Audience.People...)
	}
	if len(p.NotNow) > 0 {
		m.NotNowBy = in.lang.say("post.not_now_by", "names", in.names(p.NotNow))
	}
	if m.Mine {
		m.Own, m.Edit = in.ownButtons(p), in.head.Circle.Base+"/edit/"+p.ID
		m.Widen = in.widenOptions(p)
		if p.Kind == view.KindNeed && p.Status == "open" {
			m.Room = in.mayHaveRoom(p)
		}
	}
	for _, id := range p.Agreements {
		if item, err := in.src.Show(id, false); err == nil && item.Agreement != nil {
			m.Agreements = append(m.Agreements, in.agreementCard(*item.Agreement))
		}
	}
	return in.show("post", "", escaped(p.Title), m)
}

func (in *inside) slotLine(p view.Post, s view.Slot) slotLine {
	line := slotLine{When: in.lang.when(s.Slot, in.now), People: in.names(s.Yes), Covered: len(s.Yes) >= s.Wanted, Over: s.Over}
	mine := slices.ContainsFunc(s.Yes, func(who view.Person) bool { return who.ID == in.me })
	switch {
	case s.Over:
		line.State = in.lang.say("slot.over")
	case line.Covered:
		line.State = in.lang.say("slot.covered")
	default:
		line.State = in.lang.say("slot.open")
	}
	if p.Status != "open" && p.Status != "enough" {
		return line
	}
	line.First = in.standingBy(s.StandBy)
	for _, h := range s.Heard {
		said := in.lang.say("slot.heard", "name", in.name(h.Member), "when", in.lang.ago(h.At, in.now))
		if line.Heard != "" {
			said = in.lang.say("list.more", "a", line.Heard, "b", said)
		}
		line.Heard = said
	}
	if s.Kept > 0 {
		line.Kept = in.lang.say("slot.kept", "n", s.Kept)
	}
	forNew := s.Kept > 0 && s.Wanted-len(s.Yes) <= s.Kept && !in.amNew()
	standing := slices.ContainsFunc(s.StandBy, func(who view.Person) bool { return who.ID == in.me })
	switch {
	case mine:
		line.Buttons = []button{in.verb(p.ID, "cannot", "verb.cannot", "undo-2", field{"slot", s.Slot})}
	case p.Author.ID == in.me:
		if s.Over {
			line.Buttons = []button{in.verb(p.ID, "both", "verb.both", "users", field{"slot", s.Slot})}
		}
	case (line.Covered || forNew) && !p.ExtraOK && standing:
		no := in.verb(p.ID, "stand-by", "verb.not_stand_by", "", field{"slot", s.Slot}, field{"not", "true"})
		no.Kind = "quiet"
		line.Buttons = []button{no}
	case (line.Covered || forNew) && !p.ExtraOK:
		line.Buttons = []button{in.verb(p.ID, "stand-by", "verb.stand_by", "clock", field{"slot", s.Slot})}
	default:
		key, icon := "verb.could_do", "hand-helping"
		if p.Kind == view.KindOffer {
			key, icon = "verb.love_that", "hand-heart"
		}
		b := in.verb(p.ID, "yes", key, icon, field{"slot", s.Slot})
		b.Kind = p.Kind
		line.Buttons = []button{b}
	}
	return line
}

// amNew reports whether this person is new here.
func (in *inside) amNew() bool {
	me, ok := in.src.People.Member(in.src.Env.Me)
	return ok && !me.Welcomed
}

// standingBy names who would like to be asked first if a place opens.
func (in *inside) standingBy(who []view.Person) template.HTML {
	switch {
	case len(who) == 0:
		return ""
	case len(who) == 1 && who[0].ID == in.me:
		return in.lang.say("slot.stand_by_mine")
	}
	return in.lang.say("slot.stand_by", "names", in.names(who))
}

// replyModel is a yes with a few words, or to another time than was asked for.
type replyModel struct {
	Dates []option // to choose from where several are open
	Date  string   // the one that is open
	Typed map[string]string
	Open  bool // something was typed
	Label template.HTML
}

// reply is the form of such a yes; nil where no place is open to this person.
func (in *inside) reply(p view.Post) *replyModel {
	open := openSlots(p)
	if p.Status != "open" || p.Author.ID == in.me || len(open) == 0 {
		return nil
	}
	m := replyModel{Date: open[0].Slot, Typed: in.typedAll("note", "day", "from", "until", "last"), Label: in.lang.say("verb.could_do")}
	if p.Kind == view.KindOffer {
		m.Label = in.lang.say("verb.love_that")
	}
	m.Open = m.Typed["note"] != "" || m.Typed["day"] != ""
	if len(open) > 1 {
		for _, s := range open {
			m.Dates = append(m.Dates, option{Value: s.Slot, Label: in.lang.when(s.Slot, in.now), On: s.Slot == in.typed("slot")})
		}
	}
	return &m
}

// ownButtons are what its author may do about a post.
func (in *inside) ownButtons(p view.Post) []button {
	var out []button
	add := func(verb, key, icon string) { out = append(out, in.verb(p.ID, verb, key, icon)) }
	switch p.Status {
	case "open", "waiting":
		if p.Kind == view.KindNeed {
			add("met", "verb.met", "check")
			add("enough", "verb.enough", "leaf")
		} else {
			if p.Stale {
				add("still-true", "verb.still", "leaf")
			}
			add("rest", "verb.rest", "moon")
		}
		add("withdraw", "verb.withdraw", "x")
	case "enough", "met", "withdrawn", "resting":
		add("reopen", "verb.reopen", "sun")
	}
	if len(p.Agreements) == 0 {
		add("retract", "verb.take_words_back", "undo-2")
		out[len(out)-1].Kind = "quiet"
	}
	return out
}

// widenOptions are those who do not read a post yet.
func (in *inside) widenOptions(p view.Post) []option {
	if p.Audience.People == nil || p.Status != "open" {
		return nil
	}
	out := []option{}
	for _, m := range in.src.Members(view.Filter{}) {
		if !slices.ContainsFunc(p.Audience.People, func(r view.Person) bool { return r.ID == m.ID }) && m.ID != in.me {
			out = append(out, option{Value: m.ID, Label: in.name(view.Person{ID: m.ID, Name: m.Name})})
		}
	}
	out = append(in.together(nil), out...)
	return append(out, option{Value: "circle", Label: in.lang.say("audience.all")})
}

// mayHaveRoom are a few people in the order in which asking spreads.
func (in *inside) mayHaveRoom(p view.Post) []personLine {
	members, err := in.src.Who(p.ID)
	if err != nil {
		return nil
	}
	out := []personLine{}
	for _, m := range members[:min(4, len(members))] {
		if m.ID != in.me {
			out = append(out, in.suggested(m))
		}
	}
	return out
}

// suggested is a member as a line, with what speaks for asking them.
func (in *inside) suggested(m view.Member) personLine {
	line := in.person(m)
	var why []template.HTML
	for _, said := range m.WhySaid {
		why = append(why, in.speaker().part(said))
	}
	if len(why) > 0 && line.Class == "" {
		line.Word = capital(in.lang.list(why))
	}
	return line
}

// person is a member as a line.
func (in *inside) person(m view.Member) personLine {
	p := personLine{Href: in.href(m.ID), Name: m.Name, Initials: initials(m.Name)}
	if p.Name == "" {
		p.Name = in.lang.plain("person.someone")
	}
	switch {
	case m.State == "left" || m.State == "removed" || m.State == "away":
		p.Word, p.Class = in.lang.say("person."+m.State), "far"
	case m.Room != nil && m.Room.Level == "resting" && m.Room.Until != "":
		p.Word, p.Class = in.lang.say("room.resting_until", "day", in.lang.when(m.Room.Until, in.now)), "resting"
	case m.Room != nil:
		p.Word = in.lang.say("room." + m.Room.Level)
		if m.Room.Level == "resting" {
			p.Class = "resting"
		}
	case m.Listening != nil:
		p.Word = in.lang.say("person.listening")
	case m.State == "newcomer":
		p.Word = in.lang.say("person.newcomer")
	}
	if m.ID == in.me {
		p.Class, p.Word = "me", in.lang.say("person.you")
	}
	return p
}

package web

import (
	"html/template"
	"slices"
	"strings"
	"time"

	"tend/node/view"
)

// showThing is the screen of one need, offer, agreement, decision, talk or person.
func (in *inside) showThing() error { return in.thing(in.r.PathValue("thing")) }

func (in *inside) thing(word string) error {
	item, err := in.src.Show(word, in.r.URL.Query().Get("all") != "")
	if err != nil {
		return err
	}
	switch {
	case item.Post != nil:
		return in.showPost(*item.Post)
	case item.Agreement != nil:
		return in.showAgreement(*item.Agreement)
	case item.Decision != nil:
		return in.showDecision(*item.Decision)
	case item.Talk != nil:
		return in.showTalk(*item.Talk)
	case item.Member != nil:
		return in.showPerson(*item.Member)
	}
	return in.show("gone", "", in.lang.say("gone.title"), in.lang.say("gone.text", "name", in.name(item.Retracted.Author)))
}

// noteLine is something that somebody wrote beside a thing.
type noteLine struct {
	By, Kind template.HTML
	Text     string
	Mine     bool
	ID       string
	Take     *button // takes it back
}

func (in *inside) notes(all []view.Note) []noteLine {
	out := []noteLine{}
	for _, n := range all {
		line := noteLine{By: in.name(n.Author), Text: n.Text, Mine: n.Author.ID == in.me, ID: n.ID}
		if key := "note." + n.Kind; in.lang.has(key) {
			line.Kind = in.lang.say(key)
		}
		if line.Mine {
			take := in.verb(n.ID, "retract", "verb.take_back", "", field{"at", in.r.PathValue("thing")})
			take.Kind = "quiet"
			line.Take = &take
		}
		out = append(out, line)
	}
	return out
}

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
	for i, said := range m.WhySaid {
		why = append(why, in.speaker().say(said, m.Why[i]))
	}
	if len(why) > 0 && line.Class == "" {
		line.Word = in.lang.list(why)
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

// agreementModel is the screen of an agreement.
type agreementModel struct {
	card
	Mine     bool
	Parties  []partyLine
	Place    *view.Place
	Can      struct{ Change, Place, Thank, Cannot bool }
	Cannot   button
	Not      *button // says that it did not happen
	Show     *button // opens to the circle what two agreed between them
	Versions []versionLine
	Cards    []careCard
	About    []card
	Notes    []noteLine
	Typed    map[string]string
	Thing    string
	Join     []option        // who could come into it too
	TalkWith string          // where a talk about it begins; "" where there is no one other in it
	Review   template.HTML   // when its people look at it again
	Thanks   []template.HTML // what the others say of being thanked
}

type partyLine struct {
	personLine
	Says template.HTML
	Kind string
}

// versionLine is one text of an agreement that is not followed by another.
type versionLine struct {
	By     template.HTML
	What   string
	When   template.HTML
	Area   string
	Button button
}

// careCard is how care lands for a person.
type careCard struct {
	Of       template.HTML
	Sections []sectionLine
}

type sectionLine struct {
	Key     string
	Label   template.HTML
	Text    string
	Readers []option // whom one's own may be for
}

func (in *inside) showAgreement(a view.Agreement) error {
	m := agreementModel{card: in.agreementCard(a), Place: a.Place, Notes: in.notes(a.Notes), Typed: in.typedAll("what", "day", "from", "until", "last", "review", "area", "costs", "where", "code", "phone", "text"),
		Thing: in.head.Circle.Base + "/on/" + a.ID, Cannot: in.verb(a.ID, "cannot", "verb.cannot", "undo-2")}
	for _, p := range a.Parties {
		line := partyLine{personLine: personLine{Href: in.href(p.Member.ID), Name: p.Member.Name, Initials: initials(p.Member.Name)}, Kind: p.Word}
		key := "word." + p.Word
		if p.Word == "yes" && !p.Current {
			key, line.Kind = "word.yes_before", "none"
		}
		line.Says = capital(in.lang.say(key, "name", in.name(p.Member)))
		m.Parties = append(m.Parties, line)
		if p.Member.ID == in.me {
			m.Mine = true
			m.Can.Cannot = p.Word == "yes" && (a.State == "agreed" || a.State == "proposed")
		}
	}
	if m.Mine && len(a.Parties) == 2 && !in.src.InTalk(a) {
		for _, p := range a.Parties {
			if p.Member.ID != in.me {
				m.TalkWith = in.head.Circle.Base + "/talk-with/" + p.Member.ID + "?about=" + a.ID
			}
		}
	}
	m.Can.Change = m.Mine && (a.State == "agreed" || a.State == "proposed")
	m.Can.Place = m.Can.Change
	if m.Can.Change && !in.betweenTwo(a) && !in.src.InTalk(a) {
		m.Join = in.notIn(a)
	}
	m.Can.Thank = m.Mine && (a.State == "done" || a.State == "passed")
	if a.ReviewOn != "" {
		m.Review = in.lang.say("agreement.review_on", "day", in.lang.when(a.ReviewOn, in.now))
	}
	if m.Can.Thank {
		m.Thanks = in.ofThanks(a)
	}
	m.Buttons = slices.DeleteFunc(m.Buttons, func(b button) bool { return b.Kind == "link" })
	in.fillOne([]card{m.card})
	if m.Mine && (a.State == "passed" || a.State == "done") {
		not := in.verb(a.ID, "done", "verb.did_not", "", field{"not", "true"})
		not.Kind = "quiet"
		m.Not = &not
	}
	if m.Mine && (a.State == "agreed" || a.State == "done") && in.betweenTwo(a) {
		show := in.verb(a.ID, "widen", "verb.show_circle", "users", field{"to", "circle"})
		m.Show = &show
	}
	m.Versions = in.versions(a)
	in.cared(a, &m)
	return in.show("agreement", "", template.HTML(template.HTMLEscapeString(a.What)), m)
}

// ofThanks is what the others in an agreement say of being thanked, where they say it.
func (in *inside) ofThanks(a view.Agreement) []template.HTML {
	var out []template.HTML
	for _, p := range a.Parties {
		if p.Member.ID == in.me {
			continue
		}
		item, err := in.src.Show(p.Member.ID, false)
		if err == nil && item.Member != nil && item.Member.Card["thanks"] != "" {
			out = append(out, in.lang.say("agreement.thanks_of", "name", in.name(p.Member), "text", item.Member.Card["thanks"]))
		}
	}
	return out
}

// notIn are the members who are not in an agreement.
func (in *inside) notIn(a view.Agreement) []option {
	return slices.DeleteFunc(in.others(in.typed("with")), func(o option) bool { return isParty(a, o.Value) })
}

// betweenTwo reports whether an agreement is about no need and no offer: one person
// offered it to another.
func (in *inside) betweenTwo(a view.Agreement) bool {
	return len(a.About) > 0 && !slices.ContainsFunc(a.About, func(id string) bool {
		item, err := in.src.Show(id, false)
		return err != nil || item.Member == nil
	})
}

// typedAll are the fields of a form as they were typed.
func (in *inside) typedAll(names ...string) map[string]string {
	out := map[string]string{}
	for _, n := range names {
		out[n] = in.typed(n)
	}
	return out
}

// versions are both texts when two met, each with a way to choose it.
func (in *inside) versions(a view.Agreement) []versionLine {
	var newest []view.Text
	for _, t := range a.Texts {
		if t.Newest {
			newest = append(newest, t)
		}
	}
	if len(newest) < 2 {
		return nil
	}
	var out []versionLine
	for _, t := range newest {
		v := versionLine{What: t.What, When: in.lang.when(t.When, in.now), Area: t.Area,
			Button: in.verb(a.ID, "change", "verb.this_one", "check", field{"what", t.What}, field{"when", t.When}, field{"area", t.Area}, field{"costs", t.Costs})}
		if t.By != nil {
			v.By = in.lang.say("version.by", "name", in.name(*t.By))
		}
		out = append(out, v)
	}
	return out
}

// cared adds what the agreement is about, and the card of those whom this member carries
// something for by it.
func (in *inside) cared(a view.Agreement, m *agreementModel) {
	for _, id := range a.About {
		item, err := in.src.Show(id, false)
		switch {
		case err != nil:
		case item.Member != nil:
			m.Cards = append(m.Cards, in.careCards(view.Person{ID: item.Member.ID, Name: item.Member.Name})...)
		case item.Post == nil:
		case item.Post.Kind == view.KindNeed:
			m.About = append(m.About, in.postCard(*item.Post))
			m.Cards = append(m.Cards, in.careCards(caredFor(*item.Post))...)
		default:
			m.About = append(m.About, in.postCard(*item.Post))
			for _, p := range a.Parties {
				if item.Post.Author.ID == in.me {
					m.Cards = append(m.Cards, in.careCards(p.Member)...)
				}
			}
		}
	}
}

// caredFor is whom a need is for.
func caredFor(p view.Post) view.Person {
	if p.For != nil {
		return *p.For
	}
	return p.Author
}

// careCards are how to care for people, of those who say it to this member.
func (in *inside) careCards(people ...view.Person) []careCard {
	var out []careCard
	for _, p := range people {
		if p.ID == in.me {
			continue
		}
		if who, err := in.src.Show(p.ID, false); err == nil && who.Member != nil && len(who.Member.Card) > 0 {
			out = append(out, careCard{Of: in.lang.say("card.of", "name", in.name(p)), Sections: in.sections("card", who.Member.Card, cardKeys)})
		}
	}
	return out
}

// The sections of a card and of bounds, in the order of their screen.
var (
	cardKeys   = []string{"lands", "not", "food", "access", "house", "words", "low", "thanks"}
	boundsKeys = []string{"ways", "quiet", "reply", "radius", "area", "who", "not-from-me", "emergency"}
)

// sections lists those that say something.
func (in *inside) sections(prefix string, texts map[string]string, keys []string) []sectionLine {
	var out []sectionLine
	for _, key := range keys {
		if t := texts[key]; strings.TrimSpace(t) != "" {
			out = append(out, sectionLine{Key: key, Label: in.lang.say(prefix + "." + key), Text: t})
		}
	}
	return out
}

// personModel is the screen of one person.
type personModel struct {
	personLine
	Me, Newcomer, In bool
	Room             template.HTML
	Listening        bool
	Heard            template.HTML
	Languages        []string
	Contact          []string
	Area             string
	Free             []template.HTML
	Card, Bounds     []sectionLine
	OnPaper          string
	Charter          string
	Wishes           []consentLine // what they wished beforehand, as far as the reader may see it
	HardDays         []dateLine
	Needs, Offers    []card
	Notes            []noteLine
	Typed            map[string]string
	Thing            string
	Part             string
	Asking           beforeAsking // what is good to know before one asks them
	Welcome          button
	TalkWith         string     // where a talk with them begins
	Talks            []card     // the one that goes on
	Silent           string     // their id, where nothing was heard for so long that their voice may be set aside
	Kept             []keptLine // notes about them for the reader alone
}

func (in *inside) showPerson(v view.Member) error {
	m := personModel{personLine: in.person(v), Me: v.ID == in.me, Newcomer: v.State == "newcomer", In: v.State != "left" && v.State != "removed",
		Listening: v.Listening != nil, Languages: v.Languages, Contact: v.Contact, Area: v.Area, Notes: in.notes(v.Notes),
		Card: in.sections("card", v.Card, cardKeys), Bounds: in.boundLines(v.Bounds), Charter: in.wordOf(v.ID), Part: in.head.Circle.Base + "/part/" + v.ID,
		Typed: in.typedAll("text", "note", "day", "from", "until", "kept", "on", "yearly"), Kept: in.keptLines(v.MyNotes), Thing: in.head.Circle.Base + "/on/" + v.ID, OnPaper: in.head.Circle.Base + "/print/card/" + v.ID, Welcome: in.verb(v.ID, "welcome", "verb.welcome", "sprout")}
	m.Wishes, m.HardDays = in.consentLines(v), in.dateLines(v)
	m.TalkWith = in.head.Circle.Base + "/talk-with/" + v.ID
	m.Asking = in.asking(v.ID)
	for _, t := range in.src.Talks(view.Filter{}) {
		if slices.ContainsFunc(t.Two, func(p view.Person) bool { return p.ID == v.ID }) {
			m.Talks = append(m.Talks, in.talkCard(t))
		}
	}
	if in.silent(v) {
		m.Silent = v.ID
	}
	if v.Heard != nil {
		m.Heard = in.lang.say("person.heard", "when", in.lang.ago(*v.Heard, in.now))
	}
	for _, f := range v.Free {
		m.Free = append(m.Free, in.freeWords(f))
	}
	for _, kind := range []string{view.KindNeed, view.KindOffer} {
		for _, p := range in.src.Posts(kind, view.Filter{}) {
			switch {
			case p.Author.ID != v.ID:
			case kind == view.KindNeed:
				m.Needs = append(m.Needs, in.postCard(p))
			default:
				m.Offers = append(m.Offers, in.postCard(p))
			}
		}
	}
	return in.show("person", "circle", template.HTML(template.HTMLEscapeString(m.Name)), m)
}

// silentFor is after how long without a word from them the screen of a person says that
// their voice can be set aside; whether it may be, the circle's rules decide.
const silentFor = 90 * 24 * time.Hour

func (in *inside) silent(v view.Member) bool {
	return v.ID != in.me && v.Voice && v.State == "member" && v.Heard != nil && in.now.Sub(*v.Heard) >= silentFor
}

// decisionModel is the screen of a decision.
type decisionModel struct {
	card
	Text    template.HTML
	Open    bool
	Mine    bool
	Does    template.HTML
	Closes  template.HTML
	Review  template.HTML
	Words   []decisionLine
	Earlier []earlierText // oldest first
	Beside  []noteLine
	Notes   []noteLine
	Typed   map[string]string
	Thing   string
	Consent button
	Aside   button
	Enact   button
	Renew   *button
	Would   []sectionLine // what the charter would say
	Reshape string        // the text to write over; "" where it is nobody's here to do
	Rewrite string        // where a proposed charter is written over; "" where there is none
}

// earlierText is a text that another followed, with the words that stay on it.
type earlierText struct {
	Text  string
	Words []decisionLine
}

type decisionLine struct {
	personLine
	Says template.HTML
	Text string
	Kind string
}

func (in *inside) showDecision(d view.Decision) error {
	m := decisionModel{card: in.decisionCard(d), Text: in.textOf(d), Open: d.State == "open" || d.State == "to_reshape", Mine: d.Author.ID == in.me,
		Beside: in.notes(d.Beside), Notes: in.notes(d.Notes), Typed: in.typedAll("text"), Thing: in.head.Circle.Base + "/on/" + d.ID,
		Consent: in.verb(d.ID, "consent", "verb.consent", "check"), Aside: in.verb(d.ID, "stand-aside", "verb.stand_aside", ""),
		Enact: in.verb(d.ID, "enact", "verb.enact", "scale"), Closes: in.lang.say("decision.closes", "day", in.lang.day(d.Closes, in.now))}
	if d.Does != "" {
		whom := template.HTML("")
		if d.Target != nil {
			whom = in.name(*d.Target)
		}
		m.Does = in.lang.say("does."+d.Does, "name", whom)
	}
	if d.ReviewOn != "" {
		m.Review = in.lang.say("decision.review", "day", in.lang.when(d.ReviewOn, in.now))
	}
	if m.Mine && m.Open && d.Does == "" {
		m.Reshape = d.Text
	}
	if d.Charter != nil && m.Open {
		m.Rewrite = in.head.Circle.Base + "/charter/change?of=" + d.ID
	}
	if d.Charter != nil {
		m.Would = append([]sectionLine{{Key: "purpose", Label: in.lang.say("change.purpose"), Text: d.Charter.Purpose}}, in.boundLines(d.Charter.Bounds)...)
	}
	if d.State == "review_due" {
		renew := button{To: in.head.Circle.Base + "/propose", Label: in.lang.say("verb.renew"), Icon: "repeat", Fields: []field{{"renew", d.ID}, {"text", d.Text}}}
		m.Renew = &renew
	}
	m.Words = in.decisionLines(d.Words)
	for _, t := range d.Texts {
		if !t.Newest {
			m.Earlier = append(m.Earlier, earlierText{Text: t.Text, Words: in.decisionLines(t.Words)})
		}
	}
	return in.show("decision", "circle", in.lang.say("decision.title"), m)
}

// decisionLines says each person's own word on a text of a decision.
func (in *inside) decisionLines(words []view.DecisionWord) []decisionLine {
	var out []decisionLine
	for _, w := range words {
		key := "dword." + w.Word
		if w.Member.ID == in.me {
			key += "_you"
		}
		out = append(out, decisionLine{personLine: personLine{Name: w.Member.Name, Initials: initials(w.Member.Name)},
			Says: capital(in.lang.say(key, "name", in.name(w.Member))), Text: w.Text, Kind: w.Word})
	}
	return out
}

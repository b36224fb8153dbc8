package web

import (
	"html/template"
	"slices"
	"strings"

	"tend/node/view"
)

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

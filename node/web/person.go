package web

import (
	"html/template"
	"slices"
	"time"

	"tend/crdt"
	"tend/node/view"
)

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
	Doubt            bool       // a concern about letting them in can still be said
	Silent           string     // their id, where nothing was heard for so long that their voice may be set aside
	Kept             []keptLine // notes about them for the reader alone
}

func (in *inside) showPerson(v view.Member) error {
	m := personModel{personLine: in.person(v), Me: v.ID == in.me, Newcomer: v.State == "newcomer", In: v.State != "left" && v.State != "removed",
		Listening: v.Listening != nil, Languages: v.Languages, Contact: v.Contact, Area: v.Area, Notes: in.notes(v.Notes),
		Card: in.sections("card", v.Card, cardKeys), Bounds: in.boundLines(v.Bounds), Charter: in.wordOf(v.ID), Part: in.head.Circle.Base + "/part/" + v.ID,
		Typed: in.typedAll("text", "note", "day", "from", "until", "kept", "on", "yearly", "why"), Kept: in.keptLines(v.MyNotes), Thing: in.head.Circle.Base + "/on/" + v.ID, OnPaper: in.head.Circle.Base + "/print/card/" + v.ID, Welcome: in.verb(v.ID, "welcome", "verb.welcome", "sprout")}
	m.Wishes, m.HardDays = in.consentLines(v), in.dateLines(v)
	m.TalkWith = in.head.Circle.Base + "/talk-with/" + v.ID
	m.Asking = in.asking(v.ID)
	for _, t := range in.src.Talks(view.Filter{}) {
		if slices.ContainsFunc(t.Two, func(p view.Person) bool { return p.ID == v.ID }) {
			m.Talks = append(m.Talks, in.talkCard(t))
		}
	}
	if id, err := crdt.ParseID(v.ID); err == nil {
		m.Doubt = in.src.Env.MayDoubt(id)
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

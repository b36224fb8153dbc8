package web

import (
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"tend/node/view"
)

// The sheets are pages for paper: for the kitchen door, and for people who use no
// screen. Each has an address of its own, so that a plain link leads there; the style
// sheet leaves the rail and the buttons off the paper. Nothing tender is on them, for
// whoever comes in reads what hangs on a door.

// sheet is what stands on every one of them.
type sheet struct {
	Made template.HTML // "as of" a day: paper grows old
	Hint template.HTML // for the screen alone: who should read it
	Back string
}

func (in *inside) sheet(hint, back string) sheet {
	s := sheet{Made: in.lang.say("print.made", "day", in.lang.fullDay(in.now, time.Time{})), Back: in.head.Circle.Base + back}
	if hint != "" {
		s.Hint = in.lang.say(hint)
	}
	return s
}

// weekSheet is the coming week, with a line to write on for each open place.
type weekSheet struct {
	sheet
	Days []dayLine
}

func (in *inside) printWeek() error {
	m := weekSheet{sheet: in.sheet("", "/week")}
	var err error
	if m.Days, err = in.weekDays(); err != nil {
		return err
	}
	for i, d := range m.Days {
		m.Days[i].Name = in.lang.fullDay(d.date, in.now) // "today" is true for a day
		for j, e := range d.Entries {
			var names []template.HTML
			for _, p := range e.who {
				names = append(names, in.calledOnPaper(p))
			}
			m.Days[i].Entries[j].People = in.lang.list(names)
		}
	}
	return in.show("printweek", "week", in.lang.say("week.title"), m)
}

// treeSheet is how people reach each other. It has what this member may see; who
// asked not to be on paper is not on it.
type treeSheet struct {
	sheet
	Emergency string // what the circle agreed for an emergency
	Rows      []treeRow
}

type treeRow struct {
	Name  template.HTML
	Reach []string // the one that is liked best first
	Quiet string   // hours in which not to call
}

func (in *inside) printTree() error {
	m := treeSheet{sheet: in.sheet("print.tree_hint", "/circle"), Emergency: in.src.Charter().Bounds["emergency"]}
	for _, one := range in.src.Members(view.Filter{}) {
		if one.Unlisted {
			continue
		}
		m.Rows = append(m.Rows, treeRow{Name: in.calledOnPaper(view.Person{ID: one.ID, Name: one.Name}), Reach: one.Contact, Quiet: one.Bounds["quiet"]})
	}
	return in.show("printtree", "circle", in.lang.say("print.tree"), m)
}

// calledOnPaper is a member's name also where it is one's own: paper has no "you".
func (in *inside) calledOnPaper(p view.Person) template.HTML {
	if strings.TrimSpace(p.Name) == "" {
		return in.lang.say("person.someone")
	}
	return isolated(p.Name)
}

// cardSheet is how to care for one person, as far as this member may read it.
type cardSheet struct {
	sheet
	Heading      template.HTML
	Card, Bounds []sectionLine
	Languages    []string
}

func (in *inside) printCard() error {
	item, err := in.src.Show(in.r.PathValue("member"), false)
	if err != nil {
		return err
	}
	if item.Member == nil {
		return &notice{status: http.StatusNotFound, key: "shell.unknown"}
	}
	v := *item.Member
	name := in.calledOnPaper(view.Person{ID: v.ID, Name: v.Name})
	m := cardSheet{Heading: in.lang.say("card.of", "name", name), sheet: in.sheet("print.card_hint", "/show/"+v.ID), Card: in.sections("card", v.Card, cardKeys),
		Bounds: in.sections("bounds", v.Bounds, []string{"ways", "quiet", "emergency"}), Languages: v.Languages}
	return in.show("printcard", "circle", in.lang.say("card.title"), m)
}

// posterSheet is an invitation with all that a newcomer needs to come in by it.
type posterSheet struct {
	sheet
	Code  template.HTML
	Words string
	For   string
	Until template.HTML
}

func (in *inside) printInvite() error {
	all, err := in.site.upkeep.Invites(in.r.Context(), in.id)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(i view.Invite) bool { return i.ID == in.r.PathValue("invite") })
	if i < 0 || !in.opens(all[i]) || all[i].Text == "" {
		return &notice{status: http.StatusNotFound, key: "invite.over"}
	}
	one := all[i]
	m := posterSheet{sheet: in.sheet("", "/invite/"+one.ID), Words: one.Text, For: one.For, Until: in.until(one.Expires)}
	if m.Code, err = drawn(one.Text, in.lang.plain("invite.picture")); err != nil {
		return err
	}
	return in.show("printinvite", "circle", in.lang.say("invite.title"), m)
}

// slipsSheet is several invitations on one sheet, to tear off.
type slipsSheet struct {
	sheet
	Slips []slip
}

type slip struct {
	Code  template.HTML
	Words string
	For   string
	Until template.HTML
}

// printSlips draws the invitations that the address names, or all of this home's that
// are open.
func (in *inside) printSlips() error {
	all, err := in.site.upkeep.Invites(in.r.Context(), in.id)
	if err != nil {
		return err
	}
	named := in.r.URL.Query()["invite"]
	m := slipsSheet{sheet: in.sheet("", "/invite")}
	for _, one := range all {
		if !in.opens(one) || one.Text == "" || len(named) > 0 && !slices.ContainsFunc(named, func(id string) bool { return len(id) >= slipDigits && strings.HasPrefix(one.ID, id) }) {
			continue
		}
		s := slip{Words: one.Text, For: one.For, Until: in.until(one.Expires)}
		if s.Code, err = drawn(one.Text, in.lang.plain("invite.picture")); err != nil {
			return err
		}
		m.Slips = append(m.Slips, s)
	}
	if len(m.Slips) == 0 || len(m.Slips) < len(named) {
		return &notice{status: http.StatusNotFound, key: "invite.over"}
	}
	return in.show("printslips", "circle", in.lang.say("invite.title"), m)
}

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"tend/node/view"
)

// markdown writes an export for people: r has its lines. What members wrote stands in
// it as text, whatever signs are in it.
func markdown(w io.Writer, r io.Reader) error {
	out := bufio.NewWriter(w)
	p := &page{w: out}
	lines := json.NewDecoder(r)
	for {
		var line json.RawMessage
		if err := lines.Decode(&line); err == io.EOF {
			return out.Flush()
		} else if err != nil {
			return err
		}
		if err := p.add(line); err != nil {
			return err
		}
	}
}

// page is a Markdown text that grows from above.
type page struct {
	w       *bufio.Writer
	section string
}

// sections are the headings under which things of a kind stand, in the order in which
// they come.
var sections = map[string]string{view.KindMember: "People", view.KindPod: "My pod", view.KindGroup: "My groups", view.KindOwn: "Mine alone", view.KindNeed: "Needs",
	view.KindOffer: "Offers", view.KindAgreement: "Agreements", view.KindDecision: "Decisions", view.KindTalk: "Talks"}

func (p *page) add(line json.RawMessage) error {
	var head struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return err
	}
	if title := sections[head.Kind]; title != "" && title != p.section {
		p.section = title
		p.line("\n## %s", title)
	}
	switch head.Kind {
	case view.KindExport:
		return read(line, p.head)
	case view.KindCharter:
		return read(line, func(c *view.ExportCharter) { p.charter(&c.Charter) })
	case view.KindNote:
		return read(line, func(n *view.ExportNote) { p.notes([]view.Note{n.Note}) })
	case view.KindPod:
		return read(line, func(v *view.ExportPod) { p.pod(&v.Pod) })
	case view.KindGroup:
		return read(line, func(g *view.ExportGroup) { p.line("- %s: %s", marked(g.Name), p.people(g.Members)) })
	case view.KindOwn:
		return read(line, p.own)
	}
	return read(line, p.item)
}

// own writes what is this person's alone.
func (p *page) own(o *view.ExportOwn) {
	if o.Ceiling != nil {
		p.line("- my ceiling: %d a week", o.Ceiling.Week)
	}
	if o.Distances != nil {
		p.line("- at a distance: %s", p.people(o.Distances))
	}
	if len(o.Followed) > 0 {
		p.line("- kinds of need that I follow: %s", marked(strings.Join(o.Followed, ", ")))
	}
	if o.Remind != "" {
		p.line("- reminded before what I agreed: %s", marked(o.Remind))
	}
	if d := o.Digest; d != nil {
		p.line("- a letter every %s at %s: %s", d.Every, marked(d.At), marked(strings.TrimSpace(d.Out+" "+d.Mail)))
	}
	for _, w := range o.Waiting {
		p.line("- waits for its turn in %s (%s):", short(w.Talk), marked(w.Verb))
		p.quoted(w.Text)
	}
	if o.Reflections != nil {
		for _, r := range o.Reflections.Answers {
			p.line("- %s: %s", r.Made.Format(time.DateOnly), marked(r.Text))
		}
	}
}

func read[T any](line json.RawMessage, then func(*T)) error {
	var v T
	if err := json.Unmarshal(line, &v); err != nil {
		return err
	}
	then(&v)
	return nil
}

func (p *page) item(i *view.Item) {
	switch {
	case i.Post != nil:
		p.post(i.Post)
	case i.Agreement != nil:
		p.agreement(i.Agreement)
	case i.Member != nil:
		p.member(i.Member)
	case i.Decision != nil:
		p.decision(i.Decision)
	case i.Talk != nil:
		p.talk(i.Talk)
	}
}

func (p *page) line(format string, args ...any) { fmt.Fprintf(p.w, format+"\n", args...) }

// marked makes text that somebody wrote stand as it is in Markdown, on one line.
func marked(text string) string {
	var out strings.Builder
	for _, r := range plain(text) {
		if strings.ContainsRune("\\`*_{}[]()<>#+-.!|~&:", r) {
			out.WriteByte('\\')
		}
		out.WriteRune(r)
	}
	return out.String()
}

// quoted is text that may have lines, set in from the left.
func (p *page) quoted(text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	p.line("")
	for l := range strings.SplitSeq(text, "\n") {
		p.line("> %s  ", marked(l))
	}
	p.line("")
}

func (p *page) field(label, value string) {
	if value != "" {
		p.line("- %s: %s", label, marked(value))
	}
}

func (p *page) person(one view.Person) string { return marked(name(one)) }

func (p *page) people(list []view.Person) string {
	out := make([]string, len(list))
	for i, one := range list {
		out[i] = p.person(one)
	}
	return strings.Join(out, ", ")
}

func (p *page) day(t time.Time) string { return t.Format("2006-01-02 15:04") }

func (p *page) head(h *view.ExportHead) {
	p.line("# %s", marked(h.Name))
	p.line("\nAs %s saw it on %s.", p.person(h.By), p.day(h.Made))
	p.line("What is private is in here too; keep it as you would keep a diary.")
}

func (p *page) charter(c *view.Charter) {
	p.quoted(c.Purpose)
	p.texts(c.Bounds)
	p.field("Categories", strings.Join(c.Categories, ", "))
	p.field("Outside help", strings.Join(c.OutsideHelp, ", "))
	p.field("Look at it again on", c.ReviewOn)
}

func (p *page) texts(all map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(all)) {
		p.field(key, all[key])
	}
}

func (p *page) pod(v *view.Pod) {
	for _, m := range v.Mine {
		p.line("- %s (%s)", p.person(m.Member), marked(m.Said))
	}
	if len(v.IAmIn) > 0 {
		p.line("- I am in the pod of: %s", p.people(v.IAmIn))
	}
}

func (p *page) member(m *view.Member) {
	p.line("\n### %s", p.person(view.Person{ID: m.ID, Name: m.Name}))
	p.line("")
	p.field("Standing", m.State)
	if m.Room != nil {
		p.field("Room", strings.TrimSpace(m.Room.Level+" "+m.Room.Until))
	}
	p.field("Area", m.Area)
	p.field("Speaks", strings.Join(m.Languages, ", "))
	p.field("Reach", strings.Join(m.Contact, "; "))
	p.field("Free", strings.Join(m.Free, "; "))
	p.texts(m.Card)
	p.texts(m.Bounds)
	for _, c := range m.Consents {
		p.field("Wished beforehand", c.If+": "+c.Then)
	}
	for _, d := range m.TenderDates {
		p.field("A hard day", d.Date+" "+d.Text)
		p.field("Welcome then", d.Welcome)
	}
	p.notes(m.Notes)
	for _, n := range m.MyNotes {
		p.field("For me alone", strings.TrimSpace(n.Text+" "+n.On))
	}
}

func (p *page) post(v *view.Post) {
	p.line("\n### %s", marked(v.Title))
	p.quoted(v.Details)
	who := v.Author
	if v.For != nil {
		who = *v.For
	}
	p.line("- %s, %s, %s", p.person(who), marked(v.Status), p.day(v.Made))
	p.field("Category", v.Category)
	p.field("When", strings.Join(v.When, "; "))
	p.field("Repeats", v.Repeat)
	p.field("Not on", strings.Join(v.Skips, "; "))
	p.field("By", v.By)
	p.field("Where", v.Area)
	p.field("Costs", v.Costs)
	if v.Tender {
		p.line("- Tender")
	}
	if v.Audience.People != nil {
		p.line("- Open to %s", p.people(v.Audience.People))
	}
	for _, slot := range v.Slots {
		if len(slot.Yes) > 0 {
			p.line("- %s: %s", marked(orAnytime(slot.Slot)), p.people(slot.Yes))
		}
	}
	p.notes(v.Notes)
}

func orAnytime(slot string) string {
	if slot == "" {
		return "whenever"
	}
	return slot
}

func (p *page) agreement(a *view.Agreement) {
	p.line("\n### %s", marked(a.What))
	p.line("")
	when := a.When
	if when == "" {
		when = a.Slot
	}
	p.field("When", orAnytime(when))
	p.field("Where", a.Area)
	p.field("Costs", a.Costs)
	if a.Place != nil {
		p.field("Place", a.Place.Where)
		p.field("Code", a.Place.Code)
		p.field("Phone", a.Place.Phone)
	}
	p.field("Now", a.State)
	for _, party := range a.Parties {
		p.line("- %s: %s", p.person(party.Member), partyWords[party.Word])
	}
	p.notes(a.Notes)
}

func (p *page) decision(d *view.Decision) {
	p.line("\n### %s", marked(firstLine(d.Text)))
	p.quoted(d.Text)
	p.field("Now", d.State)
	for _, w := range d.Words {
		p.line("- %s: %s %s", p.person(w.Member), marked(w.Word), marked(w.Text))
	}
	p.notes(d.Notes)
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

func (p *page) talk(t *view.Talk) {
	p.line("\n### With %s", p.people(t.With))
	p.quoted(t.Sentence)
	p.field("Now", strings.TrimSpace(t.Gate+" "+t.Outcome))
	for _, step := range t.Steps {
		if step.Text != "" {
			p.line("- %s, %s: %s", p.person(step.Author), p.day(step.Made), marked(step.Text))
		}
	}
	for _, c := range t.Common {
		p.line("- in common: %s", marked(c.Text))
	}
}

func (p *page) notes(list []view.Note) {
	for _, n := range list {
		p.line("\n%s, %s:", p.person(n.Author), p.day(n.Made))
		p.quoted(n.Text)
	}
}

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
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

func (p *page) add(line json.RawMessage) error {
	var head struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return err
	}
	if title := called("export.section", head.Kind); title != "" && title != p.section {
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
		p.point("export.ceiling", "n", int(o.Ceiling.Week))
	}
	if o.Distances != nil {
		p.point("export.distances", "people", p.people(o.Distances))
	}
	if len(o.Followed) > 0 {
		p.point("export.followed", "kinds", marked(strings.Join(o.Followed, ", ")))
	}
	if o.Remind != "" {
		p.point("export.reminded", "time", marked(o.Remind))
	}
	if d := o.Digest; d != nil {
		p.point("export.letter", "every", d.Every, "time", marked(d.At), "where", marked(strings.TrimSpace(d.Out+" "+d.Mail)))
	}
	for _, w := range o.Waiting {
		p.point("export.waits", "id", short(w.Talk), "step", marked(w.Verb))
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

// say writes a sentence of the catalogue on a line of its own, and point one in a list.
func (p *page) say(key string, pairs ...any)   { p.line("%s", sentence(key, pairs...)) }
func (p *page) point(key string, pairs ...any) { p.line("- %s", sentence(key, pairs...)) }

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

// field is a point about a thing beside its label, and pair beside a label of people's own.
func (p *page) field(key, value string) { p.pair(sentence(key), value) }

func (p *page) pair(label, value string) {
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
	p.line("")
	p.say("export.seen_by", "name", p.person(h.By), "when", p.day(h.Made))
	p.say("export.private")
}

func (p *page) charter(c *view.Charter) {
	p.quoted(c.Purpose)
	p.texts(c.Bounds)
	p.field("export.label.categories", strings.Join(c.Categories, ", "))
	p.field("export.label.outside_help", strings.Join(c.OutsideHelp, ", "))
	p.field("export.label.look_at_it_again_on", c.ReviewOn)
}

func (p *page) texts(all map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(all)) {
		p.pair(key, all[key])
	}
}

func (p *page) pod(v *view.Pod) {
	for _, m := range v.Mine {
		p.line("- %s (%s)", p.person(m.Member), marked(m.Said))
	}
	if len(v.IAmIn) > 0 {
		p.point("export.pods", "people", p.people(v.IAmIn))
	}
}

func (p *page) member(m *view.Member) {
	p.line("\n### %s", p.person(view.Person{ID: m.ID, Name: m.Name}))
	p.line("")
	p.field("export.label.standing", m.State)
	if m.Room != nil {
		p.field("export.label.room", strings.TrimSpace(m.Room.Level+" "+m.Room.Until))
	}
	p.field("export.label.area", m.Area)
	p.field("export.label.speaks", strings.Join(m.Languages, ", "))
	p.field("export.label.reach", strings.Join(m.Contact, "; "))
	p.field("export.label.free", strings.Join(m.Free, "; "))
	p.texts(m.Card)
	p.texts(m.Bounds)
	for _, c := range m.Consents {
		p.field("export.label.wished_beforehand", c.If+": "+c.Then)
	}
	for _, d := range m.TenderDates {
		p.field("export.label.a_hard_day", d.Date+" "+d.Text)
		p.field("export.label.welcome_then", d.Welcome)
	}
	p.notes(m.Notes)
	for _, n := range m.MyNotes {
		p.field("export.label.for_me_alone", strings.TrimSpace(n.Text+" "+n.On))
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
	p.field("export.label.category", v.Category)
	p.field("export.label.when", strings.Join(v.When, "; "))
	p.field("export.label.repeats", v.Repeat)
	p.field("export.label.not_on", strings.Join(v.Skips, "; "))
	p.field("export.label.by", v.By)
	p.field("export.label.where", v.Area)
	p.field("export.label.costs", v.Costs)
	if v.Newcomers > 0 {
		p.field("export.label.newcomers", strconv.Itoa(v.Newcomers))
	}
	if v.Tender {
		p.point("export.tender")
	}
	if v.Audience.People != nil {
		p.point("export.open_to", "people", p.people(v.Audience.People))
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
		return sentence("post.whenever")
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
	p.field("export.label.when", orAnytime(when))
	p.field("export.label.where", a.Area)
	p.field("export.label.costs", a.Costs)
	if a.Place != nil {
		p.field("export.label.place", a.Place.Where)
		p.field("export.label.code", a.Place.Code)
		p.field("export.label.phone", a.Place.Phone)
	}
	p.field("export.label.now", a.State)
	p.field("export.label.look_at_it_again_on", a.ReviewOn)
	for _, party := range a.Parties {
		p.line("- %s: %s", p.person(party.Member), called("party.word", party.Word))
	}
	p.notes(a.Notes)
}

func (p *page) decision(d *view.Decision) {
	p.line("\n### %s", marked(firstLine(d.Text)))
	p.quoted(d.Text)
	p.field("export.label.now", d.State)
	p.field("export.label.look_at_it_again_on", d.ReviewOn)
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
	p.line("\n### %s", sentence("export.with", "people", p.people(t.With)))
	p.quoted(t.Sentence)
	p.field("export.label.now", strings.TrimSpace(t.Gate+" "+t.Outcome))
	for _, step := range t.Steps {
		if step.Text != "" {
			p.line("- %s, %s: %s", p.person(step.Author), p.day(step.Made), marked(step.Text))
		}
	}
	for _, c := range t.Common {
		p.point("export.common", "text", marked(c.Text))
	}
}

func (p *page) notes(list []view.Note) {
	for _, n := range list {
		p.line("\n%s, %s:", p.person(n.Author), p.day(n.Made))
		p.quoted(n.Text)
	}
}

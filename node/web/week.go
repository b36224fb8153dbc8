package web

import (
	"fmt"
	"html/template"
	"math"
	"net/url"
	"slices"
	"time"

	"tend/node/view"
)

// weekModel is the coming seven days: a list, and a picture of it for the fridge.
type weekModel struct {
	Days  []dayLine
	Quiet bool
	Chart weekChart
	Made  template.HTML
}

type dayLine struct {
	date    time.Time
	Name    template.HTML
	Entries []entryLine
	// HardDays are for the reader's screen alone; no sheet has them.
	HardDays []hardLine
}

type entryLine struct {
	Href, Hour, Title string
	Private           bool
	who               []view.Person
	People, State     template.HTML
	Class             string // "open", "covered" or "mine"
	Lines             []int  // one to write on for each open place, on paper
	Buttons           []button
}

// weekChart is the week as a picture: a column for each day, a mark for each thing.
type weekChart struct {
	Spoken  template.HTML
	Columns []chartColumn
}

type chartColumn struct {
	X     string
	Label string
	Marks []chartMark
}

type chartMark struct{ X, Y, Class string }

func (in *inside) week() error {
	m := weekModel{Quiet: true, Made: in.lang.say("week.made", "day", in.lang.fullDay(in.now, time.Time{}))}
	var err error
	if m.Days, err = in.weekDays(); err != nil {
		return err
	}
	open, covered := 0, 0
	for i, d := range in.src.Week() {
		m.Days[i].HardDays = in.hardLines(d.HardDays)
		m.Quiet = m.Quiet && len(d.HardDays) == 0
	}
	for i, d := range m.Days {
		column := chartColumn{X: fmt.Sprint(23 + i*46), Label: in.lang.plain(fmt.Sprintf("weekday_short.%d", int(d.date.Weekday())))}
		for j, entry := range d.Entries {
			m.Quiet = false
			if entry.Class == "open" {
				open++
			} else {
				covered++
			}
			if j < 4 {
				column.Marks = append(column.Marks, chartMark{X: fmt.Sprint(23 + i*46), Y: fmt.Sprint(86 - j*22), Class: entry.Class})
			}
		}
		m.Chart.Columns = append(m.Chart.Columns, column)
	}
	m.Chart.Spoken = in.lang.say("week.spoken", "open", open, "covered", covered)
	return in.show("week", "week", in.lang.say("week.title"), m)
}

// weekDays are the seven days from today.
func (in *inside) weekDays() ([]dayLine, error) {
	out := []dayLine{}
	for _, d := range in.src.Week() {
		date, err := time.Parse(dayForm, d.Date)
		if err != nil {
			return nil, fmt.Errorf("read the week: %w", err)
		}
		line := dayLine{date: date, Name: in.lang.day(date, in.now)}
		for _, e := range d.Entries {
			line.Entries = append(line.Entries, in.entryLine(e))
		}
		out = append(out, line)
	}
	return out, nil
}

func (in *inside) entryLine(e view.Entry) entryLine {
	l := entryLine{Href: in.href(e.ID), Title: e.Title, Class: e.State, who: e.People, People: in.names(e.People)}
	if e.Agreement != "" {
		l.Href = in.href(e.Agreement)
	}
	if e.Tender {
		l.Title, l.Private = in.lang.plain("week.private"), true
	}
	if len(e.Slot) > len(dayForm) {
		l.Hour = e.Slot[len(dayForm)+1:]
	}
	if e.Mine {
		l.Class = "mine"
	}
	l.State = in.lang.say("week." + e.State)
	if missing := e.Wanted - len(e.People); missing > 0 {
		l.Lines = make([]int, min(missing, 4))
	}
	if e.State == "open" && !e.Mine && e.Kind == view.KindNeed {
		b := in.verb(e.ID, "yes", "verb.could_do", "hand-helping", field{"slot", e.Slot})
		b.Kind = view.KindNeed
		l.Buttons = []button{b}
	}
	return l
}

// offersModel is what the circle has and could use, by category.
type offersModel struct {
	Shelves []shelfLine
	Chart   mapChart
	Free    freeChart
	Words   string
	Found   []card
}

type shelfLine struct {
	Name          template.HTML
	Offers, Needs []card
	More          string // the address of all of it, where there is more; else ""
}

// mapChart is the resource map as a picture: a row for each category, a leaf for
// each offer and a hand for each need.
type mapChart struct {
	Spoken template.HTML
	Height int
	Rows   []mapRow
}

type mapRow struct {
	Y     int
	TextY int
	Label string
	Marks []chartMark
}

// maxMarks is how many marks a row of the map has room for, labelRunes how much of
// its name; the list below has all of both.
const (
	maxMarks   = 8
	labelRunes = 19
)

func shortened(label string, room int) string {
	if runes := []rune(label); len(runes) > room {
		return string(runes[:room-1]) + "…"
	}
	return label
}

// offers shows what there is, of each category the newest; all of one that is named.
func (in *inside) offers() error {
	m := offersModel{}
	offers, needs := 0, 0
	shelves, room := in.src.Map(), atOnce
	if asked := in.r.URL.Query(); asked.Has("kind") {
		shelves = slices.DeleteFunc(shelves, func(s view.Shelf) bool { return s.Category != asked.Get("kind") })
		room = math.MaxInt
	} else {
		m.Free = in.freeTimes()
	}
	for i, s := range shelves {
		line := shelfLine{Name: isolated(s.Category)}
		label := s.Category
		if s.Category == "" {
			key := "offers.other"
			if len(shelves) == 1 {
				key = "offers.all"
			}
			line.Name, label = in.lang.say(key), in.lang.plain(key)
		}
		row := mapRow{Y: 14 + i*28, TextY: 19 + i*28, Label: shortened(label, labelRunes)}
		mark := func(class string) {
			if n := len(row.Marks); n < maxMarks {
				row.Marks = append(row.Marks, chartMark{X: fmt.Sprint(160 + n*22), Y: fmt.Sprint(row.Y), Class: class})
			}
		}
		for i, p := range s.Offers {
			if i < room {
				line.Offers = append(line.Offers, in.postCard(p))
			}
			offers++
			mark("offer")
		}
		for i, p := range s.Needs {
			if i < room {
				line.Needs = append(line.Needs, in.postCard(p))
			}
			needs++
			mark("need")
		}
		if len(s.Offers) > room || len(s.Needs) > room {
			line.More = in.head.Circle.Base + "/offers?" + url.Values{"kind": {s.Category}}.Encode()
		}
		m.Shelves = append(m.Shelves, line)
		m.Chart.Rows = append(m.Chart.Rows, row)
	}
	m.Chart.Height = 28 + 28*max(0, len(m.Chart.Rows)-1)
	m.Chart.Spoken = in.lang.say("offers.spoken", "offers", offers, "needs", needs)
	return in.show("offers", "offers", in.lang.say("offers.title"), m)
}

// search finds what holds all the words.
func (in *inside) search() error {
	m := offersModel{Words: in.r.URL.Query().Get("words")}
	m.Found = in.items(in.src.Search(m.Words, 50))
	if err := in.show("search", "offers", in.lang.say("search.title"), m); err != nil {
		return err
	}
	return nil
}

package web

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"tend/node/view"
)

// freeChart is when people are free in the seven days from today: a row for each who
// said so, a mark for each day. The list below it says the same in words.
type freeChart struct {
	Columns []chartColumn
	Rows    []freeRow
	Height  int
	Below   int // where the names of the days stand
}

type freeRow struct {
	TextY int
	Label string
	Marks []chartMark
	Href  string
	Name  template.HTML
	Says  []template.HTML
}

// freeDays is how many days the picture shows, freeX where the first of them stands and
// freeStep how far the next; freeRunes is how much of a name has room before them.
const (
	freeRunes = 14
	freeDays  = 7
	freeX     = 126
	freeStep  = 37
)

// freeTimes are those of everyone who said when they are free and is not away.
func (in *inside) freeTimes() freeChart {
	c := freeChart{}
	today := time.Date(in.now.Year(), in.now.Month(), in.now.Day(), 0, 0, 0, 0, time.UTC)
	for i := range freeDays {
		day := today.AddDate(0, 0, i)
		c.Columns = append(c.Columns, chartColumn{X: fmt.Sprint(freeX + i*freeStep), Label: in.lang.plain(fmt.Sprintf("weekday_short.%d", int(day.Weekday())))})
	}
	for _, m := range in.src.Members(view.Filter{}) {
		if len(m.Free) == 0 || m.State == "away" {
			continue
		}
		y := 14 + len(c.Rows)*28
		row := freeRow{TextY: y + 5, Label: shortened(m.Name, freeRunes), Href: in.href(m.ID), Name: in.name(view.Person{ID: m.ID, Name: m.Name})}
		for i := range freeDays {
			if freeOn(m.Free, today.AddDate(0, 0, i)) {
				row.Marks = append(row.Marks, chartMark{X: fmt.Sprint(freeX + i*freeStep), Y: fmt.Sprint(y), Class: "offer"})
			}
		}
		for _, f := range m.Free {
			row.Says = append(row.Says, in.freeWords(f))
		}
		c.Rows = append(c.Rows, row)
	}
	c.Below = 19 + 28*len(c.Rows)
	c.Height = c.Below + 10
	return c
}

// weekly reads a rule that names days of each week, or all; ok is false for others,
// such as each month's first Sunday, which a week's picture cannot show.
func weekly(rule string) (days []int, ok bool) {
	if rule == "FREQ=DAILY" {
		return []int{0, 1, 2, 3, 4, 5, 6}, true
	}
	names, ok := strings.CutPrefix(rule, "FREQ=WEEKLY;BYDAY=")
	if !ok {
		return nil, false
	}
	for name := range strings.SplitSeq(names, ",") {
		for _, d := range weekdays {
			if name == d.rule {
				days = append(days, d.number)
			}
		}
	}
	return days, len(days) > 0
}

// freeOn reports whether any of the times is on a day.
func freeOn(free []string, day time.Time) bool {
	for _, f := range free {
		if days, ok := weekly(f); ok {
			for _, d := range days {
				if d == int(day.Weekday()) {
					return true
				}
			}
			continue
		}
		from, to, ranged := strings.Cut(f, "/")
		start, _, ok := readDate(from)
		if !ok {
			continue
		}
		end := start
		if until, _, ok := readDate(to); ranged && ok {
			end = until
		}
		if day.Format(dayForm) >= start.Format(dayForm) && day.Format(dayForm) <= end.Format(dayForm) {
			return true
		}
	}
	return false
}

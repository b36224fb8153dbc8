package circle

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"tend/crdt"
)

// TenderDate is a hard day of a member: an anniversary of a loss, a trial, an operation.
type TenderDate struct {
	// N is what it is called by, from 1; a number is never given to another.
	N    int
	Date string // 2006-01-02
	Text string
	// Welcome says what would be welcome then; "" for nothing said.
	Welcome string
	Yearly  bool
	// After are the follow-ups, as "1w" or "3m" after the date.
	After []string
	// Next is the first of its days from today on; "" if all are over.
	Next string
	// To are its readers as they were when it was written, nil for the circle.
	To []crdt.ID
}

// followUps are those of who says nothing about them: the days on which others have
// often gone back to their own.
var followUps = []string{"1w", "1m", "3m", "6m", "12m"}

// MaxFollowUps is how many follow-ups a tender date may have.
const MaxFollowUps = 12

// Marks before what else stands in a tender date, after its date and its text.
const (
	dateWelcome = "welcome:"
	dateAfter   = "after:"
	dateYearly  = "yearly"
)

// hardFor is for how many days a hard day speaks up, the day itself among them: a home
// that was off that day still says it.
const hardFor = 3

// TenderDates returns a member's tender dates that the reader may see, by number. Of
// others' those are left out whose days are all over.
func (s *State) TenderDates(env Env, member crdt.ID) []TenderDate {
	var out []TenderDate
	today := dayOf(local(env.Now))
	for _, one := range living(s.numbered(member, sectionDates, every)) {
		d, ok := tenderDate(one)
		if !ok {
			continue
		}
		d.Next = d.next(today)
		if d.Next != "" || member == env.Me || len(d.days(today.AddDate(0, 0, 1-hardFor), today)) > 0 {
			out = append(out, d)
		}
	}
	return out
}

// tenderDate reads one; what it does not know it passes over.
func tenderDate(from numbered) (TenderDate, bool) {
	v := from.body.Values
	if len(v) < 2 {
		return TenderDate{}, false
	}
	d := TenderDate{N: from.n, Date: v[0], Text: v[1], To: from.change.Audience.Members}
	if _, timed, err := parsePoint(d.Date); err != nil || timed {
		return TenderDate{}, false
	}
	for _, mark := range v[2:] {
		if w, ok := strings.CutPrefix(mark, dateWelcome); ok {
			d.Welcome = w
		} else if a, ok := strings.CutPrefix(mark, dateAfter); ok && validAfter(a) {
			d.After = append(d.After, a)
		} else if mark == dateYearly {
			d.Yearly = true
		}
	}
	return d, true
}

// hardAt is one of the days of a tender date; after is "" on the day itself and on its
// anniversaries.
type hardAt struct {
	day   time.Time
	after string
}

// days returns its days from one day to another, both included, ascending, none twice.
func (d TenderDate) days(from, to time.Time) []hardAt {
	first, _, err := parsePoint(d.Date)
	if err != nil {
		return nil
	}
	all := []hardAt{{day: first}}
	if d.Yearly {
		for year := max(from.Year(), first.Year()+1); year <= to.Year(); year++ {
			all = append(all, hardAt{day: inYear(first, year)})
		}
	}
	for _, a := range d.After {
		all = append(all, hardAt{afterwards(first, a), a})
	}
	all = slices.DeleteFunc(all, func(h hardAt) bool { return h.day.Before(from) || h.day.After(to) })
	slices.SortStableFunc(all, func(a, b hardAt) int { return a.day.Compare(b.day) })
	return slices.CompactFunc(all, func(a, b hardAt) bool { return a.day.Equal(b.day) })
}

// next is the first of its days from today on.
func (d TenderDate) next(today time.Time) string {
	first, _, err := parsePoint(d.Date)
	if err != nil {
		return ""
	}
	far := today.AddDate(1, 0, 1)
	if first.After(far) {
		far = first
	}
	for _, a := range d.After {
		if at := afterwards(first, a); at.After(far) {
			far = at
		}
	}
	if days := d.days(today, far); len(days) > 0 {
		return days[0].day.Format(dateForm)
	}
	return ""
}

// validAfter reports whether a follow-up is some days, weeks or months.
func validAfter(a string) bool {
	if a == "" {
		return false
	}
	_, err := number(a[:len(a)-1], 1, 400)
	return err == nil && strings.ContainsRune("dwm", rune(a[len(a)-1]))
}

// afterwards is a day some days, weeks or months after another; a month that has no such
// day ends before it.
func afterwards(day time.Time, after string) time.Time {
	n, _ := number(after[:len(after)-1], 1, 400)
	switch after[len(after)-1] {
	case 'd':
		return day.AddDate(0, 0, n)
	case 'w':
		return day.AddDate(0, 0, 7*n)
	}
	first := time.Date(day.Year(), day.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(day.Day(), last)-1)
}

// AddTenderDate names a hard day, for those who may see it.
type AddTenderDate struct {
	Date, Text, Welcome string
	Yearly              bool
	After               []string
	// To, Circle and Pod are its readers, as in [SetSection]; nothing said is one's pod.
	To          []crdt.ID
	Circle, Pod bool
}

func (c AddTenderDate) decide(s *State, env Env) (plan, error) {
	if c.Date == "" || c.Text == "" {
		return plan{}, usage("no.tender_empty")
	}
	values := []string{c.Date, c.Text}
	if c.Welcome != "" {
		values = append(values, dateWelcome+c.Welcome)
	}
	if c.Yearly {
		values = append(values, dateYearly)
	}
	for _, a := range c.After {
		values = append(values, dateAfter+a)
	}
	return addNumbered(s, env, sectionDates, SetSection{Values: values, To: c.To, Circle: c.Circle, Pod: c.Pod})
}

// DropTenderDate lets one go.
type DropTenderDate struct{ N int }

func (c DropTenderDate) decide(s *State, env Env) (plan, error) {
	return dropNumbered(s, env, sectionDates, c.N)
}

// tenderDate reads what one does about one's tender dates: "text" is add, a date and
// what it is, or drop and a number.
func (p *parser) tenderDate() Command {
	words := p.all("text")
	switch {
	case len(words) == 3 && words[0] == "add":
		w := p.whom("to")
		when := p.readWhen(words[1])
		c := AddTenderDate{Date: when[:min(len(when), len(dateForm))], Text: tidy(words[2]), Welcome: p.text("welcome"), Yearly: p.flag("yearly"),
			After: p.followUps(), Circle: w.circle, Pod: w.pod}
		if !w.pod {
			c.To = w.to
		}
		return c
	case len(words) == 2 && words[0] == "drop":
		return DropTenderDate{N: p.numberIn(words[1])}
	}
	p.fail(usage("no.choice.tender_date", strings.Join(words, " ")))
	return nil
}

// followUps reads --follow-up 1w,1m or none.
func (p *parser) followUps() []string {
	if !p.has("follow_up") {
		return followUps
	}
	var out []string
	for _, value := range p.all("follow_up") {
		for _, a := range strings.FieldsFunc(strings.ToLower(value), func(c rune) bool { return c == ',' || c == ' ' }) {
			switch {
			case a == "none":
			case !validAfter(a):
				p.fail(usage("no.follow_up", a))
			case !slices.Contains(out, a):
				out = append(out, a)
			}
		}
	}
	if len(out) > MaxFollowUps {
		p.fail(usage("no.follow_up.many", strings.Join(out, ",")))
	}
	return out
}

// HardDay is a day on which it is good to think of somebody. What it is, is not said:
// who may read it finds it on that person's page.
type HardDay struct {
	Member crdt.ID
	Date   string // 2006-01-02
	// After is "" on the day itself, else how long after it, as "1m".
	After string
	// Welcome says what would be welcome, in the member's words.
	Welcome string
}

// HardDays returns the hard days of others that this person may see, from one local day
// to another, both included, by date and then by member.
func (s *State) HardDays(env Env, from, to time.Time) []HardDay {
	var out []HardDay
	r := s.reader(env)
	for _, m := range env.Members {
		if m == env.Me || r.far(m) {
			continue
		}
		for _, one := range living(s.numbered(m, sectionDates, every)) {
			d, _ := tenderDate(one)
			for _, at := range d.days(dayOf(from), dayOf(to)) {
				out = append(out, HardDay{Member: m, Date: at.day.Format(dateForm), After: at.after, Welcome: d.Welcome})
			}
		}
	}
	slices.SortFunc(out, func(a, b HardDay) int {
		return cmp.Or(strings.Compare(a.Date, b.Date), a.Member.Compare(b.Member), strings.Compare(a.After, b.After), strings.Compare(a.Welcome, b.Welcome))
	})
	return slices.Compact(out)
}

// namedOnce leaves of several hard days of one person on one day the first, without the
// words of what would be welcome.
func namedOnce(days []HardDay) []HardDay {
	var out []HardDay
	for _, d := range days {
		d.Welcome = ""
		if last := len(out) - 1; last < 0 || out[last].Member != d.Member || out[last].Date != d.Date {
			out = append(out, d)
		}
	}
	return out
}

package view

import (
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"

	"tend/crdt/membership"
)

// Charter returns what the circle agreed on.
func (s Source) Charter() Charter {
	v := charterOf(s.People.Charter())
	v.OutsideHelp = s.outsideHelp()
	if day := s.State.CharterReview(s.Env); day != "" {
		v.ReviewOn = day
	}
	for _, w := range s.State.CharterWords(s.Env) {
		v.Words = append(v.Words, CharterWord{Member: s.Person(w.Member), Text: w.Text})
	}
	return v
}

func charterOf(c membership.Charter) Charter {
	v := Charter{Name: c.Name, Purpose: c.Purpose, Categories: c.Categories, ReviewOn: c.ReviewOn,
		Bounds: map[string]string{}, History: historyNames[c.History],
		KDiv: c.KDiv, BDiv: c.BDiv, WindowDays: c.WindowDays, SponsorsFrom: c.SponsorsFrom}
	for _, b := range boundsOf(&c.Bounds) {
		if *b.text != "" {
			v.Bounds[b.key] = *b.text
		}
	}
	v.Bounds = filled(v.Bounds)
	return v
}

var historyNames = map[uint64]string{membership.HistoryAll: "all", membership.HistoryFromJoining: "from-joining"}

// bound is one of a circle's bounds, by the key it has for people.
type bound struct {
	key  string
	text *string
}

func boundsOf(b *membership.Bounds) []bound {
	return []bound{{"ways", &b.Ways}, {"quiet", &b.Quiet}, {"reply", &b.Reply}, {"radius", &b.Radius},
		{"area", &b.Area}, {"who", &b.Who}, {"not-from-me", &b.NotFromMe}, {"emergency", &b.Emergency}}
}

// charterFile is a charter as people write it: TOML.
type charterFile struct {
	Name        string   `toml:"name,omitempty"`
	Purpose     string   `toml:"purpose,omitempty"`
	Categories  []string `toml:"categories,omitempty"`
	OutsideHelp []string `toml:"outside_help,omitempty"`
	ReviewOn    string   `toml:"review_on,omitempty"`

	History      string            `toml:"history,omitempty"`
	KDiv         *int64            `toml:"k_div,omitempty"`
	BDiv         *int64            `toml:"b_div,omitempty"`
	WindowDays   *int64            `toml:"window_days,omitempty"`
	SponsorsFrom *int64            `toml:"sponsors_from,omitempty"`
	Bounds       map[string]string `toml:"bounds,omitempty"`
}

// number is one of the numbers of a circle's rule, in a file and in a charter.
type number struct {
	key  string
	file *int64
	own  *uint64
}

func numbersOf(c *membership.Charter, f charterFile) []number {
	return []number{{"k_div", f.KDiv, &c.KDiv}, {"b_div", f.BDiv, &c.BDiv},
		{"window_days", f.WindowDays, &c.WindowDays}, {"sponsors_from", f.SponsorsFrom, &c.SponsorsFrom}}
}

// ReadCharter lays what a charter file says over base. A key that a charter does
// not have is an error, so that nothing is agreed on by a slip of the pen. The help from
// outside that the file names stands apart: decisions hold it, and no charter.
func ReadCharter(text string, base membership.Charter) (c membership.Charter, outsideHelp []string, err error) {
	var f charterFile
	meta, err := toml.Decode(text, &f)
	if err != nil {
		return membership.Charter{}, nil, fmt.Errorf("read the charter: %w", err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return membership.Charter{}, nil, fmt.Errorf("read the charter: %q is not known", unknown[0])
	}
	if c, err = f.over(base); err != nil {
		return membership.Charter{}, nil, fmt.Errorf("read the charter: %w", err)
	}
	return c, f.OutsideHelp, nil
}

// over is base with what the file says.
func (f charterFile) over(c membership.Charter) (membership.Charter, error) {
	for _, t := range []struct{ file, own *string }{{&f.Name, &c.Name}, {&f.Purpose, &c.Purpose}, {&f.ReviewOn, &c.ReviewOn}} {
		if *t.file != "" {
			*t.own = *t.file
		}
	}
	if len(f.Categories) > 0 {
		c.Categories = f.Categories
	}
	for _, n := range numbersOf(&c, f) {
		switch {
		case n.file == nil:
		case *n.file < 0: // the TOML reader would wrap it around
			return c, fmt.Errorf("%s is below 0", n.key)
		default:
			*n.own = uint64(*n.file)
		}
	}
	if err := readHistory(f.History, &c); err != nil {
		return c, err
	}
	return c, readBounds(f.Bounds, &c.Bounds)
}

func readHistory(word string, c *membership.Charter) error {
	for number, name := range historyNames {
		if word == name {
			c.History = number
			return nil
		}
	}
	if word != "" {
		return fmt.Errorf(`history %q is neither "all" nor "from-joining"`, word)
	}
	return nil
}

func readBounds(given map[string]string, into *membership.Bounds) error {
	for _, b := range boundsOf(into) {
		if text, ok := given[b.key]; ok {
			*b.text = text
			delete(given, b.key)
		}
	}
	for _, key := range sortedKeys(given) {
		return fmt.Errorf("there is no bound %q", key)
	}
	return nil
}

// WriteCharter writes a charter as [ReadCharter] reads it. What it means to each member is
// theirs, and not in it.
func WriteCharter(c Charter) (string, error) {
	f := charterFile{Name: c.Name, Purpose: c.Purpose, Categories: c.Categories, OutsideHelp: c.OutsideHelp,
		ReviewOn: c.ReviewOn, History: c.History, Bounds: c.Bounds,
		KDiv: written(c.KDiv), BDiv: written(c.BDiv), WindowDays: written(c.WindowDays), SponsorsFrom: written(c.SponsorsFrom)}
	var out strings.Builder
	if err := toml.NewEncoder(&out).Encode(f); err != nil {
		return "", fmt.Errorf("write the charter: %w", err)
	}
	return out.String(), nil
}

// written is a number of a charter as its file has it; the limits of a charter keep it
// small.
func written(n uint64) *int64 {
	v := int64(n)
	return &v
}

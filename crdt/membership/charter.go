package membership

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// Bounds is how and when a circle's members may be asked: its outer bound, which
// each member may narrow. Free texts, empty where nothing is said.
type Bounds struct {
	_         struct{} `cbor:",toarray"`
	Ways      string   // in which ways, first the liked one
	Quiet     string   // hours and days
	Reply     string   // usual time until a reply
	Radius    string
	Area      string
	Who       string // who may ask directly
	NotFromMe string
	Emergency string // what to do instead
}

// History says what newcomers may read.
const (
	HistoryAll         uint64 = 0 // every epoch of the circle
	HistoryFromJoining uint64 = 1 // those since they joined
)

// Charter is what a circle agrees on about itself: texts for people, and the
// numbers of its rule. It is in genesis, and changed only by an enact.
type Charter struct {
	_            struct{} `cbor:",toarray"`
	Name         string   // 1 to [MaxCharterName] bytes
	Purpose      string
	Bounds       Bounds
	Categories   []string
	ReviewOn     string // 2006-01-02, or empty
	KDiv         uint64 // at least n/KDiv stand up for a decision
	BDiv         uint64 // n/BDiv concerns stop it
	WindowDays   uint64 // for how long the circle can have seen it
	History      uint64 // [HistoryAll] or [HistoryFromJoining]
	SponsorsFrom uint64 // from how many members on a newcomer needs a sponsor for voice
}

// DefaultCharter returns the charter a circle begins with if nobody says otherwise.
func DefaultCharter(name string) Charter {
	return Charter{Name: name, KDiv: 4, BDiv: 5, WindowDays: 7, SponsorsFrom: 8}
}

// Check holds the limits of a charter.
func (c Charter) Check() error {
	texts := []struct {
		what, text string
		limit      int
	}{{"name", c.Name, MaxCharterName}, {"purpose", c.Purpose, MaxCharterPurpose},
		{"ways to ask", c.Bounds.Ways, MaxCharterBound}, {"quiet hours", c.Bounds.Quiet, MaxCharterBound},
		{"reply time", c.Bounds.Reply, MaxCharterBound}, {"radius", c.Bounds.Radius, MaxCharterBound},
		{"area", c.Bounds.Area, MaxCharterBound}, {"who may ask", c.Bounds.Who, MaxCharterBound},
		{"not from me", c.Bounds.NotFromMe, MaxCharterBound}, {"emergency", c.Bounds.Emergency, MaxCharterBound}}
	for _, t := range texts {
		if len(t.text) > t.limit || !utf8.ValidString(t.text) {
			return fmt.Errorf("charter's %s of %d bytes, limit %d", t.what, len(t.text), t.limit)
		}
	}
	for _, category := range c.Categories {
		if category == "" || len(category) > MaxCategory || !utf8.ValidString(category) {
			return fmt.Errorf("charter's category %q is empty or over %d bytes", category, MaxCategory)
		}
	}
	switch {
	case c.Name == "":
		return errors.New("charter without a name")
	case len(c.Categories) > MaxCategories:
		return fmt.Errorf("charter with %d categories, limit %d", len(c.Categories), MaxCategories)
	case c.KDiv < 1 || c.KDiv > MaxDivisor || c.BDiv < 1 || c.BDiv > MaxDivisor:
		return fmt.Errorf("charter's divisors %d and %d are not within 1 and %d", c.KDiv, c.BDiv, MaxDivisor)
	case c.WindowDays < 1 || c.WindowDays > MaxWindowDays:
		return fmt.Errorf("charter's window of %d days is not within 1 and %d", c.WindowDays, MaxWindowDays)
	case c.History > HistoryFromJoining:
		return fmt.Errorf("charter's history %d is unknown", c.History)
	case c.SponsorsFrom > MaxSponsorsFrom:
		return fmt.Errorf("charter's sponsors_from %d, limit %d", c.SponsorsFrom, MaxSponsorsFrom)
	}
	if c.ReviewOn != "" {
		if day, err := time.Parse(time.DateOnly, c.ReviewOn); err != nil || day.Format(time.DateOnly) != c.ReviewOn {
			return fmt.Errorf("charter's review date %q is no date", c.ReviewOn)
		}
	}
	return nil
}

// stands is k(n): how many must stand up for a decision by consent.
func (c *Charter) stands(n int) int { return max(2, ceilDiv(n, int(c.KDiv))) }

// concerns is b(n): how many concerns stop a decision, or a newcomer's voice.
func (c *Charter) concerns(n int) int { return max(2, ceilDiv(n, int(c.BDiv))) }

func ceilDiv(n, d int) int { return (n + d - 1) / d }

package circle

// Bounds on what a body may hold. Each text has a bound in characters (Unicode
// code points) and one in bytes; both are part of the format (SPEC.md, kinds
// 64–81) and can never become smaller. A body beyond one has no effect.
const (
	MaxTitle, MaxTitleBytes       = 120, 480
	MaxDetails, MaxDetailsBytes   = 4000, 12000
	MaxCategory, MaxCategoryBytes = 60, 240
	MaxArea, MaxAreaBytes         = 120, 480
	MaxCosts, MaxCostsBytes       = 200, 800
	MaxPlace, MaxPlaceBytes       = 300, 1200
	MaxPhone, MaxPhoneBytes       = 60, 240
	MaxNote, MaxNoteBytes         = 4000, 12000
	MaxWordNote, MaxWordNoteBytes = 500, 2000
	MaxText, MaxTextBytes         = 8000, 24000
	MaxName, MaxNameBytes         = 60, 240
	MaxSection, MaxSectionBytes   = 2000, 6000

	// MaxWhens is how many dates a post may name one by one.
	MaxWhens = 60
	// MaxSkips is how many dates of a repeat may be left out.
	MaxSkips = 100
	// MaxPeople is how many people one slot may ask for.
	MaxPeople = 200
	// MaxTo is how many members one audience may name, the author included.
	MaxTo = 64
	// MaxFadeDays is the longest time after closing that a record asks to be kept.
	MaxFadeDays = 3650
	// MaxUnder is the greatest number of a standing consent.
	MaxUnder = 1000
	// MaxHow is how many ways of listening a post may name.
	MaxHow = 3
	// MaxEdits is how many fields one edit may name.
	MaxEdits = 20
	// MaxAbout is how many records an agreement may be about.
	MaxAbout = 8
	// MaxParents is how many texts a new text may follow.
	MaxParents = 8
	// MaxReplaces is how many of their own words a word may replace.
	MaxReplaces = 4
	// MaxHeard is how many words the closing of a decision may list.
	MaxHeard = 1000
	// MaxValues is how many values one member section may hold.
	MaxValues = 32
	// MaxMarkValue bounds the value of a mark, in bytes: a slot or a member id.
	MaxMarkValue = 64
	// MaxZoneBytes bounds the name of a time zone.
	MaxZoneBytes = 64
	// MaxRuleBytes bounds a repeating rule.
	MaxRuleBytes = 200
	// MaxSectionName bounds the name of a member section, in bytes.
	MaxSectionName = 32
	// MaxParties is how many people one agreement may hold.
	MaxParties = 32

	// MaxSlots is how many slots a post may have.
	MaxSlots = 400
	// SlotDays is how far from its first date a repeat reaches.
	SlotDays = 400
	// MinPrefix is the fewest hex digits by which an id may be named.
	MinPrefix = 6
)

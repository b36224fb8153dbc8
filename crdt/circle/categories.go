package circle

import "slices"

// Category is a kind of thing that people need and offer. A circle may name its own, and
// anybody may write another; these are there to begin with.
type Category struct {
	Key     string // names it in the catalogues
	English string
	// Tender says that what is asked of this kind is so unless its author says otherwise.
	Tender bool
}

// Categories are those that a circle begins with.
var Categories = []Category{
	{"listening", "listening and company", false},
	{"meals", "meals", false},
	{"errands", "errands", false},
	{"lifts", "lifts", false},
	{"childcare", "childcare", false},
	{"house", "dishes and house", false},
	{"pets", "pets", false},
	{"paperwork", "paperwork", false},
	{"repairs", "repairs", false},
	{"things", "things to borrow", false},
	{"keep", "things to keep", false},
	{"stay", "a place to stay", false},
	{"knowhow", "know-how", false},
	{"grief", "grief", true},
	{"dying", "dying", true},
	{"money", "money", true},
	{"burnout", "burnout", true},
	{"relationships", "relationships", true},
}

// TenderCategory reports whether a category, by its English name or its key, is one of
// those that are tender unless one says otherwise.
func TenderCategory(name string) bool {
	return slices.ContainsFunc(Categories, func(c Category) bool {
		return c.Tender && (fold(name) == fold(c.English) || fold(name) == c.Key)
	})
}

package circle

import "slices"

// Category is a kind of thing that people need and offer. A circle may name its own, and
// anybody may write another; these are there to begin with.
type Category struct {
	Key string // names it in the catalogues
	// Tender says that what is asked of this kind is so unless its author says otherwise.
	Tender bool
}

// Categories are those that a circle begins with.
var Categories = []Category{
	{"listening", false},
	{"meals", false},
	{"errands", false},
	{"lifts", false},
	{"childcare", false},
	{"house", false},
	{"pets", false},
	{"paperwork", false},
	{"repairs", false},
	{"things", false},
	{"keep", false},
	{"stay", false},
	{"knowhow", false},
	{"grief", true},
	{"dying", true},
	{"money", true},
	{"burnout", true},
	{"relationships", true},
}

// TenderCategory reports whether a category, by its key, is one of
// those that are tender unless one says otherwise.
func TenderCategory(name string) bool {
	return slices.ContainsFunc(Categories, func(c Category) bool {
		return c.Tender && fold(name) == c.Key
	})
}

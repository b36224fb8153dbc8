package view

// Day is one day of the week board, with what is on it.
type Day struct {
	Date string `json:"date"` // "2026-12-01"
	// Entries are in order of hour, then title.
	Entries []Entry `json:"entries"`
	// HardDays are others', each person once. They are for the reader alone: no printed
	// week and no calendar has them.
	HardDays []HardDay `json:"hard_days,omitempty"`
}

// Entry is one line of a day: a slot of a need with who comes, or what two agreed
// between them.
type Entry struct {
	// ID is that of the need, or of the agreement where there is none; Kind says
	// which.
	ID   string `json:"id"`
	Kind string `json:"kind"`
	// Agreement is the reader's own on that slot.
	Agreement string `json:"agreement,omitempty"`
	Slot      string `json:"slot"`
	Title     string `json:"title"` // "something private" for what is tender
	Tender    bool   `json:"tender,omitempty"`
	// State is "open" or "covered".
	State string `json:"state"`
	// Mine says that it is the reader's own need, or that they come.
	Mine bool `json:"mine,omitempty"`
	// Wanted is how many places there are; absent where there is no need.
	Wanted int `json:"wanted,omitempty"`
	// People come, ascending by id.
	People []Person `json:"people,omitempty"`
}

// Shelf is what a circle has and could use in one category, newest first.
type Shelf struct {
	Category string `json:"category"`
	Offers   []Post `json:"offers"`
	Needs    []Post `json:"needs"`
}

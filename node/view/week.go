package view

// Day is one day of the week board, with what is on it.
type Day struct {
	Date string `json:"date"` // "2026-12-01"
	// Entries are in order of hour, then id.
	Entries []Entry `json:"entries"`
}

// Entry is one slot of the week board.
type Entry struct {
	ID    string `json:"id"`
	Kind  string `json:"kind"` // "need", "offer" or "agreement"
	Slot  string `json:"slot"`
	Title string `json:"title"` // "something private" for what is tender
	// State is "open", "covered" or "mine".
	State  string   `json:"state"`
	Wanted int      `json:"wanted,omitempty"`
	People []Person `json:"people,omitempty"`
}

// Shelf is the offers of one category, on the map of what there is.
type Shelf struct {
	// Category is "" for offers without one, which come last.
	Category string `json:"category"`
	Offers   []Post `json:"offers"`
}

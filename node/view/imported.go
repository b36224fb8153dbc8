package view

// Imported is what became of a table of needs and offers.
type Imported struct {
	Rows []ImportedRow `json:"rows"`
	// Problems counts the rows that cannot be posted; with one of them nothing is.
	Problems int `json:"problems"`
	// IDs are what was posted, in the order of the rows; absent where nothing was.
	IDs []string `json:"ids,omitempty"`
}

// ImportedRow is one row of the table.
type ImportedRow struct {
	Line  int    `json:"line"` // of the file, from 1
	Kind  string `json:"kind"` // "need" or "offer"
	Title string `json:"title"`
	// Problem says why it cannot be posted; absent where it can.
	Problem string `json:"problem,omitempty"`
	Hint    string `json:"hint,omitempty"`
	// There is what this member posted before that says the same and is open still: then
	// the row is left out. Absent where there is nothing.
	There string `json:"there,omitempty"`
}

// ToPost counts the rows of which nothing is there.
func (i *Imported) ToPost() int {
	n := 0
	for _, row := range i.Rows {
		if row.There == "" {
			n++
		}
	}
	return n
}

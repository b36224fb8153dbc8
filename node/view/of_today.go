package view

// Today returns the home page of this member.
func (s Source) Today() Today { return Today{} }

// Week returns the week board.
func (s Source) Week() []Day { return []Day{} }

// Map returns the offers that are alive by category, newest first in each; those
// without a category come last.
func (s Source) Map() []Shelf { return []Shelf{} }

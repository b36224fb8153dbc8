package view

import "time"

// PageLink opens the page, once.
type PageLink struct {
	Link    string    `json:"link"`
	Expires time.Time `json:"expires"`
}

// Screen is another device that shows this home's page.
type Screen struct {
	ID    string    `json:"id"`
	Name  string    `json:"name"` // what its browser calls itself
	Since time.Time `json:"since"`
	Seen  time.Time `json:"seen"`
}

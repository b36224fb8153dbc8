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

// CalendarLink is the secret address of a member's calendar in one circle.
type CalendarLink struct {
	// Link is for programs on this machine, Network for those on its local networks,
	// where the page is served there.
	Link    string   `json:"link"`
	Network []string `json:"network,omitempty"`
}

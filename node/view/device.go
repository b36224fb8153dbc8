package view

// Phrase is 24 words for paper, and the circles they bring a member back into.
type Phrase struct {
	Words   []string `json:"words,omitempty"`
	Circles []string `json:"circles"` // names
	// Lost says that no words bring these circles back: their keys were made by an
	// earlier version. Trustees can.
	Lost bool `json:"lost,omitempty"`
}

package view

import "time"

// Phrase is 24 words for paper, and the circles they bring a member back into.
type Phrase struct {
	Words   []string `json:"words,omitempty"`
	Circles []string `json:"circles"` // names
	// Lost says that no words bring these circles back: their keys were made by an
	// earlier version. Trustees can.
	Lost bool `json:"lost,omitempty"`
}

// Device is a device of oneself in a circle.
type Device struct {
	ID string `json:"id"` // its key in this circle
	// This is the one that answers.
	This  bool       `json:"this,omitempty"`
	State string     `json:"state"` // "in" or "out"
	Added time.Time  `json:"added"`
	Heard *time.Time `json:"heard,omitempty"`
}

// Linking is how far two devices of one member have come.
type Linking struct {
	// Words are six words that both devices show; absent until they met.
	Words string `json:"words,omitempty"`
	// Circles are the names of those that the new device is in now.
	Circles []string `json:"circles"`
	Done    bool     `json:"done"`
}

// Recovery is what somebody who lost everything shows to those who stand for them.
type Recovery struct {
	Text  string `json:"text"`  // the code
	Words string `json:"words"` // six, to compare by voice
}

package view

import "time"

// PairNote is what the reader keeps about somebody, on their home alone.
type PairNote struct {
	N      int    `json:"n"`
	Member Person `json:"member"`
	Text   string `json:"text"`
	On     string `json:"on,omitempty"`
	Yearly bool   `json:"yearly,omitempty"`
}

// Ceiling is how much the reader means to carry in a week, on their home alone.
type Ceiling struct {
	Week     int  `json:"week,omitempty"` // missing: none
	TellRoom bool `json:"tell_room,omitempty"`
}

// Reflections are the reader's answers to a question of their own, the oldest first.
type Reflections struct {
	Question string       `json:"question"`
	Answers  []Reflection `json:"answers"`
}

// Reflection is one answer.
type Reflection struct {
	Made time.Time `json:"made"`
	Text string    `json:"text"`
}

// Mirror is what moved through the reader lately, for them alone: in words and a few
// names, and never in numbers.
type Mirror struct {
	Since string   `json:"since"`
	Lines []string `json:"lines"`
	Ask   string   `json:"ask"`
	Rest  string   `json:"rest"`
}

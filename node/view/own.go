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

// Followed are the categories of needs that the reader follows.
type Followed struct {
	Categories []string `json:"categories"`
}

// Remind is how long before an agreement the reader is reminded: "1h", "2d" or "never".
type Remind struct {
	Before string `json:"before"`
}

// Digest is what there is to tell the reader, and their rhythm: "day", "week" or "never".
type Digest struct {
	Every string `json:"every"`
	At    string `json:"at,omitempty"`
	Out   string `json:"out,omitempty"`
	Mail  string `json:"mail,omitempty"`
	// Asked is what came for them alone or changed in their agreements; ICould are needs of
	// kinds that they follow, Ahead their agreements of the coming days.
	Asked  []Item `json:"asked"`
	ICould []Item `json:"i_could"`
	Ahead  []Item `json:"ahead"`
	// HardDays are others' in the days to come, each person once a day.
	HardDays []HardDay   `json:"hard_days,omitempty"`
	Look     []Attention `json:"look"`
}

// Empty reports whether there is nothing to tell.
func (d *Digest) Empty() bool {
	return len(d.Asked)+len(d.ICould)+len(d.Ahead)+len(d.HardDays)+len(d.Look) == 0
}

// Mirror is what moved through the reader lately, for them alone: in words and a few
// names, and never in numbers.
type Mirror struct {
	Since string   `json:"since"`
	Lines []string `json:"lines"`
	Ask   string   `json:"ask"`
	Rest  string   `json:"rest"`
}

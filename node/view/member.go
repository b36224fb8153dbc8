package view

import (
	"time"

	"tend/crdt/circle"
)

// Member is one person of the circle as the reader may see them.
type Member struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// State is "newcomer", "member", "away", "left" or "removed".
	State string `json:"state"`
	Voice bool   `json:"voice"`
	Room  *Room  `json:"room,omitempty"`
	// Card and Bounds hold the sections the reader may see, by key.
	Card   map[string]string `json:"card,omitempty"`
	Bounds map[string]string `json:"bounds,omitempty"`
	// Readers are who reads each section that says something, by its name; of oneself only.
	Readers   map[string]Readers `json:"readers,omitempty"`
	Languages []string           `json:"languages,omitempty"`
	Contact   []string           `json:"contact,omitempty"`
	Area      string             `json:"area,omitempty"`
	Free      []string           `json:"free,omitempty"`
	Listening *Listening         `json:"listening,omitempty"`
	// Heard says how lately a device of theirs was heard from; it may be coarse.
	Heard       *time.Time   `json:"heard,omitempty"`
	Consents    []Consent    `json:"consents,omitempty"`
	TenderDates []TenderDate `json:"tender_dates,omitempty"`
	// Unlisted says that they asked not to stand on lists that are printed.
	Unlisted bool `json:"unlisted,omitempty"`
	// Devices is how many the reader has; of oneself only.
	Devices int `json:"devices,omitempty"`
	// AwayUntil is set while State is "away" and a date was said.
	AwayUntil *time.Time `json:"away_until,omitempty"`
	// Notes stand in what "show" answers only.
	Notes []Note `json:"notes,omitempty"`
	// MyNotes are the reader's own about this member, on their home alone; there as Notes are.
	MyNotes []PairNote `json:"my_notes,omitempty"`
	// Why is what speaks for asking them; in what "who" answers only. WhySaid names it in
	// the page's catalogues.
	Why     []string      `json:"why,omitempty"`
	WhySaid []circle.Said `json:"-"`
}

// Readers are who reads a section of one's own page: "circle", "pod" or people.
type Readers struct {
	Pod bool // whoever is in one's pod
	// People is nil for the circle, and where Pod is set.
	People []Person
}

// MarshalJSON writes "circle", "pod" or the list of people.
func (r Readers) MarshalJSON() ([]byte, error) {
	if r.Pod {
		return []byte(`"pod"`), nil
	}
	return Audience{People: r.People}.MarshalJSON()
}

// UnmarshalJSON reads what MarshalJSON writes.
func (r *Readers) UnmarshalJSON(data []byte) error {
	*r = Readers{Pod: string(data) == `"pod"`}
	if r.Pod {
		return nil
	}
	var a Audience
	err := a.UnmarshalJSON(data)
	r.People = a.People
	return err
}

// Room is what a member can carry now.
type Room struct {
	Level string `json:"level"` // "open", "some", "little" or "resting"
	Until string `json:"until,omitempty"`
}

// Listening says that a member is open to listening now.
type Listening struct {
	Until string `json:"until,omitempty"`
}

// Consent is something a member said yes to beforehand.
type Consent struct {
	N     int      `json:"n"`
	If    string   `json:"if"`
	Then  string   `json:"then"`
	Who   []Person `json:"who,omitempty"`
	Until string   `json:"until,omitempty"`
	// Pod says that it is for their pod; who is in that, not every reader knows.
	Pod bool `json:"pod,omitempty"`
	// Audience are its readers; of one's own only.
	Audience *Audience `json:"audience,omitempty"`
}

// TenderDate is a hard day of a member.
type TenderDate struct {
	N       int    `json:"n"`
	Date    string `json:"date"`
	Text    string `json:"text,omitempty"`
	Welcome string `json:"welcome,omitempty"`
	Yearly  bool   `json:"yearly,omitempty"`
	// FollowUps are those after the date, as "1w" or "3m".
	FollowUps []string `json:"follow_ups,omitempty"`
	// Next is the first of its days from today on.
	Next string `json:"next,omitempty"`
	// Audience are its readers; of one's own only.
	Audience *Audience `json:"audience,omitempty"`
}

// HardDay is a day on which it is good to think of somebody. What it is, is not said.
type HardDay struct {
	Member Person `json:"member"`
	Date   string `json:"date"`
	// After is missing on the day itself, else how long after it, as "1w" or "3m".
	After string `json:"after,omitempty"`
	// Welcome is what would be welcome, in what "today" answers only.
	Welcome string `json:"welcome,omitempty"`
}

// Charter is what a circle agreed on.
type Charter struct {
	Name        string            `json:"name"`
	Purpose     string            `json:"purpose,omitempty"`
	Bounds      map[string]string `json:"bounds,omitempty"`
	Categories  []string          `json:"categories,omitempty"`
	OutsideHelp []string          `json:"outside_help,omitempty"`
	ReviewOn    string            `json:"review_on,omitempty"`
	// History is "all" or "from-joining": what newcomers may read.
	History string `json:"history"`
	// The numbers of its rule: of n with voice, n/KDiv stand up for a decision about the
	// circle and n/BDiv concerns stop it, WindowDays are the circle's to see it, and from
	// SponsorsFrom members on a newcomer's voice waits for somebody else's welcome.
	KDiv         uint64        `json:"k_div"`
	BDiv         uint64        `json:"b_div"`
	WindowDays   uint64        `json:"window_days"`
	SponsorsFrom uint64        `json:"sponsors_from"`
	Words        []CharterWord `json:"words,omitempty"`
}

// CharterWord is what the charter means to a member.
type CharterWord struct {
	Member Person `json:"member"`
	Text   string `json:"text"`
}

package view

import (
	"encoding/json"
	"errors"
	"time"
)

// Person is a member by id and by the name they gave themselves.
type Person struct {
	// ID is the member id, 64 hex digits.
	ID string `json:"id"`
	// Name may be empty: no name was read yet.
	Name string `json:"name"`
}

// Post is a need or an offer.
type Post struct {
	ID       string `json:"id"`
	Kind     string `json:"kind"` // "need" or "offer"
	Circle   string `json:"circle"`
	Title    string `json:"title"`
	Details  string `json:"details,omitempty"`
	Category string `json:"category,omitempty"`
	Author   Person `json:"author"`
	// For is who receives; absent where that is the author.
	For *Person `json:"for,omitempty"`
	// Status is "open", "waiting", "enough", "met", "withdrawn" or "resting".
	Status string `json:"status"`
	// Stale says of an open offer that nobody said for long whether it is still so; its
	// owner is asked. It is there all the same.
	Stale bool `json:"stale,omitempty"`
	// When is each date as it was written; absent means anytime.
	When []string `json:"when,omitempty"`
	By   string   `json:"by,omitempty"`
	// People is how many each slot has places for, at least 1.
	People  int  `json:"people"`
	ExtraOK bool `json:"extra_ok,omitempty"`
	// Newcomers is how many places of each date are kept for who is new here.
	Newcomers int      `json:"newcomers,omitempty"`
	Repeat    string   `json:"repeat,omitempty"` // an RRULE
	Skips     []string `json:"skips,omitempty"`
	Area      string   `json:"area,omitempty"`
	Costs     string   `json:"costs,omitempty"`
	How       []string `json:"how,omitempty"`
	Tender    bool     `json:"tender,omitempty"`
	Under     int      `json:"under,omitempty"`
	FadesOn   string   `json:"fades_on,omitempty"`
	// Faded says that its words were let go: a stub is all there is.
	Faded    bool     `json:"faded,omitempty"`
	Slots    []Slot   `json:"slots"`
	SignUp   string   `json:"sign_up"` // "open" or "ask-first"
	Audience Audience `json:"audience"`
	// NotNow are those who said "not now"; its author alone sees it.
	NotNow []Person   `json:"not_now,omitempty"`
	Made   time.Time  `json:"made"`
	Edited *time.Time `json:"edited,omitempty"`
	// Agreements are the ids of the agreements about it, ascending.
	Agreements []string `json:"agreements,omitempty"`
	// Notes and Texts stand in what "show" answers only.
	Notes []Note `json:"notes,omitempty"`
	Texts []Text `json:"texts,omitempty"`
}

// Slot is one open place on a date.
type Slot struct {
	// Slot is "2006-01-02T15:04", "2006-01-02", or "" for an undated post.
	Slot   string `json:"slot"`
	Wanted int    `json:"wanted"`
	// Yes are those who said yes, by id.
	Yes []Person `json:"yes"`
	// StandBy are those who asked to be asked first if a place opens, in that order.
	StandBy []Person `json:"stand_by,omitempty"`
	// Kept is how many of the open places are kept for newcomers just now: until the day
	// before.
	Kept int `json:"kept_for_newcomers,omitempty"`
	// Over says that more said yes than there are places.
	Over bool `json:"over"`
	// Heard says whose homes are known to hold the newest word on the slot.
	Heard []Heard `json:"heard,omitempty"`
}

// Heard says when a member's home was last heard from, and how many ops of this
// circle it is known to lack.
type Heard struct {
	Member Person    `json:"member"`
	At     time.Time `json:"at"`
	Behind int       `json:"behind"`
}

// Audience is who may read a record: the circle, or the people named.
type Audience struct {
	// People is nil for the circle, else by name.
	People []Person
}

// MarshalJSON writes "circle" or the list of people.
func (a Audience) MarshalJSON() ([]byte, error) {
	if a.People == nil {
		return []byte(`"circle"`), nil
	}
	return json.Marshal(a.People)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (a *Audience) UnmarshalJSON(data []byte) error {
	var word string
	if json.Unmarshal(data, &word) == nil {
		if word != "circle" {
			return errors.New(`audience: want "circle" or a list of people`)
		}
		a.People = nil
		return nil
	}
	a.People = []Person{}
	return json.Unmarshal(data, &a.People)
}

// Note is something a member wrote on a record.
type Note struct {
	ID     string    `json:"id"`
	Kind   string    `json:"kind"` // comment, thanks, check_in, farewell…
	Author Person    `json:"author"`
	Text   string    `json:"text"`
	Made   time.Time `json:"made"`
}

// Text is one text of an agreement or a post, beside the words on it.
type Text struct {
	// Rev is the hash of the text, hex.
	Rev   string `json:"rev"`
	What  string `json:"what"`
	When  string `json:"when,omitempty"`
	Area  string `json:"area,omitempty"`
	Costs string `json:"costs,omitempty"`
	Slot  string `json:"slot,omitempty"`
	// Newest says that no other text has this one for a parent.
	Newest bool `json:"newest,omitempty"`
	// By wrote it; absent where nobody's name is on it.
	By   *Person    `json:"by,omitempty"`
	Made *time.Time `json:"made,omitempty"`
}

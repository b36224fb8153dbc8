package view

import (
	"time"

	"tend/crdt/circle"
)

// Agreement is a joint thing of some people and each one's own word on it.
type Agreement struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"` // "agreement"
	Circle string `json:"circle"`
	// About are the posts it is about, or of a May I the member asked.
	About []string `json:"about"`
	What  string   `json:"what"`
	When  string   `json:"when,omitempty"`
	Area  string   `json:"area,omitempty"`
	Costs string   `json:"costs,omitempty"`
	Slot  string   `json:"slot"`
	// Audience is who may read it: of a May I the two.
	Audience Audience `json:"audience"`
	// Place is for its parties only.
	Place   *Place  `json:"place,omitempty"`
	Parties []Party `json:"parties"`
	// State is "proposed", "agreed", "done", "passed", "released" or "lapsed".
	State string `json:"state"`
	// Rev is the newest text, hex; Versions how many there are.
	Rev      string `json:"rev"`
	Versions int    `json:"versions"`
	// Tender says that it is about something tender: its words stand in no notice, digest
	// or printout.
	Tender bool      `json:"tender,omitempty"`
	Made   time.Time `json:"made"`
	// ReviewOn is the day on which its people look at it again; it ends nothing.
	ReviewOn string `json:"review_on,omitempty"`
	// Notes and Texts stand in what "show" answers only.
	Notes []Note `json:"notes,omitempty"`
	Texts []Text `json:"texts,omitempty"`
}

// Party is one person in an agreement, with their word on its newest text.
type Party struct {
	Member Person `json:"member"`
	Word   string `json:"word"` // "yes", "not_now", "released" or "none"
	// Current says that the word is on the newest text.
	Current bool `json:"current"`
}

// Place is where an agreement happens, sealed to its parties.
type Place struct {
	Where string `json:"where,omitempty"`
	Code  string `json:"code,omitempty"`
	Phone string `json:"phone,omitempty"`
}

// Today is the home page: what asks for me, what I could do, what we agreed, and
// what needs looking at together.
type Today struct {
	ForMe    []Item      `json:"for_me"`
	ICould   []Item      `json:"i_could"`
	WeAgreed []Item      `json:"we_agreed"`
	Look     []Attention `json:"look"`
	// Reminders are notes of the reader's own whose day has come; nobody else has them.
	Reminders []PairNote `json:"reminders,omitempty"`
	// Still says that the reader is in their quiet hours, or rests; what was asked of
	// them since lies still, until StillUntil where that is known.
	Still      bool   `json:"still,omitempty"`
	StillUntil string `json:"still_until,omitempty"`
	// Soon are agreements that begin within the time the reader wished to be reminded before.
	Soon []Item `json:"soon,omitempty"`
	// HardDays are those of others, of today and of the days just gone.
	HardDays []HardDay `json:"hard_days,omitempty"`
	// First are small steps, "ask" and "offer", that somebody new here has not taken yet.
	First []string `json:"first,omitempty"`
}

// Attention is something the people concerned should settle together.
type Attention struct {
	Kind    string   `json:"kind"` // "two_yeses", "terms_moved"…
	About   []string `json:"about"`
	Text    string   `json:"text"`
	Choices []Choice `json:"choices"`
	// Said names the text in the page's catalogues.
	Said circle.Said `json:"-"`
}

// Choice is one way to settle an [Attention]: a sentence, and the command line
// that does it.
type Choice struct {
	Say  string      `json:"say"`
	Do   string      `json:"do"`
	Said circle.Said `json:"-"` // of Say, in the page's catalogues
}

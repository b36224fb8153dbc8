package view

import "time"

// Pod is the few a member would turn to, and those whose pod they are in.
type Pod struct {
	Mine  []PodMember `json:"mine"`
	IAmIn []Person    `json:"i_am_in"`
	// AsksMe are those who wait for the reader's word.
	AsksMe []Person `json:"asks_me,omitempty"`
	// CheckIns is "open" where the reader's pod may read check-ins about them.
	CheckIns string `json:"check_ins"`
}

// PodMember is one whom the reader asked into their pod.
type PodMember struct {
	Member Person `json:"member"`
	Said   string `json:"said"` // "yes", "asked" or "not_now"
}

// Group is a list of people of the reader's own, on this home alone.
type Group struct {
	Name    string   `json:"name"`
	Members []Person `json:"members"`
}

// Widening is what more people would get, before they are asked.
type Widening struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Details string `json:"details,omitempty"`
	// Readers are all who would read it then, New those who do not yet.
	Readers Audience `json:"readers"`
	New     []Person `json:"new"`
	// NotesStay counts the notes that stay with the first readers.
	NotesStay int `json:"notes_stay,omitempty"`
}

// Faces are who would read something, before it is written.
type Faces struct {
	Readers Audience `json:"readers"`
	// Asked are they, where they are a few, and how each likes to be asked.
	Asked []Asked `json:"asked,omitempty"`
}

// Forgetting says how far a retraction got: how many devices of members are known
// to have it.
type Forgetting struct {
	Confirmed int `json:"confirmed"`
	Devices   int `json:"devices"`
}

// Retracted is what is left of something that its author took back.
type Retracted struct {
	ID     string     `json:"id"`
	Kind   string     `json:"kind"` // "retracted"
	Author Person     `json:"author"`
	Made   time.Time  `json:"made"` // when it was taken back
	Asked  Forgetting `json:"asked_to_forget"`
}

package view

import "time"

// Talk is two people trying to hear each other, as one of those in it sees it.
type Talk struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"` // "talk"
	Circle string `json:"circle"`
	// With are the others in it; Two its two people, who tells first before the other;
	// Third accompanies them.
	With  []Person `json:"with"`
	Two   []Person `json:"two"`
	Third *Person  `json:"third,omitempty"`
	// ThirdAsked is whom both would like along, and who has not said yes; ThirdBy names
	// whom one of the two would like along and the other has not said yes to.
	ThirdAsked *Person     `json:"third_asked,omitempty"`
	ThirdBy    []ThirdWish `json:"third_by,omitempty"`
	About      string      `json:"about,omitempty"`
	Sentence   string      `json:"sentence"`
	// Gate is "invited", "listening", "feeling", "common", "partnering" or "ended";
	// Outcome "agreement", "pause" (the gate stays), "parting" or "ended".
	Gate    string `json:"gate"`
	Outcome string `json:"outcome,omitempty"`
	// YourTurn says that it waits for the reader, Next what comes next for them: a step
	// of "tend talk", with "_" for "-".
	YourTurn    bool     `json:"your_turn,omitempty"`
	Next        string   `json:"next,omitempty"`
	PausedUntil string   `json:"paused_until,omitempty"`
	PausedBy    []Person `json:"paused_by,omitempty"`
	// Kept says that words of the reader's wait on this home; KeptWords are they.
	Kept      bool        `json:"kept,omitempty"`
	KeptWords []KeptWords `json:"kept_words,omitempty"`
	// Answers are each person's own word on the talk as a whole.
	Answers []TalkAnswer `json:"answers,omitempty"`
	Steps   []TalkStep   `json:"steps"`
	Common  []Sentence   `json:"common"`
	// Agreements are those drafted in it.
	Agreements []string  `json:"agreements,omitempty"`
	FadesOn    string    `json:"fades_on,omitempty"`
	Faded      bool      `json:"faded,omitempty"`
	Made       time.Time `json:"made"`
}

// KindTalk is the kind of a talk among items.
const KindTalk = "talk"

// ThirdWish is somebody whom one of the two would like along.
type ThirdWish struct {
	By     Person `json:"by"`
	Member Person `json:"member"`
}

// KeptWords wait on this home for their turn.
type KeptWords struct {
	Step string `json:"step"` // "say", "say_back", "common" or "partner"
	Text string `json:"text"`
}

// TalkAnswer is what somebody said to a talk: "yes", "later", "not_now", "pause",
// "end", or "released" to part.
type TalkAnswer struct {
	Member Person `json:"member"`
	Word   string `json:"word"`
	Text   string `json:"text,omitempty"`
	Until  string `json:"until,omitempty"`
}

// TalkStep is one thing said in a talk, with what the other marked it with.
type TalkStep struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"` // "invitation", "say", "say_back", "feeling", "comment" or "farewell"
	Author Person `json:"author"`
	Text   string `json:"text"`
	Word   string `json:"word,omitempty"` // "heard", "not_quite" or "felt"
	// Said is what the other wrote beside the mark.
	Said string    `json:"said,omitempty"`
	Made time.Time `json:"made"`
}

// Sentence is one of those that may be common ground; it is where both are in Ours.
type Sentence struct {
	ID     string   `json:"id"`
	Author Person   `json:"author"`
	Text   string   `json:"text"`
	Ours   []Person `json:"ours"`
}

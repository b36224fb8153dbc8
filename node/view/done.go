package view

// Done is what a writing verb answers: the id of what it made, and the extras
// its verb names.
type Done struct {
	ID  string   `json:"id,omitempty"`
	IDs []string `json:"ids,omitempty"`
	// Unchanged says that the same had been said before.
	Unchanged bool `json:"unchanged,omitempty"`
	// Asked are the people a May I, an ask to some, or a talk went to.
	Asked []Asked `json:"asked,omitempty"`
	// Card is the care card of the person cared for, so that it is read then.
	Card         map[string]string `json:"card,omitempty"`
	AboveCeiling bool              `json:"above_ceiling,omitempty"`
	// NotReached are the people whose homes are known to lack the word.
	NotReached []NotReached `json:"not_reached,omitempty"`
	Agreements []string     `json:"agreements,omitempty"`
	Handover   []string     `json:"handover,omitempty"`
	// AskedToForget says how far a retraction got.
	AskedToForget *Forgetting `json:"asked_to_forget,omitempty"`
	// N is what a standing consent or a tender date is called by.
	N int `json:"n,omitempty"`
	// Emergency is what the circle says of emergencies, beside a need that is wanted by
	// today; Urgent says that there is such a need also where the circle says nothing.
	Urgent    bool   `json:"urgent,omitempty"`
	Emergency string `json:"emergency,omitempty"`
	// Radius is how far the circle goes, beside a post that names where it is.
	Radius string `json:"radius,omitempty"`
	// Thanks is what those who are thanked say of being thanked.
	Thanks []Thanks `json:"thanks,omitempty"`
	// Kept says that a talk's words wait on this node for their turn.
	Kept bool `json:"kept,omitempty"`
}

// Asked is one person asked directly, and how they like to be asked.
type Asked struct {
	Member     Person `json:"member"`
	RestsUntil string `json:"rests_until,omitempty"`
	// StillUntil is when their quiet hours or their rest end; what is asked lies still
	// until then. Missing where nothing keeps it from them, or nobody said when.
	StillUntil string   `json:"still_until,omitempty"`
	Reply      string   `json:"reply,omitempty"`
	Ways       []string `json:"ways,omitempty"`
	// Radius and Area are how far they go, and where, in their own words.
	Radius    string `json:"radius,omitempty"`
	Area      string `json:"area,omitempty"`
	NotFromMe bool   `json:"not_from_me,omitempty"`
	// ThroughCircle says that they are glad to be asked through the circle, and not
	// directly by this reader. Only before something is written.
	ThroughCircle bool `json:"through_circle,omitempty"`
}

// Thanks is what one person says of being thanked, in their own words.
type Thanks struct {
	Member Person `json:"member"`
	Says   string `json:"says"`
}

// NotReached is one person whose home has not heard yet. Call is the phone
// shared in the agreement.
type NotReached struct {
	Member Person `json:"member"`
	Call   string `json:"call,omitempty"`
}

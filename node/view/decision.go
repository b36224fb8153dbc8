package view

import (
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node/words"
)

// Decision is a text before the circle, with each person's own word on it. Who has
// not spoken is nowhere in it.
type Decision struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"` // "decision"
	Circle string `json:"circle"`
	Author Person `json:"author"`
	Text   string `json:"text"`
	// Would names the text in the page's catalogues, where nobody wrote it.
	Would circle.Said `json:"-"`
	// State is "open", "adopted", "to_reshape", "let_go" or "review_due".
	State    string         `json:"state"`
	Words    []DecisionWord `json:"words"`
	Closes   time.Time      `json:"closes"`
	ReviewOn string         `json:"review_on,omitempty"`
	About    string         `json:"about,omitempty"`
	Tag      string         `json:"tag,omitempty"`
	// Does is "remove", "charter", "lapse" or "recover"; absent for an ordinary
	// decision. Target is the member concerned.
	Does   string  `json:"does,omitempty"`
	Target *Person `json:"target,omitempty"`
	// Charter is what the circle's charter would become.
	Charter *Charter `json:"charter,omitempty"`
	// Needed is how many are to be heard, or of a decision about the circle to consent
	// for it to go at once; Heard how many have spoken.
	Needed   int `json:"needed"`
	Heard    int `json:"heard"`
	Versions int `json:"versions"`
	// Texts stand in what "show" answers, oldest first.
	Texts []DecisionText `json:"texts,omitempty"`
	Made  time.Time      `json:"made"`
	// DecidedBy carried a decision about the circle out.
	DecidedBy []Person `json:"decided_by,omitempty"`
	// Beside are the words of the person named, equally large.
	Beside []Note `json:"beside,omitempty"`
	Notes  []Note `json:"notes,omitempty"`
}

// DecisionWord is one person's word on a text.
type DecisionWord struct {
	Member Person `json:"member"`
	Word   string `json:"word"` // "consent", "stand_aside" or "concern"
	Text   string `json:"text,omitempty"`
}

// DecisionText is one version of a decision's text.
type DecisionText struct {
	Rev    string    `json:"rev"`
	Text   string    `json:"text"`
	By     Person    `json:"by"`
	Made   time.Time `json:"made"`
	Newest bool      `json:"newest,omitempty"`
	// Words are those that were given to an earlier text, and stay on it.
	Words []DecisionWord `json:"words,omitempty"`
}

// KindDecision is the kind of a decision among items.
const KindDecision = "decision"

var doesWords = map[uint64]string{membership.Remove: "remove", membership.Lapse: "lapse", membership.ChangeTo: "charter", membership.Recover: "recover"}

// Decisions returns the decisions of the circle, newest first; with All also those
// let go and those about the circle that are carried out.
func (s Source) Decisions(f Filter) []Decision {
	out := []Decision{}
	for _, d := range s.State.Decisions(s.Env, f.of(KindDecision)) {
		v := s.decision(d)
		if d.Would.Key != "" && !circle.Matches(f.Text, v.Text) {
			continue
		}
		v.Texts, v.Beside = nil, nil
		out = append(out, v)
	}
	return limited(out, f.Limit)
}

func (s Source) decision(d circle.Decision) Decision {
	if d.Would.Key != "" {
		d = said(d)
	}
	v := Decision{ID: d.ID.String(), Kind: KindDecision, Circle: s.Circle.String(), Author: s.Person(d.Author), Text: d.Text,
		State: d.State, Would: d.Would, Words: []DecisionWord{}, Closes: s.inZone(d.Closes), ReviewOn: d.ReviewOn, Tag: d.Tag, Does: doesWords[d.Does],
		Needed: d.Needed, Heard: d.Heard, Versions: len(d.Texts), Made: s.at(d.Made)}
	if !d.About.IsZero() {
		v.About = d.About.String()
	}
	if !d.Target.IsZero() {
		p := s.Person(d.Target)
		v.Target = &p
	}
	if d.Charter != nil {
		c := charterOf(*d.Charter)
		v.Charter = &c
	}
	v.Words = append(v.Words, s.decisionWords(d.Words)...)
	for _, t := range d.Texts {
		v.Texts = append(v.Texts, DecisionText{Rev: crdt.ID(t.Rev).String(), Text: t.Text, By: s.Person(t.By), Made: s.at(t.HLC), Newest: t.Newest,
			Words: s.decisionWords(t.Words)})
	}
	if len(d.DecidedBy) > 0 {
		v.DecidedBy = s.people(d.DecidedBy)
	}
	for _, n := range d.Beside {
		v.Beside = append(v.Beside, s.note(n))
	}
	return v
}

func (s Source) decisionWords(words []circle.DecisionWord) []DecisionWord {
	var out []DecisionWord
	for _, w := range words {
		out = append(out, DecisionWord{Member: s.Person(w.Member), Word: w.Word.String(), Text: w.Text})
	}
	return out
}

func (s Source) note(n circle.Note) Note {
	return Note{ID: n.ID.String(), Kind: n.Kind.String(), Author: s.Person(n.Author), Text: n.Text, Made: s.at(n.HLC)}
}

// outsideHelp are the texts of the adopted decisions with that tag, newest first; where a
// later one was adopted about it, as one that renews or ends it, that one stands.
func (s Source) outsideHelp() []string {
	var out []string
	followed := map[crdt.ID]bool{}
	for _, d := range s.State.Decisions(s.Env, circle.Filter{}) {
		if d.State != circle.DecisionAdopted && d.State != circle.DecisionReviewDue {
			continue
		}
		followed[d.About] = true // what it is about is older, and comes later
		if d.Tag == circle.TagOutsideHelp && !followed[d.ID] {
			out = append(out, d.Text)
		}
	}
	return out
}

// said is a decision whose text nobody wrote, with what it says in English.
func said(d circle.Decision) circle.Decision {
	d.Text = words.Told.Tell(d.Would)
	one := d.Texts[0]
	one.Text, one.Rev = d.Text, circle.TextRev(d.Text)
	d.Texts = []circle.DecisionText{one}
	return d
}

package view

import (
	"slices"
	"strings"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
)

// Asking is somebody who asks at this home's door to be known again. They were
// shown nothing.
type Asking struct {
	Name string `json:"name"` // as they said it
	// Member is who that is; absent while nobody said, and so are Text and Words: their
	// code, and the six words to compare by voice.
	Member *Person   `json:"member,omitempty"`
	Text   string    `json:"text,omitempty"`
	Words  string    `json:"words,omitempty"`
	Last   time.Time `json:"last"`
}

// Kinds of Attention about somebody who lost everything.
const (
	lookComingBack = "coming_back"
	lookAsksBack   = "asks_back"
)

// comingBack tells who lost a device and comes back, from the first who stands for
// them until it is done or let go; and before that, at the door where they ask.
func (s Source) comingBack() []circle.Attention {
	people, ok := s.People.(interface {
		Recoveries() []membership.RecoveryInfo
	})
	if !ok {
		return nil
	}
	var out []circle.Attention
	told := map[crdt.ID]bool{}
	for _, r := range people.Recoveries() {
		if told[r.Target] || !r.Open(s.Env.Now.UnixMilli()) {
			continue
		}
		told[r.Target] = true
		out = append(out, s.returner(r))
	}
	for _, a := range s.Asking {
		out = append(out, a.attention())
	}
	return out
}

// returner is one who comes back, as the others see it, or as they do themselves on
// a device that was thought lost.
func (s Source) returner(r membership.RecoveryInfo) circle.Attention {
	at := circle.Attention{Kind: lookComingBack, About: []crdt.ID{r.Target}}
	short := r.Target.String()[:8]
	if r.Target == s.Env.Me {
		at.Choices = append(at.Choices, circle.Choose(circle.As("choice.not_me"), "tend recover object"))
		return at.Saying("looks.in_your_name")
	}
	out := slices.Contains(s.LeftOut, r.Target)
	if !out {
		at.Choices = append(at.Choices, circle.Choose(circle.As("choice.without"), "tend recover without "+short))
	}
	if r.Ready {
		at.Choices = append(at.Choices, circle.Choose(circle.As("choice.back_in"), "tend recover finish "+short))
	}
	if out {
		return at.Saying("looks.coming_back_without", s.who(r.Target))
	}
	return at.Saying("looks.coming_back", s.who(r.Target))
}

func (a *Asking) attention() circle.Attention {
	at := circle.Attention{Kind: lookAsksBack}
	if a.Member == nil {
		at.Choices = append(at.Choices, circle.Choose(circle.As("choice.meant"), "tend recover meant "+shellWord(a.Name)+" MEMBER"))
		return at.Saying("looks.asks_back_unknown", a.Name)
	}
	if id, err := crdt.ParseID(a.Member.ID); err == nil {
		at.About = append(at.About, id)
	}
	at.Choices = append(at.Choices, circle.Choose(circle.As("choice.stand"), "tend recover stand "+a.Member.ID[:8]+" "+a.Text))
	return at.Saying("looks.asks_back", a.Name, a.Name, a.Words)
}

// shellWord quotes a word for a command line.
func shellWord(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

package view

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tend/crdt"
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
func (s Source) comingBack() []Attention {
	people, ok := s.People.(interface {
		Recoveries() []membership.RecoveryInfo
	})
	if !ok {
		return nil
	}
	var out []Attention
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
func (s Source) returner(r membership.RecoveryInfo) Attention {
	at := Attention{Kind: lookComingBack, About: []string{r.Target.String()}, Choices: []Choice{}}
	short := r.Target.String()[:8]
	if r.Target == s.Env.Me {
		at.Text = "Somebody comes back in your name. If that is not you, say so: then one more must stand for them."
		at.Choices = append(at.Choices, Choice{Say: "That is not me", Do: "tend recover object"})
		return at
	}
	at.Text = fmt.Sprintf("%s lost a laptop and is coming back; what is written in their name until then may not be theirs.", s.State.Name(r.Target))
	if slices.Contains(s.LeftOut, r.Target) {
		at.Text += " What you write for a few is not for their lost devices."
	} else {
		at.Choices = append(at.Choices, Choice{Say: "Keep what I write for a few from their lost devices", Do: "tend recover without " + short})
	}
	if r.Ready {
		at.Choices = append(at.Choices, Choice{Say: "Let them back in", Do: "tend recover finish " + short})
	}
	return at
}

func (a *Asking) attention() Attention {
	at := Attention{Kind: lookAsksBack, About: []string{}, Choices: []Choice{}}
	if a.Member == nil {
		at.Text = fmt.Sprintf("Somebody asks at your door to be let back in as “%s”. Nobody is called so here, or more than one. They were shown nothing.", a.Name)
		at.Choices = append(at.Choices, Choice{Say: "Say who that is", Do: "tend recover meant " + shellWord(a.Name) + " MEMBER"})
		return at
	}
	at.About = append(at.About, a.Member.ID)
	at.Text = fmt.Sprintf("Somebody asks at your door to be let back in as %s. They were shown nothing. Call %s: is it them, and do they read you the same words? %s",
		a.Name, a.Name, a.Words)
	at.Choices = append(at.Choices, Choice{Say: "It is them, with these words", Do: "tend recover stand " + a.Member.ID[:8] + " " + a.Text})
	return at
}

// shellWord quotes a word for a command line.
func shellWord(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

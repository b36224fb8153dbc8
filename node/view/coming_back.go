package view

import (
	"fmt"

	"tend/crdt"
	"tend/crdt/membership"
)

// comingBack tells who lost a device and comes back, from the first who stands for
// them until it is done.
func (s Source) comingBack() []Attention {
	people, ok := s.People.(interface {
		Recoveries() []membership.RecoveryInfo
	})
	if !ok {
		return nil
	}
	var out []Attention
	done := map[crdt.ID]bool{}
	for _, r := range people.Recoveries() {
		done[r.Target] = done[r.Target] || !r.Enact.IsZero()
	}
	told := map[crdt.ID]bool{}
	for _, r := range people.Recoveries() {
		if done[r.Target] || told[r.Target] {
			continue
		}
		told[r.Target] = true
		name := s.State.Name(r.Target)
		at := Attention{Kind: "coming_back", About: []string{r.Target.String()}, Choices: []Choice{},
			Text: fmt.Sprintf("%s lost a laptop and is coming back; what is written in their name until then may not be theirs.", name)}
		if r.Target == s.Env.Me {
			at.Text = "Somebody comes back in your name. If that is not you, say so: then one more must stand for them."
			at.Choices = append(at.Choices, Choice{Say: "That is not me", Do: "tend recover object"})
		} else if r.Ready {
			at.Choices = append(at.Choices, Choice{Say: "Let them back in", Do: "tend recover finish " + r.Target.String()[:8]})
		}
		out = append(out, at)
	}
	return out
}

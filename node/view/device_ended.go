package view

import (
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node/words"
)

// Ended is what a home is told that was one of its member's devices and is none any
// more, while the member may well be in the circle.
type Ended struct {
	// By ended it: a further device of the same member, whose id is Device; or,
	// where the member came back without it, whoever carried that out.
	By        Person    `json:"by"`
	Device    string    `json:"device,omitempty"`
	Recovered bool      `json:"recovered,omitempty"`
	At        time.Time `json:"at"`
	// WithoutEffect is what was written here meanwhile and whoever ended the device
	// had not seen.
	WithoutEffect []WithoutEffect `json:"without_effect,omitempty"`
	// Stays, Export and Door are sentences: what is left here, how to take it along,
	// and how this machine becomes a device again.
	Stays  string `json:"stays"`
	Export string `json:"export"`
	Door   string `json:"door"`
}

// Sentences of a device that was ended.
var (
	linkAgain  = circle.As("typed.ended_door")
	unseenHere = circle.As("typed.ended_unseen")
)

const lookDeviceEnded = "device_ended"

// Ended returns what this home is told of the end of its device; nil while it is one.
func (s Source) Ended() *Ended {
	people, ok := s.People.(interface {
		Device(crdt.Device) (membership.Device, bool)
		Ends(crdt.Device) []membership.End
	})
	if !ok {
		return nil
	}
	if d, ok := people.Device(s.Env.Dev); !ok || !d.Revoked {
		return nil
	}
	for _, e := range people.Ends(s.Env.Dev) {
		recovered := e.Kind == membership.KindEnact && e.What == membership.Recover
		if !recovered && e.Kind != membership.KindDeviceRevoke {
			continue
		}
		v := &Ended{By: s.Person(e.By), Recovered: recovered, At: s.at(e.HLC), Stays: words.Told.Tell(stays), Export: words.Told.Tell(export), Door: words.Told.Tell(linkAgain)}
		if e.Kind == membership.KindDeviceRevoke && e.By == s.Env.Me {
			v.Device = e.Dev.String()
		}
		for _, o := range s.Void {
			v.WithoutEffect = append(v.WithoutEffect, WithoutEffect{ID: o.Op.String(), Text: words.Told.Tell(o.Gist), Why: words.Told.Tell(unseenHere)})
		}
		return v
	}
	return nil
}

// Sentence says who ended the device.
func (e *Ended) Sentence() string { return words.Told.Tell(e.by()) }

func (e *Ended) by() circle.Said {
	switch {
	case e.Recovered:
		return circle.As("typed.ended_recovered", e.By.Name)
	case e.Device != "":
		return circle.As("typed.ended_own", e.Device[:8])
	}
	return circle.As("typed.ended_by", e.By.Name)
}

// attention is the end of the device as something to look at.
func (e *Ended) attention() circle.Attention {
	at := circle.Attention{Kind: lookDeviceEnded}
	switch {
	case e.Recovered:
		return at.Saying("looks.ended_recovered", e.By.Name, e.by(), stays, export, linkAgain)
	case e.Device != "":
		return at.Saying("looks.ended_own", e.by(), stays, export, linkAgain)
	}
	return at.Saying("looks.ended_by", e.By.Name, e.by(), stays, export, linkAgain)
}

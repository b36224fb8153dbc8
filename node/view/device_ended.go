package view

import (
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
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
const (
	lookDeviceEnded = "device_ended"
	linkAgainText   = "Another home on this machine becomes a device of yours:  tend --home DIR device link. " +
		"If it was not you who ended this one, call somebody in the circle: they can stand for you."
	unseenHereText = "It was written before this home had heard that it was ended, and whoever ended it had not seen it."
)

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
		v := &Ended{By: s.Person(e.By), Recovered: recovered, At: s.at(e.HLC), Stays: staysText, Export: exportText, Door: linkAgainText}
		if e.Kind == membership.KindDeviceRevoke && e.By == s.Env.Me {
			v.Device = e.Dev.String()
		}
		for _, o := range s.Void {
			v.WithoutEffect = append(v.WithoutEffect, WithoutEffect{ID: o.Op.String(), Text: o.Gist, Why: unseenHereText})
		}
		return v
	}
	return nil
}

// Sentence says who ended the device.
func (e *Ended) Sentence() string {
	switch {
	case e.Recovered:
		return "This device was ended when you came back to the circle without it; " + e.By.Name + " carried that out."
	case e.Device != "":
		return "This device was ended from another device of yours, " + e.Device[:8] + "."
	}
	return "This device was ended by " + e.By.Name + "."
}

func (e *Ended) said() circle.Said {
	switch {
	case e.Recovered:
		return circle.As("looks.ended_recovered", e.By.Name)
	case e.Device != "":
		return circle.As("looks.ended_own")
	}
	return circle.As("looks.ended_by", e.By.Name)
}

// attention is the end of the device as something to look at.
func (e *Ended) attention() circle.Attention {
	return circle.Attention{Kind: lookDeviceEnded, Said: e.said(), Text: e.Sentence() + " " + e.Stays + " " + e.Export + " " + e.Door}
}

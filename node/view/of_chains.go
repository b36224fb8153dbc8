package view

import (
	"tend/crdt"
	"tend/crdt/circle"
)

// Kinds of Attention about devices.
const (
	lookForked = "forked_device"
	lookBusy   = "busy_device"
)

// forks is what [People] may know of forked devices.
type forks interface {
	ForkedFrom(dev crdt.Device) (seq uint64, ok bool)
}

// chains returns what there is to say about devices whose chain has forked, and
// about those that have almost written what a device may in a day. Neither is
// anybody's fault as far as a home can tell: a restored backup forks, and an
// import writes much.
func (s Source) chains() []circle.Attention {
	var out []circle.Attention
	known, _ := s.People.(forks)
	for _, m := range s.People.Members() {
		for _, d := range m.Devices {
			if d.Revoked || known == nil {
				continue
			}
			if _, forked := known.ForkedFrom(d.Dev); forked {
				out = append(out, s.forked(m.ID, d.Dev))
			}
		}
	}
	for _, m := range s.Busy {
		at := circle.Attention{Kind: lookBusy, About: []crdt.ID{m}}
		if m == s.Env.Me {
			at = at.Saying("looks.busy_mine")
		} else {
			at = at.Saying("looks.busy", s.who(m))
		}
		out = append(out, at)
	}
	return out
}

func (s Source) forked(member crdt.ID, dev crdt.Device) circle.Attention {
	at := circle.Attention{Kind: lookForked, About: []crdt.ID{member}}
	if member == s.Env.Me {
		at.Choices = []circle.Choice{seeDevices}
		return at.Saying("looks.forked_mine")
	}
	return at.Saying("looks.forked", s.who(member), s.who(member))
}

// seeDevices is the way to a device's fresh key.
var seeDevices = circle.Choose(circle.As("choice.devices"), "tend device list")

// who is a member for a sentence.
func (s Source) who(member crdt.ID) circle.Who {
	return circle.Who{ID: member, Name: s.State.Name(member)}
}

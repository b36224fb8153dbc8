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
			at = at.Saying("looks.busy_mine", "a device of yours has written almost as much today as a device may. What you write by hand still has room; an import goes on tomorrow.")
		} else {
			at = at.Saying("looks.busy", "a device of %s has written almost as much today as a device may. The rest can follow tomorrow.", s.who(m))
		}
		out = append(out, at)
	}
	return out
}

func (s Source) forked(member crdt.ID, dev crdt.Device) circle.Attention {
	at := circle.Attention{Kind: lookForked, About: []crdt.ID{member}}
	if member == s.Env.Me {
		at.Choices = []circle.Choice{seeDevices}
		return at.Saying("looks.forked_mine", "a device of yours wrote two different things at the same place, as a restored backup does. All of it is kept, but that device decides nothing any more. A fresh key mends it.")
	}
	return at.Saying("looks.forked", "a device of %s wrote two different things at the same place, as a restored backup does. Both are kept and shown. It decides nothing until it has a fresh key; a word to %s may help.",
		s.who(member), s.who(member))
}

// seeDevices is the way to a device's fresh key.
var seeDevices = circle.Choose(circle.Sentencef("choice.devices", "see my devices, and link this one anew"), "tend device list")

// who is a member for a sentence.
func (s Source) who(member crdt.ID) circle.Who {
	return circle.Who{ID: member, Name: s.State.Name(member)}
}

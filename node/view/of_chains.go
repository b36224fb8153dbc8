package view

import (
	"fmt"

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
		at := circle.Attention{Kind: lookBusy, About: []crdt.ID{m},
			Text: fmt.Sprintf("A device of %s has written almost as much today as a device may. The rest can follow tomorrow.", s.called(m))}
		if m == s.Env.Me {
			at.Text = "A device of yours has written almost as much today as a device may. What you write by hand still has room; an import goes on tomorrow."
		}
		out = append(out, at)
	}
	return out
}

func (s Source) forked(member crdt.ID, dev crdt.Device) circle.Attention {
	at := circle.Attention{Kind: lookForked, About: []crdt.ID{member}}
	if member == s.Env.Me {
		at.Text = "A device of yours wrote two different things at the same place, as a restored backup does. All of it is kept, but that device decides nothing any more. A fresh key mends it."
		at.Choices = []circle.Choice{{Say: "See my devices, and link this one anew", Do: "tend device list"}}
		return at
	}
	at.Text = fmt.Sprintf("A device of %s wrote two different things at the same place, as a restored backup does. Both are kept and shown. It decides nothing until it has a fresh key; a word to %s may help.",
		s.called(member), s.called(member))
	return at
}

// called is a member's name for a sentence.
func (s Source) called(member crdt.ID) string {
	if n := s.State.Name(member); n != "" {
		return n
	}
	return "someone"
}

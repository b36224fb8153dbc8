package p2p_test

import (
	"strings"
	"testing"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node"
	"tend/protocol"
)

// inviteTo is a fresh invite to the door of r.
func inviteTo(t *testing.T, r *resident, id [32]byte) *protocol.Invite {
	t.Helper()
	made, err := r.Invite(t.Context(), id, node.InviteOptions{Contacts: r.net.Contacts(id)[:1]})
	if err != nil {
		t.Fatal(err)
	}
	code, err := protocol.ParseCode(made.Text)
	if err != nil {
		t.Fatal(err)
	}
	return code.(*protocol.Invite)
}

// begun is a circle of r's.
func begun(t *testing.T, r *resident) [32]byte {
	t.Helper()
	id, err := r.Begin(t.Context(), node.BeginOptions{Charter: membership.DefaultCharter("Mill Lane"), As: "Rosa"})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// alike reports whether two homes hold the same of a circle.
func alike(a, b *resident, id [32]byte) func() bool {
	return func() bool {
		x, err := a.View(id)
		if err != nil {
			return false
		}
		y, err := b.View(id)
		return err == nil && x.Frontier().Digest == y.Frontier().Digest
	}
}

// A member who is back by their words writes at once, and the door hears it: the
// two were strangers when they connected.
func TestReturnerIsHeard(t *testing.T) {
	t.Parallel()
	rosa, tomasz, again := newResident(t, "rosa"), newResident(t, "tomasz"), newResident(t, "rosa again")
	id := begun(t, rosa)
	if _, err := tomasz.Join(inviteTo(t, rosa, id), "Tomasz"); err != nil {
		t.Fatal(err)
	}
	eventually(t, soon, "Tomasz is in and has a voice", func() bool {
		s, err := tomasz.View(id)
		return err == nil && s.People.HasVoice(s.Me) && alike(rosa, tomasz, id)()
	})
	phrase, _ := rosa.Phrases()
	seed, err := protocol.ParsePhrase(strings.Join(phrase[0].Words, " "))
	if err != nil {
		t.Fatal(err)
	}
	code := inviteTo(t, tomasz, id)
	rosa.off()
	if _, err := again.ComeBack(code, "Rosa", &seed); err != nil {
		t.Fatal(err)
	}
	eventually(t, soon, "Rosa is back", func() bool {
		s, err := again.View(id)
		return err == nil && s.Standing == membership.In && len(again.Knocks()) == 0
	})
	eventually(t, soon, "both hold the same", alike(again, tomasz, id))
	if _, err := again.Do(t.Context(), id, circle.SetSection{Section: circle.SectionName, Values: []string{"Rosa"}}); err != nil {
		t.Fatal(err)
	}
	eventually(t, soon, "Tomasz hears what Rosa writes", alike(again, tomasz, id))
}

// Who was removed knocks anew at a door that still owes them a GOODBYE: they hear
// it, and are let in without waiting.
func TestPartedKnocks(t *testing.T) {
	t.Parallel()
	rosa, ann, farid := newResident(t, "rosa p"), newResident(t, "ann p"), newResident(t, "farid p")
	id := begun(t, rosa)
	for name, r := range map[string]*resident{"Ann": ann, "Farid": farid} {
		if _, err := r.Join(inviteTo(t, rosa, id), name); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, soon, "all are in and have voices", func() bool {
		s, err := rosa.View(id)
		return err == nil && len(s.People.Voices()) == 3 && alike(rosa, ann, id)() && alike(rosa, farid, id)()
	})
	s, err := farid.View(id)
	if err != nil {
		t.Fatal(err)
	}
	him := s.Me
	farid.off()
	do := func(r *resident, cmd circle.Command) crdt.ID {
		t.Helper()
		res, err := r.Do(t.Context(), id, cmd)
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, soon, "Rosa and Ann hold the same", alike(rosa, ann, id))
		return res.ID
	}
	p := do(rosa, circle.ProposeForCircle{What: membership.Remove, Target: him, Reason: "Enough."})
	do(ann, circle.SayOnDecision{ID: p, Value: circle.WordConsent})
	do(rosa, circle.EnactDecision{ID: p})
	code := inviteTo(t, ann, id)
	code.Contacts = ann.net.Contacts(id)[:1]
	eventually(t, soon, "Rosa knows of the invitation", alike(rosa, ann, id))
	ann.off()
	farid.on()
	eventually(t, soon, "Farid hears of it from Rosa", func() bool {
		s, err := farid.View(id)
		return err == nil && s.Standing == membership.Removed
	})
	rosa.off()
	ann.on()
	if _, _, owed := ann.Goodbye(farid.peer()); !owed {
		t.Fatal("Ann owes Farid no goodbye")
	}
	code.Contacts = ann.net.Contacts(id)[:1]
	if _, err := farid.Join(code, "Farid"); err != nil {
		t.Fatal(err)
	}
	eventually(t, soon, "Farid is in again", func() bool {
		s, err := farid.View(id)
		return err == nil && s.Standing == membership.In
	})
	eventually(t, soon, "both hold the same", alike(farid, ann, id))
}

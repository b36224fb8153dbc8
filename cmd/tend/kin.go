package main

import (
	"context"
	"errors"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/node/view"
	"tend/storage/vault"
)

// recheck asks for the passphrase again, if there is one.
func (m *machine) recheck(passphrase string) error {
	err := m.vault.Recheck([]byte(passphrase))
	if errors.Is(err, vault.ErrWrongPassphrase) {
		return &circle.Problem{Code: circle.Failed, Say: "This needs the passphrase of this home again.",
			Hint: "Type it when asked, or give it by --passphrase-fd or TEND_PASSPHRASE_FILE."}
	}
	return err
}

// Phrases implements [api.Devices].
func (m *machine) Phrases(_ context.Context, passphrase string) ([]view.Phrase, error) {
	if err := m.recheck(passphrase); err != nil {
		return nil, err
	}
	n := m.at()
	all, lost := n.Phrases()
	var out []view.Phrase
	for _, p := range all {
		out = append(out, view.Phrase{Words: p.Words, Circles: m.namesOf(p.Circles)})
	}
	if len(lost) > 0 {
		out = append(out, view.Phrase{Circles: m.namesOf(lost), Lost: true})
	}
	return out, nil
}

// namesOf returns the names of circles.
func (m *machine) namesOf(ids []crdt.ID) []string {
	names := []string{}
	for _, id := range ids {
		if s, err := m.at().View(id); err == nil {
			names = append(names, s.People.Charter().Name)
		}
	}
	return names
}

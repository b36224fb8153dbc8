package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/node"
	"tend/node/view"
	"tend/protocol"
	"tend/storage/vault"
)

// recheck asks for the passphrase again, if there is one.
func (m *machine) recheck(passphrase string) error {
	err := m.vault.Recheck([]byte(passphrase))
	if errors.Is(err, vault.ErrWrongPassphrase) {
		return circle.Refuse(circle.Failed, "no.passphrase_again")
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

// Devices implements [api.Devices].
func (m *machine) Devices(_ context.Context, id crdt.ID) ([]view.Device, error) {
	all, err := m.at().OwnDevices(id)
	if err != nil {
		return nil, err
	}
	var out []view.Device
	for _, d := range all {
		one := view.Device{ID: d.Dev.String(), This: d.This, State: "in", Added: time.UnixMilli(d.Cert.NotBefore.Millis()).In(m.config.Now().Location())}
		if d.Revoked {
			one.State = "out"
		}
		if !d.Heard.IsZero() {
			at := d.Heard.In(m.config.Now().Location()).Truncate(time.Second)
			one.Heard = &at
		}
		out = append(out, one)
	}
	return out, nil
}

// RevokeDevice implements [api.Devices].
func (m *machine) RevokeDevice(ctx context.Context, id crdt.ID, prefix string) (crdt.ID, error) {
	all, err := m.at().OwnDevices(id)
	if err != nil {
		return crdt.ID{}, err
	}
	var fit []crdt.Device
	for _, d := range all {
		if len(prefix) >= minPrefix && strings.HasPrefix(d.Dev.String(), strings.ToLower(prefix)) {
			fit = append(fit, d.Dev)
		}
	}
	switch {
	case len(prefix) < minPrefix:
		return crdt.ID{}, circle.Refuse(circle.Usage, "no.id_digits.device", minPrefix)
	case len(fit) != 1:
		return crdt.ID{}, circle.Refuse(circle.NotFound, "no.several_devices", plain(prefix), len(fit))
	}
	return m.at().RevokeDevice(ctx, id, fit[0])
}

// ShowLink implements [api.Devices].
func (m *machine) ShowLink(context.Context) (view.Shown, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var addrs [][]byte
	if m.net != nil {
		addrs = m.net.Contact().Addrs
	}
	text, err := m.node.ShowLink(addrs)
	return view.Shown{Text: text}, err
}

// Linking implements [api.Devices].
func (m *machine) Linking(context.Context) (view.Linking, error) {
	s, _ := m.at().ShownLink()
	return m.linking(s), nil
}

func (m *machine) linking(s node.LinkState) view.Linking {
	return view.Linking{Words: s.Words, Circles: m.namesOf(s.Circles), Done: s.Done}
}

// AddDevice implements [api.Devices].
func (m *machine) AddDevice(ctx context.Context, text, words, passphrase string) (view.Linking, error) {
	code, err := linkCode(text)
	if err != nil {
		return view.Linking{}, err
	}
	if err := m.recheck(passphrase); err != nil {
		return view.Linking{}, err
	}
	return m.linkDevice(ctx, code, words)
}

func linkCode(text string) (*protocol.LinkCode, error) {
	parsed, err := protocol.ParseCode(text)
	if err != nil {
		return nil, unreadable(err)
	}
	code, ok := parsed.(*protocol.LinkCode)
	if !ok {
		return nil, circle.Refuse(circle.Usage, "no.not_device_code")
	}
	return code, nil
}

// linkDevice reaches the device whose code it is, and hands this member's keys over
// where a person compared the words.
func (m *machine) linkDevice(ctx context.Context, code *protocol.LinkCode, words string) (view.Linking, error) {
	n := m.at()
	if err := n.ScanLink(code); err != nil {
		return view.Linking{}, err
	}
	if words != "" {
		if err := n.ConfirmLink(code, words); err != nil {
			return view.Linking{}, err
		}
	}
	for {
		s, last := n.ScannedLink(code)
		if s.Done || words == "" && s.Words != "" {
			return m.linking(s), nil
		}
		if pause(ctx, doorLook) != nil {
			m.log.Debug("a device was not linked yet", "err", last)
			return view.Linking{}, circle.Refuse(circle.NotYet, "no.device_unmet")
		}
	}
}

package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node"
	"tend/node/view"
	"tend/protocol"
)

// NameTrustees implements [api.Returns].
func (m *machine) NameTrustees(ctx context.Context, id crdt.ID, list []crdt.ID, k int) (crdt.ID, error) {
	return m.at().NameTrustees(ctx, id, list, k)
}

// ComeBack implements [api.Returns].
func (m *machine) ComeBack(ctx context.Context, text, name, phrase string) (view.Joining, error) {
	parsed, err := protocol.ParseCode(text)
	if err != nil {
		return view.Joining{}, unreadable(err)
	}
	code, ok := parsed.(*protocol.Invite)
	if !ok {
		return view.Joining{}, circle.Refuse(circle.Usage, "no.not_invite.other")
	}
	var seed *[32]byte
	if phrase != "" {
		words, err := protocol.ParsePhrase(phrase)
		if err != nil {
			return view.Joining{}, circle.Refuse(circle.Usage, "no.words_24", err.Error())
		}
		seed = &words
	}
	n := m.at()
	j, err := n.ComeBack(code, name, seed)
	if err != nil {
		return view.Joining{}, err
	}
	for {
		s, err := n.View(code.Circle)
		if err == nil && s.Standing == membership.In && s.Arrived {
			return view.Joining{Circle: code.Circle.String(), Name: s.People.Charter().Name, State: "member"}, nil
		}
		if now, ok := n.Joined(j.ID); ok && now.Over != "" {
			return view.Joining{}, circle.Refuse(circle.Kept, "no.knock_over.return", overBy(now.Over))
		}
		if pause(ctx, doorLook) != nil {
			return view.Joining{Circle: code.Circle.String(), State: "knocking"}, nil
		}
	}
}

// Recovery implements [api.Returns].
func (m *machine) Recovery(context.Context) (view.Recovery, error) {
	code, ok := m.at().ComingBackCode()
	if !ok {
		return view.Recovery{}, circle.Refuse(circle.NotFound, "no.returns_nobody")
	}
	return view.Recovery{Text: code.Text(), Words: code.Words()}, nil
}

// ReadRecovery implements [api.Returns].
func (m *machine) ReadRecovery(_ context.Context, text string) (view.Recovery, error) {
	code, err := recoverCode(text)
	if err != nil {
		return view.Recovery{}, err
	}
	return view.Recovery{Text: code.Text(), Words: code.Words()}, nil
}

func recoverCode(text string) (*protocol.RecoverCode, error) {
	parsed, err := protocol.ParseCode(text)
	if err != nil {
		return nil, unreadable(err)
	}
	code, ok := parsed.(*protocol.RecoverCode)
	if !ok {
		return nil, unreadable(errors.New(sentence("refuse.no_return_code")))
	}
	return code, nil
}

// StandFor implements [api.Returns].
func (m *machine) StandFor(ctx context.Context, id, member crdt.ID, text string) (crdt.ID, error) {
	code, err := recoverCode(text)
	if err != nil {
		return crdt.ID{}, err
	}
	if code.Circle != id {
		return crdt.ID{}, circle.Refuse(circle.NotFound, "no.other_circle")
	}
	return m.at().StandFor(ctx, member, code)
}

// Asking implements [api.Returns].
func (m *machine) Asking(id crdt.ID) ([]view.Asking, error) {
	n := m.at()
	s, err := n.View(id)
	if err != nil {
		return nil, err
	}
	all, err := n.AskingAt(id)
	if err != nil {
		return nil, err
	}
	return m.askings(s, all), nil
}

// toStandFor are those who ask at the door and whom this member does not stand for
// yet.
func (m *machine) toStandFor(id crdt.ID) ([]view.Asking, error) {
	s, err := m.at().View(id)
	if err != nil {
		return nil, err
	}
	all, err := m.at().AskingAt(id)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(a node.Asking) bool {
		return slices.ContainsFunc(s.People.Recoveries(), func(r membership.RecoveryInfo) bool {
			return r.Recovery.NewRoot == a.Code.NewRoot && slices.Contains(r.Stood, s.Me)
		})
	})
	return m.askings(s, all), nil
}

func (m *machine) askings(s *node.Snapshot, all []node.Asking) []view.Asking {
	var out []view.Asking
	for _, a := range all {
		one := view.Asking{Name: a.Name, Last: a.Last.In(m.config.Now().Location()).Truncate(time.Second)}
		if !a.Member.IsZero() {
			who := personOf(s, a.Member)
			one.Member, one.Text, one.Words = &who, a.Code.Text(), a.Code.Words()
		}
		out = append(out, one)
	}
	return out
}

// Meant implements [api.Returns].
func (m *machine) Meant(_ context.Context, id crdt.ID, name string, member crdt.ID) error {
	return m.at().Meant(id, name, member)
}

// LeaveOut implements [api.Returns].
func (m *machine) LeaveOut(ctx context.Context, id, member crdt.ID) (crdt.ID, error) {
	return m.at().LeaveOut(ctx, id, member)
}

// ObjectReturn implements [api.Returns].
func (m *machine) ObjectReturn(ctx context.Context, id crdt.ID) (crdt.ID, error) {
	return m.at().ObjectReturn(ctx, id)
}

// Return implements [api.Returns].
func (m *machine) Return(ctx context.Context, id, member crdt.ID) (crdt.ID, error) {
	return m.at().Return(ctx, id, member)
}

// comingBack are the circles that somebody comes back into on this home.
func (m *machine) comingBack() []view.CircleStatus {
	var out []view.CircleStatus
	for _, j := range m.config.Keys.Joinings() {
		code, err := protocol.ParseCode(j.Code)
		if inv, ok := code.(*protocol.Invite); err == nil && ok && j.Over == "" && j.ComingBack() && !m.holds(inv.Circle) {
			out = append(out, view.CircleStatus{ID: inv.Circle.String(), Standing: "coming_back", Me: view.Person{Name: j.Name}})
		}
	}
	return out
}

// holds reports whether a circle is on this home already: one that came back from a
// backup is, before it has met anybody.
func (m *machine) holds(id crdt.ID) bool { return slices.Contains(m.config.Keys.Circles(), id) }

package main

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node"
	"tend/node/api"
	"tend/node/view"
	"tend/protocol"
	"tend/storage"
)

// doorLook is how often a wait at a door looks whether it has opened.
const doorLook = 50 * time.Millisecond

// at returns the node as it is now.
func (m *machine) at() *node.Node {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.node
}

// Do implements [api.Service].
func (m *machine) Do(ctx context.Context, id crdt.ID, cmd circle.Command) (circle.Result, error) {
	return m.at().Do(ctx, id, cmd)
}

// View implements [api.Service].
func (m *machine) View(id crdt.ID) (view.Source, error) {
	n := m.at()
	s, err := n.View(id)
	if err != nil {
		return view.Source{}, err
	}
	env, err := n.Env(id)
	if err != nil {
		return view.Source{}, err
	}
	asking, err := m.toStandFor(id)
	if err != nil {
		return view.Source{}, err
	}
	return view.Source{Circle: id, State: s.State, People: s.People, Env: env, Void: voidOf(s), Newer: s.Newer, Told: s.Told, Busy: n.Busy(id),
		Ahead:   func() time.Duration { return n.TipAheadIn(id) },
		LeftOut: s.LeftOut, Asking: asking,
		Heard: func(member crdt.ID) (time.Time, int, bool) {
			h, ok := n.HeardOf(id, member)
			return h.At, h.Behind, ok
		},
		Forgotten: func(op crdt.ID) (int, int, bool) { return n.Forgotten(id, op) },
		MayHold:   func(words string) []crdt.ID { return n.MayHold(id, s.State, words) }}, nil
}

// voidOf are the member's own ops without effect.
func voidOf(s *node.Snapshot) []view.Void {
	var out []view.Void
	for _, o := range s.Void {
		out = append(out, view.Void{Op: o.Op, Gist: o.Gist})
	}
	return out
}

// Watch implements [api.Service].
func (m *machine) Watch(ctx context.Context) iter.Seq[api.Revision] {
	n := m.at()
	return func(yield func(api.Revision) bool) {
		for r := range n.Watch(ctx) {
			if !yield(api.Revision{Circle: r.Circle, N: r.N}) {
				return
			}
		}
	}
}

// Circles implements [api.Circles].
func (m *machine) Circles(context.Context) ([]view.Circle, error) {
	n := m.at()
	var out []view.Circle
	for _, id := range n.All() {
		s, err := n.View(id)
		if err != nil {
			return nil, err
		}
		out = append(out, view.Circle{ID: id.String(), Name: s.People.Charter().Name, Standing: standsAs(s),
			Me: personOf(s, s.Me), Members: len(s.People.Members())})
	}
	slices.SortFunc(out, func(a, b view.Circle) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return out, nil
}

func personOf(s *node.Snapshot, id crdt.ID) view.Person {
	return view.Person{ID: id.String(), Name: s.State.Name(id)}
}

// standsAs names how this home stands in a circle.
func standsAs(s *node.Snapshot) string {
	if s.Restored && s.Standing == membership.In {
		return "coming_back"
	}
	return standingWord(s)
}

// standingWord names a standing as interfaces do.
func standingWord(s *node.Snapshot) string {
	switch {
	case s.Standing == membership.Left:
		return "left"
	case s.Standing == membership.Removed:
		return "removed"
	case s.DeviceOut:
		return "device_ended"
	case s.Standing == membership.Stranger && s.ToldGoodbye:
		return "not_in"
	}
	return "in"
}

// Begin implements [api.Circles].
func (m *machine) Begin(ctx context.Context, o api.BeginOptions) (crdt.ID, error) {
	charter, help, err := charterOf(o)
	if err != nil {
		return crdt.ID{}, err
	}
	// The vault would take the keys of a circle that the store then has no room for.
	if err := storage.Room(m.home.dir, storage.WriteReserve); err != nil {
		return crdt.ID{}, err
	}
	return m.at().Begin(ctx, node.BeginOptions{Charter: charter, OutsideHelp: help, As: o.As})
}

// charterOf makes the charter that a circle begins with: what was said on the
// command line goes before what the file says, and that before the usual.
func charterOf(o api.BeginOptions) (c membership.Charter, outsideHelp []string, err error) {
	c, outsideHelp, err = view.ReadCharter(o.Charter, membership.DefaultCharter(o.Name))
	if err != nil {
		return membership.Charter{}, nil, circle.Refuse(circle.Usage, "no.charter.used", err.Error())
	}
	c.Name, c.Purpose = cmp.Or(o.Name, c.Name), cmp.Or(o.Purpose, c.Purpose)
	switch o.History {
	case "":
	case "all":
		c.History = membership.HistoryAll
	case "from-joining":
		c.History = membership.HistoryFromJoining
	default:
		return membership.Charter{}, nil, circle.Refuse(circle.Usage, "no.charter.history", plain(o.History))
	}
	return c, outsideHelp, nil
}

// Welcome implements [api.Circles].
func (m *machine) Welcome(ctx context.Context, id, member crdt.ID) (crdt.ID, error) {
	return m.at().Welcome(ctx, id, member)
}

// Leave implements [api.Circles].
func (m *machine) Leave(ctx context.Context, id crdt.ID, farewell string) error {
	n := m.at()
	if strings.TrimSpace(farewell) != "" {
		s, err := n.View(id)
		if err != nil {
			return err
		}
		if _, err := n.Do(ctx, id, circle.WriteNote{On: s.Me, Kind: circle.NoteFarewell, Text: farewell}); err != nil {
			return err
		}
	}
	return n.Leave(ctx, id)
}

// contacts are whom an invitation of a circle names: this home, and others that
// are on; none without network.
func (m *machine) contacts(id crdt.ID) []protocol.Contact {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.net == nil {
		return nil
	}
	all := m.net.Contacts(id)
	if len(all) == 1 {
		return all
	}
	// A code has room for two homes with one address each: a second door is worth
	// more than a second way to the first, which may be asleep.
	for i := range all {
		all[i].Addrs = all[i].Addrs[:min(1, len(all[i].Addrs))]
	}
	return all
}

// Invite implements [api.Invites].
func (m *machine) Invite(ctx context.Context, id crdt.ID, o api.InviteOptions) (view.Invite, error) {
	made, err := m.at().Invite(ctx, id, node.InviteOptions{For: o.For, Until: o.Until, Uses: o.Uses, Contacts: m.contacts(id)})
	if err != nil {
		return view.Invite{}, err
	}
	return m.invitation(made), nil
}

// Invites implements [api.Invites].
func (m *machine) Invites(_ context.Context, id crdt.ID) ([]view.Invite, error) {
	list, err := m.at().Invites(id, m.contacts(id))
	if err != nil {
		return nil, err
	}
	out := make([]view.Invite, len(list))
	for i, one := range list {
		out[i] = m.invitation(one)
	}
	return out, nil
}

func (m *machine) invitation(i node.Invite) view.Invite {
	return view.Invite{ID: i.ID.String(), Text: i.Text, Expires: i.Expires.In(m.config.Now().Location()), Uses: i.Uses,
		Used: i.Used, For: i.For, Revoked: i.Revoked}
}

// RevokeInvite implements [api.Invites].
func (m *machine) RevokeInvite(ctx context.Context, id crdt.ID, prefix string) error {
	n := m.at()
	list, err := n.Invites(id, nil)
	if err != nil {
		return err
	}
	var fit []crdt.ID
	for _, i := range list {
		if len(prefix) >= minPrefix && strings.HasPrefix(i.ID.String(), strings.ToLower(prefix)) {
			fit = append(fit, i.ID)
		}
	}
	switch {
	case len(prefix) < minPrefix:
		return circle.Refuse(circle.Usage, "no.id_digits.invitation", minPrefix)
	case len(fit) == 0:
		return circle.Refuse(circle.NotFound, "no.invitation.digits", plain(prefix))
	case len(fit) > 1:
		several := circle.Refuse(circle.NotFound, "no.which_invitation", plain(prefix))
		several.IDs = fit
		return several
	}
	return n.RevokeInvite(ctx, id, fit[0])
}

// overBy says why a knocking is over. A home of an older version kept it in English.
func overBy(kept string) circle.Said {
	if told.Has(kept) {
		return circle.As(kept)
	}
	return circle.Words(kept)
}

// minPrefix is how many digits of an id name it at least.
const minPrefix = 6

// ReadCode implements [api.Doors].
func (m *machine) ReadCode(_ context.Context, text string) (view.Code, error) {
	code, err := protocol.ParseCode(text)
	if err != nil {
		return view.Code{}, unreadable(err)
	}
	switch c := code.(type) {
	case *protocol.Invite:
		expires := time.Unix(int64(c.Expiry)*3600, 0).In(m.config.Now().Location())
		return view.Code{Kind: "invite", Text: c.Text(), Circle: c.Circle.String(), Expires: &expires}, nil
	case *protocol.FaceCode:
		return view.Code{Kind: "face", Text: c.Text()}, nil
	case *protocol.LinkCode:
		return view.Code{Kind: "device", Text: c.Text()}, nil
	case *protocol.RecoverCode:
		return view.Code{Kind: "recovery", Text: c.Text(), Circle: c.Circle.String()}, nil
	}
	return view.Code{}, unreadable(errors.New(sentence("refuse.unknown_code")))
}

func unreadable(err error) error {
	return circle.Refuse(circle.Usage, "no.not_invite", err.Error())
}

// Join implements [api.Doors].
func (m *machine) Join(ctx context.Context, text, as string) (view.Joining, error) {
	return m.knockWith(ctx, text, func(invite *protocol.Invite) (node.JoinState, error) {
		return m.at().Join(invite, strings.TrimSpace(as))
	})
}

// knockWith begins to knock with an invitation, and waits until a door opened.
func (m *machine) knockWith(ctx context.Context, text string, begin func(*protocol.Invite) (node.JoinState, error)) (view.Joining, error) {
	code, err := protocol.ParseCode(text)
	if err != nil {
		return view.Joining{}, unreadable(err)
	}
	invite, ok := code.(*protocol.Invite)
	if !ok {
		return view.Joining{}, circle.Refuse(circle.Usage, "no.face_code")
	}
	n := m.at()
	j, err := begin(invite)
	if err != nil {
		return view.Joining{}, err
	}
	for {
		state, err := m.joining(n, j)
		if err != nil || state.State != "knocking" {
			return state, err
		}
		if pause(ctx, doorLook) != nil {
			return state, nil
		}
		if j.ID == "" {
			continue
		}
		if now, ok := n.Joined(j.ID); ok {
			if now.Over != "" {
				return view.Joining{}, circle.Refuse(circle.Kept, "no.knock_over", overBy(now.Over))
			}
			j = now
		}
	}
}

// joining says how far a join is: in as soon as the circle is read.
func (m *machine) joining(n *node.Node, j node.JoinState) (view.Joining, error) {
	s, err := n.View(j.Circle)
	if err != nil || !s.Arrived || s.Restored || s.Standing != membership.In {
		return view.Joining{Circle: j.Circle.String(), State: "knocking"}, nil
	}
	out := view.Joining{Circle: j.Circle.String(), Name: s.People.Charter().Name, State: "newcomer"}
	if me, ok := s.People.Member(s.Me); ok && me.Welcomed {
		out.State = "member"
	}
	return out, nil
}

// ShowCode implements [api.Doors].
func (m *machine) ShowCode(_ context.Context, as string) (view.Shown, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var addrs [][]byte
	if m.net != nil {
		addrs = m.net.Contact().Addrs
	}
	_, text, err := m.node.ShowCode(strings.TrimSpace(as), addrs)
	return view.Shown{Text: text}, err
}

// Joins implements [api.Doors].
func (m *machine) Joins(context.Context) ([]view.Joining, error) {
	n := m.at()
	out := []view.Joining{}
	for _, j := range m.config.Keys.Joinings() {
		now, ok := n.Joined(j.ID)
		if !ok || now.Over != "" {
			continue
		}
		state, err := m.joining(n, now)
		if err != nil {
			return nil, err
		}
		if now.Circle.IsZero() {
			state.Circle = ""
		}
		out = append(out, state)
	}
	return out, nil
}

// LetIn implements [api.Doors].
func (m *machine) LetIn(ctx context.Context, id crdt.ID, text string) (crdt.ID, error) {
	code, err := protocol.ParseCode(text)
	if err != nil {
		return crdt.ID{}, unreadable(err)
	}
	face, ok := code.(*protocol.FaceCode)
	if !ok {
		return crdt.ID{}, circle.Refuse(circle.Usage, "no.not_face_code")
	}
	n := m.at()
	visit, err := n.LetIn(id, face)
	if err != nil {
		return crdt.ID{}, err
	}
	if err := n.AwaitVisit(ctx, visit); err != nil {
		return crdt.ID{}, circle.Refuse(circle.NotYet, "no.home_unmet")
	}
	return face.Inception, nil
}

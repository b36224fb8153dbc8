package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node"
	"tend/node/api"
	"tend/node/p2p"
	"tend/node/view"
)

// syncLook is how often a sync that waits looks whether all are met.
const syncLook = 100 * time.Millisecond

// Status implements [api.Travel]. What it says is compared, not guessed: caught
// up is a home that met others and holds what they hold.
func (m *machine) Status(context.Context) (view.Status, error) { return m.status((*node.Node).Status) }

// Glance implements [web.Upkeep]: it is Status without the digests of states.
func (m *machine) Glance(context.Context) (view.Status, error) { return m.status((*node.Node).Glance) }

func (m *machine) status(of func(*node.Node, crdt.ID) (node.CircleStatus, error)) (view.Status, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	st := view.Status{Circles: []view.CircleStatus{}}
	if m.page != nil {
		st.Page = m.page.Address()
	}
	var net p2p.Status
	if m.net != nil {
		net = m.net.Status()
		st.PeerID, st.Listen = net.PeerID, net.Listen
	}
	var facts standingFacts
	for _, id := range m.node.All() {
		s, err := of(m.node, id)
		if err != nil {
			return view.Status{}, err
		}
		one, err := m.circleStatus(s, net.Links)
		if err != nil {
			return view.Status{}, err
		}
		st.Circles = append(st.Circles, one.CircleStatus)
		facts.add(one)
	}
	st.Circles = append(st.Circles, m.comingBack()...)
	for _, j := range m.config.Keys.Joinings() {
		facts.knocking = facts.knocking || j.Over == ""
	}
	facts.write(&st, m.net != nil, net.Alone)
	for _, word := range m.care(m.node) {
		st.Care, st.Cared = append(st.Care, told.Tell(word)), append(st.Cared, word)
	}
	return st, nil
}

// circleFacts is a circle's status, and what the state of the home depends on.
type circleFacts struct {
	view.CircleStatus
	unread, lacking int // epochs without a key here; connected members who are not known to hold all
}

// circleStatus is one circle as status shows it.
func (m *machine) circleStatus(s node.CircleStatus, links []p2p.Link) (circleFacts, error) {
	id := s.Circle
	snap, err := m.node.View(id)
	if err != nil {
		return circleFacts{}, err
	}
	out := circleFacts{unread: s.Unread, CircleStatus: view.CircleStatus{ID: id.String(), Name: s.Name,
		Standing: standsAs(snap), Me: personOf(snap, s.Me), Members: s.Members, Ops: s.Ops, Waiting: s.Waiting, Newer: len(snap.Newer),
		Frontier: s.Frontier.String(), StateDigest: s.StateDigest.String(), Epoch: epochText(s.Epoch)}}
	if env, err := m.node.Env(id); err == nil {
		source := view.Source{Circle: id, State: snap.State, People: snap.People, Env: env, Void: voidOf(snap), Told: snap.Told}
		out.Parting, out.Ended = source.Parting(), source.Ended()
	}
	if snap.In() && (!s.Arrived || m.unsaid(id)) {
		out.lacking++
	}
	on := map[crdt.ID]bool{}
	for _, l := range links {
		if !slices.Contains(l.Circles, id) {
			continue
		}
		for _, d := range snap.People.ByPeer(l.Peer) {
			on[d.Member] = true
		}
	}
	for _, one := range snap.People.Members() {
		if one.ID == s.Me {
			continue
		}
		h, heard := s.Heard[one.ID]
		if on[one.ID] {
			out.Connected = append(out.Connected, personOf(snap, one.ID))
			// What was heard in an earlier run says nothing of the other home now.
			if !heard || h.Behind > 0 || h.At.Before(m.since) {
				out.lacking++
			}
		}
		if heard {
			out.Heard = append(out.Heard, view.Heard{Member: personOf(snap, one.ID), At: h.At.In(m.config.Now().Location()).Truncate(time.Second), Behind: h.Behind})
		}
	}
	return out, nil
}

// unsaid reports whether this member's name is still to be written: it is the
// first that the others are to hear of a newcomer.
func (m *machine) unsaid(id crdt.ID) bool {
	keys, ok := m.config.Keys.Circle(id)
	return ok && keys.Name != ""
}

func epochText(e membership.EpochID) string {
	if e == (membership.EpochID{}) {
		return ""
	}
	return hexText(e[:])
}

// standingFacts gather what all circles together come to.
type standingFacts struct {
	circles, others, connected int
	waiting, lacking           int
	knocking, restored         bool
}

func (f *standingFacts) add(c circleFacts) {
	f.restored = f.restored || c.Standing == "coming_back"
	if c.Standing != "in" {
		return
	}
	f.circles++
	f.others += c.Members - 1
	f.connected += len(c.Connected)
	f.waiting += c.Waiting + c.unread
	f.lacking += c.lacking
}

// write puts into st the state of the home, why it is alone, and what helps.
func (f *standingFacts) write(st *view.Status, network bool, why p2p.Why) {
	switch {
	case f.circles == 0 && f.restored && !f.knocking:
		alone(st, circle.As("alone.restored"),
			circle.As("cure.ask_invite"), circle.As("cure.no_other"))
	case f.circles == 0 && f.knocking:
		alone(st, circle.As("alone.knocking"))
		st.State = "knocking"
	case f.circles == 0:
		alone(st, circle.As("alone.no_circle"), circle.As("cure.begin"), circle.As("cure.join"))
	case f.connected > 0 && f.waiting+f.lacking == 0:
		st.State = "caught_up"
	case f.connected > 0:
		st.State = "travelling"
	case f.others == 0:
		alone(st, aloneReasons[p2p.NobodyYet], circle.As("cure.invite"))
	case !network:
		alone(st, circle.As("alone.not_running"), circle.As("cure.run"), circle.As("cure.or_carry"))
	default:
		alone(st, aloneReasons[why], circle.As("cure.wifi"), circle.As("cure.port"),
			circle.As("cure.carry"))
	}
}

func alone(st *view.Status, why circle.Said, cures ...circle.Said) {
	st.State, st.Why, st.Reason = "alone", why, told.Tell(why)
	for _, c := range cures {
		st.Ways, st.Cures = append(st.Ways, c), append(st.Cures, told.Tell(c))
	}
}

// aloneReasons are why nobody is reached, for people.
var aloneReasons = map[p2p.Why]circle.Said{
	p2p.NotAlone:  circle.As("alone.strangers"),
	p2p.NobodyYet: circle.As("alone.nobody_yet"),
	p2p.OwnOnly:   circle.As("alone.own_only"),
	p2p.NoNetwork: circle.As("alone.no_network"),
	p2p.Unreached: circle.As("alone.unreached"),
	p2p.NoAddress: circle.As("alone.no_address"),
}

// Sync implements [api.Travel].
func (m *machine) Sync(ctx context.Context) error {
	if !m.nudge() {
		return errors.New("no network")
	}
	for {
		st, err := m.Glance(ctx)
		if err != nil || st.State == "caught_up" {
			return err
		}
		if err := pause(ctx, syncLook); err != nil {
			return err
		}
	}
}

// nudge lets the network look around anew; false without one.
func (m *machine) nudge() bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.net == nil {
		return false
	}
	m.net.NetworkChanged()
	return true
}

// Peers implements [api.Travel].
func (m *machine) Peers(context.Context) ([]view.Peer, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.net == nil {
		return []view.Peer{}, nil
	}
	links := map[p2p.PeerKey]p2p.Link{}
	for _, l := range m.net.Status().Links {
		links[l.Peer] = l
	}
	out := []view.Peer{}
	for _, c := range m.node.Contacts() {
		p := view.Peer{PeerID: p2p.PeerID(c.Peer), Addresses: m.net.Addresses(c.Peer)}
		if l, ok := links[c.Peer]; ok {
			p.Connected, p.Relayed = true, l.Relayed
			if !slices.Contains(p.Addresses, l.Addr) {
				p.Addresses = append(p.Addresses, l.Addr)
			}
		}
		if len(p.Addresses) == 0 {
			p.Reason = sentence("peers.no_address")
		}
		if at, ok := m.node.HeardAt(c.Peer); ok {
			at = at.In(m.config.Now().Location()).Truncate(time.Second)
			p.Last = &at
		}
		p.Member = m.memberBehind(c)
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b view.Peer) int { return cmp.Compare(a.PeerID, b.PeerID) })
	return out, nil
}

func (m *machine) memberBehind(c node.Contact) *view.Person {
	for _, id := range c.Circles {
		s, err := m.node.View(id)
		if err != nil {
			continue
		}
		for _, d := range s.People.ByPeer(c.Peer) {
			p := personOf(s, d.Member)
			return &p
		}
	}
	return nil
}

// AddPeer implements [api.Travel].
func (m *machine) AddPeer(_ context.Context, addr string) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.net == nil {
		return circle.Refuse(circle.Failed, "no.network")
	}
	if err := m.net.AddPeer(addr); err != nil {
		return circle.Refuse(circle.Usage, "no.address", err.Error())
	}
	return nil
}

// CarryOut implements [api.Travel].
func (m *machine) CarryOut(ctx context.Context, id crdt.ID, w io.Writer, to crdt.ID) (int, error) {
	var member *crdt.ID
	if !to.IsZero() {
		member = &to
	}
	c, err := m.at().CarryOut(ctx, id, member, w)
	return c.Ops, err
}

// CarryIn implements [api.Travel]. The file is put aside in the home first: it is
// read twice, once for its digest and once for what it brings.
func (m *machine) CarryIn(ctx context.Context, r io.Reader) (in view.CarriedIn, err error) {
	aside, size, done, err := m.home.putAside(r)
	if err != nil {
		return in, fmt.Errorf("put the file aside: %w", err)
	}
	defer func() { err = errors.Join(err, done()) }()
	c, err := m.at().CarryIn(ctx, aside, size)
	return view.CarriedIn{OpsNew: c.OpsNew, OpsKnown: c.OpsKnown, Waiting: c.Waiting}, err
}

// noNetworkLook is how often a home without network looks whether it has one now.
const noNetworkLook = time.Second

// Signals implements [api.Travel].
func (m *machine) Signals(ctx context.Context) iter.Seq[string] {
	news := m.news(ctx) // listening before the caller looks
	return func(yield func(string) bool) {
		for {
			for what := range news {
				if what.Sync && !yield(api.SignalSync) || !yield(api.SignalStatus) {
					return
				}
			}
			if pause(ctx, noNetworkLook) != nil {
				return
			}
			news = m.news(ctx)
		}
	}
}

// news is what the network tells, until ctx ends or the network does; nothing
// without one.
func (m *machine) news(ctx context.Context) iter.Seq[p2p.News] {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.net == nil {
		return func(func(p2p.News) bool) {}
	}
	return m.net.News(ctx)
}

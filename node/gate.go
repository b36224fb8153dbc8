package node

import (
	"slices"

	"tend/crdt"
	"tend/crdt/membership"
)

// Standing is what a peer is to this home.
func (n *Node) Standing(peer membership.PeerKey) Standing {
	best := Stranger
	for _, x := range n.runners() {
		if x.fellow(peer) {
			return Fellow
		}
	}
	switch {
	case n.entrance.awaits(peer):
		best = Host
	case n.partings.owed(peer):
		best = Parted
	}
	return best
}

// Shared lists the circles in which both this home and the peer's device are in.
func (n *Node) Shared(peer membership.PeerKey) []crdt.ID {
	var out []crdt.ID
	for _, x := range n.runners() {
		if x.fellow(peer) {
			out = append(out, x.id)
		}
	}
	return out
}

// fellow reports whether this home is in the circle, and peer an unrevoked device
// of a current member, other than this one. A home that left stays a fellow for a
// while after somebody has told it that they know: its own leave has to travel, and
// who heard of it may be nobody whom the others hear. One whose device was ended does
// not.
func (x *runner) fellow(peer membership.PeerKey) bool {
	s := x.snap.Load()
	if !s.In() && s.Standing != membership.Left {
		return false
	}
	return slices.ContainsFunc(s.People.ByPeer(peer), func(d membership.Device) bool {
		leaving := s.Standing == membership.Left && d.Member == s.Me && !d.Revoked // one's own devices hear of it too
		return d.Dev != s.Dev && (leaving || current(s.People, d))
	})
}

// sharing reports whether this home still seeks the circle's others. One that left,
// and was told that they know, only answers who comes.
func (x *runner) sharing(s *Snapshot) bool {
	return s.In() || s.Standing == membership.Left && !s.ToldGoodbye
}

// current reports whether a device is an unrevoked one of a current member.
func current(v *membership.View, d membership.Device) bool {
	m, ok := v.Member(d.Member)
	return ok && m.Standing == membership.In && !d.Revoked
}

// device returns the peer's device in the circle.
func (x *runner) device(peer membership.PeerKey) (membership.Device, bool) {
	v := x.snap.Load().People
	for _, d := range v.ByPeer(peer) {
		if current(v, d) {
			return d, true
		}
	}
	return membership.Device{}, false
}

// Circles lists the circles in which this home is in, ascending.
func (n *Node) Circles() []crdt.ID {
	var out []crdt.ID
	for _, x := range n.runners() {
		if x.sharing(x.snap.Load()) {
			out = append(out, x.id)
		}
	}
	return out
}

// Contacts lists the unrevoked devices of the other members of all circles,
// ascending by key.
func (n *Node) Contacts() []Contact {
	byPeer := map[membership.PeerKey][]crdt.ID{}
	self := membership.PeerKey(n.peerKey())
	for _, x := range n.runners() {
		s := x.snap.Load()
		if !x.sharing(s) {
			continue
		}
		for _, m := range s.People.Members() {
			for _, d := range m.Devices {
				if d.Peer != self && !d.Revoked && !slices.Contains(byPeer[d.Peer], x.id) {
					byPeer[d.Peer] = append(byPeer[d.Peer], x.id)
				}
			}
		}
	}
	out := make([]Contact, 0, len(byPeer))
	for peer, ids := range byPeer {
		out = append(out, Contact{Peer: peer, Circles: ids})
	}
	slices.SortFunc(out, func(a, b Contact) int { return slices.Compare(a.Peer[:], b.Peer[:]) })
	return out
}

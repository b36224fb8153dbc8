package node

import (
	"time"

	"tend/crdt"
	"tend/crdt/membership"
)

// CircleStatus is how one circle of this home stands.
type CircleStatus struct {
	Circle      crdt.ID
	Name        string
	Standing    membership.Standing
	Arrived     bool
	Me          crdt.ID
	Members     int
	Ops         uint64
	Waiting     int
	Frontier    crdt.ID // digest of the log
	StateDigest crdt.ID
	Epoch       membership.EpochID
	Heard       map[crdt.ID]Heard // of the other members that were heard
	// Unread counts epochs this home may read and has no key of yet.
	Unread int
}

// Status says how a circle stands.
func (n *Node) Status(id crdt.ID) (CircleStatus, error) { return n.status(id, (*Snapshot).StateDigest) }

// Glance is Status without the digest of the state, which takes long in a large circle.
func (n *Node) Glance(id crdt.ID) (CircleStatus, error) {
	return n.status(id, func(*Snapshot) crdt.ID { return crdt.ID{} })
}

func (n *Node) status(id crdt.ID, digest func(*Snapshot) crdt.ID) (CircleStatus, error) {
	x, err := n.runner(id)
	if err != nil {
		return CircleStatus{}, unknownCircle(id)
	}
	s := x.snap.Load()
	f := s.Frontier()
	st := CircleStatus{Circle: id, Name: s.People.Charter().Name, Standing: s.Standing, Arrived: s.Arrived, Me: s.Me,
		Members: len(s.People.Members()), Ops: s.Ops, Waiting: s.Waiting + s.Handed, Frontier: f.Digest,
		StateDigest: digest(s), Epoch: f.Epoch, Heard: map[crdt.ID]Heard{}, Unread: len(x.wantedEpochs(s, anyEpoch))}
	for _, m := range s.People.Members() {
		if h, ok := x.heard.of(s, m); ok && m.ID != s.Me {
			st.Heard[m.ID] = h
		}
	}
	return st, nil
}

// latest is the greatest clock reading in a log.
func latest(tips map[crdt.Device][]crdt.Tip) crdt.HLC {
	var h crdt.HLC
	for _, ts := range tips {
		for _, t := range ts {
			h = max(h, t.HLC)
		}
	}
	return h
}

// HeardOf says when a member was last heard from; false if never.
func (n *Node) HeardOf(id, member crdt.ID) (Heard, bool) {
	x, err := n.runner(id)
	if err != nil {
		return Heard{}, false
	}
	s := x.snap.Load()
	m, ok := s.People.Member(member)
	if !ok {
		return Heard{}, false
	}
	return x.heard.of(s, m)
}

// HeardAt is when any device behind a transport key was last heard from.
func (n *Node) HeardAt(peer membership.PeerKey) (time.Time, bool) {
	var last time.Time
	for _, x := range n.runners() {
		x.heard.mu.Lock()
		for _, d := range x.snap.Load().People.ByPeer(peer) {
			if of, ok := x.heard.known[d.Dev]; ok && time.UnixMilli(of.At).After(last) {
				last = time.UnixMilli(of.At)
			}
		}
		x.heard.mu.Unlock()
	}
	return last, !last.IsZero()
}

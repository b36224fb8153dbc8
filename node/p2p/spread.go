package p2p

import (
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"tend/crdt"
	"tend/protocol"
)

const recordPass = time.Second // within which news of others' addresses are passed on

// announce says what is new, by gossip as far as that carries, and sees to it that
// the rest is told in sessions (SPEC.md §7.7).
func (n *Net) announce(m Move) {
	if len(m.Announce) == 0 {
		if m.Frontier {
			n.spreadSoon(m.Circle, true)
		}
		return
	}
	carried := n.gossip != nil && !m.Frontier
	if n.gossip != nil {
		write, _ := n.home.Topics(m.Circle)
		for _, data := range m.Announce {
			carried = n.gossip.publish(write, data) && carried
		}
	}
	if carried {
		n.tell(News{Sync: true})
	}
	n.spreadSoon(m.Circle, !carried)
	n.confirmSoon(m.Circle)
}

// confirmSoon asks connected members, once gossip had time to carry what is new,
// whether they hold it: else nobody would know before the tick that it arrived.
// Who holds what this home does is not asked.
func (n *Net) confirmSoon(circle crdt.ID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.circle(circle)
	if c.quiet != nil || n.closed {
		return
	}
	c.quiet = time.AfterFunc(quietAfter+jitter(quietAfter), func() {
		n.mu.Lock()
		c.quiet = nil
		n.mu.Unlock()
		for _, p := range n.fellows() {
			if n.inCircle(p, circle) {
				n.spawn(func() { n.sync(p, circle, patient) })
			}
		}
	})
}

// overheard is confirmSoon for what others wrote, in a circle small enough that
// all of its homes may ask.
func (n *Net) overheard(circle crdt.ID) {
	if len(n.fellows()) <= quietCircle {
		n.confirmSoon(circle)
	}
}

// spreadSoon tells connected members of what is new, after a moment that gathers
// more: all of them, or those whom gossip does not reach.
func (n *Net) spreadSoon(circle crdt.ID, all bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.circle(circle)
	c.all = c.all || all
	if c.spread != nil || n.closed {
		return
	}
	if n.gossip != nil {
		c.dropped = n.gossip.dropped.Load()
	}
	c.spread = time.AfterFunc(spreadAfter, func() { n.spawn(func() { n.spreadNow(circle) }) })
}

func (n *Net) spreadNow(circle crdt.ID) {
	n.mu.Lock()
	c := n.circle(circle)
	all := c.all
	if n.gossip != nil && n.gossip.dropped.Load() != c.dropped {
		all = true
	}
	c.spread, c.all = nil, false
	n.mu.Unlock()
	var topic string
	if n.gossip != nil {
		topic, _ = n.home.Topics(circle)
	}
	for _, p := range n.fellows() {
		if !n.inCircle(p, circle) || !all && n.gossip != nil && n.gossip.hears(topic, p) {
			continue
		}
		n.spawn(func() { n.sync(p, circle, probe) })
	}
}

// spread sends this home's new address record to all members connected.
func (n *Net) spread() {
	for _, p := range n.fellows() {
		for _, circle := range n.shared(p) {
			n.spawn(func() {
				n.say(p, circle, func(t *talk) { t.introduce() })
			})
			break // one circle is enough: the record is the same
		}
	}
}

// passOn hands address records that were news here to the other members connected,
// after a moment in which they may have come to them by themselves. Who has them
// passes them no further.
func (n *Net) passOn(circle crdt.ID, from peer.ID, records [][]byte) {
	pause(n.ctx, jitter(recordPass))
	for _, p := range n.fellows() {
		if p == from || !n.inCircle(p, circle) {
			continue
		}
		n.spawn(func() {
			n.say(p, circle, func(t *talk) { t.send(&protocol.Addr{WallMS: n.wallMillis(), Records: records}) })
		})
	}
}

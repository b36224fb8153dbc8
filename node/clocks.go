package node

import (
	"slices"
	"sync"
	"time"

	"tend/crdt"
	"tend/crdt/membership"
)

// What is thought of other clocks (SPEC.md §3.4).
const (
	clockMemory  = 7 * 24 * time.Hour
	clockAgree   = 2 * time.Minute
	clockEnough  = 3
	maxClocksMet = 1024
)

// clocks remembers by how much the clocks of the nodes met lately differ from ours.
type clocks struct {
	mu  sync.Mutex // guards met
	met map[membership.PeerKey]metClock
}

type metClock struct {
	ahead time.Duration
	at    time.Time
}

func newClocks() *clocks { return &clocks{met: map[membership.PeerKey]metClock{}} }

// Clock notes by how much a peer's wall clock is ahead of ours.
func (n *Node) Clock(peer membership.PeerKey, ahead time.Duration) {
	c := n.clocks
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.met[peer]; known || len(c.met) < maxClocksMet {
		c.met[peer] = metClock{ahead, n.now()}
	}
}

// lead returns by how much our clock leads the median of at least three nodes met
// in the last week that agree with each other; zero if it does not by more than
// two minutes.
func (c *clocks) lead(now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	var aheads []time.Duration
	for _, m := range c.met {
		if now.Sub(m.at).Abs() <= clockMemory {
			aheads = append(aheads, m.ahead)
		}
	}
	if len(aheads) < clockEnough {
		return 0
	}
	slices.Sort(aheads)
	if aheads[len(aheads)-1]-aheads[0] > clockAgree {
		return 0
	}
	if median := aheads[len(aheads)/2]; -median > clockAgree {
		return -median
	}
	return 0
}

// clock is the reading that own ops take.
func (n *Node) clock() crdt.HLC {
	now := n.now()
	return crdt.At(now.Add(-n.clocks.lead(now)).UnixMilli())
}

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

// off returns by how much the clocks of the nodes met in the last week are ahead of
// ours, the middle of them, and how many there are.
func (c *clocks) off(now time.Time) (ahead time.Duration, of int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var aheads []time.Duration
	for _, m := range c.met {
		if now.Sub(m.at).Abs() <= clockMemory {
			aheads = append(aheads, m.ahead)
		}
	}
	if len(aheads) == 0 {
		return 0, 0
	}
	slices.Sort(aheads)
	return aheads[len(aheads)/2], len(aheads)
}

// ClockOff returns by how much the clocks of the homes met in this run, and in the
// last week, are ahead of this one's, the middle of them, and how many there are.
func (n *Node) ClockOff() (ahead time.Duration, of int) { return n.clocks.off(n.now()) }

// TipAhead returns by how much the last op that this device wrote in any circle is
// dated after now; zero if it is not.
func (n *Node) TipAhead() time.Duration {
	ahead := time.Duration(0)
	for _, x := range n.runners() {
		ahead = max(ahead, x.snap.Load().ahead(n.now()))
	}
	return ahead
}

// TipAheadIn is TipAhead of one circle.
func (n *Node) TipAheadIn(id crdt.ID) time.Duration {
	x, err := n.runner(id)
	if err != nil {
		return 0
	}
	return x.snap.Load().ahead(n.now())
}

// ahead is by how much the last thing this device wrote is dated after now.
func (s *Snapshot) ahead(now time.Time) time.Duration {
	return max(0, s.lastWrote().Sub(now))
}

// lastWrote is the date of the last thing this device wrote; long ago if there is none.
func (s *Snapshot) lastWrote() time.Time {
	last := crdt.HLC(0)
	for _, t := range s.Frontier().Tips[s.Dev] {
		last = max(last, t.HLC)
	}
	return last.Time()
}

// clock is the reading that own ops take.
func (n *Node) clock() crdt.HLC {
	now := n.now()
	return crdt.At(now.Add(-n.clocks.lead(now)).UnixMilli())
}

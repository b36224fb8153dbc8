package p2p

import (
	"math"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// A peer that says what no sound home says, again and again, is left alone for a
// while; a member is never shut out for good, and one slip weighs nothing.
const (
	faultHalf  = 10 * time.Minute // in which half of what was counted is forgotten
	faultLimit = 20               // at which the peer is left alone
	faultRest  = 10 * time.Minute // for this long
	faultStep  = 5                // the most that one frame counts
	maxScores  = 512              // peers counted at once
)

// score is a decaying count of one peer's faults.
type score struct {
	points float64
	at     time.Time // when points was true
	until  time.Time // left alone
}

func (s *score) now(now time.Time) float64 {
	return s.points * math.Exp2(-float64(now.Sub(s.at))/float64(faultHalf))
}

// scores counts the faults of peers. All methods may be called from several
// goroutines at once.
type scores struct {
	mu sync.Mutex
	of map[peer.ID]*score
}

func newScores() *scores { return &scores{of: map[peer.ID]*score{}} }

// fault counts, and reports whether the peer is to be left alone from now on.
func (s *scores) fault(p peer.ID, points int, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.of[p]
	if one == nil {
		s.makeRoom(now)
		one = &score{at: now}
		s.of[p] = one
	}
	one.points, one.at = one.now(now)+float64(min(points, faultStep)), now
	if one.points < faultLimit || now.Before(one.until) {
		return false
	}
	one.points, one.until = faultLimit/2, now.Add(faultRest)
	return true
}

// makeRoom forgets who is as good as forgotten, and if that is nobody, whoever
// counts least. The caller holds s.mu.
func (s *scores) makeRoom(now time.Time) {
	if len(s.of) < maxScores {
		return
	}
	var least peer.ID
	lowest := math.Inf(1)
	for p, one := range s.of {
		points := one.now(now)
		if now.Before(one.until) {
			points += faultLimit
		}
		if points < 0.5 {
			delete(s.of, p)
		} else if points < lowest {
			least, lowest = p, points
		}
	}
	if len(s.of) >= maxScores {
		delete(s.of, least)
	}
}

// resting reports whether a peer is left alone.
func (s *scores) resting(p peer.ID, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.of[p]
	return one != nil && now.Before(one.until)
}

// blame counts a fault of a peer, and closes its connections for a while when it
// was one too many.
func (n *Net) blame(p peer.ID, points int, what string) {
	n.log.Debug("a peer said what it should not", "peer", p, "what", what, "points", points)
	if !n.gate.scores.fault(p, points, time.Now()) {
		return
	}
	n.log.Info("a peer is left alone for a while", "peer", p, "what", what, "for", faultRest)
	n.spawn(func() { n.closePeer(p) })
}

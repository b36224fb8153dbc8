package p2p

import (
	"context"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"tend/crdt/canon"
)

// On puts the home on a network of the test's own: QUIC alone, and nothing that
// needs a real one.
func (c Config) On(options ...libp2p.Option) Config {
	c.bare, c.options = true, options
	return c
}

// LibHost is the libp2p host inside.
func (n *Net) LibHost() host.Host { return n.host }

// HearAnother lets the home be busy with a goodbye until free is called.
func (n *Net) HearAnother() (free func()) {
	n.farewells <- struct{}{}
	return func() { <-n.farewells }
}

// SayGoodbye says goodbye to a peer, if it is owed one.
func (n *Net) SayGoodbye(p peer.ID) { n.sayGoodbye(p) }

// Limits of the package, for tests at their edge.
const (
	MaxFrame   = maxFrame
	MaxStreams = maxStreams
	StageLead  = stageLead
)

// Hint tells the home where a peer may be.
func (n *Net) Hint(p peer.ID, addrs ...ma.Multiaddr) {
	n.dialler.mu.Lock()
	n.dialler.hints[p] = addrs
	n.dialler.mu.Unlock()
}

// Dial is how the home connects to a peer, also by more addresses; news has it look
// again where the peer may be.
func (n *Net) Dial(ctx context.Context, p peer.ID, more []ma.Multiaddr, news <-chan struct{}) error {
	return n.reach(ctx, p, more, news)
}

// PauseAfter is the back-off.
func PauseAfter(away, now time.Time, sought int) time.Duration { return pauseAfter(away, now, sought) }

// OpenRecord opens a signed address record.
var OpenRecord = openRecord

// RowFor is a stored address row with the net's own record in it.
func RowFor(n *Net) ([]byte, error) {
	n.book.refresh()
	n.book.mu.Lock()
	defer n.book.mu.Unlock()
	return canon.Marshal(row{V: 1, Seq: n.book.ownSeq, Record: n.book.own})
}

// CodeAddrs picks addresses for a code.
var CodeAddrs = codeAddrs

// Fault counts faults of a peer at a time, and reports whether it is left alone.
func (s *scores) Fault(p peer.ID, points int, now time.Time) bool { return s.fault(p, points, now) }

// Resting reports whether a peer is left alone.
func (s *scores) Resting(p peer.ID, now time.Time) bool { return s.resting(p, now) }

// Len is how many peers are counted.
func (s *scores) Len() int { return len(s.of) }

// NewScores and the bounds of what peers may do wrong.
var NewScores = newScores

const (
	FaultLimit = faultLimit
	FaultStep  = faultStep
	FaultRest  = faultRest
	FaultHalf  = faultHalf
	MaxScores  = maxScores
)

// NewQuota is what members may send over n's relay.
func NewQuota(n *Net, rate, burst float64) *quota { return &quota{n, rate, burst} }

// Reach makes the home believe that it is reached from outside, or not any more.
func (n *Net) Reach(yes bool) {
	n.outside.mu.Lock()
	n.outside.reached = yes
	n.outside.mu.Unlock()
	n.relaying()
}

// Sharing sets what each member may send over this home's relay.
func (c Config) Sharing(rate, burst float64) Config {
	c.share = [2]float64{rate, burst}
	return c
}

// Charge counts relayed bytes.
func (q *quota) Charge(p peer.ID, count int64) time.Duration { return q.charge(p, count) }

// RelayedBy is how much of a member's relay burst is used up.
func (n *Net) RelayedBy(p peer.ID) float64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	k := n.know(p)
	if k.relay == nil {
		return 0
	}
	k.relay.mu.Lock()
	defer k.relay.mu.Unlock()
	return relayBurst - k.relay.tokens
}

// Resting reports whether a peer is left alone now.
func (n *Net) Resting(p peer.ID) bool { return n.gate.scores.resting(p, time.Now()) }

// MaxRecordAddrs is how many addresses a record may have.
const MaxRecordAddrs = maxRecordAddrs

// FrameReader reads the frames of a stream, as bytes.
func FrameReader(s network.Stream) func() ([]byte, error) {
	w := &wire{stream: s}
	return func() ([]byte, error) { return w.readBytes(maxFrame) }
}

package p2p

import (
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"

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

// Limits of the package, for tests at their edge.
const (
	MaxFrame   = maxFrame
	MaxStreams = maxStreams
)

// PauseAfter is the back-off.
func PauseAfter(away, now time.Time) time.Duration { return pauseAfter(away, now) }

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

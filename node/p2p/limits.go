package p2p

import (
	"sync"
	"time"

	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/network"

	"tend/protocol"
)

// Bounds of what peers may cost (SPEC.md §7).
const (
	maxFrame       = protocol.MaxFrame      // bytes of a frame, its length not counted
	maxWaiting     = 4                      // frames of a stream that wait for the database
	maxReplies     = 64                     // frames of a stream that wait for the wire
	maxJoinMessage = protocol.MaxJoinBytes  // bytes of join messages 1 to 3, together
	maxJoins       = 4                      // joins at once
	maxStreams     = 8                      // sync streams a peer may have open at once
	maxRecord      = protocol.MaxAddrRecord // bytes of a signed address record
	maxRecordAddrs = 16                     // addresses in it
	maxAddrBytes   = protocol.MaxAddrBytes  // bytes of records in one ADDR
	maxAnnounce    = protocol.MaxGossip     // bytes of a gossip message
	maxHints       = 16                     // addresses kept of one peer found on the local network
	maxPeerTopics  = 256                    // gossip topics a peer may name

	openTimeout    = 10 * time.Second // opening a stream, and its first 33 bytes
	idleTimeout    = 60 * time.Second // waiting for a frame
	writeTimeout   = 20 * time.Second // one frame to the wire: no progress means a stalled peer
	joinTimeout    = 30 * time.Second // join messages 1 to 3
	enterTimeout   = 10 * time.Minute // join message 4
	guestTimeout   = 30 * time.Second // a connection of somebody who is no member
	closeTimeout   = 2 * time.Second  // all of Close
	goodbyeTimeout = 2 * time.Second  // opening the stream of a goodbye, and each of its frames
	heardTimeout   = 20 * time.Second // until it was taken in

	gossipRate, gossipBurst = 50, 200 // messages a second of one peer
	paceRate, paceBurst     = 20, 16  // messages a second of this home

	// A session brings at most syncRate bytes a second, but for the one that is the
	// circle's bulk session.
	syncRate, syncBurst = 2 << 20, 8 << 20
	// A peer is served two full histories a day and serveRate bytes a second beyond.
	serveRate, serveBurst = 64 << 20 / 3600.0, 64 << 20
	// A relayed peer may move relayRate bytes a second over this home.
	relayRate, relayBurst = 1 << 20, 16 << 20
	// Connections accepted from anybody, a second.
	acceptRate, acceptBurst = 20, 60
)

// resources makes the resource manager: explicit limits, since the autoscaled ones
// let only 64 connections into a small box, and room for a household or a carrier
// behind one address.
func resources() (network.ResourceManager, error) {
	limits := rcmgr.DefaultLimits
	libp2p.SetDefaultServiceLimits(&limits)
	own := rcmgr.PartialLimitConfig{
		System: rcmgr.ResourceLimits{Conns: 600, ConnsInbound: 500, ConnsOutbound: 400, Streams: 8192,
			StreamsInbound: 6000, StreamsOutbound: 6000, FD: 1000, Memory: 512 << 20},
		Transient: rcmgr.ResourceLimits{Conns: 64, ConnsInbound: 48, ConnsOutbound: 48, FD: 64, Memory: 16 << 20},
		// Over QUIC the connection of a node that crashed lasts until it was silent
		// for half a minute; whoever comes back often must not be refused for those.
		PeerDefault: rcmgr.ResourceLimits{Conns: 32, ConnsInbound: 32, ConnsOutbound: 32, Streams: 256,
			StreamsInbound: 128, StreamsOutbound: 128, Memory: 64 << 20},
	}
	return rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(own.Build(limits.Scale(64<<20, 512))),
		rcmgr.WithMetricsDisabled(),
		rcmgr.WithLimitPerSubnet(
			[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 32, ConnCount: 64}},
			[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 56, ConnCount: 64}, {PrefixLength: 48, ConnCount: 256}}))
}

// bucket is a token bucket: rate tokens a second, at most burst of them. It starts
// full. All methods may be called at once from several goroutines.
type bucket struct {
	mu          sync.Mutex
	rate, burst float64
	tokens      float64
	at          time.Time
}

func newBucket(rate, burst float64) *bucket {
	return &bucket{rate: rate, burst: burst, tokens: burst, at: time.Now()}
}

func (b *bucket) fill(now time.Time) {
	b.tokens = min(b.burst, b.tokens+b.rate*now.Sub(b.at).Seconds())
	b.at = now
}

// take takes n tokens if they are there.
func (b *bucket) take(n float64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(time.Now())
	if b.tokens < n {
		return false
	}
	b.tokens -= n
	return true
}

// spend takes n tokens, going into debt, and returns how long to wait until the
// debt is paid.
func (b *bucket) spend(n float64) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fill(time.Now())
	b.tokens -= n
	if b.tokens >= 0 {
		return 0
	}
	return time.Duration(-b.tokens / b.rate * float64(time.Second))
}

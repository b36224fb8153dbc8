package p2p

import (
	"context"
	"time"

	"github.com/libp2p/go-libp2p/core/metrics"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
)

// quota slows down what each member sends through this home's relay to that
// member's share. The relay's own limits would keep gossip off it, and its meter
// does not say whose bytes it counts; but each read of a stream tells libp2p's
// bandwidth reporter how much of which protocol came from whom, and goes on when
// that returns. So the relay's loop waits here, and the sender's stream window
// with it. Each way of a circuit is charged to who sends on it.
//
// A home that relays reads streams of these protocols also when it reaches
// another member over somebody else's relay; that relay is then slowed the same.
type quota struct {
	n           *Net
	rate, burst float64 // bytes a second, and at once
}

func (n *Net) quota() *quota {
	if n.cfg.share[0] > 0 {
		return &quota{n, n.cfg.share[0], n.cfg.share[1]}
	}
	return &quota{n, relayRate, relayBurst}
}

// LogRecvMessageStream charges what came over a relayed stream.
func (q *quota) LogRecvMessageStream(count int64, id protocol.ID, p peer.ID) {
	if id != proto.ProtoIDv2Hop && id != proto.ProtoIDv2Stop || count <= 0 {
		return
	}
	pause(q.n.ctx, q.charge(p, count))
}

// charge counts, and returns how long the peer is to wait.
func (q *quota) charge(p peer.ID, count int64) time.Duration {
	q.n.mu.Lock()
	if q.n.relay == nil {
		q.n.mu.Unlock()
		return 0 // relays for nobody
	}
	k := q.n.know(p)
	if k.relay == nil {
		k.relay = newBucket(q.rate, q.burst)
	}
	b := k.relay
	q.n.mu.Unlock()
	return b.spend(float64(count))
}

// The rest is not counted.

func (*quota) LogSentMessage(int64)                                  {}
func (*quota) LogRecvMessage(int64)                                  {}
func (*quota) LogSentMessageStream(int64, protocol.ID, peer.ID)      {}
func (*quota) GetBandwidthForPeer(peer.ID) (s metrics.Stats)         { return s }
func (*quota) GetBandwidthForProtocol(protocol.ID) (s metrics.Stats) { return s }
func (*quota) GetBandwidthTotals() (s metrics.Stats)                 { return s }
func (*quota) GetBandwidthByPeer() map[peer.ID]metrics.Stats         { return nil }
func (*quota) GetBandwidthByProtocol() map[protocol.ID]metrics.Stats { return nil }
func (*quota) Reset()                                                {}
func (*quota) TrimIdle(time.Time)                                    {}

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

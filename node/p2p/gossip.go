package p2p

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"tend/crdt"
)

const (
	gossipQueue   = 256 // messages to one peer, and to the validators
	listenQueue   = 512 // messages of a topic that nobody read yet
	gossipMaxRPC  = 64 << 10
	gossipMemory  = 10 * time.Minute // how long a message is known again
	gossipHistory = 12               // heartbeats a message can be asked for
	gossipTold    = 6                // of them told of to others
)

var (
	errNotFellow = errors.New("no member")
	errTopics    = errors.New("too many topics")
)

// gossip carries new ops to whoever is connected, fast and without promise: what
// it does not carry, sessions do.
type gossip struct {
	n    *Net
	ps   *pubsub.PubSub
	pace *bucket
	// dropped counts what pubsub lost of its own accord; it says so nowhere else.
	dropped atomic.Uint64
	renewed event.Emitter // tells pubsub that a peer may be spoken to now

	following sync.Mutex // held while topics are joined and left

	// mu is never held while pubsub is called: its own loop asks inspect and
	// topicFilter, which take it.
	mu     sync.Mutex
	topics map[string]*listening
	named  map[peer.ID]map[string]bool // topics a peer named
	mesh   map[string]map[peer.ID]bool // who passes on at once, by topic
}

// listening is one topic this home listens to.
type listening struct {
	circle crdt.ID
	topic  *pubsub.Topic
	stop   func()
}

func newGossip(n *Net) (*gossip, error) {
	g := &gossip{n: n, pace: newBucket(paceRate, paceBurst),
		topics: map[string]*listening{}, named: map[peer.ID]map[string]bool{}, mesh: map[string]map[peer.ID]bool{}}
	var err error
	if g.renewed, err = n.host.EventBus().Emitter(new(event.EvtPeerProtocolsUpdated)); err != nil {
		return nil, err
	}
	params := pubsub.DefaultGossipSubParams()
	params.D, params.Dlo, params.Dhi, params.Dscore, params.Dout, params.Dlazy = 4, 3, 8, 3, 1, 4
	params.HistoryLength, params.HistoryGossip = gossipHistory, gossipTold
	g.ps, err = pubsub.NewGossipSub(n.ctx, membersHost{n.host, n},
		pubsub.WithGossipSubParams(params),
		pubsub.WithMessageSignaturePolicy(pubsub.StrictNoSign), pubsub.WithNoAuthor(), // ops carry their own signatures
		pubsub.WithMessageIdFn(func(m *pb.Message) string { h := sha256.Sum256(m.Data); return string(h[:]) }),
		pubsub.WithFloodPublish(false), pubsub.WithPeerExchange(false),
		pubsub.WithMaxMessageSize(gossipMaxRPC), pubsub.WithSeenMessagesTTL(gossipMemory),
		pubsub.WithValidateQueueSize(gossipQueue), pubsub.WithPeerOutboundQueueSize(gossipQueue),
		pubsub.WithSubscriptionFilter(topicFilter{g}), pubsub.WithAppSpecificRpcInspector(g.inspect),
		pubsub.WithRawTracer(tracer{g}))
	if err != nil {
		g.renewed.Close()
		return nil, err
	}
	return g, nil
}

// follow listens to exactly the topics given for a circle, besides other circles'.
func (g *gossip) follow(circle crdt.ID, topics []string) {
	g.following.Lock()
	defer g.following.Unlock()
	var over []string
	g.mu.Lock()
	for topic, l := range g.topics {
		if l.circle == circle && !slices.Contains(topics, topic) {
			over = append(over, topic)
		}
	}
	g.mu.Unlock()
	for _, topic := range over {
		g.leave(topic)
	}
	for _, topic := range topics {
		if g.listening(topic) != nil || g.n.ctx.Err() != nil {
			continue
		}
		if err := g.join(circle, topic); err != nil {
			g.n.log.Warn("listen to gossip", "err", err)
		}
	}
}

func (g *gossip) listening(topic string) *listening {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.topics[topic]
}

// join listens to a topic.
func (g *gossip) join(circle crdt.ID, topic string) error {
	err := g.ps.RegisterTopicValidator(topic, func(_ context.Context, from peer.ID, m *pubsub.Message) pubsub.ValidationResult {
		return g.judge(circle, from, m)
	})
	if err != nil {
		return err
	}
	t, err := g.ps.Join(topic)
	if err != nil {
		return errors.Join(err, g.ps.UnregisterTopicValidator(topic))
	}
	sub, err := t.Subscribe(pubsub.WithBufferSize(listenQueue))
	if err != nil {
		return errors.Join(err, t.Close(), g.ps.UnregisterTopicValidator(topic))
	}
	ctx, cancel := context.WithCancel(g.n.ctx)
	g.n.spawn(func() { // the validator has queued the ops; here they are only taken off pubsub's hands
		for {
			if _, err := sub.Next(ctx); err != nil {
				return
			}
		}
	})
	g.mu.Lock()
	g.topics[topic] = &listening{circle, t, func() { cancel(); sub.Cancel() }}
	g.mu.Unlock()
	return nil
}

// leave ends a topic.
func (g *gossip) leave(topic string) {
	l := g.listening(topic)
	g.mu.Lock()
	delete(g.topics, topic)
	g.mu.Unlock()
	l.stop()
	if err := errors.Join(l.topic.Close(), g.ps.UnregisterTopicValidator(topic)); err != nil {
		g.n.log.Debug("leave gossip topic", "err", err)
	}
}

// judge is the validator: only members of the circle, only at their rate, and then
// what the home says of the ops.
func (g *gossip) judge(circle crdt.ID, from peer.ID, m *pubsub.Message) pubsub.ValidationResult {
	if from == g.n.host.ID() {
		return pubsub.ValidationAccept
	}
	if len(m.Data) > maxAnnounce {
		g.n.blame(from, 1, "gossip over the limit")
		return pubsub.ValidationReject
	}
	if !g.n.inCircle(from, circle) || !g.n.known(from).gossip.take(1) {
		return pubsub.ValidationIgnore
	}
	key, err := keyOf(from)
	if err != nil {
		return pubsub.ValidationReject
	}
	switch g.n.home.Gossiped(circle, key, slices.Clone(m.Data)) {
	case Accept:
		g.n.tell(News{Sync: true})
		g.n.overheard(circle)
		return pubsub.ValidationAccept
	case Reject:
		g.n.blame(from, 1, "gossip that is malformed or wrongly signed")
		return pubsub.ValidationReject
	}
	return pubsub.ValidationIgnore
}

// publish says data on a topic. It reports whether that can be counted on: false
// when over the pace, with nobody in the mesh, or when something was dropped.
func (g *gossip) publish(topic string, data []byte) bool {
	if len(data) > maxAnnounce || !g.pace.take(1) {
		return false
	}
	l := g.listening(topic)
	if l == nil || !g.meshed(topic) {
		return false
	}
	before := g.dropped.Load()
	if err := l.topic.Publish(g.n.ctx, data); err != nil {
		g.n.log.Debug("publish", "err", err)
		return false
	}
	return g.dropped.Load() == before
}

// meshed reports whether anybody passes on what is said on a topic.
func (g *gossip) meshed(topic string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.mesh[topic]) > 0
}

// grafted notes that a peer passes on a topic from now on. What was said before is
// asked for (SPEC.md §7.7).
func (g *gossip) grafted(p peer.ID, topic string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.mesh[topic] == nil {
		g.mesh[topic] = map[peer.ID]bool{}
	}
	g.mesh[topic][p] = true
	if l := g.topics[topic]; l != nil {
		g.n.spawn(func() { g.n.sync(p, l.circle, probe) })
	}
}

// pruned notes the end of grafted.
func (g *gossip) pruned(p peer.ID, topic string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.mesh[topic], p)
	if len(g.mesh[topic]) == 0 {
		delete(g.mesh, topic)
	}
}

// hears reports whether a peer listens to a topic, as far as is known.
func (g *gossip) hears(topic string, p peer.ID) bool {
	return topic != "" && slices.Contains(g.ps.ListPeers(topic), p)
}

// renew tells pubsub of a peer that became a member while connected: what it speaks
// was not asked before, and is found out by speaking.
func (g *gossip) renew(p peer.ID) {
	added := []protocol.ID{pubsub.GossipSubID_v13, pubsub.GossipSubID_v12, pubsub.GossipSubID_v11}
	if err := g.renewed.Emit(event.EvtPeerProtocolsUpdated{Peer: p, Added: added}); err != nil {
		g.n.log.Debug("tell gossip of a member", "err", err)
	}
}

// forget drops what is remembered of a peer that left.
func (g *gossip) forget(p peer.ID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.named, p)
	for _, peers := range g.mesh {
		delete(peers, p)
	}
}

// inspect refuses whatever no member says, or a member of another circle.
func (g *gossip) inspect(from peer.ID, rpc *pubsub.RPC) error {
	if g.n.gate.standing(from) != Fellow {
		return errNotFellow
	}
	for _, m := range rpc.GetPublish() {
		if l := g.listening(m.GetTopic()); l != nil && !g.n.inCircle(from, l.circle) {
			return fmt.Errorf("topic of a circle of others: %w", errNotFellow)
		}
	}
	return nil
}

// topicFilter lets this home listen to its own topics only, and peers name any that
// look like one: a topic may be known to a peer before its key is here.
type topicFilter struct{ g *gossip }

// CanSubscribe is asked about this home's own topics, too.
func (topicFilter) CanSubscribe(topic string) bool { return isTopic(topic) }

// FilterIncomingSubscriptions bounds how many topics one peer may name.
func (f topicFilter) FilterIncomingSubscriptions(p peer.ID, subs []*pb.RPC_SubOpts) ([]*pb.RPC_SubOpts, error) {
	subs = pubsub.FilterSubscriptions(subs, isTopic)
	f.g.mu.Lock()
	defer f.g.mu.Unlock()
	named := f.g.named[p]
	if named == nil {
		named = map[string]bool{}
		f.g.named[p] = named
	}
	for _, s := range subs {
		if s.GetSubscribe() {
			named[s.GetTopicid()] = true
		} else {
			delete(named, s.GetTopicid())
		}
	}
	if len(named) > maxPeerTopics {
		return nil, errTopics
	}
	return subs, nil
}

// isTopic reports whether a name has the form of a topic: 32 lower-case hex digits.
func isTopic(name string) bool {
	if len(name) != 32 {
		return false
	}
	for _, c := range name {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// membersHost is the host as pubsub sees it: it speaks with members only, since its
// first words are the topics this home listens to.
type membersHost struct {
	host.Host
	n *Net
}

// NewStream opens a stream to a member.
func (h membersHost) NewStream(ctx context.Context, p peer.ID, ids ...protocol.ID) (network.Stream, error) {
	if h.n.gate.standing(p) != Fellow {
		return nil, errNotFellow
	}
	return h.Host.NewStream(ctx, p, ids...)
}

// SetStreamHandler serves members' streams.
func (h membersHost) SetStreamHandler(id protocol.ID, serve network.StreamHandler) {
	h.Host.SetStreamHandler(id, func(s network.Stream) {
		if h.n.gate.standing(s.Conn().RemotePeer()) != Fellow {
			s.Reset()
			return
		}
		serve(s)
	})
}

// tracer counts what gossip lost, the only sign of it there is, and follows the mesh.
type tracer struct{ g *gossip }

// RejectMessage counts messages that found no room in the validators' queue.
func (d tracer) RejectMessage(_ *pubsub.Message, reason string) {
	switch reason {
	case pubsub.RejectValidationQueueFull, pubsub.RejectValidationThrottled:
		d.g.dropped.Add(1)
	}
}

// DropRPC counts what found no room on the way to a peer.
func (d tracer) DropRPC(*pubsub.RPC, peer.ID) { d.g.dropped.Add(1) }

// UndeliverableMessage counts what found no room in a subscription.
func (d tracer) UndeliverableMessage(*pubsub.Message) { d.g.dropped.Add(1) }

// Graft is told of a new mesh peer.
func (d tracer) Graft(p peer.ID, topic string) { d.g.grafted(p, topic) }

// Prune is told of one that is no more.
func (d tracer) Prune(p peer.ID, topic string) { d.g.pruned(p, topic) }

// Leave is told that a topic is over.
func (d tracer) Leave(topic string) {
	d.g.mu.Lock()
	defer d.g.mu.Unlock()
	delete(d.g.mesh, topic)
}

// The rest is not looked at.

func (tracer) OnNewOutboundStream(peer.ID, protocol.ID) {}
func (tracer) OnClosedOutboundStream(peer.ID)           {}
func (tracer) Join(string)                              {}
func (tracer) ValidateMessage(*pubsub.Message)          {}
func (tracer) DeliverMessage(*pubsub.Message)           {}
func (tracer) DuplicateMessage(*pubsub.Message)         {}
func (tracer) ThrottlePeer(peer.ID)                     {}
func (tracer) RecvRPC(*pubsub.RPC)                      {}
func (tracer) SendRPC(*pubsub.RPC, peer.ID)             {}

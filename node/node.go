package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"tend/crdt"
	"tend/storage"
)

// Config is what a node is made of. The wiring fills it.
type Config struct {
	Store storage.Store
	Keys  Keyring
	Rand  io.Reader
	// Now is the wall clock, in the zone the person lives in.
	Now func() time.Time
	// Zone is that zone's name, as stored with dates ("Europe/Berlin").
	Zone string
	Log  *slog.Logger
}

// Node is one home: it holds this member's copies of all their circles. Its
// methods may be called from many goroutines at once.
type Node struct {
	cfg  Config
	log  *slog.Logger
	peer [32]byte // the public half of the transport key, which never changes

	moves     *broadcast[Move]
	revisions *broadcast[Revision]
	clocks    *clocks
	entrance  *entrance
	partings  *partings
	cleaning  cleaning
	links     *links
	askings   sync.Mutex // held while who asks at the door is written down
	seeds     sync.Mutex // held while a member is made of a seed
	hand      *Hand      // whoever has this node in hand; nil for one that runs

	mu      sync.Mutex // guards what follows
	circles map[crdt.ID]*runner
	running context.Context // set by Run
	wg      sync.WaitGroup
}

// ErrNoCircle is wrapped where a circle is asked for that this home has no part in.
var ErrNoCircle = errors.New("no such circle here")

// New opens all circles there are keys of. The node answers questions at once,
// and works once [Node.Run] runs.
func New(cfg Config) (*Node, error) {
	n := &Node{cfg: cfg, log: cfg.Log, peer: pub(cfg.Keys.TransportSeed()), circles: map[crdt.ID]*runner{}, moves: newBroadcast(mergeMoves),
		revisions: newBroadcast(mergeRevisions), clocks: newClocks()}
	n.entrance, n.partings, n.links = newEntrance(n), newPartings(n), &links{node: n}
	for _, id := range cfg.Keys.Circles() {
		x, err := n.open(id)
		if err != nil {
			return nil, err
		}
		if !x.begun() {
			continue
		}
		n.circles[id] = x
	}
	return n, n.partings.load()
}

// Run owns the loops of all circles until ctx ends; then it finishes what is
// under way and returns nil.
func (n *Node) Run(ctx context.Context) error {
	n.mu.Lock()
	if n.running != nil {
		n.mu.Unlock()
		return errors.New("the node runs already")
	}
	n.running = ctx
	for _, id := range slices.SortedFunc(maps.Keys(n.circles), crdt.ID.Compare) {
		n.start(n.circles[id])
	}
	n.mu.Unlock()
	<-ctx.Done()
	n.wg.Wait()
	return nil
}

// start runs a circle's loop. It is called with mu held, while the node runs.
func (n *Node) start(x *runner) {
	ctx := n.running
	n.wg.Go(func() { x.run(ctx) })
}

// add takes a new circle in and runs its loop.
func (n *Node) add(id crdt.ID) (*runner, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if x, ok := n.circles[id]; ok {
		return x, nil
	}
	x, err := n.newRunner(id)
	if err != nil {
		return nil, err
	}
	n.circles[id] = x
	if n.running != nil {
		n.start(x)
	}
	return x, nil
}

func (n *Node) runner(id crdt.ID) (*runner, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if x, ok := n.circles[id]; ok {
		return x, nil
	}
	return nil, fmt.Errorf("circle %s: %w", id.Short(), ErrNoCircle)
}

func (n *Node) runners() []*runner {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := make([]*runner, 0, len(n.circles))
	for _, id := range slices.SortedFunc(maps.Keys(n.circles), crdt.ID.Compare) {
		out = append(out, n.circles[id])
	}
	return out
}

// All lists the circles this home has a copy of, those it has left included,
// ascending.
func (n *Node) All() []crdt.ID {
	var out []crdt.ID
	for _, x := range n.runners() {
		out = append(out, x.id)
	}
	return out
}

// TransportKey is this home's own key on the network.
func (n *Node) TransportKey() ed25519.PrivateKey {
	seed := n.cfg.Keys.TransportSeed()
	return ed25519.NewKeyFromSeed(seed[:])
}

// DoDue does now what a running node does by itself at its next tick, in all
// circles, and waits for it: for whoever knows that much time has gone by.
func (n *Node) DoDue(ctx context.Context) error {
	for _, x := range n.runners() {
		done := make(chan struct{})
		select {
		case x.called <- done:
		case <-x.ended:
			return ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
		select {
		case <-done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (n *Node) peerKey() [32]byte { return n.peer }

func (n *Node) now() time.Time { return n.cfg.Now() }

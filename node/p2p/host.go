package p2p

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/gologshim"
	"github.com/libp2p/go-libp2p/p2p/host/eventbus"
	"github.com/libp2p/go-libp2p/p2p/host/peerstore/pstoremem"
	"github.com/libp2p/go-libp2p/p2p/net/connmgr"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/libp2p/go-libp2p/p2p/protocol/holepunch"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
	libp2pquic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	ma "github.com/multiformats/go-multiaddr"

	"tend/crdt"
)

// The stream protocols.
const (
	syncProtocol = "/tend/sync/1"
	joinProtocol = "/tend/join/1"
)

// Config is how a home is on the network.
type Config struct {
	Home Home
	// Now is the wall clock that others are told and records are dated with; nil:
	// the machine's.
	Now func() time.Time
	// Listen are the multiaddrs to listen on; none: QUIC and TCP on Port, on all
	// interfaces. A port of 0 is chosen by the system: store [Net.Listening] and
	// hand it in again, so that the home is found where it was.
	Listen []string
	Port   int
	// Kept is where the home listened before. It is tried first; what of it is taken
	// gets a free port for this time, and where nothing of it is free Listen counts.
	// Hand in the same again at the next start: others know the home there.
	Kept []string
	// Published are multiaddrs that others are told in place of those it listens on: of
	// a proxy, or of a forwarded port, by which alone this home is to be reached.
	Published []string
	// Relays are multiaddrs with /p2p/: nodes that may relay for this home.
	Relays     []string
	NoMDNS     bool // not found and finding nobody on the local network
	NoPortMap  bool // do not ask the router to forward a port
	NoGossip   bool // sessions only
	Forwarded  bool // the person says: a port is forwarded to this home
	Log        *slog.Logger
	NoLocalLog bool // leave libp2p's own log where it is

	options []libp2p.Option // tests: put after the others
	share   [2]float64      // tests: of each relayed member, bytes a second and at once
	bare    bool            // tests: QUIC only, without what needs a real network
}

// Net is this home's place on the network: a host, and all that it does by
// itself. All methods may be called from several goroutines at once.
type Net struct {
	cfg  Config
	home Home
	log  *slog.Logger
	host host.Host
	gate *gate
	// loopback: this home listens on its own machine only, so such addresses count
	// and there is no local network.
	loopback bool
	told     []ma.Multiaddr // in place of what it listens on; empty: that
	machine  machine
	outside  outside
	ready    atomic.Bool // the fields of Net are there
	seats    *seats

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	book      *book
	dialler   *dialler
	gossip    *gossip       // nil without gossip
	local     *local        // mDNS; nil without
	joins     chan struct{} // a place per join that is served
	knocked   chan struct{} // codes may have changed, or doors been found
	visited   chan struct{}
	talks     chan struct{} // a place per session this home began
	farewells chan struct{} // the place of the goodbye that is heard
	news      listeners

	// changing is held while services of the host begin and end. They wait until the
	// host's notices are through, and those need mu, so mu is not held then.
	changing sync.Mutex
	guests   bool // guestProtocol is listed; guarded by changing

	mu      sync.Mutex
	closed  bool
	peers   map[peer.ID]*known      // whom this home met since it started
	circles map[crdt.ID]*circleSync // what sync needs to remember
	relay   *relay.Relay            // nil: this home relays for nobody
	holes   *holepunch.Service      // nil: no hole could lead here yet

	goodbyes map[peer.ID]chan struct{} // being said; closed when that is over
}

// known is what is remembered of a peer while this home runs; guarded by Net.mu.
type known struct {
	fellow   bool                 // was a member when last looked at
	refused  bool                 // would not speak of a circle yet
	streams  int                  // incoming sync streams open now
	joining  int                  // join streams open now
	met      map[crdt.ID]string   // id of the connection whose first stream for the circle was opened
	holds    map[crdt.ID][16]byte // half of the digest the peer was last seen to have
	gossip   *bucket
	sync     *bucket
	serve    map[crdt.ID]*bucket
	relay    *bucket      // bytes it sends through this home's relay; nil: none yet
	sees     ma.Multiaddr // where it sees this home, if it reached it directly
	circuit  time.Time    // when a relayed connection was there last
	dialled  time.Time    // when this home last called out to it
	upgraded time.Time    // when it was last tried to reach it directly
}

// Start brings the home onto the network. It stays there until ctx ends or
// [Net.Close]. The error says what could not be listened on.
func Start(ctx context.Context, cfg Config) (*Net, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if !cfg.NoLocalLog {
		gologshim.SetDefaultHandler(quiet{cfg.Log.Handler()})
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	n := &Net{cfg: cfg, home: cfg.Home, log: cfg.Log, peers: map[peer.ID]*known{},
		circles: map[crdt.ID]*circleSync{}, goodbyes: map[peer.ID]chan struct{}{}, joins: make(chan struct{}, maxJoins),
		knocked: make(chan struct{}, 1), visited: make(chan struct{}, 1),
		talks: make(chan struct{}, talksAtOnce), farewells: make(chan struct{}, 1)}
	n.ctx, n.cancel = context.WithCancel(ctx)
	if err := n.listen(); err != nil {
		n.cancel()
		return nil, err
	}
	n.dialler = newDialler(n)
	n.host.SetStreamHandler(syncProtocol, n.answerSync)
	n.host.SetStreamHandler(joinProtocol, n.answerJoin)
	if !cfg.NoGossip {
		var err error
		if n.gossip, err = newGossip(n); err != nil {
			n.Close()
			return nil, fmt.Errorf("start gossip: %w", err)
		}
	}
	if !cfg.NoMDNS && !n.loopback && !cfg.bare {
		n.local = newLocal(n)
		n.spawn(n.local.run)
	}
	n.host.Network().Notify(&network.NotifyBundle{
		ConnectedF:    func(_ network.Network, c network.Conn) { n.spawn(func() { n.met(c) }) },
		DisconnectedF: func(_ network.Network, c network.Conn) { n.spawn(func() { n.parted(c) }) },
	})
	n.ready.Store(true)
	n.outside.since(n.ownIPs())
	n.relaying()
	n.makeHoles()
	n.spawn(n.watchHost)
	if !n.onlyHere() {
		n.spawn(n.seats.run)
	}
	if !cfg.bare {
		n.spawn(n.watchMachine)
	}
	n.spawn(n.watchHome)
	n.spawn(n.tick)
	n.spawn(n.dialler.run)
	n.spawn(n.knock)
	n.spawn(n.visit)
	return n, nil
}

// spawn runs f in a goroutine that Close waits for.
func (n *Net) spawn(f func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return
	}
	n.wg.Go(f)
}

// Close leaves the network, within two seconds.
func (n *Net) Close() error {
	n.mu.Lock()
	if n.closed {
		n.mu.Unlock()
		return nil
	}
	n.closed = true
	n.mu.Unlock()
	n.cancel()
	n.book.stop()
	done := make(chan error, 1)
	go func() {
		n.relaying()
		n.closeHoles()
		err := n.host.Close()
		n.wg.Wait()
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-time.After(closeTimeout):
		return errors.New("leave the network: still busy")
	}
}

// listen builds the host.
func (n *Net) listen() error {
	key, err := crypto.UnmarshalEd25519PrivateKey(n.home.TransportKey())
	if err != nil {
		return fmt.Errorf("transport key: %w", err)
	}
	if len(n.cfg.Kept) > 0 {
		kept := n.cfg
		kept.Listen = n.cfg.Kept
		if addrs, err := listenAddrs(kept); err != nil {
			n.log.Warn("where this home listened before", "err", err)
		} else if err := n.open(key, addrs); err == nil {
			n.replaceTaken(addrs)
			return nil
		} else {
			n.log.Info("this home cannot listen where it did before; it listens elsewhere for now", "err", err)
		}
	}
	addrs, err := listenAddrs(n.cfg)
	if err != nil {
		return err
	}
	return n.open(key, addrs)
}

// replaceTaken listens on free ports in place of those that somebody else has.
func (n *Net) replaceTaken(wanted []ma.Multiaddr) {
	have := n.host.Network().ListenAddresses()
	for _, a := range wanted {
		if slices.ContainsFunc(have, a.Equal) {
			continue
		}
		free, err := ma.NewMultiaddr(anyPort.ReplaceAllString(a.String(), "/$1/0"))
		if err == nil {
			err = n.host.Network().Listen(free)
		}
		n.log.Info("an address is taken; a free port stands in for now", "addr", a, "err", err)
	}
}

var anyPort = regexp.MustCompile(`/(tcp|udp)/\d+`)

// open makes the host, listening on addrs.
func (n *Net) open(key crypto.PrivKey, addrs []ma.Multiaddr) error {
	n.loopback = allLoopback(addrs)
	var err error
	if n.told, err = addrsOf("published", n.cfg.Published); err != nil {
		return err
	}
	relays, err := relayInfos(n.cfg.Relays)
	if err != nil {
		return err
	}
	n.gate = &gate{home: n.home, relays: map[peer.ID]bool{}, leads: n.leadsOver, accept: newBucket(acceptRate, acceptBurst), scores: newScores()}
	for _, r := range relays {
		n.gate.relays[r.ID] = true
	}
	n.seats, n.book = newSeats(n, relays), newBook(n, key)
	manager, err := resources()
	if err != nil {
		return fmt.Errorf("resource limits: %w", err)
	}
	store, err := pstoremem.NewPeerstore()
	if err != nil {
		return fmt.Errorf("peerstore: %w", err)
	}
	conns, err := connmgr.NewConnManager(64, 256, connmgr.WithGracePeriod(time.Minute))
	if err != nil {
		return fmt.Errorf("connection manager: %w", err)
	}
	options := []libp2p.Option{
		libp2p.Identity(key), libp2p.Peerstore(store), libp2p.ListenAddrs(addrs...),
		libp2p.Transport(libp2pquic.NewTransport),
		libp2p.Security(libp2ptls.ID, libp2ptls.New), libp2p.Security(noise.ID, noise.New),
		libp2p.ConnectionGater(n.gate), libp2p.ResourceManager(guard{manager, n.gate}), libp2p.ConnectionManager(conns),
		libp2p.AddrsFactory(n.published), libp2p.DisableMetrics(), libp2p.Ping(true),
		libp2p.BandwidthReporter(n.quota()),
		libp2p.UserAgent("tend"), libp2p.ProtocolVersion("tend/1"),
	}
	if n.cfg.bare {
		options = append(options, libp2p.DisableIdentifyAddressDiscovery(), libp2p.DisableRelay())
	} else {
		options = append(options, libp2p.Transport(tcp.NewTCPTransport))
		if !n.cfg.NoPortMap && !n.loopback {
			options = append(options, libp2p.NATPortMap())
		}
	}
	n.host, err = libp2p.New(append(options, n.cfg.options...)...)
	if err != nil {
		return fmt.Errorf("listen on %v: %w", addrs, err)
	}
	return nil
}

// addrsOf reads multiaddrs; what they are for stands in the error.
func addrsOf(what string, texts []string) ([]ma.Multiaddr, error) {
	var out []ma.Multiaddr
	for _, s := range texts {
		a, err := ma.NewMultiaddr(s)
		if err != nil {
			return nil, fmt.Errorf("%s address %q: %w", what, s, err)
		}
		out = append(out, a)
	}
	return out, nil
}

// listenAddrs are the addresses of cfg, or both transports on one port of all
// interfaces.
func listenAddrs(cfg Config) ([]ma.Multiaddr, error) {
	out, err := addrsOf("listen", cfg.Listen)
	if len(out) > 0 || err != nil {
		return out, err
	}
	port := cfg.Port
	if port == 0 {
		if port, err = freePort(); err != nil {
			return nil, err
		}
	}
	for _, ip := range []string{"/ip4/0.0.0.0", "/ip6/::"} {
		for _, transport := range []string{"/udp/%d/quic-v1", "/tcp/%d"} {
			a, err := ma.NewMultiaddr(ip + fmt.Sprintf(transport, port))
			if err != nil {
				return nil, fmt.Errorf("port %d: %w", port, err)
			}
			out = append(out, a)
		}
	}
	return out, nil
}

// freePort finds a port that is free for UDP and TCP now.
func freePort() (int, error) {
	for range 20 {
		t, err := net.Listen("tcp", ":0")
		if err != nil {
			return 0, fmt.Errorf("find a port: %w", err)
		}
		port := t.Addr().(*net.TCPAddr).Port
		u, err := net.ListenPacket("udp", ":"+strconv.Itoa(port))
		t.Close()
		if err == nil {
			u.Close()
			return port, nil
		}
	}
	return 0, errors.New("find a port: none is free for both transports")
}

// watchHost follows the host's own news: where it is, and whom it got to know.
func (n *Net) watchHost() {
	sub, err := n.host.EventBus().Subscribe([]any{
		new(event.EvtLocalAddressesUpdated), new(event.EvtPeerIdentificationCompleted), new(event.EvtPeerProtocolsUpdated),
	}, eventbus.BufSize(256))
	if err != nil {
		n.log.Error("listen to the host", "err", err)
		return
	}
	defer sub.Close()
	for {
		select {
		case <-n.ctx.Done():
			return
		case e, ok := <-sub.Out():
			if !ok {
				return
			}
			switch e := e.(type) {
			case event.EvtPeerIdentificationCompleted:
				n.identified(e)
			case event.EvtPeerProtocolsUpdated:
				n.judge(e.Peer)
			case event.EvtLocalAddressesUpdated:
				n.makeHoles()
				if !n.moved() {
					n.book.changed()
				}
			}
		}
	}
}

// NetworkChanged tells that the machine woke up or that its network is another:
// connections are tried whether they still answer, everybody else is dialled anew,
// and all are asked what is new.
func (n *Net) NetworkChanged() {
	n.dialler.reset()
	n.book.changed()
	n.seats.poke()
	if n.local != nil {
		n.local.changed()
	}
	for _, p := range n.host.Network().Peers() {
		n.weed(p)
	}
	for _, p := range n.fellows() {
		n.spawn(func() { n.greet(p) })
		n.spawn(func() { n.upgrade(p) })
	}
}

// watchHome follows what is new at home.
func (n *Net) watchHome() {
	for _, c := range n.home.Circles() {
		n.retopic(c)
	}
	for m := range n.home.Moves(n.ctx) {
		n.announce(m) // first: a leave must be said before its circle is left
		if m.Epoch || m.People {
			n.retopic(m.Circle)
		}
		if m.People {
			n.review()
			n.dialler.wake()
		}
		if m.Knocking {
			n.dialler.wake()
			n.wakeJoins()
		}
		if (m.Knocking || m.People) && n.local != nil {
			n.local.wake()
		}
		if m.Epoch {
			n.spawn(func() { n.pushKeys(m.Circle) })
		}
		if m.Gap {
			n.fillGaps(m.Circle)
		}
	}
}

// quiet passes on what libp2p logs, one step lower each: its errors are warnings
// to a home, its warnings details.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return q.Handler.Enabled(ctx, lower(l))
}

func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	r.Level = lower(r.Level)
	return q.Handler.Handle(ctx, r)
}

func (q quiet) WithAttrs(a []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(a)} }
func (q quiet) WithGroup(name string) slog.Handler   { return quiet{q.Handler.WithGroup(name)} }

func lower(l slog.Level) slog.Level {
	switch {
	case l >= slog.LevelError:
		return slog.LevelWarn
	case l >= slog.LevelWarn:
		return slog.LevelDebug
	}
	return slog.LevelDebug - 4
}

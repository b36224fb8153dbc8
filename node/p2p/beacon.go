package p2p

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/zeroconf/v2"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

const (
	hearFor  = 3 * time.Second // after a question; zeroconf's own next one would come after 4 s
	mostText = 255             // bytes of a string in a TXT record (RFC 1035 §3.3)

	mdnsDomain = "local"
	mdnsPort   = 4001 // an SRV record must have one; nobody in libp2p reads it
	dnsaddr    = "dnsaddr="
)

// neighbours is a place on the local network under one tag: whoever asks there hears
// of this home, and it may ask who else is there.
type neighbours interface {
	// Start begins to answer. What is told is what holds now, until Close.
	Start() error
	// Ask puts the question once and returns at once; what is heard goes to whom the
	// place was made for. While a question is out another is not put.
	Ask()
	// Close ends both, and waits for the end. It may be called without Start, once.
	Close() error
}

// beacon is neighbours as libp2p's mdns has it on the wire: an instance with a random
// name, whose TXT records are addresses. That service cannot be used itself, for it
// asks all its life; and it tells the addresses of up to a minute ago.
type beacon struct {
	tag   string
	addrs func() []ma.Multiaddr // of this home, each with its peer id
	found func(peer.AddrInfo)   // called by one goroutine at a time
	log   func(msg string, args ...any)

	ctx    context.Context
	cancel context.CancelFunc
	asking chan struct{}     // the place of the question that is out
	over   []zeroconf.IPType // what to ask over, in the order to try; of the one question
	wg     sync.WaitGroup
	server *zeroconf.Server // nil before Start
}

func newBeacon(n *Net, tag string, found func(peer.AddrInfo)) *beacon {
	b := &beacon{tag: tag, addrs: n.nearby, found: found, log: n.log.Debug, asking: make(chan struct{}, 1),
		over: []zeroconf.IPType{zeroconf.IPv4AndIPv6, zeroconf.IPv4, zeroconf.IPv6}}
	b.ctx, b.cancel = context.WithCancel(n.ctx)
	return b
}

// Start begins to answer, and says so twice to whoever listens.
func (b *beacon) Start() error {
	texts, ips := told(b.addrs())
	if len(ips) == 0 {
		return errors.New("no address to be found at")
	}
	name := instanceName()
	server, err := zeroconf.RegisterProxy(name, b.tag, mdnsDomain, mdnsPort, name, ips, texts, nil)
	if err != nil {
		return fmt.Errorf("answer on the local network: %w", err)
	}
	b.server = server
	return nil
}

// Ask puts the question.
func (b *beacon) Ask() {
	select {
	case b.asking <- struct{}{}:
	default:
		return
	}
	b.wg.Go(func() {
		defer func() { <-b.asking }()
		if err := b.ask(); err != nil {
			b.log("ask on the local network", "err", err)
		}
	})
}

// ask asks over what there is of IPv4 and IPv6. Where zeroconf lacks one of those that
// it is to use it asks over none, and leaves a socket to the collector: so the next
// question begins with what went well.
func (b *beacon) ask() error {
	var errs []error
	for range b.over {
		err := b.browse(b.over[0])
		if err == nil {
			return nil
		}
		errs = append(errs, err)
		b.over = append(slices.Clone(b.over[1:]), b.over[0])
	}
	return errors.Join(errs...)
}

// browse puts one question and hears the answers. An error means that it was not put.
func (b *beacon) browse(ip zeroconf.IPType) error {
	ctx, cancel := context.WithTimeout(b.ctx, hearFor)
	defer cancel()
	entries, ended := make(chan *zeroconf.ServiceEntry), make(chan error, 1)
	go func() { ended <- zeroconf.Browse(ctx, b.tag, mdnsDomain, entries, zeroconf.SelectIPTraffic(ip)) }()
	for {
		select {
		case e, ok := <-entries:
			if !ok {
				return <-ended
			}
			for _, info := range spoken(e.Text) {
				b.found(info)
			}
		case err := <-ended: // entries stay open where it could not begin
			return err
		}
	}
}

// Close says goodbye to whoever listens.
func (b *beacon) Close() error {
	b.cancel()
	if b.server != nil {
		b.server.Shutdown()
	}
	b.wg.Wait()
	return nil
}

// told is what a beacon says: the addresses, and the IPs of the first of each family,
// which others than libp2p want to see.
func told(addrs []ma.Multiaddr) (texts, ips []string) {
	seen := map[bool]bool{}
	for _, a := range addrs {
		text := dnsaddr + a.String()
		ip, err := manet.ToIP(a)
		if err != nil || len(text) > mostText || len(texts) == maxHints {
			continue
		}
		texts = append(texts, text)
		if four := ip.To4() != nil; !seen[four] {
			seen[four], ips = true, append(ips, ip.String())
		}
	}
	return texts, ips
}

// spoken reads what another beacon says. What is no address is passed over.
func spoken(texts []string) []peer.AddrInfo {
	var addrs []ma.Multiaddr
	for _, text := range texts {
		if rest, ok := strings.CutPrefix(text, dnsaddr); ok {
			if a, err := ma.NewMultiaddr(rest); err == nil {
				addrs = append(addrs, a)
			}
		}
	}
	infos, err := peer.AddrInfosFromP2pAddrs(addrs...)
	if err != nil {
		return nil // an address without a peer id: not one of ours
	}
	return infos
}

// nearby are the addresses that neighbours are told, each with this home's peer id.
func (n *Net) nearby() []ma.Multiaddr {
	var near []ma.Multiaddr
	for _, a := range n.here() {
		if ip, err := manet.ToIP(a); err == nil && !ip.IsLoopback() && !n.machine.isInner(ip) {
			near = append(near, a)
		}
	}
	addrs, err := peer.AddrInfoToP2pAddrs(&peer.AddrInfo{ID: n.host.ID(), Addrs: near})
	if err != nil {
		return nil
	}
	return addrs
}

// instanceName is a name that says nothing, 32 to 63 characters as libp2p's.
func instanceName() string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	name := make([]byte, 32+rand.N(32))
	for i := range name {
		name[i] = letters[rand.N(len(letters))]
	}
	return string(name)
}

package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node/replica"
	"tend/protocol"
)

// linkLive is how long a new device's code may be scanned, and how long the other
// keeps trying to reach it.
const linkLive = 15 * time.Minute

// linkID begins the names of linkings among the visits of a home.
const linkID = "link "

// Pipe carries whole messages to and from one peer, for an exchange that the node
// leads itself.
type Pipe interface {
	Send(message []byte) error
	// Receive returns the next message, of at most most bytes. io.EOF says that the
	// peer has closed its side.
	Receive(most int) ([]byte, error)
}

// links keeps the linking of a member's devices under way: on the new device what
// it shows, on the other whom it scanned.
type links struct {
	node *Node

	mu    sync.Mutex // guards what follows
	shown *shownLink
	kin   []*kinLink
}

// shownLink is the code this home shows, and what came of it.
type shownLink struct {
	code  protocol.LinkCode
	since time.Time
	link  protocol.Link // with whoever scanned the code
	keys  protocol.LinkKeys
	fresh []Identity // device keys, as keys.Keys has them
	words string     // "" until somebody scanned
	in    []crdt.ID
	done  bool
}

// kinLink is a new device of this member that this home scanned.
type kinLink struct {
	code      protocol.LinkCode
	since     time.Time
	link      protocol.Link
	keys      protocol.LinkKeys
	words     string // "" until it was reached
	confirmed bool   // the person saw the same words on both
	in        []crdt.ID
	done      bool
	err       error
}

// LinkState is how a linking stands, on either side.
type LinkState struct {
	Code    string    // the text of the code
	Words   string    // the six words that both show; "" until they met
	Circles []crdt.ID // that the new device is in now
	Done    bool
}

// ShowLink makes the code with which this home asks to be a further device of a
// member who has one.
func (n *Node) ShowLink(addrs [][]byte) (string, error) {
	code := protocol.LinkCode{Peer: n.peerKey(), Addrs: addrs}
	if _, err := io.ReadFull(n.cfg.Rand, code.Secret[:]); err != nil {
		return "", err
	}
	n.links.mu.Lock()
	n.links.shown = &shownLink{code: code, since: n.now()}
	n.links.mu.Unlock()
	n.moves.send(Move{Knocking: true})
	return code.Text(), nil
}

// ShownLink says how the linking stands whose code this home shows; false if it
// shows none.
func (n *Node) ShownLink() (LinkState, bool) {
	n.links.mu.Lock()
	defer n.links.mu.Unlock()
	s := n.links.open(n.now())
	if s == nil {
		return LinkState{}, false
	}
	return LinkState{Code: s.code.Text(), Words: s.words, Circles: slices.Clone(s.in), Done: s.done}, true
}

// open returns the code that is shown, while it is good. It is called with mu held.
func (l *links) open(now time.Time) *shownLink {
	if l.shown == nil || now.Sub(l.shown.since) > linkLive {
		return nil
	}
	return l.shown
}

// shows reports whether a code is shown that nobody was let in by yet.
func (l *links) shows() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.open(l.node.now())
	return s != nil && !s.done
}

// secrets are the secrets of codes shown and scanned, to be found under.
func (l *links) secrets() [][16]byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out [][16]byte
	if s := l.open(l.node.now()); s != nil && !s.done {
		out = append(out, s.code.Secret)
	}
	for _, k := range l.kin {
		if !k.done && l.node.now().Sub(k.since) <= linkLive {
			out = append(out, k.code.Secret)
		}
	}
	return out
}

// visits are the new devices to be reached now: not met yet, or met and confirmed.
func (l *links) visits() []Visit {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []Visit
	for _, k := range l.kin {
		if !k.done && (k.words == "" || k.confirmed) && l.node.now().Sub(k.since) <= linkLive {
			out = append(out, Visit{ID: linkID + k.code.Text(), Peer: k.code.Peer, Addrs: k.code.Addrs, Link: true})
		}
	}
	return out
}

func (l *links) of(text string) *kinLink {
	for _, k := range l.kin {
		if k.code.Text() == text {
			return k
		}
	}
	return nil
}

// ScanLink begins to reach a new device of this member. It returns at once; when
// the two have met, [Node.ScannedLink] has the words.
func (n *Node) ScanLink(code *protocol.LinkCode) error {
	if code.Peer == n.peerKey() {
		return circle.Refuse(circle.Usage, "no.own_code.device")
	}
	var ids []crdt.ID
	for _, x := range n.runners() {
		if x.snap.Load().In() && len(ids) < protocol.MaxLinkCircles {
			ids = append(ids, x.id)
		}
	}
	if len(ids) == 0 {
		return circle.Refuse(circle.NotFound, "no.no_circle")
	}
	l := n.links
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of(code.Text()) == nil {
		k := &kinLink{code: *code, since: n.now(), link: protocol.Link{Secret: code.Secret, PeerN: code.Peer, PeerO: n.peerKey(), Circles: ids}}
		if _, err := io.ReadFull(n.cfg.Rand, k.link.NonceO[:]); err != nil {
			return err
		}
		l.kin = append(slices.DeleteFunc(l.kin, func(k *kinLink) bool { return n.now().Sub(k.since) > linkLive }), k)
	}
	n.moves.send(Move{Knocking: true})
	return nil
}

// ScannedLink says how the linking with a scanned device stands. The error is why
// the last try did not work.
func (n *Node) ScannedLink(code *protocol.LinkCode) (LinkState, error) {
	n.links.mu.Lock()
	defer n.links.mu.Unlock()
	k := n.links.of(code.Text())
	if k == nil {
		return LinkState{}, errors.New("no such linking")
	}
	return LinkState{Code: code.Text(), Words: k.words, Circles: slices.Clone(k.in), Done: k.done}, k.err
}

// ConfirmLink says that a person saw these words on both devices: now the keys go
// over.
func (n *Node) ConfirmLink(code *protocol.LinkCode, words string) error {
	n.links.mu.Lock()
	defer n.links.mu.Unlock()
	k := n.links.of(code.Text())
	if k == nil || k.words == "" {
		return circle.Refuse(circle.NotYet, "no.not_met")
	}
	if strings.Join(strings.Fields(strings.ToLower(words)), " ") != k.words {
		return circle.Refuse(circle.Kept, "no.words_differ")
	}
	k.confirmed = true
	n.moves.send(Move{Knocking: true})
	return nil
}

// Link is the older device's side of one meeting: it says hello, learns the new
// device's keys, and hands the member's over if a person has confirmed.
func (n *Node) Link(ctx context.Context, id string, p Pipe) error {
	n.links.mu.Lock()
	k := n.links.of(strings.TrimPrefix(id, linkID))
	if k == nil {
		n.links.mu.Unlock()
		return errors.New("no such linking")
	}
	link, confirmed, before := k.link, k.confirmed, k.keys
	n.links.mu.Unlock()
	keys, err := n.link(ctx, link, confirmed, before, p, k)
	n.links.mu.Lock()
	defer n.links.mu.Unlock()
	if k.err = err; err != nil {
		return err
	}
	if !confirmed {
		k.keys, k.words = keys, link.Words(keys)
	} else {
		k.done = true
	}
	return nil
}

func (n *Node) link(ctx context.Context, l protocol.Link, confirmed bool, before protocol.LinkKeys, p Pipe, k *kinLink) (protocol.LinkKeys, error) {
	if err := p.Send(protocol.EncodeOpening(l.Hello())); err != nil {
		return protocol.LinkKeys{}, fmt.Errorf("say hello: %w", err)
	}
	data, err := p.Receive(protocol.MaxLinkKeys)
	if err != nil {
		return protocol.LinkKeys{}, fmt.Errorf("hear the new device: %w", err)
	}
	keys, err := l.DecodeKeys(data)
	if err != nil || !confirmed {
		return keys, err
	}
	if l.Words(keys) != l.Words(before) {
		return protocol.LinkKeys{}, errors.New("the new device has other keys than those confirmed")
	}
	grant, logs, err := n.grant(ctx, l, keys)
	if err != nil {
		return protocol.LinkKeys{}, err
	}
	sealed, err := l.Seal(n.cfg.Rand, keys, grant)
	if err != nil {
		return protocol.LinkKeys{}, err
	}
	if err := p.Send(sealed); err != nil {
		return protocol.LinkKeys{}, fmt.Errorf("hand the keys over: %w", err)
	}
	for i, c := range grant.Circles {
		if err := logs[i].hand(p); err != nil {
			return protocol.LinkKeys{}, err
		}
		if err := n.takeFirst(ctx, c.Circle, p); err != nil {
			return protocol.LinkKeys{}, err
		}
		n.links.mu.Lock()
		k.in = append(k.in, c.Circle)
		n.links.mu.Unlock()
	}
	return keys, nil
}

// grant gathers what a new device gets: what goes over sealed, and of each circle
// the control log, with the single keys that a welcome pack brought this home.
func (n *Node) grant(ctx context.Context, l protocol.Link, keys protocol.LinkKeys) (protocol.LinkGrant, []handed, error) {
	g := protocol.LinkGrant{Seeds: n.cfg.Keys.Seeds().All}
	var logs []handed
	room := protocol.MaxLinkSecrets / max(1, len(keys.Keys))
	for _, key := range keys.Keys {
		x, err := n.runner(key.Circle)
		if err != nil || !slices.Contains(l.Circles, key.Circle) {
			return g, nil, errors.New("the new device names a circle that was not offered")
		}
		held := x.ring.held()
		cert := membership.DeviceCert{V: 1, Circle: x.id, Member: held.Member(), Dev: key.Dev, Box: key.Box, Peer: l.PeerN, NotBefore: n.clock()}
		c := protocol.LinkedCircle{Circle: x.id, Inception: held.Inception, Root: held.RootSeed, Next: held.NextSeed,
			NotBefore: cert.NotBefore, SigRoot: sign(held.RootSeed, cert.Signed()), LogKey: held.LogKey}
		for _, s := range held.Secrets[max(0, len(held.Secrets)-room):] {
			c.Secrets = append(c.Secrets, s[:]...)
		}
		ops, err := x.controlLog(ctx)
		if err != nil {
			return g, nil, err
		}
		g.Circles, logs = append(g.Circles, c), append(logs, handed{ops: ops, pack: held.Packed})
	}
	return g, logs, nil
}

// Linked is the new device's side of one meeting with whoever scanned its code.
func (n *Node) Linked(ctx context.Context, from membership.PeerKey, h protocol.LinkHello, p Pipe) error {
	link, keys, fresh, err := n.greeted(from, &h)
	if err != nil {
		return err
	}
	if err := p.Send(keys.Encode()); err != nil {
		return fmt.Errorf("show the keys: %w", err)
	}
	sealed, err := p.Receive(protocol.MaxLinkGrant)
	if errors.Is(err, io.EOF) {
		return nil // they only came to learn the words
	}
	if err != nil {
		return fmt.Errorf("hear the other device: %w", err)
	}
	grant, err := link.Open(keys, sealed)
	if err != nil {
		return err
	}
	if err := n.addSeeds(grant.Seeds...); err != nil {
		return err
	}
	for _, c := range grant.Circles {
		at := slices.IndexFunc(keys.Keys, func(k protocol.LinkKey) bool { return k.Circle == c.Circle })
		if at < 0 {
			return fmt.Errorf("%w: a circle that was not asked for", protocol.ErrLink)
		}
		if err := n.linkedTo(ctx, c, fresh[at], p); err != nil {
			return err
		}
	}
	n.links.mu.Lock()
	if s := n.links.shown; s != nil {
		s.done = true
	}
	n.links.mu.Unlock()
	n.moves.send(Move{People: true, Epoch: true, Knocking: true})
	return nil
}

// greeted checks a hello and returns the keys this home shows to whoever said it:
// the same each time.
func (n *Node) greeted(from membership.PeerKey, h *protocol.LinkHello) (protocol.Link, protocol.LinkKeys, []Identity, error) {
	none := func(err error) (protocol.Link, protocol.LinkKeys, []Identity, error) {
		return protocol.Link{}, protocol.LinkKeys{}, nil, err
	}
	n.links.mu.Lock()
	defer n.links.mu.Unlock()
	s := n.links.open(n.now())
	if s == nil {
		return none(errors.New("no code is shown"))
	}
	link := protocol.Link{Secret: s.code.Secret, PeerN: n.peerKey(), PeerO: from, NonceO: h.NonceO, Circles: h.Circles}
	if !link.Check(h) {
		return none(errors.New("whoever came has not seen the code"))
	}
	if s.words != "" && s.link.PeerO == from && s.link.NonceO == h.NonceO && slices.Equal(s.link.Circles, h.Circles) {
		return s.link, s.keys, s.fresh, nil
	}
	var keys []protocol.LinkKey
	var fresh []Identity
	for _, id := range h.Circles {
		var me Identity
		if x, err := n.runner(id); err != nil {
			if err := n.freshDevice(&me); err != nil {
				return none(err)
			}
		} else if held := x.ring.held(); !held.First.IsZero() && !x.snap.Load().Arrived {
			me = held.Identity // it came in once, and was not heard
		} else {
			continue // this home has a copy of that circle already
		}
		box, err := protocol.ParseBoxKey(me.Boxes[0].Key)
		if err != nil {
			return none(err)
		}
		keys, fresh = append(keys, protocol.LinkKey{Circle: id, Dev: me.Device(), Box: box.Public()}), append(fresh, me)
	}
	var nonce [16]byte
	if _, err := io.ReadFull(n.cfg.Rand, nonce[:]); err != nil {
		return none(err)
	}
	s.link, s.fresh, s.keys = link, fresh, link.Keys(nonce, keys)
	s.words = link.Words(s.keys)
	return s.link, s.keys, s.fresh, nil
}

// linkedTo makes one circle this home's, and hands this device's first op back.
func (n *Node) linkedTo(ctx context.Context, c protocol.LinkedCircle, fresh Identity, p Pipe) error {
	h, err := readHanded(c.Circle, p)
	if err != nil {
		return err
	}
	me := fresh
	me.Inception, me.RootSeed, me.NextSeed = c.Inception, c.Root, c.Next
	cert := n.certified(&me, c.Circle, me.Member(), c.NotBefore, c.SigRoot)
	keys := CircleKeys{Identity: me, LogKey: c.LogKey}
	for s := range slices.Chunk(c.Secrets, 32) {
		keys.Secrets = append(keys.Secrets, protocol.Secret(s))
	}
	op, err := n.comeIn(ctx, c.Circle, keys, h.ops, &membership.DeviceAdd{Cert: cert})
	if errors.Is(err, ErrHave) { // an earlier try came in, and its first op was not heard
		op, err = n.firstOp(ctx, c.Circle)
	}
	if err != nil {
		return err
	}
	x, err := n.runner(c.Circle)
	if err != nil {
		return err
	}
	if err := x.takePack(ctx, h.pack); err != nil {
		return err
	}
	if err := sendFrame(p, protocol.PackByID([]crdt.Op{op}, carriesBody)); err != nil {
		return err
	}
	n.links.mu.Lock()
	defer n.links.mu.Unlock()
	if s := n.links.shown; s != nil {
		s.in = append(s.in, c.Circle)
	}
	return nil
}

// OwnDevice is a device of this member in a circle.
type OwnDevice struct {
	membership.Device
	This  bool
	Heard time.Time // zero if it never was
}

// OwnDevices lists this member's devices in a circle, the oldest first.
func (n *Node) OwnDevices(id crdt.ID) ([]OwnDevice, error) {
	x, err := n.runner(id)
	if err != nil {
		return nil, unknownCircle(id)
	}
	s := x.snap.Load()
	m, _ := s.People.Member(s.Me)
	var out []OwnDevice
	for _, d := range m.Devices {
		one := OwnDevice{Device: d, This: d.Dev == s.Dev}
		if at, ok := n.HeardAt(d.Peer); ok && !one.This {
			one.Heard = at
		}
		out = append(out, one)
	}
	slices.SortStableFunc(out, func(a, b OwnDevice) int { return cmp.Compare(a.Cert.NotBefore, b.Cert.NotBefore) })
	return out, nil
}

// RevokeDevice ends another device of this member for good, and makes a new epoch
// in the same batch, which it will not get. It returns the op.
func (n *Node) RevokeDevice(ctx context.Context, id crdt.ID, dev crdt.Device) (crdt.ID, error) {
	x, err := n.runner(id)
	if err != nil {
		return crdt.ID{}, unknownCircle(id)
	}
	var made crdt.ID
	err = n.control(ctx, x, func(w *replica.Replica, clock crdt.HLC) error {
		me, mine := w.Me()
		d, ok := w.People().Device(dev)
		switch {
		case !ok || d.Member != me:
			return circle.Refuse(circle.NotFound, "no.device")
		case dev == mine:
			return circle.Refuse(circle.Usage, "no.device_here")
		case d.Revoked:
			return circle.Refuse(circle.Kept, "no.device_out")
		}
		seen := slices.DeleteFunc(w.Seen(me), func(s membership.Seen) bool { return s.Dev != dev })
		var err error
		made, err = w.Propose(&membership.DeviceRevoke{Dev: dev, Seen: seen}, clock)
		return err
	})
	return made, err
}

package p2p

import (
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/protocol"
	"tend/protocol/frontier"
)

// When sessions run: on a connection, when the network is another, on
// a gap, on a tick, and when gossip did not carry what is new.
const (
	tickEvery    = time.Minute           // ± half of it
	tickPatience = 2 * time.Second       // ops are on their way: ask once more before HELLO
	spreadAfter  = 50 * time.Millisecond // coalesces what is new
	quietAfter   = 2 * time.Second       // after what gossip carried: have all got it? and as much at random
	quietCircle  = 12                    // connected members up to whom also a home that only heard it asks
	gapAfter     = 150 * time.Millisecond
	keysAgain    = 10 * time.Second // the same peer is not asked for keys more often
	talksAtOnce  = 8                // streams this home has open of its own accord
	silentBulk   = 3 * time.Second  // whoever sends nothing for so long gives way to who waits
)

// gapPauses are the waits between one way to fill a gap and the next: from who
// delivered what waits, from its author, from anybody; after that the tick goes on.
var gapPauses = []time.Duration{gapAfter, time.Second, 5 * time.Second, 20 * time.Second}

// refusedPauses are the waits before a session that was refused is begun again, give
// or take half; after that the tick goes on.
var refusedPauses = []time.Duration{200 * time.Millisecond, time.Second, 4 * time.Second, 15 * time.Second}

// circleSync is what is remembered of a circle's sessions; guarded by Net.mu.
type circleSync struct {
	bulk    *talk            // the one incoming bulk; nil if nobody sends
	waits   bool             // somebody waits for its end, and looks now and then whether it is silent
	behind  map[peer.ID]bool // had more than it could be asked for while another sent
	active  map[peer.ID]bool // sessions this home began; true: another is wanted after
	tries   map[peer.ID]int  // sessions that were refused one after the other
	spread  *time.Timer
	quiet   *time.Timer
	all     bool // spread to those who hear gossip, too
	dropped uint64
	gap     *time.Timer
	gapTry  int
	gapTurn int                 // pulls made, for asking another peer each time
	keys    map[peer.ID]request // what each was last asked for
}

// request is a WANT that was made.
type request struct {
	at  time.Time
	ids []membership.EpochID
}

func (n *Net) circle(id crdt.ID) *circleSync {
	c := n.circles[id]
	if c == nil {
		c = &circleSync{behind: map[peer.ID]bool{}, active: map[peer.ID]bool{}, tries: map[peer.ID]int{}, keys: map[peer.ID]request{}}
		n.circles[id] = c
	}
	return c
}

// know returns what is remembered of a peer; the caller holds n.mu.
func (n *Net) know(p peer.ID) *known {
	k := n.peers[p]
	if k == nil {
		k = &known{met: map[crdt.ID]string{}, holds: map[crdt.ID][16]byte{}, serve: map[crdt.ID]*bucket{},
			gossip: newBucket(gossipRate, gossipBurst), sync: newBucket(syncRate, syncBurst)}
		n.peers[p] = k
	}
	return k
}

func (n *Net) known(p peer.ID) *known {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.know(p)
}

// fellows are the members' devices connected now, ascending.
func (n *Net) fellows() []peer.ID {
	var out []peer.ID
	for _, p := range n.host.Network().Peers() {
		if n.host.Network().Connectedness(p) == network.Connected && n.gate.standing(p) == Fellow {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return out
}

// shared are the circles a peer is in with this home.
func (n *Net) shared(p peer.ID) []crdt.ID {
	key, err := keyOf(p)
	if err != nil {
		return nil
	}
	return n.home.Shared(key)
}

func (n *Net) inCircle(p peer.ID, circle crdt.ID) bool {
	return slices.Contains(n.shared(p), circle)
}

// metFellow serves a member who connected: who dialled begins.
func (n *Net) metFellow(c network.Conn) {
	p := c.RemotePeer()
	n.mu.Lock()
	n.know(p).fellow = true
	n.mu.Unlock()
	n.tell(News{Links: true})
	n.host.ConnManager().Protect(p, "member")
	if len(n.host.Network().ConnsToPeer(p)) > 1 {
		n.weed(p)
	}
	if c.Stat().Direction == network.DirOutbound {
		if !relayed(c) {
			n.book.met(p, c.RemoteMultiaddr())
		}
		n.greet(p)
	}
	n.preferDirect(p)
	if relayed(c) {
		n.upgradeSoon(c)
	}
}

// metAgain looks at a connected member after people changed: one who just became a
// member is greeted, told what this home speaks, and pubsub told of it.
func (n *Net) metAgain(p peer.ID) {
	n.mu.Lock()
	k := n.know(p)
	before := k.fellow
	k.fellow = true
	n.mu.Unlock()
	if before {
		return
	}
	n.tell(News{Links: true})
	n.host.ConnManager().Protect(p, "member")
	for _, c := range n.host.Network().ConnsToPeer(p) {
		if c.Stat().Direction == network.DirOutbound && !relayed(c) {
			n.book.met(p, c.RemoteMultiaddr())
		}
	}
	n.judge(p)
	n.tellSelf()
	if n.gossip != nil {
		n.gossip.renew(p)
	}
	n.spawn(func() { n.greet(p) })
}

// knownNow goes on with a connected member that refused this home before, since it
// did not know it yet: sessions, and gossip, whose streams were refused as well.
func (n *Net) knownNow(p peer.ID) {
	n.mu.Lock()
	n.know(p).refused = false
	for _, c := range n.circles {
		delete(c.tries, p)
	}
	n.mu.Unlock()
	if n.gate.standing(p) != Fellow {
		return
	}
	n.tellSelf()
	if n.gossip != nil {
		n.gossip.renew(p)
	}
	n.greet(p)
}

// overCircuit notes that a relayed connection with a peer was there now.
func (n *Net) overCircuit(p peer.ID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if k := n.peers[p]; k != nil {
		k.circuit = time.Now()
	}
}

func (n *Net) wasFellow(p peer.ID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	k := n.peers[p]
	return k != nil && k.fellow
}

// parted forgets what held for a connection that ended.
func (n *Net) parted(c network.Conn) {
	p := c.RemotePeer()
	if relayed(c) {
		n.overCircuit(p)
	}
	if n.host.Network().Connectedness(p) != network.NotConnected {
		return
	}
	n.tell(News{Links: true})
	n.mu.Lock()
	if k := n.peers[p]; k != nil {
		k.fellow, k.refused = false, false
		clear(k.met)
		for _, c := range n.circles {
			delete(c.tries, p)
		}
		if k.streams == 0 && k.joining == 0 && n.gate.standing(p) < Fellow {
			delete(n.peers, p) // else anybody who knocks would be remembered
		}
	}
	n.mu.Unlock()
	n.seats.left(p)
	n.host.ConnManager().Unprotect(p, "member")
	if n.gossip != nil {
		n.gossip.forget(p)
	}
	if n.gate.standing(p) == Fellow {
		n.dialler.lost(p)
	}
}

// greet begins a session in each circle shared with a peer (triggers 1 and 2): HELLO
// where nobody is sending to this home yet, PROBE elsewhere.
func (n *Net) greet(p peer.ID) {
	for _, circle := range n.shared(p) {
		n.mu.Lock()
		free := n.circle(circle).bulk == nil
		n.mu.Unlock()
		if free {
			n.sync(p, circle, hello)
		} else {
			n.sync(p, circle, probe)
		}
	}
}

// tick asks one connected member of each circle, now and then, whether both hold
// the same (SPEC.md §7.7), and for keys that are still missing.
func (n *Net) tick() {
	for {
		pause(n.ctx, tickEvery/2+rand.N(tickEvery))
		if n.ctx.Err() != nil {
			return
		}
		fellows := n.fellows()
		for _, p := range fellows {
			n.book.mark(p, n.relays(p))
		}
		n.upgradeAll(fellows)
		for _, circle := range n.home.Circles() {
			n.retopic(circle) // a topic ends a day after its epoch
			near := slices.DeleteFunc(slices.Clone(fellows), func(p peer.ID) bool { return !n.inCircle(p, circle) })
			if len(near) == 0 {
				continue
			}
			p := near[rand.N(len(near))]
			n.spawn(func() { n.sync(p, circle, patient) })
			n.spawn(func() { n.askKeys(p, circle) })
			if len(n.home.Gaps(circle)) > 0 {
				n.fillGaps(circle)
			}
		}
	}
}

// retopic listens to the topics of a circle as they are now.
func (n *Net) retopic(circle crdt.ID) {
	if n.gossip == nil || circle.IsZero() {
		return
	}
	_, listen := n.home.Topics(circle)
	n.gossip.follow(circle, listen)
}

// pushKeys hands freshly minted epochs' lockboxes to connected members, and asks
// for those that are missing here.
func (n *Net) pushKeys(circle crdt.ID) {
	for _, p := range n.fellows() {
		if !n.inCircle(p, circle) {
			continue
		}
		key, err := keyOf(p)
		if err != nil {
			continue
		}
		if boxes := n.home.PushKeys(circle, key); len(boxes) > 0 {
			n.say(p, circle, func(t *talk) { t.send(&protocol.Keys{Boxes: boxes}) })
		}
		n.askKeys(p, circle)
	}
}

// askKeys asks a peer for the lockboxes that are missing, if it was not asked a
// moment ago.
func (n *Net) askKeys(p peer.ID, circle crdt.ID) {
	wanted := n.home.Wanted(circle)
	if len(wanted) == 0 {
		return
	}
	n.mu.Lock()
	c := n.circle(circle)
	last := c.keys[p]
	again := slices.Equal(last.ids, wanted) && time.Since(last.at) < keysAgain
	if !again {
		c.keys[p] = request{time.Now(), wanted}
	}
	n.mu.Unlock()
	if !again {
		n.say(p, circle, func(t *talk) { t.send(&protocol.Want{Epochs: wanted}) })
	}
}

// say opens a stream for some frames and what the peer answers to them.
func (n *Net) say(p peer.ID, circle crdt.ID, frames func(*talk)) {
	t, err := n.begin(n.ctx, p, circle)
	if err == nil {
		frames(t)
		err = t.run(n.ctx)
	}
	if err != nil {
		n.log.Debug("talk", "peer", p, "circle", circle.Short(), "err", err)
	}
}

// fillGaps asks for what is missing, after the time it may be on its way.
func (n *Net) fillGaps(circle crdt.ID) {
	wait := gapPauses[0]
	for _, g := range n.home.Gaps(circle) {
		wait = max(wait, min(time.Second, 2*n.host.Peerstore().LatencyEWMA(peerOf(g.From))))
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.circle(circle)
	if c.gap != nil || n.closed {
		return
	}
	c.gapTry = 0
	c.gap = time.AfterFunc(wait, func() { n.spawn(func() { n.pullGaps(circle) }) })
}

// pullGaps makes one try at the gaps of a circle (SPEC.md §7.7), and says when the
// next is due.
func (n *Net) pullGaps(circle crdt.ID) {
	gaps := n.home.Gaps(circle)
	n.mu.Lock()
	c := n.circle(circle)
	try, turn := c.gapTry, c.gapTurn
	c.gapTry++
	c.gapTurn++
	c.gap = nil
	if len(gaps) > 0 && c.gapTry < len(gapPauses) && !n.closed {
		c.gap = time.AfterFunc(gapPauses[c.gapTry], func() { n.spawn(func() { n.pullGaps(circle) }) })
	}
	n.mu.Unlock()
	if len(gaps) == 0 {
		return
	}
	near := slices.DeleteFunc(n.fellows(), func(p peer.ID) bool { return !n.inCircle(p, circle) })
	if len(near) == 0 {
		return
	}
	anybody := near[rand.N(len(near))]
	if try >= 2 {
		n.spawn(func() { n.sync(anybody, circle, hello) })
	}
	from := map[peer.ID][]Gap{}
	slices.Sort(near)
	for _, g := range gaps {
		p := inTurn(near, g, turn)
		for _, key := range preferred(g, try) {
			if q := peerOf(key); slices.Contains(near, q) {
				p = q
				break
			}
		}
		from[p] = append(from[p], g)
	}
	for p, asked := range from {
		n.spawn(func() { n.pull(p, circle, asked) })
	}
}

// inTurn is whom to ask who is neither who delivered it nor its author, each time
// another one: what is gone is believed to be so once several said it.
func inTurn(near []peer.ID, g Gap, turn int) peer.ID {
	writer := peerOf(g.Writer)
	others := slices.DeleteFunc(slices.Clone(near), func(p peer.ID) bool { return p == writer })
	if len(others) == 0 {
		others = near
	}
	return others[(int(g.Want[0])+turn)%len(others)]
}

// preferred are the peers to ask for a gap at a try, best first; none: anybody.
func preferred(g Gap, try int) []PeerKey {
	switch try {
	case 0:
		return []PeerKey{g.From, g.Writer}
	case 1:
		return []PeerKey{g.Writer}
	}
	return nil
}

// kind is how a session begins.
type kind int

const (
	probe   kind = iota // are we equal? HELLO at once if not
	hello               // HELLO straight away
	patient             // as probe, but ask again before HELLO: ops may be on their way
)

// claim makes a talk the circle's one incoming bulk, if there is none. A peer that
// is turned down is asked again when the present one is through, or says nothing:
// of a home that lost its power the transport knows only half a minute later.
func (n *Net) claim(t *talk) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.circle(t.circle)
	if c.bulk != nil {
		c.behind[t.peer] = true
		if !c.waits && !n.closed {
			c.waits = true
			n.wg.Go(func() { n.awaitBulk(t.circle) })
		}
		return false
	}
	c.bulk = t
	t.heard.Store(time.Now().UnixNano())
	t.pulls.Store(true)
	return true
}

// awaitBulk looks after a circle's one incoming bulk as long as others wait for its
// end. One that is silent gives way to the next; its talk goes on, as a small one.
func (n *Net) awaitBulk(circle crdt.ID) {
	for {
		pause(n.ctx, silentBulk/4)
		n.mu.Lock()
		c := n.circle(circle)
		if c.bulk == nil || len(c.behind) == 0 || n.ctx.Err() != nil {
			c.waits = false
			n.mu.Unlock()
			return
		}
		var next peer.ID
		if time.Since(time.Unix(0, c.bulk.heard.Load())) >= silentBulk {
			next = c.free()
		}
		n.mu.Unlock()
		n.syncNext(next, circle)
	}
}

// free ends the circle's one incoming bulk, and says whose turn it is; "" if
// nobody waits. The caller holds Net.mu.
func (c *circleSync) free() peer.ID {
	was := c.bulk.peer
	c.bulk.pulls.Store(false)
	c.bulk = nil
	for _, p := range slices.Sorted(maps.Keys(c.behind)) {
		if p != was {
			delete(c.behind, p)
			return p
		}
	}
	return ""
}

func (n *Net) syncNext(next peer.ID, circle crdt.ID) {
	if next != "" && n.host.Network().Connectedness(next) == network.Connected {
		n.spawn(func() { n.sync(next, circle, probe) })
	}
}

// settle ends a talk: the bulk is free for the next who has more, and what became
// known is remembered.
func (n *Net) settle(t *talk, err error) {
	if t.session == nil {
		return
	}
	var next peer.ID
	n.mu.Lock()
	c := n.circle(t.circle)
	if t.equal {
		delete(c.behind, t.peer)
	}
	if c.bulk == t {
		next = c.free()
	}
	n.mu.Unlock()
	n.syncNext(next, t.circle)
	if t.done {
		n.tell(News{Sync: true})
	}
	if err == nil && !t.opener {
		n.spawn(func() { n.askKeys(t.peer, t.circle) })
	}
}

// firstStream reports whether a stream is the first of its connection for a circle,
// and remembers it.
func (n *Net) firstStream(p peer.ID, circle crdt.ID, conn string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	k := n.know(p)
	if k.met[circle] == conn {
		return false
	}
	k.met[circle] = conn
	return true
}

// enter counts an incoming stream, if the peer may have one more.
func (n *Net) enter(p peer.ID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	k := n.know(p)
	if n.closed || k.streams >= maxStreams {
		return false
	}
	k.streams++
	return true
}

func (n *Net) exit(p peer.ID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.know(p).streams--
}

// sync runs a session with a connected peer, unless one is running that this home
// began: then another follows it, for what became new meanwhile.
func (n *Net) sync(p peer.ID, circle crdt.ID, k kind) {
	n.mu.Lock()
	c := n.circle(circle)
	if _, running := c.active[p]; running {
		c.active[p] = true
		n.mu.Unlock()
		return
	}
	c.active[p] = false
	n.mu.Unlock()
	for {
		err := n.converse(p, circle, k)
		if err != nil {
			n.log.Debug("session", "peer", p, "circle", circle.Short(), "err", err)
		}
		n.mu.Lock()
		again := c.active[p] && err == nil && n.ctx.Err() == nil
		if !again {
			delete(c.active, p)
			n.mu.Unlock()
			n.judged(p, circle, k, err)
			return
		}
		c.active[p] = false
		n.mu.Unlock()
		k = probe
	}
}

// judged begins a session again that a peer refused, which may not know yet that
// this home is in the circle; once it does, gossip begins again too.
func (n *Net) judged(p peer.ID, circle crdt.ID, k kind, err error) {
	n.mu.Lock()
	c, known := n.circle(circle), n.know(p)
	if err == nil {
		delete(c.tries, p)
		before := known.refused
		known.refused = false
		n.mu.Unlock()
		if before && n.gossip != nil {
			n.gossip.renew(p)
		}
		return
	}
	try := c.tries[p]
	if !refused(err) || try >= len(refusedPauses) || n.host.Network().Connectedness(p) != network.Connected {
		n.mu.Unlock()
		return
	}
	known.refused = true
	c.tries[p]++
	n.mu.Unlock()
	n.spawn(func() {
		pause(n.ctx, refusedPauses[try]/2+jitter(refusedPauses[try]))
		if n.ctx.Err() == nil && n.inCircle(p, circle) && n.host.Network().Connectedness(p) == network.Connected {
			n.sync(p, circle, k)
		}
	})
}

// refused reports whether a session ended since the peer would not speak of the
// circle: its stream was reset, or answered with ERR 1.
func refused(err error) bool {
	var told *frontier.PeerError
	return errors.Is(err, network.ErrReset) || errors.As(err, &told) && told.Code == protocol.ErrNotHere
}

// converse runs one session.
func (n *Net) converse(p peer.ID, circle crdt.ID, k kind) error {
	select {
	case n.talks <- struct{}{}:
		defer func() { <-n.talks }()
	case <-n.ctx.Done():
		return n.ctx.Err()
	}
	key, err := keyOf(p)
	if err != nil {
		return err
	}
	c, err := n.home.Open(circle, key)
	if err != nil {
		return err
	}
	if k != hello && n.holding(p, circle) == half(c.Snapshot().Digest) {
		return nil
	}
	t, err := n.begin(n.ctx, p, circle)
	if err != nil {
		return err
	}
	t.start(c, k)
	return t.run(n.ctx)
}

// holds remembers half of the digest a peer was seen to have.
func (n *Net) holds(p peer.ID, circle crdt.ID, digest [16]byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.know(p).holds[circle] = digest
}

func (n *Net) holding(p peer.ID, circle crdt.ID) [16]byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.know(p).holds[circle]
}

// opSize is a guess at the bytes of an op on the wire.
const opSize = 400

// serve counts bytes served to a peer: two full histories a day, and an hourly
// share beyond. It reports whether there was some left.
func (n *Net) serve(p peer.ID, circle crdt.ID, snap *frontier.Snapshot, count int) bool {
	n.mu.Lock()
	k := n.know(p)
	b := k.serve[circle]
	if b == nil {
		history := 2 * opSize * float64(snap.Ops)
		b = newBucket(serveRate+history/(24*3600), serveBurst+history)
		k.serve[circle] = b
	}
	n.mu.Unlock()
	return b.take(float64(count))
}

// pull asks a peer for gaps.
func (n *Net) pull(p peer.ID, circle crdt.ID, gaps []Gap) {
	var f protocol.Pull
	for i := range f.Nonce {
		f.Nonce[i] = byte(rand.Uint32())
	}
	for _, g := range gaps[:min(len(gaps), protocol.MaxPullWants)] {
		w := protocol.PullWant{Author: g.Author, HaveSeq: g.Have.Seq, Want: g.Want}
		if g.Have.Seq > 0 {
			w.HaveTag = protocol.TagOf(f.Nonce, g.Have.ID)
		}
		f.Wants = append(f.Wants, w)
	}
	n.say(p, circle, func(t *talk) { t.send(&f) })
}

package sim

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"time"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/node"
	"tend/protocol"
)

// When sessions run, as in node/p2p (SPEC.md §7.7).
const (
	tickEvery    = time.Minute
	spreadAfter  = 50 * time.Millisecond
	quietAfter   = 2 * time.Second
	tickPatience = 2 * time.Second
	keysAgain    = 10 * time.Second
	streamIdle   = time.Minute
	knockEvery   = 20 * time.Second
	// mesh is how many others gossip is passed to; linked is how many a home sees to
	// be connected with where the circle is large.
	mesh   = 6
	linked = 4
	// smallCircle is up to how many fellows all are connected.
	smallCircle = 8
)

// refusedPauses are the waits before a session that was refused is begun again.
var refusedPauses = []time.Duration{200 * time.Millisecond, time.Second, 4 * time.Second, 15 * time.Second}

var gapPauses = []time.Duration{150 * time.Millisecond, time.Second, 5 * time.Second, 20 * time.Second}

// wire is what one home does on the network: what node/p2p does, without libp2p.
type wire struct {
	h      *home
	w      *World
	links  []*home            // connected now, by number
	talks  map[*home]*end     // talks that this home began
	again  map[*home]bool     // another is wanted after
	holds  map[*home][16]byte // half of the digest that others were seen to have
	asked  map[*home]asked    // when they were last asked for keys
	puller *end               // the one incoming bulk
	tries  map[*home]int      // sessions that were refused one after the other
	behind map[*home]bool     // had more than they could be asked for meanwhile
	heard  map[[32]byte]bool  // gossip that came already
	topics topics

	spreading, confirming, ticking bool
	all                            bool
	gapTry                         int
	filling                        bool
	pace                           time.Duration
}

type asked struct {
	at  time.Duration
	ids []membership.EpochID
}

type topics struct {
	write  string
	listen []string
	until  time.Duration
}

func newWire(h *home) *wire {
	x := &wire{h: h, w: h.w}
	x.clear()
	return x
}

func (x *wire) clear() {
	x.talks, x.again, x.holds, x.asked = map[*home]*end{}, map[*home]bool{}, map[*home][16]byte{}, map[*home]asked{}
	x.tries, x.behind, x.heard, x.puller = map[*home]int{}, map[*home]bool{}, map[[32]byte]bool{}, nil
	x.spreading, x.confirming, x.ticking, x.all, x.filling, x.topics = false, false, false, false, false, topics{}
	x.pace = tickEvery
}

// fall is what the network sees of a home that is off at once: its streams end.
func (x *wire) fall() {
	for _, other := range slices.Clone(x.links) {
		x.w.net.cut(x.h, other)
	}
	x.clear()
}

// stir ends the slow pace of a home in which nothing happened.
func (x *wire) stir() {
	x.pace = tickEvery
	x.tickSoon()
}

func (x *wire) tickSoon() {
	if x.ticking {
		return
	}
	x.ticking = true
	pace := x.pace
	x.h.later(x.w.between(pace/2, pace*3/2), func() {
		x.ticking = false
		x.tick()
		x.pace = min(4*pace, slowest)
		x.tickSoon()
	})
}

// tick asks one connected member whether both hold the same, and for keys.
func (x *wire) tick() {
	near := x.fellows()
	if len(near) == 0 {
		return
	}
	p := near[x.w.rand.IntN(len(near))]
	x.sync(p, patient)
	x.askKeys(p)
	if len(x.gaps()) > 0 {
		x.fillGaps()
	}
}

// fellows are the connected homes that are devices of members, by number.
func (x *wire) fellows() []*home {
	if !x.h.on() {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(x.links), func(o *home) bool { return !x.fellow(o) })
}

func (x *wire) fellow(o *home) bool { return slices.Contains(x.h.hand.Shared(o.peer), x.w.circle) }

// moved acts on what is new at home, as node/p2p does.
func (x *wire) moved(m node.Move) {
	if m.People || m.Epoch {
		x.topics = topics{}
	}
	if m.People {
		x.w.net.lookSoon()
	}
	if m.Circle.IsZero() {
		return
	}
	carried := len(m.Announce) > 0 && !m.Frontier && !x.w.scenario.Net.NoGossip
	for _, data := range m.Announce {
		x.w.stored(x.h, data)
		x.publish(data)
	}
	if len(m.Announce) > 0 {
		x.confirmSoon()
	}
	if m.Frontier || len(m.Announce) > 0 && !carried {
		x.spreadSoon()
	}
	if m.Epoch {
		x.h.later(time.Millisecond, x.pushKeys)
	}
	if m.Gap {
		x.fillGaps()
	}
}

// publish sends gossip on its way.
func (x *wire) publish(data []byte) {
	if x.w.scenario.Net.NoGossip {
		return
	}
	x.heard[sha256.Sum256(data)] = true
	x.pass(x.named().write, data, nil)
}

// named are the topics of the circle as they are now.
func (x *wire) named() *topics {
	if x.topics.until <= x.w.now {
		x.topics.write, x.topics.listen = x.h.hand.Topics(x.w.circle)
		x.topics.until = x.w.now + 10*time.Minute
	}
	return &x.topics
}

// pass gives a gossip message to those who listen to its topic.
func (x *wire) pass(topic string, data []byte, but *home) {
	n := 0
	for _, o := range x.links {
		if o == but || !o.on() || n >= mesh || !slices.Contains(o.wire.named().listen, topic) {
			continue
		}
		n++
		x.w.net.datagram(x.h, o, func() { o.wire.gossip(x.h, topic, data) })
	}
}

// gossip takes in what another home passed on.
func (x *wire) gossip(from *home, topic string, data []byte) {
	sum := sha256.Sum256(data)
	if !x.h.on() || x.heard[sum] {
		return
	}
	x.heard[sum] = true
	x.w.traced("gossip", x.h, sum[:8])
	verdict := node.Ignore
	if !x.h.enter(func() { verdict = x.h.hand.Gossiped(x.w.circle, from.peer, data) }) {
		return
	}
	switch {
	case verdict == node.Accept:
		x.pass(topic, data, from)
	case verdict == node.Reject && from.honest() && x.h.honest():
		x.w.fail("honest gossip rejected", "%s rejects what %s passed on", x.h.name, from.name)
	}
}

// spreadSoon tells connected members that the log moved, after a moment that
// gathers more.
func (x *wire) spreadSoon() {
	if x.spreading {
		return
	}
	x.spreading = true
	x.h.later(spreadAfter, func() {
		x.spreading = false
		for _, p := range x.fellows() {
			x.sync(p, probe)
		}
	})
}

// confirmSoon asks, once gossip had time to carry what is new, whether it did.
func (x *wire) confirmSoon() {
	if x.confirming {
		return
	}
	x.confirming = true
	x.h.later(x.w.between(quietAfter, 2*quietAfter), func() {
		x.confirming = false
		for _, p := range x.fellows() {
			x.sync(p, patient)
		}
	})
}

// greet begins with a home that was just connected.
func (x *wire) greet(o *home) {
	if !x.h.on() {
		return
	}
	if x.fellow(o) {
		if x.puller == nil {
			x.sync(o, hello)
		} else {
			x.sync(o, probe)
		}
	}
	x.part(o)
}

// part says goodbye to a home that is owed one.
func (x *wire) part(o *home) {
	if x.h.hand.Standing(o.peer) != node.Parted {
		return
	}
	var frames []protocol.Goodbye
	var owed bool
	if !x.h.enter(func() { _, frames, owed = x.h.hand.Goodbye(o.peer) }) || !owed {
		return
	}
	sent := make([][]byte, len(frames))
	for i := range frames {
		var err error
		if sent[i], err = protocol.EncodeFrame(&frames[i]); err != nil {
			x.w.fail("own frame", "%s: goodbye: %v", x.h.name, err)
			return
		}
	}
	x.w.net.datagram(x.h, o, func() {
		if !o.on() || !x.w.net.reach(x.h, o) || !x.h.on() {
			return
		}
		heard := make([]protocol.Goodbye, len(sent))
		for i, data := range sent {
			again, err := protocol.DecodeFrame(data)
			bye, ok := again.(*protocol.Goodbye)
			if err != nil || !ok {
				x.w.fail("own frame", "%s: goodbye does not decode: %v", x.h.name, err)
				return
			}
			heard[i] = *bye
		}
		var err error
		lived := o.enter(func() {
			err = o.hand.TakeGoodbye(context.Background(), x.w.circle, x.h.peer, heard)
		})
		if lived && err == nil {
			x.h.enter(func() { x.h.hand.SaidGoodbye(o.peer, x.w.circle) })
		}
		if err != nil {
			x.w.say("%s leaves a goodbye of %s aside: %v", o.name, x.h.name, err)
			return
		}
		x.w.net.lookSoon()
	})
}

func (x *wire) gaps() []node.Gap { return x.h.hand.Gaps(x.w.circle) }

// fillGaps asks for what is missing, after the time it may be on its way.
func (x *wire) fillGaps() {
	if x.filling {
		return
	}
	x.filling, x.gapTry = true, 0
	x.h.later(gapPauses[0], x.pullGaps)
}

func (x *wire) pullGaps() {
	x.filling = false
	if !x.h.on() {
		return
	}
	gaps, near := x.gaps(), x.fellows()
	try := x.gapTry
	x.gapTry++
	if len(gaps) == 0 {
		return
	}
	if x.gapTry < len(gapPauses) {
		x.filling = true
		x.h.later(gapPauses[x.gapTry], x.pullGaps)
	}
	if len(near) == 0 {
		return
	}
	anybody := near[x.w.rand.IntN(len(near))]
	if try >= 2 {
		x.sync(anybody, hello)
	}
	from := map[*home][]node.Gap{}
	for _, g := range gaps {
		p := anybody
		for _, o := range near {
			if try == 0 && o.peer == g.From || try <= 1 && o.peer == g.Writer {
				p = o
				break
			}
		}
		from[p] = append(from[p], g)
	}
	for _, o := range near {
		if len(from[o]) > 0 {
			x.pull(o, from[o])
		}
	}
}

func (x *wire) pull(o *home, gaps []node.Gap) {
	var f protocol.Pull
	for i := range f.Nonce {
		f.Nonce[i] = byte(x.w.rand.Uint32())
	}
	for _, g := range gaps[:min(len(gaps), protocol.MaxPullWants)] {
		want := protocol.PullWant{Author: g.Author, HaveSeq: g.Have.Seq, Want: g.Want}
		if g.Have.Seq > 0 {
			want.HaveTag = protocol.TagOf(f.Nonce, g.Have.ID)
		}
		f.Wants = append(f.Wants, want)
	}
	if e := x.begin(o); e != nil {
		e.send(&f)
		e.flush()
	}
}

// pushKeys hands freshly minted epochs' lockboxes to connected members, and asks
// for those that are missing here.
func (x *wire) pushKeys() {
	for _, o := range x.fellows() {
		var boxes []protocol.Lockbox
		if !x.h.enter(func() { boxes = x.h.hand.PushKeys(x.w.circle, o.peer) }) {
			return
		}
		if len(boxes) > 0 {
			if e := x.begin(o); e != nil {
				e.send(&protocol.Keys{Boxes: boxes})
				e.flush()
			}
		}
		x.askKeys(o)
	}
}

// askKeys asks for the lockboxes that are missing, if that was not done just now.
func (x *wire) askKeys(o *home) {
	if !x.h.on() {
		return
	}
	wanted := x.h.hand.Wanted(x.w.circle)
	last, before := x.asked[o]
	if len(wanted) == 0 || before && slices.Equal(last.ids, wanted) && x.w.now-last.at < keysAgain {
		return
	}
	x.asked[o] = asked{x.w.now, wanted}
	if e := x.begin(o); e != nil {
		e.send(&protocol.Want{Epochs: wanted})
		e.flush()
	}
}

// errCut is what ends a conversation that the network cut.
var errCut = errors.New("the wire was cut")

// half is the first half of a digest.
func half(d crdt.ID) [16]byte { return [16]byte(d[:16]) }

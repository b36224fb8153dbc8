package sim

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"tend/crdt"
	"tend/node"
	"tend/protocol"
	"tend/protocol/frontier"
)

// kind is how a session begins.
type kind int

const (
	probe   kind = iota // are we equal? HELLO at once if not
	hello               // HELLO straight away
	patient             // as probe, but ask again before HELLO
)

// talk is one stream between two homes: frames arrive in order, or it is cut.
type talk struct {
	ends  [2]*end
	over  bool
	moved time.Duration // when the last frame arrived
}

// end is one side of a talk: what node/p2p's talk is.
type end struct {
	t       *talk
	h       *home
	other   *end
	x       *wire
	opener  bool
	session *frontier.Session
	config  frontier.Config
	queue   [][]byte
	flying  int           // frames under way to the other side
	last    time.Duration // when the last of them arrives

	pulls, more, asked, finished, done, patient, equal bool
	said                                               [16]byte
}

// window is how many frames of one side may be under way: what is over waits, as
// on a stream whose reader is slow.
const window = 4

// begin opens a stream to a connected home; nil if that cannot be.
func (x *wire) begin(o *home) *end {
	if !x.h.on() || !o.on() || !x.w.net.reach(x.h, o) {
		return nil
	}
	t := &talk{moved: x.w.now}
	a := &end{t: t, h: x.h, x: x, opener: true}
	b := &end{t: t, h: o, x: o.wire}
	a.other, b.other = b, a
	t.ends = [2]*end{a, b}
	x.w.net.talks = append(x.w.net.talks, t)
	x.w.net.idle(t)
	return a
}

// sync runs a session with a connected home, unless one is running that this home
// began: then another follows it.
func (x *wire) sync(o *home, k kind) {
	if _, running := x.talks[o]; running {
		x.again[o] = true
		return
	}
	if !x.h.on() {
		return
	}
	c, err := x.h.hand.Open(x.w.circle, o.peer)
	if err != nil {
		return
	}
	if k != hello && x.holds[o] == half(c.Snapshot().Digest) {
		return
	}
	e := x.begin(o)
	if e == nil {
		return
	}
	x.talks[o] = e
	e.open(c)
	e.session = frontier.NewInitiator(e.config)
	start := frontier.ProbeFirst
	switch k {
	case hello:
		start = frontier.HelloNow
	case patient:
		start, e.patient = frontier.ProbeOnly, true
	}
	for _, f := range e.session.Start(start) {
		e.send(f)
	}
	e.flush()
}

// open keeps a session's configuration; the end becomes the home's one incoming
// bulk if there is none.
func (e *end) open(c frontier.Config) {
	if e.x.puller == nil {
		e.x.puller, e.pulls = e, true
	} else {
		e.x.behind[e.other.h] = true
	}
	c.NoPull, c.Lower = !e.pulls, e.h.number < e.other.h.number
	e.config = c
}

// send queues a frame.
func (e *end) send(f protocol.Frame) {
	switch f := f.(type) {
	case *protocol.Probe:
		e.said = f.Digest
	case *protocol.Hello:
		e.said = half(f.Digest)
	case *protocol.Ops:
		e.x.w.audit(e.h, f)
	}
	data, err := protocol.EncodeFrame(f)
	if err != nil || len(data) > protocol.MaxFrame {
		e.x.w.fail("own frame", "%s: frame %d of %d bytes: %v", e.h.name, f.Number(), len(data), err)
		return
	}
	if !e.h.honest() {
		e.queue = append(e.queue, e.h.lie(f, data)...)
		return
	}
	e.x.w.searched(e.h, data)
	e.queue = append(e.queue, data)
}

// flush puts frames on the wire as far as there is room.
func (e *end) flush() {
	for !e.t.over && e.flying < window {
		if len(e.queue) == 0 && !e.ship() {
			break
		}
		if len(e.queue) == 0 {
			continue // a liar kept the frame
		}
		data := e.queue[0]
		e.queue = e.queue[1:]
		e.x.w.net.frame(e, data)
	}
	if opener := e.t.ends[0]; !e.t.over && opener.through() && opener.other.quiet() {
		e.t.close(nil)
	}
}

// quiet reports whether a side has nothing to say just now.
func (e *end) quiet() bool { return len(e.queue) == 0 && e.flying == 0 && !e.more }

// through reports whether the opener has said and heard all it wanted.
func (e *end) through() bool { return e.quiet() && (e.session == nil || e.done) && !e.patient }

// ship queues the next frame the session ships.
func (e *end) ship() bool {
	if !e.more || e.session == nil {
		return false
	}
	f, ok, err := e.session.Next()
	if err != nil {
		e.fail(err)
		return false
	}
	e.more = ok
	if ok {
		e.send(f)
	}
	return ok
}

// arrive takes a frame that came.
func (e *end) arrive(data []byte) {
	if e.t.over || !e.h.on() {
		return
	}
	e.t.moved = e.x.w.now
	sum := sha256.Sum256(data)
	e.x.w.traced("frame", e.h, sum[:8])
	f, err := protocol.DecodeFrame(data)
	lived := e.h.enter(func() {
		switch {
		case errors.Is(err, protocol.ErrUnknownFrame):
			e.send(&protocol.Err{Code: protocol.ErrFrameType})
			err = nil
		case err != nil:
			err = fmt.Errorf("%w: %w", errForm, err)
		default:
			err = e.receive(f)
		}
	})
	if !lived {
		return // the talk fell with its home
	}
	if err != nil {
		e.fail(err)
		return
	}
	e.flush()
	e.other.flush()
}

var (
	errForm    = errors.New("frame that does not decode")
	errNoFrame = errors.New("frame of no use here")
)

// fail ends the talk for a reason. Between honest homes the reason is never that
// one of them broke the protocol.
func (e *end) fail(err error) {
	bad := errors.Is(err, errForm) || errors.Is(err, errNoFrame) || errors.Is(err, frontier.ErrProtocol)
	if bad && e.h.honest() && e.other.h.honest() {
		e.x.w.fail("honest peers", "%s says of %s: %v", e.h.name, e.other.h.name, err)
	}
	e.x.w.say("%s ends a talk with %s: %v", e.h.name, e.other.h.name, err)
	e.t.close(err)
}

// receive acts on one frame.
func (e *end) receive(f protocol.Frame) error {
	ctx, w := context.Background(), e.x.w
	switch f := f.(type) {
	case *protocol.Addr:
		return nil
	case *protocol.Want:
		boxes := e.h.hand.KeysFor(w.circle, e.other.h.peer, f.Epochs)
		w.say("%s has %d keys for %s, who wants %d", e.h.name, len(boxes), e.other.h.name, len(f.Epochs))
		e.send(&protocol.Keys{Boxes: boxes})
		return nil
	case *protocol.Keys:
		if err := e.h.hand.TakeKeys(ctx, w.circle, e.other.h.peer, f.Boxes); err != nil {
			w.say("%s leaves keys of %s aside: %v", e.h.name, e.other.h.name, err)
		}
		return nil
	case *protocol.Pull:
		frames, err := e.h.hand.Pulled(w.circle, e.other.h.peer, *f)
		for _, out := range frames {
			e.send(out)
		}
		return err
	case *protocol.Probe, *protocol.Hello:
		if err := e.respond(); err != nil {
			return err
		}
	case *protocol.Ops:
		if e.session == nil {
			ops, err := protocol.UnpackByID(w.circle, f)
			if err != nil {
				return fmt.Errorf("%w: %w", errForm, err)
			}
			return e.commit(frontier.Batches(w.circle, ops))
		}
	case *protocol.Err:
		if e.session == nil {
			return fmt.Errorf("peer says err %d", f.Code)
		}
	}
	if e.session == nil {
		return fmt.Errorf("%w: number %d", errNoFrame, f.Number())
	}
	step, err := e.session.Receive(f)
	if err != nil {
		return err
	}
	e.shown(f)
	for _, out := range step.Send {
		e.send(out)
	}
	e.more = true
	e.h.hand.Heard(w.circle, e.other.h.peer, step)
	if len(step.Bad) > 0 && e.other.h.honest() {
		w.fail("honest peers", "%s finds %d ops of %s with wrong signatures", e.h.name, len(step.Bad), e.other.h.name)
	}
	if err := e.commit(step.Batches); err != nil {
		return err
	}
	if e.patient && step.Done && !step.Equal {
		e.patient = false
		e.more = false
		e.again()
		return nil
	}
	e.patient = e.patient && !step.Done
	e.finished = e.finished || step.Done
	e.equal = e.equal || step.Equal
	if e.finished && !e.done {
		e.done, e.more = true, false
		e.want()
	}
	return nil
}

// again asks once more before HELLO: ops may be on their way.
func (e *end) again() {
	e.patient = true // not through yet
	e.h.later(tickPatience, func() {
		e.patient = false
		if e.t.over || !e.h.on() {
			return
		}
		for _, f := range e.session.Start(frontier.ProbeFirst) {
			e.send(f)
		}
		e.flush()
	})
}

// respond makes the session of one who was asked.
func (e *end) respond() error {
	if e.session != nil {
		e.done = e.done && e.opener // who asks again is answered again
		return nil
	}
	c, err := e.h.hand.Open(e.x.w.circle, e.other.h.peer)
	if errors.Is(err, node.ErrNotShared) {
		e.x.part(e.other.h) // who left and comes all the same
		return errRefused
	}
	if err != nil {
		return err
	}
	e.open(c)
	e.session = frontier.NewResponder(e.config)
	return nil
}

// errRefused answers a stream for a circle that the peer does not share.
var errRefused = errors.New("not a circle of both")

// want asks once for the keys that are missing now.
func (e *end) want() {
	if wanted := e.h.hand.Wanted(e.x.w.circle); e.opener && !e.asked && len(wanted) > 0 {
		e.asked = true
		e.send(&protocol.Want{Epochs: wanted})
	}
}

// commit makes batches durable, one after the other.
func (e *end) commit(batches []frontier.Batch) error {
	w := e.x.w
	for _, b := range batches {
		r, err := e.h.hand.Commit(context.Background(), w.circle, e.other.h.peer, b)
		if err != nil {
			return err
		}
		if len(r.Refused) > 0 && e.other.h.honest() && e.h.honest() {
			w.fail("acceptance", "%s refuses %d ops that %s has taken in, like %s", e.h.name, len(r.Refused), e.other.h.name, r.Refused[0].Short())
		}
		if r.Applied > 0 {
			e.x.stir()
			e.x.spreadSoon()
		}
		if e.session != nil {
			for _, f := range e.session.Applied(r) {
				e.send(f)
			}
			e.more = true
		}
	}
	return nil
}

// shown notes the digest that a frame shows its sender to have.
func (e *end) shown(f protocol.Frame) {
	var digest [16]byte
	switch f := f.(type) {
	case *protocol.Probe:
		digest = f.Digest
	case *protocol.Same:
		digest = e.said
	case *protocol.Hello:
		digest = half(f.Digest)
	case *protocol.Ack:
		digest = half(f.Digest)
	}
	if digest != [16]byte{} {
		e.x.holds[e.other.h] = digest
	}
}

// close ends a talk, and sees to what waited for that.
func (t *talk) close(err error) {
	if t.over {
		return
	}
	t.over = true
	for _, e := range t.ends {
		e.settle(err)
	}
}

// settle is what one side does when a talk is over: the bulk is free for the next
// who has more.
func (e *end) settle(err error) {
	x := e.x
	if e.session == nil {
		return
	}
	if e.equal {
		delete(x.behind, e.other.h)
	}
	if x.puller == e {
		x.puller = nil
		for _, o := range x.links {
			if x.behind[o] && o != e.other.h {
				delete(x.behind, o)
				e.h.later(time.Millisecond, func() { x.sync(o, probe) })
				break
			}
		}
	}
	if x.talks[e.other.h] == e {
		delete(x.talks, e.other.h)
		if x.again[e.other.h] && err == nil {
			e.h.later(time.Millisecond, func() { x.sync(e.other.h, probe) })
		} else if try := x.tries[e.other.h]; errors.Is(err, errRefused) && try < len(refusedPauses) {
			x.tries[e.other.h]++
			e.h.later(x.w.between(refusedPauses[try]/2, refusedPauses[try]*3/2), func() { x.sync(e.other.h, probe) })
		}
		if err == nil {
			delete(x.tries, e.other.h)
		}
		delete(x.again, e.other.h)
	}
	if err == nil && !e.opener {
		e.h.later(time.Millisecond, func() { x.askKeys(e.other.h) })
	}
}

var _ crdt.ID

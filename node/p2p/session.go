package p2p

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"tend/crdt"
	"tend/protocol"
	"tend/protocol/frontier"
)

// talk is one sync stream with one peer about one circle. One goroutine, run's,
// owns all of it; beside it one reads frames and one writes them, so that a peer
// that sends while it does not read holds up nobody but itself.
type talk struct {
	n       *Net
	circle  crdt.ID
	peer    peer.ID
	key     PeerKey
	wire    *wire
	opener  bool // this home opened the stream
	session *frontier.Session
	config  frontier.Config
	pulls   atomic.Bool  // this talk holds the circle's one incoming bulk
	heard   atomic.Int64 // when the peer last sent, or something of it was committed, Unix ns

	queue   [][]byte         // encoded frames that wait for the wire
	batches []frontier.Batch // that wait to be committed, the first perhaps being so
	busy    bool             // a batch is being committed
	more    bool             // the session may have more to ship
	table   bool             // this home's ADDR with its table was sent
	asked   bool             // for keys
	said16  [16]byte         // half of the digest last said
	over    bool             // the session has said all
	done    bool             // and all of it is committed
	patient bool             // if unequal, ask again before HELLO: ops may be on their way
	later   <-chan time.Time // when to ask again
	equal   bool             // and both hold the same

	farewell farewell // that this home is out, and did not know it
}

// incoming is what the reader hands over: a frame, or why there are no more.
type incoming struct {
	frame   protocol.Frame
	size    int
	unknown bool // a frame of a later version
	err     error
}

var (
	errNoFrame = errors.New("frame of no use here")
	errSpent   = errors.New("served enough for now")
	errForm    = errors.New("frame that does not decode")
)

// begin opens a stream to a connected peer and its ADDR, if it is the first of the
// connection for the circle.
func (n *Net) begin(ctx context.Context, p peer.ID, circle crdt.ID) (*talk, error) {
	key, err := keyOf(p)
	if err != nil {
		return nil, err
	}
	open, cancel := context.WithTimeout(network.WithNoDial(ctx, "sync"), openTimeout)
	defer cancel()
	s, err := n.host.NewStream(open, p, syncProtocol)
	if err != nil {
		return nil, fmt.Errorf("open stream: %w", err)
	}
	t := &talk{n: n, circle: circle, peer: p, key: key, opener: true,
		wire: &wire{stream: s, reads: idleTimeout, writes: writeTimeout}}
	s.SetWriteDeadline(time.Now().Add(openTimeout))
	if err := t.wire.open(circle); err != nil {
		s.Reset()
		return nil, fmt.Errorf("open stream: %w", err)
	}
	if n.firstStream(p, circle, s.Conn().ID()) {
		t.introduce()
	}
	return t, nil
}

// answerSync serves a stream that a peer opened.
func (n *Net) answerSync(s network.Stream) {
	n.mu.Lock()
	closed := n.closed
	n.mu.Unlock()
	p := s.Conn().RemotePeer()
	key, err := keyOf(p)
	if closed || err != nil || !n.enter(p) {
		s.Reset()
		return
	}
	defer n.exit(p)
	w := &wire{stream: s, reads: idleTimeout, writes: writeTimeout}
	s.SetReadDeadline(time.Now().Add(openTimeout))
	circle, err := w.opened()
	if err != nil {
		n.log.Debug("sync stream", "peer", p, "err", err)
		s.Reset()
		return
	}
	if !n.inCircle(p, circle) {
		n.refuse(w, circle, key)
		if n.gate.standing(p) == Fellow { // by another circle, and not told yet that this one goes on without it
			n.sayGoodbye(p)
		}
		return
	}
	t := &talk{n: n, circle: circle, peer: p, key: key, wire: w}
	if n.firstStream(p, circle, s.Conn().ID()) {
		t.introduce()
	}
	t.run(n.ctx)
}

// run moves frames both ways until both sides have said all, and returns why it
// ended otherwise.
func (t *talk) run(ctx context.Context) error {
	t.farewell.n = t.n
	defer t.farewell.end()
	ctx, cancel := context.WithCancel(ctx)
	in := make(chan incoming, maxWaiting-1) // and one in the reader's hand
	out := make(chan []byte)
	written := make(chan error, 1)
	reading := make(chan struct{})
	go func() { defer close(reading); t.read(ctx, in) }()
	go func() { written <- t.write(out) }()

	err := t.turn(ctx, in, out, written)
	close(out)
	var told errTold
	if err == nil || errors.As(err, &told) {
		if last := <-written; err == nil && last != nil {
			err = last
		}
		t.wire.stream.Close()
	} else {
		t.wire.stream.Reset()
	}
	cancel()
	if isFault(err) {
		t.n.blame(t.peer, 2, err.Error())
	}
	t.wire.stream.SetReadDeadline(time.Now())
	<-reading
	t.n.settle(t, err)
	return err
}

// turn is run's loop.
func (t *talk) turn(ctx context.Context, in <-chan incoming, out chan<- []byte, written <-chan error) error {
	var wrong error // what ends the talk once the peer was told of it
	var ended bool  // the peer has closed its half
	var closed bool // this side has closed its own
	committed := make(chan commit, 1)
	defer t.wait(committed)
	for {
		if wrong == nil {
			t.commitNext(ctx, committed)
			if err := t.fill(); errors.Is(err, errSpent) {
				wrong, t.queue = errTold{err}, nil
				t.send(&protocol.Err{Code: protocol.ErrBusy})
			} else if err != nil {
				return err
			}
		}
		if len(t.queue) == 0 && !t.busy && (ended || wrong != nil) {
			return wrong
		}
		frames := in
		if ended || wrong != nil || t.busy || len(t.queue) > maxReplies {
			frames = nil // first what came before; and the peer must take what it asked for
		}
		var head []byte
		var writer chan<- []byte
		if len(t.queue) > 0 {
			head, writer = t.queue[0], out
		} else if !closed && !t.busy && t.said() {
			writer = out // the empty frame closes this half
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-written:
			return err
		case writer <- head:
			if head == nil {
				closed = true
			} else {
				t.queue = t.queue[1:]
			}
		case <-t.later:
			for _, f := range t.session.Start(frontier.ProbeFirst) {
				t.send(f)
			}
		case c := <-committed:
			if err := t.applied(c); err != nil {
				return err
			}
		case f := <-frames:
			switch {
			case errors.Is(f.err, io.EOF):
				ended = true
				if err := t.farewell.heard(ctx, t.circle, t.key); err != nil {
					return err
				}
			case f.err == nil:
				f.err = t.receive(ctx, f)
			}
			if f.err != nil && !ended {
				code, ok := errCode(f.err)
				if !ok || closed {
					return f.err
				}
				wrong, t.queue = errTold{f.err}, nil
				t.send(&protocol.Err{Code: code})
			}
		}
	}
}

// errTold is an error the peer was told of: its stream is closed and not reset, so
// that the telling arrives.
type errTold struct{ error }

func (e errTold) Unwrap() error { return e.error }

// read hands over frames until the stream ends, one over the limit, or ctx does.
// It reads on only when there is room, and no faster than the peer's share.
func (t *talk) read(ctx context.Context, in chan<- incoming) {
	for {
		var i incoming
		data, err := t.wire.readBytes(maxFrame)
		if err == nil {
			t.heard.Store(time.Now().UnixNano())
			i.size = len(data)
			i.frame, err = protocol.DecodeFrame(data)
		}
		if errors.Is(err, protocol.ErrUnknownFrame) {
			i.unknown, err = true, nil
		} else if i.size > 0 && err != nil {
			err = fmt.Errorf("%w: %w", errForm, err)
		}
		i.err = err
		select {
		case in <- i:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
		if !t.pulls.Load() {
			pause(ctx, t.n.known(t.peer).sync.spend(float64(i.size)))
		}
	}
}

// write writes frames as they come; an empty one closes this half of the stream.
func (t *talk) write(out <-chan []byte) error {
	for data := range out {
		if data == nil {
			if err := t.wire.stream.CloseWrite(); err != nil {
				return err
			}
			continue
		}
		if err := t.wire.writeBytes(data); err != nil {
			return err
		}
	}
	return nil
}

// send queues a frame.
func (t *talk) send(f protocol.Frame) {
	switch f := f.(type) {
	case *protocol.Probe:
		t.said16 = f.Digest
	case *protocol.Hello:
		t.said16 = half(f.Digest)
	}
	data, err := protocol.EncodeFrame(f)
	if err != nil || len(data) > maxFrame {
		t.n.log.Error("own frame left out", "frame", f.Number(), "bytes", len(data), "err", err)
		return
	}
	t.queue = append(t.queue, data)
}

// introduce queues this home's ADDR: its clock, and which address records it has.
func (t *talk) introduce() {
	t.table = true
	t.send(&protocol.Addr{WallMS: t.n.wallMillis(), Seqs: t.n.book.table(t.circle), Records: t.n.book.mine()})
}

// wallMillis is this home's clock, Unix milliseconds.
func (n *Net) wallMillis() uint64 { return uint64(max(0, n.cfg.Now().UnixMilli())) }

// fill queues the next frame the session ships, if there is room.
func (t *talk) fill() error {
	if len(t.queue) > 0 || !t.more {
		return nil
	}
	f, ok, err := t.session.Next()
	if err != nil {
		return err
	}
	t.more = ok
	if !ok {
		return nil
	}
	t.send(f)
	if !t.n.serve(t.peer, t.circle, t.config.Snapshot(), len(t.queue[0])) {
		return errSpent
	}
	return nil
}

// said reports whether this side has nothing more to say: the opener says so first.
func (t *talk) said() bool {
	return t.opener && !t.more && (t.session == nil || t.done)
}

// receive acts on one frame.
func (t *talk) receive(ctx context.Context, in incoming) error {
	if in.unknown {
		t.send(&protocol.Err{Code: protocol.ErrFrameType})
		return nil
	}
	switch f := in.frame.(type) {
	case *protocol.Addr:
		t.addresses(f)
		return nil
	case *protocol.Want:
		t.send(&protocol.Keys{Boxes: t.n.home.KeysFor(t.circle, t.key, f.Epochs)})
		return nil
	case *protocol.Keys:
		if err := t.n.home.TakeKeys(ctx, t.circle, t.key, f.Boxes); err != nil {
			t.n.log.Debug("keys left aside", "peer", t.peer, "err", err)
		}
		return nil
	case *protocol.Pull:
		return t.pulled(f)
	case *protocol.Goodbye:
		return t.farewell.add(f, in.size)
	case *protocol.Probe, *protocol.Hello:
		if err := t.respond(); err != nil {
			return err
		}
	case *protocol.Ops:
		if t.session == nil {
			return t.filled(f)
		}
	case *protocol.Err:
		if f.Code == protocol.ErrFrameType {
			return nil // an older home passes over a frame of ours; the others stand
		}
		if t.session == nil {
			return fmt.Errorf("peer says err %d %q", f.Code, f.Detail)
		}
	}
	if t.session == nil {
		return fmt.Errorf("%w: number %d", errNoFrame, in.frame.Number())
	}
	step, err := t.session.Receive(in.frame)
	if err != nil {
		return err
	}
	t.shown(in.frame)
	t.take(step)
	return nil
}

// respond makes the session of one who was asked.
func (t *talk) respond() error {
	if t.session != nil {
		return nil
	}
	c, err := t.n.home.Open(t.circle, t.key)
	if err != nil {
		return err
	}
	t.open(c)
	t.session = frontier.NewResponder(t.config)
	return nil
}

// start makes the session of one who asks, and begins it.
func (t *talk) start(c frontier.Config, k kind) {
	t.open(c)
	t.session = frontier.NewInitiator(t.config)
	begin := frontier.ProbeFirst
	switch k {
	case hello:
		begin = frontier.HelloNow
	case patient:
		begin, t.patient = frontier.ProbeOnly, true
	}
	for _, f := range t.session.Start(begin) {
		t.send(f)
	}
}

// open keeps a session's configuration; the talk becomes the circle's one incoming
// bulk if there is none.
func (t *talk) open(c frontier.Config) {
	c.NoPull, c.Lower = !t.n.claim(t), t.n.host.ID() < t.peer
	t.config = c
}

// addresses takes an ADDR, and answers it once with what the peer lacks.
func (t *talk) addresses(f *protocol.Addr) {
	t.n.home.Clock(t.key, time.Duration(int64(f.WallMS)-int64(t.n.wallMillis()))*time.Millisecond)
	t.n.book.take(t.circle, t.peer, f.Records)
	if len(f.Seqs) == 0 {
		return
	}
	records := t.n.book.missing(t.circle, f.Seqs)
	if t.table && len(records) == 0 {
		return
	}
	answer := &protocol.Addr{WallMS: t.n.wallMillis(), Records: records}
	if !t.table {
		t.table = true
		answer.Seqs = t.n.book.table(t.circle)
	}
	t.send(answer)
}

// pulled answers a PULL.
func (t *talk) pulled(f *protocol.Pull) error {
	frames, err := t.n.home.Pulled(t.circle, t.key, *f)
	if err != nil {
		return err
	}
	for _, frame := range frames {
		t.send(frame)
	}
	return nil
}

// filled takes the answer to a PULL: ops by id, whose signatures are checked here.
func (t *talk) filled(f *protocol.Ops) error {
	ops, err := protocol.UnpackByID(t.circle, f)
	if err != nil {
		return fmt.Errorf("%w: %w", errForm, err)
	}
	t.batches = append(t.batches, frontier.Batches(t.circle, ops)...)
	return nil
}

// commit is what became of a batch.
type commit struct {
	result frontier.Result
	err    error
}

// commitNext begins to commit the next batch, unless one is under way. Meanwhile
// frames are written, but none is looked at: it may build on the batch.
func (t *talk) commitNext(ctx context.Context, committed chan<- commit) {
	if t.busy || len(t.batches) == 0 {
		return
	}
	t.busy = true
	b := t.batches[0]
	t.batches = t.batches[1:]
	go func() {
		r, err := t.n.home.Commit(ctx, t.circle, t.key, b)
		committed <- commit{r, err}
	}()
}

// wait is for a commit under way when the talk ends.
func (t *talk) wait(committed <-chan commit) {
	if t.busy {
		<-committed
	}
}

// applied acts on what became of a batch.
func (t *talk) applied(c commit) error {
	t.busy = false
	t.heard.Store(time.Now().UnixNano())
	if c.err != nil {
		return c.err
	}
	if len(c.result.Refused) > 0 {
		t.n.blame(t.peer, len(c.result.Refused), "ops against the rules")
	}
	if c.result.Applied > 0 {
		t.n.tell(News{Sync: true})
		t.n.spreadSoon(t.circle, true)
	}
	if t.session != nil {
		for _, f := range t.session.Applied(c.result) {
			t.send(f)
		}
		t.more = true
	}
	t.conclude()
	return nil
}

// half is the first half of a digest, which PROBE says.
func half(d crdt.ID) [16]byte { return [16]byte(d[:16]) }

// shown notes the digest that a frame shows its sender to have: of the moment it
// was made, not of now.
func (t *talk) shown(f protocol.Frame) {
	var digest [16]byte
	switch f := f.(type) {
	case *protocol.Probe:
		digest = f.Digest
	case *protocol.Same:
		digest = t.said16
	case *protocol.Hello:
		digest = half(f.Digest)
	case *protocol.Ack:
		digest = half(f.Digest)
	}
	if digest != [16]byte{} {
		t.n.holds(t.peer, t.circle, digest)
	}
}

// take acts on what the session made of a frame: it sends, queues batches for
// commit, and remembers what the peer showed.
func (t *talk) take(step frontier.Step) {
	for _, f := range step.Send {
		t.send(f)
	}
	t.batches = append(t.batches, step.Batches...)
	t.more = true
	t.n.home.Heard(t.circle, t.key, step)
	if len(step.Bad) > 0 {
		t.n.blame(t.peer, len(step.Bad), "ops with wrong signatures")
	}
	if t.patient && step.Done && !step.Equal {
		t.patient, t.later = false, time.After(tickPatience)
		return
	}
	t.over = t.over || step.Done
	t.equal = t.equal || step.Equal
	t.conclude()
}

// conclude notes that the session is over, once all of it is committed.
func (t *talk) conclude() {
	if t.busy || len(t.batches) > 0 {
		return
	}
	if t.over && !t.done {
		t.done = true
		t.want()
	}
}

// want asks once for the keys that are missing now, before this side closes.
func (t *talk) want() {
	if wanted := t.n.home.Wanted(t.circle); t.opener && !t.asked && len(wanted) > 0 {
		t.asked = true
		t.send(&protocol.Want{Epochs: wanted})
	}
}

// errCode is the code of an ERR that tells the peer what was wrong; false if there
// is none for it.
func errCode(err error) (protocol.ErrCode, bool) {
	switch {
	case errors.Is(err, errNoFrame):
		return protocol.ErrFrameType, true
	case errors.Is(err, errOversize), errors.Is(err, protocol.ErrFrameLimit):
		return protocol.ErrOverLimit, true
	case errors.Is(err, errSpent):
		return protocol.ErrBusy, true
	}
	return 0, false
}

// isFault reports whether an error is of what the peer said, and not of the way
// there or of this home.
func isFault(err error) bool {
	return errors.Is(err, errForm) || errors.Is(err, errOversize) || errors.Is(err, errNoFrame) || errors.Is(err, frontier.ErrProtocol)
}

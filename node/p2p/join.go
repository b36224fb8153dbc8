package p2p

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"tend/protocol"
)

// joinWire is a join stream: frames as in sync, of which the first three messages
// together are at most maxJoinMessage and joinTimeout long.
type joinWire struct {
	wire
	left int // bytes of messages 1 to 3 that may still come
}

func newJoinWire(s network.Stream) *joinWire {
	s.SetDeadline(time.Now().Add(joinTimeout))
	return &joinWire{wire: wire{stream: s}, left: maxJoinMessage}
}

func (w *joinWire) hear() ([]byte, error) {
	data, err := w.readBytes(w.left)
	w.left -= len(data)
	return data, err
}

// hand writes message 4.
func (w *joinWire) hand(frames iter.Seq2[protocol.Frame, error]) error {
	w.stream.SetDeadline(time.Now().Add(enterTimeout))
	w.writes = writeTimeout
	for f, err := range frames {
		if err != nil {
			return err
		}
		if err := w.write(f); err != nil {
			return err
		}
	}
	return w.stream.CloseWrite()
}

// frames reads message 4, to its EDGE.
func (w *joinWire) frames() iter.Seq2[protocol.Frame, error] {
	w.stream.SetDeadline(time.Now().Add(enterTimeout))
	w.reads = idleTimeout
	return func(yield func(protocol.Frame, error) bool) {
		for {
			data, err := w.readBytes(maxFrame)
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			if err != nil {
				yield(nil, err)
				return
			}
			f, err := protocol.DecodeFrame(data)
			if !yield(f, err) || err != nil {
				return
			}
			if _, last := f.(*protocol.Edge); last {
				return
			}
		}
	}
}

// answerJoin serves a join stream that a peer opened: a newcomer who knocks, or a
// member who comes to the code this home shows.
func (n *Net) answerJoin(s network.Stream) {
	p := s.Conn().RemotePeer()
	key, err := keyOf(p)
	if err != nil || !n.home.DoorOpen() {
		s.Reset()
		return
	}
	select {
	case n.joins <- struct{}{}:
		defer func() { <-n.joins }()
	default:
		s.Reset()
		return
	}
	n.nowJoining(p, 1)
	defer n.nowJoining(p, -1)
	w := newJoinWire(s)
	if err := n.serveJoin(w, key); err != nil {
		n.log.Debug("join", "peer", p, "err", err)
		s.Reset()
		return
	}
	s.Close()
}

func (n *Net) nowJoining(p peer.ID, by int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.know(p).joining += by
}

func (n *Net) joining(p peer.ID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.know(p).joining > 0
}

// wakeJoins makes knocking and visiting go on at once.
func (n *Net) wakeJoins() {
	poke(n.knocked)
	poke(n.visited)
}

// errand is one code that is knocked with, or one newcomer who is visited, until
// the home no longer lists it.
type errand struct {
	poked chan struct{}
}

// errands runs one goroutine per id that list names, each doing try with back-off.
func (n *Net) errands(woken <-chan struct{}, list func() []string, try func(ctx context.Context, id string) error) {
	var mu sync.Mutex
	running := map[string]*errand{}
	for {
		for _, id := range list() {
			mu.Lock()
			e := running[id]
			if e != nil {
				poke(e.poked)
			} else if n.ctx.Err() == nil {
				e = &errand{poked: make(chan struct{}, 1)}
				running[id] = e
				n.spawn(func() {
					n.runErrand(e, id, list, try)
					mu.Lock()
					delete(running, id)
					mu.Unlock()
				})
			}
			mu.Unlock()
		}
		select {
		case <-n.ctx.Done():
			return
		case <-woken:
		case <-time.After(dialLook):
		}
	}
}

func (n *Net) runErrand(e *errand, id string, list func() []string, try func(context.Context, string) error) {
	since := time.Now()
	for n.ctx.Err() == nil && slices.Contains(list(), id) {
		if err := try(n.ctx, id); err != nil {
			n.log.Debug("join", "err", err)
		}
		select {
		case <-n.ctx.Done():
		case <-e.poked:
			since = time.Now()
			pause(n.ctx, jitter(firstDelay/4))
		case <-time.After(pauseAfter(since, time.Now(), 1)):
		}
	}
}

// knock goes on at the doors of the codes this home has read.
func (n *Net) knock() {
	list := func() []string {
		var ids []string
		for _, k := range n.home.Knocks() {
			ids = append(ids, k.ID)
		}
		return ids
	}
	n.errands(n.knocked, list, func(ctx context.Context, id string) error {
		for _, k := range n.home.Knocks() {
			if k.ID != id {
				continue
			}
			for _, c := range k.Contacts {
				knock := n.knockAt
				if k.Back {
					knock = n.recoverAt
				}
				told, err := knock(ctx, id, c)
				if err == nil && told == "" {
					return nil
				}
				n.home.Turned(id, c.Peer, told, err)
			}
		}
		return nil
	})
}

// visit goes to newcomers whose face-to-face code this home has read.
func (n *Net) visit() {
	list := func() []string {
		var ids []string
		for _, v := range n.home.Visits() {
			ids = append(ids, v.ID)
		}
		return ids
	}
	n.errands(n.visited, list, func(ctx context.Context, id string) error {
		for _, v := range n.home.Visits() {
			if v.ID == id {
				visit := n.visitAt
				if v.Link {
					visit = n.linkAt
				}
				err := visit(ctx, v)
				n.home.VisitOver(id, err)
				return err
			}
		}
		return nil
	})
}

// joinStream connects to the peer of a code and opens a join stream.
func (n *Net) joinStream(ctx context.Context, key PeerKey, addrs [][]byte) (*joinWire, error) {
	p := peerOf(key)
	if n.host.Network().Connectedness(p) != network.Connected {
		if err := n.reachLocal(ctx, p, addrs); err != nil {
			return nil, fmt.Errorf("reach: %w", err)
		}
	}
	open, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	s, err := n.host.NewStream(network.WithNoDial(open, "join"), p, joinProtocol)
	if err != nil {
		return nil, fmt.Errorf("open stream: %w", err)
	}
	return newJoinWire(s), nil
}

// knockAt knocks at one door. told is the word of the door if it did not open, and ""
// with no error once this home is in.
func (n *Net) knockAt(ctx context.Context, id string, door protocol.Contact) (told string, err error) {
	k, err := n.home.Knock(id)
	if err != nil {
		return "", err
	}
	w, err := n.joinStream(ctx, door.Peer, door.Addrs)
	if err != nil {
		return "", err
	}
	defer n.leaveDoor(w, door.Peer)()
	if err := w.writeBytes(protocol.EncodeOpening(&k)); err != nil {
		return "", fmt.Errorf("knock: %w", err)
	}
	data, err := w.hear()
	if err != nil {
		return "", fmt.Errorf("hear the door: %w", err)
	}
	a, err := protocol.DecodeDoorAnswer(data)
	if err != nil {
		return "", fmt.Errorf("hear the door: %w", err)
	}
	if a.Verdict != protocol.DoorOpen {
		return a.Verdict.String(), nil
	}
	p, err := n.home.Prove(id, door.Peer, k, a)
	if err != nil {
		return "", fmt.Errorf("prove: %w", err)
	}
	if err := w.writeBytes(p.Encode()); err != nil {
		return "", fmt.Errorf("prove: %w", err)
	}
	return "", n.home.Enter(ctx, id, door.Peer, w.frames())
}

// leaveDoor returns what ends a join stream.
func (n *Net) leaveDoor(w *joinWire, door PeerKey) func() {
	p := peerOf(door)
	n.nowJoining(p, 1)
	return func() {
		n.nowJoining(p, -1)
		w.stream.Close()
	}
}

// visitAt lets one newcomer in, face to face.
func (n *Net) visitAt(ctx context.Context, v Visit) error {
	h, err := n.home.Visit(v.ID)
	if err != nil {
		return err
	}
	w, err := n.joinStream(ctx, v.Peer, v.Addrs)
	if err != nil {
		return err
	}
	defer n.leaveDoor(w, v.Peer)()
	if err := w.writeBytes(protocol.EncodeOpening(&h)); err != nil {
		return fmt.Errorf("say who lets in: %w", err)
	}
	data, err := w.hear()
	if err != nil {
		return fmt.Errorf("hear the newcomer: %w", err)
	}
	p, err := protocol.DecodeFaceProve(data)
	if err != nil {
		return fmt.Errorf("hear the newcomer: %w", err)
	}
	frames, err := n.home.VisitProved(ctx, v.ID, h, p)
	if err != nil {
		return fmt.Errorf("let in: %w", err)
	}
	return w.hand(frames)
}

// serveJoin answers the first message of a join stream as its kind wants.
func (n *Net) serveJoin(w *joinWire, from PeerKey) error {
	data, err := w.hear()
	if err != nil {
		return err
	}
	first, err := protocol.DecodeOpening(data)
	if err != nil {
		return err
	}
	switch m := first.(type) {
	case *protocol.Knock:
		return n.serveKnock(w, from, *m)
	case *protocol.FaceHello:
		return n.serveVisit(w, from, *m)
	case *protocol.RecoverKnock:
		return n.home.Recovered(n.ctx, from, *m, w.pipe())
	case *protocol.LinkHello:
		return n.home.Linked(n.ctx, from, *m, w.pipe())
	}
	return fmt.Errorf("join message %T is not answered here", first)
}

// serveKnock is the doorkeeper's side of a bearer code.
func (n *Net) serveKnock(w *joinWire, from PeerKey, k protocol.Knock) error {
	a, err := n.home.Knocked(n.ctx, from, k)
	if err != nil {
		return err
	}
	if err := w.writeBytes(protocol.EncodeDoorAnswer(a)); err != nil {
		return err
	}
	if a.Verdict != protocol.DoorOpen {
		return nil
	}
	data, err := w.hear()
	if err != nil {
		return err
	}
	p, err := protocol.DecodeProve(data)
	if err != nil {
		return err
	}
	frames, err := n.home.Proved(n.ctx, from, k, a, p)
	if err != nil {
		return err
	}
	return w.hand(frames)
}

// serveVisit is the newcomer's side of a code shown face to face.
func (n *Net) serveVisit(w *joinWire, from PeerKey, h protocol.FaceHello) error {
	p, err := n.home.Faced(n.ctx, from, h)
	if err != nil {
		return err
	}
	if err := w.writeBytes(p.Encode()); err != nil {
		return err
	}
	return n.home.FaceEnter(n.ctx, from, h, w.frames())
}

package p2p

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"tend/crdt"
	"tend/crdt/membership"
	"tend/protocol"
)

// sayGoodbye hands a departed member the control ops up to its leave or removal,
// once. What was not heard to its end is owed still. It returns when that is so; where a
// connection and a change of people ask for it at the same time, it is said once, and
// both return then.
func (n *Net) sayGoodbye(p peer.ID) {
	key, err := keyOf(p)
	if err != nil {
		return
	}
	over, mine := n.goodbyeTurn(p)
	if !mine {
		return
	}
	defer over()
	circle, frames, ok := n.home.Goodbye(key)
	if !ok {
		return
	}
	if len(frames) > protocol.MaxGoodbyes {
		n.log.Warn("a goodbye is too long to be said", "circle", circle.Short(), "frames", len(frames))
		return
	}
	if err := n.hand(p, key, circle, frames); err != nil {
		n.log.Debug("goodbye was not heard", "peer", p, "err", err)
		return
	}
	n.home.SaidGoodbye(key, circle)
}

// goodbyeTurn lets one goodbye at a time be said to a peer; whoever has the turn says when
// it is over. Where another has it, it returns when that one is over, or this home ends.
func (n *Net) goodbyeTurn(p peer.ID) (over func(), mine bool) {
	n.mu.Lock()
	other, busy := n.goodbyes[p]
	said := make(chan struct{})
	if !busy {
		n.goodbyes[p] = said
	}
	n.mu.Unlock()
	if busy {
		select {
		case <-other:
		case <-n.ctx.Done():
		}
		return nil, false
	}
	return func() {
		n.mu.Lock()
		delete(n.goodbyes, p)
		n.mu.Unlock()
		close(said)
	}, true
}

// hand opens a stream for a GOODBYE and returns when the peer has closed its side,
// having read it, so that the connection may be closed after. Who left is asked for
// the keys to what they wrote last: nobody seeks them any more, and nobody else may
// have them.
func (n *Net) hand(p peer.ID, key PeerKey, circle crdt.ID, frames []protocol.Goodbye) error {
	ctx, cancel := context.WithTimeout(n.ctx, goodbyeTimeout)
	defer cancel()
	s, err := n.host.NewStream(network.WithNoDial(ctx, "goodbye"), p, syncProtocol)
	if err != nil {
		return err
	}
	defer s.Close()
	w := &wire{stream: s, writes: goodbyeTimeout}
	s.SetWriteDeadline(time.Now().Add(goodbyeTimeout))
	if err := w.open(circle); err != nil {
		return err
	}
	for i := range frames {
		if err := w.write(&frames[i]); err != nil {
			return err
		}
	}
	asked := n.home.WantedOf(circle, key)
	if len(asked) > 0 {
		if err := w.write(&protocol.Want{Epochs: asked}); err != nil {
			return err
		}
	}
	if err := s.CloseWrite(); err != nil {
		return err
	}
	s.SetReadDeadline(time.Now().Add(heardTimeout))
	return n.hearOut(w, circle, key, asked)
}

// maxLast is how many frames somebody who departed may answer to a GOODBYE: an ADDR,
// the keys, an ERR.
const maxLast = 4

// hearOut reads a departed member's half of a GOODBYE's stream to its end. Of keys it
// takes what was asked for, once: whoever departed has nothing else to give here.
func (n *Net) hearOut(w *wire, circle crdt.ID, from PeerKey, asked []membership.EpochID) error {
	for range maxLast {
		data, err := w.readBytes(maxFrame)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		f, err := protocol.DecodeFrame(data)
		keys, ok := f.(*protocol.Keys)
		if err != nil || !ok || len(asked) == 0 {
			continue
		}
		boxes := slices.DeleteFunc(keys.Boxes, func(b protocol.Lockbox) bool { return !slices.Contains(asked, b.Epoch) })
		asked = nil
		if err := n.home.TakeKeys(n.ctx, circle, from, boxes); err != nil {
			n.log.Debug("keys left aside", "circle", circle.Short(), "err", err)
		}
	}
	return fmt.Errorf("%w: too long an answer to a goodbye", errForm)
}

// errEngaged: another goodbye is being heard.
var errEngaged = errors.New("one goodbye at a time")

// farewell gathers the frames of a GOODBYE until the stream ends: only the whole
// shows that somebody has parted. A node hears one at a time, so that its memory is
// bounded whoever speaks.
type farewell struct {
	n      *Net
	held   bool
	frames []protocol.Goodbye
	bytes  int
}

// add takes a frame of so many bytes.
func (w *farewell) add(f *protocol.Goodbye, size int) error {
	if !w.held {
		select {
		case w.n.farewells <- struct{}{}:
			w.held = true
		default:
			return errEngaged
		}
	}
	w.bytes += size
	if len(w.frames) == protocol.MaxGoodbyes || w.bytes > protocol.MaxGoodbyeBytes {
		return fmt.Errorf("%w: too long a goodbye", errForm)
	}
	w.frames = append(w.frames, *f)
	return nil
}

// heard gives the home what was gathered, if anything was.
func (w *farewell) heard(ctx context.Context, circle crdt.ID, from PeerKey) error {
	if len(w.frames) == 0 {
		return nil
	}
	return w.n.home.TakeGoodbye(ctx, circle, from, w.frames)
}

// end lets the next one be heard.
func (w *farewell) end() {
	if w.held {
		<-w.n.farewells
		w.held, w.frames = false, nil
	}
}

// refuse answers a stream for a circle that the peer does not share: ERR 1, unless
// it brings a GOODBYE for a circle this home has a copy of.
func (n *Net) refuse(w *wire, circle crdt.ID, from PeerKey) {
	w.reads = openTimeout
	bye := farewell{n: n}
	defer bye.end()
	asked := false // for keys, of which this home has none for a stranger
	for {
		data, err := w.readBytes(maxFrame)
		if errors.Is(err, io.EOF) && len(bye.frames) > 0 {
			err = bye.heard(n.ctx, circle, from)
			if err == nil {
				w.stream.Close()
				return
			}
		}
		if err != nil {
			n.log.Debug("goodbye left aside", "circle", circle.Short(), "err", err)
			w.stream.Reset()
			return
		}
		f, err := protocol.DecodeFrame(data)
		if _, asks := f.(*protocol.Want); asks && len(bye.frames) > 0 && !asked {
			asked = true
			continue
		}
		g, ok := f.(*protocol.Goodbye)
		if err != nil || !ok || !n.home.Holds(circle) {
			if err := w.write(&protocol.Err{Code: protocol.ErrNotHere}); err != nil {
				n.log.Debug("refuse", "err", err)
			}
			w.stream.Close()
			return
		}
		if err := bye.add(g, len(data)); err != nil {
			n.log.Debug("goodbye left aside", "circle", circle.Short(), "err", err)
			w.stream.Reset()
			return
		}
	}
}

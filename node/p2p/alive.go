package p2p

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"
	msmux "github.com/multiformats/go-multistream"
)

const (
	aliveTimeout = 4 * time.Second  // a connection that says nothing for so long, when asked, is gone
	wakeLook     = 2 * time.Second  // how often the clocks are compared, and the interfaces looked at
	wakeGap      = 10 * time.Second // by which they differ after a sleep
)

// weed closes the connections to a peer that do not answer. A connection whose
// other end went without a word would stand for half a minute, and all that time
// libp2p might prefer it to a newer one.
func (n *Net) weed(p peer.ID) {
	for _, c := range n.host.Network().ConnsToPeer(p) {
		n.spawn(func() {
			if err := n.answers(c); silent(err) && n.ctx.Err() == nil {
				n.log.Debug("a connection is gone", "peer", p, "addr", c.RemoteMultiaddr(), "err", err)
				c.Close()
			}
		})
	}
}

// silent reports whether an error is that nothing was heard. A refusal was heard.
func silent(err error) bool {
	var late net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &late) && late.Timeout()
}

// answers asks over one connection for a sign of life.
func (n *Net) answers(c network.Conn) error {
	ctx, cancel := context.WithTimeout(network.WithAllowLimitedConn(n.ctx, "alive"), aliveTimeout)
	defer cancel()
	s, err := c.NewStream(ctx)
	if err != nil {
		return err
	}
	defer s.Reset()
	s.SetDeadline(time.Now().Add(aliveTimeout))
	if err := s.SetProtocol(ping.ID); err != nil {
		return err // of this home's own: it does not speak with the peer
	}
	if err := msmux.SelectProtoOrFail(ping.ID, s); err != nil {
		return err
	}
	if _, err := s.Write(make([]byte, ping.PingSize)); err != nil {
		return err
	}
	_, err = s.Read(make([]byte, 1))
	return err
}

// watchMachine notices that the machine has other addresses, or slept: its wall clock
// ran on while nothing else did, or this goroutine was not woken when it should have
// been. The network is another then, and no timer of a connection knows.
func (n *Net) watchMachine() {
	last := n.cfg.Now().Round(0)
	began := time.Now()
	for {
		pause(n.ctx, wakeLook)
		if n.ctx.Err() != nil {
			return
		}
		wall, ran := n.cfg.Now().Round(0), time.Since(began)
		slept := wall.Sub(last) - ran
		last, began = wall, time.Now()
		if slept.Abs() > wakeGap || ran > wakeLook+wakeGap {
			n.log.Info("the machine slept, or its clock was set", "by", max(slept.Abs(), ran).Round(time.Second))
			n.NetworkChanged()
		}
		n.moved()
	}
}

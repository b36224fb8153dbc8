package main

import (
	"context"
	"errors"
	"time"

	"tend/node/client"
)

// way is how a command may reach its node.
type way int

const (
	// here: a running node, or else this process opens the home for as long as the
	// command lasts, without network.
	here way = iota
	// meeting: as here, but with the network on, to meet others.
	meeting
	// running: only a node that runs already.
	running
)

// reach returns a client of this home's node, and what ends it. If no node runs
// the home is opened in this process, and every verb goes through the same
// handler all the same. A home that another process holds is tried for 10 s.
func (a *app) reach(ctx context.Context, by way) (*client.Client, func() error, error) {
	if a.ready != nil {
		return a.ready.In(a.circle), func() error { return nil }, nil
	}
	h := a.home()
	for until := time.Now().Add(takenWait); ; {
		c, err := a.runningNode(ctx)
		if err == nil {
			return c.In(a.circle), c.Close, nil
		}
		if !errors.Is(err, client.ErrNoNode) {
			return nil, nil, err
		}
		if by == running {
			return nil, nil, fail(exitNoNode, "fail.no_node", "home", h.dir).behind(err)
		}
		done, c, err := a.open(ctx, by == meeting)
		if err != nil {
			return nil, nil, err
		}
		if c != nil {
			a.alone = true
			return c.In(a.circle), done, nil
		}
		if time.Now().After(until) {
			return nil, nil, h.taken()
		}
		if err := pause(ctx, takenLook); err != nil {
			return nil, nil, err
		}
	}
}

// runningNode returns a client of the node that runs on this home; the error
// wraps [client.ErrNoNode] if there is none.
func (a *app) runningNode(ctx context.Context) (*client.Client, error) {
	c, err := client.Open(a.homeDir)
	if err != nil {
		return nil, err
	}
	if _, err := c.Version(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// open takes the home and opens it in this process. A nil client without an
// error says that another process has the home.
func (a *app) open(ctx context.Context, meet bool) (func() error, *client.Client, error) {
	if !meet {
		return a.openWith(ctx, nil)
	}
	n, err := a.settled()
	if err != nil {
		return nil, nil, err
	}
	return a.openWith(ctx, &n)
}

// openWith is open with the network n; nil is none.
func (a *app) openWith(ctx context.Context, n *network) (func() error, *client.Client, error) {
	h := a.home()
	if err := h.make(); err != nil {
		return nil, nil, err
	}
	lock, err := h.lock()
	if lock == nil || err != nil {
		return nil, nil, err
	}
	m, err := a.wire(ctx, h, n)
	if err != nil {
		return nil, nil, errors.Join(err, lock.Unlock())
	}
	c := client.New(client.InMemory(m.handler))
	return func() error { return errors.Join(c.Close(), m.close(), lock.Unlock()) }, c, nil
}

// with reaches the node, runs do, and lets go again.
func (a *app) with(ctx context.Context, by way, do func(*client.Client) error) (err error) {
	c, done, err := a.reach(ctx, by)
	if err != nil {
		return err
	}
	defer func() {
		if closing := done(); err == nil {
			err = closing
		}
	}()
	return do(c)
}

package p2p

import (
	"context"
	"iter"
	"sync"
)

// News says what changed on the network since the last.
type News struct {
	Links bool // somebody is connected now, or is not any more
	Sync  bool // ops came or went, or it was heard what another home holds
}

// listeners are who waits for news.
type listeners struct {
	mu  sync.Mutex
	all map[*listener]bool
}

// listener is one of them; what it has not read yet is merged.
type listener struct {
	next News // guarded by listeners.mu
	wake chan struct{}
}

// News yields what changes from the call on, coalesced, until ctx ends or the
// network is left. It never holds up the network.
func (n *Net) News(ctx context.Context) iter.Seq[News] {
	l := &listener{wake: make(chan struct{}, 1)}
	n.news.mu.Lock()
	if n.news.all == nil {
		n.news.all = map[*listener]bool{}
	}
	n.news.all[l] = true
	n.news.mu.Unlock()
	over := func() {
		n.news.mu.Lock()
		defer n.news.mu.Unlock()
		delete(n.news.all, l)
	}
	context.AfterFunc(ctx, over)
	return func(yield func(News) bool) {
		defer over()
		for {
			select {
			case <-ctx.Done():
				return
			case <-n.ctx.Done():
				return
			case <-l.wake:
			}
			n.news.mu.Lock()
			next := l.next
			l.next = News{}
			n.news.mu.Unlock()
			if !yield(next) {
				return
			}
		}
	}
}

// tell adds to what every listener is told next.
func (n *Net) tell(what News) {
	n.news.mu.Lock()
	defer n.news.mu.Unlock()
	for l := range n.news.all {
		l.next.Links = l.next.Links || what.Links
		l.next.Sync = l.next.Sync || what.Sync
		poke(l.wake)
	}
}

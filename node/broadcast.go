package node

import (
	"context"
	"iter"
	"sync"

	"tend/crdt"
)

// broadcast hands values to whoever listens. It never blocks the sender: a
// listener that is late finds several values of one circle merged.
type broadcast[T any] struct {
	merge func(a, b T) (T, bool) // false: they cannot be merged

	mu        sync.Mutex // guards listeners
	listeners map[*listener[T]]struct{}
}

type listener[T any] struct {
	mu      sync.Mutex // guards waiting
	waiting []T
	wake    chan struct{} // holds one
}

func newBroadcast[T any](merge func(a, b T) (T, bool)) *broadcast[T] {
	return &broadcast[T]{merge: merge, listeners: map[*listener[T]]struct{}{}}
}

func (b *broadcast[T]) send(v T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for l := range b.listeners {
		l.put(v, b.merge)
	}
}

// heard reports whether anybody listens.
func (b *broadcast[T]) heard() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.listeners) > 0
}

func (l *listener[T]) put(v T, merge func(a, b T) (T, bool)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.waiting {
		if m, ok := merge(l.waiting[i], v); ok {
			l.waiting[i] = m
			return
		}
	}
	l.waiting = append(l.waiting, v)
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *listener[T]) take() []T {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := l.waiting
	l.waiting = nil
	return out
}

// listen yields what is sent from the moment listen is called, until ctx ends.
func (b *broadcast[T]) listen(ctx context.Context) iter.Seq[T] {
	l := &listener[T]{wake: make(chan struct{}, 1)}
	b.mu.Lock()
	b.listeners[l] = struct{}{}
	b.mu.Unlock()
	context.AfterFunc(ctx, func() { b.drop(l) })
	return func(yield func(T) bool) {
		defer b.drop(l)
		for {
			select {
			case <-ctx.Done():
				return
			case <-l.wake:
			}
			for _, v := range l.take() {
				if !yield(v) {
					return
				}
			}
		}
	}
}

func (b *broadcast[T]) drop(l *listener[T]) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.listeners, l)
}

// Revision says that a circle may look different now.
type Revision struct {
	Circle crdt.ID
	N      uint64
}

func mergeRevisions(a, b Revision) (Revision, bool) { return b, a.Circle == b.Circle }

// maxMergedAnnounce bounds the gossip messages that wait for a network that is
// late; what is over goes by a session.
const maxMergedAnnounce = 256

func mergeMoves(a, b Move) (Move, bool) {
	if a.Circle != b.Circle {
		return a, false
	}
	m := Move{Circle: a.Circle, Frontier: a.Frontier || b.Frontier, Gap: a.Gap || b.Gap, People: a.People || b.People,
		Epoch: a.Epoch || b.Epoch, Knocking: a.Knocking || b.Knocking, Announce: a.Announce}
	if len(a.Announce)+len(b.Announce) <= maxMergedAnnounce {
		m.Announce = append(append([][]byte(nil), a.Announce...), b.Announce...)
	} else {
		m.Frontier = true
	}
	return m, true
}

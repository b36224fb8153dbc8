package web

import (
	"context"
	"net/http"
	"sync"
	"time"
)

const (
	keepAlive = 25 * time.Second
	eventTime = 30 * time.Second // for one write; a reader that takes nothing for so long is gone
)

// events tells a screen that something may look different, never what: the screen
// asks for itself again. However much happens, one event waits for a reader.
func (s *Site) events(w http.ResponseWriter, r *http.Request) error {
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		return &notice{status: http.StatusServiceUnavailable, key: "shell.unknown"}
	}
	ctx, cancel := untilEnding(r.Context())
	wake := make(chan struct{}, 1)
	tell := func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
	// Both are listening before the first byte is sent: whoever looks after "hello"
	// misses nothing.
	revisions, signals := s.service.Watch(ctx), s.upkeep.Signals(ctx)
	var listeners sync.WaitGroup
	defer listeners.Wait()
	defer cancel()
	listeners.Go(func() {
		for range revisions {
			tell()
		}
	})
	listeners.Go(func() {
		for range signals {
			tell()
		}
	})
	w.Header().Set("Content-Type", "text/event-stream")
	return s.stream(ctx, w, r, wake)
}

// stream writes until the reader goes away, is sent away, or the server ends.
func (s *Site) stream(ctx context.Context, w http.ResponseWriter, r *http.Request, wake <-chan struct{}) error {
	control := http.NewResponseController(w)
	send := func(text string) error {
		_ = control.SetWriteDeadline(time.Now().Add(eventTime)) // a test's recorder has none to set
		if _, err := w.Write([]byte(text)); err != nil {
			return err
		}
		return control.Flush()
	}
	tick := time.NewTicker(keepAlive)
	defer tick.Stop()
	for err := send(": hello\n\n"); err == nil; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			err = send(": still here\n\n")
		case <-wake:
			if _, in := s.sessions.of(r); !in {
				return nil // sent away meanwhile
			}
			err = send("event: changed\ndata: {}\n\n")
			if err == nil {
				err = rest(ctx)
			}
		}
	}
	return nil
}

// burst is how long a stream rests after an event, so that a node which takes in a
// month of ops does not make every screen draw itself a hundred times.
const burst = 150 * time.Millisecond

func rest(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case <-time.After(burst):
	}
	return nil
}

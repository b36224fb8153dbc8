package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// keepAlive is how often a quiet stream says that it is still there.
	keepAlive = 25 * time.Second
	// eventTime bounds one write; a reader that takes nothing for so long is gone.
	eventTime = 30 * time.Second
)

// news is what happened and was not told yet, merged: for each name and circle the
// newest. So a slow reader costs no memory, and wakes once for a burst.
type news struct {
	mu      sync.Mutex // guards waiting
	waiting map[string]event
	wake    chan struct{} // holds one
}

// event is one event of the stream. It tells that something happened, never what.
type event struct {
	name     string
	Circle   string `json:"circle,omitempty"`
	Revision uint64 `json:"revision,omitempty"`
}

func (n *news) tell(e event) {
	n.mu.Lock()
	n.waiting[e.name+" "+e.Circle] = e
	n.mu.Unlock()
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// take returns what waits, in order of name and circle.
func (n *news) take() []event {
	n.mu.Lock()
	defer n.mu.Unlock()
	var out []event
	for _, key := range slices.Sorted(maps.Keys(n.waiting)) {
		out = append(out, n.waiting[key])
	}
	clear(n.waiting)
	return out
}

// events streams until the reader goes away or the server ends.
func events(c *call, w http.ResponseWriter, _ *http.Request) error {
	ctx, cancel := untilEnding(c.ctx)
	n := &news{waiting: map[string]event{}, wake: make(chan struct{}, 1)}
	// Both are listening before the first byte is sent: whoever looks after "hello"
	// misses nothing.
	revisions, signals := c.api.service.Watch(ctx), c.api.upkeep.Signals(ctx)
	var listeners sync.WaitGroup
	defer listeners.Wait()
	defer cancel()
	listeners.Go(func() {
		for r := range revisions {
			n.tell(event{name: "changed", Circle: r.Circle.String(), Revision: r.N})
		}
	})
	listeners.Go(func() {
		for name := range signals {
			n.tell(event{name: name})
		}
	})
	w.Header().Set("Content-Type", "text/event-stream")
	out := &stream{w: w, control: http.NewResponseController(w)}
	tick := time.NewTicker(keepAlive)
	defer tick.Stop()
	for err := out.send(": hello\n\n"); err == nil; {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			err = out.send(": still here\n\n")
		case <-n.wake:
			err = out.events(n.take())
		}
	}
	return nil
}

// stream writes and flushes.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func (s *stream) events(all []event) error {
	var b strings.Builder
	for _, e := range all {
		data, err := json.Marshal(e)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "event: %s\ndata: %s\n\n", e.name, data)
	}
	return s.send(b.String())
}

func (s *stream) send(text string) error {
	// A test's recorder has no deadline to set, and needs none.
	_ = s.control.SetWriteDeadline(time.Now().Add(eventTime))
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.control.Flush()
}

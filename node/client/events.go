package client

import (
	"bufio"
	"context"
	"encoding/json"
	"iter"
	"math/rand/v2"
	"strings"
	"time"
)

// The names of an [Event].
const (
	Changed       = "changed" // a circle has a newer state
	Synced        = "sync"    // a session with another home began, moved or ended
	StatusChanged = "status"  // what [Client.Status] says may be different
)

// maxEventLine bounds one line of the event stream, in bytes.
const maxEventLine = 64 << 10

// reconnection is how long to wait before listening again: from first, doubled
// to at most last, give or take a quarter.
const (
	firstReconnect = 250 * time.Millisecond
	lastReconnect  = 15 * time.Second
)

// Event tells that something happened, never what: look again.
type Event struct {
	Name string `json:"-"`
	// Circle and Revision say which circle changed, and its new revision.
	Circle   string `json:"circle"`
	Revision uint64 `json:"revision"`
}

// Events listens until ctx ends or the caller breaks. After a lost connection it
// yields the error, waits and listens again; once back it yields a [Changed]
// without a circle, since things may have been missed. It also yields that one
// first of all, when the stream stands: what is looked at after it is new enough.
func (c *Client) Events(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		pause := firstReconnect
		for ctx.Err() == nil {
			stood, more := c.listen(ctx, yield)
			if !more || ctx.Err() != nil {
				return
			}
			if stood {
				pause = firstReconnect
			}
			timer := time.NewTimer(pause*3/4 + rand.N(pause/2))
			select {
			case <-ctx.Done():
				timer.Stop()
				return
			case <-timer.C:
			}
			pause = min(pause*2, lastReconnect)
		}
	}
}

// listen reads one stream to its end. stood says that it was there at all, more
// that the caller wants to go on.
func (c *Client) listen(ctx context.Context, yield func(Event, error) bool) (stood, more bool) {
	res, err := c.open(ctx, "GET", "events", nil, "", nil)
	if err != nil {
		return false, ctx.Err() != nil || yield(Event{}, err)
	}
	defer res.Body.Close()
	if !yield(Event{Name: Changed}, nil) {
		return true, false
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, maxEventLine)
	var event Event
	for lines.Scan() {
		line := lines.Text()
		switch {
		case line == "" && event.Name != "":
			if !yield(event, nil) {
				return true, false
			}
			event = Event{}
		case strings.HasPrefix(line, "event: "):
			event.Name = line[len("event: "):]
		case strings.HasPrefix(line, "data: "):
			// An event whose data does not read still says that something happened.
			_ = json.Unmarshal([]byte(line[len("data: "):]), &event)
		}
	}
	if err := lines.Err(); err != nil && ctx.Err() == nil {
		return true, yield(Event{}, err)
	}
	return true, true
}

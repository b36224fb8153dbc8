package node

import (
	"fmt"
	"sync"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/node/replica"
	"tend/storage"
)

// rowPlace is where the place of a post waits on this home alone: y|p|post id. It
// is sent only to people who are in an agreement about the post.
var rowPlace = []byte("y|p|")

// places are the places that wait for agreements.
type places struct {
	mu   sync.Mutex // guards kept
	kept map[crdt.ID]string
}

func loadPlaces(store storage.Circle) (*places, error) {
	p := &places{kept: map[crdt.ID]string{}}
	for r, err := range store.Scan(rowPlace) {
		if err != nil {
			return nil, fmt.Errorf("load places: %w", err)
		}
		if len(r.Key) == len(rowPlace)+32 {
			p.kept[crdt.ID(r.Key[len(rowPlace):])] = string(r.Value)
		}
	}
	return p, nil
}

// keep remembers the place of a post.
func (p *places) keep(store storage.Circle, post crdt.ID, place string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := store.Put(row(append(append([]byte(nil), rowPlace...), post[:]...), []byte(place))); err != nil {
		return fmt.Errorf("keep the place: %w", err)
	}
	p.kept[post] = place
	return nil
}

func (p *places) of(post crdt.ID) (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	place, ok := p.kept[post]
	return place, ok
}

func (p *places) empty() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.kept) == 0
}

// tellPlaces gives the place of this member's posts to agreements that the last
// batch made or changed. It is called by the loop, after a batch.
func (x *runner) tellPlaces() {
	if x.places.empty() || !x.replica.Arrived() {
		return
	}
	state := x.replica.State()
	env := x.replica.Env(x.node.now(), x.node.cfg.Zone)
	for _, id := range state.Touched() {
		a, ok := state.Agreement(env, id)
		if !ok || a.Place != nil || len(a.About) == 0 || a.State == circle.StateReleased {
			continue
		}
		where, waits := x.places.of(a.About[0])
		if !waits {
			continue
		}
		x.offer(job{ops: wishOps, bytes: wishBytes, do: func(w *replica.Replica, now time.Time) error {
			_, err := w.Do(circle.SetPlace{ID: id, Where: &where}, w.Env(now, x.node.cfg.Zone), x.node.clock())
			if err != nil {
				x.log.Debug("the place was not told", "err", err)
			}
			return nil
		}})
	}
}

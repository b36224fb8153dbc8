package node

import (
	"time"

	"tend/crdt"
	"tend/node/replica"
	"tend/storage"
)

// fadesAnew reports whether a day went by in the log since the last upkeep: homes that
// meet after weeks let go of what faded then, and not an hour later. What was due at a
// start waits for the first look.
func (x *runner) fadesAnew() bool {
	return x.faded > 0 && x.replica.Greatest().Time().Sub(x.faded.Time()) >= 24*time.Hour
}

// fadeEvery is for how long, by the log's clock and by this home's, what fades is not
// looked for again: it fades by days, and to look is to go over all that is held.
const fadeEvery = time.Hour

// fade lets go of what closed long enough ago by the log's own clock, some at a
// time. It is called by the loop.
func (x *runner) fade() {
	now, here := x.replica.Greatest(), x.node.now()
	x.faded = now
	if x.unsure || x.fadedTo > 0 && now.Time().Sub(x.fadedTo.Time()) < fadeEvery && here.Sub(x.fadedAt).Abs() < fadeEvery {
		return
	}
	for len(x.replica.State().Fading(x.replica.Greatest())) > 0 {
		before := x.replica
		x.batch([]job{{do: func(w *replica.Replica, _ time.Time) error {
			_, err := w.Fade()
			return err
		}}})
		if x.unsure || x.replica == before {
			return // it could not be written; the next tick tries again
		}
		x.dropPlaces()
	}
	x.fadedTo, x.fadedAt = now, here
}

// dropPlaces lets the places of posts go that have faded or were taken back.
func (x *runner) dropPlaces() {
	state := x.replica.State()
	env := x.replica.Env(x.node.now(), x.node.cfg.Zone)
	for _, id := range x.places.posts() {
		p, known := state.Post(env, id)
		_, taken := state.Retraction(id)
		if taken || known && p.Faded {
			if err := x.places.drop(x.store, id); err != nil {
				x.log.Warn("a place could not be let go yet", "err", err)
			}
		}
	}
}

// posts returns the posts whose places wait.
func (p *places) posts() []crdt.ID {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []crdt.ID
	for id := range p.kept {
		out = append(out, id)
	}
	return out
}

// drop forgets the place of a post.
func (p *places) drop(store storage.Circle, post crdt.ID) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := store.Put(row(append(append([]byte(nil), rowPlace...), post[:]...), nil)); err != nil {
		return err
	}
	delete(p.kept, post)
	return nil
}

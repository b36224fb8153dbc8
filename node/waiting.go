package node

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"tend/crdt"
	"tend/crdt/circle"
	"tend/node/replica"
	"tend/storage"
)

// rowWaiting is where words wait for their turn in a talk: y|w|talk id|verb. They
// never leave this home before their writer says them.
var rowWaiting = []byte("y|w|")

// waiting are this person's words in one circle that wait for their turn.
type waiting struct {
	mu   sync.Mutex // guards kept
	kept []circle.Waiting
}

func loadWaiting(store storage.Circle) (*waiting, error) {
	w := &waiting{}
	for r, err := range store.Scan(rowWaiting) {
		if err != nil {
			return nil, fmt.Errorf("load what waits for its turn: %w", err)
		}
		if key := r.Key[len(rowWaiting):]; len(key) > 32 {
			w.kept = append(w.kept, circle.Waiting{Talk: crdt.ID(key[:32]), Verb: string(key[32:]), Text: string(r.Value)})
		}
	}
	return w, nil
}

// keep remembers words, or lets those go that have no text.
func (w *waiting) keep(store storage.Circle, words []circle.Waiting) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	next := slices.Clone(w.kept)
	var rows []storage.Row
	for _, k := range words {
		had := len(next)
		next = slices.DeleteFunc(next, func(o circle.Waiting) bool { return o.Talk == k.Talk && o.Verb == k.Verb })
		key := append(append(append([]byte(nil), rowWaiting...), k.Talk[:]...), k.Verb...)
		switch {
		case k.Text != "":
			rows, next = append(rows, row(key, []byte(k.Text))), append(next, k)
		case len(next) < had:
			rows = append(rows, row(key, nil))
		}
	}
	if len(rows) == 0 {
		return nil
	}
	if err := store.Put(rows...); err != nil {
		return fmt.Errorf("keep the words for their turn: %w", err)
	}
	w.kept = next
	return nil
}

// all returns the words; the slice is never changed.
func (w *waiting) all() []circle.Waiting {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.kept
}

// dropWaiting lets words go whose talk is over: their turn will not come.
func (x *runner) dropWaiting() {
	kept := x.waiting.all()
	if len(kept) == 0 {
		return
	}
	state := x.replica.State()
	env := x.replica.Env(x.node.now(), x.node.cfg.Zone)
	var gone []circle.Waiting
	for _, k := range kept {
		if t, known := state.Talk(env, k.Talk); known && t.Over {
			gone = append(gone, circle.Waiting{Talk: k.Talk, Verb: k.Verb})
		}
	}
	if err := x.waiting.keep(x.store, gone); err != nil {
		x.log.Warn("words that waited for their turn could not be let go yet", "err", err)
	}
}

// followTalks does, after a batch that touched a talk, what this member's earlier
// words in it have decided. It is called by the loop.
func (x *runner) followTalks(people bool) {
	if x.replica.MayWrite() != nil {
		return
	}
	state, now := x.replica.State(), x.node.now()
	touched := people
	for _, id := range state.Touched() {
		touched = touched || state.IsTalk(id)
	}
	if !touched {
		return
	}
	x.dropWaiting()
	env := x.replica.Env(now, x.node.cfg.Zone)
	if drafts, _, err := circle.Decide(state, env, circle.FollowTalks{}); err != nil || len(drafts) == 0 {
		return
	}
	x.offer(job{ops: replica.MaxBatchOps / 2, bytes: replica.MaxBatchBytes / 4, do: func(w *replica.Replica, now time.Time) error {
		_, err := w.Do(circle.FollowTalks{}, w.Env(now, x.node.cfg.Zone), x.node.clock())
		return err
	}})
}

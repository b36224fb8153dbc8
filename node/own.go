package node

import (
	"fmt"
	"sync"
	"time"

	"tend/crdt/circle"
	"tend/node/replica"
	"tend/storage"
)

// rowOwn is where what this person keeps for themselves lies: y|o|key. It never
// leaves this home but in the person's own backup.
var rowOwn = []byte("y|o|")

// own is what this person keeps for themselves in one circle.
type own struct {
	mu   sync.Mutex // guards kept
	kept circle.Own
}

func loadOwn(store storage.Circle) (*own, error) {
	var rows []circle.OwnRow
	for r, err := range store.Scan(rowOwn) {
		if err != nil {
			return nil, fmt.Errorf("load what is one's own: %w", err)
		}
		rows = append(rows, circle.OwnRow{Key: string(r.Key[len(rowOwn):]), Value: r.Value})
	}
	return &own{kept: circle.OwnOf(rows...)}, nil
}

// keep remembers rows, and lets go of those without a value.
func (o *own) keep(store storage.Circle, rows []circle.OwnRow) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	kept := make([]storage.Row, len(rows))
	for i, r := range rows {
		kept[i] = row(append(append([]byte(nil), rowOwn...), r.Key...), r.Value)
	}
	if err := store.Put(kept...); err != nil {
		return fmt.Errorf("keep what is one's own: %w", err)
	}
	o.kept = o.kept.With(rows...)
	return nil
}

func (o *own) all() circle.Own {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.kept
}

// tellRoom says, for a person who wished it, that there is little room once what they
// carry reaches their ceiling. Only the effect is written; it may be called whenever
// it could be so.
func (x *runner) tellRoom() {
	if !x.tellsRoom() {
		return
	}
	x.offer(x.roomJob())
}

// tellsRoom reports whether this person wishes their home to say so.
func (x *runner) tellsRoom() bool {
	ceiling, ok := x.own.all().Ceiling()
	return ok && ceiling.TellRoom
}

// roomJob is that word, where it is due.
func (x *runner) roomJob() job {
	return job{ops: replica.MaxBatchOps / 2, bytes: replica.MaxBatchBytes / 4, do: func(w *replica.Replica, now time.Time) error {
		env := w.Env(now, x.node.cfg.Zone)
		env.Own = x.own.all()
		_, err := w.Do(circle.TellRoom{}, env, x.node.clock())
		return err
	}}
}

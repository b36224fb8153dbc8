package node

import (
	"context"
	"errors"
	"slices"
	"time"

	"tend/crdt"
	"tend/node/replica"
	"tend/protocol"
)

// packPart is how many single keys are taken into use in one batch: each may
// change some rows.
const packPart = 128

// takePack keeps the keys of single bodies that a door handed over, and reads what
// of them is here already. What is over the bound is left: the door puts the most
// needed first.
func (x *runner) takePack(ctx context.Context, pack []protocol.PackedKey) error {
	if len(pack) == 0 {
		return nil
	}
	err := x.ring.update(func(c *CircleKeys) {
		have := map[crdt.ID]bool{}
		for _, p := range c.Packed {
			have[p.Op] = true
		}
		for _, p := range pack {
			if !have[p.Op] && len(c.Packed) < replica.MaxPacked {
				have[p.Op] = true
				c.Packed = append(c.Packed, p)
			}
		}
	})
	if err != nil {
		return err
	}
	var errs []error
	for part := range slices.Chunk(pack, packPart) {
		ids := make([]crdt.ID, len(part))
		for i, p := range part {
			ids[i] = p.Op
		}
		errs = append(errs, x.ask(ctx, job{ops: packPart, do: func(w *replica.Replica, _ time.Time) error { return w.ReadPacked(ids) }}))
	}
	return errors.Join(errs...)
}

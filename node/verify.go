package node

import (
	"context"
	"errors"
	"fmt"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/circle"
	"tend/crdt/sig"
	"tend/node/replica"
	"tend/storage"
)

// Verify reads everything this home keeps of its circles and says what is wrong,
// one sentence each; none if all is well. It checks every op's bytes, hash and
// body, every index, and every signature, its own or one that covers it. It may
// run while the node works. When it was done is kept.
func (n *Node) Verify(ctx context.Context) ([]string, error) {
	var out []string
	for _, x := range n.runners() {
		found, err := x.store.Verify(ctx)
		if err != nil {
			return nil, err
		}
		signatures, err := verifySignatures(ctx, x.id, x.store)
		if err != nil {
			return nil, err
		}
		x.looked(append(found, signatures...))
		name := x.snap.Load().People.Charter().Name
		for _, f := range append(found, signatures...) {
			out = append(out, fmt.Sprintf("%s: %s", name, f))
		}
	}
	return out, nil
}

// verifyBatch is how many signatures are checked together.
const verifyBatch = 512

// verifySignatures checks that every op is authentic: by its own signature, or by
// that of a later op of the same device that has it in its chain (SPEC.md §3.2).
func verifySignatures(ctx context.Context, of crdt.ID, store storage.Circle) ([]string, error) {
	var findings []string
	uncovered := map[crdt.ID]crdt.Device{} // ops without a signature that nothing covers yet
	var batch sig.Batch
	var ops []crdt.Op
	check := func() {
		for _, bad := range batch.Verify() {
			findings = append(findings, finding("finding.op", ops[bad].ID.Short(), circle.As("finding.signature")))
		}
		batch, ops = sig.Batch{}, nil
	}
	for next, left := uint64(1), true; left; {
		left = false
		for s, err := range store.Arrivals(next) {
			if errors.Is(err, storage.ErrDamaged) {
				findings = append(findings, finding("finding.unreadable", int(next)))
				next, left = next+1, true
				break
			}
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return nil, err
			}
			op := s.Op
			next = s.Fact.Arr + 1
			delete(uncovered, op.Prev)
			if len(op.Sig) == 0 {
				uncovered[op.ID] = op.Dev
				continue
			}
			batch.Add(op.Dev, op.Signed(of), op.Sig)
			if ops = append(ops, op); len(ops) == verifyBatch {
				check()
			}
		}
	}
	check()
	for id := range uncovered {
		findings = append(findings, finding("finding.op", id.Short(), circle.As("finding.uncovered")))
		if len(findings) >= storage.MaxFindings {
			break
		}
	}
	return findings, nil
}

// Rebuild throws away everything that is derived from the logs of this home and
// makes it again. The node must not be running.
func (n *Node) Rebuild(ctx context.Context) error {
	n.mu.Lock()
	running := n.running != nil
	n.mu.Unlock()
	if running {
		return errors.New("the node is running")
	}
	for _, x := range n.runners() {
		if err := ctx.Err(); err != nil {
			return err
		}
		fresh, err := n.rebuild(x.id, x.store)
		if err != nil {
			return fmt.Errorf("rebuild circle %s: %w", x.id.Short(), err)
		}
		n.mu.Lock()
		n.circles[x.id] = fresh
		n.mu.Unlock()
	}
	return nil
}

// rowRebuilding says that a rebuild was begun and not ended: what is derived must
// not be trusted.
var rowRebuilding = []byte("y|rebuilding")

// open returns the runner of a circle. If the program ended in the middle of a
// rebuild, it is done once more first.
func (n *Node) open(id crdt.ID) (*runner, error) {
	store, err := n.cfg.Store.Circle(id)
	if err != nil {
		return nil, err
	}
	if _, begun, err := store.Get(rowRebuilding); err != nil {
		return nil, err
	} else if begun {
		return n.rebuild(id, store)
	}
	return n.openKinds(id, store)
}

// rebuild makes one circle's derived rows again.
func (n *Node) rebuild(id crdt.ID, store storage.Circle) (*runner, error) {
	if err := dropDerived(store); err != nil {
		return nil, err
	}
	if err := store.RebuildIndex(); err != nil {
		return nil, err
	}
	return n.derive(id, store)
}

// derive makes the rows that are derived from the log, of which there are none.
func (n *Node) derive(id crdt.ID, store storage.Circle) (*runner, error) {
	x, err := n.newRunner(id)
	if err != nil {
		return nil, err
	}
	err = x.replica.Derive(func(rows []replica.Row) error {
		kept := make([]storage.Row, len(rows))
		for i, r := range rows {
			kept[i] = row(r.Key, r.Value)
		}
		return store.Put(kept...)
	})
	if err != nil {
		return nil, err
	}
	if err := store.Put(row(rowRebuilding, nil), row(rowKinds, canon.MustMarshal(replica.Kinds()))); err != nil {
		return nil, err
	}
	x.publish()
	x.checkpoint()
	return x, nil
}

// dropDerived deletes all that is derived; from here on it is known to be lacking.
func dropDerived(store storage.Circle) error {
	if err := store.Put(row(rowRebuilding, []byte{})); err != nil {
		return err
	}
	for _, kind := range replica.DerivedKinds() {
		if err := dropRows(store, kind); err != nil {
			return err
		}
	}
	return nil
}

// dropRows deletes all rows of a kind.
func dropRows(store storage.Circle, kind byte) error {
	var gone []storage.Row
	for r, err := range store.Scan([]byte{kind}) {
		if err != nil {
			return err
		}
		if gone = append(gone, row(r.Key, nil)); len(gone) == 256 {
			if err := store.Put(gone...); err != nil {
				return err
			}
			gone = gone[:0]
		}
	}
	return store.Put(gone...)
}

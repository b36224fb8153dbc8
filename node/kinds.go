package node

import (
	"slices"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/node/replica"
	"tend/storage"
)

// rowKinds says with which kinds of bodies what is derived was made.
var rowKinds = []byte("y|kinds")

// firstKinds are the kinds that the first version knew. It kept no note of them.
func firstKinds() []uint64 {
	var out []uint64
	for n := uint64(1); n <= 20; n++ {
		out = append(out, n)
	}
	for n := uint64(64); n <= 81; n++ {
		out = append(out, n)
	}
	return out
}

// openKinds opens a circle. If another version kept it last, which knew other
// kinds, what is derived is made again from the log, so that what was kept
// without effect takes effect now.
func (n *Node) openKinds(id crdt.ID, store storage.Circle) (*runner, error) {
	made := firstKinds()
	data, noted, err := store.Get(rowKinds)
	if err != nil {
		return nil, err
	}
	if noted && canon.Unmarshal(data, &made) != nil {
		made = nil
	}
	if slices.Equal(made, replica.Kinds()) {
		return n.newRunner(id)
	}
	n.log.Info("another version kept this circle last; what is derived is made again", "circle", id.Short())
	if err := dropDerived(store); err != nil {
		return nil, err
	}
	return n.derive(id, store)
}

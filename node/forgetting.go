package node

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"tend/crdt"
	"tend/node/replica"
	"tend/storage"
	"tend/storage/crashpoint"
)

// rowForget says that bodies went since the store's files were last cleaned of
// what had been overwritten: y|f.
var rowForget = []byte("y|f")

// forgetEvery is how often a running home cleans its files at most. One that stops
// does it then.
const forgetEvery = time.Hour

// forgetting remembers whether the store's files still hold what was let go.
type forgetting struct {
	owed bool
	last time.Time
}

func loadForgetting(store storage.Circle) (forgetting, error) {
	_, owed, err := store.Get(rowForget)
	if err != nil {
		return forgetting{}, fmt.Errorf("load what is to be forgotten: %w", err)
	}
	return forgetting{owed: owed}, nil
}

// owe adds the note that bodies go to the batch in which they do.
func (f *forgetting) owe(c *replica.Commit, b *storage.Batch) {
	if slices.ContainsFunc(c.Bodies, func(ch replica.BodyChange) bool { return ch.Body == nil }) {
		b.Rows = append(b.Rows, row(rowForget, []byte{}))
		f.owed = true
	}
}

// cleaning keeps two circles of one home from cleaning its files at once.
type cleaning struct{ mu sync.Mutex }

// forget lets the store's files forget what was let go, once the checkpoint no
// longer holds it either. It is called by the loop.
func (x *runner) forget(stopping bool) {
	f, now := &x.forgets, x.node.now()
	if !f.owed || !stopping && now.Sub(f.last) < forgetEvery || x.replica.Dirty() > 0 {
		return
	}
	crashpoint.At("forgetting")
	if store, ok := x.node.cfg.Store.(storage.Forgetter); ok {
		x.node.cleaning.mu.Lock()
		err := store.Forget()
		x.node.cleaning.mu.Unlock()
		if err != nil {
			x.log.Warn("what was let go may still lie in the store's files", "err", err)
			return
		}
	}
	crashpoint.At("forgotten")
	if err := x.store.Put(row(rowForget, nil)); err != nil {
		x.log.Warn("the files will be cleaned once more", "err", err)
		return
	}
	f.owed, f.last = false, now
}

// Forgotten says of how many devices of members it is known that they have an op,
// and of how many there are: what "41 of 46 have confirmed" counts. False if the
// op is not here.
func (n *Node) Forgotten(id, op crdt.ID) (confirmed, devices int, ok bool) {
	x, err := n.runner(id)
	if err != nil {
		return 0, 0, false
	}
	fact, ok, err := x.store.Fact(op)
	if err != nil || !ok {
		return 0, 0, false
	}
	s := x.snap.Load()
	x.heard.mu.Lock()
	defer x.heard.mu.Unlock()
	for _, m := range s.People.Members() {
		for _, d := range m.Devices {
			if d.Revoked {
				continue
			}
			devices++
			if d.Dev == s.Dev || d.Dev == fact.Dev || x.heard.known[d.Dev].holds(fact.Dev, fact.Seq) {
				confirmed++
			}
		}
	}
	return confirmed, devices, true
}

// holds reports whether a device is known to hold another's op at seq.
func (of heardOf) holds(dev crdt.Device, seq uint64) bool {
	at, found := slices.BinarySearchFunc(of.Seqs, dev, func(x laneAt, d crdt.Device) int { return x.Dev.Compare(d) })
	return found && of.Seqs[at].Seq >= seq
}

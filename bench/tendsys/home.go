// Package tendsys measures Tend: whole nodes, with Badger and libp2p.
package tendsys

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"log/slog"
	"time"

	"tend/crdt/membership"
	"tend/node"
	"tend/storage"
)

// System is Tend.
type System struct{}

// home is a running node.
type home struct {
	*node.Node
	store storage.Store
	keys  *node.MemKeys
	end   context.CancelFunc
	ended chan struct{}
}

func openHome(store storage.Store, keys *node.MemKeys, now func() time.Time) (*home, error) {
	n, err := node.New(node.Config{Store: store, Keys: keys, Rand: rand.Reader, Now: now, Zone: "UTC", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	ctx, end := context.WithCancel(context.Background())
	h := &home{Node: n, store: store, keys: keys, end: end, ended: make(chan struct{})}
	go func() { defer close(h.ended); _ = n.Run(ctx) }()
	return h, nil
}

func (h *home) stop() {
	h.end()
	<-h.ended
}

func (h *home) peer() membership.PeerKey {
	return membership.PeerKey(h.TransportKey().Public().(ed25519.PublicKey))
}

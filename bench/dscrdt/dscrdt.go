// Package dscrdt measures go-ds-crdt, the Merkle-CRDT key-value store of the IPFS
// project, on Badger, with libp2p, gossipsub and bitswap, as its own documentation
// puts it together. Its changes are neither signed nor sealed, and it is given what
// it needs to look fast: heads told once a second rather than once a minute.
package dscrdt

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/ipfs/boxo/bitswap"
	"github.com/ipfs/boxo/bitswap/network/bsnet"
	"github.com/ipfs/boxo/blockservice"
	"github.com/ipfs/boxo/blockstore"
	"github.com/ipfs/boxo/ipld/merkledag"
	"github.com/ipfs/go-datastore"
	"github.com/ipfs/go-datastore/query"
	badger4 "github.com/ipfs/go-ds-badger4"
	crdt "github.com/ipfs/go-ds-crdt"
	"github.com/libp2p/go-libp2p"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	manet "github.com/multiformats/go-multiaddr/net"

	"tend/bench/care1"
	"tend/bench/system"
)

// System is go-ds-crdt with so many changes in one node of its DAG.
type System struct{ Group int }

// replica implements [system.Replica].
type replica struct {
	dir   string
	store *badger4.Datastore
	key   crypto.PrivKey
	ctx   context.Context
	end   context.CancelFunc

	// Its broadcaster and its blocks come over the network, so it is opened with it.
	host host.Host
	ds   *crdt.Datastore

	changed chan struct{}
	mu      sync.Mutex
	keys    map[string]time.Time // when each key was first there
}

// value is a change as it is kept.
type value struct{ Title, Details, Category, When, Author string }

const keyFile = "peer.key"

// Open implements [system.System].
func (System) Open(dir string) (system.Replica, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	store, err := badger4.NewDatastore(filepath.Join(dir, "store"), nil)
	if err != nil {
		return nil, err
	}
	key, err := loadKey(filepath.Join(dir, keyFile))
	if err != nil {
		return nil, err
	}
	ctx, end := context.WithCancel(context.Background())
	r := &replica{dir: dir, store: store, key: key, ctx: ctx, end: end, changed: make(chan struct{}, 1), keys: map[string]time.Time{}}
	return r, r.start()
}

func loadKey(file string) (crypto.PrivKey, error) {
	if data, err := os.ReadFile(file); err == nil {
		return crypto.UnmarshalPrivateKey(data)
	}
	key, _, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		return nil, err
	}
	data, err := crypto.MarshalPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, os.WriteFile(file, data, 0o600)
}

func (r *replica) start() error {
	var err error
	if r.host, err = libp2p.New(libp2p.Identity(r.key), libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0")); err != nil {
		return err
	}
	gossip, err := pubsub.NewGossipSub(r.ctx, r.host)
	if err != nil {
		return err
	}
	heads, err := crdt.NewPubSubBroadcaster(r.ctx, gossip, "care-1")
	if err != nil {
		return err
	}
	blocks := blockstore.NewBlockstore(r.store)
	exchange := bitswap.New(r.ctx, bsnet.NewFromIpfsHost(r.host), nil, blocks)
	opts := crdt.DefaultOptions()
	opts.RebroadcastInterval = time.Second
	opts.PutHook = r.put
	r.ds, err = crdt.New(r.store, datastore.NewKey("/care-1"), merkledag.NewDAGService(blockservice.New(blocks, exchange)), heads, opts)
	return err
}

func (r *replica) put(key datastore.Key, _ []byte) {
	r.mu.Lock()
	if _, known := r.keys[key.String()]; !known {
		r.keys[key.String()] = time.Now()
	}
	r.mu.Unlock()
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// Fill implements [system.System].
func (s System) Fill(ctx context.Context, dir string, n int) error {
	opened, err := s.Open(dir)
	if err != nil {
		return err
	}
	r := opened.(*replica)
	var all []care1.Change
	for c := range care1.Changes(n) {
		all = append(all, c)
	}
	return errors.Join(r.AppendTogether(ctx, all, max(1, s.Group)), r.Close())
}

// Begin implements [system.Replica]; there is nothing to begin.
func (r *replica) Begin(context.Context) error { return nil }

// entry is the key and the value of a change.
func entry(c care1.Change) (datastore.Key, []byte) {
	v := value{Title: c.Title, Details: c.Details, Category: c.Category, When: c.When, Author: fmt.Sprint("author ", c.Author)}
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings are always written
	}
	name := fmt.Sprint("/needs/", c.Number)
	switch {
	case c.Kind == care1.Offer:
		name = fmt.Sprint("/offers/", c.Number)
	case c.Kind == care1.Word:
		name = fmt.Sprintf("/words/%d/%d", c.On, c.Number)
	case c.Kind == care1.Edit: // details stand by themselves, so that an edit is not the whole
		name = fmt.Sprint("/details/", c.On)
	case c.From != "": // several sides number theirs alike
		name = "/needs/" + c.Title
	}
	return datastore.NewKey(name), data
}

// Append implements [system.Replica].
func (r *replica) Append(ctx context.Context, all []care1.Change) error {
	for _, c := range all {
		key, data := entry(c)
		if err := r.ds.Put(ctx, key, data); err != nil {
			return err
		}
	}
	return nil
}

// AppendTogether implements [system.Replica].
func (r *replica) AppendTogether(ctx context.Context, all []care1.Change, group int) error {
	if group <= 1 {
		return r.Append(ctx, all)
	}
	for len(all) > 0 {
		n := min(group, len(all))
		batch, err := r.ds.Batch(ctx)
		if err != nil {
			return err
		}
		for _, c := range all[:n] {
			key, data := entry(c)
			if err := batch.Put(ctx, key, data); err != nil {
				return err
			}
		}
		if err := batch.Commit(ctx); err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}

// Only implements [system.Replica]: what needs it is not measured of this system.
func (r *replica) Only(string) error { return errors.ErrUnsupported }

// Listen implements [system.Replica].
func (r *replica) Listen(_ context.Context, via string) (at, ticket string, err error) {
	addr, err := manet.ToNetAddr(r.host.Addrs()[0])
	if err != nil {
		return "", "", err
	}
	h, port, _ := strings.Cut(via, ":")
	return addr.String(), fmt.Sprintf("/ip4/%s/tcp/%s/p2p/%s", h, port, r.host.ID()), nil
}

// Meet implements [system.Replica].
func (r *replica) Meet(ctx context.Context, ticket string) error {
	to, err := peer.AddrInfoFromString(ticket)
	if err != nil {
		return err
	}
	return r.host.Connect(ctx, *to)
}

// Holds implements [system.Replica].
func (r *replica) Holds() (int, error) { return r.count(query.Query{KeysOnly: true}, nil) }

// Changed implements [system.Replica].
func (r *replica) Changed(context.Context) <-chan struct{} { return r.changed }

// Sees implements [system.Replica].
func (r *replica) Sees(ctx context.Context, titles []string) (map[string]time.Time, error) {
	seen := map[string]time.Time{}
	for {
		r.mu.Lock()
		for _, title := range titles {
			if at, known := r.keys["/needs/"+title]; known {
				seen[title] = at
			}
		}
		r.mu.Unlock()
		if len(seen) == len(titles) {
			return seen, nil
		}
		select {
		case <-r.changed:
		case <-ctx.Done():
			return seen, fmt.Errorf("%d of %d arrived: %w", len(seen), len(titles), ctx.Err())
		}
	}
}

func (r *replica) count(q query.Query, is func(value) bool) (int, error) {
	rows, err := r.ds.Query(r.ctx, q)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	n := 0
	for row := range rows.Next() {
		if row.Error != nil {
			return 0, row.Error
		}
		var v value
		if is == nil {
			n++
		} else if err := json.Unmarshal(row.Value, &v); err != nil {
			return 0, err
		} else if is(v) {
			n++
		}
	}
	return n, nil
}

// OpenNeeds implements [system.Replica].
func (r *replica) OpenNeeds() (int, error) {
	return r.count(query.Query{Prefix: "/needs"}, func(value) bool { return true })
}

// Filter implements [system.Replica].
func (r *replica) Filter(category string) (int, error) {
	return r.count(query.Query{}, func(v value) bool { return v.Category == category })
}

// Search implements [system.Replica].
func (r *replica) Search(word string) (int, error) {
	return r.count(query.Query{}, func(v value) bool { return strings.Contains(v.Title, word) || strings.Contains(v.Details, word) })
}

// Close implements [system.Replica].
func (r *replica) Close() error {
	err := r.ds.Close()
	r.end()
	return errors.Join(err, r.host.Close(), r.store.Close())
}

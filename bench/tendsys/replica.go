package tendsys

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"tend/bench/care1"
	"tend/bench/system"
	"tend/crdt"
	"tend/crdt/circle"
	"tend/crdt/membership"
	"tend/node"
	"tend/node/p2p"
	"tend/protocol"
)

// replica implements [system.Replica].
type replica struct {
	*home
	dir   string
	id    crdt.ID // zero until it has a circle
	net   *p2p.Net
	ahead *atomic.Int64 // nanoseconds by which its clock is ahead
	only  []string      // the one address that others are told, or none
}

// Open implements [system.System].
func (System) Open(dir string) (system.Replica, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	var seed [32]byte
	if _, err := rand.Read(seed[:]); err != nil {
		return nil, err
	}
	keys, err := loadKeys(dir, seed)
	if err != nil {
		return nil, err
	}
	store, err := openStore(dir)
	if err != nil {
		return nil, err
	}
	r := &replica{dir: dir, ahead: new(atomic.Int64)}
	if r.home, err = openHome(store, keys, r.now); err != nil {
		return nil, err
	}
	if all := r.All(); len(all) > 0 {
		r.id = all[0]
	}
	return r, nil
}

func (r *replica) Begin(ctx context.Context) error {
	id, err := r.home.Begin(ctx, node.BeginOptions{Charter: membership.DefaultCharter("Elm Street"), As: "Ann"})
	r.id = id
	return err
}

func (r *replica) now() time.Time { return time.Now().Add(time.Duration(r.ahead.Load())) }

// tooMany is how many changes one device may not write within a day. Where so many
// come, its clock goes on at the pace that each of the twenty keeps in a history.
const tooMany = 1000

func (r *replica) pass(changes int) {
	if changes > tooMany {
		r.ahead.Add(int64(care1.Pace * care1.Authors))
	}
}

// Append implements [system.Replica]. Only needs and offers can be written by one
// home alone.
func (r *replica) Append(ctx context.Context, all []care1.Change) error {
	for _, c := range all {
		r.pass(len(all))
		if _, err := r.Do(ctx, r.id, command(c, crdt.ID{})); err != nil {
			return err
		}
	}
	return nil
}

// AppendTogether implements [system.Replica]: so many people's wishes wait at once,
// and become one batch by themselves.
func (r *replica) AppendTogether(ctx context.Context, all []care1.Change, group int) error {
	var wg sync.WaitGroup
	errs := make([]error, group)
	for i := range group {
		wg.Go(func() {
			for j := i; j < len(all) && errs[i] == nil; j += group {
				r.pass(len(all))
				_, errs[i] = r.Do(ctx, r.id, command(all[j], crdt.ID{}))
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (r *replica) start(ctx context.Context) error {
	if r.net != nil {
		return nil
	}
	var err error
	r.net, err = p2p.Start(context.WithoutCancel(ctx), p2p.Config{Home: r.Node, Listen: []string{"/ip4/127.0.0.1/tcp/0"}, Published: r.only, NoMDNS: true, NoPortMap: true,
		Log: slog.New(slog.DiscardHandler)})
	return err
}

// Only implements [system.Replica].
func (r *replica) Only(at string) error {
	host, port, _ := strings.Cut(at, ":")
	r.only = []string{"/ip4/" + host + "/tcp/" + port}
	return nil
}

// Listen implements [system.Replica]. The ticket is an invitation and an address.
func (r *replica) Listen(ctx context.Context, via string) (at, ticket string, err error) {
	if err := r.start(ctx); err != nil {
		return "", "", err
	}
	listening, err := multiaddr.NewMultiaddr(r.net.Listening()[0])
	if err != nil {
		return "", "", err
	}
	addr, err := manet.ToNetAddr(listening)
	if err != nil {
		return "", "", err
	}
	host, port, _ := strings.Cut(via, ":")
	through, err := multiaddr.NewMultiaddr("/ip4/" + host + "/tcp/" + port)
	if err != nil {
		return "", "", err
	}
	made, err := r.Invite(ctx, r.id, node.InviteOptions{Contacts: []protocol.Contact{{Peer: r.peer(), Addrs: [][]byte{through.Bytes()}}}, Uses: 12})
	if err != nil {
		return "", "", err
	}
	key, err := crypto.UnmarshalEd25519PublicKey(r.TransportKey().Public().(ed25519.PublicKey))
	if err != nil {
		return "", "", err
	}
	name, err := peer.IDFromPublicKey(key)
	if err != nil {
		return "", "", err
	}
	return addr.String(), made.Text + " " + through.String() + "/p2p/" + name.String(), nil
}

// Meet implements [system.Replica].
func (r *replica) Meet(ctx context.Context, ticket string) error {
	text, addr, _ := strings.Cut(ticket, " ")
	if !r.id.IsZero() {
		if err := r.start(ctx); err != nil {
			return err
		}
		return r.net.AddPeer(addr)
	}
	code, err := protocol.ParseCode(text)
	if err != nil {
		return err
	}
	invite := code.(*protocol.Invite)
	if _, err := r.Join(invite, "Ben"); err != nil {
		return err
	}
	r.id = invite.Circle
	return r.start(ctx)
}

func (r *replica) view() (*node.Snapshot, circle.Env, error) {
	s, err := r.View(r.id)
	if err != nil {
		return nil, circle.Env{}, err
	}
	env, err := r.Env(r.id)
	return s, env, err
}

// Holds implements [system.Replica].
func (r *replica) Holds() (int, error) {
	if !slices.Contains(r.All(), r.id) {
		return 0, nil // not let in yet
	}
	s, err := r.View(r.id)
	if err != nil {
		return 0, err
	}
	return int(s.Ops), nil
}

// Changed implements [system.Replica].
func (r *replica) Changed(ctx context.Context) <-chan struct{} {
	out := make(chan struct{}, 1)
	go func() {
		for range r.Watch(ctx) {
			select {
			case out <- struct{}{}:
			default:
			}
		}
	}()
	return out
}

// Sees implements [system.Replica].
func (r *replica) Sees(ctx context.Context, titles []string) (map[string]time.Time, error) {
	seen, changed := map[string]time.Time{}, r.Changed(ctx)
	for !slices.Contains(r.All(), r.id) { // not let in yet
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return seen, ctx.Err()
		}
	}
	for {
		s, env, err := r.view()
		if err != nil {
			return nil, err
		}
		now := time.Now()
		for _, p := range s.State.Posts(env, circle.Filter{Needs: true}) {
			if _, known := seen[p.Title]; !known && slices.Contains(titles, p.Title) {
				seen[p.Title] = now
			}
		}
		if len(seen) == len(titles) {
			return seen, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return seen, fmt.Errorf("%d of %d arrived: %w", len(seen), len(titles), ctx.Err())
		}
	}
}

// OpenNeeds implements [system.Replica].
func (r *replica) OpenNeeds() (int, error) { return r.posts(circle.Filter{Needs: true}) }

// Filter implements [system.Replica].
func (r *replica) Filter(category string) (int, error) {
	return r.posts(circle.Filter{Category: category})
}

func (r *replica) posts(f circle.Filter) (int, error) {
	s, env, err := r.view()
	if err != nil {
		return 0, err
	}
	n := 0
	s.State.EachPost(env, f, func(int, int, *circle.Post) { n++ }) // each is made whole, and none is kept
	return n, nil
}

// Search implements [system.Replica].
func (r *replica) Search(word string) (int, error) {
	s, env, err := r.view()
	if err != nil {
		return 0, err
	}
	return len(s.State.SearchIn(env, word, r.MayHold(r.id, s.State, word), 0)), nil
}

// Close implements [system.Replica].
func (r *replica) Close() error {
	r.stop()
	var err error
	if r.net != nil {
		err = r.net.Close()
	}
	return errors.Join(err, r.store.Close(), saveKeys(r.dir, r.keys))
}

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"

	"tend/node"
	"tend/node/api"
	"tend/node/p2p"
	"tend/node/web"
	"tend/storage"
	"tend/storage/badgerstore"
	"tend/storage/vault"
)

// machine is a home at work: vault, store, node, network and the local API, put
// together here and nowhere else. The home's lock is held around it.
type machine struct {
	home    home
	vault   *vault.Vault
	store   *badgerstore.Store
	config  node.Config
	asked   *network // nil: without network
	log     *slog.Logger
	logFile *os.File
	handler http.Handler
	failed  chan error // what ended the node, if it was not asked to

	mu      sync.RWMutex // held for reading by whoever asks the node
	node    *node.Node
	net     *p2p.Net  // nil without network
	page    *web.Site // nil without a page
	since   time.Time
	stop    context.CancelFunc
	stopped chan struct{}
}

// wire opens the home and puts it to work; n nil leaves the network out.
func (a *app) wire(ctx context.Context, h home, n *network) (m *machine, err error) {
	m = &machine{home: h, asked: n, failed: make(chan error, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, m.close())
		}
	}()
	if err := m.openLog(a.verbose); storage.IsFailing(err) {
		return m, diskFailure(h, err)
	} else if err != nil {
		return m, err
	}
	if err := h.clearAside(); err != nil {
		m.log.Warn("what was put aside is there still", "err", err)
	}
	if m.vault, err = a.openVault(h); err != nil {
		return m, err
	}
	key := m.vault.BadgerKey()
	if m.store, err = badgerstore.Open(h.path("store"), key[:], badgerstore.Options{Logf: m.logf}); err != nil {
		m.log.Error("the store does not open", "err", err)
		return m, storeFailure(h, err)
	}
	place, name := zone(a.getenv)
	m.config = node.Config{Store: m.store, Keys: keyring{m.vault}, Rand: rand.Reader, Zone: name, Log: m.log,
		Now: func() time.Time { return a.now().In(place) }}
	if m.node, err = node.New(m.config); err != nil && a.mending && !storage.IsFull(err) {
		m.node, err = m.mend(err)
	}
	if err != nil {
		return m, circlesFailure(h, err)
	}
	if err := m.start(ctx); err != nil {
		return m, err
	}
	m.handler = api.New(m, m, m.log)
	return m, nil
}

// diskFailure is the failure of a home whose disk fails.
func diskFailure(h home, err error) *failure {
	return fail(exitFailed, "fail.disk", "home", h.dir, "why", reason(err)).behind(err)
}

// diskFull is the failure of a home whose disk has no room left.
func diskFull(h home, err error) *failure {
	return fail(exitFailed, "fail.full", "place", h.dir).behind(err)
}

// storeFailure gives the ways a store does not open their sentences.
func storeFailure(h home, err error) error {
	key := "fail.store"
	switch {
	case storage.IsFull(err):
		return diskFull(h, err)
	case storage.IsFailing(err):
		return diskFailure(h, err)
	case errors.Is(err, badgerstore.ErrNewerVersion):
		key = "fail.store_newer"
	case errors.Is(err, storage.ErrDamaged):
		return fail(exitFailed, "fail.store_damaged", "home", h.dir, "why", err.Error()).behind(err)
	case errors.Is(err, badgerstore.ErrInUse):
		key = "fail.store_in_use"
	case errors.Is(err, badgerstore.ErrWrongKey):
		key = "fail.store_of_another"
	}
	return fail(exitFailed, key, "home", h.dir).behind(err)
}

// mend makes the index of every circle again, after an opening that failed by
// cause, and opens them once more.
func (m *machine) mend(cause error) (*node.Node, error) {
	m.log.Warn("the circles are made again from their logs", "cause", cause)
	ids, err := m.store.Circles()
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if err := m.store.Mend(id); err != nil {
			return nil, errors.Join(cause, err)
		}
	}
	return node.New(m.config)
}

// circlesFailure gives the ways the circles of an open store cannot be read their
// sentences.
func circlesFailure(h home, err error) error {
	if storage.IsFull(err) {
		return storeFailure(h, err)
	}
	return fail(exitFailed, "fail.circles", "home", h.dir, "why", err.Error()).behind(err)
}

// start lets the node run, and the network with it.
func (m *machine) start(ctx context.Context) error {
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	stopped := make(chan struct{})
	m.stop, m.stopped, m.since = stop, stopped, m.config.Now()
	n := m.node
	go func() {
		defer close(stopped)
		if err := n.Run(run); err != nil {
			m.failed <- fmt.Errorf("the node ended: %w", err)
		}
	}()
	if m.asked == nil {
		return nil
	}
	net, err := m.startNetwork(run)
	if err != nil {
		return err
	}
	m.net = net
	return nil
}

// startNetwork listens where the home listened before. What of that is taken gets
// another port for this run; the next one tries it again, since the others know
// the home there.
func (m *machine) startNetwork(ctx context.Context) (*p2p.Net, error) {
	kept := m.home.chosen(m.asked.listen)
	net, err := p2p.Start(ctx, p2p.Config{Home: m.node, Now: m.config.Now, Listen: m.asked.listen, Kept: kept, Relays: m.asked.relay, NoMDNS: m.asked.noMDNS,
		NoPortMap: m.asked.noPortMap, NoGossip: m.asked.noGossip, Log: m.log})
	if err != nil {
		return nil, fail(exitFailed, "fail.listen").because(err)
	}
	if kept == nil {
		if err := m.home.choose(m.asked.listen, net.Listening()); err != nil {
			m.log.Warn("the chosen port could not be kept", "err", err)
		}
	}
	return net, nil
}

// halt ends node and network, and waits for both: the node first, so that nothing
// is written while there is nobody left to tell.
func (m *machine) halt() error {
	if m.stop != nil {
		m.stop()
		<-m.stopped
		m.stop = nil
	}
	var err error
	if m.net != nil {
		err = m.net.Close()
		m.net = nil
	}
	return err
}

// close ends everything, in the reverse order of its beginning.
func (m *machine) close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	err := m.halt()
	if m.store != nil {
		err = errors.Join(err, m.store.Close())
	}
	if m.logFile != nil {
		err = errors.Join(err, m.logFile.Close())
	}
	return err
}

// wait returns when ctx ends, or when the node does by itself.
func (m *machine) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-m.failed:
		return err
	}
}

// maxLog is how large the log may be at a start; a larger one is put aside.
const maxLog = 4 << 20

// openLog writes to log/tend.log in the home. No text of a circle ever goes there.
func (m *machine) openLog(verbose bool) error {
	m.log = slog.New(slog.DiscardHandler)
	dir := m.home.path("log")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	name := m.home.path("log/tend.log")
	if info, err := os.Stat(name); err == nil && info.Size() > maxLog {
		if err := os.Rename(name, name+".1"); err != nil {
			return fmt.Errorf("open the log: %w", err)
		}
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	m.logFile = f
	level := slog.LevelInfo
	if verbose {
		level = slog.LevelDebug
	}
	m.log = slog.New(slog.NewTextHandler(f, &slog.HandlerOptions{Level: level}))
	return nil
}

func (m *machine) logf(format string, args ...any) { m.log.Warn(fmt.Sprintf(format, args...)) }

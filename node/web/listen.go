package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Door is where the page listens: both loopback addresses with one port, and, if it
// was asked to, the addresses of the local networks as they are now. It is safe for
// concurrent use.
type Door struct {
	Port      int
	listeners []net.Listener      // on loopback
	networks  func() []netip.Addr // this machine's addresses now; nil for loopback alone

	mu    sync.Mutex                  // guards what follows
	lan   map[netip.Addr]net.Listener // by the address listened on
	serve func(net.Listener)          // takes a further listener while the page is served; nil else
	over  bool                        // the page was served, and is no more
}

// ErrTaken: the port is somebody else's on one of the loopback addresses.
var ErrTaken = errors.New("the port is taken")

// portTries are how many ports are tried where any will do.
const portTries = 16

// Listen opens the door at port; 0 is any that is free on both loopback addresses.
// The error wraps [ErrTaken] where another program has the port on either: a
// browser may take either for a name below .localhost, and must not meet a stranger
// there.
func Listen(port int, lan bool) (*Door, error) {
	for range portTries {
		d, err := listen(port, lan)
		if err == nil || port != 0 || !errors.Is(err, ErrTaken) {
			return d, err
		}
	}
	return nil, fmt.Errorf("listen for the page: %w on every try", ErrTaken)
}

func listen(port int, lan bool) (*Door, error) {
	d := &Door{lan: map[netip.Addr]net.Listener{}}
	four, err := loopback("127.0.0.1", port)
	if err != nil {
		return nil, err
	}
	d.listeners = append(d.listeners, four)
	d.Port = four.Addr().(*net.TCPAddr).Port
	six, err := loopback("::1", d.Port)
	switch {
	case err == nil:
		d.listeners = append(d.listeners, six)
	case errors.Is(err, ErrTaken):
		return nil, errors.Join(err, d.Close())
	} // else this machine has no IPv6, and no browser on it will try
	if lan {
		d.networks = localNetworks
		d.LAN()
	}
	return d, nil
}

// LAN returns the addresses of the local networks that are listened on, read anew: a
// laptop that was carried into another room, or woke there, opens its door at the new
// address, and shuts it at one that is gone. nil where the door is on loopback alone.
func (d *Door) LAN() []netip.Addr {
	if d.networks == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over {
		return nil // nobody would answer there
	}
	now := d.networks()
	out := []netip.Addr{}
	for _, at := range now {
		if d.lan[at] == nil {
			l, err := net.Listen("tcp", netip.AddrPortFrom(at, uint16(d.Port)).String())
			if err != nil {
				continue // an address that just went away, or another program's port there
			}
			d.lan[at] = l
			if d.serve != nil {
				d.serve(l)
			}
		}
		out = append(out, at)
	}
	for at, l := range d.lan {
		if !slices.Contains(now, at) {
			_ = l.Close() // nobody can reach it any more
			delete(d.lan, at)
		}
	}
	return out
}

// serveBy hands all listeners to serve, also those that are opened from now on; nil
// ends that.
func (d *Door) serveBy(serve func(net.Listener)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.serve = serve; serve == nil {
		d.over = true
		return
	}
	for _, l := range d.lan {
		serve(l)
	}
}

// loopback listens on one of the two. Systems name a port that is taken each in
// their own way; so a port that cannot be had where another one can is taken.
func loopback(host string, port int) (net.Listener, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err == nil {
		return l, nil
	}
	probe, none := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if none != nil {
		return nil, fmt.Errorf("listen for the page: %w", err)
	}
	return nil, errors.Join(fmt.Errorf("listen for the page: %w: %w", ErrTaken, err), probe.Close())
}

// localNetworks are this machine's addresses on networks of its own: private ones,
// never one that the world can reach.
func localNetworks() []netip.Addr {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var out []netip.Addr
	for _, a := range all {
		if n, ok := a.(*net.IPNet); ok {
			if at, ok := netip.AddrFromSlice(n.IP); ok && at.Unmap().IsPrivate() {
				out = append(out, at.Unmap())
			}
		}
	}
	return out
}

// Close stops listening.
func (d *Door) Close() error {
	var errs []error
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, l := range slices.AppendSeq(slices.Clone(d.listeners), maps.Values(d.lan)) {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// endPatience is how long requests under way have when the page ends.
const endPatience = 3 * time.Second

// Serve answers at the door until ctx ends. Then it ends the event streams, gives
// requests under way a moment, and returns nil.
func (s *Site) Serve(ctx context.Context, d *Door) error {
	server := &http.Server{Handler: s, ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context {
			return context.WithValue(context.WithoutCancel(ctx), endingKey{}, ctx)
		}}
	ended := make(chan error, len(d.listeners))
	var serving sync.WaitGroup
	for _, l := range d.listeners {
		serving.Go(func() { ended <- server.Serve(l) })
	}
	// One on a network ends as its address goes; the page goes on.
	d.serveBy(func(l net.Listener) { serving.Go(func() { _ = server.Serve(l) }) })
	var failed error
	select {
	case err := <-ended:
		failed = fmt.Errorf("serve the page: %w", err)
	case <-ctx.Done():
	}
	d.serveBy(nil)
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), endPatience)
	defer cancel()
	if server.Shutdown(patience) != nil {
		_ = server.Close() // cuts off; its error says nothing anyone could act on
	}
	serving.Wait()
	return failed
}

// endingKey is where a request's context holds that of the server.
type endingKey struct{}

// untilEnding returns ctx cut short by the end of the server.
func untilEnding(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	server, ok := ctx.Value(endingKey{}).(context.Context)
	if !ok {
		return ctx, cancel
	}
	stop := context.AfterFunc(server, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}

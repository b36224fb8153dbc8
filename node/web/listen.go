package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"
)

// Door is where the page listens: both loopback addresses with one port, and with
// LAN the addresses of the local networks.
type Door struct {
	Port int
	// LAN are the addresses of the local networks that are listened on.
	LAN       []netip.Addr
	listeners []net.Listener
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
	d := &Door{}
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
	if !lan {
		return d, nil
	}
	for _, at := range localNetworks() {
		l, err := net.Listen("tcp", netip.AddrPortFrom(at, uint16(d.Port)).String())
		if err != nil {
			continue // an address that just went away
		}
		d.listeners, d.LAN = append(d.listeners, l), append(d.LAN, at)
	}
	return d, nil
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
	for _, l := range d.listeners {
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
	for _, l := range d.listeners {
		go func() { ended <- server.Serve(l) }()
	}
	var failed error
	left := len(d.listeners)
	select {
	case err := <-ended:
		failed, left = fmt.Errorf("serve the page: %w", err), left-1
	case <-ctx.Done():
	}
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), endPatience)
	defer cancel()
	if server.Shutdown(patience) != nil {
		_ = server.Close() // cuts off; its error says nothing anyone could act on
	}
	for range left {
		<-ended
	}
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

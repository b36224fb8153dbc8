package client

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
)

// Memory is a transport onto an [http.Handler] in this process: the same HTTP,
// over pipes instead of a socket. So a command that finds no node running opens
// the home itself and still goes the one path.
type Memory struct {
	*http.Transport
	server *http.Server
	pipes  *pipes
	done   sync.WaitGroup
}

// InMemory serves h over pipes until Close.
func InMemory(h http.Handler) *Memory {
	p := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	m := &Memory{
		Transport: &http.Transport{DialContext: p.dial, DisableCompression: true},
		server:    &http.Server{Handler: h},
		pipes:     p,
	}
	m.done.Go(func() { _ = m.server.Serve(p) }) // ends only by Close
	return m
}

// Close ends every request under way and waits for the server.
func (m *Memory) Close() error {
	err := m.server.Close()
	m.CloseIdleConnections()
	m.done.Wait()
	return err
}

// pipes is a listener whose connections are made by dial.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

var errPipesClosed = errors.New("closed")

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		return here, nil
	case <-p.closed:
		return nil, errPipesClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, errPipesClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "memory" }

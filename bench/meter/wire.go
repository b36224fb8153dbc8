package meter

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
)

// Wire is a door on loopback behind which another one is, and counts what goes
// through. Each side takes the wire for the other.
type Wire struct {
	l     net.Listener
	bytes atomic.Int64
	turns atomic.Int64 // how often the direction changed
	last  atomic.Int32

	mu    sync.Mutex
	to    string
	conns []net.Conn
}

// NewWire returns a wire that leads nowhere yet.
func NewWire() (*Wire, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open a wire: %w", err)
	}
	w := &Wire{l: l}
	go w.serve()
	return w, nil
}

// At is where the wire is entered, as host:port.
func (w *Wire) At() string { return w.l.Addr().String() }

// To says where it leads.
func (w *Wire) To(at string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.to = at
}

// Bytes are those that went through, of all headers below TCP none.
func (w *Wire) Bytes() int64 { return w.bytes.Load() }

// Turns is how often the direction changed.
func (w *Wire) Turns() int64 { return w.turns.Load() }

// Close cuts it.
func (w *Wire) Close() error {
	err := w.l.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		_ = c.Close()
	}
	return err
}

func (w *Wire) serve() {
	for {
		in, err := w.l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		w.mu.Lock()
		to := w.to
		w.mu.Unlock()
		out, err := net.Dial("tcp", to)
		if err != nil {
			_ = in.Close()
			continue
		}
		w.mu.Lock()
		w.conns = append(w.conns, in, out)
		w.mu.Unlock()
		go w.pass(out, in, 1)
		go w.pass(in, out, 2)
	}
}

func (w *Wire) pass(to, from net.Conn, way int32) {
	defer to.Close()
	buf := make([]byte, 256<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			w.bytes.Add(int64(n))
			if w.last.Swap(way) != way {
				w.turns.Add(1)
			}
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				_ = from.Close()
			}
			return
		}
	}
}

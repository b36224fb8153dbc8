package meter

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
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
	cuts  []int64 // ascending: after how many bytes all connections break
	made  int
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

// Cut breaks all connections after so many bytes, each time once. New ones can be made
// at once.
func (w *Wire) Cut(after []int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cuts = slices.Sorted(slices.Values(after))
}

// Cuts is how often the connections broke by [Wire.Cut].
func (w *Wire) Cuts() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.made
}

// Close cuts it for good.
func (w *Wire) Close() error {
	err := w.l.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.drop()
	return err
}

// drop closes all connections; w.mu is held.
func (w *Wire) drop() {
	for _, c := range w.conns {
		_ = c.Close()
	}
	w.conns = nil
}

// room is how many of n bytes still pass before the next cut; it breaks the connections
// where none does.
func (w *Wire) room(n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.cuts) == 0 {
		return n
	}
	left := w.cuts[0] - w.bytes.Load()
	if left >= int64(n) {
		return n
	}
	w.cuts, w.made = w.cuts[1:], w.made+1
	w.drop()
	return max(0, int(left))
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
			if n = w.room(n); n == 0 {
				return
			}
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

package p2p_test

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"tend/crdt"
	"tend/node/p2p"
	"tend/protocol"
)

// newcomerLacks is how much the newcomer below lacks; a million takes some minutes and 5 GB:
//
//	go test ./node/p2p -run CutAgain -newcomer 1000000 -timeout 1h -v
var newcomerLacks = flag.Int("newcomer", 12_000, "how many ops the newcomer lacks whose line breaks")

// A newcomer whose line breaks ten times, at bytes that a seed gives, goes on where it
// was: of what it took in it is sent no more than a frame again each time.
func TestNewcomerIsCutAgainAndAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("long")
	}
	const writers, cuts = 20, 10
	each := *newcomerLacks / writers
	v := newVillage(t)
	a, b, whole := v.house("a"), v.house("b"), v.house("whole")
	all := []*house{a, b, whole}
	for i := range writers {
		all = append(all, v.house(fmt.Sprint("writer ", i)))
	}
	v.join(all...)
	for _, h := range all[3:] {
		h.bulkOverDays(each)
		for s, err := range h.cir.Arrivals(1) {
			if err != nil {
				t.Fatal(err)
			}
			if _, err := a.add([]crdt.Op{s.Op}, p2p.PeerKey{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	ops, patience := uint64(writers*each), time.Minute+time.Duration(*newcomerLacks)*time.Millisecond
	line := newLine(t)
	na := a.start(func(c *p2p.Config) {
		c.NoGossip, c.Listen, c.Published = true, []string{"/ip4/127.0.0.1/tcp/0"}, []string{line.addr()}
	})
	line.to(na.Listening()[0])
	comes := func(h *house) {
		h.meet(na, a)
		n := h.start(func(c *p2p.Config) { c.NoGossip, c.Published = true, []string{"/ip4/127.0.0.1/tcp/1"} })
		eventually(t, patience, h.name+" has all", func() bool { return equal(a, h) })
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
	comes(whole)
	size := line.bytes()
	r := rand.New(rand.NewPCG(8, cuts))
	for range cuts {
		line.cut(size + r.Int64N(size*9/10))
	}
	comes(b)
	made := line.made()
	if made != cuts {
		t.Errorf("%d cuts were made, want %d", made, cuts)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	t.Logf("%d ops, %d bytes; over %d cuts %d ops were sent twice, and %d bytes more", ops, size, made, uint64(b.taken)-ops, line.bytes()-2*size)
	if again := uint64(b.taken) - ops; again > uint64(made*protocol.MaxOpsPerFrame) {
		t.Errorf("%d ops were sent twice over %d cuts, want at most %d each time", again, made, protocol.MaxOpsPerFrame)
	}
}

// bulkOverDays is bulk over as many days as the bounds of a day ask for.
func (h *house) bulkOverDays(n int) {
	begin := time.Now().Add(-time.Duration(n) * time.Minute) // 1,440 a day
	for i := range n {
		h.bulkOne(crdt.At(begin.Add(time.Duration(i)*time.Minute).UnixMilli()), i)
	}
}

// line leads to a home on loopback, and breaks.
type line struct {
	l net.Listener

	mu     sync.Mutex
	target string
	passed int64
	cuts   []int64 // after how many bytes it breaks, ascending
	broke  int
	conns  []net.Conn
}

func newLine(t *testing.T) *line {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &line{l: l}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			w.join(in)
		}
	}()
	return w
}

func (w *line) addr() string {
	return fmt.Sprintf("/ip4/127.0.0.1/tcp/%d", w.l.Addr().(*net.TCPAddr).Port)
}

// to says where the line leads, as /ip4/127.0.0.1/tcp/port.
func (w *line) to(addr string) {
	var port int
	if _, err := fmt.Sscanf(addr, "/ip4/127.0.0.1/tcp/%d", &port); err != nil {
		panic(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.target = fmt.Sprint("127.0.0.1:", port)
}

func (w *line) join(in net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	out, err := net.Dial("tcp", w.target)
	if err != nil {
		in.Close()
		return
	}
	w.conns = append(w.conns, in, out)
	go w.pass(in, out)
	go w.pass(out, in)
}

func (w *line) pass(from, to net.Conn) {
	defer to.Close()
	_, _ = io.Copy(to, readerFunc(func(b []byte) (int, error) {
		n, err := from.Read(b)
		if n = w.count(n); n == 0 && err == nil {
			err = io.EOF
		}
		return n, err
	}))
}

// count counts n bytes and returns how many of them pass before the line breaks.
func (w *line) count(n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.cuts) > 0 && w.cuts[0] < w.passed+int64(n) {
		n = int(w.cuts[0] - w.passed)
		w.cuts, w.broke = w.cuts[1:], w.broke+1
		for _, c := range w.conns {
			c.Close()
		}
		w.conns = nil
	}
	w.passed += int64(n)
	return n
}

func (w *line) cut(after int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cuts = append(w.cuts, after)
	slices.Sort(w.cuts)
}

func (w *line) bytes() int64 { w.mu.Lock(); defer w.mu.Unlock(); return w.passed }
func (w *line) made() int    { w.mu.Lock(); defer w.mu.Unlock(); return w.broke }

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

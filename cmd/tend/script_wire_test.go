package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/multiformats/go-multiaddr"
	"github.com/rogpeppe/go-internal/testscript"

	"tend/crdt/membership"
	"tend/node/client"
	codes "tend/protocol"
)

// tap is a listener that passes every connection on to another port and keeps
// all bytes of both directions.
type tap struct {
	l  net.Listener
	wg sync.WaitGroup

	mu    sync.Mutex // guards what follows
	bytes []byte
	conns []net.Conn
}

// cmdWiretap moves a home's node to another port and listens at the one that
// the others know: wiretap HOME, whose node runs on $TAPPORT. Another home that is
// started afterwards on $OTHERPORT, where nobody knows it, reaches it through the tap
// alone.
func cmdWiretap(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: wiretap HOME")
	}
	h, name := homesOf(ts), args[0]
	known := tcpPort(ts, name)
	if strconv.Itoa(known) != ts.Getenv("TAPPORT") {
		ts.Fatalf("%s runs on port %d, which anybody may take before the tap does: start it on $TAPPORT", name, known)
	}
	h.stop(ts, name, syscall.SIGTERM, patience)
	l, err := net.Listen("tcp4", "127.0.0.1:"+strconv.Itoa(known))
	ts.Check(err)
	moved, err := quietPort()
	ts.Check(err)
	other, err := quietPort()
	ts.Check(err)
	ts.Setenv("OTHERPORT", strconv.Itoa(other))
	t := &tap{l: l}
	t.wg.Go(func() { t.serve(moved) })
	h.mu.Lock()
	h.taps[name] = t
	h.mu.Unlock()
	h.start(ts, name, []string{"--listen", "/ip4/127.0.0.1/tcp/" + strconv.Itoa(moved)})
}

func (t *tap) serve(to int) {
	for {
		in, err := t.l.Accept()
		if err != nil {
			return // closed
		}
		out, err := net.Dial("tcp4", "127.0.0.1:"+strconv.Itoa(to))
		if err != nil {
			in.Close()
			continue
		}
		t.mu.Lock()
		t.conns = append(t.conns, in, out)
		t.mu.Unlock()
		t.wg.Go(func() { t.pass(in, out) })
		t.wg.Go(func() { t.pass(out, in) })
	}
}

func (t *tap) pass(from, to net.Conn) {
	defer to.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		t.mu.Lock()
		t.bytes = append(t.bytes, buf[:n]...)
		t.mu.Unlock()
		if _, werr := to.Write(buf[:n]); err != nil || werr != nil {
			return
		}
	}
}

func (t *tap) end() {
	t.l.Close()
	t.mu.Lock()
	for _, c := range t.conns {
		c.Close()
	}
	t.mu.Unlock()
	t.wg.Wait()
}

// tcpPort is the port at which a running node listens for TCP.
func tcpPort(ts *testscript.TestScript, name string) int {
	for _, a := range listening(ts, name) {
		if _, port, ok := strings.Cut(a, "/tcp/"); ok {
			port, _, _ = strings.Cut(port, "/")
			n, err := strconv.Atoi(port)
			ts.Check(err)
			return n
		}
	}
	ts.Fatalf("%s listens on no TCP port: %q", name, listening(ts, name))
	return 0
}

// listening are the addresses of a running node.
func listening(ts *testscript.TestScript, name string) []string {
	c, err := client.Open(homeDir(ts, name))
	ts.Check(err)
	defer c.Close()
	st, err := c.Status(context.Background())
	ts.Check(err)
	return st.Listen
}

// The quiet ports are below those that systems give to whoever asks for any (on Linux
// from 32768 on). So nobody takes one by chance between two uses of it.
const firstQuiet, quietPorts = 26000, 6000

var quietUsed atomic.Int32

// quietPort returns one that is free, and that no other script of this process is given.
func quietPort() (int, error) {
	for range quietPorts {
		port := firstQuiet + (os.Getpid()*16+int(quietUsed.Add(1)))%quietPorts
		at := "127.0.0.1:" + strconv.Itoa(port)
		l, err := net.Listen("tcp4", at)
		if err != nil {
			continue
		}
		u, uerr := net.ListenPacket("udp4", at)
		if uerr == nil {
			uerr = u.Close()
		}
		if err := errors.Join(l.Close(), uerr); err == nil {
			return port, nil
		}
	}
	return 0, errors.New("no port is free")
}

// leastTapped is how much must have gone through a tap for its silence to mean
// anything.
const leastTapped = 4 << 10

// cmdSilent looks for words where they must not be: silent WORD HOME…, in every
// file of the homes, their logs, and all that the taps heard.
func cmdSilent(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || neg {
		ts.Fatalf("usage: silent WORD HOME…")
	}
	tellable(ts, args[0])
	word := []byte(args[0])
	files := 0
	look := func(file string) {
		data, err := os.ReadFile(file)
		ts.Check(err)
		files++
		if bytes.Contains(bytes.ToLower(data), bytes.ToLower(word)) {
			ts.Fatalf("%q stands readable in %s", word, file)
		}
	}
	for _, name := range args[1:] {
		ts.Check(filepath.WalkDir(homeDir(ts, name), func(file string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				look(file)
			}
			return err
		}))
		if log := filepath.Join(ts.Getenv("WORK"), name+".log"); exists(log) {
			look(log)
		}
	}
	if files < 4 {
		ts.Fatalf("only %d files were looked through", files)
	}
	h := homesOf(ts)
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, t := range h.taps {
		t.mu.Lock()
		heard := t.bytes
		t.mu.Unlock()
		if len(heard) < leastTapped {
			ts.Fatalf("only %d bytes went through the tap of %s", len(heard), name)
		}
		if bytes.Contains(bytes.ToLower(heard), bytes.ToLower(word)) {
			ts.Fatalf("%q was heard on the wire of %s", word, name)
		}
		ts.Logf("%d bytes heard at %s", len(heard), name)
	}
}

// tellable fails on a word that is so short that it may stand among random bytes by
// chance: one of six letters does in a megabyte of them once in four million times, where
// no case is told apart.
func tellable(ts *testscript.TestScript, word string) {
	if len(word) < 6 {
		ts.Fatalf("%q is too short to be looked for in what is encrypted", word)
	}
}

func exists(file string) bool { _, err := os.Stat(file); return err == nil }

// strangersTry are the protocols of Tend and of libp2p that a node may speak, but
// for the one by which people join.
var strangersTry = []protocol.ID{"/tend/sync/1", "/meshsub/1.3.0", "/meshsub/1.2.0", "/meshsub/1.1.0", "/floodsub/1.0.0",
	"/ipfs/id/1.0.0", "/ipfs/id/push/1.0.0", "/ipfs/ping/1.0.0", "/libp2p/circuit/relay/0.2.0/hop", "/libp2p/circuit/relay/0.2.0/stop",
	"/libp2p/dcutr", "/libp2p/autonat/1.0.0", "/libp2p/autonat/2/dial-request", "/libp2p/autonat/2/dial-back"}

// cmdStranger speaks to a running node as somebody nobody knows, in the protocols
// of Tend and of libp2p, and wants no byte of an answer: stranger HOME. With
// "stranger HOME door" an invitation is live: then, and only then, a knock is
// answered, and still nothing else.
func cmdStranger(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 1 || len(args) > 2 || neg {
		ts.Fatalf("usage: stranger HOME [door]")
	}
	door := len(args) == 2
	c, err := client.Open(homeDir(ts, args[0]))
	ts.Check(err)
	defer c.Close()
	st, err := c.Status(context.Background())
	ts.Check(err)
	id, err := peer.Decode(st.PeerID)
	ts.Check(err)
	knock := codes.EncodeOpening(&codes.Knock{Invite: membership.InviteID{1}, NonceJ: [16]byte{1}})
	knock = append(binary.BigEndian.AppendUint32(nil, uint32(len(knock))), knock...)
	noise := make([]byte, 64)
	_, _ = rand.Read(noise) // crypto/rand never fails
	binary.BigEndian.PutUint32(noise, 60)
	for _, addr := range st.Listen {
		a, err := multiaddr.NewMultiaddr(strings.Split(addr, "/p2p/")[0])
		ts.Check(err)
		to := peer.AddrInfo{ID: id, Addrs: []multiaddr.Multiaddr{a}}
		for _, p := range strangersTry {
			if got := strangerHears(ts, to, p, noise, strangersPatience); len(got) > 0 {
				ts.Fatalf("%s told a stranger %d bytes over %s at %s: %q", args[0], len(got), p, addr, got)
			}
		}
		wait := strangersPatience
		if door {
			wait = patience
		}
		if got := strangerHears(ts, to, "/tend/join/1", knock, wait); (len(got) > 0) != door {
			ts.Fatalf("%s answered a knock with %d bytes at %s, door: %v", args[0], len(got), addr, door)
		}
	}
}

// strangersPatience is how long somebody waits who should hear nothing.
const strangersPatience = 2 * time.Second

// strangerHears dials with a new key, says something over p, and returns the first that
// the other side says to it within a while. It fails when the other side tells what it
// speaks.
func strangerHears(ts *testscript.TestScript, to peer.AddrInfo, p protocol.ID, say []byte, wait time.Duration) []byte {
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	host, err := libp2p.New(libp2p.NoListenAddrs)
	ts.Check(err)
	defer host.Close()
	if host.Connect(ctx, to) != nil {
		return nil // not even a connection
	}
	s, err := host.NewStream(ctx, to.ID, p)
	if known, _ := host.Peerstore().GetProtocols(to.ID); len(known) > 1 || len(known) == 1 && known[0] != p {
		ts.Fatalf("a stranger was told the protocols %q", known)
	}
	if err != nil {
		return nil
	}
	defer s.Reset()
	ts.Check(s.SetDeadline(time.Now().Add(wait)))
	_, _ = s.Write(say) // refused is as good
	got := make([]byte, 1<<10)
	n, _ := io.ReadAtLeast(s, got, 1) // the end of it, or of the time, is as good
	return got[:n]
}

// cmdCopyHome copies a stopped home as a thief of the disk would: copyhome FROM TO.
func cmdCopyHome(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 || neg {
		ts.Fatalf("usage: copyhome FROM TO")
	}
	ts.Check(os.CopyFS(homeDir(ts, args[1]), regularFS{os.DirFS(homeDir(ts, args[0]))}))
}

// regularFS leaves out sockets, which cannot be copied.
type regularFS struct{ fs.FS }

func (f regularFS) ReadDir(name string) ([]fs.DirEntry, error) {
	list, err := fs.ReadDir(f.FS, name)
	var keep []fs.DirEntry
	for _, d := range list {
		if d.Type().IsRegular() || d.IsDir() {
			keep = append(keep, d)
		}
	}
	return keep, err
}

package p2p_test

import (
	"context"
	"encoding/binary"
	"io"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"

	"tend/crdt"
	"tend/node/p2p"
	"tend/protocol"
)

func sendFrame(w io.Writer, data []byte) error {
	_, err := w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), data...))
	return err
}

func readFrame(r io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	data := make([]byte, binary.BigEndian.Uint32(head[:]))
	_, err := io.ReadFull(r, data)
	return data, err
}

// rawMember is a member's device that speaks the wire by hand.
func rawMember(t *testing.T) (v *village, a *house, n *p2p.Net, raw host.Host) {
	t.Helper()
	v = newVillage(t)
	a = v.house("a")
	b := v.house("b")
	v.join(a, b)
	n = a.start(nil)
	raw = outsider(t, privOf(t, b))
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	if err := raw.Connect(ctx, infoOf(n)); err != nil {
		t.Fatal(err)
	}
	return v, a, n, raw
}

func openSync(t *testing.T, v *village, n *p2p.Net, raw host.Host) network.Stream {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), soon)
	defer cancel()
	s, err := raw.NewStream(ctx, n.LibHost().ID(), "/tend/sync/1")
	if err != nil {
		t.Fatal(err)
	}
	s.SetDeadline(time.Now().Add(soon))
	if _, err := s.Write(append([]byte{1}, v.genesis.ID[:]...)); err != nil {
		t.Fatal(err)
	}
	return s
}

// hear reads frames to the end and returns those that are not ADDR.
func hear(s io.Reader) (got []protocol.Frame, err error) {
	for {
		data, err := readFrame(s)
		if err != nil {
			return got, err
		}
		f, err := protocol.DecodeFrame(data)
		if err != nil {
			return got, err
		}
		if _, addr := f.(*protocol.Addr); !addr {
			got = append(got, f)
		}
	}
}

func TestHostileFrames(t *testing.T) {
	oversize := binary.BigEndian.AppendUint32(nil, p2p.MaxFrame+1)
	rows := []struct {
		name string
		raw  []byte
		want protocol.ErrCode // 0: closed without a word
	}{
		{"over the limit", oversize, protocol.ErrOverLimit},
		{"unknown number", framed(0x81, 0x10), protocol.ErrFrameType},
		{"no array", framed(0x01), 0},
		{"empty frame", framed(), 0},
		{"EDGE before HELLO", framed(encoded(t, &protocol.Edge{Sent: 1})...), protocol.ErrFrameType},
		{"rubbish", framed([]byte("GET / HTTP/1.1\r\n")...), 0},
	}
	v, a, n, raw := rawMember(t)
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			s := openSync(t, v, n, raw)
			if _, err := s.Write(r.raw); err != nil {
				t.Fatal(err)
			}
			s.CloseWrite()
			got, _ := hear(s)
			switch {
			case r.want == 0 && len(got) > 0:
				t.Errorf("answer to %s = %v, want none", r.name, got)
			case r.want > 0 && (len(got) != 1 || !isErr(got[0], r.want)):
				t.Errorf("answer to %s = %v, want ERR %d", r.name, got, r.want)
			}
		})
	}
	if got, want := a.count(), uint64(1); got != want {
		t.Errorf("ops held after hostile frames = %d, want %d", got, want)
	}
}

func isErr(f protocol.Frame, code protocol.ErrCode) bool {
	e, ok := f.(*protocol.Err)
	return ok && e.Code == code
}

func framed(data ...byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), data...)
}

func encoded(t *testing.T, f protocol.Frame) []byte {
	t.Helper()
	data, err := protocol.EncodeFrame(f)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestAnotherVersionIsClosed(t *testing.T) {
	v, _, n, raw := rawMember(t)
	s, err := raw.NewStream(context.Background(), n.LibHost().ID(), "/tend/sync/1")
	if err != nil {
		t.Fatal(err)
	}
	s.SetDeadline(time.Now().Add(soon))
	if _, err := s.Write(append([]byte{2}, v.genesis.ID[:]...)); err != nil {
		t.Fatal(err)
	}
	if data, err := readFrame(s); err == nil {
		t.Errorf("a stream of version 2 was answered %x", data)
	}
}

func TestTooManyStreams(t *testing.T) {
	v, _, n, raw := rawMember(t)
	var open []network.Stream
	for range p2p.MaxStreams {
		s := openSync(t, v, n, raw)
		sendFrame(s, encoded(t, &protocol.Want{}))
		open = append(open, s)
	}
	for i, s := range open {
		if _, err := readFrame(s); err != nil {
			t.Errorf("stream %d of %d: %v", i+1, len(open), err)
		}
	}
	s := openSync(t, v, n, raw)
	sendFrame(s, encoded(t, &protocol.Want{}))
	if data, err := readFrame(s); err == nil {
		t.Errorf("stream %d was answered %x", len(open)+1, data)
	}
}

func TestAddressesAreExchanged(t *testing.T) {
	v, a, n, raw := rawMember(t)
	s := openSync(t, v, n, raw)
	defer s.Close()
	sendFrame(s, encoded(t, &protocol.Addr{WallMS: 5}))
	data, err := readFrame(s)
	if err != nil {
		t.Fatal(err)
	}
	f, err := protocol.DecodeFrame(data)
	addr, ok := f.(*protocol.Addr)
	if err != nil || !ok {
		t.Fatalf("first frame = %T, %v; want ADDR", f, err)
	}
	if len(addr.Records) != 1 || len(addr.Seqs) != 1 || addr.Seqs[0].Peer != a.peer || addr.WallMS == 0 {
		t.Fatalf("ADDR = %+v", addr)
	}
	key, addrs, seq, err := p2p.OpenRecord(addr.Records[0])
	if err != nil || key != a.peer || len(addrs) == 0 || seq != addr.Seqs[0].Seq {
		t.Errorf("OpenRecord = %x, %v, %d, %v", key, addrs, seq, err)
	}
	cut := append([]byte{}, addr.Records[0]...)
	cut[len(cut)-1] ^= 1
	if _, _, _, err := p2p.OpenRecord(cut); err == nil {
		t.Error("OpenRecord of a changed record: no error")
	}
}

// Ops that come unasked or as the answer to a PULL are checked as any others.
func TestForgedOpsAreLeftOut(t *testing.T) {
	v, a, n, raw := rawMember(t)
	b, c := v.house("b"), v.house("c")
	good := b.write("mine")
	op, _, _, err := b.cir.Op(good)
	if err != nil {
		t.Fatal(err)
	}
	c.bulk(1)
	forged, _, _, err := c.cir.Op(c.now.Load().Tips[c.dev][0].ID)
	if err != nil {
		t.Fatal(err)
	}
	forged.Sig = append([]byte{}, forged.Sig...)
	forged.Sig[3] ^= 1
	s := openSync(t, v, n, raw)
	sendFrame(s, encoded(t, protocol.PackByID([]crdt.Op{op, forged}, func(*crdt.Op) bool { return true })))
	s.CloseWrite()
	eventually(t, soon, "the good op is taken", func() bool { return a.count() == 2 })
	if _, ok, _ := a.cir.Fact(forged.ID); ok {
		t.Error("a forged op was committed")
	}
}

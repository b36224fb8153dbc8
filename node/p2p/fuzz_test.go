package p2p_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"io"
	"testing"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/record"
	ma "github.com/multiformats/go-multiaddr"

	"tend/node/p2p"
	"tend/protocol"
)

// FuzzOpenRecord reads an address record of another home: with a true signature
// around the fuzzed part, and as it came.
func FuzzOpenRecord(f *testing.F) {
	seed := sha256.Sum256([]byte("fuzz peer"))
	key, err := crypto.UnmarshalEd25519PrivateKey(ed25519.NewKeyFromSeed(seed[:]))
	if err != nil {
		f.Fatal(err)
	}
	id, err := peer.IDFromPrivateKey(key)
	if err != nil {
		f.Fatal(err)
	}
	rec := &peer.PeerRecord{PeerID: id, Seq: 7, Addrs: []ma.Multiaddr{ma.StringCast("/ip4/192.0.2.1/udp/4001/quic-v1")}}
	env, err := record.Seal(rec, key)
	if err != nil {
		f.Fatal(err)
	}
	data, err := env.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data, false)
	f.Add(env.RawPayload, true)
	f.Add(data[:len(data)-1], false)
	f.Fuzz(func(t *testing.T, data []byte, sealed bool) {
		if sealed {
			env, err := record.Seal(raw(data), key)
			if err != nil {
				return
			}
			if data, err = env.Marshal(); err != nil {
				return
			}
		}
		if _, addrs, _, err := p2p.OpenRecord(data); err == nil && len(addrs) > p2p.MaxRecordAddrs {
			t.Fatalf("%x holds %d addresses", data, len(addrs))
		}
	})
}

// raw is what a peer may sign as an address record.
type raw []byte

func (raw) Domain() string                   { return peer.PeerRecordEnvelopeDomain }
func (raw) Codec() []byte                    { return peer.PeerRecordEnvelopePayloadType }
func (r raw) MarshalRecord() ([]byte, error) { return r, nil }
func (raw) UnmarshalRecord([]byte) error     { return nil }

// FuzzReadFrames reads a stream of frames, each behind its length.
func FuzzReadFrames(f *testing.F) {
	same, err := protocol.EncodeFrame(&protocol.Same{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append([]byte{0, 0, 0, byte(len(same))}, same...))
	f.Add([]byte{0, 0, 0, 0, 0, 0, 0, 1, 0x80})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		read := p2p.FrameReader(fed{r: bytes.NewReader(data)})
		for total := 0; ; {
			frame, err := read()
			if total += 4 + len(frame); total > len(data) && err == nil {
				t.Fatalf("%d bytes were read of %d", total, len(data))
			}
			if err != nil {
				if errors.Is(err, io.EOF) && total != len(data)+4 {
					t.Fatalf("the end was reached after %d of %d bytes", total-4, len(data))
				}
				return
			}
		}
	})
}

// fed is a stream that something is read from, and nothing else.
type fed struct {
	network.Stream
	r io.Reader
}

func (s fed) Read(p []byte) (int, error) { return s.r.Read(p) }

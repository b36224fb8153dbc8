package protocol_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"testing"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/protocol"
)

// stream is a reader of bytes that are the same in every run: SHA-256 of a label
// and a counter.
func stream(label string) io.Reader {
	var out bytes.Buffer
	for i := range uint64(64) {
		h := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(label), i))
		out.Write(h[:])
	}
	return &out
}

func fill[T ~[32]byte](label string) T {
	var v [32]byte
	io.ReadFull(stream(label), v[:])
	return T(v)
}

func fill16[T ~[16]byte](label string) T {
	var v [16]byte
	io.ReadFull(stream(label), v[:])
	return T(v)
}

func keyOf(label string) ed25519.PrivateKey {
	seed := fill[[32]byte](label)
	return ed25519.NewKeyFromSeed(seed[:])
}

func pubOf[T ~[32]byte](label string) T { return T(keyOf(label).Public().(ed25519.PublicKey)) }

func boxKey(t testing.TB, label string) protocol.BoxKey {
	t.Helper()
	k, err := protocol.NewBoxKey(stream(label))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func secret(t testing.TB, label string) protocol.Secret {
	t.Helper()
	s, err := protocol.NewSecret(stream(label))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var fixtureCircle = fill[crdt.ID]("circle")

// chain returns n signed content ops of one device of fixtureCircle, each with a
// sealed body of size bytes.
func chain(t testing.TB, label string, n, size int) []crdt.Op {
	t.Helper()
	key, dev, s := keyOf(label), pubOf[crdt.Device](label), secret(t, "epoch")
	var ops []crdt.Op
	var prev crdt.ID
	for seq := uint64(1); seq <= uint64(n); seq++ {
		payload := make([]byte, size)
		io.ReadFull(stream(label+string(rune(seq))), payload)
		body, err := protocol.SealBody(stream(label+"salt"+string(rune(seq))), s, fixtureCircle, dev, seq, 64, payload)
		if err != nil {
			t.Fatal(err)
		}
		h := crdt.Header{Dev: dev, Seq: seq, Prev: prev, Ctl: []crdt.ID{fixtureCircle},
			HLC: crdt.At(1_790_000_000_000 + int64(seq)*1000), Class: crdt.Content}
		op, err := crdt.Sign(fixtureCircle, h, body, func(msg []byte) ([]byte, error) { return ed25519.Sign(key, msg), nil })
		if err != nil {
			t.Fatal(err)
		}
		ops, prev = append(ops, op), op.ID
	}
	return ops
}

func marshal(v any) []byte { return canon.MustMarshal(v) }

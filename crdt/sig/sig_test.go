package sig_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"

	"github.com/veraison/go-cose"

	"tend/crdt/sig"
)

func key(n byte) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte{'k', n})
	return ed25519.NewKeyFromSeed(seed[:])
}

func pub(k ed25519.PrivateKey) [32]byte { return [32]byte(k.Public().(ed25519.PublicKey)) }

// smallOrder returns the 14 encodings of the 8 points of small order: 8
// canonical ones and 6 that only ZIP 215 reads.
func smallOrder(t testing.TB) [][]byte {
	t.Helper()
	const sign = "80"
	body := func(low, fill, top string) string {
		s := low
		for range 30 {
			s += fill
		}
		return s + top
	}
	all := []string{
		body("01", "00", "00"), // identity
		body("ec", "ff", "7f"), // order 2: y = p-1
		body("00", "00", "00"), // order 4: y = 0
		body("00", "00", sign), //
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", // order 8
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		body("01", "00", sign), // identity, x = -0
		body("ec", "ff", "ff"), // order 2, x = -0
		body("ed", "ff", "7f"), // y = p, for 0
		body("ed", "ff", "ff"), //
		body("ee", "ff", "7f"), // y = p+1, for 1
		body("ee", "ff", "ff"), //
	}
	out := make([][]byte, len(all))
	for i, s := range all {
		b, err := hex.DecodeString(s)
		if err != nil || len(b) != 32 {
			t.Fatalf("encoding %d: %q: %v", i, s, err)
		}
		out[i] = b
	}
	return out
}

// TestZIP215 runs the 196 cases of ZIP 215: every small-order key with every
// small-order R and s = 0. All are valid, alone and in a batch.
func TestZIP215(t *testing.T) {
	points := smallOrder(t)
	msg := []byte("Zcash")
	var batch sig.Batch
	strict := 0
	for _, a := range points {
		for _, r := range points {
			s := append(slices.Clone(r), make([]byte, 32)...)
			if !sig.Verify([32]byte(a), msg, s) {
				t.Errorf("Verify(key %x, R %x) = false, want true", a, r)
			}
			if ed25519.Verify(a, msg, s) {
				strict++
			}
			batch.Add([32]byte(a), msg, s)
		}
	}
	if batch.Len() != 196 {
		t.Fatalf("%d cases, want 196", batch.Len())
	}
	if bad := batch.Verify(); bad != nil {
		t.Errorf("in a batch positions %v fail, want none", bad)
	}
	if strict == 196 {
		t.Error("crypto/ed25519 accepts all 196 too: the cases show nothing")
	}
}

// TestBatchIsSingle mixes good, bad, torsion and malformed signatures: the batch
// must name exactly those that Verify refuses.
func TestBatchIsSingle(t *testing.T) {
	points := smallOrder(t)
	for n := range 40 {
		var batch sig.Batch
		var want []int
		for i := range n {
			k := key(byte(i % 5))
			msg := fmt.Appendf(nil, "message %d of %d", i, n)
			p, s := pub(k), ed25519.Sign(k, msg)
			switch (i*7 + n) % 11 {
			case 0:
				s[3] ^= 1 // R
			case 1:
				s[40] ^= 1 // s
			case 2:
				msg[0] ^= 1
			case 3:
				s = s[:63]
			case 4:
				s = nil
			case 5:
				s[63] |= 0xe0 // s is not below the group order
			case 6:
				p, s = [32]byte(points[i%14]), append(slices.Clone(points[n%14]), make([]byte, 32)...)
			case 7:
				p = [32]byte{2} // no point of the curve
			}
			if !sig.Verify(p, msg, s) {
				want = append(want, i)
			}
			batch.Add(p, msg, s)
		}
		if got := batch.Verify(); !slices.Equal(got, want) {
			t.Errorf("batch of %d: Verify() = %v, want %v", n, got, want)
		}
	}
}

func TestBatchFindsCulprits(t *testing.T) {
	k := key(1)
	for _, bad := range [][]int{nil, {0}, {255}, {17, 18}, {0, 128, 255}} {
		var batch sig.Batch
		for i := range 256 {
			msg := fmt.Appendf(nil, "op %d", i)
			s := ed25519.Sign(k, msg)
			if slices.Contains(bad, i) {
				s[33] ^= 4
			}
			batch.Add(pub(k), msg, s)
		}
		if got := batch.Verify(); !slices.Equal(got, bad) {
			t.Errorf("Verify() = %v, want %v", got, bad)
		}
	}
}

// TestOpBytesCOSE holds OpBytes against another maker of COSE_Sign1: it signs the
// same bytes, so each accepts the other's signatures.
func TestOpBytesCOSE(t *testing.T) {
	k := key(7)
	signer, err := cose.NewSigner(cose.AlgorithmEdDSA, k)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := cose.NewVerifier(cose.AlgorithmEdDSA, k.Public())
	if err != nil {
		t.Fatal(err)
	}
	circle := sha256.Sum256([]byte("circle"))
	// external_aad is CBOR ["tend/op/1", circle].
	aad := append([]byte("\x82\x69tend/op/1\x58\x20"), circle[:]...)
	for _, size := range []int{0, 1, 23, 24, 255, 256, 2648, 65535, 65536} {
		payload := bytes.Repeat([]byte{0xab}, size)
		m := cose.UntaggedSign1Message{
			Headers: cose.Headers{Protected: cose.ProtectedHeader{cose.HeaderLabelAlgorithm: cose.AlgorithmEdDSA}},
			Payload: payload,
		}
		if err := m.Sign(nil, aad, signer); err != nil {
			t.Fatal(err)
		}
		if !sig.Verify(pub(k), sig.OpBytes(circle, payload), m.Signature) {
			t.Errorf("payload of %d bytes: go-cose's signature does not verify here", size)
		}
		m.Signature = ed25519.Sign(k, sig.OpBytes(circle, payload))
		if err := m.Verify(aad, verifier); err != nil {
			t.Errorf("payload of %d bytes: our signature: %v", size, err)
		}
	}
	if id := sig.OpID(circle, []byte{1}); id != sha256.Sum256(sig.OpBytes(circle, []byte{1})) {
		t.Errorf("OpID = %x, not the hash of OpBytes", id)
	}
}

func BenchmarkVerify(b *testing.B) {
	k, msg := key(1), make([]byte, 300)
	s := ed25519.Sign(k, msg)
	for b.Loop() {
		sig.Verify(pub(k), msg, s)
	}
}

func BenchmarkBatch256(b *testing.B) {
	msg := make([]byte, 300)
	var batch sig.Batch
	for i := range 256 {
		k := key(byte(i % 20))
		batch.Add(pub(k), msg, ed25519.Sign(k, msg))
	}
	for b.Loop() {
		if batch.Verify() != nil {
			b.Fatal("does not verify")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/256, "ns/op-signature")
}

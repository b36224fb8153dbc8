package crdt_test

import (
	"crypto/ed25519"
	"testing"

	"tend/crdt"
	"tend/crdt/sig"
)

// lane returns 256 ops of one device with bodies of 316 bytes.
func lane(b *testing.B) []crdt.Op {
	b.Helper()
	r := founded(b)
	body := make([]byte, 316)
	for range 256 {
		r.write(b, 1, crdt.Content, crdt.At(2000), body)
	}
	return r.order[1:]
}

func BenchmarkEncodeSign(b *testing.B) {
	h, k, body := content(), key(1), make([]byte, 316)
	sign := func(msg []byte) ([]byte, error) { return ed25519.Sign(k, msg), nil }
	for b.Loop() {
		if _, err := crdt.Sign(circle, h, body, sign); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	op := lane(b)[0]
	for b.Loop() {
		if _, err := crdt.Parse(circle, op.Payload); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseVerify(b *testing.B) {
	op := signed(b, circle, 1, content(), make([]byte, 316))
	for b.Loop() {
		got, err := crdt.Parse(circle, op.Payload)
		if err != nil {
			b.Fatal(err)
		}
		got.Sig = op.Sig
		if err := got.Verify(circle); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBatch256 parses 256 ops and checks every signature together.
func BenchmarkBatch256(b *testing.B) {
	ops, g := lane(b), genesis(b)
	for b.Loop() {
		var batch sig.Batch
		for i := range ops {
			op, err := crdt.Parse(g.ID, ops[i].Payload)
			if err != nil {
				b.Fatal(err)
			}
			batch.Add(op.Dev, op.Signed(g.ID), ops[i].Sig)
		}
		if batch.Verify() != nil {
			b.Fatal("does not verify")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(ops)), "ns/one")
}

// BenchmarkCovered256 parses 256 ops of one device and checks the last signature.
func BenchmarkCovered256(b *testing.B) {
	ops, g := lane(b), genesis(b)
	for b.Loop() {
		var last crdt.Op
		for i := range ops {
			op, err := crdt.Parse(g.ID, ops[i].Payload)
			if err != nil || (i > 0 && op.Prev != last.ID) {
				b.Fatal("broken lane", err)
			}
			last = op
		}
		last.Sig = ops[len(ops)-1].Sig
		if err := last.Verify(g.ID); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(ops)), "ns/one")
}

func BenchmarkDigest300(b *testing.B) {
	r := founded(b)
	for d := range 300 {
		r.take(b, []crdt.Op{branch(b, r, d+1, crdt.ID{}, 1, "x")})
	}
	for b.Loop() {
		r.Digest()
	}
}

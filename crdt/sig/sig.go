// Package sig builds what is signed and checks signatures, one and many.
//
// An op is an untagged COSE_Sign1 (RFC 9052 §4.2); what is signed is its
// Sig_structure. Verification follows ZIP 215 and nothing else: RFC 8032 leaves
// edge cases open, libraries differ in them, and a log whose readers disagree
// about one signature splits for ever. ZIP 215 also makes the batch equation
// and the single one agree, so catching up in batches accepts exactly what
// live gossip accepts.
//
// The package holds no key and knows no header.
package sig

import (
	"crypto/ed25519"
	"crypto/sha256"

	"github.com/hdevalence/ed25519consensus"

	"tend/crdt/canon"
)

// Size is the length of a signature in bytes.
const Size = ed25519.SignatureSize

// KeySize is the length of a public key in bytes.
const KeySize = ed25519.PublicKeySize

// protected is the COSE protected header {1: -8}: EdDSA, and nothing else.
var protected = []byte{0xa1, 0x01, 0x27}

// Protected returns the one protected header an op may carry.
func Protected() []byte { return append([]byte(nil), protected...) }

const opContext = "tend/op/1"

// opPrefix is the part of the Sig_structure before the circle id; it never
// changes, so it is built once.
var (
	opPrefix = func() []byte {
		b := []byte{0x84}
		b = append(b, canon.MustMarshal("Signature1")...)
		b = append(b, canon.MustMarshal(protected)...)
		return b
	}()
	aadPrefix = func() []byte {
		b := []byte{0x82}
		b = append(b, canon.MustMarshal(opContext)...)
		return append(b, 0x58, 32)
	}()
)

// OpBytes returns the Sig_structure of an op: what its author signs and what its
// id is the SHA-256 of. circle is the circle's id, or 32 zero bytes for genesis;
// payload is the op's header as encoded (SPEC.md §2.1).
func OpBytes(circle [32]byte, payload []byte) []byte {
	out := make([]byte, 0, len(opPrefix)+2+len(aadPrefix)+32+3+len(payload))
	out = append(out, opPrefix...)
	out = append(out, 0x58, byte(len(aadPrefix)+32))
	out = append(out, aadPrefix...)
	out = append(out, circle[:]...)
	out = appendBytesHead(out, len(payload))
	return append(out, payload...)
}

// OpID returns the SHA-256 of [OpBytes].
func OpID(circle [32]byte, payload []byte) [32]byte {
	return sha256.Sum256(OpBytes(circle, payload))
}

// appendBytesHead appends the head of a CBOR byte string of n bytes.
func appendBytesHead(b []byte, n int) []byte {
	switch {
	case n < 24:
		return append(b, 0x40|byte(n))
	case n < 1<<8:
		return append(b, 0x58, byte(n))
	case n < 1<<16:
		return append(b, 0x59, byte(n>>8), byte(n))
	default:
		return append(b, 0x5a, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
}

// Verify reports whether sig is pub's signature of msg by the rules of ZIP 215.
func Verify(pub [KeySize]byte, msg, sig []byte) bool {
	return len(sig) == Size && ed25519consensus.Verify(pub[:], msg, sig)
}

// Batch collects signatures to check together, which costs about half of
// checking them one by one. The zero Batch is empty and ready. It is not safe
// for concurrent use.
type Batch struct {
	items []item
}

type item struct {
	pub [KeySize]byte
	msg []byte
	sig []byte
}

// Add puts one signature into the batch. It keeps msg and sig until [Batch.Verify].
func (b *Batch) Add(pub [KeySize]byte, msg, sig []byte) {
	b.items = append(b.items, item{pub, msg, sig})
}

// Len is the number of signatures added.
func (b *Batch) Len() int { return len(b.items) }

// Verify checks all signatures and returns the positions, ascending, of those
// that do not verify; nil when all do. When the batch as a whole fails, it is
// halved until the culprits stand alone.
func (b *Batch) Verify() []int { return bad(b.items, 0) }

func bad(items []item, at int) []int {
	switch {
	case len(items) == 0:
		return nil
	case len(items) == 1:
		if Verify(items[0].pub, items[0].msg, items[0].sig) {
			return nil
		}
		return []int{at}
	case together(items):
		return nil
	}
	half := len(items) / 2
	return append(bad(items[:half], at), bad(items[half:], at+half)...)
}

func together(items []item) bool {
	v := ed25519consensus.NewPreallocatedBatchVerifier(len(items))
	for _, it := range items {
		if len(it.sig) != Size {
			return false
		}
		v.Add(it.pub[:], it.msg, it.sig)
	}
	return v.Verify()
}

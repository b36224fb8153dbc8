package protocol

import (
	"crypto/hpke"
	"crypto/sha256"
	"io"
	"testing"

	"tend/crdt"
	"tend/crdt/membership"
)

// The seams that the tests of this package use.
var (
	Padme    = padme
	NookSize = nookSize
	Pad      = pad
	Deflate  = deflate
	Compress = func(b []byte) []byte { return zstdWriter.EncodeAll(b, nil) }
)

// SealText seals any bytes as a body's text.
func SealText(s Secret, salt [16]byte, circle crdt.ID, dev crdt.Device, seq uint64, text []byte) []byte {
	key, _ := bodyKey(s, salt, labelBody)
	return seal(key, bodyContext{Circle: circle, Dev: dev, Seq: seq}.aad(labelBody), text)
}

// SealRosterText seals any bytes as a nook's roster.
func SealRosterText(s Secret, circle crdt.ID, text []byte) []byte {
	return seal(rosterKey(s), rosterAAD(circle, s.NookID()), text)
}

// SealWrong makes a lockbox that opens, and holds another secret than it says.
func SealWrong(t testing.TB, box []byte, circle crdt.ID, epoch membership.EpochID, dev crdt.Device, s Secret) Lockbox {
	t.Helper()
	pub, err := hpke.MLKEM768X25519().NewPublicKey(box)
	if err != nil {
		t.Fatal(err)
	}
	b, err := hpke.Seal(pub, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), boxInfo(circle, epoch, dev), s[:])
	if err != nil {
		t.Fatal(err)
	}
	return Lockbox{Epoch: epoch, Enc: b[:EncSize], CT: b[EncSize:]}
}

// Trailed returns b and its digest.
func Trailed(b []byte) []byte {
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

// CommitOf returns the commitment of a body of s with salt.
func CommitOf(s Secret, salt [16]byte) [32]byte {
	_, commit := bodyKey(s, salt, labelBody)
	return commit
}

// SealGrant seals any bytes as a grant for N.
func (l Link) SealGrant(rand io.Reader, k LinkKeys, plain []byte) ([]byte, error) {
	box := l.wrap(k)
	nonce := make([]byte, box.NonceSize())
	if _, err := io.ReadFull(rand, nonce); err != nil {
		return nil, err
	}
	return box.Seal(nonce, nonce, plain, []byte(labelLinkGrant)), nil
}

package protocol

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"golang.org/x/crypto/chacha20poly1305"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/membership"
)

// Versions of codes that a member's own devices, and those who help one back,
// read (SPEC.md §6.4).
const (
	linkVersion    = 3
	recoverVersion = 4
)

const (
	openLink = 4

	labelLink      = "tend/link/1"
	labelLinkKeys  = "tend/link-keys/1"
	labelLinkWords = "tend/link-words/1"
	labelLinkGrant = "tend/link-grant/1"
	labelBackWords = "tend/recover-words/1"
)

// Bounds of linking.
const (
	// MaxLinkCircles is how many circles one linking brings.
	MaxLinkCircles = 64
	// MaxLinkKeys and MaxLinkGrant bound the second and the third message, in bytes.
	MaxLinkKeys  = MaxLinkCircles*(32+32+1216+16) + 256
	MaxLinkGrant = 768 << 10
	// MaxLinkSecrets is how many epoch secrets go along, of all circles together;
	// older ones are asked for later.
	MaxLinkSecrets = 16_384
)

// ErrLink is wrapped for a message of linking that is not what was agreed.
var ErrLink = errors.New("malformed link message")

type (
	// LinkCode is what a member's new device shows to one that they have: version 3.
	LinkCode struct {
		Peer   membership.PeerKey
		Secret [16]byte
		Addrs  [][]byte // binary multiaddrs
	}

	// RecoverCode is what somebody who lost everything shows to those who may stand
	// for them: the root that is to be theirs. Version 4.
	RecoverCode struct {
		Circle       crdt.ID
		NewRoot      [32]byte
		NextRootHash [32]byte
	}
)

type wireLinkCode struct {
	_       struct{} `cbor:",toarray"`
	Version uint64
	Peer    membership.PeerKey
	Secret  [16]byte
	Addrs   [][]byte
}

type wireRecoverCode struct {
	_            struct{} `cbor:",toarray"`
	Version      uint64
	Circle       crdt.ID
	NewRoot      [32]byte
	NextRootHash [32]byte
}

func (*LinkCode) isCode()    {}
func (*RecoverCode) isCode() {}

// Text returns the code; addresses are dropped from the end until it fits.
func (l LinkCode) Text() string {
	w := wireLinkCode{Version: linkVersion, Peer: l.Peer, Secret: l.Secret, Addrs: fitting(l.Addrs)}
	for {
		b := canon.MustMarshal(w)
		if len(b) <= MaxCode {
			return codePrefix + codeText.EncodeToString(b)
		}
		w.Addrs = w.Addrs[:len(w.Addrs)-1]
	}
}

// Text returns the code.
func (r RecoverCode) Text() string {
	return codePrefix + codeText.EncodeToString(canon.MustMarshal(wireRecoverCode{Version: recoverVersion, Circle: r.Circle,
		NewRoot: r.NewRoot, NextRootHash: r.NextRootHash}))
}

// Words returns the six words that both sides compare by voice.
func (r RecoverCode) Words() string {
	return CheckWords(sha256.Sum256(canon.MustMarshal([]any{labelBackWords, r.Circle, r.NewRoot, r.NextRootHash})))
}

// parseLinkCode reads a code of version 3.
func parseLinkCode(b []byte) (Code, error) {
	var w wireLinkCode
	if err := decodeCode(b, &w); err != nil {
		return nil, err
	}
	if err := checkAddrs(w.Addrs); err != nil {
		return nil, err
	}
	return &LinkCode{Peer: w.Peer, Secret: w.Secret, Addrs: w.Addrs}, nil
}

// parseRecoverCode reads a code of version 4.
func parseRecoverCode(b []byte) (Code, error) {
	var w wireRecoverCode
	if err := decodeCode(b, &w); err != nil {
		return nil, err
	}
	return &RecoverCode{Circle: w.Circle, NewRoot: w.NewRoot, NextRootHash: w.NextRootHash}, nil
}

type (
	// LinkHello is the first message of linking: the device O that scanned the code
	// shows the new device N that it did, and names the circles.
	LinkHello struct {
		NonceO  [16]byte
		Circles []crdt.ID
		MAC     [32]byte
	}

	// LinkKeys is N's answer: its public keys for each circle that it is not in yet.
	LinkKeys struct {
		_      struct{} `cbor:",toarray"`
		NonceN [16]byte
		Keys   []LinkKey
		MAC    [32]byte
	}

	// LinkKey is a new device's keys in one circle.
	LinkKey struct {
		_      struct{} `cbor:",toarray"`
		Circle crdt.ID
		Dev    crdt.Device
		Box    []byte
	}

	// LinkGrant is what O hands over once a person has said that the words are the
	// same: the member's keys, and a certificate for N in each circle.
	LinkGrant struct {
		_       struct{}   `cbor:",toarray"`
		Seeds   [][32]byte // recovery seeds
		Circles []LinkedCircle
	}

	// LinkedCircle is one circle of a grant. Of N's certificate only what N does not
	// know goes along: N signs the rest.
	LinkedCircle struct {
		_         struct{} `cbor:",toarray"`
		Circle    crdt.ID
		Inception membership.Inception
		Root      [32]byte // seed
		Next      [32]byte // seed
		NotBefore crdt.HLC
		SigRoot   []byte
		LogKey    Secret
		Secrets   []byte // of epochs and nooks, 32 bytes each
	}
)

func (*LinkHello) opening() uint64 { return openLink }

type wireLinkHello struct {
	_       struct{} `cbor:",toarray"`
	Version uint64
	NonceO  [16]byte
	Circles []crdt.ID
	MAC     [32]byte
}

func (m *LinkHello) encode() []byte {
	return canon.MustMarshal(wireLinkHello{Version: openLink, NonceO: m.NonceO, Circles: m.Circles, MAC: m.MAC})
}

func decodeLinkHello(data []byte) (*LinkHello, error) {
	var w wireLinkHello
	if err := decodeJoin(data, &w); err != nil {
		return nil, err
	}
	if len(w.Circles) > MaxLinkCircles {
		return nil, fmt.Errorf("%w: %d circles, limit %d", ErrJoin, len(w.Circles), MaxLinkCircles)
	}
	return &LinkHello{NonceO: w.NonceO, Circles: w.Circles, MAC: w.MAC}, nil
}

// Link is what both sides of a linking know: the code, and who they are.
type Link struct {
	Secret       [16]byte
	PeerN, PeerO membership.PeerKey
	NonceO       [16]byte
	Circles      []crdt.ID
}

// Hello makes O's message.
func (l Link) Hello() *LinkHello {
	return &LinkHello{NonceO: l.NonceO, Circles: l.Circles, MAC: l.mac(labelLink, nil)}
}

// Check reports whether a hello is of somebody who read the code.
func (l Link) Check(h *LinkHello) bool { return l.holds(labelLink, nil, h.MAC) }

// Keys makes N's message.
func (l Link) Keys(nonceN [16]byte, keys []LinkKey) LinkKeys {
	k := LinkKeys{NonceN: nonceN, Keys: keys}
	k.MAC = l.mac(labelLinkKeys, canon.MustMarshal([]any{nonceN, keys}))
	return k
}

// Encode returns the bytes of the message.
func (k LinkKeys) Encode() []byte { return canon.MustMarshal(k) }

// DecodeKeys reads N's message, and checks that N made it. The error wraps
// [ErrLink].
func (l Link) DecodeKeys(data []byte) (LinkKeys, error) {
	var k LinkKeys
	if err := canon.Unmarshal(data, &k); err != nil {
		return LinkKeys{}, fmt.Errorf("%w: %w", ErrLink, err)
	}
	if len(k.Keys) > MaxLinkCircles || !l.holds(labelLinkKeys, canon.MustMarshal([]any{k.NonceN, k.Keys}), k.MAC) {
		return LinkKeys{}, fmt.Errorf("%w: not by whoever shows the code", ErrLink)
	}
	return k, nil
}

// Words returns the six words that both devices show.
func (l Link) Words(k LinkKeys) string {
	return CheckWords(sha256.Sum256(canon.MustMarshal([]any{labelLinkWords, l.PeerN, l.PeerO, l.NonceO, l.Circles, k.NonceN, k.Keys})))
}

// Seal wraps a grant for N.
func (l Link) Seal(rand io.Reader, k LinkKeys, g LinkGrant) ([]byte, error) {
	box := l.wrap(k)
	nonce := make([]byte, box.NonceSize(), box.NonceSize()+MaxLinkGrant)
	if _, err := io.ReadFull(rand, nonce); err != nil {
		return nil, fmt.Errorf("wrap the keys: %w", err)
	}
	return box.Seal(nonce, nonce, canon.MustMarshal(g), []byte(labelLinkGrant)), nil
}

// Open opens a grant. The error wraps [ErrLink].
func (l Link) Open(k LinkKeys, data []byte) (LinkGrant, error) {
	box := l.wrap(k)
	if len(data) < box.NonceSize() {
		return LinkGrant{}, fmt.Errorf("%w: %d bytes", ErrLink, len(data))
	}
	plain, err := box.Open(nil, data[:box.NonceSize()], data[box.NonceSize():], []byte(labelLinkGrant))
	if err != nil {
		return LinkGrant{}, fmt.Errorf("%w: it does not open", ErrLink)
	}
	var g LinkGrant
	if err := canon.Unmarshal(plain, &g); err != nil {
		return LinkGrant{}, fmt.Errorf("%w: %w", ErrLink, err)
	}
	for _, c := range g.Circles {
		if len(c.Secrets)%32 != 0 {
			return LinkGrant{}, fmt.Errorf("%w: secrets of %d bytes", ErrLink, len(c.Secrets))
		}
	}
	return g, nil
}

func (l Link) wrap(k LinkKeys) sealer {
	key := derive(l.Secret[:], append(append([]byte{}, l.NonceO[:]...), k.NonceN[:]...), labelLinkGrant, chacha20poly1305.KeySize)
	box, err := chacha20poly1305.NewX(key)
	if err != nil {
		panic(err) // only for a key of another length
	}
	return box
}

// sealer is cipher.AEAD, as far as it is used here.
type sealer interface {
	NonceSize() int
	Seal(dst, nonce, plaintext, additional []byte) []byte
	Open(dst, nonce, ciphertext, additional []byte) ([]byte, error)
}

func (l Link) mac(label string, of []byte) [32]byte {
	m := hmac.New(sha256.New, l.Secret[:])
	m.Write(canon.MustMarshal([]any{label, l.PeerN, l.PeerO, l.NonceO, l.Circles, of}))
	return [32]byte(m.Sum(nil))
}

func (l Link) holds(label string, of []byte, mac [32]byte) bool {
	want := l.mac(label, of)
	return hmac.Equal(want[:], mac[:])
}

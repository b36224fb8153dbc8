package protocol

import (
	"crypto/hpke"
	"errors"
	"fmt"
	"io"
	"slices"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/membership"
)

// ErrLockbox is wrapped when a lockbox does not open with a key, or holds
// another secret than it says.
var ErrLockbox = errors.New("lockbox does not open")

// ErrBoxKey is wrapped for bytes that are no prekey.
var ErrBoxKey = errors.New("not a box key")

// Lockbox is a secret on its way to one device: HPKE (RFC 9180) in base mode with
// MLKEM768X25519, HKDF-SHA256 and ChaCha20-Poly1305 (SPEC.md §4.4). It needs no
// signature: what comes out is checked against the epoch's id and commitment.
type Lockbox struct {
	_     struct{} `cbor:",toarray"`
	Epoch membership.EpochID
	Enc   []byte // EncSize bytes
	CT    []byte // BoxTextSize bytes
}

// boxContext is the HPKE info of a lockbox: it opens in one circle, for one
// epoch and one device only.
type boxContext struct {
	_      struct{} `cbor:",toarray"`
	Label  string
	Circle crdt.ID
	Epoch  membership.EpochID
	Dev    crdt.Device
}

func boxInfo(circle crdt.ID, epoch membership.EpochID, dev crdt.Device) []byte {
	return canon.MustMarshal(boxContext{Label: labelLockbox, Circle: circle, Epoch: epoch, Dev: dev})
}

// SealLockbox seals s, of a circle epoch or a log key, for the device dev whose
// prekey is box, [BoxPublicSize] bytes. The error wraps [ErrBoxKey] if box is no key.
func SealLockbox(box []byte, circle crdt.ID, s Secret, dev crdt.Device) (Lockbox, error) {
	return sealLockbox(box, circle, s.EpochID(), s, dev)
}

// SealNookLockbox is [SealLockbox] for the secret of a nook.
func SealNookLockbox(box []byte, circle crdt.ID, s Secret, dev crdt.Device) (Lockbox, error) {
	return sealLockbox(box, circle, s.NookID(), s, dev)
}

func sealLockbox(box []byte, circle crdt.ID, epoch membership.EpochID, s Secret, dev crdt.Device) (Lockbox, error) {
	pub, err := hpke.MLKEM768X25519().NewPublicKey(box)
	if err != nil {
		return Lockbox{}, fmt.Errorf("%w: %w", ErrBoxKey, err)
	}
	sealed, err := hpke.Seal(pub, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), boxInfo(circle, epoch, dev), s[:])
	if err != nil {
		return Lockbox{}, fmt.Errorf("seal a lockbox for %s: %w", dev.Short(), err)
	}
	return Lockbox{Epoch: epoch, Enc: sealed[:EncSize:EncSize], CT: sealed[EncSize:]}, nil
}

// OpenLockbox opens a lockbox that is meant for dev in circle. That the secret is
// the one of lb.Epoch is checked; whether that epoch is one the circle knows, and
// the commitment, are the caller's to check. The error wraps [ErrLockbox].
func OpenLockbox(priv BoxKey, circle crdt.ID, dev crdt.Device, lb Lockbox) (Secret, error) {
	if err := lb.check(); err != nil {
		return Secret{}, err
	}
	sealed := append(append(make([]byte, 0, EncSize+BoxTextSize), lb.Enc...), lb.CT...)
	text, err := hpke.Open(priv.key, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), boxInfo(circle, lb.Epoch, dev), sealed)
	if err != nil {
		return Secret{}, fmt.Errorf("%w: %w", ErrLockbox, err)
	}
	if len(text) != len(Secret{}) {
		return Secret{}, fmt.Errorf("%w: %d bytes inside", ErrLockbox, len(text))
	}
	s := Secret(text)
	if !s.Named(lb.Epoch) {
		return Secret{}, fmt.Errorf("%w: another epoch's secret inside", ErrLockbox)
	}
	return s, nil
}

func (lb Lockbox) check() error {
	if len(lb.Enc) != EncSize || len(lb.CT) != BoxTextSize {
		return fmt.Errorf("%w: parts of %d and %d bytes, want %d and %d", ErrLockbox, len(lb.Enc), len(lb.CT), EncSize, BoxTextSize)
	}
	return nil
}

// BoxKey is the private half of a device's prekey. The zero BoxKey opens nothing
// and must not be used.
type BoxKey struct {
	key  hpke.PrivateKey
	seed [BoxPrivateSize]byte
}

// NewBoxKey makes a prekey from [BoxPrivateSize] bytes of rand.
func NewBoxKey(rand io.Reader) (BoxKey, error) {
	seed := make([]byte, BoxPrivateSize)
	if _, err := io.ReadFull(rand, seed); err != nil {
		return BoxKey{}, fmt.Errorf("take a box key: %w", err)
	}
	return ParseBoxKey(seed)
}

// ParseBoxKey reads what [BoxKey.Bytes] wrote. The error wraps [ErrBoxKey].
func ParseBoxKey(b []byte) (BoxKey, error) {
	key, err := hpke.MLKEM768X25519().NewPrivateKey(b)
	if err != nil {
		return BoxKey{}, fmt.Errorf("%w: %w", ErrBoxKey, err)
	}
	return BoxKey{key: key, seed: [BoxPrivateSize]byte(b)}, nil
}

// Public returns the half that goes into the device certificate: [BoxPublicSize] bytes.
func (k BoxKey) Public() []byte { return k.key.PublicKey().Bytes() }

// Bytes returns the key for keeping: [BoxPrivateSize] bytes, secret.
func (k BoxKey) Bytes() []byte { return slices.Clone(k.seed[:]) }

// IsZero reports whether k is no key.
func (k BoxKey) IsZero() bool { return k.key == nil }

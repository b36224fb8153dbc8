package protocol

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"tend/crdt/membership"
)

// Secret is the secret of an epoch, of a nook, or the log key of a circle: 32
// random bytes that walk from hand to hand in lockboxes (SPEC.md §4.2). All that
// anybody else may see of it is derived here.
type Secret [32]byte

// The labels under which keys are derived. Every one is used for one thing.
const (
	labelEpochID     = "tend/epoch-id/1"
	labelEpochCommit = "tend/epoch-commit/1"
	labelTopic       = "tend/topic/1"
	labelBody        = "tend/body/1"
	labelLockbox     = "tend/lockbox/1"
	labelNook        = "tend/nook/1"
	labelNookSecret  = "tend/nook-secret/1"
	labelNookID      = "tend/nook-id/1"
	labelNookCommit  = "tend/nook-commit/1"
	labelNookBody    = "tend/nook-body/1"
	labelInviteID    = "tend/invite-id/1"
	labelInviteKey   = "tend/invite-key/1"
	labelFace        = "tend/join/2"
)

// NewSecret takes a new secret from rand.
func NewSecret(rand io.Reader) (Secret, error) {
	var s Secret
	if _, err := io.ReadFull(rand, s[:]); err != nil {
		return Secret{}, fmt.Errorf("take an epoch secret: %w", err)
	}
	return s, nil
}

// EpochID returns the id by which bodies and lockboxes name the secret of a circle
// epoch, or a log key.
func (s Secret) EpochID() membership.EpochID {
	return membership.EpochID(derive(s[:], nil, labelEpochID, 16))
}

// Commit returns the commitment that the op of a circle epoch carries: whoever is
// handed a secret checks it against this.
func (s Secret) Commit() [32]byte { return [32]byte(derive(s[:], nil, labelEpochCommit, 32)) }

// NookID returns the id by which bodies and lockboxes name the secret of a nook. It
// is another than [Secret.EpochID]: who holds a nook's secret cannot make the circle
// of its few, nor the few of a circle.
func (s Secret) NookID() membership.EpochID {
	return membership.EpochID(derive(s[:], nil, labelNookID, 16))
}

// NookCommit returns the commitment that the op of a nook carries.
func (s Secret) NookCommit() [32]byte { return [32]byte(derive(s[:], nil, labelNookCommit, 32)) }

// Named reports whether id names the secret, as a circle epoch's or as a nook's.
func (s Secret) Named(id membership.EpochID) bool { return id == s.EpochID() || id == s.NookID() }

// Key is a secret in one of its two uses, as that of a circle's epoch (or its log key)
// or of a nook, with what is derived of it once: deriving costs more than opening a
// short body does.
type Key struct {
	secret Secret
	label  string
	id     membership.EpochID
	commit [32]byte
}

// CircleKey is the secret as that of a circle's epoch, or as a log key.
func (s Secret) CircleKey() *Key { return &Key{s, labelBody, s.EpochID(), s.Commit()} }

// NookKey is the secret as that of a nook.
func (s Secret) NookKey() *Key { return &Key{s, labelNookBody, s.NookID(), s.NookCommit()} }

// KeyOf is the secret in the use in which id names it; false if it does in none.
func (s Secret) KeyOf(id membership.EpochID) (*Key, bool) {
	if k := s.CircleKey(); k.id == id {
		return k, true
	}
	k := s.NookKey()
	return k, k.id == id
}

// ID is the id by which bodies and lockboxes name the secret in this use.
func (k *Key) ID() membership.EpochID { return k.id }

// Commit is the commitment that the op carries which made it.
func (k *Key) Commit() [32]byte { return k.commit }

// Secret is the secret itself, in whichever use.
func (k *Key) Secret() Secret { return k.secret }

// OfCircle reports whether this is the key of a circle's epoch, or a log key.
func (k *Key) OfCircle() bool { return k.label == labelBody }

// Topic returns the gossip topic of a circle epoch: 32 lower-case hex digits.
func (s Secret) Topic() string { return hex.EncodeToString(derive(s[:], nil, labelTopic, 16)) }

// derive is HKDF-SHA256 (RFC 5869) with the label as info.
func derive(key, salt []byte, label string, n int) []byte {
	out, err := hkdf.Key(sha256.New, key, salt, label, n)
	if err != nil {
		panic(err) // only for lengths beyond 8,160 bytes
	}
	return out
}

package crdt

import (
	"bytes"
	"encoding/hex"
	"fmt"
)

// ID names an op, and what an op made: a record, a member, a circle. It is a
// SHA-256. The zero ID names nothing.
type ID [32]byte

// Device is a device's Ed25519 public key, the author of its ops.
type Device [32]byte

// String returns the whole id as 64 lower-case hex digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Short returns the first 8 hex digits, for people.
func (id ID) Short() string { return hex.EncodeToString(id[:4]) }

// IsZero reports whether id names nothing.
func (id ID) IsZero() bool { return id == ID{} }

// Compare orders ids by their bytes.
func (id ID) Compare(other ID) int { return bytes.Compare(id[:], other[:]) }

// ParseID reads 64 hex digits.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 64 {
		return ID{}, fmt.Errorf("parse id %q: want 64 hex digits, have %d characters", s, len(s))
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return ID{}, fmt.Errorf("parse id %q: %w", s, err)
	}
	return id, nil
}

// String returns the whole key as 64 lower-case hex digits.
func (d Device) String() string { return hex.EncodeToString(d[:]) }

// Short returns the first 8 hex digits, for people.
func (d Device) Short() string { return hex.EncodeToString(d[:4]) }

// IsZero reports whether d is no device.
func (d Device) IsZero() bool { return d == Device{} }

// Compare orders devices by their key bytes.
func (d Device) Compare(other Device) int { return bytes.Compare(d[:], other[:]) }

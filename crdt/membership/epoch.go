package membership

import (
	"errors"
	"fmt"

	"tend/crdt/canon"
)

// EpochID names an epoch's secret: HKDF of it, so that whoever opens a lockbox
// can tell what is in it.
type EpochID [16]byte

// Scopes of an [Epoch].
const (
	ScopeCircle uint64 = 0
	ScopeNook   uint64 = 1
)

// Box is a lockbox for somebody who has to try it: it does not say for whom.
type Box struct {
	_   struct{} `cbor:",toarray"`
	Enc []byte   // [EncSize] bytes
	CT  []byte   // [LockboxSize] bytes
}

// Epoch commits to a secret that bodies are sealed with. For the circle it has a
// generation and no list: everybody computes the roster. For a nook it carries
// the list of members, sealed, and lockboxes padded in number.
type Epoch struct {
	Scope        uint64 // [ScopeCircle] or [ScopeNook]
	Gen          uint64 // of the circle: 1 + the greatest its author knew
	ID           EpochID
	Commit       [32]byte
	SealedRoster []byte // of a nook: at most [MaxRoster] bytes
	Boxes        []Box  // of a nook: 0, 4, 8, 16 or 32
}

type circleEpochWire struct {
	_      struct{} `cbor:",toarray"`
	Scope  uint64
	Gen    uint64
	ID     EpochID
	Commit [32]byte
}

type nookEpochWire struct {
	_            struct{} `cbor:",toarray"`
	Scope        uint64
	ID           EpochID
	Commit       [32]byte
	SealedRoster []byte
	Boxes        []Box
}

// MarshalCBOR returns the body's one encoding.
func (b Epoch) MarshalCBOR() ([]byte, error) {
	if b.Scope == ScopeCircle {
		return canon.Marshal(circleEpochWire{Scope: b.Scope, Gen: b.Gen, ID: b.ID, Commit: b.Commit})
	}
	return canon.Marshal(nookEpochWire{Scope: b.Scope, ID: b.ID, Commit: b.Commit, SealedRoster: b.SealedRoster, Boxes: b.Boxes})
}

// UnmarshalCBOR reads the body's one encoding. The two scopes are arrays of
// different lengths.
func (b *Epoch) UnmarshalCBOR(data []byte) error {
	var c circleEpochWire
	if len(data) > 0 && data[0] == 0x84 {
		err := canon.Unmarshal(data, &c)
		*b = Epoch{Scope: c.Scope, Gen: c.Gen, ID: c.ID, Commit: c.Commit}
		if err == nil && c.Scope != ScopeCircle {
			err = fmt.Errorf("epoch of the circle with scope %d", c.Scope)
		}
		return err
	}
	var n nookEpochWire
	err := canon.Unmarshal(data, &n)
	*b = Epoch{Scope: n.Scope, ID: n.ID, Commit: n.Commit, SealedRoster: n.SealedRoster, Boxes: n.Boxes}
	if err == nil && n.Scope != ScopeNook {
		err = fmt.Errorf("epoch of a nook with scope %d", n.Scope)
	}
	return err
}

// Kind is [KindEpoch].
func (*Epoch) Kind() uint64 { return KindEpoch }

func (b *Epoch) check() error {
	if b.ID == (EpochID{}) {
		return errors.New("epoch without an id")
	}
	if b.Scope == ScopeCircle {
		if b.Gen == 0 || b.Gen >= maxGen {
			return fmt.Errorf("epoch's generation %d out of range", b.Gen)
		}
		return nil
	}
	if len(b.SealedRoster) == 0 || len(b.SealedRoster) > MaxRoster {
		return fmt.Errorf("sealed roster of %d bytes, limit %d", len(b.SealedRoster), MaxRoster)
	}
	switch len(b.Boxes) {
	case 0, 4, 8, 16, MaxNookBoxes:
	default:
		return fmt.Errorf("nook with %d lockboxes", len(b.Boxes))
	}
	for _, box := range b.Boxes {
		if len(box.Enc) != EncSize || len(box.CT) != LockboxSize {
			return errors.New("lockbox of the wrong size")
		}
	}
	return nil
}

// maxGen is the first generation out of range.
const maxGen = 1 << 40

package protocol

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/membership"
)

// ErrNook is wrapped when a nook's sealed roster does not open or is malformed,
// or when a nook cannot be made of what was given.
var ErrNook = errors.New("malformed nook")

// nookContext is the associated data of a sealed roster.
type nookContext struct {
	_      struct{} `cbor:",toarray"`
	Label  string
	Circle crdt.ID
	Epoch  membership.EpochID
}

// idSize is an id in CBOR: a head of two bytes and the id.
const idSize = 2 + 32

// SealNook makes the epoch of a nook of members (unique, in any order) with the
// secret s: the roster sealed under s, and lockboxes for their devices. The boxes
// are anonymous, stand in no order and are filled up with dummies to 4, 8, 16 or
// 32, so they tell no more than a class of size; for more than [MaxNookBoxes]
// devices there are none, and boxes are asked for (SPEC.md §4.5). The dummies'
// keys come from rand. The error wraps [ErrNook] or [ErrBoxKey].
func SealNook(rand io.Reader, s Secret, circle crdt.ID, members []crdt.ID, devices []membership.Device) (membership.Epoch, error) {
	members = slices.Clone(members)
	slices.SortFunc(members, crdt.ID.Compare)
	if n := len(members); n == 0 || n > MaxNookMembers || len(slices.Compact(slices.Clone(members))) != n {
		return membership.Epoch{}, fmt.Errorf("%w: %d members, or one of them twice", ErrNook, n)
	}
	size := nookSize(max(len(members), len(devices)))
	e := membership.Epoch{Scope: membership.ScopeNook, ID: s.EpochID(), Commit: s.Commit(), SealedRoster: sealRoster(s, circle, members, size)}
	if len(devices) > MaxNookBoxes {
		return e, nil
	}
	for _, d := range devices {
		lb, err := SealLockbox(d.Box, circle, s, d.Dev)
		if err != nil {
			return membership.Epoch{}, err
		}
		e.Boxes = append(e.Boxes, membership.Box{Enc: lb.Enc, CT: lb.CT})
	}
	for len(e.Boxes) < nookSize(len(devices)) {
		box, err := dummyBox(rand, circle)
		if err != nil {
			return membership.Epoch{}, err
		}
		e.Boxes = append(e.Boxes, box)
	}
	slices.SortFunc(e.Boxes, func(a, b membership.Box) int { return bytes.Compare(a.Enc, b.Enc) })
	return e, nil
}

// dummyBox is a real lockbox with a random secret for a device that nobody has:
// random bytes would not do, since they are not points of the curve.
func dummyBox(rand io.Reader, circle crdt.ID) (membership.Box, error) {
	key, err := NewBoxKey(rand)
	if err != nil {
		return membership.Box{}, err
	}
	s, err := NewSecret(rand)
	if err != nil {
		return membership.Box{}, err
	}
	lb, err := SealLockbox(key.Public(), circle, s, crdt.Device{})
	return membership.Box{Enc: lb.Enc, CT: lb.CT}, err
}

// nookSize is the class of size that n members or devices show: 4, 8, 16, 32,
// and then the next power of two.
func nookSize(n int) int { return max(4, 1<<bits.Len(uint(n-1))) }

// TryNook tries the boxes of a nook with the prekey of dev: false if none is
// ours, which only says that dev was not given one.
func TryNook(box BoxKey, circle crdt.ID, dev crdt.Device, e membership.Epoch) (Secret, bool) {
	for _, b := range e.Boxes {
		s, err := OpenLockbox(box, circle, dev, Lockbox{Epoch: e.ID, Enc: b.Enc, CT: b.CT})
		if err == nil && s.Commit() == e.Commit {
			return s, true
		}
	}
	return Secret{}, false
}

// OpenNookRoster returns the members of a nook, ascending. The error wraps
// [ErrNook]; such a nook has no readers.
func OpenNookRoster(s Secret, circle crdt.ID, e membership.Epoch) ([]crdt.ID, error) {
	if s.EpochID() != e.ID || s.Commit() != e.Commit {
		return nil, fmt.Errorf("%w: another secret", ErrNook)
	}
	text, err := unseal(rosterKey(s), rosterAAD(circle, e.ID), e.SealedRoster)
	if err != nil {
		return nil, fmt.Errorf("%w: roster: %w", ErrNook, err)
	}
	as, ok := unpad(text)
	if !ok {
		return nil, fmt.Errorf("%w: roster without its mark", ErrNook)
	}
	var members []crdt.ID
	if err := canon.Unmarshal(as, &members); err != nil {
		return nil, fmt.Errorf("%w: roster: %w", ErrNook, err)
	}
	if len(members) == 0 || len(members) > MaxNookMembers {
		return nil, fmt.Errorf("%w: %d members", ErrNook, len(members))
	}
	for i := range members[1:] {
		if members[i].Compare(members[i+1]) >= 0 {
			return nil, fmt.Errorf("%w: members not strictly ascending", ErrNook)
		}
	}
	return members, nil
}

func sealRoster(s Secret, circle crdt.ID, members []crdt.ID, size int) []byte {
	text := pad(canon.MustMarshal(members), rosterSize(size))
	return seal(rosterKey(s), rosterAAD(circle, s.EpochID()), text)
}

// rosterSize is the padded length of a roster that may hold size members: the
// longest array head, the ids, and the mark.
func rosterSize(size int) int { return 3 + min(size, MaxNookMembers)*idSize + 1 }

// rosterKey is used once: a secret has one roster.
func rosterKey(s Secret) [32]byte { return [32]byte(derive(s[:], nil, labelNook, 32)) }

func rosterAAD(circle crdt.ID, epoch membership.EpochID) []byte {
	return canon.MustMarshal(nookContext{Label: labelNook, Circle: circle, Epoch: epoch})
}

package protocol

import (
	"bytes"
	"crypto/sha256"
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

// nookRoster is what is sealed as a nook's roster. The nook's secret is derived from
// all of it, so that who holds the secret cannot announce it for others.
type nookRoster struct {
	_       struct{} `cbor:",toarray"`
	Seed    [32]byte
	Members []crdt.ID // ascending
}

// secret is the nook's.
func (n nookRoster) secret(circle crdt.ID) Secret {
	sum := sha256.Sum256(canon.MustMarshal(nookSecretContext{Label: labelNookSecret, Circle: circle, Members: n.Members}))
	return Secret(derive(n.Seed[:], sum[:], labelNookSecret, 32))
}

// nookSecretContext is what a nook's secret is for.
type nookSecretContext struct {
	_       struct{} `cbor:",toarray"`
	Label   string
	Circle  crdt.ID
	Members []crdt.ID
}

// SealNook makes a nook of members (unique, in any order): its secret, which nobody
// can use for others, and its epoch with the roster sealed under that, and
// lockboxes for devices, which are theirs. The boxes are anonymous, stand in no order and are filled up with dummies to 4, 8, 16 or
// 32, so they tell no more than a class of size; for more than [MaxNookBoxes]
// devices there are none, and boxes are asked for (SPEC.md §4.5). The secret and
// the dummies' keys come from rand. The error wraps [ErrNook] or [ErrBoxKey].
func SealNook(rand io.Reader, circle crdt.ID, members []crdt.ID, devices []membership.Device) (Secret, membership.Epoch, error) {
	members = slices.Clone(members)
	slices.SortFunc(members, crdt.ID.Compare)
	if n := len(members); n == 0 || n > MaxNookMembers || len(slices.Compact(slices.Clone(members))) != n {
		return Secret{}, membership.Epoch{}, fmt.Errorf("%w: %d members, or one of them twice", ErrNook, n)
	}
	roster := nookRoster{Members: members}
	if _, err := io.ReadFull(rand, roster.Seed[:]); err != nil {
		return Secret{}, membership.Epoch{}, fmt.Errorf("take a nook's seed: %w", err)
	}
	s := roster.secret(circle)
	size := nookSize(max(len(members), len(devices)))
	e := membership.Epoch{Scope: membership.ScopeNook, ID: s.NookID(), Commit: s.NookCommit(), SealedRoster: sealRoster(s, circle, roster, size)}
	if len(devices) > MaxNookBoxes {
		return s, e, nil
	}
	for _, d := range devices {
		lb, err := SealNookLockbox(d.Box, circle, s, d.Dev)
		if err != nil {
			return Secret{}, membership.Epoch{}, err
		}
		e.Boxes = append(e.Boxes, membership.Box{Enc: lb.Enc, CT: lb.CT})
	}
	for len(e.Boxes) < nookSize(len(devices)) {
		box, err := dummyBox(rand, circle)
		if err != nil {
			return Secret{}, membership.Epoch{}, err
		}
		e.Boxes = append(e.Boxes, box)
	}
	slices.SortFunc(e.Boxes, func(a, b membership.Box) int { return bytes.Compare(a.Enc, b.Enc) })
	return s, e, nil
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
		if err == nil && s.NookID() == e.ID && s.NookCommit() == e.Commit {
			return s, true
		}
	}
	return Secret{}, false
}

// OpenNookRoster returns the members of a nook, ascending. Of one secret there is one
// roster, whoever announces it. The error wraps [ErrNook]; such a nook has no readers.
func OpenNookRoster(s Secret, circle crdt.ID, e membership.Epoch) ([]crdt.ID, error) {
	if s.NookID() != e.ID || s.NookCommit() != e.Commit {
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
	var roster nookRoster
	if err := canon.Unmarshal(as, &roster); err != nil {
		return nil, fmt.Errorf("%w: roster: %w", ErrNook, err)
	}
	members := roster.Members
	if len(members) == 0 || len(members) > MaxNookMembers {
		return nil, fmt.Errorf("%w: %d members", ErrNook, len(members))
	}
	for i := range members[1:] {
		if members[i].Compare(members[i+1]) >= 0 {
			return nil, fmt.Errorf("%w: members not strictly ascending", ErrNook)
		}
	}
	if roster.secret(circle) != s {
		return nil, fmt.Errorf("%w: the roster of another secret", ErrNook)
	}
	return members, nil
}

func sealRoster(s Secret, circle crdt.ID, roster nookRoster, size int) []byte {
	text := pad(canon.MustMarshal(roster), rosterSize(size))
	return seal(rosterKey(s), rosterAAD(circle, s.NookID()), text)
}

// rosterSize is the padded length of a roster that may hold size members: a head,
// the seed, the longest array head, the ids, and the mark.
func rosterSize(size int) int { return 1 + idSize + 3 + min(size, MaxNookMembers)*idSize + 1 }

// rosterKey is used once: a secret has one roster.
func rosterKey(s Secret) [32]byte { return [32]byte(derive(s[:], nil, labelNook, 32)) }

func rosterAAD(circle crdt.ID, epoch membership.EpochID) []byte {
	return canon.MustMarshal(nookContext{Label: labelNook, Circle: circle, Epoch: epoch})
}

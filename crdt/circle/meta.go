package circle

import (
	"fmt"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/membership"
)

// Audience is whom a change was sealed to: the circle, or a nook of named members.
type Audience struct {
	// Nook is the nook's epoch; zero is the circle.
	Nook membership.EpochID
	// Members of a nook, ascending, no one twice; nil for the circle.
	Members []crdt.ID
}

// Whole reports whether the audience is the whole circle.
func (a Audience) Whole() bool { return a.Nook == membership.EpochID{} }

// Meta is what the op that carried a body says about it.
type Meta struct {
	// ID of the op, and of the record that it made.
	ID crdt.ID
	// Author is the member whose device wrote it.
	Author   crdt.ID
	HLC      crdt.HLC
	Audience Audience
}

// Body is what one content op says. The types of this package are the only ones.
type Body interface {
	kind() uint64
	// check returns an error if a field is out of its bounds; wrapped in ErrForm.
	check() error
	// record returns the record the body names; zero if it makes one.
	record() crdt.ID
}

// Change is a body with the op that carried it. It is a value; the slices in it
// are shared and must not be changed.
type Change struct {
	Meta
	Body Body

	hash crdt.ID // of the change as it was written; zero until it is known, see sum
}

// Record returns the record that c belongs to: the one it names, or its own id if
// it makes one. Of a [Retracted] it is the op taken back.
func (c *Change) Record() crdt.ID {
	if id := c.Body.record(); !id.IsZero() {
		return id
	}
	return c.ID
}

// makes reports whether c makes the record it belongs to.
func (c *Change) makes() bool { return c.Body.record().IsZero() }

// Decode reads the payload of a content op. An error wraps [ErrForm]: the op stays
// in the log and has no effect. The Change keeps nothing of payload.
func Decode(m Meta, kind uint64, payload []byte) (Change, error) {
	k, ok := kindOf(kind)
	if !ok {
		return Change{}, fmt.Errorf("%w: kind %d is not known here", ErrForm, kind)
	}
	if len(payload) > MaxPayload {
		return Change{}, fmt.Errorf("%w: %s of %d bytes", ErrForm, k.Name, len(payload))
	}
	b, err := k.decode(canon.Unmarshal, payload)
	if err != nil {
		return Change{}, fmt.Errorf("%w: %s: %w", ErrForm, k.Name, err)
	}
	if err := b.check(); err != nil {
		return Change{}, fmt.Errorf("%w: %s: %w", ErrForm, k.Name, err)
	}
	return Change{Meta: m, Body: b, hash: hashOf(&m, b.kind(), payload)}, nil
}

// decodeOwn is [Decode] of what this program decoded before and kept.
func decodeOwn(m Meta, kind uint64, payload []byte) (Change, error) {
	k, ok := kindOf(kind)
	if !ok {
		return Change{}, fmt.Errorf("%w: kind %d is not known here", ErrForm, kind)
	}
	b, err := k.decode(canon.UnmarshalOwn, payload)
	if err == nil {
		err = b.check()
	}
	if err != nil {
		return Change{}, fmt.Errorf("%w: %s: %w", ErrForm, k.Name, err)
	}
	return Change{Meta: m, Body: b}, nil
}

// Encode returns the kind number and the canonical payload of b.
func Encode(b Body) (kind uint64, payload []byte) {
	return b.kind(), canon.MustMarshal(b)
}

// Check returns an error wrapping [ErrForm] if b would be refused by [Decode].
func Check(b Body) error {
	if err := b.check(); err != nil {
		return fmt.Errorf("%w: %w", ErrForm, err)
	}
	return nil
}

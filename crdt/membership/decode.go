package membership

import (
	"errors"
	"fmt"

	"tend/crdt"
	"tend/crdt/canon"
	"tend/crdt/sig"
)

// ErrRefused is wrapped by every error of level 2, and of a control op's body
// that is malformed: every replica refuses that op, for ever.
var ErrRefused = errors.New("control op refused")

// Decode reads the body of op: its form, and the certificates and signatures
// inside that need nothing but the body. What needs the op's past is
// [Set.Judge]'s. A beat is Decode(circle, op, KindBeat, nil). circle is not used
// for a genesis. The error wraps [ErrRefused].
func Decode(circle crdt.ID, op *crdt.Op, kind uint64, payload []byte) (Body, error) {
	return decode(circle, op, kind, payload, true)
}

// DecodeTrusted is [Decode] without checking signatures, for replaying what this
// node accepted before.
func DecodeTrusted(circle crdt.ID, op *crdt.Op, kind uint64, payload []byte) (Body, error) {
	return decode(circle, op, kind, payload, false)
}

func decode(circle crdt.ID, op *crdt.Op, kind uint64, payload []byte, verify bool) (Body, error) {
	b, err := decodeForm(op, kind, payload)
	if err == nil {
		err = b.check()
	}
	if err == nil {
		err = inner(op.Context(circle), op, b, verify)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s %s: %w", ErrRefused, KindName(kind), op.ID.Short(), err)
	}
	return b, nil
}

func decodeForm(op *crdt.Op, kind uint64, payload []byte) (Body, error) {
	switch {
	case op.Class != crdt.Control:
		return nil, errors.New("not a control op")
	case op.IsBeat() != (kind == KindBeat):
		return nil, errors.New("a beat, and only a beat, has no body")
	case op.IsGenesis() != (kind == KindGenesis):
		return nil, errors.New("a genesis, and only a genesis, names no control heads")
	case kind == 0 || kind >= controlCeil:
		return nil, errors.New("not a control kind")
	case kind == KindBeat:
		return &Beat{}, nil
	}
	row, known := kinds[kind]
	if !known {
		return &Unknown{Number: kind, Payload: payload}, nil
	}
	return row.read(payload)
}

// inner holds what a body's certificates and headers say against one another.
func inner(circle crdt.ID, op *crdt.Op, b Body, verify bool) error {
	switch b := b.(type) {
	case *Genesis:
		if b.Cert.Dev != op.Dev {
			return errors.New("genesis certifies another device than its author")
		}
		if verify {
			return b.Cert.Check(b.Inception.Root, circle)
		}
	case *Admit:
		if verify {
			return b.Cert.Check(b.Inception.Root, circle)
		}
	case *DeviceAdd:
		if verify {
			return b.Cert.checkPossession(circle)
		}
	case *Rotate:
		if verify {
			return b.Cert.Check(b.NewRoot, circle)
		}
	case *ForkProof:
		return b.parse(circle, verify)
	}
	return nil
}

// Encode returns a body's number and its payload. A beat has none.
func Encode(b Body) (kind uint64, payload []byte) {
	switch b := b.(type) {
	case *Beat:
		return KindBeat, nil
	case *Unknown:
		return b.Number, b.Payload
	}
	return b.Kind(), canon.MustMarshal(b)
}

func optional(id crdt.ID) []byte {
	if id.IsZero() {
		return nil
	}
	return id[:]
}

func fromOptional(b []byte) (crdt.ID, error) {
	switch len(b) {
	case 0:
		return crdt.ID{}, nil
	case 32:
		id := crdt.ID(b)
		return id, checkNamed("optional op", id)
	}
	return crdt.ID{}, fmt.Errorf("%d bytes, want 0 or 32", len(b))
}

func checkNamed(what string, id crdt.ID) error {
	if id.IsZero() {
		return fmt.Errorf("%s is nothing", what)
	}
	return nil
}

func checkSig(whose string, s []byte) error {
	if len(s) != sig.Size {
		return fmt.Errorf("%s signature of %d bytes, want %d", whose, len(s), sig.Size)
	}
	return nil
}

func ascending[T any](list []T, compare func(a, b T) int) bool {
	for i := 1; i < len(list); i++ {
		if compare(list[i-1], list[i]) >= 0 {
			return false
		}
	}
	return true
}

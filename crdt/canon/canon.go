// Package canon gives every value that is signed, hashed or sent exactly one
// encoding, and refuses every other.
//
// Two copies of an op must be the same bytes on every machine, in every
// version, for ever: its id is a hash of them. Deterministic CBOR (RFC 8949
// §4.2.1) says how to write; it does not by itself stop a reader from accepting
// more than one spelling of a value. The decoder's strict options catch
// duplicate keys, indefinite lengths, tags, wrong arity and invalid UTF-8, but
// let through long-form integers, unsorted map keys, null in place of a byte
// string and several more. So [Unmarshal] decodes, encodes again and compares:
// what does not come back as the same bytes is not the encoding.
//
// Two rules keep that comparison honest. A type read here holds no
// [cbor.RawMessage] whose bytes nobody decodes later (raw bytes encode as
// themselves, so they would escape the comparison), and no field that drops
// information when read. Signed data has no floats and no free-form maps.
package canon

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// ErrNotCanonical is wrapped by the error of a value that decodes, but whose
// bytes are not its one encoding.
var ErrNotCanonical = errors.New("not the canonical encoding")

// Raw is one encoded item, kept as the bytes it had. Whoever takes a Raw out of
// a decoded value must decode it in turn with [Unmarshal].
type Raw = cbor.RawMessage

// Limits on what is decoded. They bound the work a hostile input can cause; the
// limits on meaning stand in protocol/limits.go.
const (
	// MaxNestedLevels is how deep arrays and maps may nest.
	MaxNestedLevels = 8
	// MaxArrayElements bounds every array of signed data.
	MaxArrayElements = 1024
	// MaxFrameElements bounds every array of a sync frame.
	MaxFrameElements = 8192
	// MaxMapPairs bounds every map.
	MaxMapPairs = 64
)

var (
	encMode   = mustEnc()
	signedDec = mustDec(MaxArrayElements)
	frameDec  = mustDec(MaxFrameElements)
)

// Marshal returns the canonical encoding of v. It fails only for a type that
// has none (a channel, a float in a value that forbids it), which is a mistake
// of ours and never of a peer. A nil slice is written as an empty one.
func Marshal(v any) ([]byte, error) {
	b, err := encMode.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	return b, nil
}

// MustMarshal is [Marshal] for values built by this program alone. It panics if
// v has no encoding.
func MustMarshal(v any) []byte {
	b, err := Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// Unmarshal reads data into v, which must be a pointer. The error wraps
// [ErrNotCanonical] when data decodes but is not the one encoding of what it
// says. v is unspecified after an error.
func Unmarshal(data []byte, v any) error { return unmarshal(signedDec, data, v) }

// UnmarshalOwn is [Unmarshal] for what this program wrote and kept for itself, whose
// encoding nobody else relies on: it is not encoded again to compare.
func UnmarshalOwn(data []byte, v any) error {
	if err := signedDec.Unmarshal(data, v); err != nil {
		return fmt.Errorf("decode %T: %w", v, err)
	}
	return nil
}

// UnmarshalFrame is [Unmarshal] for sync frames, whose arrays may be longer
// ([MaxFrameElements]): a HELLO of more than 1,024 lanes must pass.
func UnmarshalFrame(data []byte, v any) error { return unmarshal(frameDec, data, v) }

func unmarshal(dec cbor.DecMode, data []byte, v any) error {
	if err := dec.Unmarshal(data, v); err != nil {
		return fmt.Errorf("decode %T: %w", v, err)
	}
	var again *bytes.Buffer
	select {
	case again = <-spare:
		again.Reset()
	default: // somebody else has it
		again = &bytes.Buffer{}
	}
	err := encMode.MarshalToBuffer(v, again)
	same := bytes.Equal(again.Bytes(), data)
	if again.Cap() <= maxSpare {
		select {
		case spare <- again:
		default:
		}
	}
	switch {
	case err != nil:
		return fmt.Errorf("encode %T again: %w", v, err)
	case !same:
		return fmt.Errorf("decode %T: %w", v, ErrNotCanonical)
	}
	return nil
}

// spare holds one buffer for encoding again, which is done for each value that is read;
// not one beyond maxSpare.
var spare = make(chan *bytes.Buffer, 1)

const maxSpare = 64 << 10

func mustEnc() cbor.UserBufferEncMode {
	o := cbor.CoreDetEncOptions()
	o.IndefLength = cbor.IndefLengthForbidden
	o.TagsMd = cbor.TagsForbidden
	o.NilContainers = cbor.NilContainerAsEmpty
	o.TextMarshaler = cbor.TextMarshalerNone
	o.BinaryMarshaler = cbor.BinaryMarshalerNone
	m, err := o.UserBufferEncMode()
	if err != nil {
		panic(err)
	}
	return m
}

func mustDec(maxElements int) cbor.DecMode {
	m, err := cbor.DecOptions{
		DupMapKey:           cbor.DupMapKeyEnforcedAPF,
		IndefLength:         cbor.IndefLengthForbidden,
		TagsMd:              cbor.TagsForbidden,
		UTF8:                cbor.UTF8RejectInvalid,
		ExtraReturnErrors:   cbor.ExtraDecErrorUnknownField,
		FieldNameMatching:   cbor.FieldNameMatchingCaseSensitive,
		FieldNameByteString: cbor.FieldNameByteStringForbidden,
		ByteStringToString:  cbor.ByteStringToStringForbidden,
		ByteStringToTime:    cbor.ByteStringToTimeForbidden,
		NaN:                 cbor.NaNDecodeForbidden,
		Inf:                 cbor.InfDecodeForbidden,
		BignumTag:           cbor.BignumTagForbidden,
		BinaryUnmarshaler:   cbor.BinaryUnmarshalerNone,
		TextUnmarshaler:     cbor.TextUnmarshalerNone,
		MaxNestedLevels:     MaxNestedLevels,
		MaxArrayElements:    maxElements,
		MaxMapPairs:         MaxMapPairs,
	}.DecMode()
	if err != nil {
		panic(err)
	}
	return m
}

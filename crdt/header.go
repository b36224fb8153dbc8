package crdt

import (
	"errors"
	"fmt"
	"slices"

	"tend/crdt/canon"
)

// Class tells the two kinds of ops apart: who belongs and decides, and the care itself.
type Class uint8

// The two classes.
const (
	Control Class = 0 // who belongs, who decides, which keys
	Content Class = 1 // needs, offers, agreements and the rest
)

// Limits of a header. protocol/limits.go and SPEC.md §2.2 repeat them.
const (
	Version     = 1       // the only header version
	MaxDeps     = 8       // other heads an op names
	MaxCtl      = 16      // control heads an op names
	MaxBeatCtl  = 64      // control heads a beat names
	MaxBodySize = 65_536  // bytes of a stored body
	MaxSeq      = 1 << 40 // first seq that is out of range
	// MaxHeaderSize is the longest encoding of a valid header: 64 ctl, 8 deps.
	MaxHeaderSize = 2_648
)

// ErrForm is wrapped by every error about bytes that are no valid op (level 0,
// signatures apart): drop it, and think less of whoever sent it.
var ErrForm = errors.New("malformed op")

// Header is what an op's author signs. It is encoded as a 10-element array in
// this order (SPEC.md §2.1).
type Header struct {
	Dev Device // author
	Seq uint64 // 1, 2, 3… per device
	// Prev is this device's op Seq-1; zero iff Seq is 1.
	Prev ID
	// Deps are other heads the author had seen: ≤ [MaxDeps], ascending, unique.
	Deps []ID
	// Ctl are the control heads the author names: ≤ [MaxCtl] ([MaxBeatCtl] for a
	// beat), ascending, unique; empty only in genesis.
	Ctl   []ID
	HLC   HLC // < MaxHLC, later than every parent's
	Class Class
	// BodyHash is the SHA-256 of the stored body bytes; zero iff BodyLen is 0.
	BodyHash ID
	BodyLen  uint32 // ≤ MaxBodySize
}

// wireHeader is Header as CBOR.
type wireHeader struct {
	_     struct{} `cbor:",toarray"`
	V     uint64
	Dev   Device
	Seq   uint64
	Prev  []byte
	Deps  []ID
	Ctl   []ID
	HLC   HLC
	Class uint64
	BHash []byte
	BLen  uint64
}

// IsGenesis reports whether h can only be a genesis: nothing came before it.
func (h *Header) IsGenesis() bool { return len(h.Ctl) == 0 }

// IsBeat reports whether h is a beat: a control op without a body.
func (h *Header) IsBeat() bool { return h.Class == Control && h.BodyLen == 0 }

// Parents calls yield with each parent once: prev, deps, ctl, in that order. An
// id that is both a dep and a control head is yielded twice.
func (h *Header) Parents(yield func(ID) bool) {
	if !h.Prev.IsZero() && !yield(h.Prev) {
		return
	}
	for _, id := range h.Deps {
		if !yield(id) {
			return
		}
	}
	for _, id := range h.Ctl {
		if !yield(id) {
			return
		}
	}
}

// Encode returns the header's one encoding. It does not check the rules; [Parse]
// and [Sign] do.
func (h *Header) Encode() []byte {
	return canon.MustMarshal(wireHeader{
		V: Version, Dev: h.Dev, Seq: h.Seq, Prev: optional(h.Prev), Deps: h.Deps, Ctl: h.Ctl,
		HLC: h.HLC, Class: uint64(h.Class), BHash: optional(h.BodyHash), BLen: uint64(h.BodyLen),
	})
}

func decodeHeader(payload []byte) (Header, error) {
	if len(payload) > MaxHeaderSize {
		return Header{}, fmt.Errorf("%w: header of %d bytes, limit %d", ErrForm, len(payload), MaxHeaderSize)
	}
	var w wireHeader
	if err := canon.Unmarshal(payload, &w); err != nil {
		return Header{}, fmt.Errorf("%w: header: %w", ErrForm, err)
	}
	if w.V != Version {
		return Header{}, fmt.Errorf("%w: header version %d, know only %d", ErrForm, w.V, Version)
	}
	if w.Class > uint64(Content) {
		return Header{}, fmt.Errorf("%w: class %d", ErrForm, w.Class)
	}
	if w.BLen > MaxBodySize {
		return Header{}, fmt.Errorf("%w: body of %d bytes, limit %d", ErrForm, w.BLen, MaxBodySize)
	}
	prev, err := fromOptional(w.Prev)
	if err != nil {
		return Header{}, fmt.Errorf("%w: prev: %w", ErrForm, err)
	}
	bhash, err := fromOptional(w.BHash)
	if err != nil {
		return Header{}, fmt.Errorf("%w: body hash: %w", ErrForm, err)
	}
	h := Header{Dev: w.Dev, Seq: w.Seq, Prev: prev, Deps: w.Deps, Ctl: w.Ctl, HLC: w.HLC,
		Class: Class(w.Class), BodyHash: bhash, BodyLen: uint32(w.BLen)}
	return h, h.check()
}

// check holds the fixed field rules of level 0 (SPEC.md §2.2).
func (h *Header) check() error {
	maxCtl := MaxCtl
	if h.IsBeat() {
		maxCtl = MaxBeatCtl
	}
	switch {
	case h.Seq == 0 || h.Seq >= MaxSeq:
		return fmt.Errorf("%w: seq %d out of range", ErrForm, h.Seq)
	case (h.Seq == 1) != h.Prev.IsZero():
		return fmt.Errorf("%w: seq %d with prev %s", ErrForm, h.Seq, h.Prev.Short())
	case len(h.Deps) > MaxDeps:
		return fmt.Errorf("%w: %d deps, limit %d", ErrForm, len(h.Deps), MaxDeps)
	case len(h.Ctl) > maxCtl:
		return fmt.Errorf("%w: %d control heads, limit %d", ErrForm, len(h.Ctl), maxCtl)
	case !ascending(h.Deps):
		return fmt.Errorf("%w: deps not strictly ascending", ErrForm)
	case !ascending(h.Ctl):
		return fmt.Errorf("%w: control heads not strictly ascending", ErrForm)
	case !h.Prev.IsZero() && slices.Contains(h.Deps, h.Prev):
		return fmt.Errorf("%w: prev among the deps", ErrForm)
	case h.HLC >= MaxHLC:
		return fmt.Errorf("%w: clock out of range", ErrForm)
	case h.Class > Content:
		return fmt.Errorf("%w: class %d", ErrForm, h.Class)
	case h.BodyLen > MaxBodySize:
		return fmt.Errorf("%w: body of %d bytes, limit %d", ErrForm, h.BodyLen, MaxBodySize)
	case h.BodyHash.IsZero() != (h.BodyLen == 0):
		return fmt.Errorf("%w: body hash and length disagree", ErrForm)
	case h.IsGenesis() && (h.Class != Control || h.Seq != 1 || len(h.Deps) > 0 || h.BodyLen == 0):
		return fmt.Errorf("%w: no control heads, and not a genesis", ErrForm)
	}
	return nil
}

// ascending reports whether ids are strictly ascending; the zero id never fits.
func ascending(ids []ID) bool {
	last := ID{}
	for _, id := range ids {
		if id.Compare(last) <= 0 {
			return false
		}
		last = id
	}
	return true
}

func optional(id ID) []byte {
	if id.IsZero() {
		return nil
	}
	return id[:]
}

func fromOptional(b []byte) (ID, error) {
	switch len(b) {
	case 0:
		return ID{}, nil
	case 32:
		if id := ID(b); !id.IsZero() {
			return id, nil
		}
		return ID{}, errors.New("32 zero bytes")
	}
	return ID{}, fmt.Errorf("%d bytes, want 0 or 32", len(b))
}

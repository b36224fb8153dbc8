package protocol

import (
	"errors"
	"fmt"

	"tend/crdt"
	"tend/crdt/canon"
)

// The parts of frames that have more than one shape, and how each is written.
// Whatever is taken apart here by hand is put together again by the canonical
// comparison of the frame around it.

// Majors of CBOR, in the upper three bits of an item's first byte.
const (
	majorBytes = 2
	majorArray = 4
	cborNull   = 0xf6
)

// MarshalCBOR writes the position, or the key of 32 bytes.
func (l Lane) MarshalCBOR() ([]byte, error) {
	if l.Dev.IsZero() {
		return canon.Marshal(l.Index)
	}
	return canon.Marshal(l.Dev)
}

// UnmarshalCBOR reads either.
func (l *Lane) UnmarshalCBOR(data []byte) error {
	*l = Lane{}
	if data[0]>>5 != majorBytes {
		return canon.Unmarshal(data, &l.Index)
	}
	if err := canon.Unmarshal(data, &l.Dev); err != nil {
		return err
	}
	if l.Dev.IsZero() {
		return errors.New("lane of the zero key")
	}
	return nil
}

// Ref is a parent of a row: an op of a lane of the table, by its seq, or an id.
type Ref struct {
	Lane uint64 // position in the table's lanes
	Seq  uint64
	ID   crdt.ID // not zero: by id, and the rest is 0
}

// MarshalCBOR writes [lane, seq], or the id of 32 bytes.
func (r Ref) MarshalCBOR() ([]byte, error) {
	if !r.ID.IsZero() {
		return canon.Marshal(r.ID)
	}
	return canon.Marshal([2]uint64{r.Lane, r.Seq})
}

// UnmarshalCBOR reads either.
func (r *Ref) UnmarshalCBOR(data []byte) error {
	*r = Ref{}
	if data[0]>>5 == majorBytes {
		if err := canon.Unmarshal(data, &r.ID); err != nil {
			return err
		}
		if r.ID.IsZero() {
			return errors.New("reference to the zero id")
		}
		return nil
	}
	var pair [2]uint64
	if err := canon.Unmarshal(data, &pair); err != nil {
		return err
	}
	r.Lane, r.Seq = pair[0], pair[1]
	return nil
}

// BodyPart is what a row says of its op's body. The zero BodyPart: there is none.
type BodyPart struct {
	// Bytes is the body where it is carried; then Hash and Len are zero.
	Bytes []byte
	// Hash and Len stand for a body that is not carried, and Gone says that the
	// sender has retracted, faded or pruned it.
	Hash crdt.ID
	Len  uint32
	Gone bool
}

type wireAbsent struct {
	_    struct{} `cbor:",toarray"`
	Hash crdt.ID
	Len  uint32
}

type wireGone struct {
	_    struct{} `cbor:",toarray"`
	Hash crdt.ID
	Len  uint32
	Gone uint64
}

// MarshalCBOR writes null, the bytes, [hash, len] or [hash, len, 1].
func (b BodyPart) MarshalCBOR() ([]byte, error) {
	switch {
	case len(b.Bytes) > 0:
		return canon.Marshal(b.Bytes)
	case b.Hash.IsZero():
		return []byte{cborNull}, nil
	case b.Gone:
		return canon.Marshal(wireGone{Hash: b.Hash, Len: b.Len, Gone: 1})
	}
	return canon.Marshal(wireAbsent{Hash: b.Hash, Len: b.Len})
}

// UnmarshalCBOR reads any of the four.
func (b *BodyPart) UnmarshalCBOR(data []byte) error {
	*b = BodyPart{}
	switch {
	case data[0] == cborNull:
		return nil
	case data[0]>>5 == majorBytes:
		if err := canon.Unmarshal(data, &b.Bytes); err != nil {
			return err
		}
		if len(b.Bytes) == 0 || len(b.Bytes) > MaxBody {
			return fmt.Errorf("body of %d bytes", len(b.Bytes))
		}
		return nil
	case data[0] == majorArray<<5|3:
		var w wireGone
		if err := canon.Unmarshal(data, &w); err != nil {
			return err
		}
		if w.Gone != 1 {
			return fmt.Errorf("body that is gone in way %d", w.Gone)
		}
		*b = BodyPart{Hash: w.Hash, Len: w.Len, Gone: true}
	default:
		var w wireAbsent
		if err := canon.Unmarshal(data, &w); err != nil {
			return err
		}
		*b = BodyPart{Hash: w.Hash, Len: w.Len}
	}
	if b.Hash.IsZero() || b.Len == 0 || b.Len > MaxBody {
		return fmt.Errorf("absent body of %d bytes", b.Len)
	}
	return nil
}

// wireHello is HELLO as sent: LANES in three columns.
type wireHello struct {
	_      struct{} `cbor:",toarray"`
	Roster RosterHash
	Nonce  [16]byte
	Digest crdt.ID
	Lanes  wireLanes
	Tips   []DevTip
	Flags  wireFlags
}

type wireLanes struct {
	_    struct{} `cbor:",toarray"`
	Keys []byte   // 32 bytes for each lane, or none at all
	Seqs []uint64 // for each lane
	Tags []byte   // 8 bytes for each lane whose seq is not 0
}

type wireFlags struct {
	_          struct{} `cbor:",toarray"`
	Bits       uint64
	FrameLimit uint64
	MaxVersion uint64
}

const (
	flagNoPull = 1 << 0
	flagBulk   = 1 << 1
)

// MarshalCBOR writes the fields as an array.
func (h *Hello) MarshalCBOR() ([]byte, error) {
	w := wireHello{Roster: h.Roster, Nonce: h.Nonce, Digest: h.Digest, Tips: h.Tips,
		Flags: wireFlags{FrameLimit: h.FrameLimit, MaxVersion: h.MaxVersion}}
	for _, k := range h.Keys {
		w.Lanes.Keys = append(w.Lanes.Keys, k[:]...)
	}
	for _, l := range h.Lanes {
		w.Lanes.Seqs = append(w.Lanes.Seqs, l.Seq)
		if l.Seq > 0 {
			w.Lanes.Tags = append(w.Lanes.Tags, l.Tag[:]...)
		}
	}
	if h.NoPull {
		w.Flags.Bits |= flagNoPull
	}
	if h.Bulk {
		w.Flags.Bits |= flagBulk
	}
	return canon.Marshal(w)
}

// UnmarshalCBOR reads the fields.
func (h *Hello) UnmarshalCBOR(data []byte) error {
	var w wireHello
	if err := canon.UnmarshalFrame(data, &w); err != nil {
		return err
	}
	*h = Hello{Roster: w.Roster, Nonce: w.Nonce, Digest: w.Digest, Tips: w.Tips,
		NoPull: w.Flags.Bits&flagNoPull != 0, Bulk: w.Flags.Bits&flagBulk != 0,
		FrameLimit: w.Flags.FrameLimit, MaxVersion: w.Flags.MaxVersion}
	if n := len(w.Lanes.Keys); n > 0 && n != 32*len(w.Lanes.Seqs) {
		return fmt.Errorf("keys of %d bytes for %d lanes", n, len(w.Lanes.Seqs))
	}
	for k := w.Lanes.Keys; len(k) > 0; k = k[32:] {
		h.Keys = append(h.Keys, crdt.Device(k[:32]))
	}
	tags := w.Lanes.Tags
	for _, seq := range w.Lanes.Seqs {
		l := LaneTip{Seq: seq}
		if seq > 0 {
			if len(tags) < len(l.Tag) {
				return errors.New("fewer tags than lanes")
			}
			l.Tag = Tag(tags[:len(l.Tag)])
			tags = tags[len(l.Tag):]
		}
		h.Lanes = append(h.Lanes, l)
	}
	if len(tags) > 0 {
		return errors.New("more tags than lanes")
	}
	return nil
}

type wireAck struct {
	_       struct{} `cbor:",toarray"`
	Applied uint64
	Digest  []byte
}

// MarshalCBOR writes the fields as an array.
func (a *Ack) MarshalCBOR() ([]byte, error) {
	return canon.Marshal(wireAck{Applied: a.Applied, Digest: optional(a.Digest)})
}

// UnmarshalCBOR reads the fields.
func (a *Ack) UnmarshalCBOR(data []byte) error {
	var w wireAck
	if err := canon.Unmarshal(data, &w); err != nil {
		return err
	}
	digest, err := fromOptional(w.Digest)
	*a = Ack{Applied: w.Applied, Digest: digest}
	return err
}

// optional writes the zero id as no bytes.
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
		if id := crdt.ID(b); !id.IsZero() {
			return id, nil
		}
	}
	return crdt.ID{}, fmt.Errorf("%d bytes where an id or nothing belongs", len(b))
}

package circle

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"tend/crdt"
	"tend/crdt/canon"
)

// A checkpoint holds a record as its changes, one after the other, each as
//
//	flags(1) [id(32)] author(32) hlc(8) [nook(16) readers(uvarint) member(32)…] kind(uvarint) length(uvarint) payload
//
// It is read by the program that wrote it, and by no other.
const (
	storedMakes = 1 << iota // the change made the record: its id is the record's, and left out
	storedNook              // it is for a nook, whose readers follow
	storedVoid              // it is one of those that have no effect, see [State.Void]
	storedEnd
)

// EncodeRecord returns one record for [State.LoadRecord]; nil if nothing is held
// under id, or stubs alone ([State.EncodeStub]). It may be long; see
// [State.EncodePieces].
func (s *State) EncodeRecord(id crdt.ID) []byte {
	return slices.Concat(s.EncodePieces(id, math.MaxInt)...)
}

// EncodePieces returns one record as pieces of at most limit bytes, each of which
// [State.LoadRecord] takes by itself, in any order. A piece is longer than limit
// only if a single change is ([MaxPayload] and some hundred bytes, or more with
// many readers). Nil if nothing is held under id.
func (s *State) EncodePieces(id crdt.ID, limit int) [][]byte {
	var out [][]byte
	var piece []byte
	add := func(c *Change, flags byte) {
		from := len(piece)
		piece = appendStored(piece, id, c, flags)
		if from > 0 && len(piece) > limit {
			out, piece = append(out, piece[:from:from]), slices.Clone(piece[from:])
		}
	}
	voids, _ := s.voids.get(id)
	for i := range voids {
		add(&voids[i], storedVoid)
	}
	r := s.record(id)
	for i := range r.parts {
		if !r.parts[i].faded {
			add(&r.parts[i].Change, 0)
		}
	}
	if len(piece) == 0 {
		return nil
	}
	return append(out, piece)
}

func appendStored(to []byte, record crdt.ID, c *Change, flags byte) []byte {
	kind, payload := Encode(c.Body)
	if c.ID == record {
		flags |= storedMakes
	}
	if !c.Audience.Whole() {
		flags |= storedNook
	}
	to = append(to, flags)
	if flags&storedMakes == 0 {
		to = append(to, c.ID[:]...)
	}
	to = binary.BigEndian.AppendUint64(append(to, c.Author[:]...), uint64(c.HLC))
	if flags&storedNook != 0 {
		to = binary.AppendUvarint(append(to, c.Audience.Nook[:]...), uint64(len(c.Audience.Members)))
		for _, m := range c.Audience.Members {
			to = append(to, m[:]...)
		}
	}
	to = binary.AppendUvarint(binary.AppendUvarint(to, kind), uint64(len(payload)))
	return append(to, payload...)
}

// LoadRecord applies what [State.EncodeRecord] or [State.EncodePieces] wrote. The record
// does not count as touched. The error says that data is not its output, or that a change
// in it belongs elsewhere; s may then hold part of it.
func (s *State) LoadRecord(id crdt.ID, data []byte) error {
	if !s.touched[id] {
		defer delete(s.touched, id)
	}
	for r := (stored{data: data}); len(r.data) > 0; {
		c, void, err := r.change(id)
		switch {
		case err != nil:
			return fmt.Errorf("load record %s: %w", id.Short(), err)
		case c.Record() != id:
			return fmt.Errorf("load record %s: a change of record %s", id.Short(), c.Record().Short())
		case void:
			s.Void(c)
		default:
			s.Apply(c)
		}
	}
	return nil
}

// stored reads what a checkpoint holds of a record.
type stored struct {
	data  []byte
	short bool // it ended too early
}

// take returns the next n bytes; none where there are fewer.
func (r *stored) take(n uint64) []byte {
	if n > uint64(len(r.data)) {
		r.data, r.short = nil, true
		return nil
	}
	out := r.data[:n]
	r.data = r.data[n:]
	return out
}

func (r *stored) uvarint() uint64 {
	v, n := binary.Uvarint(r.data)
	if n <= 0 {
		r.data, r.short = nil, true
		return 0
	}
	r.data = r.data[n:]
	return v
}

func (r *stored) id() (id crdt.ID) {
	copy(id[:], r.take(uint64(len(id))))
	return id
}

var errStored = errors.New("no change of a checkpoint")

// change reads the next change, and whether it is void.
func (r *stored) change(record crdt.ID) (c Change, void bool, err error) {
	m := Meta{ID: record}
	flags := byte(storedEnd)
	if f := r.take(1); f != nil {
		flags = f[0]
	}
	if flags >= storedEnd {
		return Change{}, false, errStored
	}
	if flags&storedMakes == 0 {
		m.ID = r.id()
	}
	m.Author = r.id()
	if at := r.take(8); at != nil {
		m.HLC = crdt.HLC(binary.BigEndian.Uint64(at))
	}
	if flags&storedNook != 0 {
		copy(m.Audience.Nook[:], r.take(uint64(len(m.Audience.Nook))))
		for range r.uvarint() {
			if r.short {
				break
			}
			m.Audience.Members = append(m.Audience.Members, r.id())
		}
	}
	kind := r.uvarint()
	payload := r.take(r.uvarint())
	if r.short {
		return Change{}, false, errStored
	}
	c, err = decodeOwn(m, kind, payload)
	return c, flags&storedVoid != 0, err
}

// joined is one change as the digest sees it. Its nook is left out: the op id stands
// for it.
type joined struct {
	_       struct{} `cbor:",toarray"`
	ID      crdt.ID
	Author  crdt.ID
	HLC     crdt.HLC
	Kind    uint64
	Payload []byte
}

// sum returns the hash of the change as it was written. One that was loaded has none
// yet.
func (c *Change) sum() crdt.ID {
	if !c.hash.IsZero() {
		return c.hash
	}
	kind, payload := Encode(c.Body)
	return hashOf(&c.Meta, kind, payload)
}

func hashOf(m *Meta, kind uint64, payload []byte) crdt.ID {
	return sha256.Sum256(canon.MustMarshal(joined{ID: m.ID, Author: m.Author, HLC: m.HLC, Kind: kind, Payload: payload}))
}

// digest returns SHA-256 over the record id and the hashes of the changes sealed
// to the circle, ascending by op id; zero if there are none.
func (r *record) digest() crdt.ID {
	h := sha256.New()
	h.Write(r.id[:])
	any := false
	for i := range r.parts {
		if r.parts[i].Audience.Whole() {
			sum := r.parts[i].sum()
			h.Write(sum[:])
			any = true
		}
	}
	if !any {
		return crdt.ID{}
	}
	return crdt.ID(h.Sum(nil))
}

// Digest returns the state digest: SHA-256 over the digests of the records with a
// part for the circle, ascending by record id. now is the greatest clock reading
// in the log; records that had time to fade before it are left out, as they are on
// every node. Equal sets of readable circle changes give equal digests.
func (s *State) Digest(now crdt.HLC) crdt.ID {
	h := sha256.New()
	s.records.all(func(_ crdt.ID, r *record) bool {
		sum := r.sum
		if !r.summed {
			sum = r.digest()
		}
		if !sum.IsZero() && !s.leftOut(r, now) {
			h.Write(sum[:])
		}
		return true
	})
	return crdt.ID(h.Sum(nil))
}
